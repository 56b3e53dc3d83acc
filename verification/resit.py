"""The short road of a re-sit: who passed the portfolio before for the same level, what changed.

Source: product.md section 3, Re-sit.
"""

from __future__ import annotations

from dataclasses import dataclass

from proposals.carrying import Change, changes_since
from proposals.models import Proposal, ProposalDocument

from .models import PortfolioAssessment


@dataclass(frozen=True)
class Resit:
    """What the review page says about the last period of the person."""

    previous: Proposal
    assessment: PortfolioAssessment | None  # passed there, for the same position and level
    changes: list[Change]
    carried: list[ProposalDocument]
    fresh: list[ProposalDocument]
    to_judge: list[ProposalDocument]  # before the short road opens
    is_returning: bool

    @property
    def is_open(self) -> bool:
        """Whether the documents allow the short road now."""
        return self.assessment is not None and not self.to_judge and not self.is_returning


def resit_of(
    proposal: Proposal,
    documents: list[ProposalDocument],
    *,
    undecided: list[ProposalDocument],
    returned: list[ProposalDocument],
) -> Resit | None:
    """The re-sit as it stands, None for who comes for the first time.

    `documents` are the proposal's with their current version; `undecided` and `returned` as the
    board has them. A document carried over as a verifier had accepted it needs no second verdict.
    """
    if proposal.previous_id is None:
        return None
    previous = Proposal.objects.for_list().get(pk=proposal.previous_id)
    known = accepted_before(proposal)
    carried = [d for d in documents if d.current and d.current.carried_from_id]
    return Resit(
        previous=previous,
        assessment=passed_before(proposal, previous),
        changes=changes_since(proposal, previous),
        carried=carried,
        fresh=[d for d in documents if d.current and not d.current.carried_from_id],
        to_judge=[d for d in undecided if d.current_id not in known],
        is_returning=bool(returned),
    )


def passed_before(proposal: Proposal, previous: Proposal) -> PortfolioAssessment | None:
    """The portfolio that the person passed in the last period, for this position and level."""
    if (previous.position_id, previous.level_id) != (proposal.position_id, proposal.level_id):
        return None
    return (
        PortfolioAssessment.objects.filter(
            proposal=previous, verdict=PortfolioAssessment.Verdict.PASSED
        )
        .select_related("assessed_by")
        .first()
    )


def accepted_before(proposal: Proposal) -> set[int]:
    """Ids of the current versions that are copies of what a verifier had accepted."""
    return set(
        ProposalDocument.objects.filter(
            proposal=proposal,
            current__carried_from__document__review=ProposalDocument.Review.ACCEPTED,
        ).values_list("current_id", flat=True)
    )
