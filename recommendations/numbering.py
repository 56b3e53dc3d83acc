"""Letter numbers without a gap, and check codes that nobody guesses."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from .models import NumberRegister

JAKARTA = ZoneInfo("Asia/Jakarta")

# One register for every letter that BPS sends out of this system.
REGISTER = "B"

# 32 signs without I, L, O and U: twelve of them are 60 bits. At the rate that one address may ask,
# a million letters and a thousand addresses, the first hit is to be expected after 70 years.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True)
class Number:
    """A number taken from a register: its parts, how the letter writes it, when it was taken and
    which day that was in Jakarta."""

    register: str
    year: int
    sequence: int
    text: str
    at: dt.datetime
    day: dt.date


def take_number(*, unit: str) -> Number:
    """The next number of this calendar year.

    The register's row stays locked until the caller's transaction ends: numbers are taken one after
    the other, and a transaction that fails gives its number back. Take it last. The moment is read
    under the lock, so that a later number never has an earlier date.
    """
    row = _locked_register(_now()[1].year)
    at, day = _now()
    if day.year != row.year:  # the year turned while others held the lock
        row = _locked_register(day.year)
    row.last += 1
    row.save(update_fields=["last"])
    text = settings.LETTER_NUMBER_PATTERN.format(
        sequence=row.last, unit=unit, month=day.month, year=day.year
    )
    return Number(REGISTER, day.year, row.last, text, at, day)


def _locked_register(year: int) -> NumberRegister:
    NumberRegister.objects.bulk_create(
        [NumberRegister(register=REGISTER, year=year)], ignore_conflicts=True
    )
    return NumberRegister.objects.select_for_update().get(register=REGISTER, year=year)


def _now() -> tuple[dt.datetime, dt.date]:
    """The moment, and the day that it is in Jakarta, where letters are dated."""
    at = timezone.now()
    return at, timezone.localdate(at, JAKARTA)


def new_code() -> str:
    """A fresh check code: "7K2M-QX4R-0T9B"."""
    return _grouped("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))


def read_code(typed: str) -> str:
    """A typed check code as it is stored, or "" when it cannot be one.

    Small letters, spaces and hyphens do not matter, nor does O for 0 or I and L for 1.
    """
    packed = "".join(typed.split()).upper().translate(_LOOKS_LIKE)
    if len(packed) != CODE_LENGTH or not set(packed) <= set(ALPHABET):
        return ""
    return _grouped(packed)


def _grouped(packed: str) -> str:
    return "-".join(packed[i : i + 4] for i in range(0, CODE_LENGTH, 4))
