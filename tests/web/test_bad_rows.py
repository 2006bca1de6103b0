"""A row that can't be read says so on every page that lists many, and the others stand (R13)."""

from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from sqlalchemy import update

from tests.protocol.rooms import Evening, evening
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Session
from webapp.demo import cast
from webapp.web.client.my_seats import Place

SIX = datetime(2026, 3, 6, 23, 0, tzinfo=UTC)
POISON: dict[str, Any] = {"quiet_hours": ["21:0\uff10", "08:00"]}


def read(answer: Any) -> str:
    """What stands on the page, as its reader sees it."""
    return unescape(answer.text)


@pytest.fixture
def night(database: Any, store: Any, world: Any, clock: Any) -> Evening:
    """Maya and Gus are missed at six; what Maya wishes can't be read."""
    found = evening(database, store, world, SIX)
    found.walk(-1440, -60, -10, 5, 20, 60)
    store.execute(update(Person).where(Person.id == world.maya.id).values(preferences=POISON))
    store.commit()
    clock.set(found.at(65))
    return found


def test_now_shows_the_room_and_says_whose_place_cannot_be_read(night, visit):
    page = read(visit(night.world.carla).get("/staff"))
    assert page.count("Can't be read") == 1
    assert "Maya Torres" in page
    assert "Gus" in page
    assert "Missed" in page or "Waiting" in page


def test_the_rooms_own_page_stands(night, visit):
    page = read(visit(night.world.carla).get(f"/staff/sessions/{night.session.id}"))
    assert page.count("Can't be read") == 1
    assert "First check" in page or "“Your place is kept”" in page


def test_the_proof_of_timeliness_tells_the_other_misses(night, visit):
    page = read(visit(night.world.susan).get("/staff/timeliness"))
    assert "Its steps can't be read." in page
    assert page.count("Every step") == 1


def test_a_task_that_cannot_be_read_leaves_the_other_tasks(night, visit, store):
    bad = night.tasks(night.world.maya)["outreach"]
    store.execute(update(Task).where(Task.id == bad.id).values(brief={"prompts": [{}], "seats": 7}))
    store.commit()
    page = read(visit(night.world.carla).get("/staff/tasks"))
    assert "Something in this task can't be read." in page
    assert page.count("We have not seen or heard from them since") == 1


def test_a_person_who_cannot_be_shown_leaves_the_others(night, visit, monkeypatch, app):
    meant = app.jinja_env.filters["day_and_time"]

    def unshowable(instant: datetime, *more: Any) -> str:
        if instant == SIX:
            raise ValueError("Maya Torres")
        return str(meant(instant, *more))

    cast.open_room(
        night.store, night.world.carla, [night.world.june], night.at(3000), now=night.at(0)
    )
    night.store.commit()
    monkeypatch.setitem(app.jinja_env.filters, "day_and_time", unshowable)
    page = read(visit(night.world.carla).get("/staff/people"))
    assert page.count("This can't be shown right now.") == 2
    assert "June" in page


def test_a_session_whose_zone_cannot_be_read_leaves_the_clients_week(night, visit, store, world):
    other = cast.open_room(store, world.carla, [world.gus], night.at(600), now=night.at(0), title="Breathing")  # fmt: skip
    store.execute(update(Session).where(Session.id == other.id).values(time_zone="Nowhere/Land"))
    store.commit()
    gus = visit(world.gus)
    for address in ("/", "/schedule", "/schedule?view=all", "/schedule?view=today"):
        assert gus.get(address).status_code == 200
    assert "Breathing" in read(gus.get("/schedule?view=all"))


def test_what_lies_behind_is_told_beside_what_cannot_be_read(night, visit, store, world, clock):
    store.execute(update(Person).where(Person.id == world.gus.id).values(preferences=POISON))
    store.commit()
    clock.set(night.at(300))
    page = read(visit(world.gus).get("/schedule?view=earlier"))
    assert "We're checking who was there" in page


def test_a_line_of_a_clients_list_that_cannot_be_shown_says_so(night, visit, monkeypatch, world):
    """Whatever it is that can't be put into words."""
    store = night.store
    cast.open_room(
        store, world.carla, [world.gus], night.at(600), now=night.at(0), title="Breathing"
    )
    store.commit()
    meant = Place.moved.fget

    def unshowable(place: Place) -> bool:
        if place.session.title == "Breathing":
            raise ValueError("Gus")
        return bool(meant and meant(place))

    monkeypatch.setattr(Place, "moved", property(unshowable))
    cast.open_room(
        store, world.carla, [world.gus], night.at(1800), now=night.at(0), title="Walking"
    )
    store.commit()
    page = read(visit(world.gus).get("/schedule?view=all"))
    assert page.count("This can't be shown right now.") == 1
    assert "Walking" in page
