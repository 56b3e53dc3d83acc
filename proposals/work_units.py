"""What an operator does with the agency's work units: add, change.

A unit is known by its name as it is compared (case, accents, spaces and signs do not count): once
per agency, kept so by the lock of the agency's row.
"""

from __future__ import annotations

from django.db import transaction

from inpassing.accounts.models import Agency, User, WorkUnit
from inpassing.errors import TransitionError
from inpassing.timeline.events import record

from .import_sheets import word_key

# What the operator types; a file of units holds the same.
UNIT_FIELDS = (
    "name",
    "address",
    "head_name",
    "head_nip",
    "head_rank",
    "head_post",
    "head_capacity",
)


def namesake(agency: Agency, name: str, *, besides: int | None = None) -> WorkUnit | None:
    """The agency's unit with this name, however it is spelled; one query."""
    key = word_key(name)
    units = agency.work_units.exclude(pk=besides).only("pk", "name")
    return next((unit for unit in units if word_key(unit.name) == key), None)


@transaction.atomic
def create_unit(agency: Agency, values: dict[str, object], *, by: User) -> WorkUnit:
    """Add a unit; refused when the agency has one of that name by now."""
    _lock(agency)
    unit = WorkUnit(agency=agency, **values)
    _expect_free_name(unit)
    unit.save()
    record(unit, "work_unit.created", "Unit kerja ditambahkan", by=by)
    return unit


@transaction.atomic
def change_unit(unit: WorkUnit, values: dict[str, object], *, by: User) -> WorkUnit:
    """Write what was typed; nothing is written, and no event, when nothing changed."""
    _lock(unit.agency)
    unit = WorkUnit.objects.select_for_update(of=("self",)).select_related("agency").get(pk=unit.pk)
    changed = [name for name, value in values.items() if getattr(unit, name) != value]
    if not changed:
        return unit
    for name in changed:
        setattr(unit, name, values[name])
    _expect_free_name(unit)
    unit.save(update_fields=changed)
    record(unit, "work_unit.changed", "Unit kerja diubah", by=by, data={"fields": changed})
    return unit


def _lock(agency: Agency) -> None:
    # FOR NO KEY UPDATE: orders changes of names without holding up rows that name the agency.
    Agency.objects.select_for_update(no_key=True).only("pk").get(pk=agency.pk)


def _expect_free_name(unit: WorkUnit) -> None:
    if other := namesake(unit.agency, unit.name, besides=unit.pk):
        raise TransitionError(f"Unit kerja “{other.name}” sudah ada. Ubah yang itu.")
