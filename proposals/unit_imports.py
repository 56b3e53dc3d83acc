"""Work units from a file: its columns, what is said about a row, the saving of one.

The steps of a file (reading, judging, saving, the claim of the worker) are in `imports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inpassing.accounts.models import Agency, WorkUnit
from inpassing.formats import format_nip
from inpassing.reference.models import Rank

from . import work_units
from .forms.imports import KnownField, rank_words
from .forms.work_units import UnitRowForm
from .import_sheets import Column, Layout, MarkedRow, word_key, write_template
from .models import ImportBatch, ImportRow
from .work_units import UNIT_FIELDS

UNITS = Layout(
    "Unit kerja",
    (
        Column("name", "Nama unit kerja", 42, "Nama resmi", ("Unit kerja", "Nama unit")),
        Column("address", "Alamat", 42, "Boleh kosong"),
        Column("head_name", "Nama pimpinan", 34, "Dengan gelar, seperti pada surat dinas"),
        Column("head_nip", "NIP pimpinan", 24, "18 angka, boleh dengan spasi"),
        Column("head_rank", "Pangkat pimpinan", 18, "Pilih dari daftar, misalnya IV/c"),
        Column("head_post", "Jabatan pimpinan", 42, "Misalnya Kepala Dinas"),
        Column("head_capacity", "Kedudukan", 14, "Definitif, Plt., atau Plh."),
    ),
    2_000,
    "B2",
)
HEADERS = UNITS.headers


def drop_downs() -> dict[str, list[str]]:
    """The words of each drop-down list of the workbook, by column."""
    return {
        "head_rank": [rank.code for rank in Rank.objects.all()],
        "head_capacity": [str(label) for label in WorkUnit.Capacity.labels],
    }


def template_of(agency: Agency) -> bytes:
    """The workbook to fill in; the units that the agency has stand in it already."""
    rows = (MarkedRow(written(unit), {}) for unit in agency.work_units.all())
    return write_template(drop_downs(), UNITS, rows)


def written(unit: WorkUnit) -> dict[str, str]:
    """A unit as a file has it."""
    return {
        "name": unit.name,
        "address": unit.address,
        "head_name": unit.head_name,
        "head_nip": format_nip(unit.head_nip) if unit.head_nip else "",
        "head_rank": unit.head_rank_id or "",
        "head_post": unit.head_post,
        "head_capacity": str(unit.get_head_capacity_display()),
    }


@dataclass
class JudgedUnit:
    """What the validators say about one row; it never has to do with a proposal."""

    outcome: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    unit: WorkUnit | None = None
    values: dict[str, object] = field(default_factory=dict)
    proposal: None = None


class UnitJudge:
    """Judges the rows of one chunk; what a row is compared with is read beforehand: three
    queries, however many rows. Before saving the names are locked, so that what is found free
    stays so."""

    def __init__(self, batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
        self.agency = batch.agency
        if batch.state == ImportBatch.State.SAVING:
            work_units.lock_names(batch.agency)
        self.rank_field = KnownField(
            rank_words(Rank.objects.all()),
            "Tulis golongan ruang, misalnya IV/c.",
            required=False,
        )
        self.units: dict[str, list[WorkUnit]] = {}
        for unit in batch.agency.work_units.select_related("head_rank"):
            self.units.setdefault(word_key(unit.name), []).append(unit)
        self.twins: dict[str, list[int]] = {}
        for number, name in batch.rows.order_by("number").values_list("number", "data__name"):
            self.twins.setdefault(word_key(name), []).append(number)

    def look_at(self, row: ImportRow) -> JudgedUnit:
        """The outcome of a row, with all of its errors."""
        form = UnitRowForm(
            row.data, agency=self.agency, rank_field=self.rank_field, others=self.units
        )
        is_valid = form.is_valid()
        errors = form.errors_by_column()
        key = word_key(row.data["name"])
        others = [str(number) for number in self.twins.get(key, []) if number != row.number]
        if key and others:
            errors.setdefault("name", []).append(
                f"Unit ini juga ada pada baris {', '.join(others[:3])}. Sisakan satu."
            )
        if errors or not is_valid:
            return JudgedUnit(ImportRow.Outcome.ERROR, errors=errors)
        values = form.values()
        known = self.units.get(key, [])
        if not known:
            return JudgedUnit(ImportRow.Outcome.NEW, values=values)
        unit = known[0]
        changed = [name for name in UNIT_FIELDS if getattr(unit, name) != values[name]]
        if not changed:
            return JudgedUnit(ImportRow.Outcome.SAME, unit=unit, values=values)
        return JudgedUnit(
            ImportRow.Outcome.CHANGED,
            warnings=_warnings(unit, values, changed),
            changes=[HEADERS[name] for name in changed],
            unit=unit,
            values=values,
        )


def _warnings(unit: WorkUnit, values: dict[str, object], changed: Sequence[str]) -> list[str]:
    """What does not stand in the way, but should be seen."""
    found = []
    emptied = [HEADERS[name] for name in changed if not values[name] and name != "head_capacity"]
    if emptied:
        found.append(f"Isi yang tersimpan akan dikosongkan: {', '.join(emptied)}.")
    if not unit.is_active:
        found.append("Unit ini tersimpan sebagai tidak dipakai, dan tetap demikian.")
    return found


def save_rows(batch: ImportBatch, good: Sequence[tuple[ImportRow, JudgedUnit]]) -> None:
    """Write good rows, judged under the lock of the names, and note their results."""
    new = [judged.values for _, judged in good if judged.unit is None]
    work_units.add_units(batch.agency, new, by=batch.created_by)
    for row, judged in good:
        if judged.unit is None:
            row.result = ImportRow.Result.CREATED
        else:
            work_units.write_unit(judged.unit, judged.values, by=batch.created_by)
            row.result = ImportRow.Result.CHANGED
