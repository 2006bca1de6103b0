"""The schedule in the client's time zone: a day, a week, everything planned, and the last 30 days."""

import re
from datetime import UTC, datetime, timedelta

import pytest


def shown(maya, view, on=""):
    return seats_in(maya.get(f"/schedule?view={view}&on={on}").text)


def seats_in(page):
    """How many places a page leads to."""
    return len(re.findall(r'href="/seats/\d+"', page))


def test_each_view_holds_its_own_span(maya, seat_in):
    seat_in(hours=3, ref="today")
    seat_in(days=3, ref="week")
    seat_in(days=20, ref="far")
    seat_in(days=-3, ref="past")
    counts = {view: shown(maya, view) for view in ("today", "week", "all", "earlier")}
    assert counts == {"today": 1, "week": 2, "all": 3, "earlier": 1}


@pytest.mark.parametrize("view", ["", "week", "nonsense", "<script>"])
def test_an_unknown_view_is_the_week(maya, view):
    page = maya.get("/schedule", query_string={"view": view})
    assert page.text.count('class="week-day') == 7


def test_the_week_shows_free_days_too_and_marks_today(maya, seat_in):
    seat_in(days=2)
    page = maya.get("/schedule").text
    assert page.count(">Free<") == 6
    assert page.count('aria-current="date"') == 1


def test_one_leafs_through_weeks_and_days_also_back(maya, seat_in, clock):
    seat_in(days=9, ref="next")
    seat_in(days=-9, ref="last")
    today = clock.now().date()
    assert shown(maya, "week") == 0
    assert shown(maya, "week", today + timedelta(days=7)) == 1
    assert shown(maya, "week", today - timedelta(days=14)) == 1
    assert shown(maya, "today", today + timedelta(days=9)) == 1
    assert "Back to today" in maya.get(f"/schedule?on={today + timedelta(days=7)}").text


@pytest.mark.parametrize("on", ["x", "9999-12-31", "0001-01-01", "2026-13-40"])
def test_a_day_out_of_reach_is_today(maya, on):
    """R12"""
    assert "The next seven days" in maya.get("/schedule", query_string={"on": on}).text


def test_the_day_says_where_now_is_and_how_long_until_the_next(maya, seat_in):
    seat_in(hours=-3, minutes_long=60, ref="before")
    seat_in(hours=2, ref="after")
    page = maya.get("/schedule?view=today").text
    assert page.count('class="hours-now"') == 1
    assert "2 h until the next one" in page
    before, after = page.split('class="hours-now"')
    assert seats_in(before) == 1
    assert seats_in(after) == 1


def test_an_empty_day_says_so(maya):
    assert "A free day" in maya.get("/schedule?view=today").text


def test_times_are_ones_own_and_the_planned_zone_is_named_where_it_differs(visit, world, seat_in):
    seat_in(who=world.zoe, hours=5)
    for view in ("today", "week", "all"):
        page = visit(world.zoe).get(f"/schedule?view={view}").text
        assert "3:00" in page
        assert "6:00" in page
        assert "in New York" in page
        assert "Times are in Los Angeles" in page


def test_in_the_same_zone_nothing_is_said_about_zones(maya, seat_in):
    seat_in(hours=5)
    assert "in New York" not in maya.get("/schedule").text.replace("Stay with New York", "")


@pytest.mark.parametrize("view", ["today", "week", "all"])
def test_a_session_called_off_stays_visible_and_says_so(maya, seat_in, store, clock, view):
    seat = seat_in(hours=5)
    seat.session.cancel(store, "host ill", by=None, now=clock.now())
    store.commit()
    page = maya.get(f"/schedule?view={view}").text
    assert "Called off" in page
    assert "host ill" not in page


@pytest.mark.parametrize("view", ["today", "week", "all"])
def test_a_session_that_was_moved_says_so(maya, seat_in, store, clock, view):
    session = seat_in(hours=5).session
    later = session.starts_at + timedelta(minutes=30)
    session.move(store, later, later + timedelta(hours=1), by=None, now=clock.now())
    store.commit()
    assert "New time" in maya.get(f"/schedule?view={view}").text


def test_a_released_seat_is_gone(maya, seat_in, store, clock):
    seat = seat_in(hours=5)
    seat.release(store, by=None, now=clock.now())
    store.commit()
    assert "Evening group" not in maya.get("/schedule").text


@pytest.mark.parametrize("changes_on", ["2026-03-08", "2026-11-01"])
def test_a_day_is_whole_when_the_clocks_change(visit, world, seat_in, clock, changes_on):
    """R10: 23 or 25 hours, nothing twice and nothing left out."""
    noon = datetime.fromisoformat(f"{changes_on}T17:00").replace(tzinfo=UTC)
    clock.set(noon)
    maya = visit(world.maya)
    for hours in (-11, -9, 4, 11, 13):
        seat_in(hours=hours, minutes_long=30, ref=f"at{hours}")
    day = datetime.fromisoformat(changes_on).date()
    found = [shown(maya, "today", day + timedelta(days=n)) for n in (-1, 0, 1)]
    assert sum(found) == 5
    assert shown(maya, "week", day - timedelta(days=1)) == 5


def test_the_clock_of_the_phone_is_offered_only_by_the_phone(maya):
    """Without JavaScript nothing is offered; the choice stands under Me."""
    page = maya.get("/schedule").text
    assert 'data-clock="America/New_York"' in page
    assert "hidden data-clock" in page
