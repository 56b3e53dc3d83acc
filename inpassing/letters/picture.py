"""The first page of a letter of ours as a small picture, for the preview of drafts."""

import io

WIDTH = 420
QUALITY = 60


def first_page(pdf: bytes) -> bytes:
    """Return the first page as WebP, 420 px wide, some 15 kB.

    Only for what `render_pdf` has made: uploads are looked at in the inspector's child.
    """
    import pypdfium2
    from PIL import WebPImagePlugin  # noqa: F401  registers WebP alone

    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        bitmap = page.render(scale=WIDTH / page.get_width())
        image = bitmap.to_pil()
        output = io.BytesIO()
        image.save(output, "WEBP", quality=QUALITY, method=4)
        bitmap.close()
        page.close()
    return output.getvalue()
