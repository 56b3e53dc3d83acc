"""Makes a scan that is over the limit small enough to count: pictures anew, everything else kept.

`shrink` gives the bytes to a child process with bounds on time, memory and descriptors, as the
inspector does, with limits of its own: a scan of 20 MiB takes more work than one of 2 MiB.
Source: product.md, section 3; peers.md, "2 MB refuses ordinary 5-10 MB scans".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ..inspector import MAX_BYTES
from ..inspector import MESSAGES as VERDICTS
from ..inspector.client import INHERITED, Limits, ask

__all__ = ["Original", "ShrinkerUnavailableError", "Shrunk", "look_at", "sentence", "shrink"]

RESCAN = "Pindai ulang pada 150 dpi, abu-abu, lalu unggah lagi."
SENTENCES = {
    "still_too_large": f"Setelah dikecilkan, berkas ini masih lebih besar dari 2 MB. {RESCAN}",
    "no_pictures": "Berkas ini besar bukan karena gambar, sehingga tidak dapat dikecilkan di sini."
    f" {RESCAN}",
    "dense": "Gambar di dalam berkas ini sudah dipadatkan oleh pemindai, sehingga tidak dapat"
    " dikecilkan lagi di sini. Sertakan hanya halaman yang diminta, atau pindai ulang pada 150 dpi,"
    " abu-abu, lalu unggah lagi.",
    "signed": "Berkas ini bertanda tangan elektronik; mengecilkannya merusak tanda tangan itu."
    " Minta berkas di bawah 2 MB dari penerbitnya, atau cetak lalu pindai pada 150 dpi.",
    "too_complex": f"Berkas ini terlalu rumit untuk dikecilkan. {RESCAN}",
}
# The child's modules without the packages above them: those would load Django and Celery.
BOOT = """
import sys, types
root = sys.argv.pop(1)
for name in ("inpassing", "inpassing.files", "inpassing.files.shrinker"):
    package = types.ModuleType(name)
    package.__path__ = [root + "/" + name.replace(".", "/")]
    sys.modules[name] = package
from inpassing.files.shrinker import child
child.main()
"""
START_SECONDS = 10.0  # a fresh interpreter on a busy machine, beyond the wall limit


class ShrinkerUnavailableError(OSError):
    """No child could be started; says nothing about the file. Try again later."""


@dataclass(frozen=True)
class Original:
    """The inspector's word on a scan as it came, with the larger limits, and its first page."""

    code: str | None
    pages: int | None
    preview: bytes | None


@dataclass(frozen=True)
class Shrunk:
    """What came of it: a code with a `sentence`, or the smaller file; how long it took."""

    code: str | None
    data: bytes
    seconds: float


def sentence(code: str) -> str:
    """What a person reads about a scan that could not be made smaller."""
    return SENTENCES.get(code) or VERDICTS[code].format(pages=settings.PDF_MAX_PAGES)


def look_at(data: bytes) -> Original:
    """Whether the scan is a harmless readable PDF at all, judged like any other file.

    Raises InspectorUnavailableError when no process can be had.
    """
    answer = ask(
        data,
        Limits(
            max_pages=settings.PDF_MAX_PAGES,
            cpu_seconds=settings.SHRINK_LOOK_CPU_SECONDS,
            wall_seconds=settings.SHRINK_LOOK_WALL_SECONDS,
            memory_mb=settings.SHRINK_MEMORY_MB,
            preview=True,
        ),
    )
    return Original(answer.code, answer.pages, answer.preview)


def shrink(data: bytes, *, target: int = MAX_BYTES) -> Shrunk:
    """The scan with its pictures encoded anew, at most `target` bytes, or why that is not possible.

    Pages, boxes, rotation, text and everything else stay. The result is not inspected here.
    Raises ShrinkerUnavailableError when no process can be had.
    """
    limits = {
        "target": target,
        "cpu_seconds": settings.SHRINK_CPU_SECONDS,
        "wall_seconds": settings.SHRINK_WALL_SECONDS,
        "memory_mb": settings.SHRINK_MEMORY_MB,
    }
    root = str(Path(__file__).resolve().parents[3])
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", BOOT, root, json.dumps(limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
            start_new_session=True,
        )
    except OSError as error:
        raise ShrinkerUnavailableError("The shrinker did not start.") from error
    with process:
        try:
            said, _ = process.communicate(data, settings.SHRINK_WALL_SECONDS + START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            said = b""
    code, made = _understand(said, process.returncode, target)
    return Shrunk(code, made, round(time.monotonic() - began, 3))


def _understand(said: bytes, status: int | None, target: int) -> tuple[str | None, bytes]:
    """Code and bytes from what the child said and how it ended; trusts neither."""
    line, _, made = said.partition(b"\n")
    try:
        answer = json.loads(line)
    except ValueError:
        return "too_complex", b""
    if status != 0 or not isinstance(answer, dict):
        return "too_complex", b""
    code = answer.get("code")
    if code is not None:
        return (code if code in SENTENCES or code in VERDICTS else "too_complex"), b""
    if not made.startswith(b"%PDF-") or len(made) > target:
        return "too_complex", b""
    return None, made
