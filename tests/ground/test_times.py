"""Times of day and numbers are parsed once, in ASCII digits and within bounds.
them, whatever the clocks do (rules 6 and 12, R10)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.numbers import decimal_number, row_number, whole_number
from webapp.times import (
    MIDNIGHT,
    clock_text,
    clock_time,
    end_of_quiet,
    format_duration,
    instant_of,
    minute_of_day,
    parse_duration,
    quiet_around,
    time_at,
    wall_time,
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


@pytest.mark.parametrize("text", ["2026-11-23T18:00", "2026-11-23T18:00:00", "2026-11-23 18:00"])
def test_a_local_date_and_time_is_read_as_a_browser_sends_it(text):
    assert wall_time(text) == datetime(2026, 11, 23, 18)


@pytest.mark.parametrize("text", ["2026-11-23", "2026-11-23T18", "20261123T1800", "2026-W48-1T18:00", "2026-11-23T18:00Z", "2026-11-23T18:00+01:00",
                                  "2026-02-30T18:00", "1999-12-31T18:00", "2100-01-01T18:00", "2026-11-23T1\uff18:00", "2026-11-23T18:00\n"])  # fmt: skip
def test_a_day_without_an_hour_and_whatever_else_python_reads_is_no_local_time(text):
    with pytest.raises(ValueError):
        wall_time(text)


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


# --- wall times (rule 12) ---------------------------------------------------------------------------------------------


GOLDEN = [
    # zone, wall time, instant in UTC
    ("America/New_York", "2026-03-07T18:00", "2026-03-07T23:00"),  # the day before spring
    ("America/New_York", "2026-03-08T18:00", "2026-03-08T22:00"),  # spring, in the evening
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30"),  # in the gap: forward, 3:30 EDT
    ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),  # twice: the first, EDT
    ("America/New_York", "2026-11-01T18:00", "2026-11-01T23:00"),
    ("America/Phoenix", "2026-03-08T02:30", "2026-03-08T09:30"),  # no clock change at all
    ("America/Phoenix", "2026-11-01T01:30", "2026-11-01T08:30"),
    ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),  # half an hour back: the first
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45"),  # half an hour gap: forward
    ("Australia/Lord_Howe", "2026-10-04T18:00", "2026-10-04T07:00"),
]


@pytest.mark.parametrize(("zone", "wall", "instant"), GOLDEN)
def test_wall_times_become_the_instants_of_the_golden_table(zone, wall, instant):
    assert instant_of(datetime.fromisoformat(wall), ZoneInfo(zone)) == datetime.fromisoformat(
        instant
    ).replace(tzinfo=UTC)


@given(
    wall=st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)),
    zone=st.sampled_from(["America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Europe/Dublin"]),
)  # fmt: skip
def test_an_instant_shows_its_wall_time_again_unless_the_gap_skipped_it(wall, zone):
    shown = instant_of(wall, ZoneInfo(zone)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown == wall or timedelta(0) < shown - wall <= timedelta(hours=1)


# --- quiet hours (rule 6) ---------------------------------------------------------------------------------------------

NINE_TO_EIGHT = (time(21), time(8))
ZONES = ["America/New_York", "America/Phoenix", "Australia/Lord_Howe"]


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "ends"),
    [
        ("America/New_York", utc(2026, 3, 8, 4, 30), utc(2026, 3, 8, 12)),
        ("America/New_York", utc(2026, 3, 8, 11, 59), utc(2026, 3, 8, 12)),
        ("America/New_York", utc(2026, 3, 8, 12), None),
        ("America/New_York", utc(2026, 11, 1, 4, 30), utc(2026, 11, 1, 13)),
        ("America/New_York", utc(2026, 11, 2, 1, 59), None),
        ("America/New_York", utc(2026, 11, 2, 2), utc(2026, 11, 2, 13)),
        ("America/Phoenix", utc(2026, 3, 8, 4, 30), utc(2026, 3, 8, 15)),
        ("Australia/Lord_Howe", utc(2026, 4, 4, 12), utc(2026, 4, 4, 21, 30)),
        ("Australia/Lord_Howe", utc(2026, 10, 3, 12), utc(2026, 10, 3, 21)),
    ],
)
def test_quiet_hours_end_at_the_local_hour_also_when_clocks_change_in_them(zone, now, ends):
    assert end_of_quiet(NINE_TO_EIGHT, zone, now) == ends


def test_quiet_hours_may_lie_within_a_day():
    assert end_of_quiet((time(12), time(14)), "UTC", utc(2026, 3, 4, 13)) == utc(2026, 3, 4, 14)
    assert end_of_quiet((time(12), time(14)), "UTC", utc(2026, 3, 4, 15)) is None


@pytest.mark.parametrize(
    ("end", "now", "ends"),
    [
        # 1:30 comes twice on 1 November: the first one ends the night, the second is morning.
        (time(1, 30), utc(2026, 11, 1, 5, 15), utc(2026, 11, 1, 5, 30)),
        (time(1, 30), utc(2026, 11, 1, 5, 45), None),
        (time(1, 30), utc(2026, 11, 1, 6, 15), None),
        # 2:30 is skipped on 8 March: 3:30 ends the night.
        (time(2, 30), utc(2026, 3, 8, 7, 15), utc(2026, 3, 8, 7, 30)),
        (time(2, 30), utc(2026, 3, 8, 7, 30), None),
    ],
)
def test_an_hour_that_comes_twice_ends_them_once_and_one_that_is_skipped_ends_them_later(
    end, now, ends
):
    assert end_of_quiet((time(21), end), "America/New_York", now) == ends


clock_changes = st.sampled_from([
    utc(2026, 3, 8, 7), utc(2026, 11, 1, 6), utc(2026, 4, 4, 15), utc(2026, 10, 3, 15, 30),
    utc(2026, 7, 1),
])  # fmt: skip
"""Of New York and Lord Howe in 2026, and one day on which no clock changes."""
moments = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    clock_changes,
    st.integers(-36 * 60, 36 * 60),
)
minutes_of_day = st.integers(0, MIDNIGHT - 1)
quiet_hours = (
    st.tuples(minutes_of_day, minutes_of_day)
    .filter(lambda pair: 60 <= (pair[1] - pair[0]) % MIDNIGHT <= MIDNIGHT - 60)
    .map(lambda pair: (time_at(pair[0]), time_at(pair[1])))
)
"""At least an hour of them and an hour without: no clock change takes away either whole."""


@given(instant=moments, zone=st.sampled_from(ZONES), hours=quiet_hours)
def test_quiet_hours_hold_the_instant_begin_and_end_by_the_local_clock_and_are_over_then(
    instant, zone, hours
):
    around = quiet_around(hours, zone, instant)
    if around is None:
        return
    begins, ends = around
    assert begins <= instant < ends
    assert end_of_quiet(hours, zone, instant) == ends
    for edge, wall in zip(around, hours, strict=True):
        local = edge.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        late = local - datetime.combine(local.date(), wall)
        assert timedelta(0) <= late <= timedelta(hours=1)
        assert instant_of(local, ZoneInfo(zone)) == edge
    assert quiet_around(hours, zone, begins) == around
    assert quiet_around(hours, zone, ends) is None
    assert quiet_around(hours, zone, begins - timedelta(minutes=1)) is None


@given(instant=moments, zone=st.sampled_from(ZONES), hours=quiet_hours)
def test_away_from_clock_changes_an_instant_is_quiet_when_the_clock_on_the_wall_says_so(
    instant, zone, hours
):
    local = ZoneInfo(zone)
    offsets = {
        (instant + timedelta(hours=away)).astimezone(local).utcoffset() for away in range(-25, 26)
    }
    if len(offsets) > 1:
        return
    wall, (begin, end) = instant.astimezone(local).time(), hours
    quiet = begin <= wall < end if begin < end else wall >= begin or wall < end
    assert (quiet_around(hours, zone, instant) is not None) == quiet
