"""The verdict on the bytes of one file, from two readers, a viewer's engine and the raw bytes.

Runs only in the inspector's child, under limits. Decision record: docs/decisions/0005.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pikepdf
import pypdfium2 as pdfium

from . import envelope, picture, raw, with_pypdf, with_qpdf
from .reading import LockedError, Reading, RefusedError

Read = Callable[[bytes, int], Reading]


@dataclass(frozen=True)
class Judgement:
    """The verdict: `code` is None for an accepted file, which has a `page` to draw.

    `plain` when nothing about the file was unusual: no reader had to guess, rebuild or decrypt.
    """

    code: str | None
    pages: int | None = None
    page: pdfium.PdfPage | None = None
    plain: bool = False


def judge(
    data: bytes, *, max_pages: int, certain: Callable[[str], None] = lambda code: None
) -> Judgement:
    """The verdict on the bytes.

    `certain` is called with a code as soon as only a code of higher priority could replace it.
    """
    if envelope.header_offset(data) < 0 or envelope.is_disguised(data):
        return Judgement("not_pdf")
    known: list[str] = []

    def note(code: str) -> None:
        known.append(code)
        certain(code)

    try:
        return _judge_pdf(data, max_pages, note)
    except RefusedError as refused:
        code = refused.code
    except (MemoryError, RecursionError):
        code = "too_complex"
    return Judgement(known[0] if code == "too_complex" and known else code)


def _judge_pdf(data: bytes, max_pages: int, certain: Callable[[str], None]) -> Judgement:
    first, first_locked = attempt(with_pypdf.read, data, max_pages)
    if first is not None and first.active:
        certain("active_content")
    second, second_locked = attempt(with_qpdf.read, data, max_pages)
    locked = first_locked or second_locked
    mended = None
    if first is None and second is None and not locked:
        mended = envelope.with_startxref(data)
        if mended is not None:
            first, _ = attempt(with_pypdf.read, mended, max_pages)
            second, _ = attempt(with_qpdf.read, mended, max_pages)
    readings = [reading for reading in (first, second) if reading is not None]
    whole = [reading for reading in readings if reading.whole]
    rebuilt = mended is not None or (
        len(whole) < 2 and not (first is not None and first.slow and second in whole)
    )
    document = _opened(data, locked=locked, empty=len(whole) == 2 and not whole[0].pages)
    if not readings:
        if document and picture.has_scripts_or_attachments(document):
            raise RefusedError("active_content")  # only the attachments are locked
        raise RefusedError("encrypted" if locked else "damaged")
    if any(reading.faults for reading in readings) or envelope.is_cut_off(data):
        raise RefusedError("damaged")
    if rebuilt and (
        raw.has_reference_ring(data) or raw.has_lost_parts(data, with_qpdf.numbers(mended or data))
    ):
        raise RefusedError("damaged")
    if not whole and any(reading.encrypted for reading in readings):
        raise RefusedError("damaged")  # neither read it all, and the raw bytes say nothing
    pages = (whole or readings)[0].pages
    page = None
    if document and pages:
        try:
            page = picture.first_page(document)
        except picture.UnviewableError as error:
            raise RefusedError("damaged") from error
    if (
        any(reading.active for reading in readings)
        or (document and picture.has_scripts_or_attachments(document))
        or (rebuilt and document and picture.may_have_xfa(document))
        or ((rebuilt or not readings[0].tidy) and raw.mentions_active(data))
    ):
        return Judgement("active_content", pages)
    if not pages:
        return Judgement("no_pages", 0)
    if pages > max_pages:
        return Judgement("too_many_pages")
    plain = not rebuilt and len(whole) == 2 and readings[0].tidy and not readings[0].encrypted
    return Judgement(None, pages, page, plain)


def _opened(data: bytes, *, locked: bool, empty: bool) -> pdfium.PdfDocument | None:
    """The document in the viewer's engine; None when that only misses the pages it has not."""
    try:
        return picture.open_in_viewer(data)
    except picture.UnviewableError as error:
        if empty and not error.locked:
            return None
        raise RefusedError("encrypted" if error.locked or locked else "damaged") from error


def attempt(read: Read, data: bytes, max_pages: int) -> tuple[Reading | None, bool]:
    """The reading, or None and whether a password is what stopped it."""
    try:
        return read(data, max_pages), False
    except (RefusedError, MemoryError):
        raise
    except RecursionError as error:
        raise RefusedError("too_complex") from error
    except (LockedError, pikepdf.PasswordError):
        return None, True
    except Exception:  # noqa: BLE001
        # Readers raise whatever the bytes provoke; what could not be read counts as not read.
        return None, False
