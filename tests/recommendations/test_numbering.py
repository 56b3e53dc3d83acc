"""Numbers without a gap, codes without a guess."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from recommendations.models import NumberRegister
from recommendations.numbering import ALPHABET, new_code, read_code, take_number
from tests.recommendations.factories import make_issuing

DAY = dt.datetime(2026, 11, 30, 5, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock():
    """The clock, which stands."""
    with time_machine.travel(DAY, tick=False) as moved:
        yield moved


@pytest.mark.django_db
def test_numbers_follow_one_another_and_begin_anew_each_year(clock) -> None:
    texts = []
    for days in (0, 31, 32):
        clock.move_to(DAY + dt.timedelta(days=days))
        texts.append(take_number(unit="2340").text)
    assert texts == [
        "B-0001/BPS/2340/11/2026",
        "B-0002/BPS/2340/12/2026",
        "B-0001/BPS/2340/01/2027",
    ]


@pytest.mark.django_db
def test_a_fifth_digit_above_9999() -> None:
    NumberRegister.objects.create(register="B", year=2026, last=9999)
    assert take_number(unit="2340").text == "B-10000/BPS/2340/11/2026"


@pytest.mark.django_db
def test_a_rollback_gives_the_number_back() -> None:
    take_number(unit="2340")
    with transaction.atomic():
        assert take_number(unit="2340").sequence == 2
        transaction.set_rollback(True)
    assert take_number(unit="2340").sequence == 2


@pytest.mark.django_db
def test_the_letter_date_is_the_day_in_jakarta(clock) -> None:
    clock.move_to(dt.datetime(2026, 12, 31, 18, 30, tzinfo=dt.UTC))  # 1 January, 01.30 WIB
    letter = make_issuing(1)
    assert letter.letter_date == dt.date(2027, 1, 1)
    assert letter.number == "B-0001/BPS/2340/01/2027"


def test_codes_are_long_and_all_different() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(read_code(code) == code for code in codes)
    assert set("".join(codes)) - {"-"} == set(ALPHABET)


@pytest.mark.parametrize(
    "typed", ["7k2m-qx4r-0t9b", " 7K2M QX4R OT9B ", "7K2MQX4ROT9B", "7K2M-QX4R-oT9B"]
)
def test_a_typed_code_is_read_kindly(typed: str) -> None:
    assert read_code(typed) == "7K2M-QX4R-0T9B"


@pytest.mark.parametrize("typed", ["", "7K2M-QX4R", "7K2M-QX4R-0T9U", "7K2M-QX4R-0T9B1", "é" * 12])
def test_what_cannot_be_a_code(typed: str) -> None:
    assert read_code(typed) == ""


@given(st.text(max_size=40))
def test_read_code_never_fails(typed: str) -> None:
    code = read_code(typed)
    assert code == "" or read_code(code) == code
