"""The tables and parameters of the decree of 2004, and how its points and terms are counted.

Source: Kepka BPS 289/2004 with the scales of KepMenPAN 66/2003; domain.md sections 5 and 6.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from inpassing.formats import format_number

Category = Literal["skill", "expert"]
CATEGORY_NAMES: Mapping[str, str] = {"skill": "terampil", "expert": "ahli"}

STEP = Decimal("0.001")
MOST_POINTS = Decimal("99999.999")


@dataclass(frozen=True)
class Band:
    """A rank's row in the scale: its cumulative minimum and the points from it to the next."""

    category: str
    rank: str
    minimum: Decimal
    increment: Decimal | None


@dataclass(frozen=True)
class Level:
    """A level of Pranata Komputer under its name of 2004, with its ranks, lowest first."""

    category: str
    code: str
    name: str
    order: int
    ranks: tuple[str, ...]


@dataclass(frozen=True)
class Decree:
    """The decree's tables, and its limits as parameters, so that a page can show another limit."""

    rank_orders: Mapping[str, int]
    bands: tuple[Band, ...]
    levels: tuple[Level, ...]
    skill_education: int
    expert_education: int
    years_to_retirement: int = 5
    experience_months: int = 24
    supporting_percent: int = 20
    development_points: Decimal = Decimal("12.000")
    development_from: str = "IV/b"
    first_year_percent: int = 20
    skill_yearly_points: Decimal = Decimal("10.000")
    expert_yearly_points: Decimal = Decimal("25.000")
    # Rule B1. The decree's text says four years; its example (Roni) fits five.
    release_years: int = 4
    warning_months: int = 6
    short_warning_months: int = 3

    @classmethod
    def from_tables(
        cls,
        *,
        ranks: Sequence[Mapping[str, str]],
        levels: Sequence[Mapping[str, str]],
        minimums: Sequence[Mapping[str, str]],
        educations: Sequence[Mapping[str, str]],
    ) -> Decree:
        """Read rows of the shipped tables ranks, position_levels, credit_minimums_2004 and
        education_levels."""
        education = {row["code"]: int(row["order"]) for row in educations}
        return cls(
            rank_orders={row["code"]: int(row["order"]) for row in ranks},
            bands=tuple(
                Band(
                    row["category"],
                    row["rank"],
                    Decimal(row["min_cumulative"]).quantize(STEP),
                    Decimal(row["increment_to_next"]).quantize(STEP)
                    if row["increment_to_next"]
                    else None,
                )
                for row in minimums
            ),
            levels=tuple(
                Level(
                    row["category"],
                    row["code"],
                    row["name_2004"],
                    order,
                    tuple(row["ranks"].split()),
                )
                for order, row in enumerate(levels)
                if row["position"] == "PRAKOM"
            ),
            skill_education=education["SLTA"],
            expert_education=education["S1"],
        )

    def scale(self, category: Category) -> tuple[Band, ...]:
        """The bands of a category, lowest first."""
        return tuple(band for band in self.bands if band.category == category)

    def band(self, category: Category, rank: str) -> Band | None:
        """The row of a rank; None outside the category's scale."""
        return next((band for band in self.scale(category) if band.rank == rank), None)

    def next_band(self, category: Category, rank: str) -> Band | None:
        """The row of the next higher rank; None for the highest rank and outside the scale."""
        scale = self.scale(category)
        ranks = [band.rank for band in scale]
        if rank not in ranks[:-1]:
            return None
        return scale[ranks.index(rank) + 1]

    def level(self, category: Category, code: str) -> Level | None:
        """A level by its code."""
        return next(
            (level for level in self.levels if (level.category, level.code) == (category, code)),
            None,
        )

    def level_of_rank(self, category: Category, rank: str) -> Level | None:
        """The level to which a rank belongs."""
        return next(
            (lvl for lvl in self.levels if lvl.category == category and rank in lvl.ranks), None
        )

    def next_level(self, category: Category, code: str) -> Level | None:
        """The level above; None for the highest and for an unknown one."""
        levels = [level for level in self.levels if level.category == category]
        codes = [level.code for level in levels]
        if code not in codes[:-1]:
            return None
        return levels[codes.index(code) + 1]

    def level_minimum(self, level: Level) -> Decimal | None:
        """The cumulative minimum of a level: that of its lowest rank."""
        return next(
            (
                band.minimum
                for band in self.bands
                if band.category == level.category and band.rank in level.ranks
            ),
            None,
        )

    def band_by_credit(self, category: Category, credit: Decimal) -> Band | None:
        """The band with the largest minimum that the credit reaches; None below the lowest."""
        reached = [band for band in self.scale(category) if band.minimum <= credit]
        return max(reached, key=lambda band: band.minimum, default=None)

    def level_by_credit(self, category: Category, credit: Decimal) -> Level | None:
        """The level whose band holds the credit (rule P4); None below the lowest minimum."""
        band = self.band_by_credit(category, credit)
        return self.level_of_rank(category, band.rank) if band else None


def points(value: Decimal) -> str:
    """Credit points as they are written: three places, decimal comma ("151,000")."""
    return format_number(value.quantize(STEP))


def require_points(*values: Decimal) -> None:
    """Refuse what is no amount of credit points: ValueError for NaN, a sign, a fourth place."""
    for value in values:
        if not value.is_finite() or not 0 <= value <= MOST_POINTS or value != value.quantize(STEP):
            raise ValueError(f"{value} is no amount of credit points")


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day some months later (or earlier, if negative).

    A day that the month does not have becomes its last one, and the result stays within the
    calendar (year 1 to 9999), so that every date has an answer.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year < dt.MINYEAR:
        return dt.date.min
    if year > dt.MAXYEAR:
        return dt.date.max
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day some years later; see `months_after`."""
    return months_after(day, years * 12)
