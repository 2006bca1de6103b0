"""`/guests`: who is in a room whom nobody knows, and who they are (rule 7)."""

from datetime import timedelta

import pytest

from tests.web.api.conftest import presence_event
from webapp.care.privacy.record_views import What, of
from webapp.demo import cast


def joins(call, at, id="g1", session="evening"):
    """Somebody joined whom the platform does not name."""
    shown = presence_event(at, id, session=session, guest={"id": f"c{id}", "name": "Galaxy S9", "phone": "+12125550142"})  # fmt: skip
    del shown["person"]
    return call("POST", "/presence", {"events": [shown]})


def there(call) -> bool:
    (maya,) = call("GET", "/seats?client=maya&session=evening").json["items"]
    return bool(maya["presence"] and maya["presence"]["seen"])


@pytest.fixture
def guest(call, room) -> dict:
    joins(call, room)
    (found,) = call("GET", "/guests?session=evening").json["items"]
    return found


def test_a_guest_is_listed_named_and_unknown_again(call, guest) -> None:
    assert (guest["name"], guest["phone"], guest["person"]) == ("Galaxy S9", "+12125550142", None)
    for _ in range(2):
        named = call("POST", f"/guests/{guest['id']}/match", {"person": "maya", "by": "carla"})
        assert (named.status_code, named.json["person"]) == (200, "maya")
        assert there(call)
    for _ in range(2):
        back = call("DELETE", f"/guests/{guest['id']}/match")
        assert (back.json["person"], back.json["matched_at"]) == (None, None)
        assert not there(call)


def test_nobody_who_is_waited_for_is_an_answer_too(call, guest) -> None:
    named = call("POST", f"/guests/{guest['id']}/match", {"person": None})
    assert named.json["person"] is None
    assert named.json["matched_at"]
    assert not there(call)


@pytest.mark.parametrize("remember", [True, False])
def test_a_guest_is_recognized_in_a_later_session_if_they_are_to_be(
    call, room, guest, clock, remember
) -> None:
    call("POST", f"/guests/{guest['id']}/match", {"person": "maya", "remember": remember})
    late = {
        "kind": "group", "title": "Late group", "starts_at": (room + timedelta(days=1)).isoformat(),
        "ends_at": (room + timedelta(days=1, hours=1)).isoformat(), "time_zone": "America/New_York",
        "host": "carla", "capacity": 8, "seats": ["maya"], "presence": "platform",
    }  # fmt: skip
    assert call("PUT", "/sessions/late", late).status_code == 201
    clock.set(room + timedelta(days=1, minutes=1))
    joins(call, clock.now(), "g2", "late")
    (again,) = call("GET", "/guests?session=late").json["items"]
    assert again["person"] == ("maya" if remember else None)


@pytest.mark.parametrize(
    ("body", "pointer"), [({"person": "nobody"}, "#/person"), ({"person": "gus"}, "#/person"), ({}, "#/person")]
)  # fmt: skip
def test_somebody_who_cannot_be_meant_is_refused_and_nothing_changes(
    call, guest, recorded, body, pointer
) -> None:
    before = recorded()
    no = call("POST", f"/guests/{guest['id']}/match", body)
    assert no.status_code in (404, 409, 422)
    assert no.json["errors"][0]["pointer"] == pointer
    assert recorded() == before


def test_guests_of_another_program_do_not_exist(call, neighbour, guest) -> None:
    answers = [
        neighbour("GET", "/guests?session=evening"),
        neighbour("POST", f"/guests/{guest['id']}/match", {"person": None}),
        neighbour("DELETE", f"/guests/{guest['id']}/match"),
        neighbour("DELETE", "/guests/999999999999/match"),
    ]
    assert [each.status_code for each in answers] == [404] * 4
    assert answers[2].json["detail"] == answers[3].json["detail"]


def test_who_is_named_can_see_that_it_was_read(call, guest, database) -> None:
    """P7."""
    call("POST", f"/guests/{guest['id']}/match", {"person": "maya"})
    call("GET", "/guests?session=evening")
    with database.reading() as store:
        views = of(store, cast.find(store).maya)
        assert [each.what for each in views].count(
            What.ROOM
        ) == 3  # asked for as unknown, named, listed
