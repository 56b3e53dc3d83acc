"""The text blocks of letters as an administrator words them, per period.

There is no template language: a block is plain text with the named fields of its kind, checked when
it is saved. A block that says what the default says is not stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from inpassing.accounts.models import User
from inpassing.letters.errors import LetterError
from inpassing.letters.glyphs import named, unprintable
from inpassing.letters.texts import DEFAULT_TEXTS, fill, unknown_fields
from inpassing.reference.models import Period
from inpassing.timeline.events import record

from .models import Letter, LetterText

Texts = dict[str, str | tuple[str, ...]]

# address -> (kind of document, its name)
KINDS = {
    "rekomendasi": ("recommendation", "Surat rekomendasi"),
    "petikan": ("extract", "Petikan rekomendasi"),
    "pemberitahuan": ("verification_notice", "Pemberitahuan hasil verifikasi"),
}
BLOCKS = {
    "subject": "Hal",
    "opening": "Pembuka",
    "opening_bare": "Pembuka bila surat usulan instansi tidak disebut",
    "counts_lead": "Butir di atas tabel jumlah",
    "points": "Butir-butir isi",
    "refused_point": "Butir terakhir bila ada yang tidak direkomendasikan",
    "closing": "Penutup",
    "annex_title": "Judul lampiran",
    "credit_note": "Catatan di bawah lampiran",
}
FIELDS = {
    "jabatan": "nama jabatan fungsional",
    "periode": "nama periode",
    "instansi": "nama instansi",
    "pengirim": "jabatan penanda tangan surat usulan",
    "nomor_usulan": "nomor surat usulan instansi",
    "tanggal_usulan": "tanggal surat usulan instansi",
    "penerima": "jabatan penerima surat rekomendasi",
    "hal": "hal surat rekomendasi",
    "narahubung": "narahubung periode",
}
FIELDS_OF = {
    "recommendation": (
        "jabatan",
        "periode",
        "instansi",
        "pengirim",
        "nomor_usulan",
        "tanggal_usulan",
    ),
    "extract": ("penerima", "hal", "jabatan", "periode", "instansi"),
    "verification_notice": ("periode", "instansi", "narahubung"),
}
MAX_LENGTH = 3000


def texts_of(period_id: int, kind: str) -> Texts:
    """The blocks of a kind of letter for a period, edited or default: one query."""
    texts: Texts = dict(DEFAULT_TEXTS[kind])
    for row in LetterText.objects.filter(period=period_id, kind=kind):
        if row.block in texts:
            texts[row.block] = _read(row.text, texts[row.block])
    return texts


def typed(block: str | tuple[str, ...]) -> str:
    """A block as it is typed: a list is one point per paragraph."""
    return block if isinstance(block, str) else "\n\n".join(block)


def complaints(kind: str, text: str) -> list[str]:
    """What is wrong with a block, in sentences; nothing when it may be saved."""
    found = []
    if unknown := [name.strip() for name in unknown_fields(text, frozenset(FIELDS_OF[kind]))]:
        names = ", ".join(
            f"“{name}”" if name in {"{", "}"} else f"{{{name}}}" for name in dict.fromkeys(unknown)
        )
        allowed = ", ".join(f"{{{name}}}" for name in FIELDS_OF[kind])
        found.append(f"Tidak dikenal: {names}. Yang dapat dipakai: {allowed}.")
    if strange := unprintable(text):
        found.append(f"Tidak dapat dicetak pada surat: {named(strange)}. Hapus atau ganti.")
    return found


@transaction.atomic
def save_texts(period: Period, kind: str, blocks: Mapping[str, str], *, by: User) -> list[str]:
    """Keep what an administrator typed (checked before); a blank block is the default again.

    Returns the blocks that changed. Letters that have their number keep what they say; one that
    waits for a signature has to be sent again.
    """
    Period.objects.select_for_update(of=("self",)).get(pk=period.pk)
    rows = {row.block: row for row in LetterText.objects.filter(period=period, kind=kind)}
    changed = []
    for block, default in DEFAULT_TEXTS[kind].items():
        new = _tidy(blocks.get(block, ""))
        if not new or _read(new, default) == default:
            new = ""
        old = rows[block].text if block in rows else ""
        if new == old:
            continue
        changed.append(block)
        if new:
            LetterText.objects.update_or_create(
                period=period, kind=kind, block=block, defaults={"text": new}
            )
        else:
            rows[block].delete()
    if changed:
        Letter.objects.filter(period=period).check_anew()
        record(
            period,
            "period.letter_texts_changed",
            "Teks surat diubah",
            by=by,
            data={"kind": kind, "blocks": changed},
        )
    return changed


def copy_texts(source: Period, period: Period) -> int:
    """Give a new period the texts that were edited for an earlier one; returns how many."""
    rows = LetterText.objects.filter(period=source)
    copies = [
        LetterText(period=period, kind=row.kind, block=row.block, text=row.text) for row in rows
    ]
    return len(LetterText.objects.bulk_create(copies))


@dataclass(frozen=True)
class Shown:
    """A block as a letter would print it, or what it still lacks."""

    label: str
    paragraphs: list[str]
    lacks: str


def preview(kind: str, blocks: Mapping[str, str], values: Mapping[str, str]) -> list[Shown]:
    """The blocks, as typed, with the fields of a real letter filled in."""
    shown = []
    for block, default in DEFAULT_TEXTS[kind].items():
        text = _read(_tidy(blocks.get(block, "")), default)
        parts = [text] if isinstance(text, str) else list(text)
        try:
            filled, lacks = [fill(part, values) for part in parts], ""
        except LetterError as error:
            names = ", ".join(FIELDS.get(name, name) for name in error.missing)
            filled, lacks = parts, f"Belum ada isinya pada surat ini: {names}."
        shown.append(Shown(BLOCKS[block], filled, lacks))
    return shown


def _tidy(text: str) -> str:
    """Line ends and spaces as they are stored: paragraphs are parted by one blank line."""
    parts = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "\n\n".join(" ".join(part.split()) for part in parts if part.strip())


def _read(text: str, default: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """A stored or typed block in the shape of its default, which it is when nothing is typed."""
    if not text:
        return default
    return text if isinstance(default, str) else tuple(text.split("\n\n"))
