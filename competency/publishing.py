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

from .models import Publication, Seat, TestResult, TestSession
from .seats import when

CHUNK = 200


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
    due = Seat.objects.current().filter(
        session__period=period, proposal__status=Proposal.Status.TEST_REQUIRED
    )
    if not due.exclude(attendance="").exists():
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
    """Publish person by person, each in a transaction of their own; safe to run again and twice."""
    seats = (
        Seat.objects.current()
        .filter(
            session__period=publication.period_id,
            session__results_confirmed_at__isnull=False,
            proposal__status=Proposal.Status.TEST_REQUIRED,
        )
        .exclude(attendance="")
        .order_by("pk")
    )
    while True:
        chunk = list(seats.values_list("pk", flat=True)[:CHUNK])
        if not chunk:
            break
        for pk in chunk:
            _publish_one(pk)
    with transaction.atomic():
        done = Publication.objects.filter(pk=publication.pk, finished_at=None).update(
            finished_at=timezone.now()
        )
        if done:
            record(publication.period, "results.published", "Hasil uji diumumkan", by=None)


@transaction.atomic
def _publish_one(pk: int) -> None:
    seat = (
        Seat.objects.select_for_update(of=("self",))
        .select_related("proposal", "session__office")
        .get(pk=pk)
    )
    proposal = proposals.lock_proposal(seat.proposal)
    if proposal.status != Proposal.Status.TEST_REQUIRED:
        return
    if not seat.is_present:
        proposals.mark_test_absent(
            proposal, by=None, note=f"Tidak hadir pada {when(seat.session)}."
        )
        return
    result = TestResult.objects.select_for_update().get(seat=seat)
    result.published_at = timezone.now()
    result.save(update_fields=["published_at"])
    score = f"{result.total:.2f}".replace(".", ",")
    grade = f"{result.passing_grade:.2f}".replace(".", ",")
    if result.is_passed:
        proposals.mark_ready(proposal, by=None, note=f"Nilai {score}, nilai lulus {grade}.")
    else:
        proposals.mark_test_failed(
            proposal, by=None, note=f"Nilai {score}, di bawah nilai lulus {grade}."
        )
