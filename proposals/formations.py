"""Every transition of a formation: submitted, validated, returned."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.notifications.outbox import enqueue
from inpassing.timeline.events import record

from .models import (
    Formation,
    FormationLine,
)
from .people import operators_of


@transaction.atomic
def submit_formation(formation: Formation, *, by: User) -> Formation:
    """Hand a formation with rows and the signed table to BPS; nominations may then begin."""
    formation = (
        Formation.objects.select_for_update(of=("self",))
        .select_related("agency", "period", "position", "table", "calculation")
        .get(pk=formation.pk)
    )
    if not formation.is_editable:
        raise TransitionError(f"Formasi sudah {formation.get_status_display().lower()}.")
    if not formation.lines.exists():
        raise TransitionError("Formasi belum berisi jenjang. Tambahkan paling sedikit satu baris.")
    if formation.table is None:
        raise TransitionError("Tabel bertanda tangan belum diunggah. Unggah PDF-nya dahulu.")
    if formation.table.is_refused:
        raise TransitionError(f"Tabel bertanda tangan ditolak. {formation.table.message}")
    if formation.calculation is not None and formation.calculation.is_refused:
        raise TransitionError(
            f"Perhitungan kebutuhan ditolak. {formation.calculation.message} "
            "Ganti atau lepaskan berkas itu."
        )
    formation.status, formation.submitted_at = Formation.Status.SUBMITTED, timezone.now()
    formation.submitted_by = by
    formation.version += 1
    formation.save()
    record(formation, "formation.submitted", "Formasi dikirim ke BPS", by=by)
    return formation


@transaction.atomic
def validate_formation(
    formation: Formation,
    *,
    by: User,
    figures: Mapping[int, tuple[int, str]],
    version: int | None = None,
) -> Formation:
    """Record BPS's figure and reason per row (row id -> (posts to fill, reason)) and validate."""
    formation = _lock_formation(formation, version)
    if formation.status != Formation.Status.SUBMITTED:
        raise TransitionError(_formation_taken(formation))
    lines = list(formation.lines.all())
    for line in lines:
        line.validated, line.validation_note = figures[line.pk]
    FormationLine.objects.bulk_update(lines, ["validated", "validation_note"])
    formation.status, formation.note = Formation.Status.VALIDATED, ""
    formation.decided_by, formation.decided_at = by, timezone.now()
    formation.version += 1
    formation.save()
    event = record(formation, "formation.validated", "Formasi divalidasi", by=by)
    _tell_formation(formation, event.pk, "formation_validated")
    return formation


@transaction.atomic
def return_formation(
    formation: Formation, *, by: User, reason: str, version: int | None = None
) -> Formation:
    """Send a formation back to the operator with a reason."""
    formation = _lock_formation(formation, version)
    if formation.status not in {Formation.Status.SUBMITTED, Formation.Status.VALIDATED}:
        raise TransitionError(_formation_taken(formation))
    formation.status, formation.note = Formation.Status.RETURNED, reason
    formation.decided_by, formation.decided_at = by, timezone.now()
    formation.version += 1
    formation.save()
    event = record(formation, "formation.returned", "Formasi dikembalikan", by=by, note=reason)
    _tell_formation(formation, event.pk, "formation_returned", alasan=reason)
    return formation


def _lock_formation(formation: Formation, version: int | None) -> Formation:
    locked = (
        Formation.objects.select_for_update(of=("self",))
        .select_related("agency__region", "period", "position", "decided_by")
        .get(pk=formation.pk)
    )
    if version is not None and locked.version != version:
        raise StaleError(f"{_formation_taken(locked)} Putusan Anda tidak disimpan.")
    return locked


def _formation_taken(formation: Formation) -> str:
    who = f" oleh {formation.decided_by}" if formation.decided_by else ""
    return f"Formasi sekarang: {formation.get_status_display().lower()}{who}."


def _tell_formation(formation: Formation, event: int, template: str, **fields: str) -> None:
    for person in operators_of(formation.agency):
        enqueue(
            f"{template}:{event}:{person.pk}",
            to=person,
            template=template,
            fields={
                "jabatan": formation.position.name,
                "instansi": formation.agency.name,
                "periode": formation.period.name,
                **fields,
            },
            path=reverse("proposals:formation", args=[formation.pk]),
        )
