"""The shrinker: pictures smaller, everything else as it was, and never more than its bounds."""

from __future__ import annotations

import io
import os
import random
import time
import zlib

import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from inpassing.files.inspector import MAX_BYTES, inspect_stream
from inpassing.files.shrinker import look_at, sentence, shrink

A4 = (595, 842)


def paper(size=(2480, 3508), mode="RGB", seed=1):
    """A scanned page: grain of paper, lines of text, a colour stamp."""
    rng = random.Random(seed)
    grain = Image.frombytes("L", (620, 877), rng.randbytes(620 * 877))
    image = Image.blend(Image.new("L", grain.size, 235), grain, 0.2).resize(size).convert("RGB")
    draw = ImageDraw.Draw(image)
    for row in range(40):
        y = size[1] * (row + 4) // 50
        draw.text((size[0] // 10, y), f"Surat Keputusan baris {row} " * 3, "black", font_size=48)
    draw.ellipse([size[0] // 2, size[1] // 2, size[0] * 3 // 4, size[1] * 5 // 8], "#2a4fa0")
    return image.convert(mode)


def jpeg(image, quality=92):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def picture(pdf, data, image, **entries):
    spaces = {"RGB": "/DeviceRGB", "L": "/DeviceGray", "1": "/DeviceGray"}
    stream = pdf.make_stream(data)
    stream.stream_dict = pikepdf.Dictionary(
        {
            "/Type": pikepdf.Name.XObject,
            "/Subtype": pikepdf.Name.Image,
            "/Width": image.width,
            "/Height": image.height,
            "/BitsPerComponent": 1 if image.mode == "1" else 8,
            "/ColorSpace": pikepdf.Name(spaces.get(image.mode, "/DeviceRGB")),
            **entries,
        }
    )
    return stream


def add_page(pdf, stream):
    page = pdf.add_blank_page(page_size=A4)
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=stream))
    page.obj.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /I Do Q")
    return page


def written(pdf):
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def scan(pages=3, mode="RGB"):
    """A scan far over the limit, a JPEG on every page."""
    pdf = pikepdf.new()
    for number in range(pages):
        image = paper(mode=mode, seed=number)
        stream = picture(pdf, jpeg(image), image, **{"/Filter": pikepdf.Name.DCTDecode})
        add_page(pdf, stream)
    return written(pdf)


def drawn(data, number=0, scale=1.0):
    return pdfium.PdfDocument(data)[number].render(scale=scale).to_pil().convert("RGB")


def difference(before, after, number=0):
    """Mean difference of a rendered page, 0 to 255."""
    pictures = drawn(before, number), drawn(after, number)
    return max(ImageStat.Stat(ImageChops.difference(*pictures)).mean)


@pytest.fixture(scope="module")
def big():
    return scan()


def test_a_colour_scan_fits_and_looks_the_same(big):
    assert len(big) > 5 * MAX_BYTES / 2
    made = shrink(big)
    assert made.code is None
    assert MAX_BYTES // 4 < len(made.data) <= MAX_BYTES
    for number in range(3):
        assert difference(big, made.data, number) < 6
    verdict = inspect_stream(io.BytesIO(made.data))
    assert (verdict.code, verdict.pages) == (None, 3)


def test_boxes_rotation_text_and_outline_stay():
    pdf = pikepdf.open(io.BytesIO(scan(2, "L")))
    first, second = pdf.pages
    first.obj.Rotate = 90
    first.obj.CropBox = pikepdf.Array([10, 10, 500, 800])
    second.obj.UserUnit = 2
    fonts = pikepdf.Dictionary(
        F=pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
    )
    second.obj.Resources.Font = fonts
    second.obj.Contents = pdf.make_stream(
        b"q 595 0 0 842 0 0 cm /I Do Q BT /F 12 Tf 72 72 Td (Nomor 823.3/017) Tj ET"
    )
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Lampiran", 1))
    pdf.docinfo["/Title"] = "SK Pangkat"
    before = written(pdf)
    made = shrink(before, target=900_000)
    assert made.code is None
    after = pikepdf.open(io.BytesIO(made.data))
    one, two = after.pages
    assert one.obj.Rotate == 90
    assert [int(n) for n in one.obj.CropBox] == [10, 10, 500, 800]
    assert two.obj.UserUnit == 2
    assert two.obj.Contents.read_bytes() == second.obj.Contents.read_bytes()
    assert pdfium.PdfDocument(made.data)[1].get_textpage().get_text_range() == "Nomor 823.3/017"
    with after.open_outline() as outline:
        assert [item.title for item in outline.root] == ["Lampiran"]
    assert after.docinfo["/Title"] == "SK Pangkat"


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_pictures_that_are_not_jpeg(mode):
    """What img2pdf makes of a PNG: raw samples, a palette, black and white."""
    size = (1240, 1754)
    pdf = pikepdf.new()
    image = paper(size, "L" if mode == "1" else "RGB")
    if mode == "1":
        image = image.point(lambda value: 255 if value > 128 else 0).convert("1")
    elif mode == "P":
        image = image.quantize(64)
    else:
        image = image.convert(mode)
    entries: dict[str, pikepdf.Object] = {"/Filter": pikepdf.Name.FlateDecode}
    if mode == "P":
        table = bytes(image.getpalette()[: 64 * 3])
        entries["/ColorSpace"] = pikepdf.Array(
            [pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, 63, pikepdf.String(table)]
        )
    add_page(pdf, picture(pdf, zlib.compress(image.tobytes(), mode != "1"), image, **entries))
    before = written(pdf)
    made = shrink(before, target=len(before) * 9 // 10)
    assert made.code is None
    assert len(made.data) < len(before)
    assert difference(before, made.data) < (0.5 if mode == "1" else 6)


def cmyk_jpeg(image, *, adobe=True):
    """A CMYK JPEG as Adobe's programs write it (samples turned over), or one without their mark."""
    data = jpeg(image.convert("CMYK") if adobe else ImageChops.invert(image.convert("CMYK")))
    if not adobe:
        at = data.index(b"\xff\xee")
        data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    return data


@pytest.mark.parametrize("adobe", [True, False])
def test_a_cmyk_scan_keeps_its_colours(adobe):
    pdf, image = pikepdf.new(), paper((1654, 2339))
    entries: dict[str, pikepdf.Object] = {
        "/Filter": pikepdf.Name.DCTDecode,
        "/ColorSpace": pikepdf.Name.DeviceCMYK,
    }
    if adobe:
        entries["/Decode"] = pikepdf.Array([1, 0] * 4)
    add_page(pdf, picture(pdf, cmyk_jpeg(image, adobe=adobe), image, **entries))
    before = written(pdf)
    assert difference(before, scanned_like(image)) < 60  # the page shows paper, not its negative
    made = shrink(before, target=len(before) // 3)
    assert made.code is None
    assert difference(before, made.data) < 6
    assert inspect_stream(io.BytesIO(made.data)).code is None


def scanned_like(image):
    pdf = pikepdf.new()
    add_page(pdf, picture(pdf, jpeg(image), image, **{"/Filter": pikepdf.Name.DCTDecode}))
    return written(pdf)


@pytest.mark.parametrize(("mode", "named"), [("RGB", True), ("RGB", False), ("L", False)])
def test_a_jpeg_2000_scan_is_made_smaller(mode, named):
    pdf, image = pikepdf.new(), paper((1654, 2339), mode)
    out = io.BytesIO()
    image.save(out, "JPEG2000", irreversible=True, quality_layers=[3])
    stream = picture(pdf, out.getvalue(), image, **{"/Filter": pikepdf.Name.JPXDecode})
    if not named:  # then the colours are as the picture itself says
        del stream["/ColorSpace"], stream["/BitsPerComponent"]
    add_page(pdf, stream)
    before = written(pdf)
    made = shrink(before, target=len(before) // 3)
    assert made.code is None
    # Without the grain, which pdfium draws in another way for each kind of picture.
    coarse = [drawn(data).resize((149, 211), Image.Resampling.BOX) for data in (before, made.data)]
    assert max(ImageStat.Stat(ImageChops.difference(*coarse)).mean) < 4
    assert inspect_stream(io.BytesIO(made.data)).code is None


def test_a_jpeg_2000_that_is_not_what_it_says_stays():
    pdf, image = pikepdf.new(), paper((1654, 2339), "L")
    out = io.BytesIO()
    image.save(out, "JPEG2000")
    stream = picture(pdf, out.getvalue(), image, **{"/Filter": pikepdf.Name.JPXDecode})
    stream["/Width"] = 1000
    add_page(pdf, stream)
    before = written(pdf)
    assert shrink(before, target=len(before) // 3).code == "dense"


def test_black_and_white_that_scanners_packed_says_what_to_do():
    """CCITT and JBIG2 are smaller than anything that is made here of them."""
    pdf = pikepdf.new()
    image = paper((2480, 3508), "L").point(lambda value: 255 if value > 128 else 0).convert("1")
    out = io.BytesIO()
    image.save(out, "TIFF", compression="group4")
    parameters = pikepdf.Dictionary(K=-1, Columns=2480, Rows=3508)
    entries = {"/Filter": pikepdf.Name.CCITTFaxDecode, "/DecodeParms": parameters}
    add_page(pdf, picture(pdf, out.getvalue()[8:], image, **entries))
    before = written(pdf)
    assert shrink(before, target=len(before) // 2).code == "dense"
    assert "Sertakan hanya halaman yang diminta" in sentence("dense")


def test_masks_and_particular_pictures_stay_byte_for_byte():
    """A transparency mask, a stencil and colours cut out by number would not survive rounding."""
    pdf = pikepdf.open(io.BytesIO(scan(1)))
    small = Image.new("L", (200, 200), 128)
    raw = zlib.compress(small.tobytes())
    flate = {"/Filter": pikepdf.Name.FlateDecode}
    soft = picture(pdf, raw, small, **flate)
    stencil = picture(pdf, zlib.compress(b"\xaa" * 25 * 200), Image.new("1", (200, 200)), **flate)
    stencil["/ImageMask"] = True
    cut = picture(pdf, raw, small, **flate, **{"/Mask": pikepdf.Array([0, 3])})
    page = pdf.pages[0]
    page.obj.Resources.XObject.I["/SMask"] = soft
    page.obj.Resources.XObject.S, page.obj.Resources.XObject.C = stencil, cut
    made = shrink(written(pdf))
    assert made.code is None
    smaller = pikepdf.open(io.BytesIO(made.data))
    after = smaller.pages[0].obj.Resources.XObject
    for kept, name in ((soft, "SMask"), (stencil, "S"), (cut, "C")):
        now = after.I.SMask if name == "SMask" else after[f"/{name}"]
        assert now.read_bytes() == kept.read_bytes()
        assert (now.Width, now.Height) == (200, 200)


def test_what_cannot_fit_says_what_to_do():
    made = shrink(scan(1), target=20_000)
    assert (made.code, made.data) == ("still_too_large", b"")
    assert "Pindai ulang pada 150 dpi, abu-abu" in sentence("still_too_large")
    assert "{" not in sentence("too_many_pages")


def test_a_file_without_pictures_and_a_signed_one_are_told_apart():
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.pages[0].obj.Contents = pdf.make_stream(os.urandom(3_000_000))
    assert shrink(written(pdf)).code == "no_pictures"
    pdf = pikepdf.open(io.BytesIO(scan(1)))
    pdf.Root.AcroForm = pikepdf.Dictionary(
        Fields=pikepdf.Array(
            [
                pdf.make_indirect(
                    pikepdf.Dictionary(
                        FT=pikepdf.Name.Sig,
                        T="tanda",
                        V=pdf.make_indirect(
                            pikepdf.Dictionary(
                                ByteRange=pikepdf.Array([0, 1, 2, 3]), Contents=b"\x00" * 8
                            )
                        ),
                    )
                )
            ]
        )
    )
    assert shrink(written(pdf)).code == "signed"


def test_a_bomb_ends_within_the_bounds(settings):
    """20,000 x 20,000 samples in 400 kB, and nonsense: the child's end is the answer."""
    settings.SHRINK_WALL_SECONDS, settings.SHRINK_CPU_SECONDS = 10, 5
    settings.SHRINK_MEMORY_MB = 400
    pdf = pikepdf.new()
    image = Image.new("L", (1, 1))
    stream = picture(
        pdf, zlib.compress(bytes(9_900 * 9_900)), image, **{"/Filter": pikepdf.Name.FlateDecode}
    )
    stream["/Width"] = stream["/Height"] = 9_900
    add_page(pdf, stream)
    pdf.pages[0].obj.Contents = pdf.make_stream(os.urandom(3_000_000))
    began = time.monotonic()
    assert shrink(written(pdf)).code in {"too_complex", "still_too_large"}
    assert shrink(b"%PDF-1.4 nothing").code == "too_complex"
    assert shrink(os.urandom(100_000)).code == "too_complex"
    assert time.monotonic() - began < 30


def test_the_inspector_judges_the_original_with_larger_limits(big):
    seen = look_at(big)
    assert (seen.code, seen.pages) == (None, 3)
    assert seen.preview is not None
    assert seen.preview[8:12] == b"WEBP"
    assert look_at(big[: len(big) // 2]).code == "damaged"
