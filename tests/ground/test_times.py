"""What people write is read once, into a value: times of day and numbers, in ASCII digits and within bounds."""

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.spellings import decimal_number, row_number, whole_number
from webapp.times import (
    MIDNIGHT,
    clock_text,
    clock_time,
    format_duration,
    minute_of_day,
    parse_duration,
    time_at,
)

FOREIGN_DIGITS = ["21:0\uff10", "\u0662\u0661:00", "21:\u06f0\u06f0", "2\u00b9:00"]


@given(st.integers(0, MIDNIGHT))
def test_a_minute_of_the_day_is_written_and_read_back(minute):
    assert minute_of_day(clock_text(minute), until_midnight=True) == minute


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
    assert clock_text(minute) == text


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


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT20M", timedelta(minutes=20)),
        ("-PT24H", timedelta(hours=-24)),
        ("P14D", timedelta(days=14)),
        ("P2W", timedelta(days=14)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("PT0S", timedelta(0)),
        ("+PT5S", timedelta(seconds=5)),
    ],
)
def test_durations_are_read_as_iso_8601(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "20M", "P1Y", "P1M", "PT1H20", "pt5m", "PT-5M", "P1DT", "PT٥M", "PT5M "]
)
def test_what_is_no_duration_or_has_no_fixed_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(days=-366), max_value=timedelta(days=366)))
def test_a_duration_written_and_read_again_is_the_same(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length
