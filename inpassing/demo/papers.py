"""Small PDFs that look like scanned office papers: one picture per kind, the person's lines on top.

Written by hand, so that a few hundred of them cost no time; each has bytes of its own.
"""

from __future__ import annotations

import io
import random
import zlib
from functools import cache
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 744, 1052  # A4 at 90 dpi
POINTS = 595 / WIDTH

TITLES = {
    "sk_cpns": ("KEPUTUSAN", "TENTANG PENGANGKATAN CALON PEGAWAI NEGERI SIPIL"),
    "sk_pns": ("KEPUTUSAN", "TENTANG PENGANGKATAN PEGAWAI NEGERI SIPIL"),
    "sk_pangkat": ("KEPUTUSAN", "TENTANG KENAIKAN PANGKAT PEGAWAI NEGERI SIPIL"),
    "ijazah": ("IJAZAH", "UNIVERSITAS CONTOH NUSANTARA"),
    "transkrip": ("TRANSKRIP NILAI", "UNIVERSITAS CONTOH NUSANTARA"),
    "sp_pengalaman": ("SURAT PERNYATAAN", "MASA KERJA PALING SEDIKIT DUA TAHUN"),
    "sp_kompeten": ("SURAT PERNYATAAN", "KOMPETEN DI BIDANGNYA"),
    "sp_hukdis": ("SURAT PERNYATAAN", "TIDAK SEDANG MENJALANI HUKUMAN DISIPLIN"),
    "sp_mundur": ("SURAT PERNYATAAN", "BERSEDIA MENGUNDURKAN DIRI DARI JABATAN"),
    "sk_jabatan": ("KEPUTUSAN", "TENTANG PENGANGKATAN DALAM JABATAN STRUKTURAL"),
    "surat_tugas": ("SURAT TUGAS", "OPERATOR APLIKASI INPASSING"),
    "formasi": ("TABEL KEBUTUHAN", "JABATAN FUNGSIONAL"),
    "sk_pengangkatan": ("KEPUTUSAN", "TENTANG PENGANGKATAN DALAM JABATAN FUNGSIONAL"),
}
CERTIFIED = frozenset({"sk_cpns", "sk_pns", "sk_pangkat", "ijazah", "transkrip"})
GRIDS = frozenset({"transkrip", "formasi"})
SENTENCES = (
    "Menimbang bahwa yang bersangkutan memenuhi syarat yang ditetapkan;",
    "Mengingat ketentuan peraturan perundang-undangan yang berlaku;",
    "Memperhatikan hasil pemeriksaan berkas oleh pejabat yang berwenang;",
    "Menetapkan hal-hal sebagaimana tersebut dalam lampiran surat ini.",
    "Surat ini dibuat dengan sebenarnya untuk digunakan sebagaimana mestinya.",
)


def paper(kind: str, lines: tuple[str, ...]) -> bytes:
    """A one-page PDF of a kind named in TITLES, with these typed lines (a name, a NIP …)."""
    picture = _sheet(kind)
    typed = ["BT /F1 10 Tf 16 TL 124 528 Td"]
    typed += [f"({_escaped(line)}) Tj T*" for line in lines]
    content = zlib.compress(
        ("q 595 0 0 842 0 0 cm /Im0 Do Q\n0.15 g\n" + "\n".join([*typed, "ET"])).encode("cp1252")
    )
    return _pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources"
        b" << /XObject << /Im0 5 0 R >> /Font << /F1 6 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(content)
        + content
        + b"\nendstream",
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace"
        b" /DeviceGray /Filter /DCTDecode /Length %d >>\nstream\n"
        % (WIDTH, HEIGHT, len(picture))
        + picture
        + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    )


def locked_paper(kind: str, lines: tuple[str, ...]) -> bytes:
    """The same paper, locked with a password: what the inspector refuses."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper(kind, lines))) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="rahasia", owner="rahasia"))
    return out.getvalue()


def _pdf(*bodies: bytes) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(bodies) + 1)
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


@cache
def _sheet(kind: str) -> bytes:
    """The scanned page of a kind as JPEG: grain, letterhead, text, signature, stamps."""
    rnd = random.Random(kind)
    grain = Image.frombytes("L", (93, 131), rnd.randbytes(93 * 131)).resize((WIDTH, HEIGHT))
    page = grain.point(lambda value: 251 - value // 26)
    draw = ImageDraw.Draw(page)
    middle = WIDTH // 2
    for y, size, text in (
        (70, 15, "INSTANSI CONTOH NUSANTARA"),
        (92, 11, "Jalan Contoh Nomor 1, Kota Contoh"),
        (150, 19, TITLES[kind][0]),
        (178, 13, TITLES[kind][1]),
        (202, 12, f"Nomor {rnd.randint(100, 999)}/{rnd.randint(10, 99)}/2020"),
    ):
        draw.text((middle, y), text, font=_font(size), fill=45, anchor="mt")
    draw.rectangle((70, 122, WIDTH - 70, 125), fill=50)
    for row in range(6):
        draw.text(
            (90, 248 + row * 19),
            SENTENCES[row % len(SENTENCES)],
            font=_font(12),
            fill=60,
        )
    if kind in GRIDS:
        for row in range(14):
            draw.line((90, 480 + row * 24, WIDTH - 90, 480 + row * 24), fill=110)
        for column in (90, 130, 420, 520, WIDTH - 90):
            draw.line((column, 480, column, 480 + 13 * 24), fill=110)
    else:
        for row in range(9):
            text = f"{SENTENCES[(row + 2) % 5]} {SENTENCES[(row + 4) % 5][:22]}"
            draw.text((90, 500 + row * 21), text[:78], font=_font(12), fill=60)
    _signature(draw, rnd)
    if kind in CERTIFIED:
        box = Image.new("L", (230, 74), 255)
        stamp = ImageDraw.Draw(box)
        stamp.rectangle((2, 2, 227, 71), outline=90, width=3)
        stamp.text((115, 12), "SALINAN SESUAI ASLINYA", font=_font(13), fill=90, anchor="mt")
        stamp.text((115, 36), "Sekretaris Daerah, 5 Januari", font=_font(11), fill=90, anchor="mt")
        box = box.rotate(5, expand=True, fillcolor=255)
        page.paste(box, (90, 860), box.point(lambda value: 200 if value < 200 else 0))
    tilt = rnd.uniform(-0.7, 0.7)
    page = page.rotate(tilt, Image.Resampling.BILINEAR, fillcolor=246)
    out = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(0.5)).save(out, "JPEG", quality=42)
    return out.getvalue()


def _signature(draw: ImageDraw.ImageDraw, rnd: random.Random) -> None:
    x, y = 470, 810
    draw.text((x, y - 60), "Ditetapkan di Kota Contoh", font=_font(12), fill=60)
    points = [(x + step * 12, y + rnd.randint(-26, 26)) for step in range(13)]
    draw.line(points, fill=70, width=2, joint="curve")
    draw.ellipse((x - 52, y - 46, x + 46, y + 52), outline=120, width=3)
    draw.ellipse((x - 40, y - 34, x + 34, y + 40), outline=130, width=1)
    draw.text((x, y + 50), "Pejabat Contoh, S.Sos., M.Si.", font=_font(12), fill=60)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    source = files("fontpkg_plus_jakarta_sans") / "files" / "PlusJakartaSans[wght].ttf"
    return ImageFont.truetype(io.BytesIO(source.read_bytes()), size)
