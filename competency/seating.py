"""Which session suits a person: pure functions over plain data.

The nearest office comes first (same regency or city, same province, then the head office), then
the session with the largest free share, then the earlier one. Source: domain.md section 2, C.1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A session as seating sees it; `region_code` is "" for the head office."""

    session_id: int
    region_code: str
    capacity: int
    taken: int

    @property
    def free(self) -> int:
        return self.capacity - self.taken


@dataclass(frozen=True)
class Choice:
    """The session chosen for a person, and why in Indonesian."""

    session_id: int
    explanation: str


STEPS = [
    "Kantor BPS di kabupaten/kota yang sama",
    "Kantor BPS di provinsi yang sama",
    "Tidak ada kursi di provinsi ini; BPS Pusat",
]


def distance(region_code: str, place: Place) -> int | None:
    """0 same regency or city, 1 same province, 2 head office, None another province."""
    if not place.region_code:
        return 2
    if place.region_code == region_code:
        return 0
    return 1 if region_code and place.region_code[:2] == region_code[:2] else None


def choose(region_code: str, places: list[Place]) -> Choice | None:
    """The best place with a free seat for somebody whose agency lies in `region_code`.

    An agency without a region (a central one) is seated at the head office. None when no place in
    reach has a free seat.
    """
    reachable = [
        (step, -place.free / place.capacity, place.session_id)
        for place in places
        if place.free > 0 and (step := distance(region_code, place)) is not None
    ]
    if not reachable:
        return None
    step, _, session_id = min(reachable)
    return Choice(session_id, STEPS[step] if region_code else "Instansi pusat; BPS Pusat")
