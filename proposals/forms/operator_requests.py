"""What an employee types to ask for an operator account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from inpassing.accounts.models import Agency, sort_name
from inpassing.reference.models import Region

from .fields import MailField, NipField, PdfField, PhoneField

CENTRAL_KINDS = [
    (kind.value, kind.label)
    for kind in (
        Agency.Kind.MINISTRY,
        Agency.Kind.LPNK,
        Agency.Kind.STATE_SECRETARIAT,
        Agency.Kind.LNS_SECRETARIAT,
    )
]


class AgencySearchForm(forms.Form):
    """The first step: find the agency."""

    q = forms.CharField(
        label="Nama instansi atau daerah",
        max_length=100,
        required=False,
        help_text="Paling sedikit 3 huruf, misalnya baubau atau kementerian.",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class OperatorRequestForm(forms.Form):
    """The second step: the employee and the assignment letter."""

    name = forms.CharField(
        label="Nama lengkap",
        max_length=150,
        help_text="Dengan gelar.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    nip = NipField()
    office_email = MailField(
        label="Email kantor",
        help_text="Tautan konfirmasi dan akun dikirim ke alamat ini.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    email = MailField(label="Email pribadi", required=False)
    phone = PhoneField(label="Telepon", help_text="Nomor yang dapat dihubungi BPS.")
    letter_number = forms.CharField(label="Nomor surat tugas", max_length=100)
    letter = PdfField(
        label="Surat tugas", help_text="Satu PDF, paling besar 2 MB, sudah ditandatangani."
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors and cleaned.get("letter"):
            self.add_error(
                "letter",
                "Pilih lagi berkas surat tugas. Peramban tidak menyimpan berkas yang dipilih.",
            )
        return cleaned

    def request_values(self) -> dict[str, str]:
        """The request's own fields, without the file."""
        values = {
            name: self.cleaned_data[name]
            for name in ("name", "office_email", "email", "phone", "letter_number")
        }
        return values | {"nip": self.cleaned_data["nip"].digits}


class UnlistedAgencyForm(OperatorRequestForm):
    """The same for a central agency that is not in the list: by name and kind."""

    agency_name = forms.CharField(label="Nama instansi", max_length=150, help_text="Nama resmi.")
    agency_kind = forms.ChoiceField(
        label="Jenis instansi", choices=CENTRAL_KINDS, widget=forms.RadioSelect
    )
    field_order = ["agency_name", "agency_kind"]

    def clean_agency_name(self) -> str:
        name: str = " ".join(self.cleaned_data["agency_name"].split())
        key = sort_name(name)
        if Agency.objects.filter(name_key=key).exists() or _is_region(key):
            raise ValidationError(
                f"{name} sudah ada di daftar. Kembali ke pencarian, lalu pilih dari sana.",
                code="listed",
            )
        if not key:
            raise ValidationError("Nama instansi tidak berisi huruf. Ketik nama resminya.")
        return name

    def request_values(self) -> dict[str, str]:
        return super().request_values() | {
            "agency_name": self.cleaned_data["agency_name"],
            "agency_kind": self.cleaned_data["agency_kind"],
        }


class LetterAgainForm(forms.Form):
    """Another assignment letter, in place of one that the inspector has refused."""

    letter = PdfField(
        label="Surat tugas pengganti",
        help_text="Satu PDF, paling besar 2 MB, sudah ditandatangani.",
    )


class ResendForm(forms.Form):
    """Who asked before and wants the confirmation mail once more."""

    nip = NipField()
    office_email = MailField(
        label="Email kantor", help_text="Alamat yang Anda tulis di permohonan."
    )


def _is_region(key: str) -> bool:
    """Whether a normalised name is that of a region's government, however it is spaced."""
    words = key.removeprefix("pemerintah ").removeprefix("provinsi ").replace(" ", "")
    names = Region.objects.values_list("name", flat=True)
    return any(sort_name(name).replace(" ", "") == words for name in names)
