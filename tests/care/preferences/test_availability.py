"""Windows: the hours that suit a client, read in their own time, across midnight and clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.care.preferences import availability
from webapp.care.preferences.availability import Window, fit, read
from webapp.refusals import Forbidden, Invalid
from webapp.times import MIDNIGHT

NEW_YORK, PHOENIX, LORD_HOWE = "America/New_York", "America/Phoenix", "Australia/Lord_Howe"
MON, SAT, SUN = 0, 5, 6


def at(zone: str, *moment: int, fold: int = 0) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_without_windows_any_time_suits():
    assert fit([], NEW_YORK, at(NEW_YORK, 2026, 3, 4, 3), at(NEW_YORK, 2026, 3, 4, 6))


def test_a_session_has_to_lie_wholly_inside():
    evenings = [read(MON, "17:00", "21:00")]
    monday = (2026, 3, 2)
    assert fit(evenings, NEW_YORK, at(NEW_YORK, *monday, 18), at(NEW_YORK, *monday, 21))
    assert not fit(evenings, NEW_YORK, at(NEW_YORK, *monday, 18, 1), at(NEW_YORK, *monday, 21, 1))
    assert not fit(evenings, NEW_YORK, at(NEW_YORK, 2026, 3, 3, 18), at(NEW_YORK, 2026, 3, 3, 20))


def test_windows_that_touch_at_midnight_are_one():
    late = [read(MON, "20:00", "24:00"), read(1, "00:00", "02:00")]
    assert fit(late, NEW_YORK, at(NEW_YORK, 2026, 3, 2, 23), at(NEW_YORK, 2026, 3, 3, 1))
    assert not fit(late[:1], NEW_YORK, at(NEW_YORK, 2026, 3, 2, 23), at(NEW_YORK, 2026, 3, 3, 1))


def test_a_window_means_the_clients_own_clock():
    evenings = [read(MON, "17:00", "21:00")]
    starts, ends = at(NEW_YORK, 2026, 3, 2, 18), at(NEW_YORK, 2026, 3, 2, 21)
    assert not fit(evenings, PHOENIX, starts, ends)
    assert fit(evenings, PHOENIX, starts + timedelta(hours=2), ends + timedelta(hours=2))


@pytest.mark.parametrize(
    ("zone", "window", "starts", "ends", "fits"),
    [
        # the spring gap of New York: 2:00 to 3:00 on March 8 does not exist
        (NEW_YORK, read(SUN, "01:00", "03:00"), (2026, 3, 8, 1), (2026, 3, 8, 3), True),
        (NEW_YORK, read(SUN, "02:30", "06:00"), (2026, 3, 8, 3), (2026, 3, 8, 5), False),
        (NEW_YORK, read(SUN, "02:30", "06:00"), (2026, 3, 8, 3, 30), (2026, 3, 8, 6), True),
        # the autumn overlap: 1:00 to 2:00 on November 1 comes twice, and a window to 1:30 ends at its second
        (NEW_YORK, read(SUN, "00:00", "01:30"), (2026, 11, 1, 0), (2026, 11, 1, 1, 30, 1), True),
        (NEW_YORK, read(SUN, "00:00", "01:30"), (2026, 11, 1, 0), (2026, 11, 1, 2), False),
        # Lord Howe changes by half an hour
        (LORD_HOWE, read(SUN, "01:00", "03:00"), (2026, 10, 4, 1), (2026, 10, 4, 3), True),
        (LORD_HOWE, read(SUN, "01:00", "02:00"), (2026, 4, 5, 1), (2026, 4, 5, 2, 0), True),
    ],
)
def test_clock_changes_move_windows_with_the_wall(zone, window, starts, ends, fits):
    fold = ends[5] if len(ends) == 6 else 0
    assert fit([window], zone, at(zone, *starts), at(zone, *ends[:5], fold=fold)) is fits


@given(
    st.integers(0, 6), st.integers(0, 22), st.integers(1, 6), st.integers(0, 6 * 24),
    st.integers(1, 8),
)  # fmt: skip
def test_where_no_clock_changes_a_window_is_plain_arithmetic(weekday, hour, length, begin, lasts):
    """Phoenix has no clock changes: the answer is that of hours counted from Monday's midnight."""
    until = min(hour + length, 24)
    window = Window(weekday, hour * 60, until * 60)
    starts = at(PHOENIX, 2026, 3, 2) + timedelta(hours=begin)
    inside = weekday * 24 + hour <= begin and begin + lasts <= weekday * 24 + until
    assert fit([window], PHOENIX, starts, starts + timedelta(hours=lasts)) is inside


@pytest.mark.parametrize(
    "window",
    [
        (7, "10:00", "11:00"),
        (0, "10", "11:00"),
        (0, "10:00", "25:00"),
        (0, "11:00", "11:00"),
        (0, "10:0\uff10", "11:00"),
        (0, "10:00", "11:\u0660\u0660"),
    ],
)
def test_a_window_that_cannot_be_is_refused(store, world, clock, window):
    with pytest.raises(Invalid) as refused:
        availability.put(store, world.maya, [window], by=world.maya, now=clock.now())
    assert refused.value.field == "windows"


def test_new_windows_replace_the_old_ones(store, world, clock):
    availability.put(
        store,
        world.maya,
        [(0, "10:00", "12:00"), (1, "10:00", "12:00")],
        by=world.maya,
        now=clock.now(),
    )
    availability.put(store, world.maya, [(6, "09:00", "24:00")], by=world.maya, now=clock.now())
    assert availability.of(store, [world.maya.id])[world.maya.id] == [Window(6, 9 * 60, MIDNIGHT)]


def test_nobody_but_the_client_and_staff_sets_them(store, world, clock):
    with pytest.raises(Forbidden):
        availability.put(store, world.maya, [], by=world.ben, now=clock.now())
