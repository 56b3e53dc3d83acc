"""A plan of many sessions: dates x times x offices, previewed, then made by the worker."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from inpassing.accounts.models import User
from inpassing.queue import hint
from inpassing.reference.models import BpsOffice, Period
from inpassing.timeline.events import record, record_many

from .models import SessionPlan, SessionProctor, TestSession
from .proctors import engagements, lock_people, proctors_of, tell_proctor

CHUNK = 1000
MOST = 5_000


@dataclass(frozen=True)
class Spec:
    """What is to be made. `days` are ISO dates, `slots` pairs of HH:MM in each office's own zone,
    `offices` is "" for all in use, "pusat", or a province's code; `capacity` 0 takes the office's.
    """

    days: list[str]
    slots: list[list[str]]
    offices: str
    room: str
    wave: str = ""
    capacity: int = 0
    every_second_seat: bool = False
    is_accessible: bool = False
    assign_proctors: bool = False


@dataclass(frozen=True)
class Planned:
    """One session of a plan; `problem` says in Indonesian why it cannot be made, `unwatched` why
    it has no proctor although one was asked for."""

    office: BpsOffice
    starts_at: dt.datetime
    ends_at: dt.datetime
    capacity: int
    problem: str = ""
    proctor: User | None = None
    unwatched: str = ""


def offices_of(spec: Spec) -> list[BpsOffice]:
    """The offices that a plan is for; those switched off are never among them."""
    offices = BpsOffice.objects.filter(is_active=True).order_by("pk")
    if spec.offices == "pusat":
        offices = offices.filter(region=None)
    elif spec.offices:
        offices = offices.filter(region__code__startswith=spec.offices)
    return list(offices)


def seats_of(spec: Spec, office: BpsOffice) -> int:
    """How many seats a session of the plan has at an office."""
    if spec.every_second_seat and spec.capacity:
        return (spec.capacity + 1) // 2
    if spec.every_second_seat:
        return (office.capacity + 1) // 2
    return spec.capacity or office.usable_seats


def plan_sessions(period: Period, spec: Spec) -> list[Planned]:
    """Every session of the plan, by office and time, each with the reason if it cannot be made.

    Refused are: outside the period's test dates, begun already, the room taken, and more seats at
    one time than the office has.
    """
    offices = offices_of(spec)
    there: dict[int, list[tuple[dt.datetime, dt.datetime, str, int]]] = defaultdict(list)
    taken = TestSession.objects.planned().filter(office__in=offices, ends_at__gt=timezone.now())
    for office_id, start, end, room, size in taken.values_list(
        "office", "starts_at", "ends_at", "room", "capacity"
    ):
        there[office_id].append((start, end, room, size))
    watch = _Watch(offices if spec.assign_proctors else [])
    planned = []
    for office in offices:
        zone = ZoneInfo(office.tz)
        for day in map(dt.date.fromisoformat, spec.days):
            for slot in spec.slots:
                start, end = (
                    dt.datetime.combine(day, dt.time.fromisoformat(text), zone) for text in slot
                )
                size = seats_of(spec, office)
                at_once = [row for row in there[office.pk] if row[0] < end and row[1] > start]
                problem = _problem(period, spec, office, start, size, at_once)
                proctor, unwatched = None, ""
                if not problem:
                    there[office.pk].append((start, end, spec.room, size))
                    if spec.assign_proctors:
                        proctor, unwatched = watch.take(office, start, end)
                planned.append(Planned(office, start, end, size, problem, proctor, unwatched))
    return planned


class _Watch:
    """The proctors of some offices, handed out so that nobody is at two sessions at once."""

    def __init__(self, offices: list[BpsOffice]) -> None:
        self.people = proctors_of(offices)
        everybody = {user for users in self.people.values() for user in users}
        self.busy: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
        for user_id, sessions in engagements(everybody).items():
            self.busy[user_id] = [(session.starts_at, session.ends_at) for session in sessions]

    def take(
        self, office: BpsOffice, start: dt.datetime, end: dt.datetime
    ) -> tuple[User | None, str]:
        """The free proctor of the office with the fewest sessions, or why there is none."""
        people = self.people.get(office.pk, [])
        if not people:
            return None, "Kantor belum mempunyai pengawas"
        free = [
            user
            for user in people
            if not any(begins < end and ends > start for begins, ends in self.busy[user.pk])
        ]
        if not free:
            return None, "Semua pengawas kantor bertugas di sesi lain pada waktu itu"
        chosen = min(free, key=lambda user: len(self.busy[user.pk]))
        self.busy[chosen.pk].append((start, end))
        return chosen, ""


def _problem(
    period: Period,
    spec: Spec,
    office: BpsOffice,
    start: dt.datetime,
    size: int,
    at_once: Iterable[tuple[dt.datetime, dt.datetime, str, int]],
) -> str:
    if not period.test_from <= start.date() <= period.test_until:
        return "Di luar jadwal uji periode ini"
    if start <= timezone.now():
        return "Waktunya sudah lewat"
    if any(room.casefold() == spec.room.casefold() for _, _, room, _ in at_once):
        return f"{spec.room} sudah dipakai sesi lain pada waktu itu"
    used = sum(seats for *_, seats in at_once)
    if used + size > office.usable_seats:
        return (
            f"{used + size} kursi pada waktu yang sama; kantor dapat memakai {office.usable_seats}"
        )
    return ""


@transaction.atomic
def request_plan(period: Period, spec: Spec, *, by: User) -> SessionPlan:
    """Ask the worker to make a plan's sessions."""
    plan = SessionPlan.objects.create(period=period, spec=asdict(spec), by=by)
    hint("competency.tasks.make_sessions")
    return plan


@transaction.atomic
def make_sessions(plan: SessionPlan) -> SessionPlan:
    """Make the sessions of a plan in one transaction; what cannot be made is counted as skipped.

    Plans of one period follow each other; a second call changes nothing.
    """
    Period.objects.select_for_update(no_key=True).get(pk=plan.period_id)
    plan = SessionPlan.objects.select_related("period", "by").get(pk=plan.pk)
    if plan.finished_at:
        return plan
    spec = spec_of(plan)
    if spec.assign_proctors:  # nobody is given another session meanwhile
        people = proctors_of(offices_of(spec))
        lock_people({user.pk for users in people.values() for user in users})
    planned = plan_sessions(plan.period, spec)
    wanted = [
        TestSession(
            period=plan.period,
            office=row.office,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            room=spec.room,
            capacity=row.capacity,
            wave=spec.wave,
            is_accessible=spec.is_accessible,
            created_by=plan.by,
            plan=plan,
        )
        for row in planned
        if not row.problem
    ]
    # A session made by hand meanwhile takes the room: then ours is left out, not the whole plan.
    TestSession.objects.bulk_create(wanted, batch_size=CHUNK, ignore_conflicts=True)
    made = list(plan.sessions.select_related("office"))
    _set_watch(plan, planned, made)
    record_many(
        "session.created",
        [(session, "Sesi dibuat menurut rencana", {"plan": plan.pk}) for session in made],
        by=plan.by,
    )
    plan.made, plan.skipped = len(made), len(planned) - len(made)
    plan.finished_at = timezone.now()
    plan.save(update_fields=["made", "skipped", "finished_at"])
    record(
        plan.period,
        "sessions.planned",
        f"{len(made)} sesi uji dibuat menurut rencana",
        by=plan.by,
        data={"plan": plan.pk, "made": len(made)},
    )
    return plan


def _set_watch(plan: SessionPlan, planned: list[Planned], made: list[TestSession]) -> None:
    chosen = {(row.office.pk, row.starts_at): row.proctor for row in planned if not row.problem}
    for session in made:
        if user := chosen.get((session.office_id, session.starts_at)):
            SessionProctor.objects.create(session=session, user=user, by=plan.by)
            tell_proctor(session, user, key=f"proctor:{session.pk}")


def spec_of(plan: SessionPlan) -> Spec:
    """What a plan asked for."""
    fields: dict[str, Any] = plan.spec
    return Spec(**fields)
