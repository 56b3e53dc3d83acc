"""Scores of a session, and the second person who confirms them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.reference.models import PeriodPosition
from inpassing.timeline.events import record

from .models import ComponentScore, Seat, TestResult, TestSession


@transaction.atomic
def enter_result(seat: Seat, scores: Mapping[int, Decimal], *, by: User) -> TestResult:
    """Keep the component scores (component id -> 0 to 100) of somebody who was present.

    The total is the weighted mean, rounded half up to two places; weights and passing grade are
    the period's for the position.
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
    weights = sum(component.weight for component in components)
    total = sum(
        (scores[component.pk] * component.weight for component in components), Decimal(0)
    ) / Decimal(weights)
    total = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
    result, _ = TestResult.objects.update_or_create(
        seat=seat,
        defaults={
            "total": total,
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
