"""Message texts: templates/emails/<code>.txt with named fields in braces, no template language.

The first line is "Subjek: …", then an empty line, then paragraphs. A field that the text names and
the caller does not give is an error, so that no message leaves with a hole in it.

An administrator may word a message otherwise (`MessageText`), with the fields of the shipped text
only: those are what every caller gives. The one-time link of an invitation or a reset is no field:
it is put below the text while the mail is sent, whatever the text says.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from django.conf import settings

from .models import MessageText, OutboxMessage

logger = logging.getLogger(__name__)

FIELD = re.compile(r"\{([a-z_]+)\}")
BRACES = re.compile(r"\{[^{}]*\}|[{}]")
SUBJECT_LENGTH = 200  # of an inbox entry

#: field → what it stands for, a sample for the preview
FIELDS = {
    "nama": ("nama penerima", "Sri Wahyuni, S.E."),
    "peserta": ("nama peserta", "Budi Santoso, S.Kom."),
    "nama_peserta": ("nama beberapa peserta", "Budi Santoso, S.Kom.; Ani Lestari, S.ST."),
    "periode": ("nama periode", "Periode II Tahun 2020"),
    "jabatan": ("jabatan dan jenjang tujuan", "Pranata Komputer Ahli Pertama"),
    "instansi": ("nama instansi", "Pemerintah Kabupaten Contoh"),
    "alasan": ("alasan yang ditulis pemutus", "Nomor pada keputusan tidak terbaca."),
    "catatan": ("catatan verifikator", "Lengkapi pangkat dan TMT."),
    "jumlah": ("banyaknya", "3"),
    "nomor": ("nomor surat atau nomor peserta", "B-0742/BPS/2340/06/2020"),
    "batas": ("batas waktu, atau nilai lulus", "Jumat, 28 Agustus 2020 pukul 17.00 WIB"),
    "surat": ("jenis surat", "Surat rekomendasi"),
    "username": ("nama pengguna", "198904142014031901"),
    "keadaan": ("keadaan usulan", "Dokumen lengkap, tinggal dikirim."),
    "waktu": ("waktu", "Senin, 19 Oktober 2020 pukul 08.00 WIB"),
    "daftar": ("daftar, satu baris per butir", "- Ijazah: Belum dilegalisasi\n- SK pangkat"),
    "peran": ("peran dalam sistem", "operator Pemerintah Kabupaten Contoh"),
    "akibat": ("akibat dan langkah berikut", "Surat pengganti menyusul."),
    "tertahan": ("banyaknya yang tertahan", "2"),
    "tempat": ("tempat dan alamat", "BPS Kabupaten Contoh, Jalan Contoh 1"),
    "tanggal": ("tanggal", "30 November 2020"),
    "semula": ("nilai semula", "Lainnya"),
    "menjadi": ("nilai sekarang", "Teknologi informasi"),
    "sebab": ("sebabnya", "lulus uji portofolio, tanpa uji kompetensi"),
    "putusan": ("putusan", "lulus"),
    "perubahan": ("yang berubah", "batas pengiriman berkas"),
    "penandatangan": ("nama penanda tangan", "Dr. Ika Wulandari"),
    "oleh": ("siapa yang menyerahkan", "Teguh Prasojo"),
    "nilai": ("nilai", "78,50"),
    "kursi": ("nomor kursi", "12"),
    "hari": ("banyaknya hari", "3"),
    "cara": ("cara berkas dikirim", "dikirim oleh peserta"),
}
#: What a recipient learns nowhere else: a text that ships with such a field must keep it.
ESSENTIAL = frozenset(
    {"akibat", "alasan", "batas", "catatan", "daftar", "hari", "keadaan", "kursi", "menjadi"}
    | {"nilai", "nomor", "perubahan", "putusan", "semula", "tanggal", "tempat", "tertahan"}
    | {"username", "waktu"}
)
#: Below these the system puts a one-time link.
WITH_LINK = frozenset({"invitation", "password_reset", "operator_request_confirm"})


@cache
def codes() -> tuple[str, ...]:
    """The codes of all messages that there are."""
    folder = Path(settings.BASE_DIR) / "templates" / "emails"
    return tuple(
        sorted(path.stem for path in folder.glob("*.txt") if not path.stem.startswith("_"))
    )


@cache
def shipped(code: str) -> tuple[str, str]:
    """Subject and body as they come with the application."""
    text = (Path(settings.BASE_DIR) / "templates" / "emails" / f"{code}.txt").read_text("utf-8")
    first, _, body = text.partition("\n")
    if not first.startswith("Subjek: "):
        raise ValueError(f"templates/emails/{code}.txt must begin with 'Subjek: '")
    return first.removeprefix("Subjek: ").strip(), body.strip()


def source_of(code: str) -> tuple[str, str]:
    """Subject and body as they count now: one query by the code, never an old answer."""
    edited = (
        MessageText.objects.filter(code=code)
        .exclude(body="")
        .values_list("subject", "body")
        .first()
    )
    return edited or shipped(code)


def subjects_of(mails: Iterable[OutboxMessage]) -> list[str]:
    """The subjects for a list of mails, in its order; a field that is missing by now shows its
    name. One query."""
    mails = list(mails)
    edited = dict(
        MessageText.objects.filter(code__in={mail.template for mail in mails})
        .exclude(body="")
        .values_list("code", "subject")
    )
    return [_known(edited.get(m.template) or shipped(m.template)[0], m.fields) for m in mails]


def _known(text: str, fields: Mapping[str, str]) -> str:
    return FIELD.sub(lambda match: str(fields.get(match.group(1), match.group(0))), text)


def fields_of(code: str) -> set[str]:
    """The names of all fields that the message may use: those of the shipped text."""
    return _fields(*shipped(code))


def required_of(code: str) -> set[str]:
    """The fields that the message must keep."""
    return fields_of(code) & ESSENTIAL


def _fields(subject: str, body: str) -> set[str]:
    return set(FIELD.findall(subject)) | set(FIELD.findall(body))


def complaints(code: str, subject: str, body: str) -> list[str]:
    """What is wrong with an edited text, in sentences; nothing when it may be saved."""
    allowed, found = fields_of(code), []
    marks = dict.fromkeys(BRACES.findall(subject) + BRACES.findall(body))
    if unknown := [mark for mark in marks if mark[1:-1] not in allowed]:
        known = ", ".join(f"{{{name}}}" for name in sorted(allowed))
        found.append(f"Tidak dikenal: {', '.join(unknown)}. Yang dapat dipakai: {known}.")
    if missing := sorted(required_of(code) - _fields(subject, body)):
        names = ", ".join(f"{{{name}}}" for name in missing)
        found.append(f"Harus tetap ada: {names}. Penerima tidak mengetahuinya dari tempat lain.")
    return found


def render_text(code: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body with the fields filled in: one query.

    KeyError for a field of the shipped text that is missing. An edited text with a field that the
    caller does not give (any more) must stop nobody's work: the shipped text takes its place.
    """
    return render_source(source_of(code), code, fields)


def render_source(source: tuple[str, str], code: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """The same from a text that is read already (`source_of`): no query."""
    subject, body = source
    if not _fields(subject, body) <= set(fields) and (subject, body) != shipped(code):
        logger.warning("message_text.unusable", extra={"code": code})
        subject, body = shipped(code)
    return fill(subject, body, fields)


def fill(subject: str, body: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """A text with its fields filled in; what stands in a value stays text."""

    def value(match: re.Match[str]) -> str:
        return str(fields[match.group(1)])

    line = " ".join(FIELD.sub(value, subject).split())
    return line[:SUBJECT_LENGTH], FIELD.sub(value, body)
