"""proposals.deadlines: until when, at every boundary. Source: product.md section 3, Deadlines."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals import workflow
from proposals.closing import close_due
from proposals.deadlines import filing_deadline_for, repair_deadline_for
from proposals.models import AgencyDeadline, DocumentVersion, Proposal
from tests.factories import make_agency, make_period, make_verifier
from tests.proposals.filing import filing, pdf, slot, upload_of

pytestmark = pytest.mark.django_db
Status = Proposal.Status
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
WIB, WITA, WIT = map(ZoneInfo, ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"))
FRIDAY = dt.datetime(2027, 4, 9, 15, 0, tzinfo=WIB)
BAU_BAU, JAYAPURA, JAKARTA = "74.72", "91.71", "31.71"


def period_until(deadline: dt.datetime, **fields):
    return make_period(
        opens_at=deadline - 40 * DAY,
        nomination_deadline=deadline - 20 * DAY,
        filing_deadline=deadline,
        **fields,
    )


@pytest.mark.parametrize(
    ("days_left", "expected"),
    [
        (30, None),  # the period's own date
        (10, None),
        (5, "2027-04-16 23:59"),  # Friday and five working days: the next Friday
        (-3, "2027-04-16 23:59"),  # approved after the date
    ],
)
def test_who_is_approved_gets_the_periods_date_or_the_minimum_filling_time(days_left, expected):
    period, agency = period_until(FRIDAY + days_left * DAY), make_agency(region=JAKARTA)
    until = filing_deadline_for(period, agency, approved_at=FRIDAY)
    if expected is None:
        assert until == period.filing_deadline
    else:
        assert f"{until.astimezone(WIB):%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("region", "zone"),
    [(JAKARTA, WIB), (BAU_BAU, WITA), (JAYAPURA, WIT)],
    ids=["WIB", "WITA", "WIT"],
)
def test_the_day_ends_in_the_zone_of_the_agency(region, zone):
    period, agency = period_until(FRIDAY, min_filling_days=1), make_agency(region=region)
    until = filing_deadline_for(period, agency, approved_at=FRIDAY)
    assert until == dt.datetime(2027, 4, 12, 23, 59, tzinfo=zone)
    proposal = filing(period=period, agency=agency, filing_deadline=until, complete=False)
    assert workflow.deadline_text(until, proposal).endswith(f"pukul 23.59 {zone_name(region)}")


def zone_name(region: str) -> str:
    return {JAKARTA: "WIB", BAU_BAU: "WITA", JAYAPURA: "WIT"}[region]


def test_a_friday_evening_in_the_west_is_a_saturday_in_the_east():
    late = dt.datetime(2027, 4, 9, 23, 0, tzinfo=WIB)  # Saturday 01.00 WIT
    period = period_until(late, min_filling_days=1)
    for region, zone in ((JAKARTA, WIB), (JAYAPURA, WIT)):
        until = filing_deadline_for(period, make_agency(region=region), approved_at=late)
        assert until.astimezone(zone).date() == dt.date(2027, 4, 12)


@pytest.mark.parametrize("days", [-9, 6])
def test_the_agencys_own_date_counts_earlier_or_later(days):
    period, agency = period_until(FRIDAY + 30 * DAY), make_agency()
    own = period.filing_deadline + days * DAY
    AgencyDeadline.objects.create(period=period, agency=agency, filing_deadline=own)
    assert filing_deadline_for(period, agency, approved_at=FRIDAY) == own
    assert filing_deadline_for(period, make_agency(), approved_at=FRIDAY) == period.filing_deadline


def test_an_earlier_agency_date_never_cuts_the_minimum_filling_time():
    period, agency = period_until(FRIDAY + 30 * DAY), make_agency(region=JAKARTA)
    AgencyDeadline.objects.create(period=period, agency=agency, filing_deadline=FRIDAY + DAY)
    until = filing_deadline_for(period, agency, approved_at=FRIDAY)
    assert until.astimezone(WIB) == dt.datetime(2027, 4, 16, 23, 59, tzinfo=WIB)


def test_a_repair_date_is_never_a_saturday_or_sunday():
    agency = make_agency()
    for days in range(7):
        until = repair_deadline_for(make_period(repair_days=7 + days), agency)
        assert until.astimezone(ZoneInfo(agency.tz)).weekday() < 5


def test_a_nomination_outlives_every_date_and_late_approval_gives_time():
    now = timezone.now()
    period = period_until(now - 60 * DAY)
    proposal = filing(Status.NOMINATED, period=period, complete=False)
    assert close_due(now) == 0
    workflow.approve_nomination(proposal, by=make_verifier())
    proposal.refresh_from_db()
    assert proposal.status == Status.FILLING
    assert proposal.filing_deadline > now + 5 * DAY
    assert close_due(proposal.filing_deadline + period.grace - MINUTE) == 0
    assert close_due(proposal.filing_deadline + period.grace) == 1
    proposal.refresh_from_db()
    assert proposal.status == Status.NOT_ELIGIBLE


@pytest.mark.parametrize(("minutes", "is_taken"), [(9, True), (11, False)])
def test_what_arrives_in_the_grace_counts_and_nothing_after_it(as_user, minutes, is_taken):
    """Also while beat is down: the closing has not been, but the time is over."""
    proposal = filing(period=period_until(timezone.now() - minutes * MINUTE), phone="")
    client, document = as_user(proposal.participant), slot(proposal)
    before = DocumentVersion.objects.count()
    client.post(
        reverse("proposals:document_upload", args=[document.pk]), {"file": upload_of(pdf("akhir"))}
    )
    data = reverse("proposals:participant_data", args=[proposal.pk, "diri"])
    client.post(data, {"phone": "0812 1111", "address": "Jalan 1"})
    client.post(reverse("proposals:submit", args=[proposal.pk]))
    proposal.refresh_from_db()
    taken = (DocumentVersion.objects.count() - before, proposal.phone, proposal.status)
    assert taken == ((1, "0812 1111", "submitted") if is_taken else (0, "", "filling"))


def test_what_the_grace_brought_in_is_what_closing_finds():
    """A closing that comes a day late judges what arrived in time, and once."""
    proposal = filing(period=period_until(timezone.now() - DAY))
    assert close_due() == 1
    assert close_due() == 0
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED
