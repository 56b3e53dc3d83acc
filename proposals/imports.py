"""Rows from a file: the upload, the judging by the form's own validators, the saving.

Here are the steps of every file, and what is said about candidates; `unit_imports` has the same
for work units.

A batch moves READING → JUDGING → READY → SAVING → DONE. The worker claims a batch and does one
step: the whole reading, or a chunk of rows, each in one transaction under the batch's lock. So a
killed worker loses one chunk at most, and a second one does nothing twice.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from inpassing.accounts.models import Agency, User
from inpassing.errors import TransitionError
from inpassing.files.models import StoredFile
from inpassing.files.storage import clean_name, discard, local_copy, remove_bytes, store_bytes
from inpassing.formats import format_number
from inpassing.queue import hint
from inpassing.reference.models import Period
from inpassing.timeline.events import record

from . import drafts, unit_imports
from .forms.imports import lists_of
from .import_judging import Judge, Judged
from .import_sheets import (
    CANDIDATES,
    XLSX_TYPE,
    Layout,
    MarkedRow,
    SheetError,
    read_table,
    write_marked,
)
from .models import ImportBatch, ImportRow, Proposal
from .nip import digits_of

logger = logging.getLogger(__name__)

State = ImportBatch.State
Kind = ImportBatch.Kind
CHUNK = 250
CLAIM = timedelta(minutes=2)
MAX_ATTEMPTS = 3
CLEARED_AT_ONCE = 200
TASK = "proposals.tasks.import_due"
BROKEN = (
    "Berkas tidak dapat dibaca karena gangguan sistem. Unggah lagi, atau hubungi narahubung BPS."
)
WRONG_ROWS = (
    "Belum semua baris benar, jadi tidak ada yang disimpan. Betulkan barisnya lalu unggah lagi, "
    "atau pilih hanya baris yang benar."
)
CHANGED_MEANWHILE = (
    "Tidak ada yang disimpan: sejak pratinjau, {count} baris tidak dapat disimpan lagi. Baris itu "
    "kini bertanda galat. Betulkan, atau simpan hanya baris yang benar."
)
STOPPED = (
    "Penyimpanan terhenti karena gangguan sistem. Baris yang sudah disimpan tetap ada. Unggah "
    "berkas yang sama lagi; baris itu akan terbaca Sama."
)


# What an operator does


@transaction.atomic
def start(agency: Agency, period: Period | None, upload: UploadedFile, *, by: User) -> ImportBatch:
    """Keep a file of candidates, or of work units where no period is given, and have it read;
    nothing of it is saved yet."""
    if period:
        _expect_open(period)
    batch = ImportBatch.objects.create(
        kind=Kind.CANDIDATES if period else Kind.UNITS,
        agency=agency,
        period=period,
        created_by=by,
        name=clean_name(upload.name or "daftar.xlsx"),
    )
    batch.file = store_bytes(
        upload.read(),
        name=batch.name,
        owner=batch,
        by=by,
        content_type="text/csv" if batch.name.lower().endswith(".csv") else XLSX_TYPE,
    )
    batch.save(update_fields=["file"])
    record(batch, "import.uploaded", f"Daftar {_noun(batch)} diunggah", by=by)
    hint(TASK)
    return batch


@transaction.atomic
def save_rows(batch: ImportBatch, *, whole: bool = False, by: User) -> ImportBatch:
    """Have the good rows saved, the bad ones left out; the worker gives each row its result.

    With `whole` every row or none: refused while a row is wrong, saved in one transaction.
    """
    batch = _lock(batch)
    if batch.state != State.READY:
        raise TransitionError(
            f"Keadaan impor sekarang: {batch.get_state_display().lower()}. "
            "Tindakan ini tidak dapat dilakukan lagi."
        )
    if batch.period:
        _expect_open(batch.period)
    if not batch.savable:
        raise TransitionError("Tidak ada baris baru atau berubah. Tidak ada yang perlu disimpan.")
    if whole and batch.counts.get(ImportRow.Outcome.ERROR):
        raise TransitionError(WRONG_ROWS)
    batch.state, batch.done, batch.created_by = State.SAVING, 0, by
    batch.is_whole, batch.message = whole, ""
    batch.save(update_fields=["state", "done", "created_by", "is_whole", "message"])
    record(
        batch,
        "import.confirmed",
        f"Penyimpanan daftar {_noun(batch)} dimulai",
        by=by,
        data={"whole": whole},
    )
    hint(TASK)
    return batch


@transaction.atomic
def cancel(batch: ImportBatch, *, by: User) -> ImportBatch:
    """Forget a file before anything of it is saved: its rows and bytes are removed."""
    batch = _lock(batch)
    if batch.state not in ImportBatch.CANCELLABLE:
        raise TransitionError(
            f"Keadaan impor sekarang: {batch.get_state_display().lower()}. "
            "Impor ini tidak dapat dibatalkan lagi."
        )
    _clear(batch)
    batch.state, batch.finished_at, batch.claimed_at = State.CANCELLED, timezone.now(), None
    batch.save()
    record(batch, "import.cancelled", f"Impor {_noun(batch)} dibatalkan", by=by)
    return batch


def _clear(batch: ImportBatch) -> None:
    """Remove what was written in the file: its rows and bytes. Who opened it stays recorded."""
    files = [file for file in (batch.file, batch.marked) if file]
    batch.rows.all().delete()
    batch.file, batch.marked, batch.cleared_at = None, None, timezone.now()
    batch.save(update_fields=["file", "marked", "cleared_at"])
    for file in files:
        if file.accesses.exists():
            _remove_later(file)
        else:
            discard(file)


def _remove_later(file: StoredFile) -> None:
    transaction.on_commit(lambda: remove_bytes(file), robust=True)


def _expect_open(period: Period) -> None:
    if not period.accepts_nominations():
        raise TransitionError(
            f"Pengusulan {period.name} sudah ditutup. Usulkan lagi pada periode berikutnya."
        )


def _noun(batch: ImportBatch) -> str:
    return str(batch.get_kind_display()).lower()


def layout_of(batch: ImportBatch) -> Layout:
    """The columns of the kind of file that a batch is."""
    return CANDIDATES if batch.kind == Kind.CANDIDATES else unit_imports.UNITS


def drop_downs_of(batch: ImportBatch) -> dict[str, list[str]]:
    """The words of each drop-down list of such a file, by column."""
    if batch.period:
        return lists_of(batch.agency, batch.period).drop_downs()
    return unit_imports.drop_downs()


def judge_of(batch: ImportBatch, rows: Sequence[ImportRow]) -> Judge | unit_imports.UnitJudge:
    """Who judges the rows of a batch."""
    if batch.kind == Kind.UNITS:
        return unit_imports.UnitJudge(batch, rows)
    return Judge(batch, rows)


def _lock(batch: ImportBatch) -> ImportBatch:
    return (
        ImportBatch.objects.select_for_update(of=("self",))
        .select_related("agency__region", "period", "created_by", "file", "marked")
        .get(pk=batch.pk)
    )


# What the worker does


def clear_due() -> int:
    """Remove the rows and bytes of files that ended, or were left alone, long enough ago: what was
    saved from them stands in the drafts. Returns how many files; harmless when run twice."""
    until = timezone.now() - timedelta(days=settings.IMPORT_DAYS)
    over = ImportBatch.objects.filter(cleared_at=None).filter(
        Q(finished_at__lt=until) | Q(state=State.READY, created_at__lt=until)
    )
    pks = list(over.order_by("pk").values_list("pk", flat=True)[:CLEARED_AT_ONCE])
    return sum(_clear_one(pk, until) for pk in pks)


@transaction.atomic
def _clear_one(pk: int, until: datetime) -> bool:
    batch = (
        ImportBatch.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("file", "marked")
        .filter(pk=pk, cleared_at=None)
        .filter(Q(finished_at__lt=until) | Q(state=State.READY))
        .first()
    )
    if batch is None:
        return False
    _clear(batch)
    if batch.state == State.READY:
        batch.state, batch.finished_at = State.CANCELLED, timezone.now()
        batch.save(update_fields=["state", "finished_at"])
    record(batch, "import.cleared", "Isi berkas impor dihapus", by=None)
    return True


def work_due(seconds: float = 45) -> None:
    """Read, judge and save what waits, one step after another, for about so many seconds.

    Harmless when run twice; what is left is hinted again and found by beat's sweep.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        batch = claim_next()
        if batch is None:
            return
        work_on(batch)
    hint(TASK)


def claim_next() -> ImportBatch | None:
    """The oldest batch with work that nobody holds, now held by the caller."""
    stale = timezone.now() - CLAIM
    with transaction.atomic():
        batch = (
            ImportBatch.objects.filter(state__in=ImportBatch.WORKING)
            .filter(Q(claimed_at=None) | Q(claimed_at__lt=stale))
            .select_for_update(skip_locked=True)
            .order_by("pk")
            .first()
        )
        if batch is None:
            return None
        batch.claimed_at = timezone.now()
        batch.attempts += 1
        batch.save(update_fields=["claimed_at", "attempts"])
        return batch


def work_on(batch: ImportBatch) -> None:
    """One step of a claimed batch. What cannot be read ends it with a sentence; what breaks is
    tried again by whoever claims it next, three times."""
    if batch.attempts > MAX_ATTEMPTS:
        _fail(batch, STOPPED if batch.state == State.SAVING else BROKEN)
        return
    try:
        STEPS[State(batch.state)](batch)
    except SheetError as error:
        _fail(batch, str(error))
    except Exception:
        # The row stays claimed; after MAX_ATTEMPTS the person is told.
        logger.exception("import.failed", extra={"batch": batch.pk, "attempt": batch.attempts})


def _fail(batch: ImportBatch, message: str) -> None:
    ImportBatch.objects.filter(pk=batch.pk, state__in=ImportBatch.WORKING).update(
        state=State.FAILED, message=message, finished_at=timezone.now(), claimed_at=None
    )


@transaction.atomic
def _read(batch: ImportBatch) -> None:
    batch = _lock(batch)
    if batch.state != State.READING or batch.file is None:
        return
    table = read_table(_bytes_of(batch.file), layout_of(batch))
    batch.rows.all().delete()
    ImportRow.objects.bulk_create(
        [
            ImportRow(
                batch=batch,
                number=row.number,
                nip=digits_of(row.values.get("nip", ""))[:40],
                email=row.values.get("email", "").lower()[:254],
                data=row.values,
            )
            for row in table.rows
        ],
        batch_size=1000,
    )
    batch.total, batch.done = len(table.rows), 0
    batch.ignored_columns = [name[:60] for name in table.ignored[:20]]
    _release(batch, State.JUDGING)


@transaction.atomic
def _judge(batch: ImportBatch) -> None:
    batch = _lock(batch)
    if batch.state != State.JUDGING:
        return
    rows = list(batch.rows.filter(outcome=ImportRow.Outcome.WAITING).order_by("number")[:CHUNK])
    if rows:
        judge = judge_of(batch, rows)
        for row in rows:
            judged = judge.look_at(row)
            row.outcome, row.errors = judged.outcome, judged.errors
            row.warnings, row.changes = judged.warnings, judged.changes
            row.proposal = judged.proposal
        _write(rows, "outcome", "errors", "warnings", "changes", "proposal")
        batch.done += len(rows)
        _release(batch, State.JUDGING)
        return
    _show(batch)


def _show(batch: ImportBatch) -> None:
    """Count what was said about the rows, write the file with the errors, wait for the person."""
    counts = Counter(batch.rows.values_list("outcome", flat=True))
    counts["warned"] = batch.rows.exclude(warnings=[]).exclude(outcome="error").count()
    batch.counts = dict(counts)
    if counts[ImportRow.Outcome.ERROR]:
        batch.marked = _marked_file(batch)
    _release(batch, State.READY)


@transaction.atomic
def _save(batch: ImportBatch) -> None:
    batch = _lock(batch)
    if batch.state != State.SAVING:
        return
    good = batch.rows.filter(outcome__in=["new", "changed"])
    # In the order of the NIPs, so that two files with the same people never wait for each other.
    waiting = good.filter(result=ImportRow.Result.NONE).order_by("nip", "number")
    if batch.is_whole:
        refused = _save_all(batch, list(waiting))
        if refused:
            _write(refused, "outcome", "errors")
            batch.message = CHANGED_MEANWHILE.format(count=format_number(len(refused)))
            record(batch, "import.not_saved", f"Daftar {_noun(batch)} tidak disimpan", by=None)
            _show(batch)
            return
    elif rows := list(waiting[:CHUNK]):
        _save_part(batch, rows)
        _write(rows, "result", "errors", "proposal")
        batch.done += len(rows)
        _release(batch, State.SAVING)
        return
    batch.done = batch.savable
    batch.counts = {**batch.counts, **Counter(good.values_list("result", flat=True))}
    batch.finished_at = timezone.now()
    record(batch, "import.saved", f"Daftar {_noun(batch)} disimpan", by=batch.created_by)
    _release(batch, State.DONE)


class _RefusedError(Exception):
    """A row of a file that is saved whole is not good any more."""


def _save_all(batch: ImportBatch, rows: list[ImportRow]) -> list[ImportRow]:
    """Save every row, or none when one is refused; returns the refused as rows in error."""
    refused: list[ImportRow] = []
    try:
        with transaction.atomic():
            for begin in range(0, len(rows), CHUNK):
                _save_part(batch, rows[begin : begin + CHUNK])
            refused = [row for row in rows if row.result == ImportRow.Result.REFUSED]
            if refused:
                raise _RefusedError
            _write(rows, "result", "proposal")
    except _RefusedError:
        for row in refused:
            row.outcome = ImportRow.Outcome.ERROR
    return refused


def _save_part(batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
    """Write rows and give each its result. Judged once more before: what the preview said may be an
    hour old. Refused with its reasons is what is not good any more."""
    judge = judge_of(batch, rows)
    good: list[tuple[ImportRow, Any]] = []
    for row in rows:
        judged = judge.look_at(row)
        row.proposal = judged.proposal
        if judged.outcome == ImportRow.Outcome.ERROR:
            row.result, row.errors = ImportRow.Result.REFUSED, judged.errors
        elif judged.outcome == ImportRow.Outcome.SAME:
            row.result = ImportRow.Result.SAME
        else:
            good.append((row, judged))
    if batch.kind == Kind.UNITS:
        unit_imports.save_rows(batch, good)
    else:
        _save_drafts(batch, good)


def _save_drafts(batch: ImportBatch, good: Sequence[tuple[ImportRow, Judged]]) -> None:
    """Write candidates as drafts; the own drafts are locked by the judge."""
    changed = [(judged.proposal, judged.values) for _, judged in good if judged.proposal]
    drafts.write_drafts(changed, by=batch.created_by)
    new = []
    for row, judged in good:
        if judged.proposal:
            row.result = ImportRow.Result.CHANGED
        else:
            row.proposal = Proposal(agency=batch.agency, period=batch.period, **judged.values)
            row.result = ImportRow.Result.CREATED
            new.append(row)
    try:
        drafts.create_drafts([row.proposal for row in new if row.proposal], by=batch.created_by)
    except drafts.DuplicateError:  # somebody else proposes one of them at this moment
        for row in new:
            _save_draft(batch, row)


def _save_draft(batch: ImportBatch, row: ImportRow) -> None:
    assert row.proposal
    try:
        row.proposal.pk = None
        drafts.create_draft(row.proposal, by=batch.created_by)
    except drafts.DuplicateError as refusal:
        row.proposal = None
        row.result, row.errors = ImportRow.Result.REFUSED, {"nip": [str(refusal)]}


def _write(rows: Sequence[ImportRow], *fields: str) -> None:
    """Update the rows in one statement; bulk_update's CASEs cost a third of the judging."""
    ImportRow.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["pk"], update_fields=fields
    )


STEPS = {State.READING: _read, State.JUDGING: _judge, State.SAVING: _save}


def _release(batch: ImportBatch, state: str) -> None:
    batch.state, batch.claimed_at, batch.attempts = state, None, 0
    batch.save()


def _bytes_of(file: StoredFile) -> bytes:
    with local_copy(file) as path, open(path, "rb") as stream:
        return stream.read()


def _marked_file(batch: ImportBatch) -> StoredFile:
    rows = (MarkedRow(row.data, row.errors) for row in batch.rows.order_by("number"))
    data = write_marked(rows, drop_downs_of(batch), layout_of(batch))
    stem = batch.name.rsplit(".", 1)[0][:150]
    return store_bytes(
        data, name=f"{stem} - bertanda galat.xlsx", owner=batch, content_type=XLSX_TYPE
    )
