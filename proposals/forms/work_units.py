"""A work unit and its head."""

from __future__ import annotations

from typing import Any

from django import forms

from inpassing.accounts.models import Agency, WorkUnit

from .fields import NipField


class WorkUnitForm(forms.ModelForm[WorkUnit]):
    """Name, address and head of a work unit; statements are printed for the head's signature."""

    head_nip = NipField(label="NIP pimpinan", required=False)

    class Meta:
        model = WorkUnit
        fields = [
            "name",
            "address",
            "head_name",
            "head_nip",
            "head_rank",
            "head_post",
            "head_capacity",
            "is_active",
        ]
        help_texts = {
            "head_name": "Dengan gelar, seperti pada surat dinas.",
            "head_post": "Misalnya Kepala Dinas Komunikasi dan Informatika.",
            "is_active": "Unit yang tidak dipakai tidak muncul lagi di pilihan.",
        }

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agency = agency
        self.instance.agency = agency
        if not self.instance.pk:
            del self.fields["is_active"]

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        same = WorkUnit.objects.filter(agency=self.agency, name__iexact=name)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Unit kerja dengan nama ini sudah ada. Ubah yang itu.")
        return name

    def clean_head_nip(self) -> str:
        nip = self.cleaned_data.get("head_nip")
        return nip.digits if nip else ""
