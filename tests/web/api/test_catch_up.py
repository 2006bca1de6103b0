"""The API's summaries, homework and resources, by the caller's own references, with sanitised Markdown."""

import pytest
from sqlalchemy import func, select

from webapp.care.materials import homework, resources, summaries
from webapp.care.materials.homework import Homework
from webapp.care.materials.resources import Resource
from webapp.care.materials.summaries import Summary
from webapp.care.schedule.sessions import Session

LIST = {"title": "A list", "body": "Three *things*.", "session": "evening", "for": ["maya"]}
FILM = {"kind": "recording", "title": "Sleep", "url": "https://media.example.org/s.mp4", "minutes": 24}  # fmt: skip


def test_a_summary_is_created_and_then_versioned(call, room, store) -> None:
    first = call("PUT", "/sessions/evening/summary", {"body": "About **sleep**."})
    again = call("PUT", "/sessions/evening/summary", {"body": "About **sleep**.", "for": "everyone"})  # fmt: skip
    other = call("PUT", "/sessions/evening/summary", {"body": "About light."})
    assert [each.status_code for each in (first, again, other)] == [201, 200, 200]
    assert first.json == {
        "session": "evening", "for": "everyone", "version": 1,
        "html": "<p>About <strong>sleep</strong>.</p>\n",
    }  # fmt: skip
    assert (again.json["version"], other.json["version"]) == (1, 2)
    assert store.scalar(select(func.count()).select_from(Summary)) == 2


def test_a_summary_for_some_clients_is_a_part_of_each_ones_own(call, room, store, world) -> None:
    made = call("PUT", "/sessions/evening/summary", {"body": "Well done.", "for": ["maya", "ben"]})
    assert (made.status_code, made.json["for"]) == (201, ["maya", "ben"])
    session = store.scalars(select(Session).where(Session.ref == "evening")).one()
    for client in (world.maya, world.ben):
        [shown] = summaries.shown(store, [session.id], client.id)[session.id]
        assert shown.client_id == client.id


def test_a_client_without_a_seat_gets_no_part(call, room, recorded) -> None:
    before = recorded()
    no = call("PUT", "/sessions/evening/summary", {"body": "x", "for": ["maya", "gus"]})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/for")
    assert recorded() == before


def test_homework_is_set_changed_and_given_to_another_client(call, room, store) -> None:
    first, again = call("PUT", "/homework/hw-1", LIST), call("PUT", "/homework/hw-1", LIST)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == {
        "ref": "hw-1", "title": "A list", "session": "evening", "due_at": None, "for": ["maya"],
        "html": "<p>Three <em>things</em>.</p>\n",
    }  # fmt: skip
    made = store.scalars(select(Homework)).one()
    assert [one.ref for one in store.scalars(homework.audience(made))] == ["maya"]
    wider = call("PUT", "/homework/hw-1", LIST | {"for": ["maya", "ben"]})
    assert wider.json["for"] == ["maya", "ben"]


def test_the_same_homework_again_notifies_nobody(call, room, recorded) -> None:
    """A repeated PUT is harmless: no fact, so no notice."""
    for path, body in (("/homework/hw-1", LIST), ("/resources/r-1", FILM), ("/sessions/evening/summary", {"body": "x"})):  # fmt: skip
        call("PUT", path, body)
        before = recorded()
        assert call("PUT", path, body).status_code == 200
        assert recorded() == before, path


def test_a_resource_is_published(call, room, store, world, clock) -> None:
    made = call("PUT", "/resources/r-1", FILM | {"makes_up": ["group"], "body": "The talk."})
    assert made.status_code == 201
    assert made.json["minutes"] == 24
    assert made.json["for"] == "everyone"
    [resource] = store.scalars(resources.visible_to(world.maya, clock.now()))
    assert (resource.title, resource.makes_up) == ("Sleep", ["group"])


@pytest.mark.parametrize(
    "body", ["<script>alert(1)</script>", "[a](javascript:alert(1))", "<div hx-get=/x>y</div>"]
)
def test_markup_in_a_text_is_shown_and_never_run(call, room, visit, world, clock, store, body) -> None:  # fmt: skip
    """S11: in the answer and on the client's page."""
    answer = call("PUT", "/homework/hw-1", LIST | {"body": body})
    made = store.scalars(select(Homework)).one()
    for text in (answer.json["html"], visit(world.maya).get(f"/homework/{made.id}").text):
        assert "<script>alert" not in text
        assert "<div hx-get" not in text
        assert 'href="javascript' not in text


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/homework/h", LIST | {"for": "nobody"}, "#/for"), ("/homework/h", LIST | {"for": []}, "#/for"),
        ("/homework/h", LIST | {"for": [7]}, "#/for/0"), ("/homework/h", LIST | {"for": None}, "#/for"),
        ("/homework/h", LIST | {"readers": ["maya"]}, "#/readers"), ("/homework/h", LIST | {"title": " "}, "#/title"),
        ("/homework/h", LIST | {"body": "a" * 20_001}, "#/body"), ("/homework/h", LIST | {"due_at": "soon"}, "#/due_at"),
        ("/resources/r", FILM | {"url": "http://x.example"}, "#/url"), ("/resources/r", FILM | {"url": "https://a;b/x"}, "#/url"),
        ("/resources/r", FILM | {"minutes": 0}, "#/minutes"), ("/resources/r", FILM | {"kind": "song"}, "#/kind"),
        ("/sessions/evening/summary", {"body": ""}, "#/body"), ("/sessions/evening/summary", {}, "#/body"),
    ],
)  # fmt: skip
def test_an_invalid_field_is_pointed_at_and_changes_nothing(call, room, recorded, path, body, pointer) -> None:  # fmt: skip
    """R12."""
    before = recorded()
    no = call("PUT", path, body)
    assert no.status_code == 422
    assert pointer in [error["pointer"] for error in no.json["errors"]], no.json
    assert recorded() == before


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/homework/h", LIST | {"for": ["aiko"]}, "#/for"), ("/homework/h", LIST | {"for": ["carla"]}, "#/for"),
        ("/homework/h", LIST | {"session": "theirs"}, "#/session"), ("/resources/r", FILM | {"session": "theirs"}, "#/session"),
        ("/sessions/theirs/summary", {"body": "x"}, None), ("/sessions/evening/summary", {"body": "x", "for": ["aiko"]}, "#/for"),
    ],
)  # fmt: skip
def test_rows_of_another_program_do_not_exist(call, room, recorded, path, body, pointer) -> None:
    """S1: programs are walled off."""
    before = recorded()
    no = call("PUT", path, body)
    assert no.status_code == 404
    assert pointer is None or no.json["errors"][0]["pointer"] == pointer
    assert recorded() == before


def test_one_programs_reference_is_not_anothers(call, neighbour, room, store) -> None:
    plain = {"title": "A list"}
    assert call("PUT", "/homework/hw-1", plain).status_code == 201
    assert neighbour("PUT", "/homework/hw-1", plain).status_code == 201
    assert store.scalar(select(func.count()).select_from(Homework)) == 2


def test_it_needs_the_scope_of_care(caller, world, room) -> None:
    roster = caller(world.harbor, "roster", "read", "presence")
    assert roster("PUT", "/homework/hw-1", {"title": "x"}).status_code == 403


def test_the_materials_are_on_the_clients_catch_up_card(
    call, room, visit, world, clock, store
) -> None:
    call("PUT", "/sessions/evening/summary", {"body": "About sleep."})
    call("PUT", "/homework/hw-1", LIST)
    call("PUT", "/resources/r-1", FILM | {"session": "evening"})
    call("POST", "/presence", {"events": [{"id": "c", "session": "evening", "person": "carla", "type": "joined", "at": clock.now().isoformat(), "source": "zoom"}]})  # fmt: skip
    clock.forward(days=1)
    page = visit(world.maya).get("/catch-up").text
    assert "0 of 4" in page
    assert store.scalars(select(Resource.ref)).all() == ["r-1"]
