"""Seats: given by a run or by hand, moved, released.

Locks are taken in this order: proposal, session, seat. Constraints keep one seat per person and
one person per seat whatever happens.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.errors import TransitionError
from inpassing.formats import clock, long_datetime
from inpassing.reference.models import Period
from inpassing.timeline.events import record
from proposals import workflow as proposals
from proposals.messages import tell
from proposals.models import Proposal

from .models import Seat, TestSession
from .seating import Place, choose


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
    session = TestSession.objects.locked(session)
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
        release(present, note="Dipindahkan", by=by)
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
        waktu=when(session),
        tempat=_where(session),
        kursi=number,
    )
    return seat


def release(seat: Seat, *, note: str, by: User | None) -> None:
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
        release(seat, note="Usulan ditarik", by=None)
    return len(seats)


def when(session: TestSession) -> str:
    tz = session.office.tz
    return f"{long_datetime(session.starts_at, tz)} sampai {clock(session.ends_at, tz)}"


def _where(session: TestSession) -> str:
    address = f", {session.office.address}" if session.office.address else ""
    return f"{session.office.name}, {session.room}{address}"
