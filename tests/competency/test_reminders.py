"""Reminders of the test: at their days, once each, to whom they concern."""

import datetime as dt

import pytest
from django.utils import timezone

from competency import seats, sessions
from competency.models import Seat
from competency.reminders import remind_due
from competency.tasks import remind_due as remind_task
from inpassing.notifications.models import InboxMessage, OutboxMessage
from tests.competency.factories import make_seat, make_session
from tests.factories import make_admin, make_operator, make_period, make_proposal

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def seat():
    """A seat ten days ahead, given just now."""
    period = make_period()
    start = timezone.now() + 10 * DAY
    session = make_session(period, starts_at=start, ends_at=start + dt.timedelta(hours=2))
    person = make_proposal(period=period, status="test_required")
    make_operator(person.agency)
    return make_seat(session, person)


def reminders():
    rows = OutboxMessage.objects.filter(template="test_reminder").order_by("pk")
    return [(row.user_id, row.fields["hari"]) for row in rows]


def test_three_days_each_once_and_to_the_participant_only(seat):
    start, person = seat.session.starts_at, seat.proposal.participant_id
    for before in (8 * DAY, 7 * DAY, 6 * DAY, 3 * DAY, DAY, dt.timedelta(hours=2)):
        for _ in range(2):
            remind_due(start - before)
    remind_due(start + DAY)
    assert reminders() == [(person, "7"), (person, "3"), (person, "1")]
    assert seat.participant_number in InboxMessage.objects.filter(user=person).first().body


def test_after_a_pause_only_the_latest(seat):
    assert remind_due(seat.session.starts_at - 2 * DAY) == 1
    assert reminders() == [(seat.proposal.participant_id, "3")]


def test_none_whose_day_came_before_the_person_had_the_seat(seat):
    start = seat.session.starts_at
    Seat.objects.update(created_at=start - 2 * DAY)
    remind_due(start - 2 * DAY)
    assert reminders() == []
    remind_due(start - DAY)
    assert reminders() == [(seat.proposal.participant_id, "1")]


def test_who_has_no_seat_any_more_or_was_not_invited_hears_nothing(seat):
    start = seat.session.starts_at
    Seat.objects.update(invited_at=None)
    assert remind_due(start - 3 * DAY) == 0
    while seats.invite_some():
        pass
    sessions.cancel_session(seat.session, by=make_admin(), reason="Listrik padam")
    assert remind_due(start - 3 * DAY) == 0
    remind_task()
    assert reminders() == []
