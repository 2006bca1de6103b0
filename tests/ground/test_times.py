"""Times of day and numbers are parsed once, in ASCII digits and within bounds."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.numbers import decimal_number, row_number, whole_number
from webapp.times import MIDNIGHT, clock_time, minute_of_day, time_at, written

FOREIGN_DIGITS = ["21:0\uff10", "\u0662\u0661:00", "21:\u06f0\u06f0", "2\u00b9:00"]


@given(st.integers(0, MIDNIGHT))
def test_a_minute_of_the_day_is_written_and_read_back(minute):
    assert minute_of_day(written(minute), until_midnight=True) == minute


@given(st.times().map(lambda each: each.replace(second=0, microsecond=0)))
def test_a_time_of_day_is_read_as_it_is_written(each):
    assert clock_time(f"{each:%H:%M}") == each
    assert time_at(minute_of_day(f"{each:%H:%M}")) == each


@pytest.mark.parametrize("text", [*FOREIGN_DIGITS, "", "9:00", "24:00", "21:60", "21:00:00", "21:00\n", " 21:00"])  # fmt: skip
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(ValueError, match="not a time of day"):
        clock_time(text)


def test_midnight_ends_a_day_and_begins_none():
    assert minute_of_day("24:00", until_midnight=True) == MIDNIGHT
    assert clock_time("00:00") == time(0)


@given(st.text(max_size=12))
def test_whatever_is_read_as_a_time_can_be_told(text):
    try:
        minute = minute_of_day(text)
    except ValueError:
        return
    assert written(minute) == text


@pytest.mark.parametrize("text", ["\uff13", "\u0663", "\u00b2", "+1", "-1", "1_0", " 1", "1\n", "", "1.0", "9" * 5000])  # fmt: skip
def test_a_whole_number_is_ascii_digits_and_nothing_else(text):
    assert whole_number(text, most=2**31 - 1) is None
    assert row_number(text) == 0


def test_a_whole_number_keeps_its_bounds():
    assert whole_number("0", most=9) == 0
    assert whole_number("1000", most=1000) == 1000
    assert whole_number("1001", most=1000) is None
    assert row_number(str(2**31 - 1)) == 2**31 - 1
    assert row_number(str(2**31)) == 0


@pytest.mark.parametrize("text", ["\uff13", "nan", "inf", "1e3", "1_0", "-1", ".5", "9" * 400, ""])  # fmt: skip
def test_a_decimal_number_is_ascii_digits_with_a_point_at_most(text):
    assert decimal_number(text, most=1e6) is None


def test_a_decimal_number_keeps_its_bounds():
    assert decimal_number("12.5", most=20) == 12.5
    assert decimal_number("20.1", most=20) is None
