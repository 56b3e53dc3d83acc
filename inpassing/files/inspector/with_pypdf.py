"""The first reader: pypdf, lenient, everything reachable from the trailer."""

import io
import logging
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pypdf
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from . import trees
from .active import KEYS, is_active
from .envelope import OBJECT
from .reading import LockedError, Reading, RefusedError

OBJECT_STREAM_BYTES = 8 * 1024 * 1024
# Beyond this pypdf is stopped and qpdf's reading decides: a tagged document of 20,000 objects
# takes pypdf 1.3 s and qpdf 0.15 s.
SECONDS = 0.6
INSPECTED = ("/S", "/Subtype", "/URI", "/Type", "/F", "/EF", "/Ref", *KEYS)

# Warnings after which pypdf may have left out or guessed something that a viewer reads.
GUESSED = re.compile(
    r"Multiple definitions|Invalid|exceeds maximum|ref repaired|found$|Previous trailer"
    r"|can not be read|incorrect startxref|parsing for Object|ebuild|previous revision|Clamping"
    r"|Negative|Unexpected|Expecting|Error\(|not closed|Stream length|truncated",
    re.IGNORECASE,
)


class SlowError(BaseException):
    """Raised inside pypdf when its time is up; not an Exception, which pypdf would swallow."""


class Notes(logging.Handler):
    """Collects what pypdf only warns about."""

    KEPT = 2_000

    def __init__(self) -> None:
        super().__init__()
        self.messages: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, once."""
        if len(self.messages) < self.KEPT:
            self.messages.add(record.getMessage()[:200])


@contextmanager
def listening() -> Iterator[Notes]:
    """pypdf's warnings go to the notes and nowhere else."""
    notes = Notes()
    logger = logging.getLogger("pypdf")
    logger.addHandler(notes)
    logger.propagate = False
    try:
        yield notes
    finally:
        logger.removeHandler(notes)


@contextmanager
def limited_time(seconds: float) -> Iterator[None]:
    """Raises SlowError inside the block after this much CPU time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read(data: bytes, max_pages: int) -> Reading:
    """pypdf's reading; raises what pypdf raises, LockedError, or RefusedError at a bound."""
    pypdf.apply_configuration(
        zlib_maximum_output_length=OBJECT_STREAM_BYTES,
        lzw_maximum_output_length=OBJECT_STREAM_BYTES,
        run_length_maximum_output_length=OBJECT_STREAM_BYTES,
        array_based_stream_maximum_output_length=OBJECT_STREAM_BYTES,
        disable_legacy_handling=True,
    )
    reading = Reading()
    with listening() as notes:
        try:
            with limited_time(SECONDS):
                _read(data, max_pages, reading)
        except SlowError:
            reading.slow = True
            reading.whole = False
        except LimitReachedError as error:
            _refuse_if_bomb(error)
            raise
    for message in notes.messages:
        if "Circular xref" in message:
            reading.faults.append("cross reference")
        if "Error reading PDF file" in message or "RecursionError" in message:
            raise RefusedError("too_complex")  # nested deeper than pypdf can follow
        if GUESSED.search(message):
            reading.whole = False
    return reading


def _read(data: bytes, max_pages: int, reading: Reading) -> None:
    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        if not reader.decrypt(""):
            raise LockedError
        reading.encrypted = True
    reading.tidy = has_exact_table(data, reader)
    trees.check(PypdfView(reader), reading, max_pages)
    _walk(reader, reading)


def _refuse_if_bomb(error: LimitReachedError) -> None:
    """A stream that unpacks to too much is final; other limits are for the second reader."""
    if re.search(r"decompress|output|unpack|work|decod", str(error), re.IGNORECASE):
        raise RefusedError("too_complex") from error


def _walk(reader: pypdf.PdfReader, reading: Reading) -> None:
    seen: set[tuple[int, int]] = set()
    stack: list[Any] = [reader.trailer]
    while stack:
        item = stack.pop()
        if isinstance(item, IndirectObject):
            key = (item.idnum, item.generation)
            if key in seen:
                continue
            seen.add(key)
            item = _fetched(reader, item, reading)
        if isinstance(item, DictionaryObject):
            if not reading.active:
                reading.active = _is_active(reader, item)
            stack.extend(dict.values(item))
        elif isinstance(item, ArrayObject):
            stack.extend(list.__iter__(item))


def _fetched(reader: pypdf.PdfReader, reference: IndirectObject, reading: Reading) -> Any:
    """The object behind the reference; None, and the reading not whole, if it cannot be read."""
    for _ in range(trees.DEPTH):
        try:
            item = reader.get_object(reference)
        except (MemoryError, RecursionError):
            raise
        except LimitReachedError as error:
            _refuse_if_bomb(error)
            reading.whole = False
            return None
        except Exception:  # noqa: BLE001
            # Whatever pypdf raised, it has not seen this object: the second reader must.
            reading.whole = False
            return None
        if not isinstance(item, IndirectObject):
            return item
        reference = item
    reading.faults.append("reference")
    return None


def _is_active(reader: pypdf.PdfReader, item: DictionaryObject) -> bool:
    entries: dict[str, object] = dict(item)
    if isinstance(item, StreamObject):
        entries["/Length"] = None  # pypdf takes it away
    for key in INSPECTED:
        value = entries.get(key)
        if isinstance(value, IndirectObject):
            entries[key] = _fetched(reader, value, Reading())
    return is_active(entries, _kind)


def _kind(value: Any) -> str:
    if isinstance(value, str | bytes):
        return "string"
    if isinstance(value, StreamObject):
        return "stream"
    if isinstance(value, DictionaryObject):
        return "dictionary"
    return "array" if isinstance(value, ArrayObject) else ""


def has_exact_table(data: bytes, reader: pypdf.PdfReader) -> bool:
    """True when every entry in use points at its object, so that no viewer has to rebuild."""
    end = data.rfind(b"startxref")
    if not data.startswith(b"%PDF-") or end < len(data) - 1024 or OBJECT.search(data, end):
        return False
    for generation, offsets in reader.xref.items():
        free = reader.xref_free_entry.get(generation, {})
        for number, offset in offsets.items():
            if free.get(number):
                continue
            told = b"%d %d obj" % (number, generation)
            if not data.startswith(told, offset):
                return False
    return True


class PypdfView:
    """Dictionaries and arrays as pypdf sees them, for the tree checks."""

    def __init__(self, reader: pypdf.PdfReader) -> None:
        self.reader = reader

    def root(self) -> Any:
        """The catalog."""
        return self.reader.root_object

    def follow(self, value: Any) -> tuple[Any, Any]:
        """Identity and content; what cannot be read is None."""
        if not isinstance(value, IndirectObject):
            return None, value
        try:
            return (value.idnum, value.generation), _fetched(self.reader, value, Reading())
        except PyPdfError:
            return None, None

    def entry(self, item: Any, key: str) -> Any:
        """An entry as it stands, references not followed."""
        return dict.get(item, key)

    def is_dictionary(self, item: Any) -> bool:
        """True for a dictionary that is no stream."""
        return isinstance(item, DictionaryObject) and not isinstance(item, StreamObject)

    def items(self, item: Any) -> list[Any]:
        """The elements of an array; of anything else none."""
        return list(list.__iter__(item)) if isinstance(item, ArrayObject) else []
