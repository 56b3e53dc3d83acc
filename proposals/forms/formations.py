"""What an operator may type about a formation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from inpassing.accounts.models import WorkUnit
from inpassing.reference.models import PositionLevel

from ..models import Formation, FormationLine
from .fields import PdfField

MOST_POSTS = 9999
NUMBER_ERRORS = {
    "invalid": "Tulis angka bulat, misalnya 8.",
    "min_value": "Angka tidak boleh kurang dari 0.",
    "max_value": f"Angka tidak boleh lebih dari {MOST_POSTS}.",
}


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


class TableForm(forms.Form):
    """The PDF of the signed table."""

    table = PdfField(
        label="Tabel bertanda tangan",
        help_text="Satu PDF, paling besar 2 MB, ditandatangani pejabat yang berwenang.",
    )
