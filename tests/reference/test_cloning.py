"""reference.cloning: everything is copied, nothing is shared."""

import datetime as dt

import pytest
from django.utils import timezone

from inpassing.reference.cloning import clone_period
from inpassing.reference.models import (
    FormationColumn,
    InpassingCredit,
    Period,
    RequiredDocument,
    one_month_after,
)
from tests.factories import make_period

pytestmark = pytest.mark.django_db
# What names a period, and what is never copied.
OWN = {"id", "name", "number", "year", "status", "created_at"}


@pytest.fixture
def source():
    """A period in which nothing has its default value."""
    period = make_period(
        legal_basis="Peraturan BPS 6/2019",
        waves=["Gelombang 1", "Gelombang 2"],
        contact_name="Sekretariat",
        contact_phone="021 1",
        min_filling_days=6,
        grace_minutes=11,
        repair_days=8,
        rank_mismatch_is_warning=True,
        appointment_by=timezone.localdate() + dt.timedelta(days=120),
        age_reference_on=timezone.localdate() + dt.timedelta(days=2),
    )
    RequiredDocument.objects.filter(period=period, code="ijazah").update(is_active=False)
    FormationColumn.objects.create(period=period, label="Beban kerja", kind="number")
    InpassingCredit.objects.create(
        period=period, rank_id="III/a", education_id="S1", years_in_rank=2, credit="104.500"
    )
    return period


def content(period):
    """All rows of a period as plain values, without keys."""
    found = {}
    for relation in Period._meta.related_objects:
        if relation.related_model._meta.app_label != "reference":
            continue
        fields = [
            f.name
            for f in relation.related_model._meta.concrete_fields
            if f.name not in {"id", "period"}
        ]
        found[relation.get_accessor_name()] = sorted(
            map(str, getattr(period, relation.get_accessor_name()).values_list(*fields))
        )
    found["components"] = sorted(
        map(
            str,
            period.period_positions.values_list(
                "position", "components__order", "components__name", "components__weight"
            ),
        )
    )
    found["ranks"] = sorted(
        map(str, period.period_levels.values_list("level", "ranks").order_by("level", "ranks"))
    )
    return found


def test_every_field_and_every_row_is_copied(source):
    copy = clone_period(source)
    copied = content(copy)
    assert copied == content(source)
    assert all(copied.values())  # the source had something of each
    shift = copy.opens_at - source.opens_at
    for field in Period._meta.concrete_fields:
        if field.name in OWN:
            continue
        mine, its = getattr(copy, field.attname), getattr(source, field.attname)
        if isinstance(its, dt.date) and field.name not in OWN:
            assert mine - its == shift, field.name
        else:
            assert mine == its, field.name


def test_nothing_is_shared(source):
    before = content(source)
    copy = clone_period(source)
    copy.required_documents.all().delete()
    copy.portfolio_items.update(question="lain")
    copy.test_rules.all().delete()
    copy.age_limits.update(under_years=1)
    copy.formation_columns.update(label="lain")
    copy.credits.update(credit=0)
    for entry in copy.period_positions.all():
        entry.components.update(weight=1)
        entry.passing_grade = 1
        entry.save()
    for level in copy.period_levels.all():
        level.ranks.clear()
    copy.period_levels.all().delete()
    copy.waves.append("Gelombang 3")
    copy.save()
    source.refresh_from_db()
    assert content(source) == before
    assert source.waves == ["Gelombang 1", "Gelombang 2"]


def test_the_copy_is_a_draft_with_the_next_number_and_dates_to_come(source):
    copy = clone_period(source)
    assert copy.status == Period.Status.DRAFT
    assert copy.pk != source.pk
    opens = timezone.localtime(copy.opens_at)
    was = timezone.localtime(source.opens_at)
    assert opens.date() > source.ends_on
    assert (opens.weekday(), opens.time()) == (was.weekday(), was.time())
    assert copy.year == opens.year
    again = clone_period(source)
    assert (again.number, again.name != copy.name) == (copy.number + 1, True)


def test_a_period_long_past_is_moved_beyond_today():
    old = make_period()
    for name in ("opens_at", "nomination_deadline", "filing_deadline", "results_at"):
        setattr(old, name, getattr(old, name) - dt.timedelta(days=1000))
    for name in ("verification_until", "test_from", "test_until", "ends_on", "recommendation_on"):
        setattr(old, name, getattr(old, name) - dt.timedelta(days=1000))
    old.save()
    copy = clone_period(old)
    days = (timezone.localdate(copy.opens_at) - timezone.localdate()).days
    assert 0 < days <= 7


@pytest.mark.parametrize(
    ("day", "later"),
    [
        ("2026-10-31", "2026-11-30"),
        ("2026-12-07", "2027-01-07"),
        ("2027-01-31", "2027-02-28"),
        ("2028-01-30", "2028-02-29"),
    ],
)
def test_one_month_after(day, later):
    assert one_month_after(dt.date.fromisoformat(day)) == dt.date.fromisoformat(later)


@pytest.mark.parametrize("days_more", [0, 3])
def test_the_recommendation_stays_one_month_after_the_end(days_more):
    source = make_period()
    source.recommendation_on = one_month_after(source.ends_on) + dt.timedelta(days=days_more)
    source.save()
    copy = clone_period(source)
    if days_more:
        assert copy.recommendation_on - copy.ends_on == source.recommendation_on - source.ends_on
    else:
        assert copy.recommendation_on == one_month_after(copy.ends_on)
