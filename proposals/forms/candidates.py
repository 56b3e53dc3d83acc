"""What an operator may type about a candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.urls import reverse

from inpassing.accounts.models import Agency, User, WorkUnit
from inpassing.reference.models import EducationLevel, Period, PositionLevel, Rank

from ..ledger import LedgerLine, ledgers
from ..models import Formation, Proposal
from ..nip import NipError, read_nip
from .fields import MailField, NipField, PastDateField, PlainSelect, YesNoField

LevelChoices = list[tuple[str, str | list[tuple[str, str]]]]


@dataclass(frozen=True)
class PositionPosts:
    """The levels of a position that can be proposed, with what the agency's formation has left."""

    name: str
    state: str
    has_formation: bool
    is_open: bool
    levels: list[tuple[PositionLevel, LedgerLine | None]]


def posts_of(agency: Agency, period: Period) -> list[PositionPosts]:
    """Every position of the period with its levels and the agency's ledger.

    Four queries.
    """
    formations = {
        formation.position_id: formation
        for formation in Formation.objects.filter(agency=agency, period=period)
    }
    by_position: dict[str, list[PositionLevel]] = {}
    rows = period.period_levels.select_related("level__position")
    for row in rows.order_by("level__position__name", "level__order"):
        by_position.setdefault(row.level.position_id, []).append(row.level)
    found = []
    ledger_of = ledgers(formations.values())
    for position, levels in by_position.items():
        formation = formations.get(position)
        lines = {line.level.pk: line for line in ledger_of[formation.pk]} if formation else {}
        found.append(
            PositionPosts(
                name=levels[0].position.name,
                state=formation.get_status_display().lower() if formation else "belum dibuat",
                has_formation=formation is not None,
                is_open=bool(formation and formation.takes_nominations),
                levels=[(level, lines.get(level.pk)) for level in levels],
            )
        )
    return found


class CandidateForm(forms.Form):
    """One candidate. Eligibility is judged after saving, so that a draft is kept in any case."""

    nip = NipField()
    title_before = forms.CharField(label="Gelar depan", max_length=40, required=False)
    name = forms.CharField(
        label="Nama lengkap", max_length=150, help_text="Tanpa gelar, seperti pada SK pangkat."
    )
    title_after = forms.CharField(label="Gelar belakang", max_length=60, required=False)
    birth_date = PastDateField(
        label="Tanggal lahir menurut SK",
        required=False,
        help_text="Isi hanya bila berbeda dari NIP. Contoh: 14-05-1989.",
    )
    sex = forms.TypedChoiceField(
        label="Jenis kelamin menurut SK",
        choices=[("", "Sama dengan NIP"), *Proposal.Sex.choices],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Pilih hanya bila berbeda dari NIP.",
    )
    rank = forms.ModelChoiceField(
        Rank.objects.all(), label="Pangkat dan golongan ruang", empty_label="Pilih pangkat"
    )
    rank_effective_on = PastDateField(label="TMT pangkat", help_text="Contoh: 01-04-2023.")
    level = forms.TypedChoiceField(label="Jabatan dan jenjang tujuan")
    education = forms.ModelChoiceField(
        EducationLevel.objects.all(), label="Pendidikan terakhir", empty_label="Pilih pendidikan"
    )
    is_structural = YesNoField(label="Sedang memegang jabatan struktural?")
    dismissed_before = YesNoField(label="Pernah diberhentikan dari Pranata Komputer?")
    work_unit = forms.ModelChoiceField(
        WorkUnit.objects.none(), label="Unit kerja", required=False, empty_label="Belum dipilih"
    )
    email = MailField(
        label="Email pribadi calon", help_text="Undangan dan akun dikirim ke alamat ini."
    )

    def __init__(
        self,
        *args: Any,
        agency: Agency,
        period: Period,
        posts: list[PositionPosts],
        proposal: Proposal | None = None,
        units: QuerySet[WorkUnit] | None = None,
        choices: LevelChoices | None = None,
        **kwargs: Any,
    ) -> None:
        """`units` and `choices` (of the level) are given by a caller that has them already."""
        if proposal:
            kwargs["initial"] = initial_of(proposal)
        super().__init__(*args, **kwargs)
        self.agency, self.period, self.proposal = agency, period, proposal
        self.levels = {str(level.pk): level for group in posts for level, _ in group.levels}
        level = self.fields["level"]
        assert isinstance(level, forms.TypedChoiceField)
        level.choices = level_choices(posts) if choices is None else choices
        level.coerce = self.levels.__getitem__
        if units is None:
            units = agency.work_units.filter(
                Q(is_active=True) | Q(pk=proposal.work_unit_id if proposal else None)
            )
        if units.exists():
            self.fields["work_unit"].queryset = units  # type: ignore[attr-defined]
        else:
            del self.fields["work_unit"]
        self.fields["nip"].widget.attrs |= {
            "hx-get": reverse("proposals:nip_reading"),
            "hx-trigger": "change, change from:#id_birth_date, change from:#id_sex",
            "hx-include": "#id_birth_date, #id_sex",
            "hx-target": "#nip-read",
            "hx-swap": "outerHTML",
        }

    def clean_name(self) -> str:
        name: str = " ".join(self.cleaned_data["name"].split())
        if not any(c.isalpha() for c in name):
            raise ValidationError("Nama tidak berisi huruf. Ketik nama seperti pada SK pangkat.")
        return name

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        nip = self.cleaned_data.get("nip")
        if nip and self.is_taken(email, nip.digits):
            raise ValidationError(
                "Alamat ini sudah dipakai orang lain di Inpassing. Minta alamat pribadi calon.",
                code="taken",
            )
        return email

    def is_taken(self, email: str, nip: str) -> bool:
        """Whether the address belongs to somebody else: an account, or an active proposal."""
        others = Proposal.objects.active().filter(period=self.period, email__iexact=email)
        return (
            User.objects.filter(email__iexact=email).exclude(nip=nip).exists()
            or others.exclude(nip=nip).exclude(pk=self.proposal.pk if self.proposal else 0).exists()
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        name, title = cleaned.get("name", ""), cleaned.get("title_after", "")
        if "," in name and not title:
            # "Wa Ode Sri Ramlah, S.Kom." typed into one field.
            cleaned["name"], _, cleaned["title_after"] = (
                part.strip() for part in name.partition(",")
            )
        nip = cleaned.get("nip")
        born, effective = cleaned.get("birth_date"), cleaned.get("rank_effective_on")
        if nip and effective and effective < nip.cpns_month:
            self.add_error(
                "rank_effective_on", f"TMT pangkat lebih awal daripada CPNS ({nip.cpns_text})."
            )
        if nip and born and born >= nip.cpns_month:
            self.add_error("birth_date", "Tanggal lahir setelah bulan CPNS. Periksa tahunnya.")
        return cleaned

    def judged_values(self) -> tuple[dict[str, Any], list[str]]:
        """What the rules look at of a form that may be half filled, and the labels of what they
        miss; a question without an answer counts as no."""
        data = self.cleaned_data
        needed = ("nip", "rank", "level", "education")
        missing = [str(self.fields[name].label).lower() for name in needed if not data.get(name)]
        missing = ["NIP" if label == "nip" else label for label in missing]
        if missing:
            return {}, missing
        return {
            "nip": data["nip"].digits,
            "birth_date": data.get("birth_date") or data["nip"].birth_date,
            "position": data["level"].position,
            "level": data["level"],
            "rank": data["rank"],
            "education": data["education"],
            "is_structural": bool(data.get("is_structural")),
            "dismissed_before": bool(data.get("dismissed_before")),
        }, []

    def values(self) -> dict[str, object]:
        """What is stored of a valid form: names of `drafts.DRAFT_FIELDS`."""
        data, nip = self.cleaned_data, self.cleaned_data["nip"]
        return {
            "nip": nip.digits,
            "title_before": data["title_before"],
            "name": data["name"],
            "title_after": data["title_after"],
            "birth_date": data["birth_date"] or nip.birth_date,
            "sex": data["sex"] or nip.sex,
            "email": data["email"],
            "position": data["level"].position,
            "level": data["level"],
            "rank": data["rank"],
            "rank_effective_on": data["rank_effective_on"],
            "education": data["education"],
            "is_structural": data["is_structural"],
            "dismissed_before": data["dismissed_before"],
            "work_unit": data.get("work_unit"),
        }


def initial_of(proposal: Proposal) -> dict[str, object]:
    """A draft as the form shows it: date and sex only where they differ from the NIP."""
    values: dict[str, object] = {
        name: getattr(proposal, name)
        for name in CandidateForm.base_fields
        if name not in {"level", "rank", "education", "work_unit", "birth_date", "sex"}
    }
    values |= {
        "level": str(proposal.level_id),
        "rank": proposal.rank_id,
        "education": proposal.education_id,
        "work_unit": proposal.work_unit_id,
    }
    try:
        nip = read_nip(proposal.nip, today=proposal.rank_effective_on)
    except NipError:
        return values | {"birth_date": proposal.birth_date, "sex": proposal.sex}
    if proposal.birth_date != nip.birth_date:
        values["birth_date"] = proposal.birth_date
    if proposal.sex != nip.sex:
        values["sex"] = proposal.sex
    return values


def level_choices(posts: list[PositionPosts]) -> LevelChoices:
    """Every level by position, with what is left of it and why."""
    return [
        ("", "Pilih jabatan dan jenjang"),
        *(
            (
                group.name,
                [
                    (str(level.pk), f"{level.short_name}, {_left(group, line)}")
                    for level, line in group.levels
                ],
            )
            for group in posts
        ),
    ]


def _left(group: PositionPosts, line: LedgerLine | None) -> str:
    if not group.is_open:
        return f"formasi {group.state}"
    if line is None:
        return "tidak ada dalam formasi"
    return f"sisa formasi {line.left}" if line.left > 0 else f"formasi habis: {line.why}"


class WithdrawForm(forms.Form):
    """Why a proposal is withdrawn."""

    reason = forms.CharField(
        label="Alasan penarikan",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Tercatat dalam linimasa dan dikirim kepada peserta dan operator.",
    )


class ReopenForm(forms.Form):
    """Why an ended proposal is opened again."""

    reason = forms.CharField(
        label="Alasan pembukaan kembali",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Tercatat dalam linimasa dan dikirim kepada peserta dan operator.",
    )


class EmailForm(forms.Form):
    """The corrected address of a participant whose account has not been used."""

    email = MailField(
        label="Email pribadi peserta", help_text="Undangan baru dikirim ke alamat ini."
    )


class ListFilter(forms.Form):
    """The filters of the list of proposals; what cannot be read is ignored."""

    q = forms.CharField(
        label="Nama atau NIP",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    status = forms.ChoiceField(
        label="Status",
        required=False,
        choices=[("", "Semua status"), *Proposal.Status.choices],
        widget=PlainSelect,
    )
    periode = forms.TypedChoiceField(
        label="Periode", required=False, coerce=int, empty_value=None, widget=PlainSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.periods = dict(Period.objects.values_list("pk", "name"))
        periode = self.fields["periode"]
        assert isinstance(periode, forms.ChoiceField)
        periode.choices = [("", "Semua periode"), *((str(pk), n) for pk, n in self.periods.items())]
