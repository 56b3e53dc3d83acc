"""A work unit and its head: the form, and the same form for a row of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from inpassing.accounts.models import Agency, WorkUnit
from inpassing.reference.models import Rank

from ..import_sheets import has_lost_digits, word_key
from ..work_units import UNIT_FIELDS, namesake
from .fields import NipField
from .imports import EMPTY, LOST_DIGITS, KnownField, UploadForm

CAPACITY_WORDS = {
    "": WorkUnit.Capacity.DEFINITE,
    "definitif": WorkUnit.Capacity.DEFINITE,
    "plt": WorkUnit.Capacity.PLT,
    "pelaksanatugas": WorkUnit.Capacity.PLT,
    "plh": WorkUnit.Capacity.PLH,
    "pelaksanaharian": WorkUnit.Capacity.PLH,
}


class WorkUnitForm(forms.Form):
    """Name, address and head of a work unit; statements are printed for the head's signature."""

    name = forms.CharField(label="Nama unit kerja", max_length=150)
    address = forms.CharField(label="Alamat", max_length=300, required=False)
    head_name = forms.CharField(
        label="Nama pimpinan",
        max_length=150,
        required=False,
        help_text="Dengan gelar, seperti pada surat dinas.",
    )
    head_nip = NipField(label="NIP pimpinan", required=False)
    head_rank = forms.ModelChoiceField(
        label="Pangkat pimpinan", queryset=Rank.objects.all(), required=False, empty_label="–"
    )
    head_post = forms.CharField(label="Jabatan pimpinan", max_length=150, required=False)
    head_capacity = forms.ChoiceField(
        label="Kedudukan", choices=WorkUnit.Capacity.choices, required=False
    )
    is_active = forms.BooleanField(
        label="Dipakai",
        required=False,
        help_text="Unit yang tidak dipakai tidak muncul lagi di pilihan.",
    )

    def __init__(
        self, *args: Any, agency: Agency, unit: WorkUnit | None = None, **kwargs: Any
    ) -> None:
        if unit:
            kwargs["initial"] = {name: getattr(unit, name) for name in (*UNIT_FIELDS, "is_active")}
        super().__init__(*args, **kwargs)
        self.agency, self.unit = agency, unit
        post = "Kepala Dinas Komunikasi dan Informatika" if agency.is_regional else "Kepala Biro"
        self.fields["head_post"].help_text = f"Misalnya {post}."
        if unit is None:
            del self.fields["is_active"]

    def namesake(self, name: str) -> WorkUnit | None:
        """Another unit of the agency with this name."""
        return namesake(self.agency, name, besides=self.unit.pk if self.unit else None)

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not word_key(name):
            raise ValidationError("Nama unit kerja tidak berisi huruf. Ketik nama resminya.")
        if other := self.namesake(name):
            raise ValidationError(f"Unit kerja “{other.name}” sudah ada. Ubah yang itu.")
        return name

    def clean_head_nip(self) -> str:
        nip = self.cleaned_data.get("head_nip")
        return nip.digits if nip else ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        known = cleaned.get("head_nip") or cleaned.get("head_rank") or cleaned.get("head_post")
        if known and "head_name" in cleaned and not cleaned["head_name"]:
            self.add_error(
                "head_name",
                "Nama pimpinan belum diisi, padahal NIP, pangkat, atau jabatannya ada. Isi "
                "namanya, atau kosongkan semuanya.",
            )
        return cleaned

    def values(self) -> dict[str, object]:
        """What was typed, by the field of the unit."""
        return {name: self.cleaned_data[name] for name in self.fields}


class UnitRowForm(WorkUnitForm):
    """The form of a unit for a row of a file: the same validators, words instead of choices.

    `others` are the agency's units, by their names as they are compared.
    """

    def __init__(
        self,
        written: Mapping[str, str],
        *,
        agency: Agency,
        rank_field: KnownField,
        others: Mapping[str, list[WorkUnit]],
    ) -> None:
        self.written, self.others = written, others
        capacity = CAPACITY_WORDS.get(word_key(written["head_capacity"]))
        typed = written if capacity is None else {**written, "head_capacity": capacity}
        super().__init__(typed, agency=agency)
        self.fields["head_rank"] = rank_field

    def namesake(self, name: str) -> WorkUnit | None:
        same = self.others.get(word_key(name), [])
        # One of that name is what the row changes; of two nobody knows which is meant.
        return same[0] if len(same) > 1 else None

    def errors_by_column(self) -> dict[str, list[str]]:
        """Every error of the row as sentences, by the column it stands in."""
        found: dict[str, list[str]] = {}
        for name, errors in self.errors.as_data().items():
            found[name] = [self._sentence(name, error) for error in errors]
        if has_lost_digits(self.written["head_nip"]):
            found["head_nip"] = [LOST_DIGITS]
        for name, text in self.written.items():
            if re.fullmatch(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)", text):
                found[name] = [f"Sel berisi galat rumus ({text}). Ketik isinya."]
        return {name: found[name] for name in UNIT_FIELDS if name in found}

    def _sentence(self, name: str, error: ValidationError) -> str:
        if error.code == "required":
            return EMPTY
        if error.code == "invalid_choice":
            return f"“{self.written[name]}” tidak dikenal. Tulis Definitif, Plt., atau Plh."
        return str(error.messages[0])


class UnitUploadForm(UploadForm):
    """A file of work units, for an agency where there is a choice."""

    def __init__(self, *args: Any, targets: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, targets=targets, **kwargs)
        self.fields["target"].label = "Instansi"
        self.fields["file"].help_text = "Paling besar 2 MB dan 2.000 baris."
