"""Hostile PDF bytes: every family that the inspector must refuse, made from code.

`hostile()` yields (name, allowed codes, bytes); a name is `family/variant`. Nothing here does harm:
the scripts are `app.alert(1)`, the attachments are a line of text.
"""

import io
import random
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from tests import pdf_factory as factory
from tests.pdf_factory import Pdf, simple, updated

Case = tuple[str, frozenset[str], bytes]

SCRIPT = "/S /JavaScript /JS (app.alert(1))"
ACTION = f"<< {SCRIPT} >>"
KEPT = "/OpenAction 6 0 R"

ACTIVE = frozenset({"active_content"})
BOMB = frozenset({"too_complex"})
DAMAGED = frozenset({"damaged"})
CYCLE = frozenset({"damaged", "too_complex"})
LOCKED = frozenset({"encrypted"})
FOREIGN = frozenset({"not_pdf"})
LYING = frozenset({"active_content", "damaged", "too_complex"})


def hostile() -> Iterator[Case]:
    """All cases, made one at a time: some are made from large memory."""
    for family in (
        scripts,
        hidden_scripts,
        other_actions,
        carriers,
        bombs,
        cycles,
        lies,
        polyglots,
        locked,
        cut_off,
        not_pdf,
    ):
        for variant, codes, data in family():
            yield f"{family.__name__}/{variant}", codes, data


def scripts() -> Iterator[Case]:
    """JavaScript wherever a viewer looks for it."""
    yield "open-action", ACTIVE, simple(catalog=f"/OpenAction {ACTION}").write()
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.add(ACTION, 6)
    yield "open-action-by-reference", ACTIVE, pdf.write()
    pdf = simple(catalog="/OpenAction << /S /JavaScript /JS 6 0 R >>")
    pdf.flate("", b"app.alert(1)", number=6)
    yield "script-in-stream", ACTIVE, pdf.write()
    pdf = simple(catalog="/OpenAction << /S 6 0 R /JS (app.alert(1)) >>")
    pdf.add("/JavaScript", 6)
    yield "type-by-reference", ACTIVE, pdf.write()
    yield "page-open", ACTIVE, simple(page=f"/AA << /O {ACTION} >>").write()
    yield "will-close", ACTIVE, simple(catalog=f"/AA << /WC {ACTION} >>").write()
    chain = f"<< /S /GoTo /D [5 0 R /Fit] /Next [<< /S /Named /N /NextPage /Next {ACTION} >>] >>"
    yield "chained-after-go-to", ACTIVE, simple(catalog=f"/OpenAction {chain}").write()
    tree = f"/Names << /JavaScript << /Names [(a) {ACTION}] >> >>"
    yield "name-tree", ACTIVE, simple(catalog=tree).write()
    pdf = simple(catalog="/Names 6 0 R")
    pdf.add("<< /JavaScript << /Kids [7 0 R] >> >>", 6)
    pdf.add("<< /Limits [(a) (b)] /Kids [8 0 R] >>", 7)
    pdf.add(f"<< /Limits [(a) (b)] /Names [(a) << /S /JavaScript /JS (1) >> (b) {ACTION}] >>", 8)
    yield "deep-name-tree", ACTIVE, pdf.write()
    note = f"<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] /A {ACTION} >>"
    yield "link-annotation", ACTIVE, simple(page=f"/Annots [{note}]").write()
    note = f"<< /Type /Annot /Subtype /Widget /FT /Btn /Rect [0 0 9 9] /AA << /E {ACTION} >> >>"
    yield "annotation-mouse-over", ACTIVE, simple(page=f"/Annots [{note}]").write()
    pdf = simple(page="/Annots [6 0 R]", catalog="/AcroForm << /Fields [6 0 R] >>")
    field = "/FT /Tx /T (a) /Subtype /Widget /Rect [0 0 9 9]"
    pdf.add(f"<< {field} /AA << /K {ACTION} /C {ACTION} >> >>", 6)
    yield "field-keystroke", ACTIVE, pdf.write()
    pdf = simple(catalog="/Outlines 6 0 R")
    pdf.add("<< /First 7 0 R /Last 7 0 R /Count 1 >>", 6)
    pdf.add(f"<< /Title (a) /Parent 6 0 R /A {ACTION} >>", 7)
    yield "outline-item", ACTIVE, pdf.write()
    rendition = "<< /S /Rendition /OP 0 /JS (app.alert(1)) >>"
    yield "rendition", ACTIVE, simple(catalog=f"/OpenAction {rendition}").write()
    yield "no-type", ACTIVE, simple(catalog="/OpenAction << /JS (app.alert\\(1\\)) >>").write()
    for name, address in {
        "plain": "(JavaScript:app.alert\\(1\\))",
        "octal": "(\\152avascript:1)",
        "hexadecimal": "<6a6176617363726970743a31>",
        "wide": "<FEFF006A006100760061007300630072006900700074003A0031>",
        "broken-line": "(java\\nscript:1)",
        "other-language": "(vbscript:1)",
    }.items():
        action = f"/OpenAction << /S /URI /URI {address} >>"
        yield f"link-address-{name}", ACTIVE, simple(catalog=action).write()
        yield f"link-address-{name}-untidy", ACTIVE, b"\n" + simple(catalog=action).write()
    pdf = simple(page="/Annots [6 0 R]", catalog="/AcroForm << /Fields [7 0 R] >>")
    pdf.add("<< /Parent 7 0 R /Subtype /Widget /Rect [0 0 9 9] >>", 6)
    pdf.add(f"<< /FT /Btn /T (b) /Kids [6 0 R] /AA << /U {ACTION} >> >>", 7)
    yield "field-above-button", ACTIVE, pdf.write_compressed()
    pdf = simple(page="/Annots [6 0 R]", catalog="/AcroForm << /Fields [6 0 R] >>")
    reset = f"<< /S /ResetForm /Next {ACTION} >>"
    pdf.add(f"<< /FT /Btn /T (b) /Subtype /Widget /Rect [0 0 9 9] /A {reset} >>", 6)
    yield "chained-after-reset", ACTIVE, pdf.write()


def hidden_scripts() -> Iterator[Case]:
    """The same script where a careless reader does not look or gives up."""
    for name, escaped in {
        "escaped-type": "<< /S /#4aavaScript /#4AS (app.alert(1)) >>",
        "escaped-everything": "<< /#53 /#4a#61#76#61#53#63#72#69#70#74 /#4a#53 (1) >>",
        "comment-between": "<< /S%x\n/JavaScript%y\n/JS%z\n(app.alert(1)) >>",
        "no-spaces": "<</S/JavaScript/JS(app.alert(1))>>",
        "nulls-as-space": "<<\x00/S\x00/JavaScript\x00/JS\x00(1)>>",
        "hex-string": "<< /S /JavaScript /JS <6170702e616c657274283129> >>",
        "key-twice": "<< /S /GoTo /S /JavaScript /D [5 0 R /Fit] /JS (1) >>",
    }.items():
        yield name, ACTIVE, simple(catalog=f"/OpenAction {escaped}").write()
    twice = simple(catalog=f"/OpenAction [5 0 R /Fit] /OpenAction {ACTION}")
    yield "catalog-key-twice", ACTIVE, twice.write()
    twice = simple(catalog=f"/OpenAction {ACTION} /OpenAction [5 0 R /Fit]")
    yield "catalog-key-twice-first", ACTIVE, twice.write()
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.add(ACTION, 6)
    yield "object-stream", ACTIVE, pdf.write_compressed()
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.add("<< /S /J#61vaScript /J#53 (1) >>", 6)
    yield "object-stream-escaped", ACTIVE, pdf.write_compressed()
    for name, neighbour in {
        "long-name": "/" + "A" * 9_000,
        "long-number": "1" * 5_000,
        "long-array": "[" + "0 " * 200_000 + "]",
        "long-string": "(" + "a" * 400_000 + ")",
        "odd-token": "<< /a nonsense /b >>",
        "odd-real": "[1.2.3 --5 +-4 .]",
        "bad-hex": "<zz>",
        "open-string": "(((",
    }.items():
        hiding = simple(catalog=f"/OpenAction << {SCRIPT} /X {neighbour} >>")
        yield f"beside-{name}", LYING, hiding.write()
        hiding = simple(catalog=f"/X {neighbour} /OpenAction {ACTION}")
        yield f"after-{name}", LYING, hiding.write()
        hiding = simple(catalog="/OpenAction 6 0 R")
        hiding.add(f"<< /X {neighbour} {SCRIPT} >>", 6)
        yield f"packed-{name}", LYING, hiding.write_compressed()
    deep = simple(catalog="/OpenAction 6 0 R /Deep " + "[" * 3_000 + ACTION + "]" * 3_000)
    deep.add(ACTION, 6)
    yield "deep-nesting", LYING, deep.write()
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.add(ACTION, 6)
    broken = pdf.write()
    yield "no-startxref", ACTIVE, broken[: broken.rfind(b"startxref")]
    yield "wrong-startxref", ACTIVE, broken[: broken.rfind(b"startxref")] + b"startxref\n9\n%%EOF\n"
    yield "no-table", ACTIVE, pdf.write(skip_table=True)
    shifted = broken.replace(b"%\xe2\xe3\xcf\xd3\n", b"%\xe2\xe3\xcf\xd3\n" + b"%" * 40 + b"\n")
    yield "shifted-offsets", ACTIVE, shifted
    packed = pdf.write_compressed()
    yield "packed-no-startxref", ACTIVE, packed[: packed.rfind(b"startxref")]
    whole = simple().write()
    yield "incremental-update", ACTIVE, updated(whole, {6: ACTION.encode()}, "/OpenAction 6 0 R")
    yield (
        "update-without-startxref",
        ACTIVE,
        (
            whole
            + b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R\n"
            + b"/OpenAction << /S /JavaScript /JS (1) >> >>\nendobj\n"
            + b"trailer\n<< /Root 1 0 R /Size 6 >>\n"
        ),
    )
    once = updated(updated(whole, {6: ACTION.encode()}, "/OpenAction 6 0 R"), {7: b"null"}, KEPT)
    yield "script-of-an-earlier-revision", ACTIVE, once
    yield "carriage-returns", ACTIVE, broken.replace(b"\n", b"\r")
    yield "words-before", ACTIVE, b"scanner job 17\n" * 60 + broken
    yield "bytes-behind", ACTIVE, broken + bytes(range(256)) * 8
    yield "objects-without-end", ACTIVE, broken.replace(b"\nendobj\n", b"\n       \n")
    yield "hybrid", ACTIVE, hybrid()
    for strength in (2, 3, 4, 6):
        data = factory.encrypted(simple(catalog=f"/OpenAction {ACTION}").write(), R=strength)
        yield f"encrypted-empty-r{strength}", ACTIVE, data
    data = factory.encrypted(document_with_attachment(), R=6)
    yield "encrypted-empty-attachment", ACTIVE, data


def hybrid() -> bytes:
    """A table for old readers, and a stream with a script for those that follow /XRefStm."""
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.add(ACTION, 6)
    packed = pdf.write_compressed()
    start = int(packed[packed.rfind(b"startxref") + 9 :].split()[0])
    out = bytearray(packed)
    table = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    out += b"trailer\n<< /Size 9 /Root 1 0 R /XRefStm %d >>\n" % start
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % table


def other_actions() -> Iterator[Case]:
    """Actions beside JavaScript that start, open, fetch, play or send."""
    for name, action in {
        "launch": "<< /S /Launch /F (calc.exe) >>",
        "launch-windows": "<< /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >>",
        "launch-escaped": "<< /S /L#61unch /F (calc.exe) >>",
        "remote-go-to": "<< /S /GoToR /F (other.pdf) /D [0 /Fit] >>",
        "remote-share": "<< /S /GoToR /F (\\\\\\\\host\\\\share\\\\a.pdf) /D [0 /Fit] >>",
        "embedded-go-to": "<< /S /GoToE /T << /R /C /N (a.pdf) >> /D [0 /Fit] >>",
        "submit": "<< /S /SubmitForm /F << /FS /URL /F (https://example.org) >> >>",
        "import": "<< /S /ImportData /F (a.fdf) >>",
        "movie": "<< /S /Movie /T (a) >>",
        "sound": "<< /S /Sound /Sound 4 0 R >>",
        "rendition": "<< /S /Rendition /OP 0 /R << /S /MR /C << /S /MCD /D (a) >> >> >>",
        "rich-media": "<< /S /RichMediaExecute /TI 0 >>",
        "view-3d": "<< /S /GoTo3DView /V /F >>",
        "remote-thread": "<< /S /Thread /F (other.pdf) /D 0 >>",
    }.items():
        yield name, ACTIVE, simple(catalog=f"/OpenAction {action}").write()
        note = f"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A {action} >>"
        yield f"{name}-packed", ACTIVE, simple(page=f"/Annots [{note}]").write_compressed()
        pdf = simple(catalog="/Outlines 6 0 R")
        pdf.add("<< /First 7 0 R /Last 7 0 R /Count 1 >>", 6)
        pdf.add(f"<< /Title (a) /Parent 6 0 R /A {action} >>", 7)
        yield f"{name}-outline", ACTIVE, pdf.write()
        chain = f"/AA << /C << /S /Named /N /NextPage /Next {action} >> >>"
        yield f"{name}-chained", ACTIVE, b"\n" + simple(page=chain).write()


def document_with_attachment() -> bytes:
    """A document that carries another file in its name tree."""
    pdf = simple(catalog="/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>")
    pdf.add("<< /Type /Filespec /F (a.txt) /EF << /F 7 0 R >> >>", 6)
    pdf.flate("/Type /EmbeddedFile", b"text\n", number=7)
    return pdf.write()


def carriers() -> Iterator[Case]:
    """Attachments, XFA forms, rich media."""
    yield "embedded-files", ACTIVE, document_with_attachment()
    pdf = simple(page="/Annots [6 0 R]")
    pdf.add("<< /Subtype /FileAttachment /Rect [0 0 9 9] /FS 7 0 R >>", 6)
    pdf.add("<< /Type /Filespec /F (a.exe) /EF << /F 8 0 R >> >>", 7)
    pdf.flate("", b"MZ", number=8)
    yield "file-annotation", ACTIVE, pdf.write()
    pdf = simple(page="/Annots [6 0 R]")
    pdf.add("<< /#53ubtype /File#41ttachment /Rect [0 0 9 9] /FS 7 0 R >>", 6)
    pdf.add("<< /Type /Filespec /F (a.exe) /E#46 << /F 8 0 R >> >>", 7)
    pdf.flate("", b"MZ", number=8)
    yield "file-annotation-escaped", ACTIVE, pdf.write_compressed()
    pdf = simple(catalog="/AF [6 0 R]")
    pdf.add("<< /Type /Filespec /F (a.txt) /EF << /F 7 0 R >> >>", 6)
    pdf.flate("/Type /EmbeddedFile", b"text\n", number=7)
    yield "associated-file", ACTIVE, pdf.write()
    pdf = simple(catalog="/Collection << /View /T >> /Names << /EmbeddedFiles 6 0 R >>")
    pdf.add("<< /Kids [7 0 R] >>", 6)
    pdf.add("<< /Limits [(a) (a)] /Names [(a) << /F (a) /EF << /UF 8 0 R >> >>] >>", 7)
    pdf.flate("", b"text\n", number=8)
    yield "portfolio", ACTIVE, pdf.write()
    pdf = simple(catalog="/AcroForm << /Fields [] /XFA 6 0 R >>")
    pdf.flate("", b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>", number=6)
    yield "xfa-stream", ACTIVE, pdf.write()
    pdf = simple(catalog="/AcroForm << /Fields [] /#58FA [(template) 6 0 R] >>")
    pdf.flate("", b"<template/>", number=6)
    yield "xfa-array", ACTIVE, pdf.write_compressed()
    filespec = "<< /Type /Filespec /F (a) /EF << /UF 4 0 R >> >>"
    yield "associated-with-page", ACTIVE, simple(page=f"/AF [{filespec}]").write_compressed()
    drawing = simple(page="/Annots [<< /Subtype /Stamp /Rect [0 0 9 9] /AP << /N 6 0 R >> >>]")
    drawing.stream(f"/Subtype /Form /BBox [0 0 9 9] /AF [{filespec}]", b"", number=6)
    yield "associated-with-drawing", ACTIVE, drawing.write()
    names = f"/Names << /Names [(a) {filespec}] >>"
    show = f"<< /Type /SlideShow /StartResource (a) /Resources << {names[7:]} >>"
    tree = f"/Names << /AlternatePresentations << /Names [(a) {show}] >> >>"
    yield "slide-show", ACTIVE, simple(catalog=tree).write()
    media = f"<< /S /MR /C << /S /MCD /D {filespec} >> >>"
    tree = f"/Names << /Renditions << /Names [(a) {media}] >> >>"
    yield "media-in-name-tree", ACTIVE, simple(catalog=tree).write()
    pdf = simple()
    pdf.stream("/F (\\\\\\\\host\\\\a) /FFilter /FlateDecode", b"", number=4)
    yield "stream-in-another-file", ACTIVE, pdf.write()
    drawing = simple()
    drawing.objects[5] = drawing.objects[5].replace(b"/Font", b"/XObject << /R 6 0 R >> /Font")
    head = "/Subtype /Form /BBox [0 0 9 9] /Ref << /F (other.pdf) /Page 0 >>"
    drawing.stream(head, b"", number=6)
    yield "page-of-another-file", ACTIVE, drawing.write()
    for kind in ("RichMedia", "Screen", "Movie", "Sound", "3D"):
        note = f"<< /Type /Annot /Subtype /{kind} /Rect [0 0 99 99] >>"
        yield kind.lower(), ACTIVE, simple(page=f"/Annots [{note}]").write()


def bombs() -> Iterator[Case]:
    """Few bytes that unpack to many, or few marks that draw without end."""
    zeros = zlib.compress(bytes(80_000_000), 9)
    pdf = simple()
    pdf.stream("/Filter /FlateDecode", zeros, number=4)
    yield "content", BOMB, pdf.write()
    pdf = simple()
    twice = zlib.compress(zero_stream(400_000_000), 9)
    pdf.stream("/Filter [/FlateDecode /FlateDecode]", twice, number=4)
    yield "content-twice", BOMB, pdf.write()
    pdf = simple(page="/Metadata 6 0 R")
    huge = zero_stream(1_900_000_000)
    pdf.stream("/Type /Metadata /Subtype /XML /Filter /FlateDecode", huge, number=6)
    yield "two-megabytes", BOMB, pdf.write()
    pdf = simple(page="/Thumb 6 0 R")
    picture = "/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8"
    pdf.stream(f"{picture} /Width 900 /Height 900 /Filter /FlateDecode", huge, number=6)
    yield "image", BOMB, pdf.write()
    pdf = simple(page="/Thumb 6 0 R")
    pdf.stream(f"{picture} /Width 200000 /Height 200000 /Filter /CCITTFaxDecode", b"x", number=6)
    yield "image-pixels", BOMB, pdf.write()
    many = simple(page="/Parts [" + " ".join(f"{n} 0 R" for n in range(6, 26)) + "]")
    part = zlib.compress(bytes(30_000_000), 9)
    for number in range(6, 26):
        many.stream("/Filter /FlateDecode", part, number=number)
    yield "many-streams", BOMB, many.write()
    yield "object-stream-hides-script", BOMB, object_stream_bomb(1)
    yield "object-streams", BOMB, object_stream_bomb(26)
    pdf = simple()
    pdf.stream("/Filter /LZWDecode", lzw_zeros(200_000), number=4)
    yield "lzw", BOMB, pdf.write()
    pdf = simple()
    runs = zlib.compress(b"\x81\x00" * 2_000_000, 9)
    pdf.stream("/Filter [/FlateDecode /RunLengthDecode]", runs, number=4)
    yield "run-length", BOMB, pdf.write()
    yield "cross-reference", CYCLE, xref_stream_bomb()
    yield "forms-in-forms", BOMB, form_bomb()
    pdf = simple()
    pdf.add("<< /Type /Pages /Kids [6 0 R 6 0 R] /Count 1000000 >>", 2)
    for level in range(6, 46):
        pdf.add(f"<< /Type /Pages /Kids [{level + 1} 0 R {level + 1} 0 R] >>", level)
    pdf.add("<< /Type /Page /MediaBox [0 0 9 9] >>", 46)
    yield "doubling-page-tree", CYCLE, pdf.write()
    pdf = simple(catalog="/Deep " + "[" * 100_000 + "]" * 100_000)
    yield "deep-arrays", CYCLE, pdf.write()
    pdf = simple(catalog="/Deep " + "<</A" * 50_000 + " null" + ">>" * 50_000)
    yield "deep-dictionaries", CYCLE, pdf.write()
    pdf = simple()
    pdf.stream("/Filter [" + "/FlateDecode " * 5_000 + "]", zeros, number=4)
    yield "many-filters", CYCLE, pdf.write()


def zero_stream(size: int) -> bytes:
    """A zlib stream of this many zeros, made from one block; its checksum at the end is wrong."""
    block = bytes(10_000_000)
    engine = zlib.compressobj(9)
    first = engine.compress(block) + engine.flush(zlib.Z_FULL_FLUSH)
    more = engine.compress(block) + engine.flush(zlib.Z_FULL_FLUSH)
    return first + more * (size // len(block) - 1) + engine.flush()


def object_stream_bomb(count: int) -> bytes:
    """Object streams of 80 MB; the first holds the script that the catalog opens with."""
    pdf = simple(catalog="/OpenAction 100 0 R")
    space = zlib.compress(b"100 0 " + ACTION.encode() + b" " * 80_000_000, 9)
    for number in range(6, 6 + count):
        pdf.stream("/Type /ObjStm /N 1 /First 6 /Filter /FlateDecode", space, number=number)
    out = bytearray(pdf.header())
    rows = {}
    for number, body in pdf.objects.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    rows |= {100 + at: (2, 6 + at, 0) for at in range(count)}
    rows[200] = (1, len(out), 0)
    table = b"".join(
        b"%c%s%c" % (kind, value.to_bytes(4, "big"), third)
        for kind, value, third in (rows.get(number, (0, 0, 0)) for number in range(201))
    )
    head = f"/Type /XRef /Size 201 /W [1 4 1] /Root 1 0 R /Length {len(table)}"
    start = len(out)
    out += f"200 0 obj\n<< {head} >>\nstream\n".encode() + table + b"\nendstream\nendobj\n"
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start


def xref_stream_bomb() -> bytes:
    """A cross-reference stream of 80 MB."""
    out = bytearray(simple().write()[: simple().write().rfind(b"xref\n0")])
    data = zlib.compress(bytes(80_000_000), 9)
    start = len(out)
    head = f"/Type /XRef /Size 9999999 /W [1 4 2] /Root 1 0 R /Length {len(data)}"
    out += f"9 0 obj\n<< {head} /Filter /FlateDecode >>\nstream\n".encode()
    return bytes(out + data) + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def lzw_zeros(codes: int) -> bytes:
    """LZW codes that each repeat the longest entry so far: tens of megabytes from few bytes."""
    bits, width, table, out = [], 9, 258, 0
    bits.append(f"{256:09b}")
    bits.append(f"{0:09b}")
    for _ in range(codes):
        if table >= 4_093:
            bits.append(f"{256:0{width}b}")
            bits.append(f"{0:09b}")
            width, table = 9, 258
            continue
        bits.append(f"{table:0{width}b}")
        table += 1
        if table + 1 >= 1 << width and width < 12:
            width += 1
    bits.append(f"{257:0{width}b}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    out = int(text, 2)
    return out.to_bytes(len(text) // 8, "big")


def form_bomb() -> bytes:
    """Thirty levels of drawings, each drawing the next one ten times."""
    pdf = simple(content=b"/X Do " * 10)
    page = pdf.objects[5].replace(b"/Font", b"/XObject << /X 6 0 R >> /Font")
    pdf.objects[5] = page
    for level in range(6, 36):
        resources = f"/Resources << /XObject << /X {level + 1} 0 R >> >>"
        head = f"/Type /XObject /Subtype /Form /BBox [0 0 595 842] {resources}"
        pdf.stream(head, b"/X Do " * 10, number=level)
    pdf.stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", b"0 0 9 9 re f", number=36)
    return pdf.write()


def cycles() -> Iterator[Case]:
    """References that come back to where they began."""
    pdf = simple()
    pdf.add("<< /Type /Pages /Kids [2 0 R] /Count 1 >>", 2)
    yield "pages-self", CYCLE, pdf.write()
    pdf = simple()
    pdf.add("<< /Type /Pages /Kids [5 0 R 6 0 R] /Count 2 >>", 2)
    pdf.add("<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>", 6)
    yield "pages-parent", CYCLE, pdf.write()
    pdf = simple()
    pdf.add("<< /Type /Pages /Kids [5 0 R 6 0 R] /Count 9 >>", 2)
    for number in range(6, 12):
        following = number + 1 if number < 11 else 6
        pdf.add(f"<< /Type /Pages /Parent 2 0 R /Kids [5 0 R {following} 0 R] >>", number)
    yield "pages-ring", CYCLE, pdf.write_compressed()
    outline = "<< /First 7 0 R /Last 7 0 R /Count 1 >>"
    for name, items in {
        "outline-next-self": {7: "/Next 7 0 R"},
        "outline-ring": {7: "/Next 8 0 R", 8: "/Next 9 0 R", 9: "/Next 7 0 R"},
        "outline-child-self": {7: "/First 7 0 R /Last 7 0 R"},
        "outline-child-root": {7: "/First 6 0 R /Last 6 0 R", 6: "/First 7 0 R"},
    }.items():
        pdf = simple(catalog="/Outlines 6 0 R")
        pdf.add(outline, 6)
        for number, links in items.items():
            pdf.add(f"<< /Title (a) /Parent 6 0 R /Dest [5 0 R /Fit] {links} >>", number)
        yield name, CYCLE, pdf.write()
    for tree in ("Dests", "JavaScript", "EmbeddedFiles", "AP"):
        pdf = simple(catalog=f"/Names << /{tree} 6 0 R >>")
        pdf.add("<< /Kids [7 0 R] >>", 6)
        pdf.add("<< /Limits [(a) (b)] /Kids [6 0 R] >>", 7)
        yield f"names-{tree.lower()}", CYCLE, pdf.write()
    pdf = simple(catalog="/PageLabels 6 0 R")
    pdf.add("<< /Kids [6 0 R] >>", 6)
    yield "page-labels", CYCLE, pdf.write()
    for name, fields in {
        "field-self": {6: "/Kids [6 0 R]"},
        "field-ring": {6: "/Kids [7 0 R]", 7: "/Kids [6 0 R]"},
    }.items():
        pdf = simple(catalog="/AcroForm << /Fields [6 0 R] >>")
        for number, kids in fields.items():
            pdf.add(f"<< /T (a) {kids} >>", number)
        yield name, CYCLE, pdf.write()
    whole = simple().write()
    start = int(whole[whole.rfind(b"startxref") + 9 :].split()[0])
    yield "table-prev-self", CYCLE, simple().write(trailer=f"/Prev {start}")
    first = updated(simple().write(trailer="/Prev 0000"), {6: b"null"}, "")
    second = int(first[first.rfind(b"startxref") + 9 :].split()[0])
    yield "table-prev-ring", CYCLE, first.replace(b"/Prev 0000", b"/Prev %04d" % second)
    packed = simple().write_compressed()
    start = int(packed[packed.rfind(b"startxref") + 9 :].split()[0])
    yield "stream-prev-self", CYCLE, simple().write_compressed(xref_head=f"/Prev {start}")
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.add("7 0 R", 6)
    pdf.add("6 0 R", 7)
    pdf.objects[5] = pdf.objects[5].replace(b"/Contents 4 0 R", b"/Contents 6 0 R")
    yield "reference-ring", CYCLE, pdf.write()
    pdf = simple(content=b"/X Do")
    pdf.objects[5] = pdf.objects[5].replace(b"/Font", b"/XObject << /X 6 0 R >> /Font")
    pdf.stream(
        "/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>",
        b"/X Do /X Do",
        number=6,
    )
    yield "form-draws-itself", CYCLE, pdf.write()


def lies() -> Iterator[Case]:
    """Lengths and counts that are not true and hide something."""
    action = f"\nendstream\nendobj\n6 0 obj\n{ACTION}\nendobj\n".encode()
    for name, length in {"short": "5", "zero": "0", "negative": "-1", "missing": "99 0 R"}.items():
        pdf = simple(catalog="/OpenAction 6 0 R")
        pdf.stream("", b"BT ET" + action, number=4, length=length)
        whole = pdf.write()
        at = whole.find(b"6 0 obj")
        whole = whole.replace(b"xref\n0 6\n", b"xref\n0 7\n").replace(
            b"trailer", b"%010d 00000 n \ntrailer" % at
        )
        yield f"length-{name}-hides-object", LYING, whole
    for name, length in {"long": "2000", "huge": "999999999", "text": "/x"}.items():
        pdf = simple(catalog="/OpenAction 6 0 R")
        pdf.stream("", b"BT ET", number=4, length=length)
        pdf.add(ACTION, 6)
        yield f"length-{name}-swallows-script", LYING, pdf.write()
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.stream("", b"BT ET", number=4, length="4 0 R")
    pdf.add(ACTION, 6)
    yield "length-self", LYING, pdf.write()
    pdf = simple(catalog="/OpenAction 6 0 R")
    pdf.add(ACTION, 6)
    packed = pdf.write_compressed()
    yield "object-stream-count", LYING, packed.replace(b"/ObjStm /N 5", b"/ObjStm /N 1")
    yield "object-stream-count-huge", LYING, packed.replace(b"/N 5", b"/N 99999999")
    yield "object-stream-first", LYING, packed.replace(b"/First ", b"/First 9")
    yield "object-stream-type", LYING, packed.replace(b"/ObjStm", b"/Objstm")
    whole = pdf.write()
    yield "table-count", LYING, whole.replace(b"xref\n0 7", b"xref\n0 999999999")
    yield "table-count-short", LYING, whole.replace(b"xref\n0 7", b"xref\n0 5")
    yield "trailer-size", LYING, whole.replace(b"/Size 7", b"/Size 2")
    yield "index", LYING, pdf.write_compressed(xref_head="/Index [0 2147483647]")
    yield "widths", LYING, packed.replace(b"/W [1 4 2]", b"/W [1 4 99999999]")
    yield (
        "columns",
        LYING,
        pdf.write_compressed(head="/DecodeParms << /Predictor 12 /Columns 2147483647 >>"),
    )
    pdf = simple()
    pdf.add("<< /Type /Pages /Kids [] /Count 1 >>", 2)
    yield "page-count-without-pages", frozenset({"no_pages", "damaged"}), pdf.write()
    pdf = simple()
    pdf.add("<< /Type /Pages /Kids [98 0 R 99 0 R] /Count 2 >>", 2)
    yield "pages-not-there", frozenset({"no_pages", "damaged"}), pdf.write()


def polyglots() -> Iterator[Case]:
    """Files that are a PDF to one program and something else to another."""
    whole = simple().write()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packer:
        packer.writestr("a.txt", "text")
    yield "zip-behind", FOREIGN, whole + archive.getvalue()
    inside = io.BytesIO(whole)
    with zipfile.ZipFile(inside, "a") as packer:
        packer.writestr("a.txt", "text")
    yield "zip-appended", FOREIGN, inside.getvalue()
    yield "zip-before", FOREIGN, archive.getvalue() + whole
    outside = io.BytesIO()
    with zipfile.ZipFile(outside, "w", zipfile.ZIP_STORED) as packer:
        packer.writestr("a.pdf", whole)
    yield "zip-around", FOREIGN, outside.getvalue()
    rope = io.BytesIO()
    with tarfile.open(fileobj=rope, mode="w", format=tarfile.USTAR_FORMAT) as packer:
        member = tarfile.TarInfo("a.pdf")
        member.size = len(whole)
        packer.addfile(member, io.BytesIO(whole))
    yield "tar-around", FOREIGN, rope.getvalue()
    for name, start in {
        "html": b"<!DOCTYPE html><html><script>alert(1)</script><!--",
        "html-upper": b"\n\n  <HTML><BODY onload=alert(1)>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>",
        "php": b"<?php system('id'); ?>",
        "program": b"MZ\x90\x00" + bytes(60),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(57),
        "java": b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
        "shell": b"#!/bin/sh\nexit 0\n",
        "gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00",
        "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        "flash": b"CWS\x0a",
        "rar": b"Rar!\x1a\x07\x00",
        "rtf": b"{\\rtf1 ",
        "film": b"\x00\x00\x00\x18ftypmp42",
        "x-ray": bytes(128) + b"DICM",
        "icon": b"\x00\x00\x01\x00\x01\x00\x10\x10",
        "tiff": b"MM\x00*\x00\x00\x00\x08",
        "webp": b"RIFF\x00\x00\x00\x00WEBP",
        "web-assembly": b"\x00asm\x01\x00\x00\x00",
        "shortcut": b"L\x00\x00\x00\x01\x14\x02\x00",
        "help": b"ITSF\x03\x00\x00\x00",
        "batch": b"@echo off\r\n",
        "script": b"/* ",
        "office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "xml": b'<?xml version="1.0"?><a/>',
        "postscript": b"%!PS-Adobe-3.0\n",
        "mail": b"MIME-Version: 1.0\nContent-Type: text/html\n\n",
    }.items():
        yield f"{name}-before", FOREIGN, start + whole
    yield (
        "html-in-header",
        FOREIGN,
        whole.replace(b"%PDF-1.7", b"%PDF-1.7 <script>alert(1)</script>"),
    )
    late = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xfe\x02\x00"
    yield "picture-with-comment", FOREIGN, late + whole
    yield "html-late", FOREIGN, b"\n" * 300 + b"<html><body>" + whole
    yield "application-behind", FOREIGN, whole + b"<script language='VBScript'>x</script>"
    yield "html-behind", FOREIGN, whole + b"<html><script>alert(1)</script></html>"
    yield "rar-behind", FOREIGN, whole + b"Rar!\x1a\x07\x01\x00" + bytes(40)
    yield "7z-behind", FOREIGN, whole + b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40)
    yield "iso-over", FOREIGN, whole[:-6].ljust(0x8001, b"\n") + b"CD001\x01" + b"\n%%EOF\n"


def locked() -> Iterator[Case]:
    """Files that nobody can read without a password or a certificate."""
    for strength in (2, 3, 4, 5, 6):
        data = factory.encrypted(factory.document(), user="rahasia", R=strength)
        yield f"password-r{strength}", LOCKED, data
    script = simple(catalog=f"/OpenAction {ACTION}").write()
    yield "password-and-script", LOCKED, factory.encrypted(script, user="rahasia")
    plain = simple()
    handler = "/Encrypt << /Filter /Adobe.PubSec /V 4 /SubFilter /adbe.pkcs7.s5 /R 4 >>"
    yield "certificate", LOCKED, plain.write(trailer=f"{handler} /ID [(a) (b)]")
    handler = "/Encrypt << /Filter /FOPN_fLock /V 4 /R 4 >>"
    yield "unknown-handler", frozenset({"encrypted", "damaged"}), plain.write(trailer=handler)


def cut_off() -> Iterator[Case]:
    """Uploads and scans that broke off, and files with a hole."""
    whole = factory.scan(2, dpi=72)
    for percent in (5, 30, 55, 80, 95, 99):
        yield f"scan-{percent}", DAMAGED, whole[: len(whole) * percent // 100]
    packed = factory.document(4, compressed=True)
    for percent in (30, 60, 90):
        yield f"streams-{percent}", DAMAGED, packed[: len(packed) * percent // 100]
    linear = factory.saved(factory.scan(3, dpi=72), linearize=True)
    for percent in (40, 70, 95):
        yield f"linearised-{percent}", DAMAGED, linear[: len(linear) * percent // 100]
    linear = factory.saved(factory.document(6), linearize=True, object_stream_mode=factory.GENERATE)
    yield "linearised-streams", DAMAGED, linear[: len(linear) * 7 // 10]
    twice = updated(whole, {20: b"<< /A (%s) >>" % (b"x" * 4_000)}, "/Perms 20 0 R")
    yield "second-revision", DAMAGED, twice[: len(whole) + 2_000]
    yield "upload-half-zeros", DAMAGED, whole[: len(whole) // 2].ljust(len(whole), b"\x00")
    yield "end-in-zeros", DAMAGED, whole[: len(whole) * 9 // 10].ljust(len(whole), b"\x00")
    middle = len(whole) // 2
    image = whole.find(b"/Subtype /Image", middle)
    yield (
        "page-image-gone",
        DAMAGED,
        whole[: image - 60] + whole[whole.find(b"endobj", image) + 6 :],
    )
    other = factory.scan(2, dpi=72, seed=9)
    yield "spliced", DAMAGED, whole[:middle] + other[middle + 3_000 : -400]


def not_pdf() -> Iterator[Case]:
    """Things that only carry the name."""
    yield "empty", FOREIGN, b""
    yield "text", FOREIGN, b"Surat pernyataan\n" * 40
    yield "random", FOREIGN, random.Random(7).randbytes(30_000)
    yield "zeros", FOREIGN, bytes(10_000)
    yield "header-late", FOREIGN, b"\n" * 2_000 + simple().write()
    yield "header-only", DAMAGED, b"%PDF-1.7\n"
    yield "end-only", DAMAGED, b"%PDF-1.7\ntrailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
    yield "no-catalog", DAMAGED, Pdf().header() + b"trailer\n<< >>\nstartxref\n9\n%%EOF\n"
    empty = simple()
    empty.add("<< /Type /Pages /Kids [] /Count 0 >>", 2)
    yield "no-pages", frozenset({"no_pages", "damaged"}), empty.write()
    yield "many-pages", frozenset({"too_many_pages"}), simple(pages=301).write()
