"""The merged reading copy."""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf

from inpassing.letters.merge import MARK, ReadingCopy, merge_copies
from inpassing.letters.render import render_document
from inpassing.letters.signing import sign_pdf

from . import pdf as read
from .authority import PASSWORD, Authority, ec_key
from .samples import card, extract, recommendation


def merge(letters: list[bytes], **options: bytes) -> tuple[bytes, int]:
    output = io.BytesIO()
    pages = merge_copies(letters, output, **options)
    return output.getvalue(), pages


def test_every_page_is_there_in_order_and_marked():
    letters = [render_document(recommendation(30)), render_document(extract())]
    merged, pages = merge(letters)
    texts = read.pages(merged)
    assert pages == len(texts) == 5
    originals = [text for letter in letters for text in read.pages(letter)]
    for text, original in zip(texts, originals, strict=True):
        assert text.count(MARK) == 1
        assert text.replace(MARK, "").split() == original.split()


def test_upright_and_lying_pages_get_the_mark_of_their_own_shape():
    merged, _ = merge([render_document(recommendation(1))])
    shapes = []
    for page in read.reader(merged).pages:
        (name,) = re.findall(rb"q (/SalinanGabungan\d) Do Q", page.get_contents().get_data())
        mark = page["/Resources"]["/XObject"][name.decode()]
        assert mark["/BBox"][2:] == page.mediabox[2:]
        shapes.append(page.mediabox.width > page.mediabox.height)
    assert shapes == [False, True]


def test_the_cover_comes_first_and_unmarked():
    merged, pages = merge([render_document(extract())], cover=render_document(card()))
    first, second = read.pages(merged)
    assert pages == 2
    assert "KARTU PESERTA" in first
    assert MARK not in first
    assert MARK in second


def test_no_signature_survives(settings, tmp_path):
    path = Authority().pkcs12(tmp_path / "uji.p12", ec_key())
    settings.LETTER_SIGNING_P12, settings.LETTER_SIGNING_PASSWORD = str(path), PASSWORD
    signed = sign_pdf(render_document(extract()), signed_at=datetime.now(UTC))
    merged, _ = merge([signed])
    found = read.objects(merged)
    assert any(item.get("/Type") == "/Sig" for item in read.objects(signed))
    assert not any(item.get("/Type") == "/Sig" or "/FT" in item for item in found)
    assert "/AcroForm" not in read.reader(merged).trailer["/Root"]


def test_the_copy_is_smaller_than_its_originals_and_holds_one_colour_profile():
    letters = [render_document(recommendation(n)) for n in range(1, 6)]
    merged, _ = merge(letters)
    assert len(merged) < sum(map(len, letters))
    assert sum("/Alternate" in item or item.get("/N") == 3 for item in read.objects(merged)) == 1


def test_no_letters_make_an_empty_copy_but_for_the_cover():
    merged, pages = merge([], cover=render_document(card()))
    assert pages == 1
    assert len(read.pages(merged)) == 1


def test_the_copy_is_a_sound_file_with_a_bookmark_for_each_letter():
    output = io.BytesIO()
    copy = ReadingCopy(output)
    copy.add_cover(render_document(card()))
    letter = render_document(recommendation(3))
    copy.add_letter(letter, title="B-0001 (Kota Baubau) – “surat”")
    copy.add_letter(render_document(extract()), title="B-0001 petikan")
    pages = copy.close()
    with pikepdf.open(io.BytesIO(output.getvalue())) as merged:
        assert merged.check_pdf_syntax() == []
        assert len(merged.pages) == pages == 4
        with merged.open_outline() as outline:
            found = [(item.title, pikepdf.Page(item.destination[0]).index) for item in outline.root]
    assert found == [("B-0001 (Kota Baubau) – “surat”", 1), ("B-0001 petikan", 3)]


def test_what_is_the_same_in_each_letter_is_there_once_and_the_names_are_right():
    output = io.BytesIO()
    copy = ReadingCopy(output)
    sizes = []
    for number in range(6):
        person = replace(extract().person, name=f"Peserta (ke-{number}) \\ Uji")
        copy.add_letter(render_document(replace(extract(), person=person)))
        sizes.append(copy.written)
    copy.close()
    growth = [after - before for before, after in itertools.pairwise(sizes)]
    assert max(growth) < 1.1 * min(growth)
    texts = read.pages(output.getvalue())
    assert [f"Peserta (ke-{number}) \\ Uji" in text for number, text in enumerate(texts)] == [
        True
    ] * 6
