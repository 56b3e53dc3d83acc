"""What the bytes around a PDF's objects say: header, other formats in disguise, and the end.

Runs in the inspector's child; imports nothing but the standard library.
"""

import re

HEADER_WITHIN = 1024
TAIL = 65_557  # the farthest a ZIP's end record can stand from the end of the file

# Programs that sniff the first bytes would take such a file for something else than a PDF.
FOREIGN_STARTS = (
    b"MZ",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"fLaC",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"MSCF",
    b"\xd0\xcf\x11\xe0",
    b"{\\rtf",
    b"FWS",
    b"CWS",
    b"ZWS",
    b"#!",
    b"%!PS",
    b"From ",
    b"MIME-Version",
    b"\x00asm",
    b"!<arch>",
    b"SQLite format",
    b"\x28\xb5\x2f\xfd",
    b"\x00\x00\x01\x00",
    b"\x4c\x00\x00\x00\x01\x14\x02\x00",
    b"ITSF",
    b"@echo",
    b"/*",
)
FOREIGN_MARKS = {4: b"ftyp", 128: b"DICM", 257: b"ustar", 0x8001: b"CD001"}
ARCHIVES_ANYWHERE = (b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00", b"7z\xbc\xaf\x27\x1c\x00")
MARKUP = re.compile(
    rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|\?php|\?xml|%@|hta:)", re.IGNORECASE
)
OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})[\s\x00]+[0-9]{1,5}[\s\x00]+obj(?![a-zA-Z])")
ENDING = re.compile(rb"startxref[\s\x00]*([0-9]{1,10})")


def header_offset(data: bytes) -> int:
    """Where `%PDF-` begins, or -1 when it is not within the first 1,024 bytes."""
    return data.find(b"%PDF-", 0, HEADER_WITHIN + 5)


def is_disguised(data: bytes) -> bool:
    """True when other programs would open these bytes as an image, archive, program or page."""
    start = header_offset(data)
    before = data[:start]
    text = before.lstrip(b"\xef\xbb\xbf\x00\t\n\x0c\r ")
    if before.startswith(FOREIGN_STARTS) or text.startswith(FOREIGN_STARTS):
        return True
    if any(data.startswith(mark, at) for at, mark in FOREIGN_MARKS.items()):
        return True
    first_line = re.split(rb"[\r\n]", data[start : start + 1024], maxsplit=1)[0]
    if MARKUP.search(before) or MARKUP.search(first_line):
        return True
    end = data.rfind(b"%%EOF")
    if end >= 0 and MARKUP.search(data, end):
        return True
    return ends_as_zip(data) or any(mark in data for mark in ARCHIVES_ANYWHERE)


def ends_as_zip(data: bytes) -> bool:
    """True when an unpacker would list something: a ZIP directory that is not empty."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - TAIL))
    if at < 0 or at + 22 > len(data):
        return False
    comment = int.from_bytes(data[at + 20 : at + 22], "little")
    entries, size = data[at + 8 : at + 12], data[at + 12 : at + 16]
    return at + 22 + comment <= len(data) and any(entries + size)


def is_cut_off(data: bytes) -> bool:
    """True when the end of the file is missing, as after an upload or scan that broke off.

    A whole file ends with a cross-reference section and `startxref`, or at least with a trailer
    that names the catalog; after the last of them no object begins. A linearised file says its
    length in its first object.
    """
    endings = list(ENDING.finditer(data))
    last_end = max(endings[-1].end() if endings else -1, data.rfind(b"%%EOF"))
    trailer = data.rfind(b"trailer")
    if trailer > last_end:
        rest = data[trailer:]
        if b"/Root" in rest and rest.rfind(b">>") > rest.find(b"/Root"):
            last_end = trailer
    if last_end < 0:
        return not ends_with_xref_stream(data)
    if OBJECT.search(data, last_end) and not ends_with_xref_stream(data):
        return True
    return is_shorter_than_linearised(data)


def with_startxref(data: bytes) -> bytes | None:
    """A file that lacks only `startxref`, with that added; None when more is missing."""
    if ENDING.search(data):
        return None
    if ends_with_xref_stream(data):
        last = data.rfind(b" obj", 0, data.rfind(b"endobj"))
        heads = list(OBJECT.finditer(data, max(0, last - 20), last + 4))
        at = heads[-1].start() if heads else -1
    else:
        at = data.rfind(b"xref")
    if at < 0:
        return None
    return data + b"\nstartxref\n%d\n%%%%EOF\n" % at


def ends_with_xref_stream(data: bytes) -> bool:
    """True when the last object of the file is a complete cross-reference stream."""
    last = data.rfind(b"endobj")
    if last < 0 or OBJECT.search(data, last + 6):
        return False
    begin = data.rfind(b" obj", 0, last)
    head = data[begin : begin + 2048]
    return begin >= 0 and b"/XRef" in head and data.rfind(b"endstream", begin, last) > 0


def is_shorter_than_linearised(data: bytes) -> bool:
    """True when the linearisation dictionary announces more bytes than there are.

    A proper ending within the last bytes is whole all the same: some programs trim blank lines.
    The ending of a linearised file's first part, which says 0, is none.
    """
    head = data[: HEADER_WITHIN * 2]
    at = head.find(b"/Linearized")
    if at < 0:
        return False
    length = re.search(rb"/L[\s\x00]+([0-9]{1,12})", head[at : at + 512])
    if length is None or int(length[1]) <= len(data):
        return False
    ending = re.search(rb"startxref\s+([0-9]+)\s+%%EOF\s*$", data[-256:])
    return ending is None or int(ending[1]) == 0
