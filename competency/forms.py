"""What people type in stage 3."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms

from inpassing.reference.models import BpsOffice, Period, Region, TestComponent

from .models import Seat, TestSession
from .planning import Spec


class SessionForm(forms.ModelForm[TestSession]):
    """A new session; times are those of the office's zone."""

    office = forms.ModelChoiceField(
        label="Kantor BPS",
        queryset=BpsOffice.objects.filter(is_active=True),
        empty_label="Pilih kantor",
    )
    day = forms.DateField(
        label="Tanggal", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    starts = forms.TimeField(
        label="Mulai",
        help_text="Waktu setempat di kantor itu.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    ends = forms.TimeField(
        label="Selesai", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    class Meta:
        model = TestSession
        fields = ["period", "office", "room", "capacity", "wave", "is_accessible"]
        labels: ClassVar[dict[str, str]] = {"period": "Periode"}

    field_order = [
        "period",
        "office",
        "day",
        "starts",
        "ends",
        "room",
        "capacity",
        "wave",
        "is_accessible",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        period: Any = self.fields["period"]
        period.queryset = Period.objects.open()
        period.label, period.empty_label = "Periode", None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        office, day = data.get("office"), data.get("day")
        starts, ends = data.get("starts"), data.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", "Jam selesai harus sesudah jam mulai. Periksa keduanya.")
        period = data.get("period")
        _check_wave(self, period, data.get("wave"))
        if period and day and not period.test_from <= day <= period.test_until:
            self.add_error(
                "day",
                f"Di luar jadwal uji {period.name}: {period.test_from:%d-%m-%Y} sampai "
                f"{period.test_until:%d-%m-%Y}.",
            )
        capacity = data.get("capacity")
        if office and capacity and capacity > office.usable_seats:
            self.add_error(
                "capacity",
                f"Kapasitas {office.name} {office.usable_seats} kursi. Kurangi jumlahnya.",
            )
        if not self.errors and office and day and starts and ends:
            zone = ZoneInfo(office.tz)
            self.instance.starts_at = dt.datetime.combine(day, starts, zone)
            self.instance.ends_at = dt.datetime.combine(day, ends, zone)
        return data


def _check_wave(form: forms.BaseForm, period: Period | None, wave: str | None) -> None:
    """A wave is one of those that the period lists, where it lists any."""
    if period and wave and period.waves and wave not in period.waves:
        names = ", ".join(period.waves)
        form.add_error("wave", f"Gelombang {period.name}: {names}. Pilih salah satu.")


ALL_OFFICES = "semua"


class PlanForm(forms.Form):
    """Many sessions at once: dates x times x offices."""

    period = forms.ModelChoiceField(
        label="Periode", queryset=Period.objects.open(), empty_label=None
    )
    offices = forms.ChoiceField(label="Kantor BPS")
    first_day = forms.DateField(
        label="Tanggal pertama", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label="Tanggal terakhir", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    weekends = forms.BooleanField(label="Termasuk Sabtu dan Minggu", required=False)
    times = forms.CharField(
        label="Jam",
        max_length=200,
        help_text="Waktu setempat di tiap kantor, misalnya 08.00-10.00, 13.00-15.00",
    )
    wave = forms.CharField(label="Gelombang", max_length=40, required=False)
    room = forms.CharField(label="Ruang", max_length=100, initial="Ruang uji")
    capacity = forms.IntegerField(
        label="Kursi per sesi",
        required=False,
        min_value=1,
        max_value=5_000,
        help_text="Kosongkan untuk memakai kapasitas tiap kantor.",
    )
    every_second_seat = forms.BooleanField(
        label="Kursi berselang: hanya separuh yang dipakai", required=False
    )
    is_accessible = forms.BooleanField(label="Ruang untuk kebutuhan khusus", required=False)
    assign_proctors = forms.BooleanField(
        label="Tugaskan pengawas kantor yang bebas",
        required=False,
        help_text="Satu pengawas per sesi; tidak seorang pun di dua sesi pada waktu yang sama.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offices: Any = self.fields["offices"]
        provinces = Region.objects.filter(kind=Region.Kind.PROVINCE).order_by("code")
        offices.choices = [
            (ALL_OFFICES, "Semua kantor yang dipakai"),
            ("pusat", "BPS Pusat"),
            *((region.code, f"Semua kantor di {region.name}") for region in provinces),
        ]

    def clean_times(self) -> list[list[str]]:
        slots = []
        for text in self.cleaned_data["times"].replace(";", ",").split(","):
            found = re.fullmatch(r"\s*(\d{1,2})[.:](\d{2})\s*[-–]\s*(\d{1,2})[.:](\d{2})\s*", text)
            numbers = [int(number) for number in found.groups()] if found else [99] * 4
            if any(hour > 23 for hour in numbers[::2]) or any(m > 59 for m in numbers[1::2]):
                raise forms.ValidationError(
                    f"Jam “{text.strip()}” tidak terbaca. Tulis seperti 08.00-10.00."
                )
            start, end = (f"{numbers[i]:02}:{numbers[i + 1]:02}" for i in (0, 2))
            if end <= start:
                raise forms.ValidationError(f"Jam “{text.strip()}”: selesai harus sesudah mulai.")
            slots.append([start, end])
        return slots

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        _check_wave(self, data.get("period"), data.get("wave"))
        first, last = data.get("first_day"), data.get("last_day")
        if first and last:
            if not 0 <= (last - first).days <= 60:
                self.add_error(
                    "last_day",
                    "Tanggal terakhir paling cepat tanggal pertama, paling lama 60 hari lagi.",
                )
            elif not self._days(first, last):
                self.add_error("weekends", "Rentang itu hanya berisi Sabtu dan Minggu.")
        return data

    def _days(self, first: dt.date, last: dt.date) -> list[str]:
        days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
        weekends = self.cleaned_data["weekends"]
        return [f"{day:%Y-%m-%d}" for day in days if weekends or day.weekday() < 5]

    def spec(self) -> Spec:
        """The plan as plain data; only for a valid form."""
        data = self.cleaned_data
        return Spec(
            days=self._days(data["first_day"], data["last_day"]),
            slots=data["times"],
            offices="" if data["offices"] == ALL_OFFICES else data["offices"],
            room=data["room"],
            wave=data["wave"],
            capacity=data["capacity"] or 0,
            every_second_seat=data["every_second_seat"],
            is_accessible=data["is_accessible"],
            assign_proctors=data["assign_proctors"],
        )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label="Alasan", max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class MarkForm(forms.Form):
    """A mark on the attendance list; the last three come from the script that keeps marks."""

    attendance = forms.ChoiceField(choices=Seat.Attendance.choices, required=False)
    seen = forms.ChoiceField(choices=Seat.Attendance.choices, required=False)
    key = forms.UUIDField(required=False)
    ago = forms.IntegerField(required=False, min_value=0, max_value=7 * 24 * 3600)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "attendance" not in self.data:
            raise forms.ValidationError("Tanda kehadiran tidak dikenal.")
        return data

    def mark(self) -> dict[str, Any]:
        """What `mark_attendance` takes."""
        data = self.cleaned_data
        return {
            "attendance": data["attendance"],
            "seen": data["seen"] if "seen" in self.data else None,
            "key": data["key"],
            "ago": dt.timedelta(seconds=data["ago"] or 0),
        }


class IncidentForm(forms.Form):
    """What happened during the session."""

    text = forms.CharField(
        label="Kejadian", max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ProctorsForm(forms.Form):
    """Who watches over a session; who is elsewhere in that time is no choice."""

    proctors = forms.MultipleChoiceField(
        label="Pengawas", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["proctors"]
        field.choices = people

    def chosen(self) -> set[int]:
        """The ids of the people."""
        return {int(pk) for pk in self.cleaned_data["proctors"]}


class SeatingForm(forms.Form):
    """How a period's people are seated."""

    wave = forms.ChoiceField(
        label="Gelombang", required=False, help_text="Hanya sesi gelombang ini yang diisi."
    )
    seed = forms.CharField(
        label="Benih undian",
        required=False,
        max_length=40,
        help_text="Menentukan urutan bila kursi kurang. Benih yang sama memberi hasil yang sama. "
        "Boleh dikosongkan.",
    )
    holds_invitations = forms.BooleanField(
        label="Tahan undangan sampai saya periksa hasilnya", required=False
    )

    def __init__(self, *args: Any, period: Period, **kwargs: Any) -> None:
        kwargs["auto_id"] = f"id_{period.pk}_%s"
        super().__init__(*args, **kwargs)
        self.period = period
        if period.waves:
            wave: Any = self.fields["wave"]
            wave.choices = [("", "Semua gelombang"), *((name, name) for name in period.waves)]
        else:
            del self.fields["wave"]


class SessionChoiceForm(forms.Form):
    """A session with free seats."""

    session = forms.ModelChoiceField(
        label="Sesi", queryset=TestSession.objects.none(), empty_label="Pilih sesi"
    )

    def __init__(self, *args: Any, sessions: Any, shown: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["session"]
        field.queryset = sessions
        field.choices = [
            ("", field.empty_label),
            *((row.pk, _session_label(row)) for row in shown),
        ]


def _session_label(session: Any) -> str:
    start = session.starts_at.astimezone(ZoneInfo(session.office.tz))
    return (
        f"{session.office.name}, {start:%d-%m-%Y %H.%M}, {session.room} "
        f"({session.capacity - session.taken} kursi kosong"
        f"{', ruang untuk kebutuhan khusus' if session.is_accessible else ''})"
    )


def score_field(label: str, *, required: bool = True) -> forms.DecimalField:
    """A score, 0 to 100 with two places at most."""
    return forms.DecimalField(
        label=label,
        required=required,
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        localize=True,
        error_messages={
            "invalid": "Isi angka 0 sampai 100, misalnya 78,5.",
            "min_value": "Nilai paling kecil 0.",
            "max_value": "Nilai paling besar 100.",
        },
    )


class ScoresForm(forms.Form):
    """One score per component of the period and position."""

    def __init__(self, *args: Any, components: list[TestComponent], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.components = components
        for component in components:
            self.fields[f"c{component.pk}"] = score_field(
                f"{component.name} (bobot {component.weight}%)"
            )

    def scores(self) -> dict[int, Decimal]:
        """Component id -> score."""
        return {c.pk: self.cleaned_data[f"c{c.pk}"] for c in self.components}


class SessionScoresForm(forms.Form):
    """The scores of everybody in a session at once; a line is filled whole or left empty."""

    def __init__(
        self, *args: Any, lines: list[tuple[Seat, list[TestComponent]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        for seat, components in lines:
            for component in components:
                self.fields[self.name(seat, component)] = score_field(
                    f"{seat.proposal.name}: {component.name}", required=False
                )

    @staticmethod
    def name(seat: Seat, component: TestComponent) -> str:
        return f"s{seat.pk}c{component.pk}"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for seat, components in self.lines:
            names = [self.name(seat, component) for component in components]
            empty = [name for name in names if name in data and data[name] is None]
            if empty and len(empty) < len(names):
                for name in empty:
                    self.add_error(name, "Isi semua komponen orang ini, atau kosongkan semuanya.")
            elif empty and any(self.initial.get(name) is not None for name in names):
                self.add_error(names[0], "Nilai yang sudah tersimpan tidak dapat dikosongkan.")
        return data

    def changed_scores(self) -> dict[int, dict[int, Decimal]]:
        """Seat id -> component id -> score, of the lines that say something new."""
        scores: dict[int, dict[int, Decimal]] = {}
        for seat, components in self.lines:
            typed = {c.pk: self.cleaned_data[self.name(seat, c)] for c in components}
            before = {c.pk: self.initial.get(self.name(seat, c)) for c in components}
            if typed != before and None not in typed.values():
                scores[seat.pk] = typed
        return scores

    def rows(self) -> list[tuple[Seat, list[tuple[TestComponent, Any]]]]:
        """What the page shows: each seat with its components and their bound fields."""
        return [
            (seat, [(component, self[self.name(seat, component)]) for component in components])
            for seat, components in self.lines
        ]


class PublicationForm(forms.Form):
    """When the results become public."""

    NOW, SCHEDULED = "now", "scheduled"
    when = forms.ChoiceField(
        label="Diumumkan",
        choices=[(NOW, "Sekarang"), (SCHEDULED, "Pada waktu yang ditetapkan periode")],
        widget=forms.RadioSelect,
        initial=NOW,
    )
