"""The PDF inspector: accepted, or refused with one code and one sentence.

Upload, command and tests call `inspect`. Codes in the order in which they win when several apply:
too_large, not_pdf, encrypted, damaged, active_content, no_pages, too_many_pages, too_complex.
Source: product.md, section 4; docs/decisions/0005-pdf-inspector.md.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import stat
import time
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import File

from . import client
from .client import Drawn, InspectorUnavailableError, Limits, ask, server

__all__ = [
    "MAX_BYTES",
    "MESSAGES",
    "PAGE_WIDTH",
    "Drawn",
    "Inspection",
    "InspectorUnavailableError",
    "draw_page",
    "inspect",
    "inspect_stream",
    "sentence",
    "warm_up",
]

MAX_BYTES = 2 * 1024 * 1024
PAGE_WIDTH = 1000
HASHED_BYTES = 256 * 1024 * 1024  # a larger file is refused without its hash: time is bounded

MESSAGES = {
    "too_large": "Berkas lebih besar dari 2 MB. Perkecil atau pindai ulang dengan resolusi lebih"
    " rendah, lalu unggah lagi.",
    "not_pdf": "Berkas ini bukan PDF. Simpan atau pindai dokumen sebagai PDF, lalu unggah lagi.",
    "encrypted": "Berkas terkunci kata sandi. Simpan ulang tanpa kata sandi, lalu unggah lagi.",
    "damaged": "Berkas rusak atau tidak lengkap. Pindai atau simpan ulang dokumen sebagai PDF,"
    " lalu unggah lagi.",
    "active_content": "Berkas memuat isi aktif, misalnya skrip atau lampiran. Cetak dokumen ke PDF"
    " atau pindai ulang, lalu unggah lagi.",
    "no_pages": "Berkas tidak memiliki halaman. Periksa dokumen, simpan ulang sebagai PDF, lalu"
    " unggah lagi.",
    "too_many_pages": "Berkas memiliki lebih dari {pages} halaman. Unggah hanya halaman yang"
    " diminta.",
    "too_complex": "Berkas terlalu rumit untuk diperiksa. Cetak dokumen ke PDF atau pindai ulang,"
    " lalu unggah lagi.",
}

DEFAULTS = {
    "PDF_MAX_PAGES": 300,
    "PDF_CPU_SECONDS": 2,
    "PDF_WALL_SECONDS": 10,
    "PDF_MEMORY_MB": 512,
}


@dataclass(frozen=True)
class Inspection:
    """The verdict on one file, and what it cost."""

    verdict: str
    code: str | None
    message: str | None
    pages: int | None
    bytes: int
    sha256: str
    seconds: float
    peak_mb: float
    preview: builtins.bytes | None

    @property
    def accepted(self) -> bool:
        """True when the file counts."""
        return self.verdict == "accepted"


def inspect(path: str | os.PathLike[str], *, preview: bool = True, person: str = "") -> Inspection:
    """The verdict on the file, whatever its bytes; OSError when there is no regular file.

    `preview` asks for the first page as WebP, 600 px wide, at most 40 kB; it is None when the file
    is refused or the picture cannot be made within the bounds. `sha256` is empty above 256 MiB.
    Files that come under the same `person` may be judged by the same process one after another,
    which saves most of the cost; without it each file has a process of its own.
    Raises InspectorUnavailableError, an OSError, when no process can be had to inspect with.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"Not a regular file: {os.fspath(path)}")
        return inspect_stream(file, preview=preview, person=person)


def inspect_stream(
    file: BinaryIO | File[bytes], *, preview: bool = True, person: str = ""
) -> Inspection:
    """The same for an open seekable file, wherever it is stored, from its beginning."""
    began = time.monotonic()
    file.seek(0)
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        size, sha256 = _measure(file, data)
        return _result("too_large", None, size, sha256, time.monotonic() - began)
    answer = ask(data, _limits(preview=preview), person)
    return _result(
        answer.code,
        answer.pages,
        len(data),
        hashlib.sha256(data).hexdigest(),
        answer.seconds,
        answer.peak_mb,
        answer.preview,
    )


def draw_page(file: BinaryIO | File[bytes], number: int) -> Drawn | None:
    """Page `number` (from 1) of a file that was accepted, as WebP, 1,000 px wide, at most 160 kB
    and three times as high as wide, drawn within the same bounds; None when it cannot be."""
    file.seek(0)
    return client.draw(file.read(MAX_BYTES), _limits(page=number))


def sentence(code: str) -> str:
    """What a person reads about this code, with the limits as they are set."""
    pages = f"{int(_setting('PDF_MAX_PAGES')):,}".replace(",", ".")
    return MESSAGES[code].format(pages=pages)


def warm_up() -> None:
    """Start the reading process now, so that processes forked later share it."""
    server.connection()


def _limits(*, preview: bool = False, page: int = 0) -> Limits:
    return Limits(
        max_pages=int(_setting("PDF_MAX_PAGES")),
        cpu_seconds=_setting("PDF_CPU_SECONDS"),
        wall_seconds=_setting("PDF_WALL_SECONDS"),
        memory_mb=int(_setting("PDF_MEMORY_MB")),
        preview=preview,
        page=page,
    )


def _setting(name: str) -> float:
    return float(getattr(settings, name, DEFAULTS[name]))


def _measure(file: BinaryIO | File[bytes], head: bytes) -> tuple[int, str]:
    """Size and SHA-256 of a file too large to inspect, in constant memory."""
    size = file.seek(0, os.SEEK_END)
    if size > HASHED_BYTES:
        return size, ""
    file.seek(len(head))
    digest = hashlib.sha256(head)
    while chunk := file.read(1024 * 1024):
        digest.update(chunk)
    return size, digest.hexdigest()


def _result(
    code: str | None,
    pages: int | None,
    size: int,
    sha256: str,
    seconds: float,
    peak_mb: float = 0.0,
    preview: bytes | None = None,
) -> Inspection:
    return Inspection(
        verdict="accepted" if code is None else "refused",
        code=code,
        message=None if code is None else sentence(code),
        pages=pages,
        bytes=size,
        sha256=sha256,
        seconds=round(seconds, 4),
        peak_mb=round(peak_mb, 1),
        preview=preview,
    )
