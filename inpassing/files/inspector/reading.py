"""Judge the bytes of one file: pypdf reads, qpdf (pikepdf) reads again, pdfium looks as a viewer.

Runs only in the inspector's child, under limits. Decision record: docs/decisions/0005.
"""

import io
import logging
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pypdf
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from . import envelope, picture

# Actions that run a program or script, open another file, play media or send data away.
ACTIVE_ACTIONS = frozenset(
    (
        "JavaScript",
        "Launch",
        "GoToR",
        "GoToE",
        "SubmitForm",
        "ImportData",
        "Rendition",
        "Movie",
        "Sound",
        "RichMediaExecute",
        "GoTo3DView",
    )
)
ACTIVE_ANNOTATIONS = frozenset(("FileAttachment", "RichMedia", "Screen", "Movie", "Sound", "3D"))
ACTIVE_KEYS = frozenset(("/JS", "/EF", "/XFA", "/RichMediaContent", "/RichMediaSettings"))
ACTIVE_NAME = re.compile(
    rb"/(?:JS|EF|XFA|RichMedia\w*|JavaScript|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition"
    rb"|Movie|Sound|GoTo3DView|FileAttachment|Screen|3D|EmbeddedFile|Thread)(?=[\s\x00/\[\]<>()%]|$)"
    rb"|(?i:javascript)(?=:)"
)

STREAM_BYTES = 32 * 1024 * 1024
IMAGE_BYTES = 160 * 1024 * 1024
TOTAL_BYTES = 320 * 1024 * 1024
OBJECT_STREAM_BYTES = 8 * 1024 * 1024
PIXELS = 400_000_000
DEPTH = 64

# Warnings of pypdf after which it may have left out something that a viewer reads.
PARTIAL = re.compile(
    r"Multiple definitions|^%\(exception\)|Invalid stream|Invalid object number|Invalid /N"
    r"|exceeds maximum|ref repaired|found$|Invalid/Truncated|Previous trailer|can not be read"
    r"|incorrect startxref|parsing for Object|rebuild|Rebuilding|previous revision|invalid; object"
    r"|Clamping|Negative|Unexpected"
)


class RefusedError(Exception):
    """The file is refused with a code that nothing read later can change."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Reading:
    """What one reader found: `whole` when it read every object it met without guessing."""

    pages: int = 0
    active: bool = False
    whole: bool = True
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Judgement:
    """The verdict: `code` is None for an accepted file."""

    code: str | None
    pages: int | None = None


class PypdfNotes(logging.Handler):
    """Collects what pypdf only warns about."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.add(str(record.msg))


def judge(
    data: bytes,
    *,
    max_pages: int,
    certain: Callable[[str], None] = lambda code: None,
) -> tuple[Judgement, "picture.pdfium.PdfPage | None"]:
    """The verdict on the bytes, and the first page to draw when they are accepted.

    `certain` is called with a code as soon as only a code of higher priority could replace it.
    """
    if envelope.header_offset(data) < 0 or envelope.is_disguised(data):
        return Judgement("not_pdf"), None
    try:
        return _judge_pdf(data, max_pages, certain)
    except RefusedError as refused:
        return Judgement(refused.code), None


def _judge_pdf(
    data: bytes, max_pages: int, certain: Callable[[str], None]
) -> tuple[Judgement, "picture.pdfium.PdfPage | None"]:
    first, first_locked = _try(lambda: read_with_pypdf(data, max_pages))
    if first is not None and first.active and first.whole:
        certain("active_content")
    second, second_locked = _try(lambda: read_with_qpdf(data, max_pages))
    try:
        document = picture.open_in_viewer(data)
    except picture.UnviewableError as error:
        raise RefusedError(
            "encrypted" if error.locked or first_locked or second_locked else "damaged"
        ) from error
    if first is None and second is None:
        if picture.has_scripts_or_attachments(document):  # only the attachments are locked
            raise RefusedError("active_content")
        raise RefusedError("encrypted" if first_locked or second_locked else "damaged")
    whole = [reading for reading in (first, second) if reading is not None and reading.whole]
    if any(reading.faults for reading in (first, second) if reading is not None):
        raise RefusedError("damaged")
    rebuilt = len(whole) < 2
    if rebuilt and envelope.is_cut_off(data):
        raise RefusedError("damaged")
    page = None
    pages = (whole or [reading for reading in (first, second) if reading is not None])[0].pages
    if pages:
        try:
            page = picture.first_page(document)
        except picture.UnviewableError as error:
            raise RefusedError("damaged") from error
    if (
        any(reading.active for reading in (first, second) if reading is not None)
        or picture.has_scripts_or_attachments(document)
        or (not whole and mentions_active_name(data))
    ):
        return Judgement("active_content", pages), None
    if not pages:
        return Judgement("no_pages", 0), None
    if pages > max_pages:
        return Judgement("too_many_pages"), None
    return Judgement(None, pages), page


def _try(read: Callable[[], Reading]) -> tuple[Reading | None, bool]:
    """The reading, or None and whether a password is what stopped it."""
    try:
        return read(), False
    except (RefusedError, MemoryError):
        raise
    except (RecursionError, LimitReachedError) as error:
        raise RefusedError("too_complex") from error
    except (LockedError, pikepdf.PasswordError):
        return None, True
    except Exception:  # noqa: BLE001
        # Readers raise whatever the bytes provoke; what could not be read counts as not read.
        return None, False


class LockedError(Exception):
    """The empty password does not open the file."""


# pypdf ---------------------------------------------------------------------------------------


def read_with_pypdf(data: bytes, max_pages: int) -> Reading:
    """Everything reachable from the trailer, by pypdf's lenient reader."""
    pypdf.apply_configuration(
        zlib_maximum_output_length=OBJECT_STREAM_BYTES,
        lzw_maximum_output_length=OBJECT_STREAM_BYTES,
        run_length_maximum_output_length=OBJECT_STREAM_BYTES,
        array_based_stream_maximum_output_length=OBJECT_STREAM_BYTES,
        disable_legacy_handling=True,
    )
    notes = PypdfNotes()
    logger = logging.getLogger("pypdf")
    logger.addHandler(notes)
    logger.propagate = False
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise LockedError
        reading = Reading()
        _walk_pypdf(reader, reading)
        _check_trees(PypdfView(reader), reading, max_pages)
    finally:
        logger.removeHandler(notes)
    if any("Circular xref" in message for message in notes.messages):
        reading.faults.append("circular cross reference")
    if any(PARTIAL.search(message) for message in notes.messages):
        reading.whole = False
    return reading


def _walk_pypdf(reader: pypdf.PdfReader, reading: Reading) -> None:
    seen: set[tuple[int, int]] = set()
    stack: list[Any] = [reader.trailer]
    while stack:
        item = stack.pop()
        if isinstance(item, IndirectObject):
            key = (item.idnum, item.generation)
            if key in seen:
                continue
            seen.add(key)
            try:
                item = reader.get_object(item)
            except (MemoryError, RecursionError, LimitReachedError):
                raise
            except Exception:  # noqa: BLE001
                # Any exception means: pypdf has not seen this object; the second reader must.
                reading.whole = False
                continue
        if isinstance(item, DictionaryObject):
            if not reading.active and is_active_pypdf(item):
                reading.active = True
            stack.extend(dict.values(item))
        elif isinstance(item, ArrayObject):
            stack.extend(list.__iter__(item))
        elif isinstance(item, IndirectObject):
            stack.append(item)


def _plain(value: Any) -> Any:
    """The value behind a reference; None for one that cannot be read."""
    if isinstance(value, IndirectObject):
        try:
            return value.get_object()
        except (PyPdfError, ValueError, TypeError, AttributeError):
            return None
    return value


def is_active_pypdf(item: DictionaryObject) -> bool:
    """True for a dictionary that runs, opens, plays or carries something."""
    if not ACTIVE_KEYS.isdisjoint(item):
        return True
    action = _plain(item.get("/S"))
    if isinstance(action, str) and action.lstrip("/") in ACTIVE_ACTIONS:
        return True
    if isinstance(action, str) and action == "/Thread" and "/F" in item:
        return True
    subtype = _plain(item.get("/Subtype"))
    if isinstance(subtype, str) and subtype.lstrip("/") in ACTIVE_ANNOTATIONS:
        return True
    if item.get("/Type") == "/EmbeddedFile":
        return True
    link = _plain(item.get("/URI"))
    return isinstance(link, str) and link.strip().lower().startswith("javascript:")


# qpdf ----------------------------------------------------------------------------------------


def read_with_qpdf(data: bytes, max_pages: int) -> Reading:
    """Every object of the cross-reference table, by qpdf; measures what streams unpack to."""
    with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
        reading = Reading()
        texts: dict[tuple[int, int], bytes] = {}
        suspects: dict[tuple[int, int], Any] = {}
        total = 0
        for item in pdf.objects:
            if not isinstance(item, pikepdf.Object):
                continue
            head = item.stream_dict if isinstance(item, pikepdf.Stream) else item
            text = head.unparse(resolved=True)
            texts[item.objgen] = text
            if ACTIVE_NAME.search(text):
                suspects[item.objgen] = head
            if isinstance(item, pikepdf.Stream):
                total += unpacked_size(item, TOTAL_BYTES - total)
        _check_trees(QpdfView(pdf), reading, max_pages)
        warnings = [str(warning) for warning in pdf.get_warnings()]
        reading.whole = not any(REPAIRED.search(warning) for warning in warnings)
        if any("loop detected" in warning.lower() for warning in warnings):
            reading.faults.append("loop")
        if suspects:
            reachable = reachable_objects(pdf, texts) if reading.whole else set(suspects)
            reading.active = any(
                is_active_qpdf(item) for key, item in suspects.items() if key in reachable
            )
        return reading


REPAIRED = re.compile(
    r"damaged|reconstruct|unknown token|expected dictionary key|duplicated key|EOF while|null"
    r"|unexpected|treating"
)
REFERENCE = re.compile(rb"(?<![0-9])([0-9]{1,10}) ([0-9]{1,5}) R(?![A-Za-z0-9])")


def reachable_objects(
    pdf: pikepdf.Pdf, texts: dict[tuple[int, int], bytes]
) -> set[tuple[int, int]]:
    """Object numbers that can be reached from the trailer."""
    found: set[tuple[int, int]] = set()
    waiting = [pdf.trailer.unparse(resolved=True)]
    while waiting:
        for match in REFERENCE.finditer(waiting.pop()):
            key = (int(match[1]), int(match[2]))
            if key not in found and key in texts:
                found.add(key)
                waiting.append(texts[key])
    return found


def is_active_qpdf(item: Any) -> bool:
    """True when the object or a container directly inside it is active."""
    stack = [item]
    while stack:
        item = stack.pop()
        if isinstance(item, pikepdf.Array):
            stack.extend(child for child in item.as_list() if is_container(child))
            continue
        if isinstance(item, pikepdf.Name) and str(item)[1:] in ACTIVE_ACTIONS | ACTIVE_ANNOTATIONS:
            return True
        if not isinstance(item, pikepdf.Dictionary):
            continue
        values = {str(key): value for key, value in item.items()}
        if not ACTIVE_KEYS.isdisjoint(values):
            return True
        for key, names in (("/S", ACTIVE_ACTIONS), ("/Subtype", ACTIVE_ANNOTATIONS)):
            name = values.get(key)
            if isinstance(name, pikepdf.Name | pikepdf.String) and str(name).lstrip("/") in names:
                return True
        if values.get("/S") == pikepdf.Name.Thread and "/F" in values:
            return True
        if values.get("/Type") == pikepdf.Name.EmbeddedFile:
            return True
        link = values.get("/URI")
        if isinstance(link, pikepdf.String) and str(link).strip().lower().startswith("javascript:"):
            return True
        stack.extend(child for child in values.values() if is_container(child))
    return False


def is_container(value: Any) -> bool:
    """True for a dictionary or array written in place, not by reference."""
    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


# Streams -------------------------------------------------------------------------------------


def unpacked_size(stream: pikepdf.Stream, allowed: int) -> int:
    """Bytes the stream unpacks to; refused as too_complex beyond what a page can need."""
    head = stream.stream_dict
    image = head.get("/Subtype") == pikepdf.Name.Image
    if image and _number(head.get("/Width")) * _number(head.get("/Height")) > PIXELS:
        raise RefusedError("too_complex")
    filters = _filters(head)
    if not any(name in ("/FlateDecode", "/Fl", "/LZWDecode", "/LZW") for name in filters):
        return 0
    limit = min(allowed, IMAGE_BYTES if image else STREAM_BYTES)
    chunks: Iterator[bytes] = iter([stream.read_raw_bytes()])
    size = 0
    for name in filters:
        if name in ("/FlateDecode", "/Fl"):
            chunks = inflate(chunks)
        else:
            break
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise RefusedError("too_complex")
    return size


def inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What the chunks inflate to, in pieces of at most 256 KiB; ends at the first error."""
    engine = zlib.decompressobj()
    for chunk in chunks:
        while chunk:
            try:
                piece = engine.decompress(chunk, 262_144)
            except zlib.error:
                return
            yield piece
            chunk = engine.unconsumed_tail
            if engine.eof:
                return


def _filters(head: Any) -> list[str]:
    value = head.get("/Filter")
    if isinstance(value, pikepdf.Name):
        return [str(value)]
    if isinstance(value, pikepdf.Array):
        return [str(name) for name in value.as_list()]
    return []


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


# Trees ---------------------------------------------------------------------------------------


class PypdfView:
    """Dictionaries and arrays as pypdf sees them, for the tree checks."""

    def __init__(self, reader: pypdf.PdfReader) -> None:
        self.reader = reader

    def root(self) -> Any:
        return self.reader.root_object

    def follow(self, value: Any) -> tuple[Any, Any]:
        """The identity and the content of a value, through its references."""
        identity = None
        for _ in range(DEPTH):
            if not isinstance(value, IndirectObject):
                break
            identity = (value.idnum, value.generation)
            value = self.reader.get_object(value)
        return identity, value

    def entry(self, item: Any, key: str) -> Any:
        return dict.get(item, key)

    def is_dictionary(self, item: Any) -> bool:
        return isinstance(item, DictionaryObject) and not isinstance(item, StreamObject)

    def items(self, item: Any) -> list[Any]:
        return list(list.__iter__(item)) if isinstance(item, ArrayObject) else []


class QpdfView:
    """The same for qpdf."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self.pdf = pdf

    def root(self) -> Any:
        return self.pdf.Root

    def follow(self, value: Any) -> tuple[Any, Any]:
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            return value.objgen, value
        return None, value

    def entry(self, item: Any, key: str) -> Any:
        return item.get(key)

    def is_dictionary(self, item: Any) -> bool:
        return isinstance(item, pikepdf.Dictionary) and not isinstance(item, pikepdf.Stream)

    def items(self, item: Any) -> list[Any]:
        return list(item.as_list()) if isinstance(item, pikepdf.Array) else []


View = PypdfView | QpdfView


def _check_trees(view: View, reading: Reading, max_pages: int) -> None:
    root = view.root()
    reading.pages = count_pages(view, root, reading, max_pages)
    _, outlines = view.follow(view.entry(root, "/Outlines"))
    if view.is_dictionary(outlines):
        check_outline(view, outlines, reading)
    _, names = view.follow(view.entry(root, "/Names"))
    trees = []
    if view.is_dictionary(names):
        trees = [view.entry(names, key) for key in NAME_TREES]
    for tree in [*trees, view.entry(root, "/PageLabels"), view.entry(root, "/Dests")]:
        if tree is not None:
            check_name_tree(view, tree, reading)


NAME_TREES = (
    "/Dests", "/AP", "/JavaScript", "/Pages", "/Templates", "/IDS", "/URLS", "/EmbeddedFiles",
    "/AlternatePresentations", "/Renditions",
)  # fmt: skip


def count_pages(view: View, root: Any, reading: Reading, max_pages: int) -> int:
    """Leaves of the page tree, at most one more than allowed; a node met twice is a fault."""
    pages = 0
    nodes: set[Any] = set()
    stack = [(view.entry(root, "/Pages"), 0)]
    while stack and pages <= max_pages:
        value, depth = stack.pop()
        identity, node = view.follow(value)
        if not view.is_dictionary(node):
            continue
        kids = view.items(view.follow(view.entry(node, "/Kids"))[1])
        if not kids:
            _, kind = view.follow(view.entry(node, "/Type"))
            pages += str(kind) != "/Pages"
            continue
        if depth > DEPTH or (identity is not None and identity in nodes):
            reading.faults.append("page tree")
            break
        nodes.add(identity)
        stack.extend((kid, depth + 1) for kid in reversed(kids))
    return pages


def check_outline(view: View, outlines: Any, reading: Reading) -> None:
    """An outline item met twice is a fault: a viewer would never come to the end."""
    seen: set[Any] = set()
    stack = [view.entry(outlines, "/First")]
    while stack:
        identity, item = view.follow(stack.pop())
        if not view.is_dictionary(item):
            continue
        if identity is not None and identity in seen:
            reading.faults.append("outline")
            return
        seen.add(identity)
        stack.extend((view.entry(item, "/Next"), view.entry(item, "/First")))


def check_name_tree(view: View, tree: Any, reading: Reading) -> None:
    """A node of a name or number tree met twice is a fault."""
    seen: set[Any] = set()
    stack = [tree]
    while stack:
        identity, node = view.follow(stack.pop())
        if not view.is_dictionary(node):
            continue
        if identity is not None and identity in seen:
            reading.faults.append("name tree")
            return
        seen.add(identity)
        stack.extend(view.items(view.follow(view.entry(node, "/Kids"))[1]))


# Last resort ---------------------------------------------------------------------------------

ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM = re.compile(rb"stream\r?\n?")


def mentions_active_name(data: bytes) -> bool:
    """Any active name in the raw bytes or in a stream that inflates, escapes undone.

    For files that no reader could read whole: there a viewer may find objects that they missed.
    """

    def mentioned(text: bytes) -> bool:
        return ACTIVE_NAME.search(ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), text)) is not None

    if mentioned(data):
        return True
    for start in STREAM.finditer(data):
        unpacked = b"".join(inflate(iter([data[start.end() : start.end() + 262_144]])))
        if len(unpacked) > OBJECT_STREAM_BYTES:
            raise RefusedError("too_complex")
        if unpacked and b"/" in unpacked and mentioned(unpacked):
            return True
    return False
