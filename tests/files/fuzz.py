"""Grow the saved corpus of the fuzz test: `python -m tests.files.fuzz --minutes 10`.

Broken files are kept in `tests/files/corpus` when judging them reaches lines that no file there
reached before, of the inspector or of pypdf. They stay small; one that crashes or hangs the child
is kept as `crash-*.pdf` and is a bug.
"""

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests import pdf_factory, pdf_hostile

CORPUS = Path(__file__).parent / "corpus"
LARGEST = 3_000
TOKENS = (
    b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref", b"%%EOF",
    b"<<", b">>", b"[", b"]", b"(", b")", b"<", b">", b"null", b"true", b"R", b"#2f", b"%", b"\x00",
    b"/Length", b"/Filter", b"/FlateDecode", b"/LZWDecode", b"/ASCII85Decode", b"/RunLengthDecode",
    b"/Type", b"/ObjStm", b"/XRef", b"/Kids", b"/Pages", b"/Count", b"/Prev", b"/Root", b"/Size",
    b"/W", b"/Index", b"/N", b"/First", b"/Encrypt", b"/Contents", b"/Next", b"/S", b"/Names",
    b"-1", b"0", b"1", b"65535", b"99999999999999999999", b"1 0 R", b"4 0 R", b"9 9 R", b"1.5",
)  # fmt: skip


def seeds() -> Iterator[tuple[str, bytes]]:
    """Small files of every family, harmless and hostile."""
    for name, data in pdf_factory.untidy().items():
        yield f"untidy-{name}", data
    for family in (
        pdf_hostile.scripts,
        pdf_hostile.hidden_scripts,
        pdf_hostile.carriers,
        pdf_hostile.cycles,
        pdf_hostile.lies,
        pdf_hostile.polyglots,
        pdf_hostile.locked,
    ):
        for name, _, data in family():
            yield f"{family.__name__}-{name}", data
    yield "packed", pdf_factory.document(2, compressed=True, lines=2)
    yield "encrypted", pdf_factory.encrypted(pdf_factory.simple().write(), R=6)
    yield "encrypted-rc4", pdf_factory.encrypted(pdf_factory.simple().write(), R=3)


def corpus() -> list[bytes]:
    """The saved files."""
    return [path.read_bytes() for path in sorted(CORPUS.glob("*.pdf"))]


def broken(data: bytes, others: list[bytes], rnd: random.Random) -> bytes:
    """The file after one to four edits."""
    made = bytearray(data)
    for _ in range(rnd.randint(1, 4)):
        at = rnd.randrange(len(made) + 1)
        end = min(len(made), at + rnd.choice((0, 1, 2, 8, 40, 300)))
        kind = rnd.randrange(5)
        if kind == 0:
            made[at:end] = rnd.choice(TOKENS)
        elif kind == 1:
            made[at:at] = b" " + rnd.choice(TOKENS) + b" "
        elif kind == 2:
            made[at:end] = b""
        elif kind == 3:
            other = rnd.choice(others)
            start = rnd.randrange(len(other) + 1)
            made[at:end] = other[start : start + rnd.choice((4, 30, 200))]
        else:
            made[at:end] = rnd.randbytes(min(8, end - at))
    return bytes(made[:LARGEST])


class Lines:
    """Collects the lines that run in the inspector and pypdf."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()
        self.new = 0

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """A trace function that is only interested in the code under test."""
        name = frame.f_code.co_filename
        if "/pypdf/" not in name and "/inspector/" not in name:
            return None
        line = (name, frame.f_lineno)
        if line not in self.seen:
            self.seen.add(line)
            self.new += 1
        return self.trace


def main() -> int:
    """Fuzz for the time given, in this process; status 1 when something escaped the judge."""
    from inpassing.files.inspector.judge import judge

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    rnd = random.Random(given.seed)
    CORPUS.mkdir(exist_ok=True)
    lines = Lines()

    def fresh_lines(data: bytes) -> int:
        lines.new = 0
        sys.settrace(lines.trace)
        try:
            judge(data, max_pages=300)
        finally:
            sys.settrace(None)
        return lines.new

    files = corpus()
    for data in files:
        fresh_lines(data)
    waiting = [data for _, data in seeds() if len(data) <= LARGEST]
    end = time.monotonic() + given.minutes * 60
    tried = kept = 0
    while waiting or time.monotonic() < end:
        data = waiting.pop() if waiting else broken(rnd.choice(files), files, rnd)
        tried += 1
        name = hashlib.sha256(data).hexdigest()[:12]
        try:
            found = fresh_lines(data)
        except Exception as error:  # noqa: BLE001
            (CORPUS / f"crash-{name}.pdf").write_bytes(data)
            sys.stdout.write(f"crash-{name}.pdf: {error!r}\n")
            return 1
        if found:
            files.append(data)
            (CORPUS / f"{name}.pdf").write_bytes(data)
            kept += 1
    sys.stdout.write(f"{tried} tried, {kept} kept, {len(lines.seen)} lines reached\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
