"""How long each party has had a proposal: the agency, the participant, BPS.

Read from the story, so that a return stops BPS's clock and starts the participant's.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from inpassing.timeline.models import TimelineEvent

from .models import Proposal
from .standing import AGENCY, BPS, PARTICIPANT, holder_of

Status = Proposal.Status

# What a proposal's status is after an event of this kind.
_BECOMES = {
    "proposal.created": Status.DRAFT,
    "proposal.nominated": Status.NOMINATED,
    "proposal.nomination_returned": Status.DRAFT,
    "proposal.nomination_approved": Status.FILLING,
    "proposal.nomination_rejected": Status.NOMINATION_REJECTED,
    "proposal.not_proposed": Status.NOT_PROPOSED,
    "proposal.submitted": Status.SUBMITTED,
    "proposal.resubmitted": Status.SUBMITTED,
    "proposal.returned": Status.RETURNED,
    "proposal.not_eligible": Status.NOT_ELIGIBLE,
    "proposal.eligible": Status.ELIGIBLE,
    "proposal.portfolio_failed": Status.PORTFOLIO_FAILED,
    "proposal.test_required": Status.TEST_REQUIRED,
    "proposal.test_failed": Status.TEST_FAILED,
    "proposal.test_absent": Status.TEST_ABSENT,
    "proposal.ready": Status.READY,
    "proposal.not_recommended": Status.NOT_RECOMMENDED,
    "proposal.recommended": Status.RECOMMENDED,
    "proposal.recommendation_replaced": Status.READY,
    "proposal.appointed": Status.APPOINTED,
    "proposal.withdrawn": Status.WITHDRAWN,
}
_REOPENED = "proposal.reopened"


@dataclass(frozen=True)
class HeldTimes:
    """Time in each party's hands until now; nobody's time (after an end) counts for none."""

    agency: dt.timedelta
    participant: dt.timedelta
    bps: dt.timedelta


def held_times(proposals: Iterable[Proposal]) -> dict[int, HeldTimes]:
    """Proposal id -> time in each party's hands: one query for all of them.

    A proposal without a story (bulk data) is counted from its own dates.
    """
    rows = list(proposals)
    stories: dict[int, list[tuple[dt.datetime, str]]] = defaultdict(list)
    events = (
        TimelineEvent.objects.filter(
            proposal_id__in=[row.pk for row in rows], kind__in=[*_BECOMES, _REOPENED]
        )
        .order_by("at", "pk")
        .values_list("proposal_id", "kind", "at", "data__status")
    )
    for pk, kind, at, reopened_as in events:
        status = _BECOMES.get(kind) or Status(reopened_as or Status.SUBMITTED)
        if pk is not None:
            stories[pk].append((at, holder_of(status)))
    now = timezone.now()
    return {row.pk: _sum(stories.get(row.pk) or _from_dates(row), row, now) for row in rows}


def _from_dates(proposal: Proposal) -> list[tuple[dt.datetime, str]]:
    dates = [
        (proposal.created_at, AGENCY),
        (proposal.nominated_at, BPS),
        (proposal.approved_at, PARTICIPANT),
    ]
    return [(at, holder) for at, holder in dates if at and at < proposal.status_since]


def _sum(story: list[tuple[dt.datetime, str]], proposal: Proposal, now: dt.datetime) -> HeldTimes:
    """Add up from one moment to the next; the present status counts from when it began."""
    total: dict[str, dt.timedelta] = defaultdict(dt.timedelta)
    steps = [step for step in story if step[0] < proposal.status_since]
    steps.append((proposal.status_since, holder_of(proposal.status)))
    ends = [at for at, _ in steps[1:]] + [max(now, proposal.status_since)]
    for (begins, holder), ends_at in zip(steps, ends, strict=True):
        total[holder] += max(ends_at - begins, dt.timedelta())
    return HeldTimes(total[AGENCY], total[PARTICIPANT], total[BPS])
