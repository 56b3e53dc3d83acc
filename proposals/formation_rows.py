"""Filling a formation: its rows and its signed table, each change under the formation's lock."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from inpassing.accounts.models import Agency, User, WorkUnit
from inpassing.errors import TransitionError
from inpassing.files.storage import store_upload
from inpassing.reference.models import Period, Position, PositionLevel
from inpassing.timeline.events import record

from .ledger import ledger
from .models import Formation, FormationLine, Proposal


def create_formation(agency: Agency, period: Period, position: Position, *, by: User) -> Formation:
    """The agency's formation for the position; making it twice gives the first."""
    if period.status != Period.Status.OPEN:
        raise TransitionError(f"{period.name} tidak dibuka. Formasi tidak dapat dibuat.")
    if not period.period_positions.filter(position=position).exists():
        raise TransitionError(f"{position.name} tidak dibuka pada {period.name}.")
    with transaction.atomic():
        formation, created = Formation.objects.get_or_create(
            agency=agency, period=period, position=position
        )
        if created:
            record(formation, "formation.created", "Formasi dibuat", by=by)
    return formation


@transaction.atomic
def put_line(
    formation: Formation,
    *,
    by: User,
    level: PositionLevel,
    work_unit: WorkUnit | None,
    needed: int,
    filled: int,
    extra: Mapping[str, str] | None = None,
    line: FormationLine | None = None,
) -> FormationLine:
    """Add a row, or change `line`. Refused when its level would fall below what is used.

    `extra` is what stands in the period's own columns (id -> text). Falling below what is reserved
    is allowed; the ledger then shows the over-run.
    """
    formation = _lock_editable(formation)
    if line is None:
        line = FormationLine(formation=formation)
    else:
        line = formation.lines.select_for_update(of=("self",)).filter(pk=line.pk).first()
        if line is None:
            raise TransitionError("Baris ini sudah dihapus. Muat ulang halaman formasi.")
    old_level = line.level if line.pk else None
    line.level, line.work_unit, line.needed, line.filled = level, work_unit, needed, filled
    line.extra = dict(extra or {})
    # BPS's figure was for the row as it was.
    line.validated, line.validation_note = None, ""
    try:
        with transaction.atomic():
            line.save()
    except IntegrityError:
        unit = f" di {work_unit}" if work_unit else ""
        raise TransitionError(
            f"Jenjang {level.short_name}{unit} sudah ada. Ubah baris itu."
        ) from None
    _check_used(formation, {level, old_level or level})
    _changed(formation)
    record(
        formation,
        "formation.line_changed" if old_level else "formation.line_added",
        f"Baris {level.short_name} {'diubah' if old_level else 'ditambahkan'}",
        by=by,
        data={"line": line.pk, "level": level.code, "needed": needed, "filled": filled},
    )
    return line


@transaction.atomic
def remove_line(formation: Formation, line: FormationLine, *, by: User) -> None:
    """Take a row out; refused when its level would fall below what is used."""
    formation = _lock_editable(formation)
    found = formation.lines.select_related("level__position").filter(pk=line.pk).first()
    if found is None:
        return
    found.delete()
    _check_used(formation, {found.level})
    _changed(formation)
    record(
        formation,
        "formation.line_removed",
        f"Baris {found.level.short_name} dihapus",
        by=by,
        data={"line": line.pk, "level": found.level.code},
    )


@transaction.atomic
def attach_table(formation: Formation, upload: UploadedFile, *, by: User) -> Formation:
    """Put the PDF of the signed table in; the earlier file stays stored."""
    formation = _lock_editable(formation)
    formation.table = store_upload(upload, owner=formation, by=by)
    _changed(formation, "table")
    record(
        formation,
        "formation.table_uploaded",
        "Tabel bertanda tangan diunggah",
        by=by,
        data={"sha256": formation.table.sha256},
    )
    return formation


@transaction.atomic
def attach_calculation(formation: Formation, upload: UploadedFile, *, by: User) -> Formation:
    """Put the PDF of the calculation in, which nobody must; the earlier file stays stored."""
    formation = _lock_editable(formation)
    formation.calculation = store_upload(upload, owner=formation, by=by)
    _changed(formation, "calculation")
    record(
        formation,
        "formation.calculation_uploaded",
        "Perhitungan kebutuhan diunggah",
        by=by,
        data={"sha256": formation.calculation.sha256},
    )
    return formation


@transaction.atomic
def remove_calculation(formation: Formation, *, by: User) -> Formation:
    """Take the calculation out again; the file stays stored."""
    formation = _lock_editable(formation)
    if formation.calculation_id is None:
        return formation
    formation.calculation = None
    _changed(formation, "calculation")
    record(formation, "formation.calculation_removed", "Perhitungan kebutuhan dilepas", by=by)
    return formation


def _lock_editable(formation: Formation) -> Formation:
    locked = (
        Formation.objects.select_for_update(of=("self",))
        .select_related("agency__region", "period", "position")
        .get(pk=formation.pk)
    )
    if not locked.is_editable:
        raise TransitionError(
            f"Formasi terkunci. Keadaan sekarang: {locked.get_status_display().lower()}. "
            "Minta BPS mengembalikannya bila harus diubah."
        )
    return locked


def _changed(formation: Formation, *fields: str) -> None:
    formation.version += 1
    formation.save(update_fields=["version", *fields])


def _check_used(formation: Formation, levels: set[PositionLevel]) -> None:
    """Raise, so that the caller's transaction is undone, when a level is below what is used."""
    lines = {entry.level.pk: entry for entry in ledger(formation)}
    for level in levels:
        entry = lines.get(level.pk)
        vacancy, used = (entry.vacancy, entry.used) if entry else (0, _used_at(formation, level))
        if vacancy < used:
            raise TransitionError(
                f"{level.short_name}: {used} formasi sudah dipakai rekomendasi. "
                f"Lowongan tidak boleh kurang dari {used}."
            )


def _used_at(formation: Formation, level: PositionLevel) -> int:
    return (
        Proposal.objects.holding_post()
        .filter(agency=formation.agency, period=formation.period, level=level)
        .count()
    )
