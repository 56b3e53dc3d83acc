"""Who is told about a proposal, in the words of a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse

from inpassing.accounts.models import User
from inpassing.formats import long_datetime
from inpassing.notifications.outbox import Message, enqueue_many

from .models import (
    Proposal,
)
from .people import operator_grants, operators_of


def tell(
    proposal: Proposal,
    key: str,
    template: str,
    *,
    to: Iterable[User] | None = None,
    **fields: object,
) -> None:
    """Send one message about a proposal to the participant and the operators (or to `to`)."""
    people = list(to) if to is not None else _concerned(proposal, operators_of(proposal.agency))
    enqueue_many(_messages(Notice(proposal, key, template, fields), people))


@dataclass(frozen=True)
class Notice:
    """One message about one proposal, as `tell` takes it."""

    proposal: Proposal
    key: str
    template: str
    fields: dict[str, object]
    only_participant: bool = False


def tell_many(notices: Sequence[Notice]) -> None:
    """Send each notice to its participant and operators, all in a handful of queries."""
    operators: dict[int, dict[int, User]] = {}
    for grant in operator_grants({notice.proposal.agency_id for notice in notices}):
        assert grant.agency_id is not None
        operators.setdefault(grant.agency_id, {})[grant.user_id] = grant.user
    enqueue_many(
        [
            message
            for notice in notices
            for message in _messages(
                notice,
                _concerned(
                    notice.proposal,
                    ()
                    if notice.only_participant
                    else operators.get(notice.proposal.agency_id, {}).values(),
                ),
            )
        ]
    )


def _messages(notice: Notice, people: Iterable[User]) -> list[Message]:
    proposal = notice.proposal
    values = {
        "peserta": proposal.full_name,
        "jabatan": proposal.level.name,
        "periode": proposal.period.name,
        "instansi": proposal.agency.name,
        **notice.fields,
    }
    return [
        Message(
            f"{notice.key}:{person.pk}",
            person,
            notice.template,
            values,
            reverse("proposals:detail", args=[proposal.pk]),
            proposal.pk,
        )
        for person in people
    ]


def _concerned(proposal: Proposal, operators: Iterable[User]) -> list[User]:
    people = {user.pk: user for user in operators}
    if proposal.participant:
        people[proposal.participant.pk] = proposal.participant
    return list(people.values())


def deadline_text(moment: dt.datetime | None, proposal: Proposal) -> str:
    return long_datetime(moment, proposal.agency.tz) if moment else ""
