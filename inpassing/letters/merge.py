"""Many letters in one PDF, to read and to print: a marked copy, not an original.

Merging breaks signatures, so the copy carries none: every page says what it is, and the originals
are delivered beside it (product.md section 7).
"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import BinaryIO

import pikepdf
from pikepdf import Array, Name, Page, Pdf

from .render import render_pdf

MARK = "SALINAN GABUNGAN — tidak bertanda tangan elektronik"
_NAMES = ("/SalinanGabungan0", "/SalinanGabungan1")


def merge_copies(letters: Iterable[bytes], output: BinaryIO, *, cover: bytes = b"") -> int:
    """Write one PDF with every page of the letters, marked, after an unmarked cover; return the
    number of pages.

    Signatures and their fields are left out. The letters are held in memory until the end.
    """
    merged = Pdf.new()
    sources = []
    if cover:
        sources.append(Pdf.open(BytesIO(cover)))
        merged.pages.extend(sources[-1].pages)
    mark = _Mark(merged)
    for letter in letters:
        source = Pdf.open(BytesIO(letter))
        sources.append(source)
        if Name.AcroForm in source.Root:
            del source.Root.AcroForm
        for page in source.pages:
            if Name.Annots in page:
                del page[Name.Annots]
        first = len(merged.pages)
        merged.pages.extend(source.pages)
        for page in merged.pages[first:]:
            mark.lay_over(page)
        # Every letter brings the same colour profile: the copy keeps one.
        merged.pages[first].Resources.ColorSpace.srgb = mark.profile
    merged.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return len(merged.pages)


class _Mark:
    """The mark for upright and for lying pages, once in the merged file."""

    def __init__(self, merged: Pdf) -> None:
        with Pdf.open(BytesIO(_mark_pages())) as pages:
            self.forms = [merged.copy_foreign(page.as_form_xobject()) for page in pages.pages]
        self.profile = self.forms[0].Resources.ColorSpace.srgb
        # A letter's drawing begins with a turned coordinate system: close it before the mark.
        self.before = merged.make_stream(b"q")
        self.after = [merged.make_stream(f"Q q {name} Do Q".encode()) for name in _NAMES]

    def lay_over(self, page: Page) -> None:
        """Draw the mark of the page's shape over it."""
        _, _, width, height = page.mediabox
        lying = int(width > height)
        # The pages of a letter share their resources: each shape has a name of its own.
        page.add_resource(self.forms[lying], Name.XObject, Name(_NAMES[lying]))
        page.Contents = Array([self.before, page.Contents, self.after[lying]])


@cache
def _mark_pages() -> bytes:
    return render_pdf("merged_mark.html", {"mark": MARK}, title=MARK)
