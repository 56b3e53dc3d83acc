"""Putting messages into the outbox and the inbox, inside the transaction that causes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inpassing.accounts.models import User
from inpassing.queue import hint

from .models import InboxMessage, OutboxMessage
from .texts import render_source, render_text, source_of

CHUNK = 2000


def enqueue(
    key: str,
    *,
    to: User | str,
    template: str,
    fields: dict[str, Any] | None = None,
    path: str = "",
    link: tuple[str, int] | None = None,
    proposal_id: int | None = None,
) -> None:
    """Queue a message once per `key`: a mail and, for a person with an account, an inbox entry.

    `path` is the page that the message is about ("/usulan/12/"); `link` names a one-time link
    (kind, subject id) that is made while the mail is sent. The text is checked at once: a field
    that `templates/emails/<template>.txt` names and `fields` lacks raises KeyError. The field
    `nama` (who is addressed) is filled from the account when it is not given.
    """
    values = {name: str(value) for name, value in (fields or {}).items()}
    user = to if isinstance(to, User) else None
    address = to.email if isinstance(to, User) else to
    if user is not None:
        values.setdefault("nama", user.full_name)
    subject, body = render_text(template, values)
    if address:
        OutboxMessage.objects.bulk_create(
            [
                OutboxMessage(
                    key=key,
                    user=user,
                    to_email=address,
                    template=template,
                    fields=values,
                    path=path,
                    link_kind=link[0] if link else "",
                    link_subject_id=link[1] if link else None,
                    proposal_id=proposal_id,
                )
            ],
            ignore_conflicts=True,
        )
        hint("inpassing.notifications.tasks.deliver_due")
    if user is not None and link is None:
        InboxMessage.objects.bulk_create(
            [
                InboxMessage(
                    key=f"{key}:{user.pk}",
                    user=user,
                    subject=subject,
                    body=body,
                    path=path,
                    proposal_id=proposal_id,
                )
            ],
            ignore_conflicts=True,
        )


@dataclass(frozen=True)
class Message:
    """A message to a person with an account, as `enqueue` takes it."""

    key: str
    to: User
    template: str
    fields: dict[str, Any]
    path: str = ""
    proposal_id: int | None = None


def enqueue_many(messages: Sequence[Message]) -> None:
    """Queue many messages in a handful of queries, each once per key, as `enqueue` does one."""
    sources = {code: source_of(code) for code in {message.template for message in messages}}
    mails, entries = [], []
    for message in messages:
        values = {name: str(value) for name, value in message.fields.items()}
        values.setdefault("nama", message.to.full_name)
        subject, body = render_source(sources[message.template], message.template, values)
        if message.to.email:
            mails.append(
                OutboxMessage(
                    key=message.key,
                    user=message.to,
                    to_email=message.to.email,
                    template=message.template,
                    fields=values,
                    path=message.path,
                    proposal_id=message.proposal_id,
                )
            )
        entries.append(
            InboxMessage(
                key=f"{message.key}:{message.to.pk}",
                user=message.to,
                subject=subject,
                body=body,
                path=message.path,
                proposal_id=message.proposal_id,
            )
        )
    OutboxMessage.objects.bulk_create(mails, ignore_conflicts=True, batch_size=CHUNK)
    InboxMessage.objects.bulk_create(entries, ignore_conflicts=True, batch_size=CHUNK)
    if mails:
        hint("inpassing.notifications.tasks.deliver_due")


def resend(message: OutboxMessage, *, key: str, to_email: str = "") -> None:
    """Queue the same message again as a new row; the earlier row keeps its own outcome."""
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                key=key,
                user=message.user,
                to_email=to_email or message.to_email,
                template=message.template,
                fields=message.fields,
                path=message.path,
                link_kind=message.link_kind,
                link_subject_id=message.link_subject_id,
                proposal_id=message.proposal_id,
            )
        ],
        ignore_conflicts=True,
    )
    hint("inpassing.notifications.tasks.deliver_due")
