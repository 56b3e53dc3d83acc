"""Harmless PDF bytes for tests, made from code and the same on every run.

`scan()` and `document()` are what other tests upload, `harmless()` is a named collection of all
kinds; `Pdf` writes any objects. Hostile files are in `tests/pdf_hostile.py`.
"""

import io
import random
import re
import struct
import zlib
from collections.abc import Iterator

import pikepdf
from PIL import Image, ImageDraw, ImageFilter

CATALOG = "1 0 R"
GENERATE = pikepdf.ObjectStreamMode.generate


class Pdf:
    """Objects by number, written as one PDF with a table or with streams for everything."""

    def __init__(self, version: str = "1.7") -> None:
        self.version = version
        self.objects: dict[int, bytes] = {}

    def reserve(self) -> int:
        """A number for an object whose content comes later."""
        number = max(self.objects, default=0) + 1
        self.objects[number] = b"null"
        return number

    def add(self, body: str | bytes, number: int | None = None) -> int:
        """The number of a new object with this content."""
        number = self.reserve() if number is None else number
        self.objects[number] = body.encode("latin-1") if isinstance(body, str) else body
        return number

    def stream(
        self, head: str, data: bytes, *, number: int | None = None, length: str | None = None
    ) -> int:
        """The number of a new stream; `length` overrides the true /Length."""
        told = str(len(data)) if length is None else length
        body = f"<< {head} /Length {told} >>\nstream\n".encode("latin-1") + data + b"\nendstream"
        return self.add(body, number)

    def flate(self, head: str, data: bytes, *, number: int | None = None) -> int:
        """The number of a new compressed stream."""
        return self.stream(f"{head} /Filter /FlateDecode", zlib.compress(data, 9), number=number)

    def header(self) -> bytes:
        """The first two lines."""
        return f"%PDF-{self.version}\n".encode() + b"%\xe2\xe3\xcf\xd3\n"

    def write(self, *, trailer: str = "", skip_table: bool = False) -> bytes:
        """The file with a classic cross-reference table."""
        out = bytearray(self.header())
        offsets = {}
        for number, body in self.objects.items():
            offsets[number] = len(out)
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        start = len(out)
        size = max(self.objects) + 1
        if not skip_table:
            out += b"xref\n0 %d\n0000000000 65535 f \n" % size
            for number in range(1, size):
                if number in offsets:
                    out += b"%010d 00000 n \n" % offsets[number]
                else:
                    out += b"0000000000 00001 f \n"
        out += f"trailer\n<< /Size {size} /Root {CATALOG} {trailer} >>\n".encode("latin-1")
        return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start

    def write_compressed(self, *, head: str = "", xref_head: str = "") -> bytes:
        """The file with object streams and a cross-reference stream; `head` goes to the former."""
        out = bytearray(self.header())
        plain = {n: body for n, body in self.objects.items() if b"stream\n" in body}
        packed = {n: body for n, body in self.objects.items() if n not in plain}
        offsets: dict[int, tuple[int, int, int]] = {0: (0, 0, 65535)}
        for number, body in plain.items():
            offsets[number] = (1, len(out), 0)
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        holder = max(self.objects) + 1
        index, content = b"", b""
        for at, (number, body) in enumerate(packed.items()):
            index += b"%d %d " % (number, len(content))
            content += body + b"\n"
            offsets[number] = (2, holder, at)
        data = zlib.compress(index + content)
        offsets[holder] = (1, len(out), 0)
        out += (
            b"%d 0 obj\n<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d %s >>\n"
            b"stream\n" % (holder, len(packed), len(index), len(data), head.encode("latin-1"))
        )
        out += data + b"\nendstream\nendobj\n"
        offsets[holder + 1] = (1, len(out), 0)
        rows = b"".join(
            struct.pack(">BIH", *offsets.get(number, (0, 0, 0))) for number in range(holder + 2)
        )
        start = len(out)
        rows = zlib.compress(rows)
        out += (
            f"{holder + 1} 0 obj\n<< /Type /XRef /Size {holder + 2} /W [1 4 2] /Root {CATALOG}"
            f" /Filter /FlateDecode /Length {len(rows)} {xref_head} >>\nstream\n"
        ).encode("latin-1")
        return bytes(out + rows) + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def simple(
    *,
    catalog: str = "",
    page: str = "",
    content: bytes = b"BT /F1 24 Tf 72 700 Td (Surat pernyataan) Tj ET",
    pages: int = 1,
    version: str = "1.7",
) -> Pdf:
    """A document: 1 catalog, 2 page tree, 3 font, 4 content, then the pages; more can be added."""
    pdf = Pdf(version)
    pdf.add("", 1)
    pdf.add("", 2)
    pdf.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", 3)
    pdf.stream("", content, number=4)
    kids = [
        pdf.add(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            f" /Resources << /Font << /F1 3 0 R >> >> {page} >>"
        )
        for _ in range(pages)
    ]
    pdf.add(f"<< /Type /Catalog /Pages 2 0 R {catalog} >>", 1)
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    pdf.add(f"<< /Type /Pages /Kids [{listed}] /Count {pages} >>", 2)
    return pdf


def updated(whole: bytes, objects: dict[int, bytes], catalog: str = "") -> bytes:
    """The file with a second revision: these objects, and a catalog with this entry."""
    out = bytearray(whole)
    objects = {1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>".encode(), **objects}
    table = b"xref\n"
    for number, body in objects.items():
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    previous = int(whole[whole.rfind(b"startxref") + 9 :].split()[0])
    size = max(objects) + 1
    tail = b"trailer\n<< /Size %d /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return bytes(out) + table + tail % (size, previous, start)


# Harmless ------------------------------------------------------------------------------------


def scanned_page(width: int, height: int, *, seed: int = 1, noise: int = 12) -> Image.Image:
    """A grey picture that looks like a scanned letter."""
    rnd = random.Random(seed)
    grain = Image.frombytes(
        "L", (width // 4, height // 4), rnd.randbytes(width // 4 * (height // 4))
    )
    grain = grain.resize((width, height)).point(lambda value: 250 - value * noise // 255)
    draw = ImageDraw.Draw(grain)
    line = height // 60
    for row in range(6, 52):
        right = width * rnd.uniform(0.55, 0.9)
        at = width * 0.12
        while at < right:
            word = width * rnd.uniform(0.02, 0.09)
            draw.rectangle((at, row * line, at + word, row * line + line * 0.4), fill=40)
            at += word + width * 0.012
    return grain.filter(ImageFilter.GaussianBlur(0.6))


def scan(
    pages: int = 1,
    *,
    dpi: int = 150,
    quality: int = 60,
    colour: bool = False,
    seed: int = 1,
    noise: int = 12,
) -> bytes:
    """A scan as an office scanner makes it: one JPEG per A4 page."""
    pdf = Pdf("1.4")
    pdf.add("", 1)
    pdf.add("", 2)
    kids = []
    width, height = round(8.27 * dpi), round(11.69 * dpi)
    for page in range(pages):
        picture = scanned_page(width, height, seed=seed + page, noise=noise)
        out = io.BytesIO()
        picture.convert("RGB" if colour else "L").save(out, "JPEG", quality=quality)
        image = pdf.stream(
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8"
            f" /ColorSpace /Device{'RGB' if colour else 'Gray'} /Filter /DCTDecode",
            out.getvalue(),
        )
        content = pdf.stream("", b"q 595 0 0 842 0 0 cm /Im0 Do Q")
        kids.append(
            pdf.add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
                f" /Resources << /XObject << /Im0 {image} 0 R >> >> >>"
            )
        )
    pdf.add("<< /Type /Catalog /Pages 2 0 R >>", 1)
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    pdf.add(f"<< /Type /Pages /Kids [{listed}] /Count {pages} >>", 2)
    return pdf.write()


def scan_of_size(kilobytes: int, *, seed: int = 1) -> bytes:
    """A scan of about this many kilobytes, never more than 2 MiB: 1 to 5 pages of 150 dpi."""
    if kilobytes < 120:
        return scan(dpi=100, quality=kilobytes // 2, seed=seed)
    pages = max(1, min(5, kilobytes // 300))
    quality = 50
    made = scan(pages, quality=quality, seed=seed, noise=20, colour=True)
    while len(made) < kilobytes * 900 and quality < 97:
        quality += 4
        bigger = scan(pages, quality=quality, seed=seed, noise=40, colour=True)
        if len(bigger) > min(kilobytes * 1_150, 2 * 1024 * 1024):
            break
        made = bigger
    return made


XMP = (
    b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>"
    b"<?xpacket end='w'?>"
)


def document(pages: int = 3, *, lines: int = 45, compressed: bool = False) -> bytes:
    """A document as an office program writes it: text, a font, an outline, a link, metadata."""
    pdf = Pdf()
    pdf.add("", 1)
    pdf.add("", 2)
    font = pdf.add("<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>")
    kids = []
    for page in range(pages):
        text = "".join(
            f"BT /F1 11 Tf 72 {780 - 15 * row} Td (Halaman {page + 1} baris {row + 1}) Tj ET\n"
            for row in range(lines)
        )
        content = pdf.flate("", text.encode())
        kids.append(
            pdf.add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
                f" /Resources << /Font << /F1 {font} 0 R >> >> >>"
            )
        )
    outline, first = pdf.reserve(), pdf.reserve()
    pdf.add(f"<< /Title (Awal) /Parent {outline} 0 R /Dest [{kids[0]} 0 R /Fit] >>", first)
    pdf.add(f"<< /Type /Outlines /First {first} 0 R /Last {first} 0 R /Count 1 >>", outline)
    link = pdf.add(
        "<< /Type /Annot /Subtype /Link /Rect [72 60 200 75]"
        " /A << /S /URI /URI (https://example.org/) >> >>"
    )
    last = pdf.objects[kids[-1]]
    pdf.objects[kids[-1]] = last[:-2] + f"/Annots [{link} 0 R] >>".encode()
    metadata = pdf.stream("/Type /Metadata /Subtype /XML", XMP)
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    pdf.add(f"<< /Type /Pages /Kids [{listed}] /Count {pages} >>", 2)
    pdf.add(
        f"<< /Type /Catalog /Pages 2 0 R /Outlines {outline} 0 R /Metadata {metadata} 0 R"
        f" /OpenAction [{kids[0]} 0 R /Fit] >>",
        1,
    )
    return pdf.write_compressed() if compressed else pdf.write()


def encrypted(data: bytes, *, user: str = "", R: int = 6, aes: bool = True) -> bytes:  # noqa: N803
    """The same document, encrypted; without a user password it still opens everywhere."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(
            out,
            encryption=pikepdf.Encryption(
                owner="pemilik", user=user, R=R, aes=aes and R >= 4, metadata=aes and R >= 4
            ),
            deterministic_id=False,
            static_id=True,
        )
    return out.getvalue()


def saved(data: bytes, **options: object) -> bytes:
    """The same document as qpdf writes it with these options."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out, static_id=True, **options)
    return out.getvalue()


def from_pictures(*, mode: str = "L", pages: int = 1, **options: object) -> bytes:
    """A scan as Pillow writes it: mode 1 is fax, L and RGB are JPEG, JPEG 2000 by option."""
    made = [scanned_page(827, 1169, seed=page).convert(mode) for page in range(pages)]
    out = io.BytesIO()
    made[0].save(out, "PDF", save_all=True, append_images=made[1:], resolution=100, **options)
    return out.getvalue()


def scan_flate(*, dpi: int = 100, predictor: bool = False) -> bytes:
    """A scan without loss, as "searchable PDF" tools write it."""
    picture = scanned_page(round(8.27 * dpi), round(11.69 * dpi), noise=0)
    data = picture.tobytes()
    head = f"/Type /XObject /Subtype /Image /Width {picture.width} /Height {picture.height}"
    head += " /BitsPerComponent 8 /ColorSpace /DeviceGray"
    if predictor:
        rows = [data[at : at + picture.width] for at in range(0, len(data), picture.width)]
        data = b"".join(b"\x00" + row for row in rows)
        head += f" /DecodeParms << /Predictor 15 /Columns {picture.width} >>"
    pdf = simple(content=b"q 595 0 0 842 0 0 cm /Im0 Do Q")
    pdf.objects[5] = pdf.objects[5].replace(b"/Font", b"/XObject << /Im0 6 0 R >> /Font")
    pdf.flate(head, data, number=6)
    return pdf.write()


def jpeg2000(size: int = 400) -> bytes:
    """A page that is one square picture in JPEG 2000, which takes much memory to unpack."""
    out = io.BytesIO()
    scanned_page(size, size, noise=0).convert("RGB").save(out, "JPEG2000", irreversible=True)
    pdf = simple(content=b"q 595 0 0 595 0 0 cm /Im0 Do Q")
    pdf.objects[5] = pdf.objects[5].replace(b"/Font", b"/XObject << /Im0 6 0 R >> /Font")
    head = f"/Type /XObject /Subtype /Image /Width {size} /Height {size} /Filter /JPXDecode"
    pdf.stream(head, out.getvalue(), number=6)
    return pdf.write()


def form(*, compressed: bool = False) -> bytes:
    """A form with a text field, a reset button and a signature field, nothing that sends."""
    pdf = simple(
        catalog="/AcroForm << /Fields [6 0 R 7 0 R 8 0 R] /DA (/F1 0 Tf) /NeedAppearances true >>",
        page="/Annots [6 0 R 7 0 R 8 0 R]",
    )
    field = "/Type /Annot /Subtype /Widget /Rect [72 600 200 620] /P 5 0 R"
    pdf.add(f"<< {field} /FT /Tx /T (nama) /V (Ani) >>", 6)
    pdf.add(f"<< {field} /FT /Btn /T (ulang) /A << /S /ResetForm >> >>", 7)
    pdf.add(f"<< {field} /FT /Sig /T (tanda) >>", 8)
    return pdf.write_compressed() if compressed else pdf.write()


def notes() -> bytes:
    """Annotations and actions that an ordinary viewer shows and that do no more."""
    actions = [
        "/Subtype /Link /A << /S /GoTo /D [5 0 R /Fit] >>",
        "/Subtype /Link /Dest [5 0 R /XYZ 0 0 0]",
        "/Subtype /Link /A << /S /URI /URI (https://example.org/a#b) >>",
        "/Subtype /Link /A << /S /URI /URI (mailto:a@example.org) >>",
        "/Subtype /Link /A << /S /Named /N /LastPage >>",
        "/Subtype /Link /A << /S /Hide /T (a) >>",
        "/Subtype /Text /Contents (catatan tentang /JavaScript dan /Launch)",
        "/Subtype /Highlight /QuadPoints [0 0 9 0 0 9 9 9]",
        "/Subtype /Ink /InkList [[0 0 9 9]]",
        "/Subtype /Stamp /Name /Approved",
        "/Subtype /FreeText /DA (/F1 9 Tf) /Contents (a)",
        "/Subtype /Popup",
    ]
    listed = " ".join(f"<< /Type /Annot /Rect [9 9 99 99] {action} >>" for action in actions)
    return simple(
        catalog="/OpenAction << /S /GoTo /D [5 0 R /Fit] >> /PageMode /UseOutlines",
        page=f"/Annots [{listed}] /Trans << /S /Dissolve >>",
    ).write()


def layers() -> bytes:
    """Layers, a blend mode with a suspicious name, page labels, a tagged structure."""
    pdf = simple(
        catalog="/OCProperties << /OCGs [6 0 R] /D << /Order [6 0 R] >> >> /PageLabels 7 0 R"
        " /StructTreeRoot 9 0 R /MarkInfo << /Marked true >> /Lang (id-ID)",
        page="/StructParents 0 /Group << /S /Transparency /CS /DeviceRGB >>",
        content=b"/G gs /P <</MCID 0>> BDC BT /F1 24 Tf 72 700 Td (a) Tj ET EMC",
    )
    pdf.objects[5] = pdf.objects[5].replace(b"/Font", b"/ExtGState << /G 8 0 R >> /Font")
    pdf.add("<< /Type /OCG /Name (Lapis) /Usage << /View << /ViewState /ON >> >> >>", 6)
    pdf.add("<< /Nums [0 << /S /r >>] >>", 7)
    pdf.add("<< /Type /ExtGState /BM /Screen /ca .5 >>", 8)
    pdf.add("<< /Type /StructTreeRoot /K 10 0 R /RoleMap << /Sound /P >> >>", 9)
    pdf.add("<< /Type /StructElem /S /P /P 9 0 R /Pg 5 0 R /K 0 >>", 10)
    return pdf.write_compressed()


def untidy() -> dict[str, bytes]:
    """Not quite by the book, yet every viewer opens them."""
    whole = simple(pages=2).write()
    table = whole.rfind(b"xref\n0")
    start = whole.rfind(b"startxref")
    packed = simple(pages=2).write_compressed()
    head, tail = whole[:table], whole[table:]
    shifted = head.replace(b"%\xe2\xe3\xcf\xd3\n", b"%\xe2\xe3\xcf\xd3\n%a comment more\n") + tail
    wrong_length = simple()
    wrong_length.stream("", b"BT /F1 24 Tf 72 700 Td (Surat) Tj ET", number=4, length="7")
    long_length = simple()
    long_length.stream("", b"BT /F1 24 Tf 72 700 Td (Surat) Tj ET", number=4, length="60")
    wrong_count = simple(pages=3)
    wrong_count.objects[2] = wrong_count.objects[2].replace(b"/Count 3", b"/Count 7")
    no_type = simple()
    no_type.objects[1] = no_type.objects[1].replace(b"/Type /Catalog ", b"")
    null_kid = simple()
    null_kid.objects[2] = null_kid.objects[2].replace(b"[5 0 R]", b"[5 0 R null]")
    twice = simple()
    twice.objects[2] = twice.objects[2].replace(b"[5 0 R]", b"[5 0 R 5 0 R]")
    gone = simple(page="/Annots [77 0 R] /Metadata 78 0 R")
    no_length = simple()
    no_length.objects[4] = no_length.objects[4].replace(b"/Length", b"/Breadth")
    lost_length = simple()
    lost_length.stream("", b"BT /F1 24 Tf 72 700 Td (Surat) Tj ET", number=4, length="66 0 R")
    glued = simple()
    glued.objects[4] = glued.objects[4].replace(b"\nendstream", b"endstream")
    lost_item = simple(catalog="/Outlines 6 0 R")
    lost_item.add("<< /First 7 0 R /Last 8 0 R /Count 2 >>", 6)
    lost_item.add("<< /Title (a) /Parent 6 0 R /Next 88 0 R >>", 7)
    about_scripts = simple()
    about_scripts.flate("", b"BT /F1 9 Tf 9 9 Td (JavaScript: The Parts) Tj ET", number=4)
    one = simple().write()
    rows = one[one.rfind(b"xref\n0") :].splitlines(keepends=True)
    sections = [b"xref\n0 3\n", *rows[2:5], b"3 3\n", *rows[5:8]]
    second_use = one.replace(b"4 0 obj", b"4 1 obj").replace(b"/Contents 4 0", b"/Contents 4 1")
    pages = {
        "page-without-type": (5, b"/Type /Page ", b""),
        "page-without-size": (5, b"/MediaBox [0 0 595 842]", b""),
        "page-without-content": (5, b"/Contents 4 0 R", b""),
        "page-without-parent": (5, b"/Parent 2 0 R", b""),
        "page-with-null-content": (5, b"/Contents 4 0 R", b"/Contents [4 0 R null 4 0 R]"),
        "tree-without-type": (2, b"/Type /Pages ", b""),
        "tree-without-count": (2, b"/Count 1", b""),
        "tree-with-negative-count": (2, b"/Count 1", b"/Count -1"),
    }
    changed = {}
    for name, (number, old, new) in pages.items():
        made = simple()
        made.objects[number] = made.objects[number].replace(old, new)
        changed[name] = made.write()
    return {
        **changed,
        "page-of-text-before": b"x" * 1_000 + b"\n" + whole,
        "reply-before": b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + whole,
        "bytes-behind": whole + bytes(range(256)) * 10,
        "end-of-file-mark-behind": whole.rstrip() + b"\x1a",
        "objects-without-end": whole.replace(b"\nendobj\n", b"\n       \n"),
        "object-without-end": whole.replace(b"\nendobj\n", b"\n       \n", 1),
        "length-missing": no_length.write(),
        "length-lost": lost_length.write(),
        "end-of-stream-glued": glued.write(),
        "outline-item-lost": lost_item.write(),
        "text-about-scripts": b"\n" + about_scripts.write(),
        "table-in-sections": one.replace(b"".join(rows[:8]), b"".join(sections)),
        "number-used-again": second_use.replace(rows[6], rows[6].replace(b" 00000", b" 00001")),
        "startxref-one-off": whole[:start] + b"startxref\n%d\n%%%%EOF\n" % (table - 1),
        "only-carriage-returns": whole.replace(b"\n", b"\r"),
        "line-ends-changed": whole.replace(b"\n", b"\r\n"),
        "header-without-number": whole.replace(b"%PDF-1.7", b"%PDF-1."),
        "size-one-short-packed": packed.replace(b"/Size 9", b"/Size 8"),
        "information-lost": simple().write(trailer="/Info 77 0 R /ID [<00> <00>]"),
        "bracket-too-many": simple(catalog="/X << /A (a) >> >").write(),
        "blank-lines-before": b"\r\n\r\n" + whole,
        "mark-before": b"\xef\xbb\xbf" + whole,
        "words-before": b"Content of scanner job 17\n\n" + whole,
        "zeros-behind": whole + bytes(3_000),
        "blank-lines-behind": whole + b"\r\n" * 700,
        "words-behind": whole + b"\n<!-- printed by queue 3 -->\n",
        "two-ends": whole + b"%%EOF\n",
        "no-end-mark": whole[: whole.rfind(b"%%EOF")],
        "end-mark-cut": whole[:-3],
        "no-startxref": whole[:start],
        "no-startxref-but-end": whole[:start] + b"%%EOF\n",
        "no-startxref-packed": packed[: packed.rfind(b"startxref")],
        "startxref-zero": whole[:start] + b"startxref\n0\n%%EOF\n",
        "startxref-wrong": whole[:start] + b"startxref\n%d\n%%%%EOF\n" % (table + 9),
        "no-table": simple(pages=2).write(skip_table=True),
        "shifted-offsets": shifted,
        "short-entries": head + tail.replace(b" n \n", b" n\n").replace(b" f \n", b" f\n"),
        "carriage-returns": head + tail.replace(b" n \n", b" n\r\n").replace(b" f \n", b" f\r\n"),
        "table-from-one": whole.replace(b"xref\n0 7\n0000000000 65535 f \n", b"xref\n1 6\n"),
        "length-short": wrong_length.write(),
        "length-long": long_length.write(),
        "count-wrong": wrong_count.write(),
        "catalog-without-type": no_type.write(),
        "null-kid": null_kid.write(),
        "page-twice": twice.write(),
        "annotation-gone": gone.write(),
        "version-odd": whole.replace(b"%PDF-1.7", b"%PDF-1.9"),
        "version-2": whole.replace(b"%PDF-1.7", b"%PDF-2.0"),
        "previous-zero": simple().write(trailer="/Prev 0"),
        "encrypt-gone": simple().write(trailer="/Encrypt 99 0 R"),
        "size-wrong": whole.replace(b"/Size 7", b"/Size 40"),
        "odd-resource-names": simple(
            page="/XObject << /EF 4 0 R >> /Font << /JS 3 0 R /XFA 3 0 R >> /Usual << /EF << >> >>"
        ).write(),
        "empty-script-tree": simple(catalog="/Names << /JavaScript << /Names [] >> >>").write(),
    }


def by_the_book() -> dict[str, bytes]:
    """Rare, but as the standard has it, or as every viewer takes it."""
    script = "<< /S /JavaScript /JS (app.alert(1)) >>"
    once = simple(catalog="/OpenAction 6 0 R")
    once.add(script, 6)
    lost = simple()
    lost.add(script, 6)
    later_length = simple()
    later_length.stream("", b"BT /F1 24 Tf 72 700 Td (Surat) Tj ET", number=4, length="6 0 R")
    later_length.add("36", 6)
    metadata = simple(catalog="/Metadata 6 0 R")
    metadata.stream(
        "/Type /Metadata /Subtype /XML /Filter [/Crypt]"
        " /DecodeParms [<< /Type /CryptFilterDecodeParms /Name /Identity >>]",
        XMP,
        number=6,
    )
    beads = simple(catalog="/Threads [6 0 R]", page="/B [7 0 R 8 0 R]")
    beads.add("<< /Type /Thread /F 7 0 R /I << /Title (a) >> >>", 6)
    beads.add("<< /Type /Bead /T 6 0 R /N 8 0 R /V 8 0 R /P 5 0 R /R [0 0 9 9] >>", 7)
    beads.add("<< /Type /Bead /T 6 0 R /N 7 0 R /V 7 0 R /P 5 0 R /R [0 0 9 9] >>", 8)
    note = simple(page="/Annots [6 0 R 7 0 R]")
    note.add(
        "<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Popup 7 0 R"
        " /Contents (JavaScript: /JS \\(1\\) /Launch) >>",
        6,
    )
    note.add("<< /Type /Annot /Subtype /Popup /Rect [0 0 9 9] /Parent 6 0 R >>", 7)
    deep = simple()
    for number in range(6, 26):
        above = number + 1 if number < 25 else 2
        below = number - 1 if number > 6 else 5
        deep.add(f"<< /Type /Pages /Kids [{below} 0 R] /Count 1 /Parent {above} 0 R >>", number)
    deep.add("<< /Type /Pages /Kids [25 0 R] /Count 1 >>", 2)
    outline = simple(catalog="/Outlines 6 0 R")
    outline.add("<< /First 7 0 R /Last 806 0 R /Count 800 >>", 6)
    for number in range(7, 807):
        following = f"/Next {number + 1} 0 R" if number < 806 else ""
        before = f"/Prev {number - 1} 0 R" if number > 7 else ""
        outline.add(
            f"<< /Title (a) /Parent 6 0 R /Dest [5 0 R /Fit] {following} {before} >>", number
        )
    gap = simple()
    gap.add("<< /A 1 >>", 90_000)
    twice = simple(catalog="/AcroForm << /Fields [6 0 R 7 0 R 7 0 R] >>", page="/Annots [7 0 R]")
    twice.add("<< /FT /Tx /T (a) /Kids [7 0 R] >>", 6)
    twice.add("<< /Type /Annot /Subtype /Widget /Parent 6 0 R /Rect [0 0 9 9] >>", 7)
    packed = simple(catalog="/PageLayout /OneColumn").write_compressed()
    start = int(packed[packed.rfind(b"startxref") + 9 :].split()[0])
    chain = "/S /GoTo /D [5 0 R /Fit] /Next [<< /S /Named /N /NextPage /Next << /S /URI"
    links = {
        "named-print": "/S /Named /N /Print",
        "layer-switch": "/S /SetOCGState /State [/ON]",
        "transition": "/S /Trans /Trans << /S /R >>",
        "thread-here": "/S /Thread /D 0",
        "chain": f"{chain} /URI (https://example.org) >> >>]",
    }
    marks = "Line Square Circle Polygon Underline StrikeOut Caret Redact Watermark PrinterMark"
    catalogs = {
        "open-nothing": "/OpenAction null",
        "open-named": "/OpenAction << /S /GoTo /D (a) >> /Dests << /a [5 0 R /Fit] >>",
        "no-events": "/AA << >>",
        "no-attachments": "/Names << /EmbeddedFiles << /Names [] >> >> /AF []",
        "portfolio-empty": "/Collection << /View /H >>",
        "xfa-empty": "/AcroForm << /Fields [] /XFA [] >>",
        "xfa-null": "/AcroForm << /Fields [] /XFA null >>",
        "address-base": "/URI << /Base (https://example.org/) >>",
        "private": "/PieceInfo << /A << /Private << /Screen true /Sound /Movie >> >> >>",
        "requirement": "/Requirements [<< /Type /Requirement /S /EnableJavaScripts >>]",
        "comment": "% about /JavaScript and /JS\n",
    }
    return {
        "script-removed-by-update": updated(once.write(), {}),
        "script-nulled-by-update": updated(once.write(), {6: b"null"}),
        "script-out-of-reach": lost.write(),
        "script-out-of-reach-packed": lost.write_compressed(),
        "text-about-scripts": simple(
            content=b"BT /F1 9 Tf 9 9 Td (JavaScript: /JS /Launch of /XFA) Tj ET"
        ).write(),
        "length-later": later_length.write(),
        "crypt-identity": metadata.write(),
        "beads": beads.write(),
        "popup": note.write(),
        "deep-page-tree": deep.write(),
        "long-outline": outline.write(),
        "numbers-with-a-gap": gap.write(),
        "field-listed-twice": twice.write(),
        "hybrid": packed
        + b"xref\n0 1\n0000000000 65535 f \ntrailer\n"
        + b"<< /Size 9 /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (start, len(packed)),
        "escaped-names": simple().write().replace(b"/Type /Page ", b"/T#79pe /P#61ge "),
        "marks": simple(
            page="/Annots ["
            + " ".join(f"<< /Subtype /{mark} /Rect [0 0 9 9] >>" for mark in marks.split())
            + "]"
        ).write(),
        "key-twice": simple(page="/Rotate 0 /Rotate 0").write(),
        "events-go-to": simple(page="/AA << /O << /S /GoTo /D [5 0 R /Fit] >> >>").write(),
        **{name: simple(catalog=entry).write() for name, entry in catalogs.items()},
        **{
            f"action-{name}": simple(
                page=f"/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << {action} >> >>]"
            ).write()
            for name, action in links.items()
        },
        "signed": signed(),
        "signed-certified-time-stamped": signed(stamped=True),
    }


def signed(*, stamped: bool = False) -> bytes:
    """A document with a signature, each in a revision of its own; the signatures are blank."""
    made = document(2)
    size = max(int(number) for number in re.findall(rb"([0-9]+) 0 obj", made)) + 1
    kinds = ["/Type /Sig /SubFilter /adbe.pkcs7.detached /Reason (Setuju)"]
    catalog = ""
    if stamped:
        kinds.append("/Type /DocTimeStamp /SubFilter /ETSI.RFC3161")
        catalog = f"/Perms << /DocMDP {size} 0 R >> /DSS << /Type /DSS /Certs [] /VRI << >> >>"
    fields: list[str] = []
    for kind in kinds:
        number = size + 2 * len(fields)
        fields.append(f"{number + 1} 0 R")
        value = (
            f"<< {kind} /Filter /Adobe.PPKLite /ByteRange [0 {len(made)} {len(made) + 2_100} 900]"
            f" /Contents <{'00' * 1_000}> /M (D:20260801080000+07'00') >>"
        )
        field = (
            f"<< /FT /Sig /T (Tanda {number}) /V {number} 0 R /Type /Annot /Subtype /Widget"
            " /Rect [0 0 0 0] /F 132 >>"
        )
        form = f"/AcroForm << /SigFlags 3 /Fields [{' '.join(fields)}] >>"
        objects = {number: value.encode(), number + 1: field.encode()}
        made = updated(made, objects, f"{form} {catalog}")
    return made


def harmless() -> Iterator[tuple[str, bytes]]:
    """Every kind of file that must be accepted, by name; no two of them alike."""
    for kilobytes in (50, 100, 200, 400, 900, 1_900):
        yield f"scan-{kilobytes}-kb", scan_of_size(kilobytes)
    for dpi in (72, 200, 300):
        yield f"scan-{dpi}-dpi", scan(dpi=dpi, quality=30)
        yield f"scan-{dpi}-dpi-colour", scan(dpi=dpi, quality=30, colour=True)
    yield "scan-600-dpi-colour", scan(dpi=600, quality=10, colour=True, noise=0)
    for pages in (2, 10, 40):
        yield f"scan-{pages}-pages", scan(pages, dpi=60, quality=20)
    yield "scan-jpeg-2000", jpeg2000()
    yield "scan-fax", from_pictures(mode="1", pages=3)
    yield "scan-grey-pillow", from_pictures(mode="L", pages=2)
    yield "scan-colour-pillow", from_pictures(mode="RGB")
    yield "scan-palette", from_pictures(mode="P")
    yield "scan-flate", scan_flate()
    yield "scan-flate-300-dpi", scan_flate(dpi=300)
    yield "scan-predictor", scan_flate(predictor=True)
    for pages in (1, 3, 30, 300):
        yield f"document-{pages}-pages", document(pages)
        yield f"document-{pages}-pages-packed", document(pages, compressed=True)
    for strength in (2, 3, 4, 6):
        yield f"open-encryption-r{strength}", encrypted(document(), R=strength)
        yield f"open-encryption-scan-r{strength}", encrypted(scan(dpi=60), R=strength)
    yield "open-encryption-packed", encrypted(document(compressed=True), R=6)
    for name, made in {"scan": scan(3, dpi=72), "document": document(9), "form": form()}.items():
        yield f"linearised-{name}", saved(made, linearize=True)
        yield (
            f"linearised-packed-{name}",
            saved(made, linearize=True, object_stream_mode=GENERATE),
        )
        yield f"packed-{name}", saved(made, object_stream_mode=GENERATE)
        yield f"readable-{name}", saved(made, qdf=True)
    yield "form", form()
    yield "form-packed", form(compressed=True)
    yield "notes", notes()
    yield "layers", layers()
    for name, made in untidy().items():
        yield f"untidy-{name}", made
    for name, made in by_the_book().items():
        yield f"by-the-book-{name}", made
