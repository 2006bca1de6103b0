"""Counts for Today, in one statement: no session that *Catch up* would not list, and few of those left out."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.care.evenings import looked_into
from tests.counting import statements
from tests.protocol.engine.test_engine import SIX
from tests.protocol.reports.test_standings import plant
from webapp.care.attendance.standing import Standing
from webapp.care.catch_up import follow_ups
from webapp.care.contact import messages, reengagement_plans
from webapp.care.contact.messages import ReadMark
from webapp.care.make_ups import waitlist
from webapp.care.materials import homework
from webapp.care.schedule.sessions import Seat
from webapp.demo import cast
from webapp.protocol.reports import misses, today_counts

LATER = SIX + timedelta(days=2)
PARTLY = {Standing.PARTIAL}
"""Those where the client was seen are left to the page itself."""


@pytest.mark.parametrize("seed", range(12))
def test_it_counts_only_what_catch_up_lists(store, world, seed):
    """Held to the one definition of standing, on generated rows."""
    plant(store, world, random.Random(seed))
    store.flush()
    for name in ("maya", "ben", "rosa", "leo", "june", "ivy", "gus", "zoe"):
        client = getattr(world, name)
        listed = misses.of(store, client, LATER)
        unseen = [each for each in listed if each.standing not in PARTLY]
        counted = today_counts.of(store, client.id, LATER).catch_up
        assert counted <= len(listed), (name, [each.standing for each in listed])
        assert counted >= len(unseen) - _corrected(store, unseen), (name, unseen)


def _corrected(store, listed) -> int:
    """Seats of which something was seen, and another word said later; and of clients set aside in silent rooms."""
    seen = "select count(*) from presence where session_id = :room and person_id = :who and type != 'tapped'"
    return sum(
        bool(store.scalar(text(seen), {"room": each.seat.session_id, "who": each.seat.client_id}))
        or each.standing is Standing.EXCUSED
        for each in listed
    )


def test_it_is_one_statement_whatever_waits(store, world, clock, database):
    with statements(database) as asked:
        today_counts.of(store, world.maya.id, clock.now())
    assert len(asked) == 1


def test_what_is_done_is_no_longer_counted(store, world, clock):
    now = clock.now()
    room = cast.open_room(store, world.carla, [world.maya], now - timedelta(days=1), now=now - timedelta(days=3), presence_from="staff")  # fmt: skip
    looked_into(store, room)
    task, _ = homework.put(store, world.harbor, "hw", title="A list", session=room, by=world.carla, now=now)  # fmt: skip
    messages.send(store, world.maya, "Hello Maya.", by=world.carla, now=now)
    reengagement_plans.make(store, world.maya, by=world.carla, now=now, steps=["make_up"])
    found = today_counts.of(store, world.maya.id, now)
    assert (found.catch_up, found.homework, found.one_homework, found.messages) == (1, 1, task.id, 1)  # fmt: skip
    assert found.plan_at == now
    follow_ups.sign_off(store, room.seats[0], by=world.carla, now=now)
    task.withdraw(store, by=world.carla, now=now)
    messages.mark_read(store, world.maya, by=world.maya, now=now)
    later = today_counts.of(store, world.maya.id, now + timedelta(days=8))
    assert not later.anything
    assert store.query(ReadMark).count() == 1


def test_a_held_place_is_listed_with_its_end_and_only_until_then(store, world, clock):
    from tests.care.evenings import HOUR, missed

    now = clock.now()
    seat = missed(store, world.carla, world.maya, now)
    full = cast.open_room(store, world.colin, [world.ben], now + 30 * HOUR, now=now, ref="full", capacity=1)  # fmt: skip
    entry = waitlist.join(store, seat, full, by=world.maya, now=now)
    until = now + 2 * HOUR
    store.add(waitlist.HeldPlace(entry_id=entry.id, seat_id=store.query(Seat.id).first()[0], held_at=now, until=until))  # fmt: skip
    store.flush()
    found = today_counts.of(store, world.maya.id, now)
    assert (found.held_seat, found.held_until) == (seat.id, until)
    assert today_counts.of(store, world.maya.id, until).held_seat is None
    assert today_counts.of(store, world.ben.id, now).held_seat is None
