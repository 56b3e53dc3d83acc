"""The first page as pdfium, the engine of an ordinary viewer, shows it. Runs in the child."""

import io

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageFilter

WIDTH = 600
MAX_HEIGHT = 1800
MAX_BYTES = 40_000
QUALITIES = (70, 50, 32, 16, 4)


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
    """What the viewer itself counts: document scripts, attachments, XFA forms."""
    return (
        pdfium_c.FPDFDoc_GetJavaScriptActionCount(document) > 0
        or pdfium_c.FPDFDoc_GetAttachmentCount(document) > 0
        or pdfium_c.FPDF_GetFormType(document)
        in (pdfium_c.FORMTYPE_XFA_FULL, pdfium_c.FORMTYPE_XFA_FOREGROUND)
    )


def draw(page: pdfium.PdfPage) -> bytes | None:
    """The page as WebP, 600 px wide, at most 40 kB and 1,800 px of its height."""
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        return None
    shown = min(round(height * WIDTH / width) or 1, MAX_HEIGHT)
    below = max(0.0, height - shown * width / WIDTH)
    bitmap = page.render(scale=WIDTH / width, crop=(0, below, 0, 0), rev_byteorder=True)
    image = bitmap.to_pil().convert("RGB")
    if image.width != WIDTH:
        image = image.resize((WIDTH, image.height))
    return compress(image)


def compress(image: Image.Image) -> bytes | None:
    """WebP within the limit at the best of a few qualities, a grainy picture without its grain."""
    for blur in (0, 2, 8):
        shown = image.filter(ImageFilter.GaussianBlur(blur)) if blur else image
        for quality in QUALITIES:
            out = io.BytesIO()
            shown.save(out, "WEBP", quality=quality, method=2)
            if out.tell() <= MAX_BYTES:
                return out.getvalue()
    return None
