"""The second reader: qpdf (pikepdf), every object of the table, and what streams unpack to."""

import io
import re
from collections.abc import Iterable
from typing import Any

import pikepdf

from . import trees
from .active import HINT, PLAIN_ACTIONS, is_active
from .reading import Reading, RefusedError
from .streams import Unpacking

# Warnings after which qpdf may have left out or guessed something that a viewer reads.
GUESSED = re.compile(
    r"damaged|reconstruct|unknown token|expected dictionary key|duplicated key|EOF while|null"
    r"|unexpected|treating|ignoring|too (?:many|deep)|limit",
    re.IGNORECASE,
)
REFERENCE = re.compile(rb"(?<![0-9])([0-9]{1,10}) ([0-9]{1,5}) R(?![A-Za-z0-9])")
DRAWN = re.compile(rb"/([^\s\x00/\[\]<>()%]+)[\s\x00]+Do(?![A-Za-z])")
DRAWINGS = 100_000
BILEVEL = frozenset(("/CCITTFaxDecode", "/CCF", "/JBIG2Decode"))
COLOURS = {
    "/DeviceGray": 1,
    "/CalGray": 1,
    "/Indexed": 1,
    "/Separation": 1,
    "/DeviceRGB": 3,
    "/CalRGB": 3,
    "/Lab": 3,
    "/DeviceN": 32,
}

Key = tuple[int, int]


def read(data: bytes, max_pages: int) -> Reading:
    """qpdf's reading; raises what qpdf raises, PasswordError among it, or RefusedError."""
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        reading = Reading(encrypted=pdf.is_encrypted)
        texts: dict[Key, bytes] = {}
        suspects: dict[Key, Any] = {}
        forms: dict[Key, pikepdf.Stream] = {}
        unpacking = Unpacking()
        objects: Iterable[Any] = pdf.objects  # plain values too, whatever its type says
        for item in objects:
            if not isinstance(item, pikepdf.Object):
                continue
            stream = item if isinstance(item, pikepdf.Stream) else None
            head = item if stream is None else stream.stream_dict
            text = texts[item.objgen] = head.unparse(resolved=True)
            if HINT.search(text):
                suspects[item.objgen] = head
            if stream is not None:
                _measure(stream, head, unpacking)
                if b"/Form" in text and b"/XObject" in text:
                    forms[stream.objgen] = stream
        trees.check(QpdfView(pdf), reading, max_pages)
        check_drawings(forms, reading)
        for warning in map(str, pdf.get_warnings()):
            if GUESSED.search(warning):
                reading.whole = False
            if "loop detected" in warning.lower():
                reading.faults.append("loop")
        if suspects:
            reachable = _reachable(pdf, texts) if reading.whole else set(suspects)
            reading.active = any(_is_active(suspects[key]) for key in suspects if key in reachable)
        return reading


def numbers(data: bytes) -> set[int]:
    """Numbers of the objects that qpdf finds; none when it cannot open the file."""
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            objects: Iterable[Any] = pdf.objects
            return {item.objgen[0] for item in objects if isinstance(item, pikepdf.Object)}
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError):
        return set()


def _reachable(pdf: pikepdf.Pdf, texts: dict[Key, bytes]) -> set[Key]:
    """Objects that can be reached from the trailer."""
    found: set[Key] = set()
    waiting = [pdf.trailer.unparse(resolved=True)]
    while waiting:
        for match in REFERENCE.finditer(waiting.pop()):
            key = (int(match[1]), int(match[2]))
            if key not in found and key in texts:
                found.add(key)
                waiting.append(texts[key])
    return found


def _is_active(item: Any) -> bool:
    """True when the object, or a container written inside it, is active."""
    stack = [item]
    while stack:
        item = stack.pop()
        if isinstance(item, pikepdf.Name):
            if str(item)[1:] in PLAIN_ACTIONS:  # a type kept in an object of its own
                return True
        elif isinstance(item, pikepdf.Array):
            stack.extend(child for child in item.as_list() if _is_inside(child))
        elif isinstance(item, pikepdf.Dictionary):
            values = dict(item.items())
            plain = {key: _plain(value) for key, value in values.items()}
            if is_active(plain, _kind):
                return True
            stack.extend(child for child in values.values() if _is_inside(child))
    return False


def _is_inside(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, pikepdf.Name | pikepdf.String) else value


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, pikepdf.Stream):
        return "stream"
    if isinstance(value, pikepdf.Dictionary):
        return "dictionary"
    return "array" if isinstance(value, pikepdf.Array) else ""


# Streams


def _measure(stream: pikepdf.Stream, head: Any, unpacking: Unpacking) -> None:
    filters = _filters(head)
    if head.get("/Subtype") != pikepdf.Name.Image:
        unpacking.add(stream.read_raw_bytes, filters)
        return
    width, height = _number(head.get("/Width")), _number(head.get("/Height"))
    row = width * _bits_per_pixel(head, filters) // 8 + 2  # a filter byte, a part of a byte
    unpacking.add_picture(stream.read_raw_bytes, filters, row * height)


def _bits_per_pixel(head: Any, filters: list[str]) -> int:
    if head.get("/ImageMask") is True or not BILEVEL.isdisjoint(filters):
        return 1
    depth = min(_number(head.get("/BitsPerComponent")) or 8, 16)
    space = head.get("/ColorSpace")
    if isinstance(space, pikepdf.Array) and len(space):
        space = space[0]
    return depth * COLOURS.get(str(space), 4)


def _filters(head: Any) -> list[str]:
    value = head.get("/Filter")
    if isinstance(value, pikepdf.Array):
        return [str(name) for name in value.as_list()]
    return [] if value is None else [str(value)]


def _number(value: Any) -> int:
    try:
        return max(0, int(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def check_drawings(forms: dict[Key, pikepdf.Stream], reading: Reading) -> None:
    """Drawings that draw one another: a cycle is a fault, too many strokes are too_complex."""
    children = {key: _drawn_by(form, forms) for key, form in forms.items()}
    strokes: dict[Key, int] = {}
    for start in forms:
        path: list[tuple[Key, int]] = [(start, 0)]
        on_path = {start}
        while path:
            key, at = path[-1]
            if at < len(children[key]):
                path[-1] = (key, at + 1)
                child = children[key][at][0]
                if child in on_path:
                    reading.faults.append("drawing")
                    return
                if child not in strokes:
                    path.append((child, 0))
                    on_path.add(child)
                continue
            strokes[key] = 1 + sum(times * strokes[child] for child, times in children[key])
            if strokes[key] > DRAWINGS:
                raise RefusedError("too_complex")
            on_path.discard(key)
            path.pop()


def _drawn_by(form: pikepdf.Stream, forms: dict[Key, pikepdf.Stream]) -> list[tuple[Key, int]]:
    """The forms that this one draws, with how often."""
    resources = form.stream_dict.get("/Resources")
    named = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return []
    known = {
        str(name)[1:]: child.objgen
        for name, child in named.items()
        if isinstance(child, pikepdf.Stream) and child.objgen in forms
    }
    if not known:
        return []
    try:
        content = form.read_bytes()
    except pikepdf.PdfError:
        return []
    times: dict[Key, int] = {}
    for match in DRAWN.finditer(content):
        child = known.get(match[1].decode("latin-1"))
        if child is not None:
            times[child] = times.get(child, 0) + 1
    return list(times.items())


class QpdfView:
    """Dictionaries and arrays as qpdf sees them, for the tree checks."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.pdf = pdf

    def root(self) -> Any:
        """The catalog."""
        return self.pdf.Root

    def follow(self, value: Any) -> tuple[Any, Any]:
        """Identity and content."""
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            return value.objgen, value
        return None, value

    def entry(self, item: Any, key: str) -> Any:
        """An entry of a dictionary, or None."""
        return item.get(key)

    def is_dictionary(self, item: Any) -> bool:
        """True for a dictionary that is no stream."""
        return isinstance(item, pikepdf.Dictionary) and not isinstance(item, pikepdf.Stream)

    def items(self, item: Any) -> list[Any]:
        """The elements of an array; of anything else none."""
        return list(item.as_list()) if isinstance(item, pikepdf.Array) else []
