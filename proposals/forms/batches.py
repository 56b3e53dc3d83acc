"""Which drafts are nominated at once: those ticked, or all that a filter finds."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from inpassing.reference.models import Period

MOST_TICKED = 500


class IdsField(forms.Field):
    """Many ids under one name, as ticked boxes send them; what is no id is left out."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: list[str] | None) -> list[int]:
        ids = {int(text) for text in value or [] if text.isascii() and text.isdigit()}
        if len(ids) > MOST_TICKED:
            raise ValidationError(f"Paling banyak {MOST_TICKED} calon dapat dipilih satu per satu.")
        return sorted(pk for pk in ids if pk < 2**63)


class ChoiceForm(forms.Form):
    """The ticked drafts (`calon`), or with `semua` every draft that name and period find."""

    q = forms.CharField(required=False, max_length=100)
    periode = forms.ModelChoiceField(Period.objects.all(), required=False)
    calon = IdsField(required=False)
    semua = forms.BooleanField(required=False)


class StartForm(forms.Form):
    """What the page that asks sends along: its own key, and how many drafts it named."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    jumlah = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
