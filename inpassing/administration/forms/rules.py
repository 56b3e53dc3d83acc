"""One row of each list of rules that a period has, and what must hold for the rows together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

from django import forms
from django.forms.formsets import BaseFormSet

from inpassing.reference.models import (
    AgeLimit,
    FormationColumn,
    Period,
    PeriodPosition,
    PortfolioItem,
    Position,
    PositionLevel,
    Rank,
    RequiredDocument,
    TestComponent,
    TestRule,
)
from proposals.models import Proposal

ALL = ""


class Choices:
    """What the selects of a page offer, read once for all of its rows."""

    def __init__(self, period: Period, *, next_order: int = 0) -> None:
        self.period = period
        self.next_order = next_order

    @cached_property
    def ranks(self) -> list[tuple[str, str]]:
        return [(rank.pk, str(rank)) for rank in Rank.objects.all()]

    @cached_property
    def positions(self) -> list[tuple[str, str]]:
        """All positions."""
        return [(position.pk, position.name) for position in Position.objects.all()]

    @cached_property
    def open_positions(self) -> list[tuple[str, str]]:
        """The positions that are open in the period."""
        return [(p.pk, p.name) for p in Position.objects.filter(periods=self.period)]

    @cached_property
    def levels(self) -> list[tuple[str, str]]:
        """Level codes with the name that all positions share."""
        seen: dict[str, str] = {}
        for level in PositionLevel.objects.select_related("position").order_by("order"):
            seen.setdefault(level.code, level.short_name)
        return list(seen.items())


class RuleRow(forms.Form):
    """A row: `key` says which one it is, empty for a new one."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    remove = forms.BooleanField(label="Hapus", required=False)

    # Bootstrap columns by field; the rest take the whole width.
    widths: ClassVar[dict[str, str]] = {}
    can_remove: ClassVar[bool] = True

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self.title = str(self.initial.get("title", ""))
        if "order" in self.fields and self.is_new:
            self.initial["order"] = choices.next_order
        if not self.can_remove or not self.initial.get("key"):
            del self.fields["remove"]

    def offer(self, name: str, empty: str, choices: list[tuple[str, str]]) -> None:
        """Fill a select without a query of its own."""
        field: Any = self.fields[name]
        field.choices = [("", empty), *choices]

    @property
    def cells(self) -> list[tuple[str, forms.BoundField]]:
        """The fields to show, each with the classes of its column."""
        return [(self.widths.get(f.name, "col-12"), f) for f in self.visible_fields()]

    @property
    def is_new(self) -> bool:
        return not self.initial.get("key")

    @property
    def counts(self) -> bool:
        """Whether this row is there after saving."""
        if self.is_new and not self.has_changed():
            return False
        return not self.cleaned_data.get("remove")


class RuleRows(BaseFormSet[Any]):
    """The rows of a page; a subclass checks them together."""

    def clean(self) -> None:
        if any(self.errors):
            return
        self.check_together([form.cleaned_data for form in self.forms if form.counts])

    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        """Raise ValidationError where rows contradict each other."""

    @staticmethod
    def refuse_twice(values: Sequence[Any], what: str) -> None:
        """Refuse a value that stands in two rows."""
        for value, count in Counter(values).items():
            if count > 1:
                raise forms.ValidationError(
                    f"{what} {value} ada pada {count} baris. Sisakan satu, atau ganti yang lain."
                )


class PositionRow(RuleRow, forms.ModelForm[PeriodPosition]):
    """A position, open or not, with its passing grade."""

    is_open = forms.BooleanField(label="Dibuka", required=False)
    widths = {"is_open": "col-sm-4", "passing_grade": "col-sm-4"}
    can_remove = False

    class Meta:
        model = PeriodPosition
        fields = ["passing_grade"]


class PositionRows(RuleRows):
    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        if not any(row.get("is_open") for row in rows):
            raise forms.ValidationError("Buka paling sedikit satu jabatan.")


class ComponentRow(RuleRow, forms.ModelForm[TestComponent]):
    """A part of the test of a position."""

    position = forms.ModelChoiceField(label="Jabatan", queryset=Position.objects.all())
    widths = {
        "position": "col-md-4",
        "name": "col-md-4",
        "weight": "col-6 col-md-2",
        "order": "col-6 col-md-2",
    }

    class Meta:
        model = TestComponent
        fields = ["name", "weight", "order"]
        labels = {"name": "Komponen", "weight": "Bobot (%)", "order": "Urutan"}

    field_order = ["position", "name", "weight", "order"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("position", "Pilih jabatan", self.choices.open_positions)


class ComponentRows(RuleRows):
    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        weights: dict[Position, int] = defaultdict(int)
        for row in rows:
            weights[row["position"]] += row["weight"]
        for position, total in weights.items():
            if total != 100:
                raise forms.ValidationError(
                    f"Bobot {position} berjumlah {total} %, seharusnya 100 %. Periksa bobotnya."
                )
        self.refuse_twice([f"{row['position']}: {row['name']}" for row in rows], "Komponen")


class DocumentRow(RuleRow, forms.ModelForm[RequiredDocument]):
    """A document that is asked for."""

    widths = {
        "order": "col-4 col-md-2",
        "code": "col-8 col-md-4",
        "condition": "col-md-6",
        "signer": "col-md-6",
        "certified_copy": "col-md-4",
        "is_active": "col-md-4",
        "remove": "col-md-4",
    }

    class Meta:
        model = RequiredDocument
        fields = ["name", "order", "code", "condition", "signer", "certified_copy", "is_active"]
        labels = {"order": "Urutan", "code": "Kode", "name": "Nama dokumen"}
        help_texts = {"signer": "Kosong untuk fotokopi."}


class DocumentRows(RuleRows):
    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        self.refuse_twice([row["code"] for row in rows], "Kode")
        if not any(row["is_active"] for row in rows):
            raise forms.ValidationError("Minta paling sedikit satu dokumen.")


class TestRuleRow(RuleRow, forms.ModelForm[TestRule]):
    """Who must sit the test; the first row that fits decides."""

    __test__ = False
    widths = {
        "order": "col-4 col-md-2",
        "position": "col-8 col-md-5",
        "education_field": "col-md-5",
        "level_code": "col-md-5",
        "competency_test": "col-md-5",
        "remove": "col-md-2",
    }
    education_field = forms.ChoiceField(
        label="Bidang pendidikan",
        required=False,
        choices=[(ALL, "Semua bidang"), *Proposal.EducationField.choices],
    )
    level_code = forms.ChoiceField(label="Jenjang", required=False)
    competency_test = forms.TypedChoiceField(
        label="Uji kompetensi",
        choices=[("True", "Wajib uji"), ("False", "Tanpa uji")],
        coerce=lambda value: str(value) == "True",
    )

    class Meta:
        model = TestRule
        fields = ["order", "position", "education_field", "level_code", "competency_test"]
        labels = {"order": "Urutan", "position": "Jabatan"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("position", "Semua jabatan", self.choices.positions)
        self.offer("level_code", "Semua jenjang", self.choices.levels)


class TestRuleRows(RuleRows):
    __test__ = False

    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        kinds = ("position", "education_field", "level_code")
        in_order = sorted(rows, key=lambda row: row["order"])
        if not in_order or any(in_order[-1][kind] for kind in kinds):
            raise forms.ValidationError(
                "Baris terakhir harus berlaku bagi semua jabatan, bidang, dan jenjang, supaya "
                "setiap peserta mendapat jawaban."
            )
        if any(not any(row[kind] for kind in kinds) for row in in_order[:-1]):
            raise forms.ValidationError(
                "Baris yang berlaku bagi semua harus yang terakhir; baris sesudahnya tidak pernah "
                "dipakai."
            )


class AgeRow(RuleRow, forms.ModelForm[AgeLimit]):
    """The age that holders of a band of ranks must be under."""

    widths = {"from_rank": "col-md-4", "to_rank": "col-md-4", "under_years": "col-md-4"}

    class Meta:
        model = AgeLimit
        fields = ["from_rank", "to_rank", "under_years"]
        labels = {"from_rank": "Dari pangkat", "to_rank": "Sampai pangkat"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("from_rank", "Pilih pangkat", self.choices.ranks)
        self.offer("to_rank", "Pilih pangkat", self.choices.ranks)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("from_rank"), data.get("to_rank")
        if first and last and last.order < first.order:
            self.add_error("to_rank", "Sampai pangkat: tidak boleh di bawah pangkat awal.")
        return data


class AgeRows(RuleRows):
    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        bands = sorted(rows, key=lambda row: row["from_rank"].order)
        for one, other in pairwise(bands):
            if other["from_rank"].order <= one["to_rank"].order:
                raise forms.ValidationError(
                    f"Pangkat {other['from_rank'].code} masuk dua baris. Pisahkan batas usianya."
                )


class LevelRow(RuleRow):
    """A level, open or not, with the band of ranks that fits it."""

    is_open = forms.BooleanField(label="Dibuka", required=False)
    from_rank = forms.ModelChoiceField(label="Dari pangkat", queryset=Rank.objects.all())
    to_rank = forms.ModelChoiceField(label="Sampai pangkat", queryset=Rank.objects.all())
    widths = {"is_open": "col-md-2", "from_rank": "col-6 col-md-5", "to_rank": "col-6 col-md-5"}
    can_remove = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("from_rank", "Tidak ada", self.choices.ranks)
        self.offer("to_rank", "Tidak ada", self.choices.ranks)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("from_rank"), data.get("to_rank")
        if not data.get("is_open"):  # its ranks do not matter
            for name in ("from_rank", "to_rank"):
                self.errors.pop(name, None)
        elif first and last and last.order < first.order:
            self.add_error("to_rank", f"{self.title}: tidak boleh di bawah pangkat awal.")
        return data


class LevelRows(RuleRows):
    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        if not any(row["is_open"] for row in rows):
            raise forms.ValidationError("Buka paling sedikit satu jenjang.")


class PortfolioRow(RuleRow, forms.ModelForm[PortfolioItem]):
    """A question of the portfolio assessment."""

    widths = {
        "position": "col-md-5",
        "code": "col-8 col-md-4",
        "order": "col-4 col-md-3",
        "required": "col-md-4",
        "is_active": "col-md-4",
        "remove": "col-md-4",
    }

    class Meta:
        model = PortfolioItem
        fields = ["position", "code", "order", "question", "evidence", "required", "is_active"]
        labels = {"code": "Kode", "order": "Urutan", "position": "Jabatan"}
        widgets = {"question": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("position", "Pilih jabatan", self.choices.open_positions)


class PortfolioRows(RuleRows):
    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        self.refuse_twice([f"{row['position']} {row['code']}" for row in rows], "Kode")
        asked = {row["position"].pk for row in rows if row["is_active"]}
        for pk, name in self.forms[0].choices.open_positions:
            if pk not in asked:
                raise forms.ValidationError(f"{name}: tanyakan paling sedikit satu butir.")


class ColumnRow(RuleRow, forms.ModelForm[FormationColumn]):
    """A column that formations have beside needed and filled."""

    widths = {
        "order": "col-4 col-md-2",
        "label": "col-8 col-md-5",
        "kind": "col-md-3",
        "remove": "col-md-2",
    }

    class Meta:
        model = FormationColumn
        fields = ["order", "label", "kind"]


class ColumnRows(RuleRows):
    def check_together(self, rows: Sequence[dict[str, Any]]) -> None:
        self.refuse_twice([row["label"] for row in rows], "Kolom")
