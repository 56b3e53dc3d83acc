"""A letter before its signer and after its issue: completed, taken back, void, revoked.

A letter goes DRAFT → AWAITING_SIGNATURE (`gathering.put_up`) → ISSUING (`issuing.issue`, the act of
the signer: number, date, code and content in one transaction) → ISSUED (`issuing.conclude`, the
worker has stored the PDF) → REVOKED; ISSUING → VOID.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.messages import tell
from proposals.models import Proposal

from .models import Letter, LetterLine
from .records import (
    back_to_draft,
    expect,
    gate_for,
    lock_letter,
    lock_lines,
    tell_operators,
)

Kind = Letter.Kind
Status = Letter.Status


@transaction.atomic
def set_reference(letter: Letter, *, by: User, number: str, date: dt.date | None) -> Letter:
    """Name the agency's letter of proposal, which the opening refers to."""
    letter = lock_letter(letter)
    expect(letter, Status.DRAFT)
    letter.reference_number, letter.reference_date = number, date
    letter.save(update_fields=["reference_number", "reference_date"])
    Letter.objects.filter(pk=letter.pk).check_anew()
    record(letter, "letter.completed", "Surat usulan instansi dicatat", by=by)
    return letter


@transaction.atomic
def allow_overrun(letter: Letter, *, by: User, reason: str) -> Letter:
    """Let a letter recommend more people than there are posts now, with a reason."""
    letter = lock_letter(letter)
    expect(letter, Status.DRAFT)
    over = gate_for(letter, lock=True).over(letter.agency_id, letter.position_id or "")
    if not over:
        raise TransitionError("Surat ini tidak melebihi formasi. Alasan tidak diperlukan.")
    letter.overrun_reason, letter.overrun_allowed = reason, over
    letter.save(update_fields=["overrun_reason", "overrun_allowed"])
    record(
        letter,
        "letter.overrun_allowed",
        "Melebihi formasi dengan alasan",
        by=by,
        note=reason,
        data={"over": over},
    )
    return letter


@transaction.atomic
def recall(letter: Letter, *, by: User) -> Letter:
    """Take a letter back from the signers, to change something."""
    letter = lock_letter(letter)
    expect(letter, Status.AWAITING_SIGNATURE)
    back_to_draft(letter)
    record(letter, "letter.recalled", "Ditarik dari penanda tangan", by=by)
    return letter


@transaction.atomic
def void(letter: Letter, *, by: User, reason: str) -> Letter:
    """Make a numbered letter void before it is issued; the number stays in the register, its
    people stay READY."""
    letter = lock_letter(letter)
    if letter.is_extract:
        raise TransitionError("Petikan mengikuti suratnya. Batalkan surat rekomendasinya.")
    expect(letter, Status.ISSUING)
    gone = [letter, *letter.extracts.select_for_update(of=("self",))]
    _end(gone, Status.VOID, by=by, reason=reason)
    # What it was to replace waits for another successor.
    Letter.objects.filter(replaced_by__in=gone).update(replaced_by=None)
    record(letter, "letter.voided", "Surat dibatalkan", by=by, note=reason)
    return letter


@transaction.atomic
def revoke(letter: Letter, *, by: User, reason: str, replace: bool) -> Letter:
    """Revoke an issued letter with its extracts.

    `replace`: its people are READY again and the next run writes them a new letter; otherwise the
    recommendation is withdrawn: NOT_RECOMMENDED, the post given back. Refused once somebody in it
    has been appointed.
    """
    letter = lock_letter(letter)
    if letter.is_extract:
        raise TransitionError("Petikan mengikuti suratnya. Cabut surat rekomendasinya.")
    expect(letter, Status.ISSUED)
    lines = lock_lines(letter)
    appointed = [
        line.proposal.full_name
        for line in lines
        if line.proposal.status == Proposal.Status.APPOINTED
    ]
    if appointed:
        raise TransitionError(
            f"Sudah diangkat: {', '.join(appointed[:3])}. Surat ini tidak dapat dicabut lagi."
        )
    extracts = list(letter.extracts.select_for_update(of=("self",)))
    out = [extract for extract in extracts if extract.is_issued]
    unmade = [extract for extract in extracts if extract.is_issuing]
    _end([letter, *out], Status.REVOKED, by=by, reason=reason, replace=replace)
    _end(unmade, Status.VOID, by=by, reason=reason)
    if letter.is_recommendation:
        for line in lines:
            if replace:
                proposals.mark_ready_again(line.proposal, by=by, reason=reason)
            else:
                proposals.mark_not_recommended(line.proposal, by=by, reason=reason)
    event = record(
        letter,
        "letter.revoked",
        "Surat dicabut untuk diganti" if replace else "Surat dicabut",
        by=by,
        note=reason,
        data={"replace": replace},
    )
    what = (
        "Surat pengganti akan diterbitkan."
        if replace
        else "Rekomendasi dalam surat itu tidak berlaku lagi."
    )
    extra = {"alasan": reason, "akibat": what}
    tell_operators(letter, f"letter_revoked:{event.pk}", "letter_revoked", **extra)
    for line in lines if letter.is_recommendation else []:
        if line.proposal.participant:
            tell(
                line.proposal,
                f"extract_revoked:{event.pk}",
                "extract_revoked",
                to=[line.proposal.participant],
                nomor=letter.number,
                **extra,
            )
    return letter


def _end(
    letters: list[Letter], status: Letter.Status, *, by: User, reason: str, replace: bool = False
) -> None:
    for letter in letters:
        letter.status, letter.end_reason, letter.ended_by = status, reason, by
        letter.ended_at, letter.to_be_replaced = timezone.now(), replace
        letter.failure, letter.claimed_at = "", None
        letter.save()
    LetterLine.objects.filter(letter__in=letters).update(is_current=False)
