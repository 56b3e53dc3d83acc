"""What an administrator types about a period: its data, its dates, deadlines, a simulation."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils import timezone

from inpassing.accounts.models import Agency
from inpassing.reference.models import Period, Position, one_month_after
from proposals.deadlines import working_days_after

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
WIB = "Waktu Indonesia Barat."

GENERAL = [
    "name",
    "number",
    "year",
    "legal_basis",
    "waves",
    "contact_name",
    "contact_phone",
    "contact_email",
]
DATES = [
    "opens_at",
    "nomination_deadline",
    "filing_deadline",
    "verification_until",
    "test_from",
    "test_until",
    "seats_locked_at",
    "results_at",
    "ends_on",
    "recommendation_on",
    "appointment_by",
    "min_filling_days",
    "repair_days",
    "grace_minutes",
]
LIMITS = [
    "rank_mismatch_is_warning",
    "skill_education",
    "expert_education",
    "age_reference_on",
    "min_field_years",
    "statement_stamp",
]
# Each date is later than the one before it; "same" may be the same day.
RISING = [
    ("opens_at", "nomination_deadline", ""),
    ("nomination_deadline", "filing_deadline", ""),
    ("filing_deadline", "verification_until", "same"),
    ("verification_until", "test_from", "same"),
    ("verification_until", "seats_locked_at", "same"),
    ("test_from", "test_until", "same"),
    ("test_until", "results_at", "same"),
    ("results_at", "ends_on", "same"),
    ("ends_on", "recommendation_on", "same"),
    ("recommendation_on", "appointment_by", "same"),
]


class PeriodForm(forms.ModelForm[Period]):
    """What the forms of a period share: widgets, hints, and dates that rise."""

    class Meta:
        model = Period
        fields = [*GENERAL, *DATES]
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "opens_at": MOMENT,
            "nomination_deadline": MOMENT,
            "filing_deadline": MOMENT,
            "seats_locked_at": MOMENT,
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
        help_texts: ClassVar[dict[str, str]] = {
            "name": "Misalnya Periode II Tahun 2020.",
            "waves": "Pisahkan dengan koma, misalnya: Gelombang 1, Gelombang 2. Boleh kosong.",
            "contact_name": "Tertulis di kaki setiap halaman dan setiap email.",
            "opens_at": WIB,
            "nomination_deadline": f"{WIB} Konsep yang belum dikirim ditutup sesudahnya.",
            "filing_deadline": f"{WIB} Peserta melihat waktu di daerahnya.",
            "seats_locked_at": f"{WIB} Sesudahnya operator dan administrator tidak memindahkan "
            "peserta lagi. Kosong berarti sampai sesi dimulai.",
            "results_at": WIB,
            "recommendation_on": "Kosong berarti satu bulan setelah periode berakhir.",
            "appointment_by": "Tercetak di surat rekomendasi bila diisi.",
            "min_filling_days": "Jarak paling sedikit antara batas pengusulan dan batas pengiriman "
            "berkas; waktu yang selalu diperoleh peserta yang disetujui terlambat.",
            "grace_minutes": "Yang tiba dalam tenggang ini masih diterima.",
            "rank_mismatch_is_warning": "Bila tidak dicentang, pangkat yang tidak sesuai jenjang "
            "menolak usulan (aturan E9).",
            "age_reference_on": "Kosong berarti hari batas pengiriman berkas.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "recommendation_on" in self.fields:
            self.fields["recommendation_on"].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_empty = "recommendation_on" in data and data["recommendation_on"] is None
        if is_empty and data.get("ends_on"):
            data["recommendation_on"] = one_month_after(data["ends_on"])
        for earlier, later, may_be_same in RISING:
            first, second = data.get(earlier), data.get(later)
            if first is None or second is None:
                continue
            if isinstance(first, dt.datetime) != isinstance(second, dt.datetime):
                first, second = _day(first), _day(second)
            if second < first or (second == first and not may_be_same):
                self.add_error(
                    later,
                    f"{self.fields[later].label}: harus sesudah "
                    f"{str(self.fields[earlier].label).lower()}. Periksa kedua tanggal.",
                )
        self._check_filling_time(data)
        return data

    def _check_filling_time(self, data: dict[str, Any]) -> None:
        start, end = data.get("nomination_deadline"), data.get("filing_deadline")
        days = data.get("min_filling_days")
        if start is None or end is None or days is None or end <= start:
            return
        if end < working_days_after(start, days, "Asia/Jakarta"):
            self.add_error(
                "filing_deadline",
                f"Beri paling sedikit {days} hari kerja sesudah batas pengusulan.",
            )


class NewPeriodForm(PeriodForm):
    """A first period: its data, dates and positions at once; the rules come from shipped tables."""

    open_positions = forms.ModelMultipleChoiceField(
        label="Jabatan yang dibuka",
        queryset=Position.objects.all(),
        widget=forms.CheckboxSelectMultiple,
    )


class GeneralForm(PeriodForm):
    """Name, legal basis, waves and contact."""

    class Meta(PeriodForm.Meta):
        fields = GENERAL


class DatesForm(PeriodForm):
    """All dates, and the three spans that dates are computed with."""

    class Meta(PeriodForm.Meta):
        fields = DATES

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.instance.status == Period.Status.OPEN:
            for name in ("nomination_deadline", "filing_deadline"):
                moment = data.get(name)
                if name in self.changed_data and moment and moment <= timezone.now():
                    self.add_error(
                        name,
                        f"{self.fields[name].label}: saat ini sudah lewat, usulan akan langsung "
                        "ditutup. Pilih saat yang akan datang.",
                    )
        return data


class LimitsForm(PeriodForm):
    """Limits of eligibility that are single values."""

    class Meta(PeriodForm.Meta):
        fields = LIMITS


class ReasonForm(forms.Form):
    """What a change of a period that is open needs, and what the page saw before it."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label="Alasan perubahan",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )

    def __init__(self, *args: Any, period: Period, tells: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if period.status == Period.Status.DRAFT:
            del self.fields["reason"]
        else:
            is_told = tells and period.status == Period.Status.OPEN
            self.fields["reason"].help_text = (
                "Dicatat di linimasa dan dikirim kepada semua operator."
                if is_told
                else "Dicatat di linimasa."
            )


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


def _day(value: dt.date) -> dt.date:
    return timezone.localdate(value) if isinstance(value, dt.datetime) else value
