"""Text that the database can't store is refused before a view reads it, by the name of its field (R12)."""

import pytest
from sqlalchemy import func, select

from tests.care.evenings import HOUR
from webapp.care.audit.events import Event
from webapp.care.contact.messages import Message
from webapp.demo import cast


def count(database, noun):
    with database.reading() as store:
        return store.scalar(select(func.count()).select_from(noun))


def test_a_nul_in_a_form_is_refused_by_name_and_changes_nothing(visit, world, database):
    maya, before = visit(world.maya), count(database, Event)
    answer = maya.post("/me/sharing", {"signature": "Maya\0"})
    assert answer.status_code == 422
    assert "A letter in signature can" in answer.text
    assert maya.post("/messages", {"body": "Hello\0"}).status_code == 422
    assert count(database, Message) == 0
    assert count(database, Event) == before


@pytest.mark.parametrize("address", ["/staff/people?q=Ma%00ya", "/staff/people?%00=1"])
def test_a_nul_in_an_address_is_refused(visit, world, address):
    assert visit(world.colin).get(address).status_code == 422


def test_a_nul_from_somebody_without_access_reveals_nothing(visit, world):
    assert visit(world.maya).get("/staff/people?q=%00").status_code == 404


@pytest.mark.parametrize("letter", ["\0", "\ud800"])
def test_unstorable_text_is_refused_in_json_too(visit, world, letter):
    maya = visit(world.maya)
    for body, field in (
        ({"endpoint": f"https://fcm.googleapis.com/{letter}"}, "endpoint"),
        ({"keys": [{letter: 1}]}, "keys"),
        ({f"na{letter}me": 1}, "name"),
    ):
        answer = maya.post("/me/devices", json=body)
        assert answer.status_code == 422
        assert f"A letter in {field} can" in answer.text


def test_json_that_is_nested_too_deep_is_refused_and_a_self_test_left_out(
    visit, world, store, clock
):
    room = cast.open_room(store, world.carla, [world.maya], clock.now() + HOUR, now=clock.now())
    store.commit()
    maya, deep = visit(world.maya), "[" * 7900
    answer = maya.post("/me/devices", headers={"Content-Type": "application/json"}, data=deep)
    assert answer.status_code == 400
    asked = maya.post(f"/seats/{room.seats[0].id}/trouble", {"self_test": deep}, htmx=True)
    assert asked.status_code == 200
