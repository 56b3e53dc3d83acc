"""Sending the outbox: claim, send, note what the mail server answered."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from inpassing.reference.contacts import contact_lines

from .links import make_link
from .models import OutboxMessage
from .texts import render_text

logger = logging.getLogger(__name__)

State = OutboxMessage.State
MAX_ATTEMPTS = 5
SILENT_AFTER = timedelta(minutes=10)


def claim_next() -> OutboxMessage | None:
    """The oldest mail that is due, marked as being sent; None when nothing is due."""
    with transaction.atomic():
        row = (
            OutboxMessage.objects.filter(state=State.QUEUED)
            .filter(Q(not_before=None) | Q(not_before__lte=timezone.now()))
            .select_for_update(skip_locked=True)
            .order_by("created_at")
            .first()
        )
        if row is not None:
            row.state, row.claimed_at = State.SENDING, timezone.now()
            row.attempts += 1
            row.save(update_fields=["state", "claimed_at", "attempts"])
        return row


def mark_silent_as_uncertain() -> int:
    """Claims that ended without an answer: nobody knows whether that mail went out."""
    return OutboxMessage.objects.filter(
        state=State.SENDING, claimed_at__lt=timezone.now() - SILENT_AFTER
    ).update(state=State.UNCERTAIN, response="Pengiriman terputus sebelum server menjawab.")


def deliver(row: OutboxMessage) -> None:
    """Send one claimed mail and note the answer. A temporary refusal is tried again later."""
    link = make_link(row.link_kind, row.link_subject_id or 0) if row.link_kind else ""
    subject, body = render_text(row.template, row.fields)
    shared = {
        "body": body,
        "link": link,
        "path": row.path,
        "site": settings.SITE_URL,
        # A text that concerns a period names it; any other gets the contact of what is open.
        "contacts": contact_lines(row.fields.get("periode", "")),
    }
    mail = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string("emails/_base.txt", shared),
        to=[row.to_email],
        headers={"Message-ID": f"<{row.message_id}@inpassing>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(
        render_to_string("emails/_base.html", shared | {"subject": subject}),
        "text/html",
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        _refused(row, int(code), _words(answer))
    except smtplib.SMTPResponseException as error:
        _refused(row, error.smtp_code, _words(error.smtp_error))
    except (ConnectionRefusedError, smtplib.SMTPConnectError) as error:
        _refused(row, 421, str(error))
    except (OSError, smtplib.SMTPException) as error:
        # The connection broke after the message may have been handed over.
        _answer(row, State.UNCERTAIN, f"Tidak ada jawaban server: {error}"[:300])
    else:
        _answer(row, State.SENT, "250 diterima")


def _refused(row: OutboxMessage, code: int, answer: str) -> None:
    response = f"{code} {answer}"[:300]
    if code < 500 and row.attempts < MAX_ATTEMPTS:
        OutboxMessage.objects.filter(pk=row.pk, state=State.SENDING).update(
            state=State.QUEUED,
            response=response,
            not_before=timezone.now() + timedelta(minutes=2**row.attempts),
        )
    else:
        _answer(row, State.FAILED, response)
    logger.warning("mail.refused", extra={"mail": row.pk, "code": code, "attempt": row.attempts})


def _answer(row: OutboxMessage, state: str, response: str) -> None:
    sent_at = timezone.now() if state == State.SENT else None
    OutboxMessage.objects.filter(pk=row.pk, state=State.SENDING).update(
        state=state, response=response, sent_at=sent_at
    )


def _words(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
