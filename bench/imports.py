"""A file of 5,000 candidates: reading and judging it in the worker, and saving it.

Each step runs in a process of its own that was forked for it, so that its peak memory is its own;
what the process had before (the application itself) is taken off and told.
"""

from __future__ import annotations

import io
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from openpyxl import Workbook

from bench import Result, rig
from inpassing.accounts.models import Agency, RoleGrant, User
from inpassing.accounts.roles import grant
from inpassing.reference.models import Period
from proposals import imports
from proposals.forms.imports import lists_of
from proposals.import_sheets import HEADERS, KEYS
from proposals.models import ImportBatch, Proposal

ROWS = 5_000


@dataclass(frozen=True)
class Cost:
    """Seconds, CPU seconds of the worker, MB that its peak adds, MB that it began with."""

    seconds: float
    cpu: float
    added_mb: float
    before_mb: float


def main() -> list[Result]:
    """Measure and return the figures."""
    with rig.own_database(0):
        period = Period.objects.accepting_nominations()[0]
        agency = Agency.objects.active()[0]
        operator = User.objects.create(username="bench-operator", email="bench@contoh.example")
        grant(operator, RoleGrant.Role.OPERATOR, by=None, agency=agency)
        data = workbook(agency, period)
        upload = SimpleUploadedFile("daftar.xlsx", data)
        batch = imports.start(agency, period, upload, by=operator)
        preview = in_a_worker(lambda: run(batch))
        batch.refresh_from_db()
        if (batch.state, batch.counts.get("new")) != (ImportBatch.State.READY, ROWS):
            raise RuntimeError(f"preview ended {batch.state}: {batch.counts} {batch.message}")
        imports.save_rows(batch, by=operator)
        saving = in_a_worker(lambda: run(batch))
        if Proposal.objects.filter(agency=agency, created_by=operator).count() != ROWS:
            raise RuntimeError("not every row was saved")
    return [
        Result("file of 5,000 rows", len(data) / 1024, "kB"),
        Result("preview of 5,000 rows", preview.seconds, "s"),
        Result("preview, CPU of the worker", preview.cpu, "s"),
        Result("preview, peak memory beside the application", preview.added_mb, "MB"),
        Result("application before it", preview.before_mb, "MB"),
        Result("saving 5,000 drafts", saving.seconds, "s"),
        Result("saving, CPU of the worker", saving.cpu, "s"),
        Result("saving, peak memory beside the application", saving.added_mb, "MB"),
    ]


def workbook(agency: Agency, period: Period) -> bytes:
    """A file of good rows as an office program writes it."""
    lists = lists_of(agency, period)
    level = lists.levels[0]
    rank = level.ranks.order_by("order")[0]
    education = next(e for e in lists.educations if e.code == "S1")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Calon")
    sheet.append(list(HEADERS.values()))
    for number in range(ROWS):
        year, month, day = 1985 + number % 8, 1 + number // 8 % 12, 1 + number // 96 % 28
        sequence = 900 + number // 2688
        values = {
            "nip": f"{year}{month:02}{day:02}201403{1 + number % 2}{sequence}",
            "name": f"Calon Contoh {number}",
            "rank": rank.code,
            "rank_effective_on": "01-04-2020",
            "position": level.position.name,
            "level": level.short_name,
            "education": education.name,
            "is_structural": "Tidak",
            "dismissed_before": "Tidak",
            "email": f"calon{number}@contoh.example",
        }
        sheet.append([values.get(key, "") for key in KEYS])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def run(batch: ImportBatch) -> None:
    """What the worker does until nothing of the batch waits."""
    while (held := imports.claim_next()) is not None:
        imports.work_on(held)


def in_a_worker(work: Callable[[], None]) -> Cost:
    """Do it in a process that is forked for it."""
    connection.close()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            before = _resident_mb()
            began, used = time.perf_counter(), time.process_time()
            work()
            seconds, used = time.perf_counter() - began, time.process_time() - used
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            os.write(write, f"{seconds} {used} {peak - before} {before}".encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if status or not text:
        raise RuntimeError(f"the worker ended with status {status}")
    seconds, used, added, before = map(float, text.split())
    return Cost(seconds, used, added, before)


def _resident_mb() -> float:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2
