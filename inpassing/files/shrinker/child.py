"""Makes the pictures of a PDF smaller, in a process of its own that holds nothing but the file.

Started by `shrinker` in a fresh interpreter: bytes in by standard input, one line of JSON and the
new file out by standard output. It knows nothing of Django, the database or any secret. Only
picture streams are written anew; pages, boxes, rotation, text and everything else stay as they are.
"""

from __future__ import annotations

import ctypes
import io
import json
import math
import os
import resource
import signal
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf
from PIL import (  # all of them loaded before the limits
    Image,
    Jpeg2KImagePlugin,  # noqa: F401
    JpegImagePlugin,  # noqa: F401
    TiffImagePlugin,
)

MEGABYTE = 1024 * 1024
PR_SET_NO_NEW_PRIVS = 38
MOST_PIXELS = 100_000_000  # a larger picture stays as it is: decoding it would break the bounds
LEAST_PIXELS = 64 * 64
# Best first: dots per inch on the page, JPEG quality. Below the last a scan is hard to read.
LADDER = ((250, 80), (200, 72), (170, 62), (150, 52), (130, 42), (110, 34))
GRAY_SPACES = {"/DeviceGray", "/CalGray", "/G"}
RGB_SPACES = {"/DeviceRGB", "/CalRGB", "/RGB"}
CMYK_SPACES = {"/DeviceCMYK", "/CMYK"}
MODES = {"L", "RGB", "CMYK"}
JPX_SPACES = {"L": pikepdf.Name.DeviceGray, "RGB": pikepdf.Name.DeviceRGB}


class RefusedError(Exception):
    """The file cannot be made smaller; `code` says why."""

    def __init__(self, code: str, size: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.size = size


@dataclass(frozen=True)
class Picture:
    """One picture of the file as it was found, and the longest side that a page gives it."""

    stream: pikepdf.Stream
    inches: float


def main() -> None:
    """Entry point: limits on the command line, the file on standard input."""
    limits = json.loads(sys.argv[1])
    warm_up()
    confine(limits)
    data = sys.stdin.buffer.read()
    made = b""
    try:
        made, pages = shrink(data, int(limits["target"]))
        answer: dict[str, object] = {"code": None, "pages": pages}
    except RefusedError as refused:
        answer = {"code": refused.code, "size": refused.size}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + made)
    sys.stdout.buffer.flush()
    os._exit(0)


def confine(limits: dict[str, float]) -> None:
    """Take away from this process whatever reading and writing its two pipes does not need."""
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    memory, cpu = int(limits["memory_mb"]) * MEGABYTE, math.ceil(limits["cpu_seconds"])
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.closerange(3, 65_536)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    signal.setitimer(signal.ITIMER_REAL, limits["wall_seconds"] + 1)


def warm_up() -> None:
    """Use the readers and writers once: later nothing can be opened."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).resize((8, 8)).save(out, "JPEG", quality=50)
    Image.open(out, formats=["JPEG"]).load()
    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, "JPEG2000")
    Image.open(out, formats=["JPEG2000"]).load()
    encoded_bits(Image.new("1", (16, 16)))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(io.BytesIO())


def shrink(data: bytes, target: int) -> tuple[bytes, int]:
    """The file with smaller pictures, at most `target` bytes, at the best quality that fits, and
    its number of pages; RefusedError when there is none."""
    if len(smallest := attempt(data, *LADDER[-1])) > target:
        raise RefusedError(why_too_large(data), len(smallest))
    best, low, high = smallest, 0, len(LADDER) - 1
    while low < high:  # sizes fall along the ladder: find the first step that fits
        middle = (low + high) // 2
        made = attempt(data, *LADDER[middle])
        if len(made) <= target:
            best, high = made, middle
        else:
            low = middle + 1
    with pikepdf.open(io.BytesIO(data)) as before, pikepdf.open(io.BytesIO(best)) as after:
        if frames(before) != frames(after):
            raise RefusedError("damaged")
        return best, len(after.pages)


def attempt(data: bytes, dpi: int, quality: int) -> bytes:
    """The file with its pictures at so many dots per inch and this quality."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        if is_signed(pdf):
            raise RefusedError("signed")
        for picture in pictures(pdf):
            replace(pdf, picture, dpi, quality)
        out = io.BytesIO()
        pdf.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
            fix_metadata_version=False,
        )
        return out.getvalue()


def why_too_large(data: bytes) -> str:
    """Which code fits a file that does not: no pictures, none that could be encoded anew (black
    and white as scanners pack it), or pictures that stay too large."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        found = list(pictures(pdf))
        if any(opened(picture.stream) for picture in found):
            return "still_too_large"
        return "dense" if found else "no_pictures"


def frames(pdf: pikepdf.Pdf) -> list[list[str]]:
    """What must be the same before and after: boxes, rotation and unit of every page."""
    keys = ("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/UserUnit")
    return [[plain(inherited(page.obj, key)) for key in keys] for page in pdf.pages]


def inherited(node: Any, key: str) -> Any:
    """A page's entry, its own or from the nodes above it."""
    for _ in range(50):
        if key in node or "/Parent" not in node:
            return node.get(key)
        node = node["/Parent"]
    return None


def plain(value: Any) -> str:
    """A number or a list of numbers as text that can be compared."""
    return str([float(item) for item in value] if isinstance(value, pikepdf.Array) else value)


def is_signed(pdf: pikepdf.Pdf) -> bool:
    """Whether an electronic signature covers the bytes: it would not survive."""
    return any(
        isinstance(item, pikepdf.Dictionary) and "/ByteRange" in item and "/Contents" in item
        for item in pdf.objects
    )


def pictures(pdf: pikepdf.Pdf) -> Iterator[Picture]:
    """Every picture stream once, with the inches of the largest page that may show it.

    A picture is taken to fill its page: where it is smaller, more dots than needed are kept.
    """
    inches: dict[tuple[int, int], float] = {}
    masks: set[tuple[int, int]] = set()
    longest = 1.0
    for page in pdf.pages:
        box = page.mediabox
        unit = float(page.obj.get("/UserUnit", 1)) / 72
        sides = abs(float(box[2] - box[0])), abs(float(box[3] - box[1]))
        side = min(max(*sides, 1.0) * unit, 200.0)
        longest = max(longest, side)
        resources = inherited(page.obj, "/Resources")
        for item in dict((resources or {}).get("/XObject") or {}).values():
            inches[item.objgen] = max(side, inches.get(item.objgen, 0.0))
    found = [
        item
        for item in pdf.objects
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image"
    ]
    for item in found:
        masks |= {item[key].objgen for key in ("/SMask", "/Mask") if key in item}
    for item in found:
        if item.objgen not in masks:
            yield Picture(item, inches.get(item.objgen, longest))


def replace(pdf: pikepdf.Pdf, picture: Picture, dpi: int, quality: int) -> None:
    """Write one picture anew where that is possible and makes it smaller."""
    stream = picture.stream
    decoded = opened(stream)
    if decoded is None:
        return
    image, space = decoded
    width, height = image.size
    if image.mode == "1":
        packed = encoded_bits(image)
        if len(packed) < len(stream.read_raw_bytes()):
            parameters = pikepdf.Dictionary(
                K=-1, Columns=width, Rows=height, BlackIs1=True, EndOfBlock=True
            )
            stream.write(packed, filter=pikepdf.Name.CCITTFaxDecode, decode_parms=parameters)
        return
    scale = dpi * picture.inches / max(width, height)
    if scale < 0.95:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    packed = out.getvalue()
    if len(packed) >= len(stream.read_raw_bytes()):
        return
    stream.write(packed, filter=pikepdf.Name.DCTDecode)
    stream["/Width"], stream["/Height"] = image.size
    stream["/BitsPerComponent"] = 8
    if space is not None:
        stream["/ColorSpace"] = space
    for key in ("/DecodeParms", "/F", "/FFilter", "/FDecodeParms", "/SMaskInData"):
        if key in stream:
            del stream[key]


def opened(stream: pikepdf.Stream) -> tuple[Image.Image, pikepdf.Object | None] | None:
    """A picture as `decode` gives it; None where it must stay as it is."""
    width, height = int(stream.get("/Width", 0)), int(stream.get("/Height", 0))
    if not LEAST_PIXELS <= width * height <= MOST_PIXELS or is_particular(stream):
        return None
    try:
        return decode(stream, width, height)
    except (OSError, ValueError, MemoryError, zlib.error, pikepdf.PdfError):
        return None  # what cannot be read here stays as it is


def is_particular(stream: pikepdf.Stream) -> bool:
    """Pictures whose samples mean something that other dots or rounding would change."""
    mask = stream.get("/Mask")
    soft = stream.get("/SMask")
    if isinstance(mask, pikepdf.Array) or "/F" in stream:
        return True
    if soft is not None and "/Matte" in soft:
        return True
    if bool(stream.get("/ImageMask", False)) or int(stream.get("/SMaskInData", 0)):
        return True
    if "/Decode" in stream:
        ranges = [float(value) for value in stream["/Decode"]]
        plain_ranges = [[0.0, 1.0] * n for n in (1, 3, 4)]
        # Turned over, as some programs write CMYK: a JPEG stays the same samples.
        if str(stream.get("/Filter")) == "/DCTDecode":
            plain_ranges += [[1.0, 0.0] * n for n in (1, 3, 4)]
        return ranges not in plain_ranges
    return False


def decode(
    stream: pikepdf.Stream, width: int, height: int
) -> tuple[Image.Image, pikepdf.Object | None] | None:
    """The samples as a picture, and the colour space to write where it is another; None where
    this kind is left alone."""
    filters = stream.get("/Filter")
    names = (
        [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    )
    kind, base = space_of(stream.get("/ColorSpace"))
    if names[-1] == "/DCTDecode":
        return (jpeg(stream, names, kind), None) if kind in {*MODES, "any"} else None
    if names == ["/JPXDecode"]:
        image = jpeg2000(stream, kind, (width, height))
        return image, JPX_SPACES[image.mode] if kind == "any" else None
    if names[-1] in {"/CCITTFaxDecode", "/JBIG2Decode", "/JPXDecode"}:
        return None  # two colours, packed better than here
    bits = int(stream.get("/BitsPerComponent", 8))
    samples = stream.read_bytes()
    if bits == 1 and kind == "L" and len(samples) >= (width + 7) // 8 * height:
        return Image.frombytes("1", (width, height), samples), None
    if bits != 8:
        return None
    if kind in {"L", "RGB"} and len(samples) >= width * height * len(kind):
        return Image.frombytes(kind, (width, height), samples), None
    if kind == "P" and base is not None and len(samples) >= width * height:
        return from_palette(stream["/ColorSpace"], base, (width, height), samples)
    return None


def jpeg(stream: pikepdf.Stream, names: list[str], kind: str) -> Image.Image:
    """A JPEG picture; ValueError where its colours are not what the colour space expects."""
    raw = (
        stream.read_raw_bytes()
        if len(names) == 1
        else stream.read_bytes(pikepdf.StreamDecodeLevel.generalized)
    )
    image = Image.open(io.BytesIO(raw), formats=["JPEG"])
    if image.mode not in MODES or kind not in {"any", image.mode}:
        raise ValueError(image.mode)
    image.load()  # Pillow turns CMYK over when it reads and again when it writes
    return image


def jpeg2000(stream: pikepdf.Stream, kind: str, size: tuple[int, int]) -> Image.Image:
    """A JPEG 2000 picture; ValueError where it is not what the dictionary says, or has depth or
    colours that eight bits of grey or RGB do not hold."""
    image = Image.open(io.BytesIO(stream.read_raw_bytes()), formats=["JPEG2000"])
    if image.size != size or image.mode not in JPX_SPACES or kind not in {"any", image.mode}:
        raise ValueError(image.mode)
    image.load()
    return image


def from_palette(
    space: Any, base: str, size: tuple[int, int], samples: bytes
) -> tuple[Image.Image, pikepdf.Object]:
    """A picture whose samples are numbers of colours, in the colours themselves."""
    table = space[3]
    colours = table.read_bytes() if isinstance(table, pikepdf.Stream) else bytes(table)
    image = Image.frombytes("P", size, samples)
    if base == "L":
        image.putpalette(b"".join(bytes([value] * 3) for value in colours))
    else:
        image.putpalette(colours)
    return image.convert(base), space[1]


def space_of(space: Any) -> tuple[str, str | None]:
    """ "L", "RGB", "CMYK", "P" (with the base's kind), "any" where none is named, else "other"."""
    if space is None:
        return "any", None
    if isinstance(space, pikepdf.Name):
        name = str(space)
        if name in CMYK_SPACES:
            return "CMYK", None
        return ("L" if name in GRAY_SPACES else "RGB" if name in RGB_SPACES else "other"), None
    name = str(space[0])
    if name in GRAY_SPACES or name in RGB_SPACES:
        return ("L" if name in GRAY_SPACES else "RGB"), None
    if name == "/ICCBased":
        return {1: "L", 3: "RGB", 4: "CMYK"}.get(int(space[1].get("/N", 0)), "other"), None
    if name in {"/Indexed", "/I"}:
        base, _ = space_of(space[1])
        return ("P", base) if base in {"L", "RGB"} else ("other", None)
    return "other", None


def encoded_bits(image: Image.Image) -> bytes:
    """A picture of two colours as one strip of CCITT group 4, whose "black" is the sample 1."""
    out = io.BytesIO()
    image.save(
        out,
        "TIFF",
        compression="group4",
        tiffinfo={
            TiffImagePlugin.ROWSPERSTRIP: image.height,
            TiffImagePlugin.PHOTOMETRIC_INTERPRETATION: 1,
        },
    )
    with Image.open(io.BytesIO(out.getvalue()), formats=["TIFF"]) as written:
        tags = written.tag_v2  # type: ignore[attr-defined]
        offsets, counts = tags[TiffImagePlugin.STRIPOFFSETS], tags[TiffImagePlugin.STRIPBYTECOUNTS]
    if len(offsets) != 1:
        raise ValueError("more than one strip")
    return out.getvalue()[offsets[0] : offsets[0] + counts[0]]
