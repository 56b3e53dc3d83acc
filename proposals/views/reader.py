"""Who reads a page of this stage, and the timeline as that reader sees it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.formats import short_datetime
from inpassing.timeline.events import story_of
from inpassing.timeline.models import TimelineEvent

from ..models import Proposal
from ..standing import AGENCY, BPS, PARTICIPANT, standing_of

HEAD_OFFICE_TZ = "Asia/Jakarta"


def reader_of(request: HttpRequest) -> User:
    """The person who is signed in; pages behind the login always have one."""
    return cast(User, request.user)


def side_of(user: User, proposal: Proposal) -> str:
    """From which side `user` reads the proposal."""
    if proposal.participant_id == user.pk:
        return PARTICIPANT
    return AGENCY if proposal.agency_id in roles_of(user).agency_ids else BPS


def zone_of(user: User, proposal: Proposal) -> str:
    """The zone in which times are shown: the agency's for its people, WIB for BPS."""
    return HEAD_OFFICE_TZ if side_of(user, proposal) == BPS else proposal.agency.tz


def story_for(side: str, proposal: Proposal) -> QuerySet[TimelineEvent]:
    """The proposal's story, newest first; who took it from whose desk is told to BPS only."""
    story = story_of(proposal)
    return story if side == BPS else story.exclude(kind__startswith="claim.")


def timeline_rows(events: Iterable[TimelineEvent], tz: str) -> list[dict[str, str]]:
    """Events for `_timeline.html`."""
    rows = []
    for event in events:
        detail = getattr(event, "detail", None)
        rows.append(
            {
                "label": event.label,
                "actor_label": event.actor.full_name if event.actor else "Sistem",
                "when_text": short_datetime(event.at, tz),
                "note": detail.text if detail else "",
            }
        )
    return rows


def earlier_rows(user: User, proposal: Proposal) -> list[dict[str, str]]:
    """The person's other proposals that `user` may see, newest first, for `_earlier.html`."""
    others = (
        Proposal.objects.visible_to(user)
        .filter(nip=proposal.nip)
        .exclude(pk=proposal.pk)
        .exclude(status=Proposal.Status.DRAFT)
        .select_related("period", "level")
        .order_by("-created_at", "-pk")[:10]
    )
    rows = []
    for other in others:
        standing = standing_of(other, side=side_of(user, other))
        rows.append(
            {
                "period": other.period.name,
                "level": other.level.name,
                "kind": standing.kind,
                "word": standing.word,
                "note": other.end_note,
                "url": reverse("proposals:detail", args=[other.pk]),
            }
        )
    return rows
