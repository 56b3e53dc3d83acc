"""The contract of `inspect`: codes, messages, figures, picture. Accuracy has a file of its own."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from inpassing.files import inspector
from inpassing.files.inspector import MAX_BYTES, MESSAGES, Inspection, inspect, sentence
from tests import pdf_factory, pdf_hostile
from tests.pdf_factory import simple

Inspect = Callable[..., Inspection]


@pytest.fixture
def inspect_bytes(tmp_path: Path) -> Inspect:
    """`inspect` for bytes instead of a path."""

    def call(data: bytes, **options: bool) -> Inspection:
        path = tmp_path / "berkas.pdf"
        path.write_bytes(data)
        return inspect(path, **options)

    return call


def test_accepted_file_has_every_figure(inspect_bytes):
    data = pdf_factory.scan(2)
    found = inspect_bytes(data)
    assert found.accepted
    assert (found.verdict, found.code, found.message, found.pages) == ("accepted", None, None, 2)
    assert found.bytes == len(data)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert 0 < found.seconds < 10
    assert 10 < found.peak_mb < 512


def test_picture_is_small_webp_of_the_first_page(inspect_bytes):
    found = inspect_bytes(pdf_factory.document(2))
    picture = Image.open(io.BytesIO(found.preview))
    assert picture.format == "WEBP"
    assert picture.size == (600, 849)
    assert len(found.preview) <= 40_000
    darkest, _ = picture.convert("L").getextrema()
    assert darkest < 100, "the text of the page is not there"


def test_picture_of_grainy_scan_is_made_small_enough(inspect_bytes):
    found = inspect_bytes(pdf_factory.from_pictures(mode="1"))
    assert found.accepted
    assert 0 < len(found.preview) <= 40_000


@pytest.mark.parametrize(
    ("box", "height"),
    [("0 0 595 842", 849), ("0 0 842 595", 424), ("0 0 100 14400", 1800), ("0 0 14400 3", 1)],
)
def test_picture_follows_the_page_within_bounds(inspect_bytes, box, height):
    pdf = simple()
    pdf.objects[5] = pdf.objects[5].replace(b"0 0 595 842", box.encode())
    picture = Image.open(io.BytesIO(inspect_bytes(pdf.write()).preview))
    assert picture.width == 600
    assert abs(picture.height - height) <= 1


def test_no_picture_when_not_asked_or_refused(inspect_bytes):
    assert inspect_bytes(pdf_factory.scan(), preview=False).preview is None
    refused = inspect_bytes(pdf_hostile.document_with_attachment())
    assert refused.code == "active_content"
    assert refused.preview is None


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("not_pdf", b"Surat"),
        ("encrypted", pdf_factory.encrypted(pdf_factory.document(), user="rahasia")),
        ("damaged", pdf_factory.scan(dpi=60)[:-2_000]),
        ("active_content", simple(catalog="/OpenAction << /S /JavaScript /JS (1) >>").write()),
        ("no_pages", simple(pages=0).write()),
        ("too_many_pages", simple(pages=301).write()),
        ("too_large", pdf_factory.scan(dpi=60).ljust(MAX_BYTES + 1, b"\n")),
    ],
)
def test_each_code_has_its_sentence(inspect_bytes, code, data):
    found = inspect_bytes(data)
    assert (found.verdict, found.code) == ("refused", code)
    assert found.message == sentence(code)
    assert not found.accepted


def test_sentences_say_what_to_do():
    assert list(MESSAGES) == [
        "too_large",
        "not_pdf",
        "encrypted",
        "damaged",
        "active_content",
        "no_pages",
        "too_many_pages",
        "too_complex",
    ]
    for message in map(sentence, MESSAGES):
        assert message.startswith("Berkas")
        assert message.endswith((" lagi.", " diminta."))
        assert "{" not in message


SCRIPT = "/OpenAction << /S /JavaScript /JS (1) >>"


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("too_large", b"no PDF".ljust(MAX_BYTES + 1)),
        ("not_pdf", b"GIF89a" + pdf_factory.encrypted(simple().write(), user="a")),
        (
            "encrypted",
            pdf_factory.encrypted(simple(catalog=SCRIPT, pages=301).write(), user="a"),
        ),
        (
            "damaged",
            pdf_factory.scan(dpi=60).replace(b"/Catalog", b"/Catalog " + SCRIPT.encode())[:-2000],
        ),
        ("active_content", simple(catalog=SCRIPT, pages=0).write()),
        ("active_content", simple(catalog=SCRIPT, pages=301).write()),
    ],
)
def test_priority_when_several_codes_apply(inspect_bytes, code, data):
    assert inspect_bytes(data).code == code


def test_size_limit_is_exact(inspect_bytes):
    whole = pdf_factory.scan(dpi=60)
    assert inspect_bytes(whole.ljust(MAX_BYTES, b"\n")).accepted
    found = inspect_bytes(whole.ljust(MAX_BYTES + 1, b"\n"))
    assert (found.code, found.bytes, found.pages) == ("too_large", MAX_BYTES + 1, None)
    assert found.sha256 == hashlib.sha256(whole.ljust(MAX_BYTES + 1, b"\n")).hexdigest()


def test_huge_file_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "besar.pdf"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    found = inspect(path)
    assert (found.code, found.bytes, found.sha256) == ("too_large", 1 << 40, "")
    assert found.seconds < 2


def test_page_limit_is_a_setting(inspect_bytes, settings):
    data = simple(pages=4).write()
    settings.PDF_MAX_PAGES = 4
    assert inspect_bytes(data).pages == 4
    settings.PDF_MAX_PAGES = 3
    found = inspect_bytes(data)
    assert found.code == "too_many_pages"
    assert found.message == (
        "Berkas memiliki lebih dari 3 halaman. Unggah hanya halaman yang diminta."
    )


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        inspect(tmp_path / "tiada.pdf")
    with pytest.raises(OSError, match=r"directory"):
        inspect(tmp_path)
    os.mkfifo(tmp_path / "pipa")
    with pytest.raises(OSError, match=r"regular file"):
        inspect(tmp_path / "pipa")


def test_defaults_apply_without_settings(inspect_bytes, settings):
    for name in inspector.DEFAULTS:
        if hasattr(settings, name):
            delattr(settings, name)
    assert inspect_bytes(simple(pages=300).write()).pages == 300
    assert inspect_bytes(simple(pages=301).write()).code == "too_many_pages"


def test_open_file_is_read_from_its_beginning():
    data = pdf_factory.scan(dpi=60)
    file = io.BytesIO(data)
    file.seek(100)
    found = inspector.inspect_stream(file)
    assert (found.accepted, found.sha256) == (True, hashlib.sha256(data).hexdigest())
    large = io.BytesIO(data.ljust(MAX_BYTES + 5_000, b"\n"))
    found = inspector.inspect_stream(large)
    assert (found.code, found.bytes) == ("too_large", MAX_BYTES + 5_000)
    assert found.sha256 == hashlib.sha256(large.getvalue()).hexdigest()
