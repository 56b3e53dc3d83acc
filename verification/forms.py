"""What a verifier may type. Status, holder and version are never fields of these forms."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import connection, models
from django.db.models import F, Value
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils import timezone

from inpassing.accounts.models import User, sort_name
from inpassing.reference.models import (
    Period,
    PortfolioItem,
    Position,
    PositionLevel,
    Region,
    ReturnReason,
)
from proposals.forms.fields import PlainSelect
from proposals.models import Formation, FormationLine, Proposal, ProposalDocument

from .desk import AGAIN, BANDS, MINE, NEW, NOBODY, Filters, verifiers
from .models import DocumentCheck, PortfolioAnswer, PortfolioAssessment


class DeskFilter(forms.Form):
    """The filters of a queue, in the address. What is not valid narrows nothing."""

    q = forms.CharField(
        label="Nama, NIP, atau instansi",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    instansi = forms.CharField(label="Instansi", required=False, max_length=100)
    periode = forms.ChoiceField(label="Periode", required=False, widget=PlainSelect)
    provinsi = forms.ChoiceField(label="Provinsi", required=False, widget=PlainSelect)
    jabatan = forms.ChoiceField(label="Jabatan", required=False, widget=PlainSelect)
    jenjang = forms.ChoiceField(label="Jenjang", required=False, widget=PlainSelect)
    keadaan = forms.ChoiceField(label="Keadaan", required=False, widget=PlainSelect)
    pemegang = forms.ChoiceField(label="Pemegang", required=False, widget=PlainSelect)
    menunggu = forms.ChoiceField(label="Menunggu", required=False, widget=PlainSelect)

    ALL = {
        "periode": "Semua periode",
        "provinsi": "Semua provinsi",
        "jabatan": "Semua jabatan",
        "jenjang": "Semua jenjang",
        "keadaan": "Baru dan kirim ulang",
        "pemegang": "Siapa saja",
        "menunggu": "Berapa lama pun",
    }

    def __init__(self, data: Any, *, wanted: tuple[str, ...], user: User) -> None:
        super().__init__(data, auto_id="saring_%s")
        for name in list(self.fields):
            if name not in wanted:
                del self.fields[name]
        choices = _choices_in_tables(user)
        self.positions, self.provinces = dict(choices["jabatan"]), dict(choices["provinsi"])
        choices["keadaan"] = [(NEW, "Kiriman pertama"), (AGAIN, "Kirim ulang")]
        choices["pemegang"] = [(MINE, "Saya"), (NOBODY, "Belum ada"), *choices["pemegang"]]
        choices["menunggu"] = [(slug, words) for slug, (words, _, _) in BANDS.items()]
        for name, everything in self.ALL.items():
            if name in self.fields:
                field = self.fields[name]
                assert isinstance(field, forms.ChoiceField)
                field.choices = [("", everything), *choices[name]]

    def values(self) -> dict[str, str]:
        """The filters that are set and valid."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}

    def filters(self) -> Filters:
        """The same, as the queue takes them."""
        values = self.values()
        return Filters(
            q=values.get("q", ""),
            agency=values.get("instansi", ""),
            period=int(values["periode"]) if "periode" in values else None,
            province=values.get("provinsi", ""),
            position=values.get("jabatan", ""),
            level=int(values["jenjang"]) if "jenjang" in values else None,
            kind=values.get("keadaan", ""),
            holder=values.get("pemegang", ""),
            waiting=values.get("menunggu", ""),
        )

    def label_of(self, name: str) -> str:
        """What a chip says for a set filter."""
        value = self.values()[name]
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            chosen = str(dict(field.choices)[value])  # type: ignore[arg-type]
            return f"{field.label}: {chosen}" if name in {"pemegang", "menunggu"} else chosen
        return f"instansi “{value}”" if name == "instansi" else f"“{value}”"


def _choices_in_tables(user: User) -> dict[str, list[tuple[str, str]]]:
    """The choices of the filters that come from tables, by filter: one query for all of them."""
    with connection.cursor() as cursor:
        cursor.execute(*_choices_query())
        found = cursor.fetchall()
    choices: dict[str, list[tuple[str, str]]] = {name: [] for name in DeskFilter.ALL}
    for name, code, label, _ in sorted(found, key=lambda row: (row[3], sort_name(row[2]))):
        if name != "pemegang" or code != str(user.pk):
            choices[name].append((code, label))
    choices["jenjang"].sort(key=lambda choice: choice[1].split()[0], reverse=True)
    return choices


@cache
def _choices_query() -> tuple[str, tuple[Any, ...]]:
    """The statement and its parameters; the same for everybody, so it is compiled once."""
    text = models.CharField()

    def part(name: str, rows: models.QuerySet[Any], place: Any, label: str = "name") -> Any:
        return rows.order_by().values_list(
            Value(name, output_field=text),
            Cast("pk", text),
            Cast(label, text),
            Cast(place, models.IntegerField()),
        )

    found = part("provinsi", Region.objects.filter(kind=Region.Kind.PROVINCE), Value(0)).union(
        part("periode", Period.objects.exclude(status=Period.Status.DRAFT), -F("pk")),
        part("jabatan", Position.objects.all(), Value(0)),
        part("jenjang", PositionLevel.objects.filter(in_inpassing_2020=True), F("order")),
        part("pemegang", verifiers(), Value(0)),
        all=True,
    )
    sql, params = found.query.sql_with_params()
    return sql, params


class StampForm(forms.Form):
    """The version of the record and the moment at which the page was opened, as hidden fields."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.DateTimeField(
        widget=forms.HiddenInput, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z"], required=False
    )

    def __init__(self, data: Any = None, *, version: int = 0, **options: Any) -> None:
        options["initial"] = {
            **options.get("initial", {}),
            "version": version,
            "seen": f"{timezone.now():%Y-%m-%dT%H:%M:%S.%f%z}",
        }
        super().__init__(data, **options)

    def restamp(self, version: int) -> None:
        """Let the refused form, shown again with what changed, speak of the present version."""
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        data[self.add_prefix("version")] = str(version)
        data[self.add_prefix("seen")] = f"{timezone.now():%Y-%m-%dT%H:%M:%S.%f%z}"
        self.data = data


class ReasonForm(StampForm):
    """A reason or note that reaches people; its field is `text`."""

    def __init__(
        self,
        data: Any = None,
        *,
        label: str,
        hint: str = "",
        max_length: int = 500,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.fields["text"] = forms.CharField(
            label=label,
            help_text=hint,
            max_length=max_length,
            widget=forms.Textarea(attrs={"rows": 4}),
        )


class ResitForm(ReasonForm):
    """Why a re-sit goes straight to the test."""

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(
            data,
            label="Alasan langsung ke uji",
            hint="Misalnya: dokumen bawaan tetap berlaku, SK pangkat baru sesuai.",
            auto_id="ulang_%s",
            **options,
        )


class HandOverForm(forms.Form):
    """To whom work goes and why."""

    to = forms.ModelChoiceField(
        label="Verifikator penerima", queryset=User.objects.none(), empty_label="Pilih"
    )
    reason = forms.CharField(
        label="Alasan",
        help_text="Misalnya: cuti sampai 4 Desember. Penerima dan administrator membacanya.",
        max_length=300,
    )

    def __init__(self, data: Any = None, *, people: models.QuerySet[User]) -> None:
        super().__init__(data)
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)
        to.queryset = people


class CheckForm(forms.Form):
    """The verdict on one document."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    before = forms.CharField(widget=forms.HiddenInput, required=False, max_length=30)
    verdict = forms.ChoiceField(
        label="Putusan", choices=DocumentCheck.Verdict.choices, widget=forms.RadioSelect
    )
    reason = forms.ModelChoiceField(
        label="Alasan", queryset=ReturnReason.objects.none(), required=False, empty_label="Pilih"
    )
    note = forms.CharField(
        label="Catatan untuk peserta",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    certified_ok = forms.BooleanField(
        label="Legalisir ada dan terbaca (G)",
        required=False,
        widget=forms.CheckboxInput(attrs={"data-key": "g"}),
    )
    certifier = forms.CharField(label="Pejabat yang melegalisir", max_length=150, required=False)
    certified_on = forms.DateField(
        label="Tanggal legalisir",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, data: Any = None, *, is_certified_copy: bool, **options: Any) -> None:
        super().__init__(data, **options)
        self.is_certified_copy = is_certified_copy
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ModelChoiceField)
        reason.queryset = ReturnReason.objects.filter(is_active=True)
        if not is_certified_copy:
            for name in ("certified_ok", "certifier", "certified_on"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        verdict = cleaned.get("verdict")
        if verdict == DocumentCheck.Verdict.RETURN and not cleaned.get("reason"):
            self.add_error("reason", "Pilih alasan pengembalian.")
        if verdict == DocumentCheck.Verdict.RETURN:
            reason = cleaned.get("reason")
            if reason is not None and reason.pk == "lainnya" and not cleaned.get("note"):
                self.add_error("note", "Alasan “lainnya” memerlukan catatan. Tulis apa yang salah.")
        if verdict == DocumentCheck.Verdict.ACCEPT and self.is_certified_copy:
            self._require_certification(cleaned)
        return cleaned

    def restamp(self, document: ProposalDocument) -> None:
        """Let the refused form, shown again, speak of the file and the verdict there are now."""
        assert isinstance(self.data, QueryDict)
        check = DocumentCheck.objects.filter(version=document.current_id).first()
        self.data = self.data.copy()
        self.data["before"] = check.mark if check else ""

    def _require_certification(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("certified_ok"):
            self.add_error(
                "certified_ok",
                "Centang bila legalisir ada dan terbaca. Bila tidak, pilih Kembalikan.",
            )
        if not cleaned.get("certifier"):
            self.add_error("certifier", "Tulis jabatan atau nama pejabat yang melegalisir.")
        certified_on = cleaned.get("certified_on")
        if "certified_on" in self.errors:
            return
        if certified_on is None:
            self.add_error("certified_on", "Isi tanggal legalisir.")
        elif certified_on > timezone.localdate():
            self.add_error("certified_on", "Tanggal legalisir belum tiba. Periksa tahunnya.")


class EducationFieldForm(StampForm):
    """The field of education as the ijazah says."""

    field = forms.ChoiceField(
        label="Bidang pendidikan menurut ijazah",
        choices=Proposal.EducationField.choices,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Alasan perubahan",
        help_text="Peserta dan operator menerimanya lewat email.",
        max_length=300,
        required=False,
    )

    def __init__(self, data: Any = None, *, current: str, **options: Any) -> None:
        super().__init__(data, initial={"field": current}, prefix="bidang", **options)
        self.current = current
        if not current:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        changes = self.current and cleaned.get("field") not in {None, self.current}
        if changes and not cleaned.get("reason"):
            self.add_error("reason", "Tulis alasan perubahan.")
        return cleaned


class RepairForm(StampForm):
    """Until when the participant may repair; the day counts until 23.59 in the agency's zone."""

    deadline = forms.DateField(
        label="Batas perbaikan",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "w-short"}),
    )

    def __init__(self, data: Any = None, *, proposed: dt.datetime, tz: str, **options: Any) -> None:
        self.tz = ZoneInfo(tz)
        day = proposed.astimezone(self.tz).date()
        self.proposed = self._end_of(day)
        options["initial"] = {"deadline": day}
        super().__init__(data, **options)

    def _end_of(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(23, 59), self.tz)

    def clean_deadline(self) -> dt.datetime:
        moment = self._end_of(self.cleaned_data["deadline"])
        if moment <= timezone.now():
            raise forms.ValidationError("Tanggal ini sudah lewat. Pilih tanggal yang akan datang.")
        if moment > timezone.now() + dt.timedelta(days=366):
            raise forms.ValidationError("Lebih dari satu tahun lagi. Periksa tahunnya.")
        return moment


class FigureForm(forms.Form):
    """BPS's figure for one row of a formation."""

    validated = forms.IntegerField(label="Divalidasi", min_value=0, max_value=100_000)
    reason = forms.CharField(label="Alasan", max_length=300, required=False)

    def __init__(self, data: Any = None, *, line: FormationLine) -> None:
        self.line = line
        self.proposed = max(line.needed - line.filled, 0)
        shown = self.proposed if line.validated is None else line.validated
        super().__init__(
            data,
            prefix=f"baris{line.pk}",
            initial={"validated": shown, "reason": line.validation_note},
        )
        row = f"{line.level.name}{f', {line.work_unit}' if line.work_unit else ''}"
        self.fields["validated"].widget.attrs |= {
            "aria-label": f"Divalidasi untuk {row}",
            "inputmode": "numeric",
        }
        self.fields["reason"].widget.attrs["aria-label"] = f"Alasan untuk {row}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        validated = cleaned.get("validated")
        if validated is not None and validated != self.proposed and not cleaned.get("reason"):
            self.add_error("reason", f"Berbeda dari usulan ({self.proposed}). Tulis alasannya.")
        return cleaned


class FormationFigures:
    """The rows of a formation with BPS's figures, and the version that the page showed."""

    def __init__(self, formation: Formation, data: Any = None) -> None:
        lines = formation.lines.select_related("level__position", "work_unit")
        self.rows = [FigureForm(data, line=line) for line in lines]
        self.stamp = StampForm(data, version=formation.version)

    def is_valid(self) -> bool:
        """Whether every row and the stamp are valid; all of them are judged."""
        return all([self.stamp.is_valid(), *[row.is_valid() for row in self.rows]])

    def figures(self) -> dict[int, tuple[int, str]]:
        """Row id -> (posts to fill, reason)."""
        return {
            row.line.pk: (row.cleaned_data["validated"], row.cleaned_data["reason"])
            for row in self.rows
        }

    @property
    def problems(self) -> list[dict[str, str]]:
        """Errors as links for the summary."""
        found = []
        for row in self.rows:
            for name, errors in row.errors.items():
                anchor = row[name].id_for_label if name != "__all__" else ""
                label = row.line.level.short_name
                found += [{"anchor": anchor, "text": f"{label}: {error}"} for error in errors]
        return found


class AnswerForm(forms.Form):
    """The answer to one item of the portfolio checklist."""

    answer = forms.ChoiceField(
        label="Jawaban", choices=PortfolioAnswer.Answer.choices, widget=forms.RadioSelect
    )
    remark = forms.CharField(label="Keterangan", max_length=500, required=False)

    def __init__(
        self, data: Any = None, *, item: PortfolioItem, may_wait: bool = False, **options: Any
    ) -> None:
        self.item = item
        super().__init__(data, prefix=f"butir{item.pk}", **options)
        self.fields["answer"].required = not may_wait
        need = "wajib" if item.required else "tidak wajib"
        self.fields["answer"].label = f"{item.code}. {item.question}"
        self.fields["answer"].help_text = f"Bukti: {item.evidence or '–'} ({need})"
        self.fields["remark"].label = f"Keterangan {item.code}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("answer") == PortfolioAnswer.Answer.NOT_MET and not cleaned.get("remark"):
            self.add_error("remark", "Tulis apa yang belum terpenuhi; peserta membacanya.")
        return cleaned


class AssessmentForm(StampForm):
    """The verdict of the portfolio and the deviation from the rule table."""

    TYPED = ("verdict", "override", "override_reason")

    verdict = forms.ChoiceField(
        label="Putusan portofolio",
        choices=PortfolioAssessment.Verdict.choices,
        widget=forms.RadioSelect,
    )
    override = forms.BooleanField(label="Menyimpang dari aturan", required=False)
    override_reason = forms.CharField(label="Alasan menyimpang", max_length=500, required=False)

    def __init__(self, data: Any = None, *, test_required: bool, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["override"].label = (
            "Menyimpang dari aturan: bebaskan dari uji kompetensi"
            if test_required
            else "Menyimpang dari aturan: wajibkan uji kompetensi"
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == PortfolioAssessment.Verdict.FAILED:
            cleaned["override"] = False
        elif cleaned.get("override") and not cleaned.get("override_reason"):
            self.add_error("override_reason", "Tulis alasan menyimpang dari aturan.")
        return cleaned
