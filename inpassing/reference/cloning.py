"""A new period from an earlier one: every date, rule and list, in rows of its own."""

from __future__ import annotations

import datetime as dt

from django.db import models, transaction
from django.utils import timezone

from .models import Period, PeriodLevel, PeriodPosition, one_month_after

MOMENTS = ("opens_at", "nomination_deadline", "filing_deadline", "seats_locked_at", "results_at")
DAYS = (
    "verification_until",
    "test_from",
    "test_until",
    "ends_on",
    "recommendation_on",
    "appointment_by",
    "age_reference_on",
)
# Rows that hang on the period alone and are copied field by field.
PLAIN_RULES = (
    "required_documents",
    "test_rules",
    "age_limits",
    "portfolio_items",
    "formation_columns",
    "credits",
)
NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


@transaction.atomic
def clone_period(source: Period) -> Period:
    """A draft with all data and rules of `source`; nothing is shared between the two.

    Its dates lie whole weeks later, so that weekdays and clock times stay: the first week in which
    it opens after `source` has ended and after today. The recommendation stays one month after the
    end where it was. Its name and number are the next ones of the year in which it opens.
    """
    period = Period.objects.get(pk=source.pk)
    period.pk, period._state.adding = None, True
    period.status = Period.Status.DRAFT
    _shift(period, _weeks_after(source))
    if source.recommendation_on == one_month_after(source.ends_on):
        period.recommendation_on = one_month_after(period.ends_on)
    period.year = timezone.localdate(period.opens_at).year
    taken = Period.objects.filter(year=period.year).aggregate(last=models.Max("number"))["last"]
    period.number = (taken or 0) + 1
    period.name = _free_name(period.number, period.year)
    period.save(force_insert=True)
    for entry in source.period_positions.prefetch_related("components"):
        copy = _copy(entry, period=period)
        assert isinstance(copy, PeriodPosition)
        for component in entry.components.all():
            _copy(component, period_position=copy)
    for level in source.period_levels.prefetch_related("ranks"):
        copy = _copy(level, period=period)
        assert isinstance(copy, PeriodLevel)
        copy.ranks.set(level.ranks.all())
    for name in PLAIN_RULES:
        rows = list(getattr(source, name).all())
        for row in rows:
            row.pk, row._state.adding, row.period = None, True, period
        if rows:
            type(rows[0])._default_manager.bulk_create(rows)
    return period


def _copy(row: models.Model, **changes: object) -> models.Model:
    copy = type(row)(
        **{
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if not field.primary_key
        }
    )
    for name, value in changes.items():
        setattr(copy, name, value)
    copy.save(force_insert=True)
    return copy


def _weeks_after(source: Period) -> dt.timedelta:
    """Whole weeks from `source`'s opening to the first one after its end and after today."""
    opened = timezone.localdate(source.opens_at)
    free_from = max(source.ends_on, timezone.localdate())
    return dt.timedelta(weeks=max(0, (free_from - opened).days) // 7 + 1)


def _shift(period: Period, by: dt.timedelta) -> None:
    for name in (*MOMENTS, *DAYS):
        value = getattr(period, name)
        if value is not None:
            setattr(period, name, value + by)


def _free_name(number: int, year: int) -> str:
    numeral = NUMERALS[number - 1] if number <= len(NUMERALS) else str(number)
    name = f"Periode {numeral} Tahun {year}"
    taken = set(Period.objects.filter(name__startswith=name).values_list("name", flat=True))
    if name not in taken:
        return name
    return next(f"{name} ({n})" for n in range(2, len(taken) + 3) if f"{name} ({n})" not in taken)
