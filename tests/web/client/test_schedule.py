"""The schedule in one's own zone: today, the week, all, and what lies behind."""

import pytest


def test_each_view_holds_its_own_span(maya, seat_in):
    seat_in(hours=3, ref="today")
    seat_in(days=3, ref="week")
    seat_in(days=20, ref="far")
    seat_in(days=-3, ref="past")
    counts = {
        view: maya.get(f"/schedule?view={view}").text.count('class="seat-row"')
        for view in ("today", "week", "all", "earlier")
    }
    assert counts == {"today": 1, "week": 2, "all": 3, "earlier": 1}


@pytest.mark.parametrize("view", ["", "week", "nonsense", "<script>"])
def test_an_unknown_view_is_the_week(maya, view):
    assert maya.get("/schedule", query_string={"view": view}).status_code == 200


def test_times_are_ones_own_and_the_planned_zone_is_named_where_it_differs(visit, world, seat_in):
    seat_in(who=world.zoe, hours=5)
    page = visit(world.zoe).get("/schedule").text
    assert "3:00" in page
    assert "6:00" in page
    assert "in New York" in page


def test_in_the_same_zone_nothing_is_said_about_zones(maya, seat_in):
    seat_in(hours=5)
    assert "in New York" not in maya.get("/schedule").text


def test_a_session_called_off_stays_visible_and_says_so(maya, seat_in, store, clock):
    seat = seat_in(hours=5)
    seat.session.cancel(store, "host ill", by=None, now=clock.now())
    store.commit()
    page = maya.get("/schedule").text
    assert "Called off" in page
    assert "host ill" not in page


def test_a_released_seat_is_gone(maya, seat_in, store, clock):
    seat = seat_in(hours=5)
    seat.release(store, by=None, now=clock.now())
    store.commit()
    assert "Evening group" not in maya.get("/schedule").text
