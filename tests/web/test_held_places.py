"""A place that is held for somebody in a waiting line is nobody else's, and not theirs before they take it: no reminder, no
miss, no calendar, page or feed counts it (protocol: *The ladder*; product: *Make-ups*)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.care.evenings import DAY, HOUR, missed, room, seat_of
from webapp.care.attendance import absences
from webapp.care.catch_up import weekly_hours
from webapp.care.make_ups import bookings, held_places, waitlist
from webapp.care.privacy import own_copy
from webapp.care.schedule import calendar_feeds, planning, sessions  # fmt: skip
from webapp.care.schedule.sessions import Seat
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import Notification
from webapp.protocol.engine.engine import look
from webapp.protocol.engine.reconcile import watch
from webapp.protocol.facts.steps import Step
from webapp.protocol.reports import misses
from webapp.refusals import Full


@pytest.fixture
def gone(store, world, clock):
    """The evening Maya was not in."""
    return missed(store, world.carla, world.maya, clock.now())


@pytest.fixture
def full(store, world, clock):
    """A room with one place, in which Zoe sits; it begins within the day, so a reminder would be due at once."""
    return room(
        store, world.colin, [world.zoe], clock.now() + 20 * HOUR, clock.now() - 2 * DAY, title="Skills",
        makes_up=("group",), capacity=1, ref="full",
    )  # fmt: skip


@pytest.fixture
def held(store, database, world, clock, gone, full):
    """Zoe's place came free, and is held for Maya."""
    waitlist.join(store, gone, full, by=world.maya, now=clock.now())
    store.commit()
    look(database, clock.now())
    clock.forward(minutes=1)
    seat_of(store, full, world.zoe).release(store, by=world.cody, now=clock.now())
    store.commit()
    held_places.offer_freed(database, clock.now())
    store.expire_all()
    return store.scalars(waitlist.live()).one()


def steps_of(store, seat):
    return store.scalar(select(func.count()).select_from(Step).where(Step.seat_id == seat.id))


def test_the_ladder_takes_no_rung_for_it_and_nobody_is_reminded(
    store, database, world, clock, held
):
    absences.report(store, held.entry.seat, by=world.maya, now=clock.now())  # wakes all her seats
    store.commit()
    look(database, clock.forward(minutes=1))
    announce(database, clock.now())
    about_it = select(func.count()).where(Notification.seat_id == held.seat_id)
    assert (steps_of(store, held.seat), store.scalar(about_it)) == (0, 0)


def test_nobody_missed_a_place_that_was_only_held_even_when_the_worker_was_away(
    store, database, world, clock, full, held
):
    """R4: the hold ran out and the session went by before any chore walked again."""
    clock.set(full.ends_at + HOUR)
    look(database, clock.now())
    watch(database, clock.now())
    look(database, clock.forward(minutes=16))
    assert steps_of(store, held.seat) == 0
    assert full.id not in {
        each.seat.session_id for each in misses.of(store, world.maya, clock.now())
    }


def test_once_taken_it_is_a_place_like_any_other(store, database, world, clock, held):
    bookings.accept(store, held, by=world.maya, now=clock.forward(minutes=30))
    store.commit()
    look(database, clock.now())
    assert steps_of(store, held.seat) > 0
    assert (held.seat.held_until, held.seat.given_at) == (None, held.ended_at)


def test_nobody_else_can_have_it(store, world, clock, full, held):
    """R9, by the database itself."""
    with pytest.raises(Full):
        planning.give_seat(store, full, world.gus, by=world.cody, now=clock.now())
    number = select(Seat.number).where(Seat.session_id == full.id, sessions.occupied())
    assert store.scalars(number).all() == [1]


def test_the_schedule_says_until_when_it_is_held_and_lets_one_take_it(visit, world, held, gone):
    maya = visit(world.maya)
    for view in ("today", "week", "all"):
        page = maya.get(f"/schedule?view={view}").text
        assert f"/held-places/{held.id}/acceptance" in page
        assert f"/held-places/{held.id}/release" in page
        assert "kept for you until Mar 4" in page
        assert f"/seats/{held.seat_id}" not in page
    answer = maya.post(f"/held-places/{held.id}/acceptance")
    assert "Booked for you" in maya.follow(answer).text
    page = maya.get("/schedule?view=all").text
    assert f"/seats/{held.seat_id}" in page
    assert "held-places" not in page


def test_a_hold_that_has_run_out_is_no_longer_shown(visit, world, clock, held):
    clock.set(held.until + timedelta(seconds=1))
    assert "held-places" not in visit(world.maya).get("/schedule").text


def test_today_names_it_as_what_waits_and_nothing_opens_on_it(visit, world, held, gone):
    maya = visit(world.maya)
    today = maya.get("/").text
    assert "A place is held for you until" in today
    assert f"/seats/{held.seat_id}" not in today
    for page in ("", "/absence", "/make-ups"):
        assert maya.get(f"/seats/{held.seat_id}{page}").status_code == 404


def test_calendar_weekly_hours_and_own_copy_leave_it_out(store, world, clock, full, held):
    starts = [each.starts_at for each in calendar_feeds.entries(store, world.maya, clock.now())]
    assert full.starts_at not in starts
    assert weekly_hours.weeks(store, world.maya, clock.now(), 2)[-1].ahead == 0
    copied = own_copy.assemble(store, world.maya, {}, clock.now())
    assert held.seat_id not in {each["seat"] for each in copied["sessions"]}


def test_a_place_that_was_only_held_is_not_in_the_calendar_as_cancelled(
    store, world, clock, full, held
):
    waitlist.let_go(store, held, by=world.maya, now=clock.forward(minutes=5))
    store.flush()
    starts = [each.starts_at for each in calendar_feeds.entries(store, world.maya, clock.now())]
    assert full.starts_at not in starts


def test_the_api_lists_no_seat_and_takes_no_presence_for_it(caller, world, clock, full, held):
    call = caller(world.harbor)
    assert call("GET", "/seats?session=full").json["items"] == []
    event = {
        "id": "e1", "session": "full", "person": "maya", "type": "joined",
        "at": clock.now().isoformat(), "source": "x",
    }  # fmt: skip
    told = call("POST", "/presence", {"events": [event]}).json["items"]
    assert (told[0]["result"], told[0]["reason"]) == ("rejected", "no_seat")
    body = {"session": "full", "client": "maya", "reason": "work"}
    assert call("POST", "/absences", body).status_code == 404


def test_staff_who_give_them_the_place_meanwhile_do_not_see_it_taken_back(
    store, database, world, clock, full, held
):
    planning.give_seat(store, full, world.maya, by=world.cody, now=clock.forward(minutes=5))
    store.commit()
    clock.set(held.until + timedelta(seconds=1))
    held_places.offer_freed(database, clock.now())
    store.expire_all()
    assert (held.ended_why, held.seat.released_at) == ("expired", None)
