"""Many letters in one PDF, to read and to print: a marked copy, not an original.

Merging breaks signatures, so the copy carries none: every page says what it is, and the originals
are delivered beside it (product.md section 7).

The copy is written letter by letter. A library that holds the whole copy as objects takes 1 GB for
5,000 letters; here only the places of the objects in the file are kept, some bytes each.
"""

import hashlib
import re
import zlib
from array import array
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from typing import BinaryIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Page, Pdf

from .render import render_pdf

MARK = "SALINAN GABUNGAN — tidak bertanda tangan elektronik"
_NAMES = ("/SalinanGabungan0", "/SalinanGabungan1")
_OURS = b"/SalinanGabungan"
# A reference to another object, but not inside a string: qpdf escapes parentheses in strings.
_STRING = rb"\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]*>"
_REFERENCE = re.compile(_STRING + rb"|(?<![\w.+-])(\d+) \d+ R\b", re.DOTALL)
_LENGTH = re.compile(rb"/Length \d+(?: \d+ R)? ")
_PAGE = re.compile(rb"/Type /Page\b(?!s)")
_SAME_IN_EACH = re.compile(rb"/Subtype /Image\b|/N \d")  # the emblem and the colour profile
_BOOKMARKS_PER_OBJECT_STREAM = 200


def merge_copies(letters: Iterable[bytes], output: BinaryIO, *, cover: bytes = b"") -> int:
    """Write one PDF with every page of the letters, marked, after an unmarked cover; return the
    number of pages.

    Signatures and their fields are left out.
    """
    copy = ReadingCopy(output)
    if cover:
        copy.add_cover(cover)
    for letter in letters:
        copy.add_letter(letter)
    return copy.close()


class ReadingCopy:
    """A merged copy being written to `output`; memory does not grow with the letters."""

    def __init__(self, output: BinaryIO) -> None:
        self.output = output
        self.written = 0
        # The place of each object: an offset times two, or (object stream, index), odd.
        self.places = array("Q", [0])
        self.pages = array("Q")
        self.bookmarks: list[tuple[int, str]] = []
        self.known: dict[bytes, int] = {}
        self._put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self.root, self.tree, self.outline = (self._number() for _ in range(3))
        self._write_mark()

    def add_cover(self, pdf: bytes) -> None:
        """Append the pages of a cover as they are."""
        self._add(pdf, title="", marked=False)

    def add_letter(self, pdf: bytes, *, title: str = "") -> None:
        """Append the pages of a letter, marked, without its signature; `title` is its bookmark."""
        self._add(pdf, title=title, marked=True)

    def close(self) -> int:
        """Write what makes the file whole; return the number of its pages."""
        kids = b" ".join(b"%d 0 R" % number for number in self.pages)
        tree = b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(self.pages), kids)
        root = b"<< /Type /Catalog /Pages %d 0 R /Lang (id)" % self.tree
        root += b" /ViewerPreferences << /DisplayDocTitle true >>"
        if self.bookmarks:
            root += b" /PageMode /UseOutlines /Outlines %d 0 R" % self.outline
        info = self._number()
        objects = [
            (self.root, root + b" >>"),
            (self.tree, tree),
            (info, b"<< /Title %s >>" % _text(MARK)),
        ]
        self._write_objects(objects)
        self._write_bookmarks()
        self._write_places(info)
        return len(self.pages)

    def _add(self, pdf: bytes, *, title: str, marked: bool) -> None:
        with Pdf.open(BytesIO(pdf)) as source:
            for page in source.pages:
                page.obj.MediaBox, page.obj.Resources = page.mediabox, page.resources
                for name in (Name.Parent, Name.Annots):
                    if name in page:
                        del page[name]
                if marked:
                    self._lay_mark_over(page)
            copied = _Copied(self, source)
            numbers = [copied.number_of(page.obj) for page in source.pages]
            self._write_objects(copied.objects)
        if title and numbers:
            self.bookmarks.append((numbers[0], title))
        self.pages.extend(numbers)

    def _lay_mark_over(self, page: Page) -> None:
        """Draw the mark of the page's shape over it."""
        _, _, width, height = page.mediabox
        lying = int(width > height)
        # The pages of a letter share their resources: each shape has a name of its own.
        name = _NAMES[lying]
        if Name.XObject not in page.obj.Resources:
            page.obj.Resources.XObject = Dictionary()
        page.obj.Resources.XObject[name] = Name(f"{name}.form")
        contents = page.obj.get(Name.Contents, Array())
        inner = contents if isinstance(contents, Array) else [contents]
        page.obj.Contents = Array([Name(f"{name}.before"), *inner, Name(f"{name}.after")])

    def _write_mark(self) -> None:
        """The mark for upright and for lying pages, once in the file."""
        self.ours: dict[bytes, bytes] = {}
        # A letter's drawing begins with a turned coordinate system: close it before the mark.
        before = self._write_stream(self._number(), b"<< >>", b"q")
        with Pdf.open(BytesIO(_mark_pages())) as source:
            copied = _Copied(self, source)
            for name, page in zip(_NAMES, source.pages, strict=True):
                form = copied.number_of(page.as_form_xobject())
                after = self._write_stream(self._number(), b"<< >>", f"Q q {name} Do Q".encode())
                for part, number in (("form", form), ("before", before), ("after", after)):
                    self.ours[f"{name}.{part}".encode()] = b"%d 0 R" % number
            self._write_objects(copied.objects)

    def _write_bookmarks(self) -> None:
        if not self.bookmarks:
            return
        first = len(self.places)
        numbers = [self._number() for _ in self.bookmarks]
        last = numbers[-1]
        head = b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>"
        objects = [(self.outline, head % (first, last, len(numbers)))]
        for number, (page, title) in zip(numbers, self.bookmarks, strict=True):
            around = b" /Prev %d 0 R" % (number - 1) if number > first else b""
            around += b" /Next %d 0 R" % (number + 1) if number < last else b""
            body = b"<< /Title %s /Parent %d 0 R /Dest [ %d 0 R /Fit ]%s >>"
            objects.append((number, body % (_text(title), self.outline, page, around)))
        for start in range(0, len(objects), _BOOKMARKS_PER_OBJECT_STREAM):
            self._write_objects(objects[start : start + _BOOKMARKS_PER_OBJECT_STREAM])

    def _write_objects(self, objects: list[tuple[int, bytes]]) -> None:
        """Objects that are no streams, packed together."""
        if not objects:
            return
        stream = self._number()
        head, bodies, offset = [], [], 0
        for index, (number, body) in enumerate(objects):
            head.append(b"%d %d" % (number, offset))
            bodies.append(body)
            offset += len(body) + 1
            self.places[number] = (stream << 16 | index) << 1 | 1
        start = b" ".join(head) + b"\n"
        data = zlib.compress(start + b"\n".join(bodies))
        fields = b"<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode >>"
        self._write_stream(stream, fields % (len(objects), len(start)), data)

    def _write_places(self, info: int) -> None:
        """The cross-reference stream and the end of the file."""
        number = self._number()
        self.places[number] = self.written << 1
        rows = bytearray((0).to_bytes(8))
        for place in self.places[1:]:
            if place & 1:
                rows += b"\2" + (place >> 17).to_bytes(5) + (place >> 1 & 0xFFFF).to_bytes(2)
            else:
                rows += (b"\1" if place else b"\0") + (place >> 1).to_bytes(5) + b"\0\0"
        start = self.written
        fields = b"<< /Type /XRef /Size %d /W [ 1 5 2 ] /Root %d 0 R /Info %d 0 R"
        fields = fields % (len(self.places), self.root, info) + b" /Filter /FlateDecode >>"
        self._write_stream(number, fields, zlib.compress(bytes(rows)))
        self._put(b"startxref\n%d\n%%%%EOF\n" % start)

    def _write_stream(self, number: int, fields: bytes, data: bytes) -> int:
        """A stream object; `fields` is its dictionary, the length is added."""
        self.places[number] = self.written << 1
        head = fields.removesuffix(b">>") + b"/Length %d >>" % len(data)
        self._put(b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (number, head, data))
        return number

    def _number(self) -> int:
        self.places.append(0)
        return len(self.places) - 1

    def _put(self, data: bytes) -> None:
        self.written += self.output.write(data)


class _Copied:
    """The objects of one file on their way into the copy: streams are written at once, the others
    are gathered."""

    def __init__(self, copy: ReadingCopy, source: Pdf) -> None:
        self.copy, self.source = copy, source
        self.numbers: dict[int, int] = {}
        self.objects: list[tuple[int, bytes]] = []

    def number_of(self, item: pikepdf.Object) -> int:
        """The number of an indirect object in the copy; what it refers to is copied first."""
        own, _ = item.objgen
        if own in self.numbers:
            return self.numbers[own]
        is_stream = isinstance(item, pikepdf.Stream)
        text = (item.stream_dict if is_stream else item).unparse(resolved=True)
        data = b""
        if is_stream:
            text, data = _LENGTH.sub(b"", text), item.read_raw_bytes()
        key = b""
        if is_stream and _SAME_IN_EACH.search(text):
            key = hashlib.sha256(text + data).digest() if b" R" not in text else b""
        if key and key in self.copy.known:
            self.numbers[own] = self.copy.known[key]
            return self.numbers[own]
        number = self.numbers[own] = self.copy._number()
        text = _REFERENCE.sub(self._renumbered, text)
        if _PAGE.search(text):
            text = text.removesuffix(b">>") + b"/Parent %d 0 R >>" % self.copy.tree
        if _OURS in text:
            for name, ours in self.copy.ours.items():
                text = text.replace(name, ours)
        if is_stream:
            self.copy._write_stream(number, text, data)
        else:
            self.objects.append((number, text))
        if key:
            self.copy.known[key] = number
        return number

    def _renumbered(self, match: re.Match[bytes]) -> bytes:
        if not match[1]:
            return match[0]
        return b"%d 0 R" % self.number_of(self.source.get_object(int(match[1]), 0))


def _text(words: str) -> bytes:
    """A text string of PDF."""
    return b"<%s>" % ("\ufeff" + words).encode("utf-16-be").hex().encode()


@cache
def _mark_pages() -> bytes:
    return render_pdf("merged_mark.html", {"mark": MARK}, title=MARK)
