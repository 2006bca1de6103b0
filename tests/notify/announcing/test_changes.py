"""Rule 4: everybody with a place is told of what changes it, days ahead and whatever reminders they switched off; once for what
changes together; and where nobody can be told, it is somebody's task."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from tests.notify.announcing.test_announce import cancel, change, consent, move, settle
from webapp.care.contact import addresses
from webapp.care.contact.tasks import Task
from webapp.care.make_ups import group_times
from webapp.care.schedule import planning, series
from webapp.care.schedule.series import Series
from webapp.care.schedule.sessions import Seat, Session
from webapp.notify.channels.parcel import Undeliverable

DAYS = 24
"""Hours."""


def kinds(post):
    return [kind for kind, _, _ in post.sent()]


def reinstate(post, seat):
    def again(store, cast):
        series.reinstate(
            store, store.get(Session, seat.session_id), by=cast.cody, now=post.clock.now()
        )

    post.do(again)


def give(post, seat, client):
    def to(store, cast):
        session = store.get(Session, seat.session_id)
        planning.give_seat(
            store, session, getattr(cast, client.ref), by=cast.cody, now=post.clock.now()
        )

    post.do(to)


def take(post, seat):
    def back(store, cast):
        store.get(Seat, seat.id).release(store, by=cast.cody, now=post.clock.now())

    post.do(back)


def group(post, cast, store, ref, clients, **more):
    now = post.clock.now()
    values = {
        "kind": "group", "title": "Evening group", "local_start": now.replace(tzinfo=None, hour=18),
        "duration": timedelta(hours=1), "time_zone": "America/New_York",
        "rrule": "FREQ=WEEKLY", "host": cast.carla, "capacity": 10, "clients": clients,
    }  # fmt: skip
    return series.put(store, cast.harbor, ref, by=cast.cody, now=now, **(values | more))[0]


@pytest.mark.parametrize("off", [[], ["heads_up", "soon", "doors_open", "first_check"]])
def test_a_change_days_ahead_is_told_whatever_reminders_are_switched_off(post, world, off):
    change(post, world.maya, off=[*off, "session_moved"])
    [seat] = post.room(world.maya, hours=20 * DAYS)
    move(post, seat, hours=2)
    settle(post)
    assert post.sent() == [("session_moved", "email", "maya@example.org")]


def test_who_was_told_that_it_is_off_is_told_that_it_is_on_again(post, world):
    [seat] = post.room(world.maya, hours=3 * DAYS)
    cancel(post, seat)
    settle(post)
    reinstate(post, seat)
    settle(post)
    assert kinds(post) == ["session_cancelled", "session_reinstated"]
    assert "is on again" in post.email.sent[-1].content.text


@pytest.mark.parametrize("hours", [0.5, 3 * DAYS])
def test_of_what_is_called_off_and_on_again_before_anybody_was_told_nothing_is_told(
    post, world, hours
):
    [seat] = post.room(world.maya, hours=hours)
    cancel(post, seat)
    if hours > 1:
        post.run()
    reinstate(post, seat)
    settle(post)
    assert kinds(post) == []


def test_who_was_told_that_it_is_off_is_told_at_last_that_it_is_on_whatever_came_between(
    post, world
):
    [seat] = post.room(world.maya, hours=3 * DAYS)
    cancel(post, seat)
    settle(post)
    reinstate(post, seat)
    post.run()
    cancel(post, seat)
    reinstate(post, seat)
    settle(post)
    assert kinds(post) == ["session_cancelled", "session_reinstated"]


def test_a_corrected_time_is_told_to_everybody_who_has_a_place(post, world):
    post.room(world.maya, world.june, hours=1)
    [seat, _] = post.room(world.maya, world.june, hours=1, ref="other")
    post.clock.forward(hours=3)

    def correct(store, cast):
        session = store.get(Session, seat.session_id)
        by = timedelta(minutes=30)
        session.correct_time(
            store, session.starts_at + by, session.ends_at + by, "It began later.", by=cast.susan,
            now=post.clock.now(),
        )  # fmt: skip

    post.do(correct)
    settle(post)
    assert post.sent() == [
        ("session_corrected", "email", "maya@example.org"),
        ("session_corrected", "email", "june@example.org"),
    ]


def test_a_place_given_or_taken_away_is_told_to_its_client_alone(post, world):
    [seat] = post.room(world.maya, hours=3 * DAYS)
    give(post, seat, world.june)
    settle(post)
    take(post, seat)
    settle(post)
    assert post.sent() == [
        ("place_given", "email", "june@example.org"),
        ("place_taken", "email", "maya@example.org"),
    ]


def test_a_place_taken_away_and_given_again_at_once_is_told_as_it_now_is(post, world):
    [seat] = post.room(world.maya, hours=3 * DAYS)
    take(post, seat)
    post.run()
    give(post, seat, world.maya)
    settle(post)
    assert kinds(post) == ["place_given"]


def test_a_partner_is_told_nothing_of_places_and_of_what_is_on_again(post, world):
    """P1: a consent for the schedule lets them be told of times that they had been told, moved or off."""
    for category in ("reminders", "schedule"):
        consent(post, world.june, world.henry, category)
    [seat] = post.room(world.june, hours=3 * DAYS)
    cancel(post, seat)
    settle(post)
    reinstate(post, seat)
    settle(post)
    take(post, seat)
    settle(post)
    assert {row.person_id for row in post.rows()} == {world.june.id}


def test_a_new_member_of_a_series_gets_one_notice_and_no_more_as_it_goes_on(post, world):
    start = post.clock.now().replace(tzinfo=None, hour=18)

    def plan(store, cast):
        return group(post, cast, store, "evening", [cast.maya], local_start=start)

    post.do(plan)
    settle(post)
    assert kinds(post) == ["schedule_changed"]
    post.clock.forward(days=8)
    series.unfold(post.database, post.clock.now())
    settle(post)
    post.do(plan)
    settle(post)
    assert kinds(post) == ["schedule_changed"]


def test_a_series_that_loses_a_member_or_moves_tells_each_member_once(post, world):
    made = post.plan(lambda store, cast: group(post, cast, store, "evening", [cast.maya, cast.gus]))

    def later(store, cast):
        first = datetime.fromisoformat(made.local_start) + timedelta(hours=1)
        group(post, cast, store, "evening", [cast.maya], local_start=first)

    post.do(later)
    settle(post)
    assert sorted(post.sent()) == [
        ("schedule_changed", "email", "gus@example.org"),
        ("schedule_changed", "email", "maya@example.org"),
    ]


@pytest.mark.parametrize(("by", "told"), [("cody", ["schedule_changed"]), ("maya", [])])
def test_another_time_of_the_group_is_told_once_unless_the_client_chose_it(post, world, by, told):
    def plan(store, cast):
        group(post, cast, store, "evening", [cast.maya])
        group(
            post, cast, store, "late", [],
            local_start=post.clock.now().replace(tzinfo=None, hour=20),
        )  # fmt: skip

    post.plan(plan)

    def go(store, cast):
        both = {each.ref: each for each in store.scalars(select(Series))}
        group_times.change(
            store, cast.maya, both["evening"], both["late"], by=getattr(cast, by),
            now=post.clock.now(),
        )  # fmt: skip

    post.do(go)
    settle(post)
    assert kinds(post) == told


@pytest.mark.parametrize(("kind", "told"), [("individual", ["schedule_changed"]), ("group", [])])
def test_another_host_is_told_of_a_one_to_one_alone(post, world, kind, told):
    [seat] = post.room(world.maya, hours=3 * DAYS, kind=kind)

    def stand_in(store, cast):
        room = store.get(Session, seat.session_id)
        planning.put(
            store, room.program_id, room.ref, kind=room.kind, title=room.title,
            starts_at=room.starts_at, ends_at=room.ends_at, time_zone=room.time_zone,
            host=cast.colin, capacity=room.capacity, by=cast.cody, now=post.clock.now(),
        )  # fmt: skip

    post.do(stand_in)
    settle(post)
    assert kinds(post) == told


def test_changes_of_one_client_within_ten_minutes_make_one_notice(post, world):
    [one] = post.room(world.maya, hours=3 * DAYS)
    [two] = post.room(world.maya, hours=4 * DAYS, ref="two")
    for seat in (one, two, one):
        move(post, seat, hours=1)
        post.run()
        post.clock.forward(minutes=3)
    assert post.sent() == []
    post.clock.forward(minutes=1)
    post.run()
    assert kinds(post) == ["schedule_changed"]
    post.clock.forward(hours=1)
    post.run()
    assert kinds(post) == ["schedule_changed"]


def test_the_same_session_moved_twice_within_ten_minutes_is_told_with_its_last_time(post, world):
    [seat] = post.room(world.maya, hours=3 * DAYS)
    for _ in range(2):
        move(post, seat, hours=1)
        post.run()
        post.clock.forward(minutes=5)
    post.run()
    [row] = [row for row in post.rows() if row.sent_at]
    assert row.about_at == post.do(
        lambda store, cast: store.get(Session, seat.session_id).starts_at
    )


def test_a_session_that_now_begins_within_the_hour_is_told_at_once_and_the_others_are_not_lost(
    post, world
):
    [far] = post.room(world.maya, hours=3 * DAYS)
    [near] = post.room(world.maya, hours=5, ref="near")
    move(post, far, hours=1)
    post.run()
    move(post, near, hours=-4.5)
    post.run()
    assert kinds(post) == ["session_moved"]
    settle(post)
    assert kinds(post) == ["session_moved", "session_moved"]


def close(post, world, person):
    def stop(store, cast):
        for address in store.scalars(addresses.of(person.id)):
            address.stop(store, "stop_word", by=None, now=post.clock.now())

    post.plan(stop)


def open_tasks(post, kind="tell_change"):
    found = select(Task).where(Task.kind == kind)
    return post.do(lambda store, cast: list(store.scalars(found)))


def test_a_client_who_cannot_be_told_is_one_task_of_their_coordinator(post, world):
    close(post, world, world.maya)
    [seat] = post.room(world.maya, hours=3 * DAYS)
    [other] = post.room(world.maya, hours=4 * DAYS, ref="other")
    for each in (seat, other):
        move(post, each, hours=1)
        post.announce()
    [task] = open_tasks(post)
    assert (task.client_id, task.owner_id) == (world.maya.id, world.cody.id)


def test_a_change_whose_last_address_fails_on_the_way_is_a_task_too(post, world):
    gone = Undeliverable("refused", permanent=True)
    for channel in (post.email, post.sms, post.push):
        channel.trouble = lambda parcel: gone
    [seat] = post.room(world.maya, hours=3 * DAYS)
    move(post, seat, hours=1)
    settle(post)
    settle(post)
    assert [task.client_id for task in open_tasks(post)] == [world.maya.id]
    assert kinds(post) == []
