"""The bytes of a broken file, read without its table: what is named in them, and what is gone.

A viewer that rebuilds such a file may find objects that a reader leaves out. So any trace of an
active name counts here, wherever it stands.
"""

import re
from collections.abc import Iterator

from .active import TRACE
from .envelope import OBJECT
from .reading import RefusedError
from .streams import STREAM_BYTES, inflate

ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
PACKED = re.compile(rb"/ObjStm(?![A-Za-z])")
REFERENCE = re.compile(rb"(?<![0-9.])([0-9]{1,10})[\s\x00]+([0-9]{1,5})[\s\x00]+R(?![A-Za-z0-9])")
ONLY_REFERENCE = re.compile(
    OBJECT.pattern + rb"[\s\x00]*([0-9]{1,10})[\s\x00]+[0-9]{1,5}[\s\x00]+R[\s\x00]*endobj"
)
# What a page shows: its content, and the pictures and drawings among its resources.
SHOWN = re.compile(
    rb"/(?:Contents|Resources|XObject)[\s\x00]*(?:\[([^\]]*)\]|<<(.*?)>>|([0-9]+[\s\x00]+[0-9]+"
    rb"[\s\x00]+R))",
    re.DOTALL,
)


def unescaped(text: bytes) -> bytes:
    """The text with the #-escapes of names undone."""
    if b"#" not in text:
        return text
    return ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), text)


def mentions_active(data: bytes) -> bool:
    """True when an active name stands in the bytes or in a stream that inflates."""
    plain = unescaped(data)
    if TRACE.search(plain):
        return True
    view = memoryview(data)
    for start in STREAM.finditer(data):
        size = 0
        text = bytearray()
        for piece in inflate([view[start.end() :]]):
            size += len(piece)
            if size > STREAM_BYTES:
                raise RefusedError("too_complex")
            text += piece
        if b"/" in text and TRACE.search(unescaped(bytes(text))):
            return True
    return any(not is_plainly_packed(plain, match) for match in PACKED.finditer(plain))


def is_plainly_packed(plain: bytes, match: re.Match[bytes]) -> bool:
    """True for an object stream that is not packed, or only by Flate without a predictor."""
    head = plain[plain.rfind(b"obj", 0, match.start()) : plain.find(b"stream", match.end())]
    filters = re.findall(rb"/[A-Za-z0-9]*Decode|/(?:Fl|LZW|RL|A85|AHx|Crypt)\b", head)
    return b"/Predictor" not in head and filters in ([], [b"/FlateDecode"], [b"/Fl"])


def has_reference_ring(data: bytes) -> bool:
    """True when objects that are nothing but a reference lead back to themselves."""
    leads = {int(match[1]): int(match[2]) for match in ONLY_REFERENCE.finditer(data)}
    done: set[int] = set()
    for start in leads:
        path: set[int] = set()
        at = start
        while at in leads and at not in done:
            if at in path:
                return True
            path.add(at)
            at = leads[at]
        done |= path
    return False


def has_lost_parts(data: bytes, packed: set[int]) -> bool:
    """True when a page's content, picture or drawing is nowhere in the file, or has a hole.

    `packed` are the numbers of objects that a reader found, in object streams too.
    """
    bodies: dict[int, bytes] = {}
    for match in OBJECT.finditer(data):
        end = data.find(b"endobj", match.end())
        bodies[int(match[1])] = data[match.end() : end if end >= 0 else len(data)]
    heads = {number: unescaped(_head(body)) for number, body in bodies.items()}
    defined = bodies.keys() | packed
    for number, head in heads.items():
        if re.search(rb"/Type[\s\x00]*/Page(?![A-Za-z])", head):
            for shown in _shown(head):
                if shown not in defined:
                    return True
                if any(deeper not in defined for deeper in _shown(heads.get(shown, b""))):
                    return True
        elif re.search(rb"/Subtype[\s\x00]*/Image(?![A-Za-z])", head) and _is_short(bodies[number]):
            return True
    return False


def _head(body: bytes) -> bytes:
    return body[:65_536].split(b"stream", 1)[0]


def _shown(head: bytes) -> Iterator[int]:
    """Numbers of the objects that this dictionary shows."""
    for entry in SHOWN.finditer(head):
        for reference in REFERENCE.finditer(b" ".join(part or b"" for part in entry.groups())):
            yield int(reference[1])


def _is_short(body: bytes) -> bool:
    """True when a picture has fewer bytes than its length says."""
    start = STREAM.search(body)
    length = re.search(rb"/Length[\s\x00]+([0-9]{1,10})(?![\s\x00]+[0-9]+[\s\x00]+R)", body)
    if start is None:
        return True
    end = body.rfind(b"endstream")
    if end < 0:
        return True
    return length is not None and end - start.end() < int(length[1])
