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

from .models import SessionPlan, TestSession

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


@dataclass(frozen=True)
class Planned:
    """One session of a plan; `problem` says in Indonesian why it cannot be made."""

    office: BpsOffice
    starts_at: dt.datetime
    ends_at: dt.datetime
    capacity: int
    problem: str = ""


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
    size = spec.capacity or office.capacity
    return (size + 1) // 2 if spec.every_second_seat else size


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
                planned.append(Planned(office, start, end, size, problem))
                if not problem:
                    there[office.pk].append((start, end, spec.room, size))
    return planned


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
    if used + size > office.capacity:
        return f"{used + size} kursi pada waktu yang sama; kapasitas kantor {office.capacity}"
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
    made = list(plan.sessions.all())
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


def spec_of(plan: SessionPlan) -> Spec:
    """What a plan asked for."""
    fields: dict[str, Any] = plan.spec
    return Spec(**fields)
