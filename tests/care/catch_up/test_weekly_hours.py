"""Weekly hours against the plan: in weeks of the program's time zone, every hour once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.care.evenings import DAY, HOUR, room, seat_of, was_there
from webapp.care.catch_up import weekly_hours
from webapp.care.directory import programs
from webapp.care.make_ups import bookings, reflections
from webapp.care.materials import resources
from webapp.demo import cast


@pytest.fixture
def attend(store, world, clock):
    """A session of three hours that Maya was in; it begins at an instant."""

    def attend(starts_at, **more):
        made = room(store, world.carla, [world.maya], starts_at, clock.now() - 20 * DAY, **more)
        was_there(store, seat_of(store, made, world.maya), world.carla, made.ends_at)
        return made

    return attend


def this_week(store, world, clock):
    return weekly_hours.weeks(store, world.maya, clock.now(), 1)[0]


def test_attended_hours_count_against_the_policys_weekly_hours(store, world, clock, attend):
    attend(clock.now() - DAY)
    attend(clock.now() - DAY - 5 * HOUR, title="Earlier", minutes=90)
    week = this_week(store, world, clock)
    assert (week.plan, week.spent, week.made_up, week.ahead) == (9, 4.5, 0, 0)


def test_what_is_still_planned_this_week_is_ahead(store, world, clock):
    room(store, world.carla, [world.maya], clock.now() + DAY, clock.now())
    room(store, world.carla, [world.maya], clock.now() + 7 * DAY, clock.now())
    gone = room(store, world.carla, [world.maya], clock.now() + 2 * DAY, clock.now())
    gone.cancel(store, "ill", by=None, now=clock.now())
    week = this_week(store, world, clock)
    assert (week.spent, week.ahead) == (0, 3)


def test_a_make_up_counts_once_and_where_it_was_made_up(store, world, clock, attend):
    missed = room(store, world.carla, [world.maya], clock.now() - 7 * DAY, clock.now() - 8 * DAY)
    other = room(
        store, world.colin, [], clock.now() + HOUR, clock.now(), title="Skills", makes_up=("group",)
    )
    made = bookings.book(
        store, seat_of(store, missed, world.maya), other, by=world.maya, now=clock.now()
    )
    was_there(store, made.by_seat, world.colin, clock.set(other.ends_at))
    made.complete(store, by=None, now=clock.now())
    before, week = weekly_hours.weeks(store, world.maya, clock.now(), 2)
    assert (before.spent, week.spent, week.made_up) == (0, 3, 3)


def test_a_recording_counts_with_its_length_when_it_was_handed_in(store, world, clock):
    missed = room(store, world.carla, [world.maya], clock.now() - DAY, clock.now() - 8 * DAY)
    recording, _ = resources.put(
        store, world.harbor, "r", kind="recording", title="Sleep", minutes=45, makes_up=["group"],
        by=None, now=clock.now(),
    )  # fmt: skip
    made = bookings.book(
        store, seat_of(store, missed, world.maya), recording, by=world.maya, now=clock.now()
    )
    assert this_week(store, world, clock).made_up == 0
    reflections.hand_in(store, made, "x" * 60, by=world.maya, now=clock.now())
    week = this_week(store, world, clock)
    assert (week.spent, week.made_up) == (0.75, 0.75)


def test_a_week_begins_on_monday_in_the_programs_time_zone(store, world, clock, attend):
    """Sunday eleven at night in New York is Monday already in UTC."""
    attend(datetime(2026, 3, 2, 3, tzinfo=UTC), minutes=60)
    before, week = weekly_hours.weeks(store, world.maya, clock.now(), 2)
    assert (before.monday, week.monday) == (date(2026, 2, 23), date(2026, 3, 2))
    assert (before.spent, week.spent) == (1, 0)


@pytest.mark.parametrize(("now", "lasts"), [((2026, 3, 4), 167), ((2026, 10, 28), 169)])
def test_the_week_in_which_clocks_change_is_shorter_or_longer(store, world, clock, now, lasts):
    week = weekly_hours.weeks(store, world.maya, datetime(*now, 18, tzinfo=UTC), 1)[0]
    assert week.ends_at - week.starts_at == timedelta(hours=lasts)


def test_where_clocks_never_change_every_week_is_as_long(store, world, clock):
    aiko = cast.find(store).aiko
    found = weekly_hours.weeks(store, aiko, clock.now() + 14 * DAY, 4)
    assert {week.ends_at - week.starts_at for week in found} == {timedelta(days=7)}


def test_a_new_plan_holds_from_the_week_after(store, world, clock):
    """THAT_DAY is a Wednesday: this week began under the old plan."""
    programs.change_policy(store, world.harbor, {"weekly_hours": 6}, by=None, now=clock.now())
    assert this_week(store, world, clock).plan == 9
    assert weekly_hours.weeks(store, world.maya, clock.now() + 7 * DAY, 1)[0].plan == 6
