"""A worker that is killed at any moment of a publication: everybody once, nobody told twice."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter

import pytest
from django.db import connection, connections

from competency import publishing, tasks
from competency.models import Publication, Seat, TestResult
from inpassing.notifications.models import InboxMessage, OutboxMessage
from inpassing.reference.models import BpsOffice
from inpassing.timeline.events import broken_links
from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal
from tests.competency.factories import make_session
from tests.factories import make_admin, make_agency, make_operator, make_period, make_proposal

LONG = 600.0

pytestmark = pytest.mark.django_db(transaction=True)


def confirmed_session(people: int):
    """A session whose results are confirmed: good, weak and absent people in turn."""
    agency = make_agency()
    make_operator(agency)
    period, admin = make_period(), make_admin()
    session = make_session(period, BpsOffice.objects.get(region=None), capacity=people)
    for number in range(people):
        proposal = make_proposal(agency, period, status="test_required", complete=False)
        seat = Seat.objects.create(
            session=session,
            proposal=proposal,
            number=number + 1,
            participant_number=f"P-{proposal.pk}",
            attendance="absent" if number % 3 == 2 else "present",
        )
        if seat.is_present:
            TestResult.objects.create(
                seat=seat,
                total=90 if number % 3 == 0 else 40,
                passing_grade=70,
                entered_by=admin,
            )
    session.results_confirmed_by, session.results_confirmed_at = admin, session.starts_at
    session.save()
    return session


@pytest.mark.parametrize(
    ("people", "kills"), [(90, 6), pytest.param(900, 60, marks=pytest.mark.soak)]
)
def test_killed_at_random_everybody_is_published_and_told_once(
    people: int, kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    session = confirmed_session(people)
    publishing.publish(session.period, by=make_admin())
    before = TimelineEvent.objects.count()
    chance, killed = random.Random(people), 0
    while not Publication.objects.get().finished_at:
        after = chance.uniform(0.05, 0.35) if killed < kills else LONG
        killed += run_and_kill(after=after)
    assert killed >= kills // 3
    third = people // 3
    statuses = Counter(Proposal.objects.values_list("status", flat=True))
    assert statuses == {"ready": third, "test_failed": third, "test_absent": third}
    assert TestResult.objects.exclude(published_at=None).count() == 2 * third
    # The participant and the operator of each, once; and one event for each, one for the act.
    told = Counter(OutboxMessage.objects.values_list("template", flat=True))
    assert told == {"proposal_ready": 2 * third, "proposal_ended": 4 * third}
    keys = Counter(OutboxMessage.objects.values_list("proposal_id", "user"))
    assert set(keys.values()) == {1}
    assert InboxMessage.objects.count() == 2 * people
    assert TimelineEvent.objects.count() - before == people + 1
    assert list(broken_links()) == []
    with capsys.disabled():
        sys.stdout.write(f"\n{people} people: {killed} kills\n")


def run_and_kill(*, after: float) -> bool:
    """A worker in a child that is killed; whether it was still busy."""
    connections.close_all()  # the child opens its own
    child = os.fork()
    if child == 0:
        status = 1
        try:
            publishing.CHUNK = 5
            tasks.publish_due()
            status = 0
        finally:
            os._exit(status)
    until = time.monotonic() + after
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    connection.close()
    return True


def test_two_workers_at_once_publish_everybody_once(monkeypatch: pytest.MonkeyPatch) -> None:
    session = confirmed_session(30)
    publication = publishing.publish(session.period, by=make_admin())
    monkeypatch.setattr(publishing, "CHUNK", 3)
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        publishing.run_publication(publication)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Counter(Proposal.objects.values_list("status", flat=True)) == {
        "ready": 10,
        "test_failed": 10,
        "test_absent": 10,
    }
    assert OutboxMessage.objects.count() == InboxMessage.objects.count() == 60
    assert list(broken_links()) == []
