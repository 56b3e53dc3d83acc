"""Records of stage 3."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from competency import seats
from competency.models import Seat, TestSession
from inpassing.reference.models import BpsOffice, Period, TestComponent
from proposals.models import Proposal
from tests.factories import make_period, make_user, number


def make_session(
    period: Period | None = None, office: BpsOffice | None = None, **fields
) -> TestSession:
    """A session tomorrow with ten seats, in the head office unless said otherwise."""
    start = timezone.now() + dt.timedelta(days=1)
    defaults = {
        "starts_at": start,
        "ends_at": start + dt.timedelta(hours=2),
        "room": f"Ruang {number()}",
        "capacity": 10,
    }
    return TestSession.objects.create(
        period=period or make_period(),
        office=office or BpsOffice.objects.get(region=None),
        **{**defaults, **fields},
    )


def make_seat(session: TestSession, proposal: Proposal, **fields) -> Seat:
    seat = seats.assign_seat(proposal, session, by=make_user())
    for name, value in fields.items():
        setattr(seat, name, value)
    seat.save()
    return seat


def begin(session: TestSession) -> None:
    """Let the session be under way."""
    now = timezone.now()
    session.starts_at, session.ends_at = now - dt.timedelta(minutes=5), now + dt.timedelta(hours=2)
    session.save()


def scores_for(seat: Seat, *values: int) -> dict[int, Decimal]:
    components = TestComponent.objects.filter(
        period_position__period=seat.session.period,
        period_position__position=seat.proposal.position,
    )
    return {c.pk: Decimal(v) for c, v in zip(components, values, strict=True)}
