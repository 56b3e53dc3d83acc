"""What an administrator types."""

from __future__ import annotations

import itertools
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from inpassing.accounts.models import Agency, RoleGrant, SignerProfile, User, VerifierScope
from inpassing.reference.models import BpsOffice, Period, Position, Region

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class PeriodForm(forms.ModelForm[Period]):
    """The dates and settings of a period. A change after opening needs a reason."""

    reason = forms.CharField(
        label="Alasan perubahan",
        help_text="Dicatat di linimasa dan dikirim kepada semua operator.",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )
    open_positions = forms.ModelMultipleChoiceField(
        label="Jabatan yang dibuka",
        queryset=Position.objects.all(),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Period
        fields = [
            "name",
            "number",
            "year",
            "legal_basis",
            "opens_at",
            "nomination_deadline",
            "filing_deadline",
            "verification_until",
            "test_from",
            "test_until",
            "results_at",
            "ends_on",
            "recommendation_on",
            "appointment_by",
            "min_filling_days",
            "repair_days",
            "grace_minutes",
            "age_reference_on",
            "rank_mismatch_is_warning",
            "contact_name",
            "contact_phone",
            "contact_email",
        ]
        widgets = {
            "opens_at": MOMENT,
            "nomination_deadline": MOMENT,
            "filing_deadline": MOMENT,
            "results_at": MOMENT,
            "verification_until": DAY,
            "test_from": DAY,
            "test_until": DAY,
            "ends_on": DAY,
            "recommendation_on": DAY,
            "appointment_by": DAY,
            "age_reference_on": DAY,
            "legal_basis": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "opens_at": "Waktu Indonesia Barat.",
            "nomination_deadline": "Waktu Indonesia Barat.",
            "filing_deadline": "Waktu Indonesia Barat; peserta melihat waktu di daerahnya.",
            "results_at": "Waktu Indonesia Barat.",
            "recommendation_on": "Biasanya satu bulan setelah periode berakhir.",
            "age_reference_on": "Kosong berarti hari batas pengiriman berkas.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs_reason = bool(self.instance.pk) and (self.instance.status != Period.Status.DRAFT)
        if not self.needs_reason:
            del self.fields["reason"]
        if self.instance.pk:
            # Positions and their rules are fixed once the period exists.
            del self.fields["open_positions"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        order = [
            ("opens_at", "nomination_deadline"),
            ("nomination_deadline", "filing_deadline"),
            ("test_from", "test_until"),
            ("ends_on", "recommendation_on"),
        ]
        for earlier, later in order:
            first, second = data.get(earlier), data.get(later)
            strict = earlier != "test_from" and earlier != "ends_on"
            if first and second and (second < first or (strict and second == first)):
                self.add_error(
                    later,
                    f"Harus sesudah {self.fields[earlier].label}. Periksa kedua tanggal.",
                )
        if data.get("nomination_deadline") and data.get("filing_deadline"):
            gap = data["filing_deadline"] - data["nomination_deadline"]
            if gap.days < data.get("min_filling_days", 0):
                self.add_error(
                    "filing_deadline",
                    f"Beri paling sedikit {data['min_filling_days']} hari kerja "
                    "sesudah batas pengusulan.",
                )
        chain = ["verification_until", "test_from", "results_at", "ends_on"]
        days = []
        for name in chain:
            value = data.get(name)
            if value is not None:
                days.append((name, timezone.localdate(value) if name == "results_at" else value))
        for (first_name, first), (second_name, second) in itertools.pairwise(days):
            if second < first:
                self.add_error(
                    second_name,
                    f"Harus sesudah {self.fields[first_name].label}. Periksa kedua tanggal.",
                )
        return data


class SimulationForm(forms.Form):
    """The moment for which the closing is simulated."""

    pada = forms.DateTimeField(
        label="Pada saat (WIB)",
        widget=MOMENT,
        input_formats=MOMENT_FORMATS,
        error_messages={"invalid": "Saat tidak terbaca. Pilih tanggal dan jam."},
    )


class AgencyDeadlineForm(forms.Form):
    """An agency's own filing deadline in a period, with the reason that everybody is told."""

    agency = forms.ModelChoiceField(
        label="Instansi",
        queryset=Agency.objects.none(),
        empty_label="Pilih instansi",
        help_text="Instansi yang mempunyai formasi atau usulan pada periode ini.",
    )
    filing_deadline = forms.DateTimeField(
        label="Batas pengiriman berkas",
        help_text="Waktu Indonesia Barat; peserta melihat waktu di daerahnya.",
        widget=MOMENT,
        input_formats=MOMENT_FORMATS,
        error_messages={"invalid": "Saat tidak terbaca. Pilih tanggal dan jam."},
    )
    reason = forms.CharField(
        label="Alasan",
        help_text="Dicatat di linimasa dan dikirim kepada operator dan peserta.",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
    )

    def __init__(self, *args: Any, period: Period, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agency: Any = self.fields["agency"]
        agency.queryset = Agency.objects.filter(
            Q(pk__in=period.formations.values("agency"))
            | Q(pk__in=period.proposals.values("agency"))
        ).order_by("name")


class OfficeForm(forms.ModelForm[BpsOffice]):
    """A BPS office as a test site."""

    class Meta:
        model = BpsOffice
        fields = ["name", "bps_code", "address", "contact", "tz", "capacity", "is_active"]
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
        help_text="Hanya untuk operator.",
    )
    office = forms.ModelChoiceField(
        label="Kantor BPS",
        queryset=BpsOffice.objects.filter(is_active=True),
        required=False,
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
