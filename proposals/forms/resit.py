"""In which period somebody is proposed again."""

from __future__ import annotations

from typing import Any

from django import forms

from inpassing.reference.models import Period


class ProposeAgainForm(forms.Form):
    """One of the periods that take nominations now; the only one is chosen already."""

    period = forms.ModelChoiceField(
        label="Periode",
        queryset=Period.objects.none(),
        empty_label="Pilih periode",
        error_messages={"required": "Pilih periode pengusulan."},
    )

    def __init__(self, *args: Any, periods: list[Period], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["period"]
        field.queryset = Period.objects.filter(pk__in=[period.pk for period in periods])
        if len(periods) == 1:
            field.initial, field.empty_label = periods[0].pk, None
