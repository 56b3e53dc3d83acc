"""What an operator does with the agency's work units: add, change.

A unit is known by its name as it is compared (case, accents, spaces and signs do not count): once
per agency, kept so by the lock of the agency's row.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from inpassing.accounts.models import Agency, User, WorkUnit
from inpassing.errors import TransitionError
from inpassing.timeline.events import record, record_many

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
    units = agency.work_units.only("pk", "name")
    same = (unit for unit in units if unit.pk != besides and word_key(unit.name) == key)
    return next(same, None)


@transaction.atomic
def create_unit(agency: Agency, values: dict[str, object], *, by: User) -> WorkUnit:
    """Add a unit; refused when the agency has one of that name by now."""
    lock_names(agency)
    _expect_free_name(agency, str(values["name"]))
    return add_units(agency, [values], by=by)[0]


@transaction.atomic
def change_unit(unit: WorkUnit, values: dict[str, object], *, by: User) -> WorkUnit:
    """Write what was typed; nothing is written, and no event, when nothing changed."""
    lock_names(unit.agency)
    unit = WorkUnit.objects.select_for_update(of=("self",)).select_related("agency").get(pk=unit.pk)
    _expect_free_name(unit.agency, str(values["name"]), besides=unit.pk)
    write_unit(unit, values, by=by)
    return unit


def add_units(agency: Agency, rows: Sequence[dict[str, object]], *, by: User) -> list[WorkUnit]:
    """Add units whose names the caller has found free under `lock_names`."""
    units = WorkUnit.objects.bulk_create(WorkUnit(agency=agency, **values) for values in rows)
    label = "Unit kerja ditambahkan"
    record_many("work_unit.created", [(unit, label, {}) for unit in units], by=by)
    return units


def write_unit(unit: WorkUnit, values: dict[str, object], *, by: User) -> None:
    """Change a unit whose new name the caller has found free under `lock_names`."""
    changed = [name for name, value in values.items() if getattr(unit, name) != value]
    if changed:
        for name in changed:
            setattr(unit, name, values[name])
        unit.save(update_fields=changed)
        record(unit, "work_unit.changed", "Unit kerja diubah", by=by, data={"fields": changed})


def lock_names(agency: Agency) -> None:
    """Until the transaction ends nobody else names a unit of the agency."""
    # FOR NO KEY UPDATE: orders changes of names without holding up rows that name the agency.
    Agency.objects.select_for_update(no_key=True).only("pk").get(pk=agency.pk)


def _expect_free_name(agency: Agency, name: str, *, besides: int | None = None) -> None:
    if other := namesake(agency, name, besides=besides):
        raise TransitionError(f"Unit kerja “{other.name}” sudah ada. Ubah yang itu.")
