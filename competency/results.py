"""Scores of a session, and the second person who confirms them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.reference.models import Period, PeriodPosition, TestComponent
from inpassing.timeline.events import record, record_many

from .models import ComponentScore, Seat, SessionQuerySet, TestResult, TestSession


def total_of(components: Iterable[TestComponent], scores: Mapping[int, Decimal]) -> Decimal:
    """The weighted mean of the scores (component id -> 0 to 100), rounded half up to two places."""
    weighted, weights = Decimal(0), 0
    for component in components:
        weighted += scores[component.pk] * component.weight
        weights += component.weight
    return (weighted / weights).quantize(Decimal("0.01"), ROUND_HALF_UP)


@transaction.atomic
def enter_result(seat: Seat, scores: Mapping[int, Decimal], *, by: User) -> TestResult:
    """Keep the component scores (component id -> 0 to 100) of somebody who was present.

    Weights and passing grade are the period's for the position.
    """
    session = TestSession.objects.locked(seat.session)
    seat = Seat.objects.select_related("proposal").get(pk=seat.pk)
    if session.is_confirmed:
        raise TransitionError("Hasil sesi ini sudah dipastikan dan terkunci.")
    if not seat.is_present:
        raise TransitionError("Nilai hanya untuk peserta yang hadir. Catat kehadirannya dahulu.")
    entry = PeriodPosition.objects.prefetch_related("components").get(
        period=session.period_id, position=seat.proposal.position_id
    )
    components = list(entry.components.all())
    result, _ = TestResult.objects.update_or_create(
        seat=seat,
        defaults={
            "total": total_of(components, scores),
            "passing_grade": entry.passing_grade,
            "source": TestResult.Source.TYPED,
            "entered_by": by,
        },
    )
    for component in components:
        ComponentScore.objects.update_or_create(
            result=result, component=component, defaults={"score": scores[component.pk]}
        )
    record(
        seat.proposal,
        "result.entered",
        "Nilai uji dimasukkan",
        by=by,
        data={"seat": seat.pk, "result": result.pk},
    )
    return result


@transaction.atomic
def enter_results(
    session: TestSession, scores: Mapping[int, Mapping[int, Decimal]], *, by: User
) -> int:
    """Keep the scores (seat id -> component id -> 0 to 100) of many people of one session, all or
    none; returns how many."""
    session = TestSession.objects.locked(session)
    for seat in session.seats.current().filter(pk__in=scores).order_by("pk"):
        seat.session = session
        enter_result(seat, scores[seat.pk], by=by)
    return len(scores)


def open_points(session: TestSession) -> list[str]:
    """What is missing before the results can be confirmed, in Indonesian."""
    seats = session.seats.current()
    missing = []
    if unknown := seats.filter(attendance="").count():
        missing.append(f"{unknown} peserta belum dicatat kehadirannya")
    if unscored := seats.filter(attendance__in=["present", "late"], result=None).count():
        missing.append(f"{unscored} peserta yang hadir belum mempunyai nilai")
    return missing


@transaction.atomic
def confirm_results(session: TestSession, *, by: User) -> TestSession:
    """A second person confirms the session's results; afterwards nothing in it changes."""
    session = TestSession.objects.locked(session)
    if session.is_confirmed:
        raise TransitionError(f"Sudah dipastikan {session.results_confirmed_by}.")
    if session.is_cancelled:
        raise TransitionError("Sesi ini dibatalkan.")
    if missing := open_points(session):
        raise TransitionError(f"Belum lengkap: {', '.join(missing)}.")
    if TestResult.objects.filter(seat__session=session, entered_by=by).exists():
        raise TransitionError(
            "Anda memasukkan nilai pada sesi ini. Pemastian dilakukan petugas lain."
        )
    session.results_confirmed_by, session.results_confirmed_at = by, timezone.now()
    session.save(update_fields=["results_confirmed_by", "results_confirmed_at"])
    record(session, "session.confirmed", "Hasil sesi dipastikan", by=by)
    return session


def confirmable(period: Period, *, by: User) -> SessionQuerySet:
    """Sessions of the period whose results are complete and none of which `by` entered."""
    seats = Seat.objects.current().filter(session=OuterRef("pk"))
    return (
        TestSession.objects.planned()
        .filter(Exists(seats), period=period, results_confirmed_at=None)
        .exclude(Exists(seats.filter(attendance="")))
        .exclude(Exists(seats.filter(attendance__in=["present", "late"], result=None)))
        .exclude(Exists(seats.filter(result__entered_by=by)))
    )


@transaction.atomic
def confirm_all(period: Period, *, by: User) -> int:
    """A second person confirms every complete session of the period; returns how many."""
    rows = confirmable(period, by=by).select_for_update(of=("self",)).order_by("pk")
    locked = [session.pk for session in rows]
    # While we waited for the locks a mark or a score may have changed.
    sessions = list(confirmable(period, by=by).filter(pk__in=locked))
    now = timezone.now()
    TestSession.objects.filter(pk__in=[session.pk for session in sessions]).update(
        results_confirmed_by=by, results_confirmed_at=now
    )
    record_many(
        "session.confirmed", [(session, "Hasil sesi dipastikan", {}) for session in sessions], by=by
    )
    return len(sessions)
