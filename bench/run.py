"""Run the benchmarks, print one table, write var/bench/<name>.json for each.

python -m bench.run [NAME...]    status 1 when a benchmark failed to run; a missed goal is shown
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import datetime
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench import Result

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "var" / "bench"


def benchmarks() -> list[str]:
    """Names of the modules in bench/ that define main(), without importing them."""
    return [
        path.stem
        for path in sorted(Path(__file__).parent.glob("*.py"))
        if path.stem not in {"__init__", "run"}
        and any(
            isinstance(node, ast.FunctionDef) and node.name == "main"
            for node in ast.parse(path.read_text()).body
        )
    ]


def measure(name: str) -> None:
    """Run one benchmark in this process and write its JSON."""
    import django

    django.setup()
    began = time.perf_counter()
    results: Sequence[Result] = importlib.import_module(f"bench.{name}").main()
    report = {
        "name": name,
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - began, 2),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "results": [dataclasses.asdict(result) for result in results],
    }
    (OUTPUT / f"{name}.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def table(names: Sequence[str]) -> str:
    """The results of these benchmarks as text, one line each."""
    rows = [("benchmark", "figure", "value", "goal", "")]
    for name in names:
        report = json.loads((OUTPUT / f"{name}.json").read_text())
        for result in (Result(**row) for row in report["results"]):
            verdict = {True: "met", False: "MISSED", None: ""}[result.met]
            value = f"{result.value:,.4g} {result.unit}".strip()
            rows.append((name, result.name, value, result.goal, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Each benchmark in a process of its own, so that none measures another's memory."""
    known = benchmarks()
    parser = argparse.ArgumentParser(prog="bench.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--one", choices=known, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inpassing.settings")
    if given.one:
        measure(given.one)
        return 0
    if unknown := sorted(set(given.names) - set(known)):
        parser.error(f"no such benchmark: {', '.join(unknown)} (there are: {', '.join(known)})")
    for preparation in ("migrate", "createcachetable"):
        subprocess.run(
            [sys.executable, "manage.py", preparation, "--verbosity", "0"], cwd=ROOT, check=True
        )
    failed = []
    for name in given.names or known:
        print(f"{name} ...", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "bench.run", "--one", name]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(table([name for name in given.names or known if name not in failed]))
    if failed:
        print(f"These did not run to the end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
