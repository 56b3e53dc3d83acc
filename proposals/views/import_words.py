"""What the pages of an imported file say: their words by kind of file, and each row."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from inpassing.formats import format_nip

from .. import unit_imports
from ..import_sheets import HEADERS
from ..models import ImportBatch, ImportRow

STATE_TAGS = {
    ImportBatch.State.READING: "wait",
    ImportBatch.State.JUDGING: "wait",
    ImportBatch.State.READY: "turn",
    ImportBatch.State.SAVING: "wait",
    ImportBatch.State.DONE: "ok",
    ImportBatch.State.CANCELLED: "lock",
    ImportBatch.State.FAILED: "bad",
}
OUTCOME_TAGS = {
    ImportRow.Outcome.WAITING: "wait",
    ImportRow.Outcome.NEW: "ok",
    ImportRow.Outcome.CHANGED: "turn",
    ImportRow.Outcome.SAME: "lock",
    ImportRow.Outcome.ERROR: "bad",
}
RESULT_TAGS = {
    ImportRow.Result.CREATED: "ok",
    ImportRow.Result.CHANGED: "ok",
    ImportRow.Result.SAME: "lock",
    ImportRow.Result.REFUSED: "bad",
}
RESULT_WORDS = {
    ImportRow.Result.CREATED: "Ditambahkan",
    ImportRow.Result.CHANGED: "Diubah",
}


@dataclass(frozen=True)
class Words:
    """What the pages of one kind of file are called, where they are and what they say."""

    prefix: str
    noun: str
    list_name: str
    columns: tuple[str, str]
    created: str
    changed: str
    all_good: str
    saved: str
    next_label: str
    next_query: str = ""

    def url(self, act: str, pk: int) -> str:
        return reverse(f"{self.prefix}{act}", args=[pk])


CANDIDATE_WORDS = Words(
    prefix="proposals:import",
    noun="calon",
    list_name="proposals:list",
    columns=("Nama dan NIP", "Jabatan tujuan"),
    created="konsep dibuat",
    changed="konsep diubah",
    all_good="Semua baris dapat disimpan sebagai konsep. Konsep belum dikirim ke BPS.",
    saved="Konsep ada di daftar calon. Periksa syaratnya, lalu usulkan ke BPS sebelum pengusulan "
    "ditutup.",
    next_label="Buka konsep calon",
    next_query="?status=draft",
)
UNIT_WORDS = Words(
    prefix="proposals:unit_import",
    noun="unit kerja",
    list_name="proposals:work_unit_list",
    columns=("Unit kerja", "Pimpinan"),
    created="unit ditambahkan",
    changed="unit diubah",
    all_good="Semua baris dapat disimpan.",
    saved="Calon dan baris formasi memilih dari daftar unit kerja ini.",
    next_label="Buka unit kerja",
)
WORDS = {ImportBatch.Kind.CANDIDATES: CANDIDATE_WORDS, ImportBatch.Kind.UNITS: UNIT_WORDS}


@dataclass(frozen=True)
class Row:
    """One row of the preview, formatted before the template sees it."""

    number: int
    name: str
    nip: str
    target: str
    rank: str
    kind: str
    word: str
    errors: list[tuple[str, str, str]]
    notes: list[str]
    url: str

    @property
    def is_bad(self) -> bool:
        return self.kind == "bad"


def state_tag(batch: ImportBatch) -> tuple[str, str]:
    """Kind and words of a file's state; one that is read is ready only if it can be saved."""
    if batch.state == ImportBatch.State.READY and not batch.savable:
        return ("turn", "Perlu dibetulkan") if batch.counts.get("error") else ("lock", "Sama")
    return STATE_TAGS[ImportBatch.State(batch.state)], str(batch.get_state_display())


def words_of(batch: ImportBatch) -> Words:
    """The words and addresses of a batch's pages."""
    return WORDS[ImportBatch.Kind(batch.kind)]


def row_of(row: ImportRow, words: Words) -> Row:
    """One row of the preview."""
    data = row.data
    is_unit = words is UNIT_WORDS
    kind = OUTCOME_TAGS[ImportRow.Outcome(row.outcome)]
    word = str(row.get_outcome_display())
    notes = list(row.warnings)
    if row.warnings and kind in {"ok", "turn"}:
        kind, word = "fix", f"{word}, dengan peringatan"
    if row.changes:
        notes.insert(0, f"Yang berubah: {', '.join(row.changes)}.")
    if row.result:
        result = ImportRow.Result(row.result)
        kind = RESULT_TAGS[result]
        word = str(result.label)
        if is_unit:
            word = RESULT_WORDS.get(result, word)
    name, nip, target, rank = _unit_cells(data) if is_unit else _candidate_cells(data)
    headers = unit_imports.HEADERS if is_unit else HEADERS
    return Row(
        number=row.number,
        name=name or "Tanpa nama",
        nip=nip,
        target=target,
        rank=rank,
        kind=kind,
        word=word,
        errors=[
            (headers[column], data[column], " ".join(sentences))
            for column, sentences in row.errors.items()
        ],
        notes=notes,
        url=reverse("proposals:detail", args=[row.proposal_id]) if row.proposal_id else "",
    )


def _candidate_cells(data: dict[str, str]) -> tuple[str, str, str, str]:
    """Name, NIP, target and rank of a candidate's row."""
    name = " ".join(filter(None, [data["title_before"], data["name"]]))
    return (
        ", ".join(filter(None, [name, data["title_after"]])),
        format_nip(data["nip"]),
        " ".join(filter(None, [data["position"], data["level"]])),
        data["rank"],
    )


def _unit_cells(data: dict[str, str]) -> tuple[str, str, str, str]:
    """Name of a unit's row, its head, and the head's post."""
    capacity = data["head_capacity"] if data["head_capacity"] != "Definitif" else ""
    return (
        data["name"],
        "",
        data["head_name"],
        " ".join(filter(None, [capacity, data["head_post"]])),
    )
