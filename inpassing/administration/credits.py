"""The credit points of a period, golongan x education x years in rank, read whole from a file."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from django.db import transaction

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.formats import format_number
from inpassing.reference.models import EducationLevel, InpassingCredit, Period, Rank
from inpassing.timeline.events import record
from proposals.import_sheets import Column, Layout, MarkedRow, read_table, word_key, write_template

YEARS = ["Kurang dari 1 tahun", "1 tahun", "2 tahun", "3 tahun", "4 tahun atau lebih"]
LAYOUT = Layout(
    "Angka kredit",
    (
        Column("rank", "Golongan ruang", 16, "Misalnya III/a", ("Golongan", "Pangkat")),
        Column("education", "Pendidikan", 16, "Misalnya S1"),
        *(
            Column(f"y{years}", header, 18, "Boleh kosong", (f"{years}",))
            for years, header in enumerate(YEARS)
        ),
    ),
    500,
    "C2",
)
MOST = Decimal("99999.999")


def table_of(period: Period) -> list[tuple[str, str, list[str]]]:
    """The stored table: golongan, education, and a cell per year, "" where there is none."""
    cells: dict[tuple[str, str], list[str]] = {}
    credits = InpassingCredit.objects.filter(period=period).order_by(
        "rank__order", "education__order", "education"
    )
    for credit in credits:
        row = cells.setdefault((credit.rank_id, credit.education_id), [""] * len(YEARS))
        row[credit.years_in_rank] = format_number(credit.credit)
    return [(rank, education, row) for (rank, education), row in cells.items()]


def template(period: Period) -> bytes:
    """The workbook to fill in, with what is stored."""
    rows = (
        MarkedRow(
            {"rank": rank, "education": education, **{f"y{n}": cell for n, cell in enumerate(row)}},
            {},
        )
        for rank, education, row in table_of(period)
    )
    lists = {
        "rank": list(Rank.objects.values_list("code", flat=True)),
        "education": list(EducationLevel.objects.values_list("code", flat=True)),
    }
    return write_template(lists, LAYOUT, rows)


def read(data: bytes) -> tuple[list[InpassingCredit], list[str]]:
    """The cells of a file (without a period), and every error as a sentence with its row.

    SheetError when it is no table.
    """
    ranks = {word_key(code): code for code in Rank.objects.values_list("code", flat=True)}
    educations = {
        word_key(code): code for code in EducationLevel.objects.values_list("code", flat=True)
    }
    cells: list[InpassingCredit] = []
    errors: list[str] = []
    seen: set[tuple[str, str]] = set()
    for row in read_table(data, LAYOUT).rows:
        rank = ranks.get(word_key(row.values["rank"]), "")
        education = educations.get(word_key(row.values["education"]), "")
        if not rank:
            errors.append(f"Baris {row.number}: golongan “{row.values['rank']}” tidak dikenal.")
        if not education:
            written = row.values["education"]
            errors.append(f"Baris {row.number}: pendidikan “{written}” tidak dikenal.")
        if rank and education and (rank, education) in seen:
            errors.append(f"Baris {row.number}: {rank} dengan {education} sudah ada di atas.")
        seen.add((rank, education))
        for years, header in enumerate(YEARS):
            written = row.values[f"y{years}"]
            if not written:
                continue
            points = _points(written)
            if points is None:
                errors.append(
                    f"Baris {row.number}, {header}: “{written}” bukan angka kredit. Tulis seperti "
                    "104,500; paling banyak tiga angka di belakang koma."
                )
                continue
            cells.append(
                InpassingCredit(
                    rank_id=rank, education_id=education, years_in_rank=years, credit=points
                )
            )
    return cells, errors


def _points(written: str) -> Decimal | None:
    try:
        points = Decimal(written.replace(",", "."))
    except InvalidOperation:
        return None
    if not points.is_finite() or not 0 <= points <= MOST or points != round(points, 3):
        return None
    return points


@transaction.atomic
def replace(period: Period, cells: Iterable[InpassingCredit], *, by: User, reason: str = "") -> int:
    """Put these cells in the place of the period's table; returns how many there are now."""
    period = Period.objects.select_for_update().get(pk=period.pk)
    if period.status == Period.Status.CLOSED:
        raise TransitionError("Periode sudah ditutup. Aturannya tetap seperti waktu dipakai.")
    before = InpassingCredit.objects.filter(period=period).delete()[0]
    for cell in (cells := list(cells)):
        cell.period = period
    InpassingCredit.objects.bulk_create(cells)
    record(
        period,
        "period.rules_changed",
        "Diubah: angka kredit",
        by=by,
        note=reason,
        data={"section": "angka-kredit", "before": before, "after": len(cells)},
    )
    return len(cells)
