"""Proposing somebody again in a later period: a new draft with what the agency typed before."""

from __future__ import annotations

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.reference.models import Period

from . import drafts
from .models import Proposal


def periods_for(proposal: Proposal) -> list[Period]:
    """The other periods in which this person may be proposed now, for the same position."""
    return list(
        Period.objects.accepting_nominations()
        .filter(period_positions__position=proposal.position_id)
        .exclude(pk=proposal.period_id)
    )


def propose_again(earlier: Proposal, period: Period, *, by: User) -> Proposal:
    """A draft for the same person in `period`, filled from an ended proposal; nothing is sent yet.

    Data and documents of the participant follow when BPS approves (`carrying.carry_over`). Refused
    while the earlier one is still running, and as `drafts.create_draft` says.
    """
    if not earlier.has_ended:
        raise TransitionError(
            f"Usulan ini belum berakhir. Keadaan sekarang: {earlier.get_status_display().lower()}."
        )
    if period not in periods_for(earlier):
        raise TransitionError(
            f"{period.name} tidak menerima pengusulan untuk {earlier.position} sekarang. "
            "Pilih periode lain."
        )
    values = {name: getattr(earlier, name) for name in drafts.DRAFT_FIELDS}
    if earlier.participant is not None:
        values["email"] = earlier.participant.email
    draft = Proposal(agency=earlier.agency, period=period, previous=earlier, **values)
    return drafts.create_draft(draft, by=by)
