"""Which session suits whom: a plan for everybody at once, as a pure function over plain data.

The nearest office comes first (same regency or city, same province, then the head office), inside
an office the session that is least filled. Whoever needs a suitable room is placed before the
others. Source: domain.md section 2, C.1.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Place:
    """A session as seating sees it; `region_code` is "" for the head office."""

    session_id: int
    region_code: str
    capacity: int
    taken: int = 0
    is_accessible: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody who needs a seat; `region_code` is the agency's, "" for a central one."""

    proposal_id: int
    region_code: str
    needs_accessible: bool = False


@dataclass(frozen=True)
class Choice:
    """The session chosen for a person and the step that led there (index into STEPS)."""

    session_id: int
    step: int
    explanation: str


@dataclass
class Plan:
    """Proposal id -> choice, and proposal id -> why there is no seat, in Indonesian."""

    seated: dict[int, Choice] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)


STEPS = [
    "Kantor BPS di kabupaten/kota yang sama",
    "Kantor BPS di provinsi yang sama",
    "Tidak ada kursi di provinsi ini; BPS Pusat",
]
CENTRAL = "Instansi pusat; BPS Pusat"
PROVINCIAL = "Instansi provinsi; kantor BPS provinsi itu"


def plan_seats(people: Iterable[Person], places: Sequence[Place], *, seed: str = "") -> Plan:
    """Seat as many people as possible as near as possible, evenly over the sessions of an office.

    Nearness is settled step by step for everybody: nobody gets a seat in another regency's office
    while somebody of that regency still needs it. With no one in need of a suitable room, both
    the number of people in their own regency and that in their own province are the greatest that
    the capacities allow (`bounds`). Who comes first where seats are short is drawn by `seed`: the
    same seed, people and places give the same plan.
    """
    plan = Plan()
    taken = {place.session_id: place.taken for place in places}
    ordered = sorted(people, key=lambda person: _lot(seed, person.proposal_id))
    for needs_accessible in (True, False):
        waiting = [person for person in ordered if person.needs_accessible == needs_accessible]
        usable = [place for place in places if place.is_accessible or not needs_accessible]
        for step in range(len(STEPS)):
            waiting = _fill(plan, waiting, usable, taken, step)
        for person in waiting:
            plan.left[person.proposal_id] = _why_left(person, places)
    return plan


def bounds(people: Sequence[Person], places: Sequence[Place]) -> tuple[int, int, int]:
    """The most people that any seating could give a seat in the own regency (or, for a central
    agency, the head office), in the own province or nearer, and at all."""
    demand: dict[str, int] = defaultdict(int)
    free: dict[str, int] = defaultdict(int)
    for person in people:
        demand[person.region_code] += 1
    for place in places:
        free[place.region_code] += max(0, place.capacity - place.taken)
    own = sum(min(count, free[code]) for code, count in demand.items())
    wide_demand: dict[str, int] = defaultdict(int)
    wide_free: dict[str, int] = defaultdict(int)
    for code, count in demand.items():
        wide_demand[code[:2]] += count
    for code, count in free.items():
        wide_free[code[:2]] += count
    province = sum(min(count, wide_free[code]) for code, count in wide_demand.items())
    beyond = sum(max(0, count - wide_free[code]) for code, count in wide_demand.items() if code)
    spare = max(0, wide_free[""] - wide_demand[""])
    return own, province, province + min(beyond, spare)


def _fill(
    plan: Plan, people: list[Person], places: Sequence[Place], taken: dict[int, int], step: int
) -> list[Person]:
    """Seat those whom this step can seat; returns the others."""
    pools: dict[str, list[tuple[Fraction, int, int]]] = defaultdict(list)
    for place in places:
        if taken[place.session_id] < place.capacity:
            pools[_pool_of_place(place.region_code, step)].append(
                (
                    Fraction(taken[place.session_id], place.capacity),
                    place.session_id,
                    place.capacity,
                )
            )
    for pool in pools.values():
        heapq.heapify(pool)
    waiting = []
    for person in people:
        key = _pool_of_person(person.region_code, step)
        pool = pools.get(key, []) if key is not None else []
        if not pool:
            waiting.append(person)
            continue
        _, session_id, capacity = pool[0]
        reason = _reason(person, step)
        plan.seated[person.proposal_id] = Choice(
            session_id,
            step,
            f"{reason}; sesi paling lengang, terisi {taken[session_id]} dari {capacity}",
        )
        taken[session_id] += 1
        if taken[session_id] < capacity:
            heapq.heapreplace(pool, (Fraction(taken[session_id], capacity), session_id, capacity))
        else:
            heapq.heappop(pool)
    return waiting


def _reason(person: Person, step: int) -> str:
    if not person.region_code:
        return CENTRAL
    return PROVINCIAL if step == 0 and len(person.region_code) == 2 else STEPS[step]


def _pool_of_place(region_code: str, step: int) -> str:
    return (region_code, region_code[:2], region_code)[step]


def _pool_of_person(region_code: str, step: int) -> str | None:
    """The pool that serves a person at a step; None where the step is not for them."""
    if not region_code:  # a central agency: the head office is their own
        return "" if step == 0 else None
    return (region_code, region_code[:2], "")[step]


def _why_left(person: Person, places: Sequence[Place]) -> str:
    reachable = [
        place
        for place in places
        if not place.region_code
        or (person.region_code and place.region_code[:2] == person.region_code[:2])
    ]
    if not reachable:
        return "Belum ada sesi di provinsinya atau di BPS Pusat. Buat sesi di sana."
    if person.needs_accessible and not any(place.is_accessible for place in reachable):
        return "Perlu ruang untuk kebutuhan khusus; belum ada sesi seperti itu dalam jangkauan."
    if person.needs_accessible:
        return "Semua ruang untuk kebutuhan khusus dalam jangkauan penuh. Tambah sesi."
    return "Semua sesi dalam jangkauan penuh. Tambah sesi di provinsinya atau di BPS Pusat."


def _lot(seed: str, proposal_id: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{proposal_id}".encode(), digest_size=8).digest()
