"""What an operator keeps about the own agency."""

from __future__ import annotations

from typing import Any

from django import forms

AGENCY_FIELDS = ("personnel_office", "address", "city", "phone")


class AgencyForm(forms.Form):
    """The letterhead of the agency's papers, and whom its people may ask."""

    personnel_office = forms.CharField(label="Unit kepegawaian", max_length=150, required=False)
    address = forms.CharField(label="Alamat", max_length=300, required=False)
    city = forms.CharField(
        label="Kota",
        max_length=100,
        required=False,
        help_text="Ditulis di depan tanggal surat.",
    )
    phone = forms.CharField(label="Telepon", max_length=40, required=False)

    def __init__(self, *args: Any, is_regional: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        example = "BKPSDM Kota Baubau" if is_regional else "Biro Kepegawaian"
        self.fields["personnel_office"].help_text = f"Misalnya {example}."
