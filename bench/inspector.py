"""The PDF inspector beside pypdf, pikepdf and qpdf in one run: CPU per file, throughput, isolation.

Every way judges the same files in turns, so that a busy machine slows all alike. CPU is that of
the process that works, its children and the reading process included; the clock is the thread's,
for the process's one counts in ticks while a timer runs. The files are made by code;
public files beside the checkout, where present, give the figures for real ones.
Goals: performance.md, "PDF inspection".
"""

from __future__ import annotations

import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pypdf
from django.conf import settings

from bench import Result
from inpassing.files.inspector import client, picture
from inpassing.files.inspector.judge import judge
from tests import pdf_factory

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
FRESH_ROUNDS = 2
LIMITS = client.Limits(max_pages=300, cpu_seconds=2, wall_seconds=10, memory_mb=512, preview=True)
PUBLIC = Path(settings.BASE_DIR).parent / "shared" / "pdfs" / "files"
TICKS = os.sysconf("SC_CLK_TCK")

Way = Callable[[Path, bytes], float]


def main() -> list[Result]:
    """Measure and return the figures."""
    files = generated()
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, data in files.items():
            paths[name] = Path(folder) / f"{name}.pdf"
            paths[name].write_bytes(data)
        ways = dict(WAYS)
        if shutil.which("qpdf"):
            ways["qpdf --check"] = qpdf_check
        else:
            ways["qpdf --check, by pikepdf (no qpdf here)"] = pikepdf_check
        costs = side_by_side(ways, files, paths, ROUNDS)
        fresh = side_by_side({"fresh": fresh_interpreter}, files, paths, FRESH_ROUNDS)["fresh"]
    results = []
    for name, cost in costs.items():
        results += figures(f"generated, {name}", cost)
    results += figures("generated, fresh interpreter", fresh)
    results += isolation(costs, fresh)
    results += throughput(list(files.values()))
    if PUBLIC.is_dir():
        results += real_files()
    return results


def generated() -> dict[str, bytes]:
    """Scans of 50 KB to 2 MB, born-digital documents, object streams, open encryption."""
    files = {
        f"scan-{size}": pdf_factory.scan_of_size(size) for size in (50, 150, 400, 900, 1_500, 2_000)
    }
    files["scan-fax"] = pdf_factory.from_pictures(mode="1", pages=4)
    files["scan-flate"] = pdf_factory.scan_flate(dpi=200)
    for pages in (1, 4, 20, 100):
        files[f"document-{pages}"] = pdf_factory.document(pages)
        files[f"packed-{pages}"] = pdf_factory.document(pages, compressed=True)
    files["open-encryption"] = pdf_factory.encrypted(pdf_factory.document(8))
    files["linearised"] = pdf_factory.saved(pdf_factory.document(8), linearize=True)
    files["form"] = pdf_factory.form()
    return files


def side_by_side(
    ways: dict[str, Way], files: dict[str, bytes], paths: dict[str, Path], rounds: int
) -> dict[str, dict[str, float]]:
    """CPU seconds by way and file, the ways taking turns: the least disturbed of the rounds."""
    taken: dict[str, dict[str, list[float]]] = {way: {name: [] for name in files} for way in ways}
    for turn in range(rounds + 1):
        for name, data in files.items():
            for way, measure in ways.items():
                cost = measure(paths[name], data)
                if turn or rounds < ROUNDS:  # the first round warms up
                    taken[way][name].append(cost)
    return {
        way: {name: min(costs) for name, costs in by_file.items()} for way, by_file in taken.items()
    }


def ours(path: Path, data: bytes) -> float:
    """The inspector on the files of one person: caller, reading process and child."""
    return _asked(path, data, "one person")


def ours_alone(path: Path, data: bytes) -> float:
    """The same with a new child for each file."""
    return _asked(path, data, "")


def _asked(path: Path, data: bytes, key: str) -> float:
    server = _server_seconds()
    began = time.thread_time()
    answer = client.ask(data, LIMITS, key)
    caller = time.thread_time() - began
    if answer.code is not None:
        raise RuntimeError(f"{path.name} was refused: {answer.code}")
    return caller + answer.cpu_seconds + (_server_seconds() - server)


def without_isolation(path: Path, data: bytes) -> float:
    """The same judging and drawing in this process."""
    began = time.thread_time()
    verdict = judge(data, max_pages=300)
    if verdict.page is None:
        raise RuntimeError(f"{path.name} was refused: {verdict.code}")
    picture.draw(verdict.page)
    return time.thread_time() - began


def only_pypdf(path: Path, data: bytes) -> float:
    """pypdf opened in this process, every object read."""
    began = time.thread_time()
    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        reader.decrypt("")
    len(reader.pages)
    for number in [*reader.xref.get(0, ()), *reader.xref_objStm]:
        reader.get_object(number)
    return time.thread_time() - began


def only_pikepdf(path: Path, data: bytes) -> float:
    """pikepdf opened in this process, every object read."""
    began = time.thread_time()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        len(pdf.pages)
        for _ in pdf.objects:
            pass
    return time.thread_time() - began


def pikepdf_check(path: Path, data: bytes) -> float:
    """What `qpdf --check` does, by the same library in this process."""
    began = time.thread_time()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.check_pdf_syntax()
    return time.thread_time() - began


def qpdf_check(path: Path, data: bytes) -> float:
    """`qpdf --check FILE`, its own CPU."""
    return _child_seconds(["qpdf", "--check", str(path)])


def fresh_interpreter(path: Path, data: bytes) -> float:
    """A new Python per file that judges and draws."""
    program = (
        "import sys; from inpassing.files.inspector import picture; from pathlib import Path;"
        "from inpassing.files.inspector.judge import judge;"
        "picture.draw(judge(Path(sys.argv[1]).read_bytes(), max_pages=300).page)"
    )
    boot = client.BOOT.split("from inpassing")[0]
    return _child_seconds([sys.executable, "-c", boot + program, str(settings.BASE_DIR), str(path)])


WAYS: dict[str, Way] = {
    "inspector": ours,
    "inspector, a new child for each": ours_alone,
    "the same without isolation": without_isolation,
    "pypdf alone": only_pypdf,
    "pikepdf alone": only_pikepdf,
}


def _child_seconds(command: list[str]) -> float:
    before = os.times()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def _server_seconds() -> float:
    """CPU seconds of the reading process so far, its children not counted."""
    process = client.server.process
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process.pid}/schedstat").read_text().split()
    return int(fields[0]) / 1e9


def figures(name: str, cost: dict[str, float]) -> list[Result]:
    """Files per second and core, median and 95th percentile."""
    values = sorted(cost.values())
    return [
        Result(f"{name}: files per second and core", 1 / statistics.mean(values), "/s"),
        Result(f"{name}: p50", _ms(statistics.median(values)), "ms CPU"),
        Result(f"{name}: p95", _ms(values[int(len(values) * 0.95)]), "ms CPU"),
    ]


def isolation(costs: dict[str, dict[str, float]], fresh: dict[str, float]) -> list[Result]:
    """What the children cost beyond the same work in this process."""
    alone = statistics.median(fresh.values())
    results = []
    for name, way in {
        "isolation": "inspector",
        "isolation, a new child for each": "inspector, a new child for each",
    }.items():
        extra = statistics.median(
            costs[way][file] - costs["the same without isolation"][file] for file in fresh
        )
        share = extra / alone
        results += [
            Result(name, _ms(extra), "ms CPU", "at most 10", extra <= 0.010),
            Result(f"{name} / fresh interpreter", share, "", "at most 1/30", share <= 1 / 30),
        ]
    return results


def throughput(files: list[bytes]) -> list[Result]:
    """Files per second by the clock, with one caller and with one caller per core."""
    results = []
    cores = len(os.sched_getaffinity(0))
    for callers in (1, cores):
        with ThreadPoolExecutor(callers) as pool:
            began = time.perf_counter()
            answers = list(pool.map(lambda data: client.ask(data, LIMITS), files * 3))
            seconds = time.perf_counter() - began
        if any(answer.code for answer in answers):
            raise RuntimeError("a generated file was refused")
        results.append(Result(f"throughput, {callers} callers", len(answers) / seconds, "files/s"))
    return results


def real_files() -> list[Result]:
    """The public files beside the checkout: CPU and memory of each inspection."""
    paths = sorted(PUBLIC.iterdir())
    answers = [client.ask(path.read_bytes(), LIMITS) for path in paths]
    seconds = sorted(answer.cpu_seconds for answer in answers)
    p95 = seconds[int(len(seconds) * 0.95)]
    return [
        Result("real files", len(paths), "files"),
        Result("real files: p50", _ms(statistics.median(seconds)), "ms CPU"),
        Result("real files: p95", _ms(p95), "ms CPU", "at most 100", p95 <= 0.100),
        Result("real files: most", _ms(seconds[-1]), "ms CPU", "at most 2,000", seconds[-1] <= 2),
        Result(
            "real files: memory at most", max(answer.peak_mb for answer in answers), "MB",
            "at most 512", all(answer.peak_mb <= 512 for answer in answers),
        ),
    ]  # fmt: skip


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
