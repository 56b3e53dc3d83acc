"""What an operator may type about a formation."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q

from inpassing.accounts.models import WorkUnit
from inpassing.reference.models import FormationColumn, PositionLevel

from ..models import Formation, FormationLine
from .fields import PdfField

MOST_POSTS = 9999
NUMBER_ERRORS = {
    "invalid": "Tulis angka bulat, misalnya 8.",
    "min_value": "Angka tidak boleh kurang dari 0.",
    "max_value": f"Angka tidak boleh lebih dari {MOST_POSTS}.",
}

EXTRA_ERRORS = {
    "invalid": "Tulis angka, misalnya 12 atau 12,5.",
    "min_value": "Angka tidak boleh kurang dari 0.",
    "max_digits": "Angka terlalu panjang. Paling banyak 12 angka.",
    "max_whole_digits": "Angka terlalu besar. Paling banyak 9 angka di depan koma.",
    "max_decimal_places": "Paling banyak 3 angka di belakang koma.",
}


class AmountField(forms.DecimalField):
    """A number as people write it: 12, 12,5 or 1.250,75."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(localize=True, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # DecimalField does the same
        if isinstance(value, str) and re.fullmatch(
            r"\s*[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?\s*", value
        ):
            value = value.replace(".", "")
        return super().to_python(value)


class LineForm(forms.Form):
    """One row: level, unit, posts needed and filled."""

    level = forms.ModelChoiceField(
        PositionLevel.objects.none(), label="Jenjang", empty_label="Pilih jenjang"
    )
    work_unit = forms.ModelChoiceField(
        WorkUnit.objects.none(),
        label="Unit kerja",
        required=False,
        empty_label="Seluruh instansi",
    )
    needed = forms.IntegerField(
        label="Kebutuhan",
        min_value=0,
        max_value=MOST_POSTS,
        error_messages=NUMBER_ERRORS,
        help_text="Jumlah jabatan yang dibutuhkan menurut perhitungan.",
        widget=forms.NumberInput(attrs={"class": "w-short", "inputmode": "numeric"}),
    )
    filled = forms.IntegerField(
        label="Terisi",
        min_value=0,
        max_value=MOST_POSTS,
        error_messages=NUMBER_ERRORS,
        help_text="Jumlah pejabat fungsional yang ada sekarang.",
        widget=forms.NumberInput(attrs={"class": "w-short", "inputmode": "numeric"}),
    )

    def __init__(
        self, *args: Any, formation: Formation, line: FormationLine | None = None, **kwargs: Any
    ) -> None:
        if line:
            kwargs["initial"] = {
                "level": line.level_id,
                "work_unit": line.work_unit_id,
                "needed": line.needed,
                "filled": line.filled,
            }
        super().__init__(*args, **kwargs)
        self.columns = list(formation.period.formation_columns.all())
        for column in self.columns:
            field = self.fields[f"extra_{column.pk}"] = _extra_field(column)
            text = line.extra.get(str(column.pk), "") if line else ""
            field.initial = Decimal(text) if text and column.is_number else text
        level = self.fields["level"]
        level.queryset = PositionLevel.objects.filter(  # type: ignore[attr-defined]
            position=formation.position,
            pk__in=formation.period.period_levels.values("level"),
        ).select_related("position")
        level.label_from_instance = lambda level: level.short_name  # type: ignore[attr-defined]
        units = formation.agency.work_units.filter(
            Q(is_active=True) | Q(pk=line.work_unit_id if line else None)
        )
        if units.exists():
            self.fields["work_unit"].queryset = units  # type: ignore[attr-defined]
        else:
            del self.fields["work_unit"]

    def extra(self) -> dict[str, str]:
        """What stands in the period's own columns: id -> text; empty ones are left out."""
        typed = {str(c.pk): self.cleaned_data.get(f"extra_{c.pk}") for c in self.columns}
        return {key: str(value) for key, value in typed.items() if value not in (None, "")}


def _extra_field(column: FormationColumn) -> forms.Field:
    if column.is_number:
        return AmountField(
            label=column.label,
            required=False,
            min_value=0,
            max_digits=12,
            decimal_places=3,
            error_messages=EXTRA_ERRORS,
            widget=forms.TextInput(attrs={"class": "w-short", "inputmode": "decimal"}),
        )
    return forms.CharField(label=column.label, required=False, max_length=200)


class CalculationForm(forms.Form):
    """The PDF of the calculation behind the table."""

    calculation = PdfField(
        label="Perhitungan kebutuhan",
        help_text="Boleh tidak ada. Satu PDF, paling besar 2 MB.",
    )


class TableForm(forms.Form):
    """The PDF of the signed table."""

    table = PdfField(
        label="Tabel bertanda tangan",
        help_text="Satu PDF, paling besar 2 MB, ditandatangani pejabat yang berwenang.",
    )
