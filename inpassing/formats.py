"""How dates, numbers, names and employee numbers are written in Indonesian.

Standard library only, so that pages, letters, mails and exports can all use it. Nothing here reads
a setting or the clock: a moment in time is always converted to a zone that the caller names.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
SHORT_MONTHS = tuple(month[:3] for month in MONTHS)
WEEKDAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")

#: The three zones of Indonesia: every zone name of the tz database that lies in the country.
ZONE_NAMES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}

_ONES = (
    "nol",
    "satu",
    "dua",
    "tiga",
    "empat",
    "lima",
    "enam",
    "tujuh",
    "delapan",
    "sembilan",
    "sepuluh",
    "sebelas",
)
_SCALES = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"))
_HIDDEN = "•"


def zone_name(tz: str) -> str:
    """Return "WIB", "WITA" or "WIT"; raise ValueError for a zone outside Indonesia."""
    try:
        return ZONE_NAMES[tz]
    except KeyError:
        raise ValueError(f"{tz!r} is not a time zone of Indonesia") from None


def long_date(d: date) -> str:
    """Return a date as letters write it: "7 Agustus 2020"."""
    return f"{d.day} {MONTHS[d.month - 1]} {d.year}"


def short_date(d: date) -> str:
    """Return a date for narrow table cells: "7 Agu 2020"."""
    return f"{d.day} {SHORT_MONTHS[d.month - 1]} {d.year}"


def weekday_date(d: date) -> str:
    """Return a date with its day of the week: "Jumat, 28 Agustus 2026"."""
    return f"{WEEKDAYS[d.weekday()]}, {long_date(d)}"


def date_in_words(d: date) -> str:
    """Return a date as minutes write it: "Rabu, tanggal empat belas bulan Oktober tahun dua ribu
    dua puluh enam".
    """
    return (
        f"{WEEKDAYS[d.weekday()]}, tanggal {number_words(d.day)} bulan {MONTHS[d.month - 1]} "
        f"tahun {number_words(d.year)}"
    )


def clock(dt: datetime, tz: str) -> str:
    """Return the time of day in the zone: "17.00 WITA"."""
    return f"{_local(dt, tz):%H.%M} {zone_name(tz)}"


def long_datetime(dt: datetime, tz: str) -> str:
    """Return a moment in the zone: "Jumat, 28 Agustus 2026 pukul 17.00 WITA".

    Raises ValueError for a naive datetime and for a zone outside Indonesia.
    """
    local = _local(dt, tz)
    return f"{weekday_date(local)} pukul {local:%H.%M} {zone_name(tz)}"


def short_datetime(dt: datetime, tz: str) -> str:
    """Return a moment in the zone without the day of the week: "28 Agustus 2026 pukul 17.00 WITA".

    Raises ValueError for a naive datetime and for a zone outside Indonesia.
    """
    local = _local(dt, tz)
    return f"{long_date(local)} pukul {local:%H.%M} {zone_name(tz)}"


def number_words(n: int) -> str:
    """Return a whole number in words: 26 is "dua puluh enam", 1100 is "seribu seratus".

    Raises ValueError below zero and from a thousand trillion (10**15) on.
    """
    if n < 0 or n >= 10**15:
        raise ValueError(f"{n} has no words here")
    if n < 12:
        return _ONES[n]
    if n < 20:
        return f"{_ONES[n - 10]} belas"
    if n < 100:
        return _join(f"{_ONES[n // 10]} puluh", n % 10)
    if n < 200:
        return _join("seratus", n % 100)
    if n < 1000:
        return _join(f"{_ONES[n // 100]} ratus", n % 100)
    if n < 2000:
        return _join("seribu", n % 1000)
    if n < 10**6:
        return _join(f"{number_words(n // 1000)} ribu", n % 1000)
    scale, word = next((scale, word) for scale, word in _SCALES if n >= scale)
    return _join(f"{number_words(n // scale)} {word}", n % scale)


def format_nip(nip: str) -> str:
    """Return an 18-digit employee number in its groups: "19860926 201505 1 901".

    Spaces in the input do not matter; what has not 18 digits comes back as it was.
    """
    digits = re.sub(r"\s", "", nip)
    if not re.fullmatch(r"[0-9]{18}", digits):
        return nip
    return _group(digits)


def mask_nip(nip: str) -> str:
    """Return an employee number for the public: birth year and last digit, "1986•••• •••••• • ••1".

    What has not 18 digits is hidden whole.
    """
    digits = re.sub(r"\s", "", nip)
    if not re.fullmatch(r"[0-9]{18}", digits):
        return _HIDDEN * len(digits)
    return _group(digits[:4] + _HIDDEN * 13 + digits[17])


def mask_name(name: str) -> str:
    """Return the initials of a name for the public: "A*** B*** M***".

    Give the name without titles. The number of stars says nothing about the length.
    """
    initials = (re.search(r"\w", word) for word in name.split())
    return " ".join(f"{initial.group()}***" for initial in initials if initial)


def format_bytes(size: int) -> str:
    """Return a file size as people say it: "1,8 MB", "860 KB", "512 byte".

    Units of 1024. Rounded up, so that a file one byte above a limit never looks as if it fitted.
    """
    if size < 1024:
        return f"{size} byte"
    kilobytes = -(-size // 1024)
    if kilobytes < 1024:
        return f"{kilobytes} KB"
    unit, name = (1024**2, "MB") if size <= 1024**3 - 1024**2 // 10 else (1024**3, "GB")
    tenths = -(-size * 10 // unit)
    whole, tenth = divmod(tenths, 10)
    return f"{format_number(whole)},{tenth} {name}" if tenth else f"{format_number(whole)} {name}"


def format_number(n: int | Decimal) -> str:
    """Return a number with Indonesian separators: 1284 is "1.284", Decimal("151.000") "151,000".

    A Decimal keeps its places (credit points have three).
    """
    text = f"{n:,f}" if isinstance(n, Decimal) else f"{n:,d}"
    return text.translate(str.maketrans(",.", ".,"))


def _group(nip: str) -> str:
    return f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}"


def _local(dt: datetime, tz: str) -> datetime:
    if dt.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be shown in one")
    return dt.astimezone(ZoneInfo(tz))


def _join(words: str, rest: int) -> str:
    return f"{words} {number_words(rest)}" if rest else words
