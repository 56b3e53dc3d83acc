"""Which proposals are decided at once, and the confirmation."""

from __future__ import annotations

from django import forms

from proposals.forms.batches import IdsField


class ChoiceForm(forms.Form):
    """The ticked proposals (`usulan`), or with `semua` every one that the desk's filters find."""

    usulan = IdsField(required=False)
    semua = forms.BooleanField(required=False)


class StartForm(forms.Form):
    """What the page that asks sends along: its own key, and what it showed."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
