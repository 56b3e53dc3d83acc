"""Who is told about a proposal, in the words of a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.urls import reverse

from inpassing.accounts.models import User
from inpassing.formats import long_datetime
from inpassing.notifications.outbox import enqueue

from .models import (
    Proposal,
)
from .people import operators_of


def tell(
    proposal: Proposal,
    key: str,
    template: str,
    *,
    to: Iterable[User] | None = None,
    **fields: object,
) -> None:
    """Send one message about a proposal to the participant and the operators (or to `to`)."""
    people = list(to) if to is not None else _concerned(proposal)
    values = {
        "peserta": proposal.full_name,
        "jabatan": proposal.level.name,
        "periode": proposal.period.name,
        "instansi": proposal.agency.name,
        **fields,
    }
    for person in people:
        enqueue(
            f"{key}:{person.pk}",
            to=person,
            template=template,
            fields=values,
            path=reverse("proposals:detail", args=[proposal.pk]),
            proposal_id=proposal.pk,
        )


def _concerned(proposal: Proposal) -> list[User]:
    people = {user.pk: user for user in operators_of(proposal.agency)}
    if proposal.participant:
        people[proposal.participant.pk] = proposal.participant
    return list(people.values())


def deadline_text(moment: dt.datetime | None, proposal: Proposal) -> str:
    return long_datetime(moment, proposal.agency.tz) if moment else ""
