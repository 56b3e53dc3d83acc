"""What every transition of stage 4 shares: locks, the state that is expected, whom to tell.

Locks are taken in one order everywhere: run, letter, formations, proposals, number register.
"""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.notifications.outbox import enqueue
from proposals.models import Proposal
from proposals.people import operators_of

from .composing import lines_of
from .gate import Gate
from .models import Letter, LetterLine, Run
from .numbering import JAKARTA

Kind = Letter.Kind
Status = Letter.Status


def today() -> dt.date:
    """The day in Jakarta: a letter is dated there."""
    return timezone.localdate(timezone.now(), JAKARTA)


def is_early(run: Run) -> bool:
    """Whether the period's recommendation date has not come yet."""
    return today() < run.period.recommendation_on


def lock_letter(letter: Letter) -> Letter:
    """The letter's row, locked and fresh, loaded for its page."""
    return Letter.objects.for_page().select_for_update(of=("self",)).get(pk=letter.pk)


def lock_lines(letter: Letter) -> list[LetterLine]:
    """The rows of a letter, their proposals locked and their status fresh."""
    ids = letter.lines.values("proposal_id")
    locked = Proposal.objects.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    fresh = {proposal.pk: proposal for proposal in locked}
    lines = lines_of(letter)
    for line in lines:
        line.proposal.status = fresh[line.proposal_id].status
    return lines


def expect(letter: Letter, *allowed: str) -> None:
    """Refuse a letter in any other state."""
    if letter.status not in allowed:
        raise TransitionError(
            f"Keadaan surat sekarang: {letter.get_status_display().lower()}. "
            "Tindakan ini tidak dapat dilakukan lagi."
        )


def gate_for(letter: Letter, *, lock: bool = False) -> Gate:
    """The formations that a letter draws on."""
    return Gate(letter.period, agency=letter.agency, lock=lock)


def back_to_draft(letter: Letter, *, refusal_reason: str = "") -> None:
    """Take a letter out of the signers' hands."""
    letter.status, letter.fingerprint = Status.DRAFT, ""
    letter.early_reason, letter.refusal_reason = "", refusal_reason
    letter.sent_by, letter.sent_at = None, None
    letter.save()
    Letter.objects.filter(pk=letter.pk).check_anew()


def people_with(role: str) -> list[User]:
    """Everybody who has a role now."""
    return list(
        User.objects.filter(is_active=True, grants__role=role, grants__revoked_at=None).distinct()
    )


def tell_operators(letter: Letter, key: str, template: str, **extra: str) -> None:
    """One message about a letter to each operator of its agency."""
    for operator in operators_of(letter.agency):
        enqueue(
            f"{key}:{operator.pk}",
            to=operator,
            template=template,
            fields={
                "surat": letter.title,
                "nomor": letter.number,
                "instansi": letter.agency.name,
                "periode": letter.period.name,
                **extra,
            },
            path=reverse("recommendations:letter", args=[letter.pk]),
        )
