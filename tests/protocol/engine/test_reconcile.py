"""The watcher: a seat nobody looked at is found by facts, not by timers; rooms are confirmed."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.protocol.engine.test_engine import CLIMB, SIX
from tests.protocol.rooms import Evening, evening
from webapp import log
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.schedule.sessions import Seat
from webapp.db import Database, Store
from webapp.protocol.engine.reconcile import watch


@pytest.fixture
def group(database: Database, store: Store, world: Any) -> Evening:
    return evening(database, store, world, SIX)


def gaps(night: Evening, minutes: float) -> dict[str, int]:
    """Watch at this minute; what was found amiss then."""
    night.store.commit()
    watch(night.database, night.at(minutes))
    night.store.expire_all()
    found = select(Event).where(Event.tag == Tag.GAP_FOUND, Event.at == night.at(minutes))
    return {event.fields["what"]: event.fields["count"] for event in night.store.scalars(found)}


def test_when_everything_was_done_nothing_is_found(group: Evening) -> None:
    group.walk(*CLIMB)
    assert gaps(group, 61).keys() <= {"telling_behind"}


def test_a_seat_whose_timer_was_lost_is_found_and_climbs_after_all(group: Evening) -> None:
    maya = group.world.maya
    group.walk(-1440, -60, -10)
    group.store.execute(
        update(Seat).where(Seat.id == group.seat(maya).id).values(next_look_at=None)
    )
    group.walk(5, 20, 60)
    assert "outreach" not in group.tasks(maya)
    assert gaps(group, 65)["seats_forgotten"] == 1
    group.look(65)
    assert "outreach" in group.tasks(maya)


def test_seats_that_wait_longer_than_they_should_are_reported(group: Evening) -> None:
    assert gaps(group, 5)["looks_overdue"] == 2


def test_the_log_names_what_is_amiss(group: Evening, capfd: pytest.CaptureFixture[str]) -> None:
    """A word of ours and a number; it says of nobody."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    log.configure("json")
    try:
        assert gaps(group, 5)
        lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    finally:
        root.handlers, root.level = before
        logging.captureWarnings(False)
    found = [line for line in lines if line["event"] == "gap found"]
    assert "looks_overdue" in {line["what"] for line in found}
    assert log.REDACTED not in str(found)


def test_it_watches_every_quarter_of_an_hour(group: Evening) -> None:
    assert "looks_overdue" in gaps(group, 5)
    assert gaps(group, 19) == {}
    assert "looks_overdue" in gaps(group, 20)


def test_a_room_the_platform_told_of_is_confirmed_a_quarter_of_an_hour_after_its_end(
    group: Evening,
) -> None:
    gaps(group, 194)
    assert group.session.confirmed_at is None
    gaps(group, 210)
    assert group.session.confirmed_at == group.at(210)


def test_a_silent_room_is_never_confirmed(database: Database, store: Store, world: Any) -> None:
    dark = evening(database, store, world, SIX, host_comes=False)
    gaps(dark, 300)
    assert dark.session.confirmed_at is None


def test_a_session_of_long_ago_is_no_gap(group: Evening) -> None:
    group.store.execute(update(Seat).values(next_look_at=None))
    assert "seats_forgotten" not in gaps(group, timedelta(days=3) / timedelta(minutes=1))
