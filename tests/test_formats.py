"""Dates, numbers and names as people write them in Indonesia."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpassing import formats

MOMENT = datetime(2026, 8, 28, 9, 0, tzinfo=UTC)


def test_dates():
    assert formats.long_date(date(2020, 8, 7)) == "7 Agustus 2020"
    assert formats.short_date(date(2020, 8, 7)) == "7 Agu 2020"
    assert formats.weekday_date(date(2026, 8, 28)) == "Jumat, 28 Agustus 2026"
    assert (
        formats.date_in_words(date(2026, 10, 14))
        == "Rabu, tanggal empat belas bulan Oktober tahun dua ribu dua puluh enam"
    )


@pytest.mark.parametrize(
    ("tz", "expected"),
    [
        ("Asia/Jakarta", "Jumat, 28 Agustus 2026 pukul 16.00 WIB"),
        ("Asia/Makassar", "Jumat, 28 Agustus 2026 pukul 17.00 WITA"),
        ("Asia/Jayapura", "Jumat, 28 Agustus 2026 pukul 18.00 WIT"),
    ],
)
def test_a_moment_is_shown_in_the_zone_that_is_named(tz, expected):
    assert formats.long_datetime(MOMENT, tz) == expected
    assert formats.short_datetime(MOMENT, tz) == expected.removeprefix("Jumat, ")
    assert expected.endswith(formats.clock(MOMENT, tz))


def test_a_moment_without_zone_and_a_zone_abroad_are_refused():
    with pytest.raises(ValueError, match="without a time zone"):
        formats.long_datetime(MOMENT.replace(tzinfo=None), "Asia/Jakarta")
    with pytest.raises(ValueError, match="not a time zone of Indonesia"):
        formats.long_datetime(MOMENT, "Europe/Berlin")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "nol"),
        (1, "satu"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (12, "dua belas"),
        (19, "sembilan belas"),
        (20, "dua puluh"),
        (26, "dua puluh enam"),
        (100, "seratus"),
        (111, "seratus sebelas"),
        (200, "dua ratus"),
        (1000, "seribu"),
        (1100, "seribu seratus"),
        (2026, "dua ribu dua puluh enam"),
        (11_000, "sebelas ribu"),
        (100_001, "seratus ribu satu"),
        (1_000_000, "satu juta"),
        (2_001_000, "dua juta seribu"),
        (10**9, "satu miliar"),
        (10**15 - 1, "sembilan ratus sembilan puluh sembilan triliun"),
    ],
)
def test_numbers_in_words(number, words):
    assert formats.number_words(number).startswith(words)
    assert formats.number_words(number) == words or number == 10**15 - 1


@pytest.mark.parametrize("number", [-1, 10**15])
def test_numbers_that_have_no_words(number):
    with pytest.raises(ValueError, match="has no words"):
        formats.number_words(number)


@given(st.integers(0, 10**15 - 1), st.integers(0, 10**15 - 1))
def test_two_numbers_never_have_the_same_words(one, other):
    assert (formats.number_words(one) == formats.number_words(other)) == (one == other)


def test_nip():
    assert formats.format_nip("198609262015051901") == "19860926 201505 1 901"
    assert formats.format_nip("19860926 201505 1 901") == "19860926 201505 1 901"
    assert formats.format_nip("belum ada") == "belum ada"
    assert formats.mask_nip("198609262015051901") == "1986•••• •••••• • ••1"
    assert formats.mask_nip("19860926 201505 1 901") == "1986•••• •••••• • ••1"
    assert formats.mask_nip("12345") == "•••••"


def test_names_are_hidden_but_for_their_initials():
    assert formats.mask_name("Adolfina Bire Manek") == "A*** B*** M***"
    assert formats.mask_name("I Made  d'Artagnan -") == "I*** M*** d***"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 byte"),
        (1023, "1023 byte"),
        (1024, "1 KB"),
        (880_640, "860 KB"),
        (880_641, "861 KB"),
        (1024**2, "1 MB"),
        (1_887_436, "1,8 MB"),
        (2 * 1024**2, "2 MB"),
        (2 * 1024**2 + 1, "2,1 MB"),
        (1024**3 - 1, "1 GB"),
        (1_288_490_188, "1,2 GB"),
    ],
)
def test_file_sizes_are_rounded_up(size, expected):
    assert formats.format_bytes(size) == expected


def test_numbers_with_indonesian_separators():
    assert formats.format_number(1284) == "1.284"
    assert formats.format_number(Decimal("151.000")) == "151,000"
    assert formats.format_number(Decimal("1050.125")) == "1.050,125"
