"""What dates demand: the run put up on its day, reminders; never a signature, never twice."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from inpassing.notifications.models import InboxMessage
from inpassing.reference.models import Period
from inpassing.timeline.events import events_of
from recommendations import calendar, gathering, issuing
from recommendations.models import Letter, NumberRegister, Run
from recommendations.tasks import run_due
from tests.factories import make_admin, make_agency, make_operator, make_proposal
from tests.recommendations.factories import (
    make_awaiting,
    make_due_period,
    make_issued,
    make_ready,
    make_run,
    make_signing_officer,
)

pytestmark = pytest.mark.django_db


def keys(prefix: str) -> list[str]:
    return list(InboxMessage.objects.filter(key__startswith=prefix).values_list("key", flat=True))


def in_days(days: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + dt.timedelta(days=days), tick=False)


def due_on(day: dt.date) -> Period:
    return make_due_period(recommendation_on=day)


# The run


def test_on_the_day_the_run_is_put_up_and_nothing_is_signed() -> None:
    signer, admin = make_signing_officer(), make_admin()
    period = due_on(timezone.localdate())
    people = make_ready(2, period=period)
    held = make_ready(1, period=period, agency=make_agency(addressee=""))
    calendar.put_up_due()
    run = Run.objects.get(period=period)
    letters = {letter.agency_id: letter for letter in run.letters.all()}
    assert letters[people[0].agency_id].is_awaiting_signature
    assert letters[held[0].agency_id].is_draft
    assert not NumberRegister.objects.exists()
    assert run.created_by is None
    assert run.put_up_at is not None
    events = list(events_of(run))
    assert {event.kind for event in events} == {"run.created", "run.gathered", "run.put_up"}
    assert {event.actor for event in events} == {None}
    assert len(keys("letters_awaiting:")) == 1
    message = InboxMessage.objects.get(key__startswith="run_put_up:")
    assert message.user == admin
    assert "1 surat dikirim" in message.subject
    assert "Masih konsep: 1." in message.body
    assert InboxMessage.objects.get(key__startswith="letters_awaiting:").user == signer


def test_the_day_after_it_is_done_by_itself_and_then_never_again() -> None:
    make_admin()
    period = due_on(timezone.localdate() - dt.timedelta(days=1))
    make_ready(1, period=period)
    assert calendar.put_up_due() == 1
    letter = Letter.objects.get()
    issuing.refuse(letter, by=make_signing_officer(), reason="Keliru")
    messages = InboxMessage.objects.count()
    assert calendar.put_up_due() == 0
    letter.refresh_from_db()
    assert letter.is_draft
    assert InboxMessage.objects.count() == messages


def test_not_before_the_day_and_not_for_a_date_long_gone() -> None:
    early = due_on(timezone.localdate() + dt.timedelta(days=1))
    long_gone = make_due_period(
        ends_on=timezone.localdate() - dt.timedelta(days=70),
        recommendation_on=timezone.localdate() - dt.timedelta(days=31),
    )
    for period in (early, long_gone):
        make_ready(1, period=period)
    assert calendar.put_up_due() == 0
    assert not Run.objects.exists()


def test_a_period_without_anybody_to_write_about_gets_no_run() -> None:
    make_proposal(period=due_on(timezone.localdate()), status="submitted", complete=False)
    assert calendar.put_up_due() == 0
    assert not Run.objects.exists()


def test_what_was_sent_early_does_not_stop_the_rest() -> None:
    admin = make_admin()
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    period = due_on(tomorrow)
    first, second = make_ready(1, period=period), make_ready(1, period=period)
    run = make_run(first + second, by=admin)
    chosen = run.letters.get(agency=first[0].agency)
    gathering.put_up(run, by=admin, letters=[chosen.pk], early_reason="Diminta")
    with in_days(1):
        assert calendar.put_up_due() == 1
    assert set(run.letters.values_list("status", flat=True)) == {"awaiting"}


def test_what_an_administrator_put_up_on_the_day_is_left_alone() -> None:
    admin = make_admin()
    letter = make_awaiting(1)
    make_ready(1, period=letter.period)
    gathering.gather(letter.run, by=admin)
    assert calendar.put_up_due() == 0
    assert letter.run.letters.drafts().count() == 1


def test_when_nothing_can_be_sent_the_administrators_are_told() -> None:
    make_admin()
    period = due_on(timezone.localdate())
    make_ready(1, period=period, agency=make_agency(addressee=""))
    assert calendar.put_up_due() == 1
    assert "0 surat dikirim" in InboxMessage.objects.get(key__startswith="run_put_up:").subject
    assert calendar.put_up_due() == 0


def test_a_refused_letter_that_the_date_sent_goes_to_all_administrators() -> None:
    admins = {make_admin(), make_admin()}
    make_ready(1, period=due_on(timezone.localdate()))
    calendar.put_up_due()
    issuing.refuse(Letter.objects.get(), by=make_signing_officer(), reason="Unit kerja keliru")
    told = InboxMessage.objects.filter(key__startswith="letter_refused:")
    assert {message.user for message in told} == admins


# Reminders


def test_signers_are_reminded_of_what_waits_but_not_every_day() -> None:
    make_signing_officer()
    make_ready(1, period=due_on(timezone.localdate()))
    sent = []
    for day in (0, 1, 2, 3, 4, 6, 7, 8, 13, 14, 30):
        with in_days(day):
            run_due()
            run_due()
        sent.append(len(keys("letters_reminder:")))
    #               0  1  2  3  4  6  7  8 13 14 30
    assert sent == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4]


def test_no_reminder_once_nothing_waits() -> None:
    signer = make_signing_officer()
    make_ready(1, period=due_on(timezone.localdate()))
    run_due()
    issuing.issue(Letter.objects.get(), by=signer)
    with in_days(5):
        run_due()
    assert keys("letters_reminder:") == []


def test_agencies_are_reminded_of_missing_decrees() -> None:
    letter = make_issued(7)
    sent = []
    for day in (1, 29, 30, 31, 59, 60, 200):
        with in_days(day):
            run_due()
            run_due()
        sent.append(len(keys(f"decree_reminder:{letter.pk}:")))
    #               1  29 30 31 59 60 200
    assert sent == [0, 0, 1, 1, 1, 2, 3]
    message = InboxMessage.objects.filter(key__startswith="decree_reminder:").first()
    assert letter.number in message.body
    assert "7 orang" in message.subject
    assert ", dan 2 orang lagi" in message.body
    letter.refresh_from_db()
    assert letter.reminded_on == timezone.localdate() + dt.timedelta(days=200)


def test_the_date_for_appointments_brings_its_own_reminders() -> None:
    letter = make_issued(1)
    Period.objects.update(appointment_by=timezone.localdate() + dt.timedelta(days=20))
    sent = []
    for day in (5, 6, 16, 17, 20):
        with in_days(day):
            run_due()
        sent.append(len(keys(f"decree_reminder:{letter.pk}:")))
    #               5  6 16 17 20
    assert sent == [0, 1, 1, 2, 2]
    message = InboxMessage.objects.filter(key__startswith="decree_reminder:").first()
    assert "Batas pengangkatan periode ini" in message.body


def test_who_has_been_appointed_is_not_asked_about() -> None:
    letter = make_issued(2)
    make_operator(letter.agency)
    people = [line.proposal for line in letter.lines.all()]
    type(people[0]).objects.filter(pk=people[0].pk).update(status="appointed")
    with in_days(30):
        run_due()
    messages = InboxMessage.objects.filter(key__startswith="decree_reminder:")
    assert len(messages) == 2  # both operators
    assert people[1].full_name in messages[0].body
    assert people[0].full_name not in messages[0].body
    type(people[0]).objects.update(status="appointed")
    with in_days(60):
        run_due()
    assert len(messages.all()) == 2
