"""Until when: one function per deadline, used by transitions, beat and pages alike."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from inpassing.accounts.models import Agency
from inpassing.reference.models import Period

from .models import AgencyDeadline, Proposal


def working_days_after(start: dt.datetime, days: int, tz: str) -> dt.datetime:
    """`days` working days (Monday to Friday) after `start`, at the same clock time in `tz`.

    Public holidays are not known to the system; an administrator extends instead.
    """
    local = start.astimezone(ZoneInfo(tz))
    day = local.date()
    while days > 0:
        day += dt.timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return dt.datetime.combine(day, local.time(), ZoneInfo(tz))


def add_working_days(start: dt.datetime, days: int, tz: str) -> dt.datetime:
    """`days` working days after `start`, at 23.59 in the zone `tz`: a date that people can keep."""
    return working_days_after(start, days, tz).replace(hour=23, minute=59, second=0, microsecond=0)


def agency_filing_deadline(period: Period, agency: Agency) -> dt.datetime:
    """The agency's own date or extension where there is one, else the period's."""
    own = AgencyDeadline.objects.filter(period=period, agency=agency).first()
    return own.filing_deadline if own else period.filing_deadline


def filing_deadline_for(
    period: Period, agency: Agency, *, approved_at: dt.datetime | None = None
) -> dt.datetime:
    """A participant's date: the agency's, but never less than the minimum filling time."""
    approved_at = approved_at or timezone.now()
    least = add_working_days(approved_at, period.min_filling_days, agency.tz)
    return max(agency_filing_deadline(period, agency), least)


def repair_deadline_for(period: Period, agency: Agency) -> dt.datetime:
    """The repair date proposed to a verifier: the period's repair days from now, a working day."""
    day = timezone.now().astimezone(ZoneInfo(agency.tz)).date()
    day += dt.timedelta(days=period.repair_days)
    while day.weekday() >= 5:
        day += dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(23, 59), ZoneInfo(agency.tz))


def deadline_of(proposal: Proposal) -> dt.datetime | None:
    """Until when the participant must send (period and agency loaded): one query."""
    return current_deadline(proposal, agency_filing_deadline(proposal.period, proposal.agency))


def current_deadline(proposal: Proposal, agency_date: dt.datetime) -> dt.datetime | None:
    """The person's own date, or the agency's present one when that is later.

    A promise is never shortened: an extension moves everybody, an earlier date only those who are
    approved after it. A returned proposal may wait for its repair date too.
    """
    if proposal.filing_deadline is None:
        return None
    moments = [proposal.filing_deadline, agency_date]
    if proposal.status == Proposal.Status.RETURNED and proposal.repair_deadline:
        moments.append(proposal.repair_deadline)
    return max(moments)


def accepts_filing(proposal: Proposal, at: dt.datetime | None = None) -> bool:
    """Whether data, documents and the sending are still taken: until the deadline and its grace."""
    deadline = deadline_of(proposal)
    return deadline is None or (at or timezone.now()) < deadline + proposal.period.grace
