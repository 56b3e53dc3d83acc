"""QR codes as inline SVG, for letters and for web pages."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

QUIET_ZONE = 4
"""White modules around the code. Source: ISO/IEC 18004, 6.3.8."""

# Any mask is valid; trying all eight for the prettiest costs four times as much as the rest.
_MASK = 3


def qr_svg(text: str) -> SafeString:
    """Return a QR code as an SVG element: black path, no style attribute, no size of its own.

    Error correction M; the version is the smallest that holds the text. Give it a size in CSS by
    its class `qr`. The SVG carries an accessible name, but not the text: print that beside it.
    """
    import segno

    code = segno.make_qr(text, error="m", mask=_MASK, boost_error=False)
    rows = []
    for y, row in enumerate(code.matrix, start=QUIET_ZONE):
        x, width = 0, len(row)
        while x < width:
            if not row[x]:
                x += 1
                continue
            start = x
            while x < width and row[x]:
                x += 1
            rows.append(f"M{start + QUIET_ZONE} {y}.5h{x - start}")
    side = len(code.matrix) + 2 * QUIET_ZONE
    # Rows overlap by a hair, so that no viewer shows white lines between them.
    return format_html(
        '<svg class="qr" role="img" aria-label="Kode QR" viewBox="0 0 {0} {0}">'
        '<path fill="none" stroke="#000" stroke-width="1.04" d="{1}"/></svg>',
        side,
        "".join(rows),
    )
