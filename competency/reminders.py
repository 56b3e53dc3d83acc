"""Reminders of the test: 7, 3 and 1 days before it, to the participant, each once."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Case, CharField, Exists, F, IntegerField, OuterRef, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from inpassing.notifications.models import OutboxMessage
from proposals.messages import Notice, tell_many
from proposals.models import Proposal

from .models import Seat
from .seats import invitation_fields

DAYS = (1, 3, 7)  # the nearest first: after a pause only that one is sent
CHUNK = 500


def remind_due(at: dt.datetime | None = None) -> int:
    """Remind everybody whose test is near; returns how many.

    A reminder goes once (its key names the seat and the days), and none whose day came before the
    person had the seat. A seat that was released reminds nobody.
    """
    at = at or timezone.now()
    reminded = 0
    while count := _remind_some(at):
        reminded += count
    return reminded


@transaction.atomic
def _remind_some(at: dt.datetime) -> int:
    marks = [(days, dt.timedelta(days=days)) for days in DAYS]
    due = (
        Seat.objects.current()
        .filter(
            attendance="",
            session__cancelled_at=None,
            session__starts_at__gt=at,
            proposal__status=Proposal.Status.TEST_REQUIRED,
            proposal__participant__isnull=False,
        )
        .exclude(invited_at=None)
        .annotate(
            days=Case(
                *(
                    When(session__starts_at__lte=at + span, then=Value(days))
                    for days, span in marks
                ),
                output_field=IntegerField(),
            ),
        )
        .exclude(days=None)
        .annotate(
            reminder_key=Concat(
                Value("test_reminder:"),
                Cast("pk", CharField()),
                Value(":"),
                Cast("days", CharField()),
                Value(":"),
                Cast("proposal__participant", CharField()),
                output_field=CharField(),
            )
        )
        .filter(~Exists(OutboxMessage.objects.filter(key=OuterRef("reminder_key"))))
    )
    for days, span in marks:  # who got the seat after that day knows it from the invitation
        due = due.exclude(days=days, created_at__gt=F("session__starts_at") - span)
    seats = list(
        due.select_for_update(of=("self",), skip_locked=True)
        .select_related("session__office", "proposal__participant", "proposal__level")
        .select_related("proposal__agency", "proposal__period")
        .order_by("pk")[:CHUNK]
    )
    tell_many(
        [
            Notice(
                seat.proposal,
                f"test_reminder:{seat.pk}:{seat.days}",
                "test_reminder",
                {**invitation_fields(seat), "hari": seat.days},
                only_participant=True,
            )
            for seat in seats
        ]
    )
    return len(seats)
