"""Seats: given by a run or by hand, moved, released.

Locks are taken in this order: proposal, session, seat. Constraints keep one seat per person and
one person per seat whatever happens.
"""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.accounts.roles import roles_of
from inpassing.errors import TransitionError
from inpassing.formats import clock, long_datetime
from inpassing.queue import hint
from inpassing.reference.models import Period
from inpassing.timeline.events import record, record_many
from proposals import workflow as proposals
from proposals.messages import Notice, tell_many
from proposals.models import Proposal, ProposalQuerySet

from .models import Seat, SeatingRun, TestSession, Unseated
from .seating import Person, Place, Plan, plan_seats

CHUNK = 2000
INVITED_AT_ONCE = 200


def unseated(period: Period) -> ProposalQuerySet:
    """Everybody who needs a seat in the period and has none."""
    return (
        Proposal.objects.awaiting_test()
        .filter(period=period)
        .exclude(pk__in=Seat.objects.current().values("proposal"))
    )


def request_seating(
    period: Period, *, by: User, wave: str = "", seed: str = "", holds_invitations: bool = False
) -> SeatingRun:
    """Ask the worker to seat everybody who has none; a run that is under way is returned.

    `wave` keeps the run to the sessions of one wave; `seed` decides who comes first where seats
    are short; `holds_invitations` keeps the messages back until `send_invitations`.
    """
    with transaction.atomic():
        SeatingRun.objects.bulk_create(
            [
                SeatingRun(
                    period=period,
                    wave=wave,
                    seed=seed or f"{period.number}-{period.seating_runs.count() + 1}",
                    holds_invitations=holds_invitations,
                    by=by,
                )
            ],
            ignore_conflicts=True,
        )
        hint("competency.tasks.seat_people")
        return SeatingRun.objects.get(period=period, finished_at=None)


@transaction.atomic
def run_seating(run: SeatingRun) -> SeatingRun:
    """Seat everybody of the run's period in one transaction; a second call changes nothing."""
    claimed = SeatingRun.objects.select_for_update(of=("self",), skip_locked=True)
    found = claimed.select_related("period", "by").filter(pk=run.pk, finished_at=None).first()
    if found is None:
        return run
    run = found
    release_withdrawn()
    locked = unseated(run.period).select_for_update(of=("self",)).select_related("agency")
    locked = locked.only("pk", "agency__region_id", "special_needs").order_by("pk")
    waiting = list(locked)
    # While we waited for the locks, some were seated by hand.
    still = set(unseated(run.period).values_list("pk", flat=True))
    waiting = [proposal for proposal in waiting if proposal.pk in still]
    future = TestSession.objects.planned().filter(period=run.period, starts_at__gt=timezone.now())
    if run.wave:
        future = future.filter(wave=run.wave)
    sessions = {
        session.pk: session
        for session in future.select_for_update(of=("self",))
        .select_related("office")
        .order_by("pk")
    }
    numbers: dict[int, set[int]] = {pk: set() for pk in sessions}
    held = Seat.objects.current().filter(session__in=sessions)
    for session_id, number in held.values_list("session", "number"):
        numbers[session_id].add(number)
    plan = plan_seats(
        [
            Person(proposal.pk, proposal.agency.region_id or "", bool(proposal.special_needs))
            for proposal in waiting
        ],
        [
            Place(
                session.pk,
                session.office.region_id or "",
                session.capacity,
                len(numbers[session.pk]),
                session.is_accessible,
            )
            for session in sessions.values()
        ],
        seed=run.seed,
    )
    _keep_plan(run, plan, waiting, sessions, numbers)
    steps = Counter(choice.step for choice in plan.seated.values())
    run.seated, run.own_region, run.own_province = len(plan.seated), steps[0], steps[1]
    run.finished_at = timezone.now()
    run.save(update_fields=["seated", "own_region", "own_province", "finished_at"])
    record(
        run.period,
        "seating.finished",
        f"Kursi ditetapkan untuk {len(plan.seated)} peserta"[:200],
        by=run.by,
        data={"run": run.pk, "seated": len(plan.seated), "left": len(plan.left)},
    )
    if not run.holds_invitations:
        hint("competency.tasks.invite_seated")
    return run


def _keep_plan(
    run: SeatingRun,
    plan: Plan,
    waiting: list[Proposal],
    sessions: dict[int, TestSession],
    numbers: dict[int, set[int]],
) -> None:
    free = {
        pk: iter([n for n in range(1, session.capacity + 1) if n not in numbers[pk]])
        for pk, session in sessions.items()
    }
    seats = []
    for proposal in waiting:
        if choice := plan.seated.get(proposal.pk):
            session = sessions[choice.session_id]
            seats.append(
                Seat(
                    session=session,
                    proposal=proposal,
                    number=next(free[session.pk]),
                    participant_number=_participant_number(run.period, session, proposal),
                    explanation=choice.explanation,
                    run=run,
                )
            )
    Seat.objects.bulk_create(seats, batch_size=CHUNK)
    record_many(
        "seat.assigned",
        [
            (
                seat.proposal,
                _assigned(sessions[seat.session_id]),
                {"session": seat.session_id, "seat": seat.pk, "number": seat.number},
            )
            for seat in seats
        ],
        by=run.by,
    )
    Unseated.objects.bulk_create(
        [Unseated(run=run, proposal_id=pk, reason=reason) for pk, reason in plan.left.items()],
        batch_size=CHUNK,
    )


@transaction.atomic
def send_invitations(run: SeatingRun, *, by: User) -> SeatingRun:
    """Let the messages of a run go that held them back; a second call changes nothing."""
    run = SeatingRun.objects.select_for_update(of=("self",)).select_related("period").get(pk=run.pk)
    if run.holds_invitations:
        run.holds_invitations = False
        run.save(update_fields=["holds_invitations"])
        record(run.period, "seating.invited", "Undangan uji dikirim", by=by, data={"run": run.pk})
        hint("competency.tasks.invite_seated")
    return run


@transaction.atomic
def invite_some() -> int:
    """Tell the people of up to INVITED_AT_ONCE seats where and when; returns how many.

    Seat and messages change together, so a killed worker neither loses nor repeats an invitation.
    """
    seats = list(
        Seat.objects.uninvited()
        .exclude(run__holds_invitations=True)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("session__office", "proposal__participant", "proposal__level")
        .select_related("proposal__agency", "proposal__period")
        .order_by("pk")[:INVITED_AT_ONCE]
    )
    tell_many([_invitation(seat) for seat in seats])
    Seat.objects.filter(pk__in=[seat.pk for seat in seats]).update(invited_at=timezone.now())
    return len(seats)


def _invitation(seat: Seat) -> Notice:
    return Notice(seat.proposal, f"seat:{seat.pk}", "test_invitation", invitation_fields(seat))


def invitation_fields(seat: Seat) -> dict[str, object]:
    """What a message says of a seat."""
    return {
        "nomor": seat.participant_number,
        "waktu": when(seat.session),
        "tempat": where(seat.session),
        "kursi": seat.number,
    }


def _participant_number(period: Period, session: TestSession, proposal: Proposal) -> str:
    region = session.office.region_id or "00"
    return f"P{period.number}-{region[:2]}-{proposal.pk:05d}"


def _assigned(session: TestSession) -> str:
    return f"Kursi ditetapkan di {session.office.name}"[:200]


@transaction.atomic
def assign_seat(proposal: Proposal, session: TestSession, *, by: User) -> Seat:
    """Seat somebody in a session by hand, moving them when they hold a seat elsewhere.

    After the period's lock date nobody is moved; an administrator still seats who has no seat.
    """
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
    if not session.period.moves_seats() and (present or not roles_of(by).is_admin):
        assert session.period.seats_locked_at is not None
        raise TransitionError(
            "Kursi periode ini tidak dapat dipindahkan lagi sejak "
            f"{long_datetime(session.period.seats_locked_at, 'Asia/Jakarta')}."
        )
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
    seat = Seat.objects.create(
        session=session,
        proposal=proposal,
        number=number,
        participant_number=_participant_number(session.period, session, proposal),
        explanation=explanation,
        invited_at=timezone.now(),
    )
    record(
        proposal,
        "seat.assigned",
        _assigned(session),
        by=by,
        data={"session": session.pk, "seat": seat.pk, "number": number},
    )
    tell_many([_invitation(seat)])
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


def where(session: TestSession) -> str:
    address = f", {session.office.address}" if session.office.address else ""
    return f"{session.office.name}, {session.room}{address}"
