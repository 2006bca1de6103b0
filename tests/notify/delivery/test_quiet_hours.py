"""Quiet hours are somebody's local night, whatever the clocks do (rule 6, R10)."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.notify.delivery.quiet_hours import NEAR, end_of_quiet, own_hours, wait_until
from webapp.notify.kinds import LINKS, NEWS, STAFF, NoticeKind

NINE_TO_EIGHT = (time(21), time(8))


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
def test_the_night_ends_at_the_local_hour_also_when_clocks_change_in_it(zone, now, ends):
    assert end_of_quiet(NINE_TO_EIGHT, zone, now) == ends


def test_quiet_hours_may_lie_within_a_day():
    assert end_of_quiet((time(12), time(14)), "UTC", utc(2026, 3, 4, 13)) == utc(2026, 3, 4, 14)
    assert end_of_quiet((time(12), time(14)), "UTC", utc(2026, 3, 4, 15)) is None


moments = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)
)
zones = st.sampled_from(
    [
        "America/New_York",
        "America/Phoenix",
        "America/Los_Angeles",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "UTC",
    ]
)
hours = st.tuples(
    st.times(timezones=st.none()).map(lambda t: t.replace(second=0, microsecond=0)),
    st.times(timezones=st.none()).map(lambda t: t.replace(second=0, microsecond=0)),
).filter(lambda pair: pair[0] != pair[1])


@given(
    now=moments, zone=zones, hours=hours, ahead=st.floats(0, 72), kind=st.sampled_from(NoticeKind)
)
def test_what_waits_goes_out_awake_or_when_it_gets_near_and_always_later_than_now(
    now, zone, hours, ahead, kind
):
    about_at = now + timedelta(hours=ahead)
    until = wait_until(kind, about_at, about_at, hours, zone, now)
    if until is None:
        return
    assert kind not in (*STAFF, *LINKS, NoticeKind.TEST_NOTICE)
    assert now < until < about_at
    assert kind in NEWS or until <= about_at - NEAR
    assert wait_until(kind, about_at, about_at, hours, zone, until) is None


def test_nobody_without_quiet_hours_waits():
    for kind in ("heads_up", "message"):
        about = utc(2026, 3, 9)
        assert wait_until(kind, about, about, None, "UTC", utc(2026, 3, 8, 3)) is None


def test_news_about_no_hour_wait_for_the_morning_unless_they_are_useless_then():
    night, morning = utc(2026, 3, 4, 3), utc(2026, 3, 4, 8)
    tomorrow, dawn = utc(2026, 3, 7), utc(2026, 3, 4, 6)
    assert wait_until("message", None, tomorrow, NINE_TO_EIGHT, "UTC", night) == morning
    assert wait_until("place_held", tomorrow, tomorrow, NINE_TO_EIGHT, "UTC", night) == morning
    assert wait_until("place_held", dawn, dawn, NINE_TO_EIGHT, "UTC", night) is None


def test_own_hours_come_before_the_programs():
    assert own_hours({"quiet_hours": [20 * 60, 7 * 60]}, NINE_TO_EIGHT) == (time(20), time(7))
    assert own_hours({}, NINE_TO_EIGHT) == NINE_TO_EIGHT
    assert own_hours({"quiet_hours": None}, NINE_TO_EIGHT) == NINE_TO_EIGHT
