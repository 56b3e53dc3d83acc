"""The wording of messages: saved if nobody was faster, or taken back to what is shipped."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from inpassing.accounts.models import User
from inpassing.errors import StaleError, TransitionError
from inpassing.formats import short_datetime
from inpassing.notifications.models import MessageText, OutboxMessage
from inpassing.notifications.texts import FIELDS, codes, fields_of, fill, shipped
from inpassing.timeline.events import record

# So many of the newest mails are searched for one of a kind; the table is long and has no index.
RECENT = 5_000


@dataclass(frozen=True)
class Listed:
    """One message of the list."""

    code: str
    subject: str
    text: MessageText | None

    @property
    def is_edited(self) -> bool:
        return self.text is not None and self.text.is_edited


def all_texts() -> list[Listed]:
    """Every message with the subject that counts, by subject: one query."""
    edited = {row.code: row for row in MessageText.objects.select_related("updated_by")}
    found = []
    for code in codes():
        row = edited.get(code)
        found.append(Listed(code, (row.subject if row else "") or shipped(code)[0], row))
    return sorted(found, key=lambda listed: (listed.subject.casefold(), listed.code))


@transaction.atomic
def save_text(code: str, *, subject: str, body: str, version: int, by: User) -> MessageText:
    """Keep the wording of a message (checked before); mails from now on use it.

    `version` is the one that the page showed, 0 for a text that was never edited; StaleError when
    somebody was faster with another wording. One that equals the shipped one is the shipped one.
    """
    row = _locked(code, by=by)
    if (subject, body) == shipped(code):
        subject = body = ""
    if (row.subject, row.body) == (subject, body):
        return row
    _expect(row, version)
    _keep(row, subject, body, by=by)
    record(
        row,
        "message_text.changed" if body else "message_text.reset",
        "Teks pesan diubah" if body else "Teks bawaan dipakai lagi",
        by=by,
        note=f"Subjek: {subject}\n\n{body}" if body else "",
        data={"code": code, "version": row.version},
    )
    return row


@transaction.atomic
def reset_text(code: str, *, version: int, by: User) -> MessageText:
    """Take the shipped wording back."""
    row = _locked(code, by=by)
    if not row.is_edited:
        raise TransitionError("Pesan ini sudah memakai teks bawaan. Tidak ada yang berubah.")
    _expect(row, version)
    _keep(row, "", "", by=by)
    record(
        row,
        "message_text.reset",
        "Teks bawaan dipakai lagi",
        by=by,
        data={"code": code, "version": row.version},
    )
    return row


def _locked(code: str, *, by: User) -> MessageText:
    MessageText.objects.get_or_create(code=code, defaults={"updated_by": by})
    return MessageText.objects.select_for_update(of=("self",)).get(code=code)


def _expect(row: MessageText, version: int) -> None:
    if row.version != version:
        raise StaleError(
            f"Teks ini diubah {row.updated_by} "
            f"{short_datetime(row.updated_at, settings.TIME_ZONE)}. Tulisan Anda tidak disimpan. "
            "Bandingkan dengan teks sekarang, lalu simpan lagi."
        )


def _keep(row: MessageText, subject: str, body: str, *, by: User) -> None:
    row.subject, row.body, row.updated_by = subject, body, by
    row.version += 1
    row.save()


@dataclass(frozen=True)
class Shown:
    """A wording as a recipient reads it, and whose data fill it ("" for samples)."""

    subject: str
    body: str
    of: str


def preview(code: str, subject: str, body: str) -> Shown:
    """The wording filled with the fields of a recent mail of its kind, else with samples."""
    samples = {name: FIELDS[name][1] for name in fields_of(code)}
    newest = OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    mail = (
        OutboxMessage.objects.filter(template=code, pk__gt=newest - RECENT).order_by("-pk").first()
    )
    fields = samples | (mail.fields if mail else {})
    of = f"{mail.to_email}, {short_datetime(mail.created_at, settings.TIME_ZONE)}" if mail else ""
    return Shown(*fill(subject, body, fields), of=of)
