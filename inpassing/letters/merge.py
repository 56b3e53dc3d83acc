"""Many letters in one PDF, to read and to print: a marked copy, not an original.

Merging breaks signatures, so the copy carries none: every page says what it is, and the originals
are delivered beside it (product.md section 7).
"""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import BinaryIO

import pikepdf
from pikepdf import Name, Page, Pdf

from .render import render_pdf

MARK = "SALINAN GABUNGAN — tidak bertanda tangan elektronik"


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
    marks = _marks(merged)
    profile = marks[0].Resources.ColorSpace.srgb
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
            _mark(page, marks)
        # Every letter brings the same colour profile: the copy keeps one.
        merged.pages[first].Resources.ColorSpace.srgb = profile
    merged.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return len(merged.pages)


def _marks(merged: Pdf) -> list[pikepdf.Object]:
    """The mark for upright and for lying pages, as objects of the merged file."""
    with Pdf.open(BytesIO(_mark_pages())) as pages:
        return [merged.copy_foreign(page.as_form_xobject()) for page in pages.pages]


@cache
def _mark_pages() -> bytes:
    return render_pdf("merged_mark.html", {"mark": MARK}, title=MARK)


def _mark(page: Page, marks: list[pikepdf.Object]) -> None:
    _, _, width, height = page.mediabox
    which = int(width > height)
    # The pages of a letter share their resources: each mark needs a name of its own.
    name = page.add_resource(marks[which], Name.XObject, Name(f"/SalinanGabungan{which}"))
    # The letter's drawing begins with a turned coordinate system: close it before the mark.
    page.contents_add(b"q", prepend=True)
    page.contents_add(f"Q q {name} Do Q".encode())
