"""Publication of a period's confirmed results in one act at a set time."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.queue import hint
from inpassing.reference.models import Period
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.models import Proposal

from .models import Publication, Seat, SeatQuerySet, TestResult, TestSession
from .seats import when

CHUNK = 500


def unfinished_sessions(period: Period) -> list[TestSession]:
    """Sessions with people whose results are not confirmed yet."""
    return list(
        TestSession.objects.planned()
        .filter(period=period, results_confirmed_at=None)
        .filter(Q(seats__released_at=None) & Q(seats__isnull=False))
        .select_related("office")
        .distinct()
    )


@transaction.atomic
def publish(period: Period, *, by: User, at: dt.datetime | None = None) -> Publication:
    """Set the moment at which all confirmed results of the period become public."""
    period = Period.objects.select_for_update().get(pk=period.pk)
    if unfinished := unfinished_sessions(period):
        raise TransitionError(
            f"{len(unfinished)} sesi belum dipastikan, antara lain {unfinished[0]}."
        )
    if not waiting_seats(period.pk).exists():
        raise TransitionError("Tidak ada hasil yang menunggu diumumkan.")
    try:
        with transaction.atomic():
            publication = Publication.objects.create(
                period=period, scheduled_at=at or timezone.now(), by=by
            )
    except IntegrityError as error:
        raise TransitionError("Pengumuman periode ini sudah dijadwalkan.") from error
    record(period, "results.scheduled", "Pengumuman hasil uji ditetapkan", by=by)
    hint("competency.tasks.publish_due")
    return publication


@transaction.atomic
def cancel_publication(publication: Publication, *, by: User) -> None:
    """Take back a publication that has not begun."""
    publication = Publication.objects.select_for_update().get(pk=publication.pk)
    if publication.scheduled_at <= timezone.now():
        raise TransitionError("Pengumuman sudah berjalan dan tidak dapat dibatalkan.")
    record(publication.period, "results.unscheduled", "Pengumuman hasil uji dibatalkan", by=by)
    publication.delete()


def run_publication(publication: Publication) -> None:
    """Open all results at one moment, then move and tell their people chunk by chunk, each in a
    transaction of its own; safe to run again and twice.

    What a killed worker left is done by the next one: a chunk is published whole, messages and
    all, or not at all, and who was published no longer waits for a result.
    """
    TestResult.objects.filter(
        seat__in=waiting_seats(publication.period_id), published_at=None
    ).update(published_at=timezone.now())
    while _publish_some(publication):
        pass
    with transaction.atomic():
        done = Publication.objects.filter(pk=publication.pk, finished_at=None).update(
            finished_at=timezone.now()
        )
        if done:
            record(publication.period, "results.published", "Hasil uji diumumkan", by=None)


def waiting_seats(period_id: int) -> SeatQuerySet:
    """Seats with a confirmed result or absence that nobody was told of yet."""
    return _confirmed_seats(period_id).filter(proposal__status=Proposal.Status.TEST_REQUIRED)


def told_seats(period_id: int) -> SeatQuerySet:
    """Seats whose people were told their result or absence."""
    return _confirmed_seats(period_id).exclude(proposal__status=Proposal.Status.TEST_REQUIRED)


def _confirmed_seats(period_id: int) -> SeatQuerySet:
    confirmed = Seat.objects.current().filter(
        session__period=period_id, session__results_confirmed_at__isnull=False
    )
    return confirmed.exclude(attendance="")


@transaction.atomic
def _publish_some(publication: Publication) -> bool:
    """Publish the next chunk; False when nobody waits any more."""
    waiting = waiting_seats(publication.period_id).order_by("pk")
    people = list(waiting.values_list("proposal", flat=True)[:CHUNK])
    if not people:
        return False
    # Proposals before seats, the order of every act of this stage; another worker waits here.
    proposals.lock_waiting_for_test(people)
    seats = list(
        waiting_seats(publication.period_id)
        .filter(proposal__in=people)
        .select_for_update(of=("self",))
        .select_related("session__office", "result")
        .order_by("pk")
    )
    proposals.conclude_tests({seat.proposal_id: _outcome(seat) for seat in seats})
    return True


def _outcome(seat: Seat) -> proposals.TestOutcome:
    status = Proposal.Status
    if not seat.is_present:
        note = f"Tidak hadir pada {when(seat.session)}."
        return proposals.TestOutcome(status.TEST_ABSENT, note)
    score, grade = (
        f"{value:.2f}".replace(".", ",") for value in (seat.result.total, seat.result.passing_grade)
    )
    if seat.result.is_passed:
        return proposals.TestOutcome(status.READY, f"Nilai {score}, nilai lulus {grade}.")
    return proposals.TestOutcome(
        status.TEST_FAILED, f"Nilai {score}, di bawah nilai lulus {grade}."
    )
