"""Letters as PDF: the archive's format, the same on every run, nothing from outside, well set."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import translation
from fontTools.ttLib import TTFont
from PIL import Image

from inpassing.letters import documents as d
from inpassing.letters.errors import LetterError
from inpassing.letters.glyphs import characters
from inpassing.letters.press import press
from inpassing.letters.render import render_document, render_html, render_pdf, warm_up

from . import pdf as read
from .samples import (
    BPS,
    COPIES,
    ISSUED,
    SAMPLES,
    SIGNER,
    attendance,
    competence,
    draft,
    extract,
    invitation,
    notice,
    proposals,
    recommendation,
    resignation,
)

DRAFT_MARK = "KONSEP — belum bernomor"


@pytest.fixture(scope="module")
def letters() -> dict[str, bytes]:
    """One letter of each kind, rendered once."""
    return {kind: render_document(make()) for kind, make in SAMPLES.items()}


# The archive's format


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_letter_is_pdf_a_2u(letters, kind):
    pdf = letters[kind]
    packet = read.xmp(pdf)
    assert re.search(r'pdfaid:part="2"', packet)
    assert re.search(r'pdfaid:conformance="U"', packet)
    document = read.reader(pdf)
    (intent,) = document.trailer["/Root"]["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object()["/N"] == 3
    assert document.trailer["/ID"]
    assert document.trailer["/Root"]["/Lang"] == "id"
    assert not document.is_encrypted


@pytest.mark.parametrize("kind", SAMPLES)
def test_fonts_are_embedded_subset_and_ours(letters, kind):
    fonts = read.fonts(letters[kind])
    composite = [font for font in fonts if font["/Subtype"] == "/Type0"]
    assert composite
    for font in composite:
        assert re.fullmatch(r"/[A-Z]{6}\+Plus-Jakarta-Sans-Letter(-Bold)?", font["/BaseFont"])
        # Another encoding than this one would mean a character without a glyph.
        assert font["/Encoding"] == "/Identity-H"
        assert read.data(font["/ToUnicode"])
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert 500 < len(read.data(descriptor["/FontFile2"])) < 60_000
    assert {font["/Subtype"] for font in fonts} == {"/Type0", "/CIDFontType2"}


@pytest.mark.parametrize("kind", SAMPLES)
def test_nothing_active_and_nothing_attached(letters, kind):
    for found in read.objects(letters[kind]):
        assert not found.keys() & {"/JS", "/AA", "/OpenAction", "/EF", "/Annots", "/AcroForm"}


def test_metadata_are_those_of_the_document(letters):
    info = read.reader(letters["recommendation"]).metadata
    assert info["/Title"] == recommendation().title
    assert info["/Author"] == "BADAN PUSAT STATISTIK"
    assert info["/CreationDate"] == info["/ModDate"] == "D:20261130030000+00'00"
    assert "2026-11-30T03:00:00+00:00" in read.xmp(letters["recommendation"])
    assert "/CreationDate" not in read.reader(letters["test_card"]).metadata


# What is printed


def test_recommendation_prints_every_field(letters):
    letter, text = recommendation(), " ".join(read.pages(letters["recommendation"]))
    for expected in (
        "BADAN PUSAT STATISTIK",
        "Nomor : B-1187/BPS/2340/11/2026",
        "Lampiran : 1 (satu) berkas",
        "Jakarta, 30 November 2026",
        "Kepada Yth.",
        "Gubernur Nusa Tenggara Timur",
        "u.p. Kepala Badan Kepegawaian Daerah",
        "di Tempat",
        "29 orang",
        "a.n. Kepala Badan Pusat Statistik",
        "Sekretaris Utama,",
        "Hartawan Prameswara Sosro, S.Si., M.Stat.",
        "NIP 19690317 199303 1 928",
        "Tembusan:",
        *COPIES,
        letter.subject,
        letter.opening,
        *letter.points,
        letter.closing,
        letter.annex_title,
        "Surat Sekretaris Utama",
        "19861102 200901 2 930",
        letter.credit_note,
        "inpassing.example/cek",
        "7K2M-QX4R",
    ):
        assert expected in text
    assert text.count(" – Lulus uji kompetensi") == 26


def test_verification_notice_prints_reasons_with_their_source(letters):
    first, annex = read.pages(letters["verification_notice"])
    assert "a.n. Kepala Badan Pusat Statistik Sekretaris Utama u.b. Plt. Kepala Biro" in first
    assert "Pimpinan Perangkat Daerah. Peraturan BPS 7/2019 Fotokopi SK Pangkat" in annex
    assert "Dapat diusulkan kembali pada periode berikutnya." in annex


def test_credit_points_when_there_are_any():
    letter = recommendation(2)
    people = tuple(replace(row, credit="1.050,000") for row in letter.people)
    text = read.pages(render_document(replace(letter, people=people)))[1]
    assert text.count("1.050,000 Lulus uji kompetensi") == 2
    assert letter.credit_note not in text


def test_a_draft_says_so_on_every_page_and_proves_nothing():
    letter = replace(draft(40), signature="bsre")
    texts = read.pages(render_document(letter))
    assert len(texts) > 2
    for number, text in enumerate(texts, start=1):
        assert text.count(DRAFT_MARK) == 1
        assert f"Halaman {number} dari {len(texts)}" in text
        assert "kode cek" not in text
        assert "elektronik" not in text
    assert "Nomor : —" in texts[0]
    assert "<svg" not in render_html(letter.template, {"letter": letter}, title="")


def test_an_issued_letter_has_its_code_on_every_page(letters):
    for text in read.pages(letters["recommendation"]):
        assert "B-1187/BPS/2340/11/2026 · kode cek 7K2M-QX4R" in text
        assert DRAFT_MARK not in text


@pytest.mark.parametrize(
    ("signature", "electronic", "bsre"), [("", 0, 0), ("electronic", 1, 0), ("bsre", 1, 1)]
)
@pytest.mark.parametrize("make", [recommendation, extract, notice])
def test_the_sentence_about_the_signature(make, signature, electronic, bsre):
    text = " ".join(read.pages(render_document(replace(make(), signature=signature))))
    pages = len(read.pages(render_document(make())))
    assert text.count("Ditandatangani secara elektronik") == electronic
    assert text.count("Balai Sertifikasi Elektronik (BSrE)") == bsre * pages


def test_the_place_of_a_revenue_stamp_is_printed_only_when_asked_for():
    assert "Meterai" in read.pages(render_document(resignation()))[0]
    assert "Meterai" in read.pages(render_document(replace(competence(), stamp=True)))[0]
    assert "Meterai" not in read.pages(render_document(competence()))[0]


def test_what_an_agency_fills_in_by_hand_is_dotted():
    text = read.pages(render_document(proposals(2)))[0]
    assert re.search(r"Nomor : \.{20,}", text)
    assert re.search(r"Kupang, \.{20,}", text)
    assert DRAFT_MARK not in text
    person = d.Person(name="Budi", nip="197001011995031902")
    assert read.pages(render_document(replace(competence(), person=person)))[0].count("....") >= 5


def test_an_invitation_without_a_signer_says_that_it_needs_none():
    text = read.pages(render_document(invitation()))[0]
    assert "berlaku tanpa tanda tangan" in text
    assert "Nomor" not in text
    signed = read.pages(render_document(replace(invitation(), signer=SIGNER, number="B-1")))[0]
    assert "berlaku tanpa tanda tangan" not in signed
    assert "Nomor : B-1" in signed


# How it is set


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("recommendation", 3),
        ("verification_notice", 2),
        ("proposal_list", 3),
        ("attendance_sheet", 2),
        ("extract", 1),
        ("test_invitation", 1),
        ("test_card", 1),
        ("minutes", 1),
        ("circular", 2),
        ("statement_experience", 1),
        ("statement_competence", 1),
        ("statement_discipline", 1),
        ("statement_resignation", 1),
    ],
)
def test_page_counts_and_numbers(letters, kind, expected):
    texts = read.pages(letters[kind])
    assert len(texts) == expected
    for number, text in enumerate(texts, start=1):
        assert f"Halaman {number} dari {expected}" in text


def test_a_long_annex_repeats_its_head_on_every_page():
    letter = recommendation(120)
    pdf = render_document(letter)
    first, annex, *more = read.pages(pdf)
    head = "No. Nama NIP Pangkat, gol. ruang Unit kerja Jabatan dan jenjang Angka kredit Keterangan"
    assert letter.annex_title in annex
    assert "(lanjutan)" not in first + annex
    assert len(more) > 5
    for text in more:
        assert f"Lampiran surat nomor {ISSUED['number']} (lanjutan)" in text
    for text in [annex, *more]:
        assert text.count(head) == 1
    numbers = re.findall(
        r"(\d{1,3}) (?:Adolfina|Agustinus|Benediktus|Ferd|Marg|Paulina)", pdf_text(pdf)
    )
    assert numbers == [str(number) for number in range(1, 121)]
    assert SIGNER.name in more[-1]


@pytest.mark.parametrize("lines", range(0, 26, 2))
def test_the_signature_never_stands_alone(lines):
    letter = recommendation(1)
    filler = tuple(f"Butir tambahan nomor {number}." for number in range(lines))
    letter = replace(letter, points=(*filler, "Butir terakhir."), counts=None)
    texts = read.pages(render_document(letter))[:-1]
    (page,) = [text for text in texts if SIGNER.name in text]
    for expected in ("Butir terakhir.", letter.closing, "Sekretaris Utama,", "7K2M-QX4R", *COPIES):
        assert expected in page


@pytest.mark.parametrize("people", range(8, 17))
def test_proctors_sign_on_a_page_that_has_rows(people):
    *_, last = read.pages(render_document(attendance(people)))
    assert "Pengawas 1, La Ode Darwin" in last
    assert "Pengawas 2, Sitti Rahmawati" in last
    assert f"{people}. Diisi pengawas" in last


def test_a_date_is_never_broken():
    html = render_html("extract.html", {"letter": extract()}, title="")
    assert '<span class="unbroken">30 November 2026</span>' in html


# Bad input


def test_names_with_unusual_characters():
    name = "Ñandú D’Artagnan Nguyễn Thị Hồng & O'Neill <b>Łukasz</b>"
    decomposed = "Zoe\u0308 A\u030angstro\u0308m"
    hidden = "Bu\u200bdi\u202e \u00adSan\ttoso\u0000"
    letter = recommendation(3)
    people = tuple(
        replace(row, name=text)
        for row, text in zip(letter.people, (name, decomposed, hidden), strict=True)
    )
    text = read.pages(render_document(replace(letter, people=people)))[1]
    assert name in text
    assert "Zoë Ångström" in text
    assert "Budi San toso" in text


def test_a_name_without_spaces_stays_in_its_column():
    letter = recommendation(1)
    name = "Pneumonoultramicroscopicsilicovolcanoconiosis"
    pdf = render_document(replace(letter, people=(replace(letter.people[0], name=name),)))
    assert name in read.pages(pdf)[1].replace(" ", "")


def test_what_counts_as_printable_is_what_both_weights_of_the_font_have():
    for weight in (400, 700):
        with TTFont(BytesIO(press().fetcher.files[f"letters:font-{weight}"])) as font:
            assert set(map(chr, font.getBestCmap())) == characters()


@pytest.mark.parametrize(("character", "code"), [("漢", "U+6F22"), ("😀", "U+1F600")])
def test_a_character_that_the_font_lacks_is_named(character, code):
    with pytest.raises(LetterError, match=re.escape(code)):
        render_document(replace(competence(), unit=f"Dinas {character}"))


def test_missing_fields_are_named_before_anything_is_printed():
    with pytest.raises(LetterError) as caught:
        render_document(replace(recommendation(1), place=" ", points=()))
    assert caught.value.missing == ("tempat surat", "isi surat")
    assert str(caught.value) == "Surat belum lengkap: tempat surat, isi surat."


def test_a_name_that_the_template_asks_for_in_vain_is_named():
    with pytest.raises(LetterError, match=r"letter\.opening"):
        render_pdf("extract.html", {"letter": competence()}, title="Petikan")


# Nothing from outside


HOSTILE = '<img src="file:///etc/passwd"><link rel=stylesheet href="http://127.0.0.1:9/x.css">'


def test_markup_in_a_text_block_is_printed_not_obeyed():
    letter = replace(recommendation(1), opening=HOSTILE, subject="<style>@import url(//x)</style>")
    text = read.pages(render_document(letter))[0]
    assert HOSTILE in text
    assert "<style>@import url(//x)</style>" in text


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="file:///etc/passwd">',
        '<img src="http://127.0.0.1:9/x.png">',
        '<img src="data:image/png;base64,AAAA">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
        "<style>@import url(http://127.0.0.1:9/x.css);</style>",
        '<div style="background: url(file:///etc/passwd)">x</div>',
        '<a rel="attachment" href="file:///etc/passwd">x</a>',
        '<img src="letters:emblem">',
    ],
)
def test_no_address_is_fetched(markup):
    with pytest.raises(LetterError, match="menunjuk ke luar"):
        press().write_pdf(f"<html><body>{markup}</body></html>", "pdf/a-2u")


_watching = threading.local()


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event in {"open", "socket.connect", "socket.getaddrinfo"}:
        getattr(_watching, "events", []).append((event, str(args[0])))


def opened_while(work: Callable[[], object]) -> set[tuple[str, str]]:
    """The files and addresses that Python opens while `work` runs."""
    sys.addaudithook(_watch)
    events: list[tuple[str, str]] = []
    _watching.events = events
    try:
        work()
    finally:
        _watching.events = []
    return {(event, Path(path).name) for event, path in events}


def test_rendering_opens_no_file_but_the_colour_profile():
    render_document(recommendation(2))  # the first letter reads the templates
    opened = opened_while(lambda: render_document(recommendation(3)))
    assert opened == {("open", "sRGB2014.icc")}


def test_a_picture_inside_an_svg_is_not_opened_either():
    svg = '<svg width="9" height="9"><image href="file:///etc/passwd" width="9" height="9"/></svg>'
    opened = opened_while(lambda: press().write_pdf(f"<body>{svg}</body>", "pdf/a-2u"))
    assert opened == {("open", "sRGB2014.icc")}


# The same bytes


def test_the_same_letter_gives_the_same_bytes():
    first = render_document(recommendation(30))
    render_document(notice())
    with translation.override("en"):
        assert render_document(recommendation(30)) == first
    assert render_document(replace(recommendation(30), date="1 Desember 2026")) != first


def test_another_process_gives_the_same_bytes_and_loads_weasyprint_only_to_print():
    script = (
        "import sys, hashlib, django; django.setup()\n"
        "from inpassing.letters import documents, render, signing, texts, qr\n"
        "from tests.letters.samples import recommendation\n"
        "heavy = {'weasyprint', 'pyhanko', 'fontTools', 'segno'} & sys.modules.keys()\n"
        "print(sorted(heavy))\n"
        "print(hashlib.sha256(render.render_document(recommendation(3))).hexdigest())\n"
    )
    environment = os.environ | {
        "PYTHONHASHSEED": "77",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    output = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout
    own = hashlib.sha256(render_document(recommendation(3))).hexdigest()
    assert output.split() == ["[]", own]


def test_two_threads_may_print_at_once():
    warm_up()
    expected = {n: render_document(recommendation(n)) for n in (1, 2, 3)}
    printed: dict[int, bytes] = {}
    threads = [
        threading.Thread(target=lambda n=n: printed.update({n: render_document(recommendation(n))}))
        for n in expected
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert printed == expected


def test_a_forked_child_leaves_the_fonts_to_its_parent():
    warm_up()
    expected = hashlib.sha256(render_document(competence())).digest()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(write_end, hashlib.sha256(render_document(competence())).digest())
            press().fonts.close()
            status = 0
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        assert pipe.read() == expected
    assert os.waitpid(child, 0)[1] == 0
    assert press().fonts._folder.exists()


# The emblem


@pytest.fixture
def emblem(settings, tmp_path):
    """A picture as emblem, for as long as the test lasts."""
    path = tmp_path / "emblem.png"
    Image.new("RGB", (40, 40), "#1b3a66").save(path)
    settings.LETTER_EMBLEM = str(path)
    press.cache_clear()
    yield path
    press.cache_clear()


def test_the_emblem_is_read_once_and_shared(emblem):
    letter = replace(extract(), letterhead=replace(BPS, emblem=True))
    first = render_document(letter)
    emblem.unlink()
    kept = set(press().images)
    for code in ("AAAA-AAAA", "BBBB-BBBB"):
        render_document(replace(letter, check_url=f"https://inpassing.example/cek/{code}/"))
    pictures = [found for found in read.objects(first) if found.get("/Subtype") == "/Image"]
    assert [(picture["/Width"], picture["/Height"]) for picture in pictures] == [(40, 40)]
    assert "letters:emblem" in kept
    assert set(press().images) == kept


def pdf_text(pdf: bytes) -> str:
    return " ".join(read.pages(pdf))


# Debian's checker of PDF/A-1b, where it is installed

JAVA = Path("/usr/share/java")
CHECKER = [
    JAVA / f"{name}.jar"
    for name in (
        "pdfbox2",
        "fontbox2",
        "xmpbox",
        "preflight",
        "commons-logging",
        "javax.activation",
        "jaxb-api",
    )
]

if all(jar.exists() for jar in CHECKER):

    @pytest.mark.parametrize("kind", SAMPLES)
    def test_preflight_finds_nothing_but_the_known_remark(kind, tmp_path):
        path = tmp_path / "letter.pdf"
        path.write_bytes(render_document(SAMPLES[kind](), variant="pdf/a-1b"))
        output = subprocess.run(
            [
                "java",
                "-cp",
                ":".join(map(str, CHECKER)),
                "org.apache.pdfbox.preflight.Validator_A1b",
                str(path),
            ],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        errors = re.findall(r"^(\d[\d.]*) : (.*)$", output, flags=re.MULTILINE)
        # It does not read the short form in which WeasyPrint writes XMP.
        assert [code for code, _ in errors] == ["7.3"]
