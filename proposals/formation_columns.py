"""The columns that an administrator adds to every formation of a period."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.reference.models import FormationColumn, Period
from inpassing.timeline.events import record

from .models import FormationLine

MOST_COLUMNS = 8


@transaction.atomic
def put_column(
    period: Period,
    *,
    by: User,
    label: str,
    kind: str,
    order: int,
    column: FormationColumn | None = None,
) -> FormationColumn:
    """Add a column, or change `column`; a column that holds something keeps its kind."""
    period = Period.objects.select_for_update().get(pk=period.pk)
    if column is None:
        if period.formation_columns.count() >= MOST_COLUMNS:
            raise TransitionError(
                f"Paling banyak {MOST_COLUMNS} kolom tambahan. Hapus satu kolom dahulu."
            )
        column = FormationColumn(period=period)
    elif column.kind != kind and (used := rows_with(column)):
        raise TransitionError(
            f"Kolom {column.label} sudah diisi pada {used} baris. Jenis isinya tidak dapat diubah; "
            "tambahkan kolom baru."
        )
    is_new = column.pk is None
    column.label, column.kind, column.order = label, kind, order
    try:
        with transaction.atomic():
            column.save()
    except IntegrityError:
        raise TransitionError(f"Kolom {label} sudah ada. Pakai judul lain.") from None
    record(
        period,
        "period.column_added" if is_new else "period.column_changed",
        f"Kolom formasi {'ditambahkan' if is_new else 'diubah'}",
        by=by,
        data={"column": column.pk, "kind": kind},
    )
    return column


@transaction.atomic
def remove_column(column: FormationColumn, *, by: User) -> None:
    """Take a column out; refused once a formation holds something in it."""
    period = Period.objects.select_for_update().get(pk=column.period_id)
    if used := rows_with(column):
        raise TransitionError(
            f"Kolom {column.label} sudah diisi pada {used} baris formasi. Kolom ini tidak dapat "
            "dihapus."
        )
    pk = column.pk
    if FormationColumn.objects.filter(pk=pk).delete()[0]:
        record(period, "period.column_removed", "Kolom formasi dihapus", by=by, data={"column": pk})


def rows_with(column: FormationColumn) -> int:
    """How many rows of formations hold something in the column."""
    lines = FormationLine.objects.filter(formation__period=column.period_id)
    return lines.filter(extra__has_key=str(column.pk)).count()
