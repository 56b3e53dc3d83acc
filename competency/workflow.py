"""Every act of stage 3: sessions, seats, attendance, results, publication.

The session's row lock orders everything about its seats; database constraints keep one seat per
person and one person per seat whatever happens.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.formats import clock, long_datetime, weekday_date
from inpassing.queue import hint
from inpassing.reference.models import Period, PeriodPosition
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.messages import tell
from proposals.models import Proposal

from .models import ComponentScore, Incident, Publication, Seat, TestResult, TestSession
from .seating import Place, choose

CHUNK = 200


def _lock_session(session: TestSession) -> TestSession:
    return (
        TestSession.objects.select_for_update(of=("self",))
        .select_related("office__region", "period")
        .get(pk=session.pk)
    )


# Sessions


@transaction.atomic
def create_session(session: TestSession, *, by: User) -> TestSession:
    """Keep a new session, unless the room is taken in that time or the office is switched off."""
    if not session.office.is_active:
        raise TransitionError("Kantor ini tidak dipakai. Pilih kantor lain.")
    clash = TestSession.objects.planned().filter(
        office=session.office,
        room__iexact=session.room,
        starts_at__lt=session.ends_at,
        ends_at__gt=session.starts_at,
    )
    if clash.exists():
        raise TransitionError("Ruang itu sudah dipakai sesi lain pada waktu yang sama.")
    session.created_by = by
    try:
        with transaction.atomic():
            session.save()
    except IntegrityError as error:
        raise TransitionError("Sesi yang sama sudah ada.") from error
    record(session, "session.created", "Sesi dibuat", by=by)
    return session


@transaction.atomic
def cancel_session(session: TestSession, *, by: User, reason: str) -> TestSession:
    """Cancel a session: its people are to be seated again, never absent."""
    session = _lock_session(session)
    if session.is_cancelled:
        raise TransitionError("Sesi ini sudah dibatalkan.")
    if session.is_confirmed or session.seats.current().exclude(attendance="").exists():
        raise TransitionError("Kehadiran sesi ini sudah dicatat; sesi tidak dapat dibatalkan.")
    session.cancelled_at = timezone.now()
    session.save(update_fields=["cancelled_at"])
    event = record(session, "session.cancelled", "Sesi dibatalkan", by=by, note=reason)
    for seat in session.seats.current().for_list().select_related("proposal__participant"):
        _release(seat, note=f"Sesi dibatalkan: {reason}"[:200], by=by)
        tell(
            seat.proposal,
            f"session_cancelled:{event.pk}:{seat.pk}",
            "test_session_cancelled",
            alasan=reason,
        )
    return session


# Seats


def unseated(period: Period) -> list[Proposal]:
    """Everybody who needs a seat in the period and has none, oldest first."""
    return list(
        Proposal.objects.awaiting_test()
        .filter(period=period)
        .exclude(pk__in=Seat.objects.current().values("proposal"))
        .for_list()
        .order_by("status_since", "pk")
    )


@transaction.atomic
def propose_seats(period: Period, *, by: User) -> tuple[int, int]:
    """Seat everybody who has none, the nearest office first; returns (seated, left over)."""
    release_withdrawn()
    sessions = list(
        TestSession.objects.select_for_update(of=("self",))
        .planned()
        .filter(period=period, starts_at__gt=timezone.now())
        .select_related("office__region", "period")
        .order_by("pk")
    )
    by_id = {session.pk: session for session in sessions}
    taken = dict(
        Seat.objects.current()
        .filter(session__in=sessions)
        .values_list("session")
        .annotate(Count("pk"))
    )
    places = {
        session.pk: Place(
            session.pk, session.office.region_id or "", session.capacity, taken.get(session.pk, 0)
        )
        for session in sessions
    }
    waiting = unseated(period)
    seated = 0
    for proposal in waiting:
        choice = choose(proposal.agency.region_id or "", list(places.values()))
        if choice is None:
            continue
        _take_seat(proposal, by_id[choice.session_id], choice.explanation, by=by)
        place = places[choice.session_id]
        places[choice.session_id] = replace(place, taken=place.taken + 1)
        seated += 1
    return seated, len(waiting) - seated


@transaction.atomic
def assign_seat(proposal: Proposal, session: TestSession, *, by: User) -> Seat:
    """Seat somebody in a session by hand, moving them when they hold a seat elsewhere."""
    proposal = proposals.lock_proposal(proposal)
    if proposal.status != Proposal.Status.TEST_REQUIRED:
        raise TransitionError(
            f"Peserta ini tidak perlu kursi. Keadaan: {proposal.get_status_display().lower()}."
        )
    session = _lock_session(session)
    if session.is_cancelled or session.period_id != proposal.period_id:
        raise TransitionError("Sesi itu tidak dapat dipakai. Pilih sesi lain pada periode ini.")
    if session.starts_at <= timezone.now():
        raise TransitionError("Sesi itu sudah dimulai. Pilih sesi lain.")
    present = Seat.objects.current().filter(proposal=proposal).first()
    if present and present.session_id == session.pk:
        return present
    if present and present.attendance:
        raise TransitionError("Kehadiran peserta sudah dicatat di sesi lain.")
    if session.seats.current().count() >= session.capacity:
        raise TransitionError(
            f"Sesi itu penuh: {session.capacity} dari {session.capacity} kursi terisi. "
            "Pilih sesi lain."
        )
    if present:
        _release(present, note="Dipindahkan", by=by)
    return _take_seat(proposal, session, "Ditempatkan oleh petugas", by=by)


def _take_seat(proposal: Proposal, session: TestSession, explanation: str, *, by: User) -> Seat:
    numbers = set(session.seats.current().values_list("number", flat=True))
    number = next(n for n in range(1, session.capacity + 2) if n not in numbers)
    if number > session.capacity:
        raise TransitionError("Sesi itu penuh. Pilih sesi lain.")
    region = session.office.region_id or "00"
    seat = Seat.objects.create(
        session=session,
        proposal=proposal,
        number=number,
        participant_number=f"P{session.period.number}-{region[:2]}-{proposal.pk:05d}",
        explanation=explanation,
    )
    event = record(
        proposal,
        "seat.assigned",
        f"Kursi ditetapkan di {session.office.name}"[:200],
        by=by,
        data={"session": session.pk, "seat": seat.pk, "number": number},
    )
    tell(
        proposal,
        f"seat:{event.pk}",
        "test_invitation",
        nomor=seat.participant_number,
        waktu=_when(session),
        tempat=_where(session),
        kursi=number,
    )
    return seat


def _release(seat: Seat, *, note: str, by: User | None) -> None:
    seat.released_at, seat.release_note = timezone.now(), note
    seat.save(update_fields=["released_at", "release_note"])
    record(
        seat.proposal,
        "seat.released",
        "Kursi dilepas",
        by=by,
        note=note,
        data={"session": seat.session_id, "seat": seat.pk},
    )


@transaction.atomic
def release_withdrawn() -> int:
    """Free the seats of proposals that were withdrawn before attendance was taken."""
    seats = list(
        Seat.objects.current()
        .filter(proposal__status=Proposal.Status.WITHDRAWN, attendance="")
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("proposal")
    )
    for seat in seats:
        _release(seat, note="Usulan ditarik", by=None)
    return len(seats)


def _when(session: TestSession) -> str:
    tz = session.office.tz
    return f"{long_datetime(session.starts_at, tz)} sampai {clock(session.ends_at, tz)}"


def _where(session: TestSession) -> str:
    address = f", {session.office.address}" if session.office.address else ""
    return f"{session.office.name}, {session.room}{address}"


# On the day


@transaction.atomic
def mark_attendance(seat: Seat, attendance: str, *, by: User) -> Seat:
    """Note that somebody is there, late, or absent; the same mark twice changes nothing."""
    session = _lock_session(seat.session)
    seat = Seat.objects.select_for_update(of=("self",)).select_related("proposal").get(pk=seat.pk)
    if seat.released_at or session.is_cancelled:
        raise TransitionError("Kursi ini sudah dilepas. Muat ulang daftar.")
    if session.is_confirmed:
        raise TransitionError("Hasil sesi ini sudah dipastikan; kehadiran tidak dapat diubah.")
    if not session.takes_attendance():
        raise TransitionError(
            f"Kehadiran dicatat mulai {clock(session.attendance_opens_at, session.office.tz)} "
            f"pada {weekday_date(_local_day(session))}."
        )
    if seat.attendance == attendance:
        return seat
    if hasattr(seat, "result") and attendance not in {"present", "late"}:
        raise TransitionError("Peserta ini sudah mempunyai nilai. Hapus nilainya dahulu.")
    seat.attendance = attendance
    seat.marked_at, seat.marked_by = (timezone.now(), by) if attendance else (None, None)
    seat.save(update_fields=["attendance", "marked_at", "marked_by"])
    record(
        seat.proposal,
        "attendance.marked",
        f"Kehadiran uji: {seat.get_attendance_display().lower()}",
        by=by,
        data={"session": session.pk, "seat": seat.pk, "attendance": attendance},
    )
    return seat


def _local_day(session: TestSession) -> dt.date:
    return session.starts_at.astimezone(ZoneInfo(session.office.tz)).date()


@transaction.atomic
def note_incident(session: TestSession, text: str, *, by: User) -> Incident:
    """Write down what happened, for the minutes."""
    incident = Incident.objects.create(session=session, text=text, by=by)
    record(session, "incident.noted", "Kejadian dicatat", by=by, data={"incident": incident.pk})
    return incident


# Results


@transaction.atomic
def enter_result(seat: Seat, scores: Mapping[int, Decimal], *, by: User) -> TestResult:
    """Keep the component scores (component id -> 0 to 100) of somebody who was present.

    The total is the weighted mean, rounded half up to two places; weights and passing grade are
    the period's for the position.
    """
    session = _lock_session(seat.session)
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
    session = _lock_session(session)
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


# Publication


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
            proposal, by=None, note=f"Tidak hadir pada {_when(seat.session)}."
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
