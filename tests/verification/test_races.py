"""Two hands at once, on real rows and real locks."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.notifications.models import OutboxMessage
from inpassing.reference.loaders import load_reference
from inpassing.timeline.models import TimelineEvent
from proposals.models import Proposal
from tests import factories
from verification import desk
from verification.claims import hand_over, release_expired, take, take_next
from verification.models import Assignment, Claim
from verification.workflow import (
    approve_nomination,
    declare_eligible,
    declare_not_eligible,
)

from .conftest import accept_all

pytestmark = pytest.mark.django_db(transaction=True)
Status = Proposal.Status


@pytest.fixture
def reference(transactional_db: None) -> None:
    """The shipped tables again: a test with real transactions leaves an empty database."""
    load_reference()


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment; what each returned, or the refusal it met."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            results[index] = act()
        except TransitionError as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_twenty_verifiers_take_two_hundred_proposals_each_exactly_once(reference):
    agency, period = factories.make_agency(), factories.make_period()
    factories.make_formation(agency, period, lines={"pertama": (250, 0)})
    now = timezone.now()
    proposals = [
        factories.make_proposal(
            agency,
            period,
            status=Status.NOMINATED,
            complete=False,
            status_since=now - timedelta(minutes=number),
        )
        for number in range(200)
    ]
    verifiers = [factories.make_verifier() for _ in range(20)]

    def until_none_is_left(user: User) -> Callable[[], list[int]]:
        def act() -> list[int]:
            rows = desk.waiting(desk.NOMINATIONS, user).order_by("status_since", "pk")
            taken = []
            while (proposal := take_next(rows, by=user)) is not None:
                taken.append(proposal.pk)
            return taken

        return act

    results = together(*[until_none_is_left(user) for user in verifiers])
    taken = Counter(pk for result in results for pk in result)
    assert taken == Counter(proposal.pk for proposal in proposals)
    for user, result in zip(verifiers, results, strict=True):
        held = Claim.objects.filter(holder=user).values_list("proposal", flat=True)
        assert sorted(held) == sorted(result)
        # oldest first: nobody was given one that had waited less before one that had waited more
        waits = dict(Proposal.objects.filter(pk__in=result).values_list("pk", "status_since"))
        assert [waits[pk] for pk in result] == sorted(waits.values())
    assert TimelineEvent.objects.filter(kind="claim.taken").count() == 200


def test_work_handed_over_twice_at_once_goes_to_one(reference):
    ika, teguh, putu = (factories.make_verifier(name=name) for name in ("Ika", "Teguh", "Putu"))
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    take(proposal, by=ika)
    results = together(
        *[lambda to=to: hand_over(proposal, to=to, by=ika, reason="Cuti") for to in (teguh, putu)]
    )
    refused = [str(result) for result in results if isinstance(result, TransitionError)]
    owner = Assignment.objects.get().verifier
    assert refused == [
        f"Usulan ini pekerjaan {owner}. Hanya ia atau administrator yang dapat menyerahkannya."
    ]
    assert TimelineEvent.objects.filter(kind="claim.handed_over").count() == 1


def test_of_two_who_take_the_same_one_is_refused_with_the_name(reference):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    users = [factories.make_verifier(name=name) for name in ("Ika", "Teguh")]
    results = together(*[lambda user=user: take(proposal, by=user) for user in users])
    refused = [result for result in results if isinstance(result, TransitionError)]
    holder = Claim.objects.get().holder
    assert [str(error).startswith(f"Dipegang {holder}") for error in refused] == [True]


def test_the_second_of_two_decisions_is_refused_with_who_did_what(reference):
    proposal = factories.make_proposal(status=Status.SUBMITTED)
    ika, teguh = (factories.make_verifier(name=name) for name in ("Ika", "Teguh"))
    accept_all(proposal, ika)
    Claim.objects.all().delete()
    version = Proposal.objects.get().version
    results = together(
        lambda: declare_eligible(proposal, by=ika, version=version),
        lambda: declare_not_eligible(proposal, by=teguh, reasons="TMS", version=version),
    )
    refused = [result for result in results if isinstance(result, TransitionError)]
    assert len(refused) == 1
    proposal.refresh_from_db()
    winner, what = (
        ("Ika", "memenuhi syarat")
        if proposal.status == Status.ELIGIBLE
        else ("Teguh", "tidak memenuhi syarat")
    )
    assert str(refused[0]).startswith(f"Sudah diputus {winner} pukul ")
    assert str(refused[0]).endswith(f": {what}. Putusan Anda tidak disimpan.")
    decisions = TimelineEvent.objects.filter(
        kind__in=["proposal.eligible", "proposal.not_eligible"]
    )
    assert decisions.count() == 1


def test_a_nomination_approved_twice_at_once_invites_once(reference):
    proposal = factories.make_proposal(status=Status.NOMINATED)
    users = [factories.make_verifier() for _ in range(3)]
    results = together(
        *[lambda user=user: approve_nomination(proposal, by=user, version=1) for user in users]
    )
    assert sum(isinstance(result, TransitionError) for result in results) == 2
    assert OutboxMessage.objects.filter(template="invitation").count() == 1
    assert User.objects.filter(nip=proposal.nip).count() == 1


def test_expired_claims_are_released_once(reference):
    holder, period = factories.make_verifier(), factories.make_period()
    agency, past = factories.make_agency(), timezone.now() - timedelta(hours=1)
    for _ in range(10):
        Claim.objects.create(
            proposal=factories.make_proposal(agency, period, status=Status.NOMINATED),
            holder=holder,
            claimed_at=past,
            expires_at=past + timedelta(minutes=30),
        )
    together(release_expired, release_expired, release_expired)
    release_expired()
    assert not Claim.objects.exists()
    assert TimelineEvent.objects.filter(kind="claim.expired").count() == 10
