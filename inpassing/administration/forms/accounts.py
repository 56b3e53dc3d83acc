"""What an administrator types about offices, accounts, roles and scopes."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from inpassing.accounts.models import Agency, RoleGrant, SignerProfile, User, VerifierScope
from inpassing.reference.models import BpsOffice, Region


class OfficeForm(forms.ModelForm[BpsOffice]):
    """A BPS office as a test site."""

    class Meta:
        model = BpsOffice
        fields = ["name", "bps_code", "address", "contact", "tz", "capacity"]
        fields += ["every_second_seat", "is_active"]
        labels: ClassVar[dict[str, str]] = {"name": "Nama"}
        help_texts: ClassVar[dict[str, str]] = {
            "capacity": "Orang yang dapat duduk sekaligus di kantor ini.",
            "every_second_seat": "Hanya separuh kursi yang dipakai.",
        }
        widgets = {
            "tz": forms.Select(
                choices=[
                    ("Asia/Jakarta", "WIB"),
                    ("Asia/Makassar", "WITA"),
                    ("Asia/Jayapura", "WIT"),
                ]
            )
        }


class StaffForm(forms.ModelForm[User]):
    """A new BPS account; the username is chosen."""

    class Meta:
        model = User
        fields = ["username", "name", "title_before", "title_after", "nip", "email", "phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["nip"].required = False

    def clean_nip(self) -> str | None:
        nip = "".join((self.cleaned_data.get("nip") or "").split())
        if nip and not (nip.isdigit() and len(nip) == 18):
            raise forms.ValidationError("NIP harus 18 angka. Periksa kembali.")
        return nip or None

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("Alamat ini sudah dipakai akun lain. Pakai alamat lain.")
        return email


class GrantForm(forms.Form):
    """A role for a person, with its agency or office."""

    role = forms.ChoiceField(label="Peran", choices=RoleGrant.Role.choices)
    agency = forms.ModelChoiceField(
        label="Instansi",
        queryset=Agency.objects.active(),
        required=False,
        empty_label="Pilih instansi",
        help_text="Hanya untuk operator.",
    )
    office = forms.ModelChoiceField(
        label="Kantor BPS",
        queryset=BpsOffice.objects.filter(is_active=True),
        required=False,
        empty_label="Pilih kantor",
        help_text="Hanya untuk pengawas ujian.",
    )
    post = forms.CharField(
        label="Jabatan penanda tangan",
        max_length=100,
        required=False,
        help_text="Hanya untuk penanda tangan, misalnya Sekretaris Utama.",
    )
    capacity = forms.CharField(
        label="Atas nama",
        max_length=80,
        required=False,
        help_text="Misalnya a.n. Kepala Badan Pusat Statistik.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        role = data.get("role")
        if role == RoleGrant.Role.OPERATOR and not data.get("agency"):
            self.add_error("agency", "Pilih instansi operator ini.")
        if role == RoleGrant.Role.PROCTOR and not data.get("office"):
            self.add_error("office", "Pilih kantor pengawas ini.")
        if role == RoleGrant.Role.SIGNER and not data.get("post"):
            self.add_error("post", "Isi jabatan yang dicetak di surat.")
        return data


class ScopeForm(forms.ModelForm[VerifierScope]):
    """One line of a verifier's work; empty means all."""

    class Meta:
        model = VerifierScope
        fields = ["position", "province"]
        labels = {"position": "Jabatan", "province": "Provinsi"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].empty_label = "Semua jabatan"  # type: ignore[attr-defined]
        province: Any = self.fields["province"]
        province.queryset = Region.objects.filter(kind=Region.Kind.PROVINCE)
        province.empty_label = "Semua provinsi dan instansi pusat"


def save_signer_profile(user: User, *, post: str, capacity: str) -> None:
    """What the signer's block in a letter says."""
    SignerProfile.objects.update_or_create(user=user, defaults={"post": post, "capacity": capacity})
