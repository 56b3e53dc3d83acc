"""Pages as pdfium, the engine of an ordinary viewer, shows them. Runs in the child."""

import ctypes
import io
import mmap
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, WebPImagePlugin  # noqa: F401  registers WebP, else Pillow loads all formats

WIDTH = 600
MAX_BYTES = 40_000
# A page to be read from, not only recognised.
PAGE_WIDTH = 1000
PAGE_BYTES = 160_000
TALLEST = 3  # times as high as wide; what lies below is cut off
WHITE = 0xFFFFFFFF
MEMORY = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_POPULATE", 0)
# Up to how many times the limit the first try may be, then quality, effort, how much coarser.
STEPS = ((1.25, 25, 2, 1), (2.2, 5, 2, 1), (4.0, 0, 0, 1), (1e9, 10, 0, 3), (1e9, 5, 0, 8))


class UnviewableError(Exception):
    """An ordinary viewer cannot open the file; `locked` when it asks for a password."""

    def __init__(self, *, locked: bool) -> None:
        super().__init__("locked" if locked else "unreadable")
        self.locked = locked


def open_in_viewer(data: bytes) -> pdfium.PdfDocument:
    """The document as a viewer opens it without a password; raises UnviewableError."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = error.err_code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY)
        raise UnviewableError(locked=locked) from error


def first_page(document: pdfium.PdfDocument) -> pdfium.PdfPage:
    """The first page; raises UnviewableError when the viewer has none to show."""
    try:
        return document[0]
    except (pdfium.PdfiumError, IndexError) as error:
        raise UnviewableError(locked=False) from error


def has_scripts_or_attachments(document: pdfium.PdfDocument) -> bool:
    """What the viewer itself counts: document scripts and attachments."""
    scripts: int = pdfium_c.FPDFDoc_GetJavaScriptActionCount(document)
    attachments: int = pdfium_c.FPDFDoc_GetAttachmentCount(document)
    return scripts > 0 or attachments > 0


def may_have_xfa(document: pdfium.PdfDocument) -> bool:
    """True when the viewer sees an XFA form; it takes an empty one for one too."""
    return pdfium_c.FPDF_GetFormType(document) in (
        pdfium_c.FORMTYPE_XFA_FULL,
        pdfium_c.FORMTYPE_XFA_FOREGROUND,
    )


def page_of(data: bytes, number: int) -> pdfium.PdfPage:
    """Page `number` (from 1) of a file; raises UnviewableError when the viewer has none to show."""
    document = open_in_viewer(data)
    try:
        return document[number - 1]
    except (pdfium.PdfiumError, IndexError) as error:
        raise UnviewableError(locked=False) from error


def shown_height(page: pdfium.PdfPage, across: int) -> int:
    """How high the picture of a page is that is `across` px wide; 0 for a page without a size."""
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        return 0
    return min(round(height * across / width) or 1, TALLEST * across)


def draw(page: pdfium.PdfPage, across: int = WIDTH, most: int = MAX_BYTES) -> bytes | None:
    """The page as WebP, `across` px wide, at most `most` bytes, and three times as high as wide."""
    width, height = page.get_size()
    shown = shown_height(page, across)
    if not shown:
        return None
    # The bitmap and the picture share this memory. In a new process every page of memory costs a
    # fault at its first touch; fetched at once they cost a third.
    memory = mmap.mmap(-1, 4 * across * shown, flags=MEMORY)
    pixels: Any = (ctypes.c_ubyte * len(memory)).from_buffer(memory)
    bitmap = pdfium_c.FPDFBitmap_CreateEx(
        across, shown, pdfium_c.FPDFBitmap_BGRx, ctypes.addressof(pixels), 4 * across
    )
    try:
        pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, across, shown, WHITE)
        flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_REVERSE_BYTE_ORDER
        whole = round(height * across / width) or 1
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, across, whole, 0, flags)
        image = Image.frombuffer("RGBX", (across, shown), pixels, "raw", "RGBX", 4 * across, 1)
        return compress(image, most)
    finally:
        pdfium_c.FPDFBitmap_Destroy(bitmap)


def compress(image: Image.Image, most: int = MAX_BYTES) -> bytes | None:
    """WebP within the limit: how large a quick first one is tells which quality will do."""
    first = encoded(image, quality=50, method=0)
    if len(first) <= most:
        return first
    for promising, quality, method, coarse in STEPS:
        if len(first) > promising * most:
            continue
        shown = image
        if coarse > 1:
            shown = image.reduce(coarse).resize(image.size, Image.Resampling.BILINEAR)
        made = encoded(shown, quality=quality, method=method)
        if len(made) <= most:
            return made
    return None


def encoded(image: Image.Image, *, quality: int, method: int) -> bytes:
    """The picture as WebP."""
    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality, method=method)
    return out.getvalue()
