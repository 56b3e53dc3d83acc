"""Whom to ask: the contact of the periods that go on, for the footer and for every mail."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from .models import Period

FIELDS = ("name", "status", "contact_name", "contact_phone", "contact_email")


def periods_to_ask() -> QuerySet[Period]:
    """The newest periods that are or were open, with what their contact needs."""
    newest = Period.objects.exclude(status=Period.Status.DRAFT).order_by("-opens_at")
    return newest.only(*FIELDS)[:20]


def contact_lines(period_name: str = "", known: Iterable[Period] | None = None) -> list[str]:
    """One line per contact: that of the period named, else those of all open periods.

    Periods with the same contact share a line. A line names its periods only where there are
    several. Where nothing is open, the newest closed period answers. One query, two at most; none
    for `known` rows of periods_to_ask().
    """
    named = Period.objects.filter(name=period_name).only(*FIELDS) if period_name else ()
    periods = list(named)
    if not any(contact_of(period) for period in periods):
        periods = list(periods_to_ask() if known is None else known)
        periods = [p for p in periods if p.status == Period.Status.OPEN] or periods[:1]
    names: dict[str, list[str]] = {}
    for period in periods:
        if words := contact_of(period):
            names.setdefault(words, []).append(period.name)
    if len(names) < 2:
        return list(names)
    return [f"{' dan '.join(of)}: {words}" for words, of in names.items()]


def contact_of(period: Period) -> str:
    """A period's contact as one line, empty when there is none."""
    parts = [
        period.contact_name,
        f"telepon {period.contact_phone}" if period.contact_phone else "",
        f"email {period.contact_email}" if period.contact_email else "",
    ]
    return ", ".join(part for part in parts if part)
