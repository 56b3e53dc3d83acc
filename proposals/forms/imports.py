"""The upload of a file of candidates, and the candidate form for one of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from inpassing.accounts.models import Agency, WorkUnit
from inpassing.formats import MONTHS
from inpassing.reference.models import EducationLevel, Period, PositionLevel, Rank

from ..import_sheets import HEADERS, SheetError, check_file, has_lost_digits, word_key
from .candidates import CandidateForm, LevelChoices, PositionPosts, level_choices, posts_of

YES = {"ya", "y", "iya", "true"}
NO = {"tidak", "tdk", "t", "bukan", "false"}
SEXES = {"l": "1", "lakilaki": "1", "pria": "1", "p": "2", "perempuan": "2", "wanita": "2"}
EDUCATION_WORDS = {
    "SMA": "SLTA",
    "SMK": "SLTA",
    "SLTA": "SLTA",
    "D-I": "D1",
    "D-II": "D2",
    "D-III": "D3",
    "D-IV": "D4",
    "Diploma 1": "D1",
    "Diploma 2": "D2",
    "Diploma 3": "D3",
    "Diploma 4": "D4",
    "Sarjana": "S1",
    "Magister": "S2",
    "Doktor": "S3",
}
HOW_TO_WRITE = {
    "sex": "Tulis L atau P, atau kosongkan.",
    "is_structural": "Tulis Ya atau Tidak.",
    "dismissed_before": "Tulis Ya atau Tidak.",
}
EMPTY = "Belum diisi."
LOST_DIGITS = (
    "Angka terakhir NIP hilang karena sel disimpan sebagai angka. Ubah kolom NIP menjadi Teks, "
    "lalu ketik lagi 18 angkanya."
)


class UploadForm(forms.Form):
    """A file of candidates, for an agency and a period where there is a choice."""

    target = forms.ChoiceField(label="Instansi dan periode")
    file = forms.FileField(
        label="Berkas XLSX atau CSV",
        help_text="Paling besar 2 MB dan 5.000 baris.",
        widget=forms.FileInput(
            attrs={
                "accept": ".xlsx,.csv,text/csv,"
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
        ),
        error_messages={"empty": "Berkas itu kosong. Pilih berkas lain."},
    )

    def __init__(self, *args: Any, targets: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = self.fields["target"]
        assert isinstance(target, forms.ChoiceField)
        target.choices = list(targets.items())
        if len(targets) == 1:
            target.widget = forms.HiddenInput()
            target.initial = next(iter(targets))

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        try:
            check_file(upload.read())
        except SheetError as error:
            raise ValidationError(str(error), code="sheet") from error
        upload.seek(0)
        return upload


class SaveForm(forms.Form):
    """Which rows of a file are saved."""

    ALL, GOOD = "semua", "benar"

    rows = forms.ChoiceField(
        choices=[(ALL, "Semua baris"), (GOOD, "Hanya baris yang benar")],
        error_messages={"required": "Pilih dahulu: semua baris, atau hanya baris yang benar."},
    )


class KnownField(forms.Field):
    """A choice among records by the words that people write for them."""

    def __init__(self, known: Mapping[str, object], how: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.known, self.how = known, how

    def to_python(self, value: Any) -> object:
        if not value:
            return None
        if found := self.known.get(word_key(str(value))):
            return found
        raise ValidationError(f"“{value}” tidak dikenal. {self.how}", code="unknown")


def rank_words(ranks: Iterable[Rank]) -> dict[str, object]:
    """A rank by the words that people write for it."""
    return {
        word_key(word): rank
        for rank in ranks
        for word in (rank.code, str(rank), f"{rank.code} {rank.name}", rank.name)
    }


@dataclass(frozen=True)
class Lists:
    """What the rows of one agency and period choose from, looked up once for many rows."""

    agency: Agency
    period: Period
    posts: list[PositionPosts]
    levels: list[PositionLevel]
    choices: LevelChoices
    units: QuerySet[WorkUnit]
    ranks: list[Rank]
    educations: list[EducationLevel]
    rank_field: KnownField
    education_field: KnownField
    unit_field: KnownField

    def drop_downs(self) -> dict[str, list[str]]:
        """The words of each drop-down list of the workbook, by column."""
        return {
            "sex": ["L", "P"],
            "rank": [rank.code for rank in self.ranks],
            "position": list(dict.fromkeys(level.position.name for level in self.levels)),
            "level": list(dict.fromkeys(level.short_name for level in self.levels)),
            "education": [education.name for education in self.educations],
            "is_structural": ["Ya", "Tidak"],
            "dismissed_before": ["Ya", "Tidak"],
            "work_unit": [unit.name for unit in self.units],
        }


def lists_of(agency: Agency, period: Period) -> Lists:
    """Posts, ranks, education levels and work units: at most nine queries."""
    posts = posts_of(agency, period)
    units = agency.work_units.filter(is_active=True)
    ranks, educations = list(Rank.objects.all()), list(EducationLevel.objects.all())
    by_code = {education.code: education for education in educations}
    education_words: dict[str, object] = {
        word_key(word): by_code[code] for word, code in EDUCATION_WORDS.items() if code in by_code
    }
    for education in educations:
        education_words |= {
            word_key(education.code): education,
            word_key(education.name): education,
        }
    unit_words: dict[str, object] = {word_key(unit.name): unit for unit in units}
    return Lists(
        agency=agency,
        period=period,
        posts=posts,
        levels=[level for group in posts for level, _ in group.levels],
        choices=level_choices(posts),
        units=units,
        ranks=ranks,
        educations=educations,
        rank_field=KnownField(rank_words(ranks), "Tulis golongan ruang, misalnya III/a."),
        education_field=KnownField(education_words, "Pilih dari daftar pada templat."),
        unit_field=KnownField(
            unit_words,
            "Pilih dari daftar, atau tambahkan dahulu pada halaman Unit kerja.",
            required=False,
        ),
    )


class RowForm(CandidateForm):
    """The candidate form for rows: the same validators, words instead of choices.

    One form takes one row after another (`take`): making its fields costs more than all else that
    is done with a row. `owners` maps an address to the NIPs that hold it (None for an account
    without one).
    """

    def __init__(self, *, lists: Lists, owners: Mapping[str, set[str | None]]) -> None:
        self.lists, self.owners = lists, owners
        self.written: Mapping[str, str] = {}
        self.level_errors: dict[str, list[str]] = {}
        super().__init__(
            {},
            agency=lists.agency,
            period=lists.period,
            posts=lists.posts,
            units=lists.units,
            choices=lists.choices,
        )
        self.fields["rank"] = lists.rank_field
        self.fields["education"] = lists.education_field
        self.fields["work_unit"] = lists.unit_field

    def take(self, values: Mapping[str, str]) -> None:
        """Forget the row before and read this one."""
        self.written = values
        level, self.level_errors = read_level(values["position"], values["level"], self.lists)
        self.data = _typed(values) | {"level": str(level.pk) if level else ""}
        self.full_clean()

    def is_taken(self, email: str, nip: str) -> bool:
        return bool(self.owners.get(email, set()) - {nip})

    def errors_by_column(self) -> dict[str, list[str]]:
        """Every error of the row as sentences, by the column it stands in."""
        found: dict[str, list[str]] = {}
        for name, errors in self.errors.as_data().items():
            if name == "level" and self.level_errors:
                continue
            column = name if name in HEADERS else "nip"
            found[column] = [self._sentence(name, error) for error in errors]
        if has_lost_digits(self.written["nip"]):
            found["nip"] = [LOST_DIGITS]
        found |= self.level_errors
        for name, text in self.written.items():
            if re.fullmatch(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)", text):
                found[name] = [f"Sel berisi galat rumus ({text}). Ketik isinya."]
        return {name: found[name] for name in HEADERS if name in found}

    def _sentence(self, name: str, error: ValidationError) -> str:
        if error.code == "required":
            return EMPTY
        if error.code == "invalid_choice":
            return f"“{self.written[name]}” tidak dikenal. {HOW_TO_WRITE[name]}"
        return str(error.messages[0])


def read_level(
    position: str, level: str, lists: Lists
) -> tuple[PositionLevel | None, dict[str, list[str]]]:
    """The level that two cells name, or what is wrong with them, by column."""
    key = word_key(level)
    whole = next((known for known in lists.levels if key and key == word_key(known.name)), None)
    if whole and word_key(position) in {"", word_key(whole.position.name)}:
        return whole, {}
    if not position:
        return None, {"position": [EMPTY]} | ({} if level else {"level": [EMPTY]})
    wanted = {word_key(position)}
    of_position = [
        known
        for known in lists.levels
        if wanted & {word_key(known.position.name), word_key(known.position_id)}
    ]
    if not of_position:
        names = " atau ".join(lists.drop_downs()["position"])
        return None, {"position": [f"“{position}” tidak dikenal. Tulis {names}."]}
    if not level:
        return None, {"level": [EMPTY]}
    for known in of_position:
        if key == word_key(known.short_name):
            return known, {}
    for known in of_position:
        if key in {word_key(known.name_2004), _old_name(known)}:
            return None, {"level": [f"Nama jenjang lama. Tulis “{known.short_name}”."]}
    names = ", ".join(known.short_name for known in of_position)
    return None, {
        "level": [f"“{level}” bukan jenjang {of_position[0].position.name}. Pilih: {names}."]
    }


def _old_name(level: PositionLevel) -> str:
    return word_key(level.name_2004.removeprefix(level.position.name))


def _typed(values: Mapping[str, str]) -> dict[str, str]:
    """What is written in the cells, as a person would have typed it into the form."""
    typed = {name: text for name, text in values.items() if name != "position"}
    for name in ("is_structural", "dismissed_before"):
        key = word_key(typed[name])
        typed[name] = "ya" if key in YES else "tidak" if key in NO else typed[name]
    typed["sex"] = SEXES.get(word_key(typed["sex"]), typed["sex"])
    for name in ("birth_date", "rank_effective_on"):
        typed[name] = _date_typed(typed[name])
    return typed


def _date_typed(text: str) -> str:
    """ "1 April 2023" and "2023-04-01 00:00:00" as the date field takes them; else as it is."""
    text = re.sub(r"[ T]00:00(:00(\.0+)?)?$", "", text)
    found = re.fullmatch(r"([0-9]{1,2})[ -]([A-Za-z]{3,})\.?[ -]([0-9]{4})", text)
    if found is None:
        return text
    word = found[2].casefold()
    months = [i for i, name in enumerate(MONTHS, start=1) if name.casefold().startswith(word)]
    return f"{found[1]}-{months[0]}-{found[3]}" if len(months) == 1 else text
