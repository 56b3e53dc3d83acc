"""Results of many people from a file of the test system: read and judged, looked at, then saved.

A batch moves READING → READY → SAVING → DONE in the worker, reading in one transaction, saving
chunk by chunk; so a killed worker loses one chunk at most and a second one does nothing twice.
What is saved counts only after a second person confirmed the sessions (`results.confirm_all`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User, sort_name
from inpassing.errors import TransitionError
from inpassing.files.storage import clean_name, local_copy, store_bytes
from inpassing.queue import hint
from inpassing.reference.models import PeriodPosition, TestComponent
from inpassing.timeline.events import record, record_many
from proposals.import_sheets import (
    XLSX_TYPE,
    Column,
    Layout,
    MarkedRow,
    SheetError,
    read_table,
    write_marked,
    write_template,
)

from .models import ComponentScore, ResultImport, ResultRow, Seat, TestResult, TestSession
from .results import total_of

logger = logging.getLogger(__name__)

MAX_ROWS = 25_000
CHUNK = 1000
MAX_ATTEMPTS = 3
TASK = "competency.tasks.import_results"
BROKEN = "Berkas tidak dapat diolah karena gangguan sistem. Unggah lagi; yang tersimpan tetap ada."
State, Outcome = ResultImport.State, ResultRow.Outcome


def layout_of(entry: PeriodPosition) -> Layout:
    """The columns of a period's and position's result file: number, name, one per component."""
    scores = tuple(
        Column(
            f"c{component.pk}",
            component.name,
            18,
            f"0 sampai 100, bobot {component.weight}%",
        )
        for component in entry.components.all()
    )
    return Layout(
        "Nilai",
        (
            Column("number", "Nomor peserta", 20, "Seperti pada kartu peserta", ("Nomor",)),
            Column("name", "Nama", 34, "Untuk mencocokkan", ("Nama lengkap", "Nama peserta")),
            *scores,
        ),
        MAX_ROWS,
        "C2",
    )


def template(entry: PeriodPosition) -> bytes:
    """The workbook to fill in: everybody who was present and has no result yet."""
    rows = (
        MarkedRow({"number": seat.participant_number, "name": seat.proposal.name}, {})
        for seat in without_result(entry).select_related("proposal")[:MAX_ROWS]
    )
    return write_template({}, layout_of(entry), rows)


def seats_of(entry: PeriodPosition):  # type: ignore[no-untyped-def]
    """Current seats of a period and position, in sessions that were not cancelled."""
    return Seat.objects.current().filter(
        session__period=entry.period_id,
        session__cancelled_at=None,
        proposal__position=entry.position_id,
    )


def without_result(entry: PeriodPosition):  # type: ignore[no-untyped-def]
    """Seats of people who were there and have no result."""
    return seats_of(entry).filter(attendance__in=["present", "late"], result=None).order_by("pk")


def missing_in(batch: ResultImport):  # type: ignore[no-untyped-def]
    """Seats of people who were there, have no result, and stand in no row of the file."""
    named = batch.rows.exclude(participant_number="").values("participant_number")
    return without_result(batch.entry).exclude(participant_number__in=named)


@transaction.atomic
def start(entry: PeriodPosition, upload: UploadedFile, *, by: User) -> ResultImport:
    """Keep a file and have it read; nothing of it is saved yet."""
    batch = ResultImport.objects.create(
        entry=entry, name=clean_name(upload.name or "nilai.xlsx"), created_by=by
    )
    batch.file = store_bytes(
        upload.read(),
        name=batch.name,
        owner=batch,
        by=by,
        content_type="text/csv" if batch.name.lower().endswith(".csv") else XLSX_TYPE,
    )
    batch.save(update_fields=["file"])
    record(batch, "results.uploaded", "Berkas nilai diunggah", by=by)
    hint(TASK)
    return batch


@transaction.atomic
def save_rows(batch: ResultImport, *, by: User) -> ResultImport:
    """Have every new or changed row saved."""
    batch = _lock(batch)
    if batch.state != State.READY:
        raise TransitionError(
            f"Keadaan impor sekarang: {batch.get_state_display().lower()}. "
            "Tindakan ini tidak dapat dilakukan lagi."
        )
    if not batch.savable:
        raise TransitionError("Tidak ada nilai baru atau berubah. Tidak ada yang perlu disimpan.")
    batch.state, batch.created_by = State.SAVING, by
    batch.save(update_fields=["state", "created_by"])
    record(batch, "results.import_confirmed", "Penyimpanan berkas nilai dimulai", by=by)
    hint(TASK)
    return batch


@transaction.atomic
def cancel(batch: ResultImport, *, by: User) -> ResultImport:
    """Forget what was read, before anything of it is saved."""
    batch = _lock(batch)
    if batch.state not in {State.READING, State.READY}:
        raise TransitionError("Impor ini tidak dapat dibatalkan lagi.")
    batch.rows.all().delete()
    batch.state, batch.finished_at = State.CANCELLED, timezone.now()
    batch.save(update_fields=["state", "finished_at"])
    record(batch, "results.import_cancelled", "Impor nilai dibatalkan", by=by)
    return batch


def _lock(batch: ResultImport) -> ResultImport:
    return (
        ResultImport.objects.select_for_update(of=("self",))
        .select_related("entry__period", "entry__position", "created_by", "file")
        .get(pk=batch.pk)
    )


# What the worker does


def work_due() -> None:
    """Read and save what waits; what breaks is tried three times, then says so."""
    for pk in ResultImport.objects.filter(state__in=[State.READING, State.SAVING]).values_list(
        "pk", flat=True
    ):
        while _step(pk):
            pass


def _step(pk: int) -> bool:
    """One step of a batch; False when there is nothing more to do for now."""
    if not ResultImport.objects.filter(pk=pk, attempts__lt=MAX_ATTEMPTS).exists():
        ResultImport.objects.filter(pk=pk, state__in=[State.READING, State.SAVING]).update(
            state=State.FAILED, message=BROKEN, finished_at=timezone.now()
        )
        return False
    try:
        with transaction.atomic():
            batch = ResultImport.objects.select_for_update(of=("self",), skip_locked=True)
            found = batch.select_related("entry", "created_by", "file").filter(pk=pk).first()
            if found is None:  # another worker has it
                return False
            if found.state == State.READING:
                _read(found)
            elif found.state == State.SAVING:
                return _save_some(found)
            return False
    except SheetError as error:
        ResultImport.objects.filter(pk=pk).update(
            state=State.FAILED, message=str(error), finished_at=timezone.now()
        )
        return False
    except Exception:
        logger.exception("results.import_failed", extra={"batch": pk})
        batch_row = ResultImport.objects.get(pk=pk)
        ResultImport.objects.filter(pk=pk).update(attempts=batch_row.attempts + 1)
        return True


def _read(batch: ResultImport) -> None:
    assert batch.file is not None
    with local_copy(batch.file) as path, open(path, "rb") as stream:
        table = read_table(stream.read(), layout_of(batch.entry))
    rows = [
        ResultRow(
            batch=batch,
            number=row.number,
            participant_number=row.values["number"].upper()[:40],
            data=row.values,
        )
        for row in table.rows
    ]
    _judge(batch, rows)
    ResultRow.objects.bulk_create(rows, batch_size=CHUNK)
    missing = missing_in(batch).count()
    batch.counts = {**Counter(str(row.outcome) for row in rows), "missing": missing}
    batch.state = State.READY
    batch.save(update_fields=["counts", "state"])


def _save_some(batch: ResultImport) -> bool:
    """Save the next rows; False when all are saved."""
    rows = list(
        batch.rows.filter(outcome__in=[Outcome.NEW, Outcome.CHANGED], saved_at=None).order_by(
            "number"
        )[:CHUNK]
    )
    if not rows:
        batch.state, batch.finished_at = State.DONE, timezone.now()
        batch.counts = {
            **batch.counts,
            **Counter(batch.rows.values_list("outcome", flat=True)),
            "saved": batch.rows.exclude(saved_at=None).count(),
        }
        batch.save(update_fields=["state", "finished_at", "counts"])
        record(batch, "results.imported", "Berkas nilai disimpan", by=batch.created_by)
        return False
    # Judged once more under the sessions' locks: what the preview said may be an hour old.
    numbers = [row.participant_number for row in rows]
    sessions = seats_of(batch.entry).filter(participant_number__in=numbers).values("session")
    list(TestSession.objects.select_for_update().filter(pk__in=sessions).order_by("pk"))
    judged = _judge(batch, rows)
    good = [row for row in rows if row.outcome in {Outcome.NEW, Outcome.CHANGED}]
    _keep(batch, [(judged[row.number], row) for row in good])
    for row in good:
        row.saved_at = timezone.now()
    ResultRow.objects.bulk_update(rows, ["outcome", "errors", "saved_at"], batch_size=CHUNK)
    return True


def _keep(batch: ResultImport, pairs: Sequence[tuple[_Judged, ResultRow]]) -> None:
    components = list(batch.entry.components.all())
    results = TestResult.objects.bulk_create(
        [
            TestResult(
                seat=judged.seat,
                total=total_of(components, judged.scores),
                passing_grade=batch.entry.passing_grade,
                source=TestResult.Source.IMPORTED,
                entered_by=batch.created_by,
                entered_at=timezone.now(),
            )
            for judged, _ in pairs
        ],
        update_conflicts=True,
        unique_fields=["seat"],
        update_fields=["total", "passing_grade", "source", "entered_by", "entered_at"],
    )
    ComponentScore.objects.bulk_create(
        [
            ComponentScore(result=result, component=component, score=judged.scores[component.pk])
            for result, (judged, _) in zip(results, pairs, strict=True)
            for component in components
        ],
        update_conflicts=True,
        unique_fields=["result", "component"],
        update_fields=["score"],
    )
    record_many(
        "result.entered",
        [
            (
                judged.seat.proposal,
                "Nilai uji dimasukkan dari berkas",
                {"seat": judged.seat.pk, "result": result.pk, "import": batch.pk},
            )
            for result, (judged, _) in zip(results, pairs, strict=True)
        ],
        by=batch.created_by,
    )


# Judging


@dataclass
class _Judged:
    seat: Seat
    scores: dict[int, Decimal] = field(default_factory=dict)


def _judge(batch: ResultImport, rows: Sequence[ResultRow]) -> dict[int, _Judged]:
    """Give every row its outcome and its errors; returns what the good ones say, by row number."""
    components = list(batch.entry.components.all())
    numbers = Counter(row.participant_number for row in rows)
    seats = {
        seat.participant_number: seat
        for seat in seats_of(batch.entry)
        .filter(participant_number__in=numbers)
        .select_related("proposal", "session", "result")
        .prefetch_related("result__scores")
    }
    judged = {}
    for row in rows:
        errors: list[tuple[str, str, str]] = []
        seat = seats.get(row.participant_number)
        if sentence := _wrong_person(row, seat, numbers):
            errors.append(("Nomor peserta", row.data["number"], sentence))
        scores = {}
        for component in components:
            written = row.data.get(f"c{component.pk}", "")
            score = _score(written)
            if score is None:
                errors.append((component.name, written, "Isi angka 0 sampai 100, misalnya 78,5."))
            else:
                scores[component.pk] = score
        row.errors = errors
        if errors or seat is None:
            row.outcome = Outcome.ERROR
            continue
        judged[row.number] = _Judged(seat, scores)
        row.outcome = _outcome(seat, scores, components)
    return judged


def _wrong_person(row: ResultRow, seat: Seat | None, numbers: Counter[str]) -> str:
    if not row.participant_number:
        return "Isi nomor peserta seperti pada kartu."
    if numbers[row.participant_number] > 1:
        return "Nomor ini ada lebih dari sekali dalam berkas. Sisakan satu baris."
    if seat is None:
        return "Nomor ini tidak dikenal pada periode dan jabatan ini."
    name = row.data.get("name", "")
    if name and sort_name(name) != sort_name(seat.proposal.name):
        return f"Nomor ini milik {seat.proposal.name}. Periksa nama dan nomornya."
    if seat.session.is_confirmed:
        return "Hasil sesinya sudah dipastikan dan terkunci."
    if not seat.attendance:
        return "Kehadirannya belum dicatat. Catat dahulu, lalu unggah lagi."
    if not seat.is_present:
        return "Peserta ini tercatat tidak hadir."
    return ""


def _score(written: str) -> Decimal | None:
    try:
        score = Decimal(written.replace(",", ".").strip())
    except InvalidOperation:
        return None
    if not score.is_finite() or not 0 <= score <= 100 or score != round(score, 2):
        return None
    return round(score, 2)


def _outcome(seat: Seat, scores: dict[int, Decimal], components: Iterable[TestComponent]) -> str:
    result = getattr(seat, "result", None)
    if result is None:
        return str(Outcome.NEW)
    before = {score.component_id: score.score for score in result.scores.all()}
    same = all(before.get(component.pk) == scores[component.pk] for component in components)
    return str(Outcome.SAME if same else Outcome.CHANGED)


def marked(batch: ResultImport) -> bytes:
    """The workbook as it was sent, with the errors beside the cells."""
    headers = {column.header: column.key for column in layout_of(batch.entry).columns}
    rows = (
        MarkedRow(
            row.data,
            {headers[header]: [sentence] for header, _, sentence in row.errors},
        )
        for row in batch.rows.order_by("number").iterator()
    )
    return write_marked(rows, {}, layout_of(batch.entry))
