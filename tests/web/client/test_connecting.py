"""Trouble connecting: one tap for help, with what the phone found; the room by telephone; one's own plan. Works without a
script, and before sign-in."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.visiting import Visit
from webapp.care.contact import help_calls, tasks
from webapp.care.contact.addresses import Address
from webapp.care.contact.connection_tests import SelfTest
from webapp.care.contact.tasks import Task
from webapp.care.preferences import backup_plans
from webapp.web.page.headers import ALWAYS

FOUND = {
    "results": {"network": "weak", "camera": "blocked", "microphone": "good", "browser": "good"},
    "round_trip": 812.5,
    "facts": {"round_trips": [700, 812.5, 900], "kbit": 640, "skew": -3.2, "cameras": 1},
}


def task(store) -> Task:
    store.expire_all()
    return store.scalars(select(Task)).one()


def test_one_tap_asks_for_help_and_says_it_is_on_its_way(maya, seat_in, store, world):
    seat = seat_in(minutes=-3)
    assert "Ask the help desk" in maya.get("/help-connecting").text
    answer = maya.post(f"/seats/{seat.id}/trouble", {"self_test": json.dumps(FOUND)}, htmx=True)
    assert "Help is on its way" in answer.text
    assert "We'll call you at +1 212-555-0107." in answer.text
    assert "Ask the help desk" not in answer.text
    brief = task(store).brief
    assert brief["self_test"] == FOUND["results"]
    assert brief["round_trip"] == 812.5
    assert brief["facts"]["kbit"] == 640
    assert brief["facts"]["agent"].startswith("Werkzeug")


def test_it_works_without_a_script(maya, seat_in, store):
    seat = seat_in(minutes=-3)
    answer = maya.post(f"/seats/{seat.id}/trouble", {})
    assert answer.status_code == 303
    page = maya.follow(answer).text
    assert "Help is on its way" in page
    assert re.search(r'<section class="card self-test" data-self-test hidden', page)
    assert task(store).brief == {}


@pytest.mark.parametrize(
    "told",
    [
        "{", "[]", "null", '{"results": []}', '{"results": {"network": "fine"}}',
        '{"results": {"network": "good"}, "facts": {"name": "Maya"}}',
        '{"results": {"network": "good"}, "round_trip": "soon"}',
        '{"results": {"network": "good"}, "facts": 7}', '{"results": {"network": {}}}', "x" * 9000,
    ],
)  # fmt: skip
def test_help_does_not_wait_for_results_it_cannot_read(maya, seat_in, store, told):
    """R12: what can't be used changes nothing, and help comes all the same."""
    seat = seat_in(minutes=-3)
    assert maya.post(f"/seats/{seat.id}/trouble", {"self_test": told}, htmx=True).status_code == 200
    assert task(store).brief == {}
    assert not store.scalars(select(SelfTest)).all()


def test_the_page_says_who_helps_as_soon_as_somebody_does(maya, seat_in, store, world, clock):
    seat = seat_in(minutes=-3)
    maya.post(f"/seats/{seat.id}/trouble", {})
    help_calls.claim(store, task(store), by=world.theo, now=clock.now())
    store.commit()
    answer = maya.get("/help-connecting", htmx=True)
    assert "Theo Banks is on it" in answer.text
    assert answer.text.lstrip().startswith('<section class="stack" id="help"')


def test_after_the_call_has_ended_one_can_ask_again(maya, seat_in, store, world, clock):
    seat = seat_in(minutes=-3)
    maya.post(f"/seats/{seat.id}/trouble", {})
    help_calls.finish(store, task(store), "video", by=world.theo, now=clock.now())
    store.commit()
    assert "Ask the help desk" in maya.get("/help-connecting").text
    clock.forward(minutes=5)
    maya.post(f"/seats/{seat.id}/trouble", {})
    store.expire_all()
    assert [each.is_open for each in store.scalars(select(Task).order_by(Task.id))] == [False, True]


def test_a_number_that_is_not_safe_is_not_promised(maya, seat_in, store, world, clock):
    """P9."""
    seat = seat_in(minutes=-3)
    number = select(Address).where(Address.person_id == world.maya.id, Address.channel == "sms")
    store.scalars(number).one().unsafe_at = clock.now()
    store.commit()
    answer = maya.post(f"/seats/{seat.id}/trouble", {}, htmx=True).text
    assert "We have no number to call you at" in answer
    assert "212-555-0107" not in answer


def test_the_room_can_be_joined_by_phone(maya, seat_in, store):
    seat = seat_in(minutes=-3)
    seat.session.dial_in = "+12125550100,,93412#"
    store.commit()
    page = maya.get("/help-connecting").text
    assert 'href="tel:+12125550100,,93412%23"' in page
    assert "Dials +1 212-555-0100, code 93412 #" in page
    assert "in your invitation" not in page
    assert "tel:+12125550100" in maya.get(f"/seats/{seat.id}").text


def test_ones_own_backup_plan_is_there_when_trouble_comes(maya, seat_in, store, world, clock):
    """M26."""
    seat_in(minutes=-3)
    assert "make a backup plan" in maya.get("/help-connecting").text
    plan = {"device": "Ben's old tablet", "place": "the car"}
    backup_plans.write(store, world.maya, plan, by=world.maya, now=clock.now())
    store.commit()
    page = maya.get("/help-connecting").text
    assert "Ben&#39;s old tablet" in page
    assert "the car" in page


def test_a_stranger_gets_the_self_test_and_no_names(app, seat_in, store, world):
    seat_in(minutes=-3)
    world.harbor.help_phone = "+12125550190"
    store.commit()
    page = Visit(app).get("/help-connecting").text
    assert "data-self-test" in page
    for leak in ("Evening group", "555-0190", "Ask the help desk"):
        assert leak not in page
    assert "+1 212-555-0190" in Visit(app, world.maya).get("/help-connecting").text


@pytest.mark.parametrize("who", ["henry", "carla", "charlie"])
def test_nobody_asks_for_somebody_elses_seat(visit, world, seat_in, store, who):
    """S1."""
    seat = seat_in(minutes=-3)
    answer = visit(getattr(world, who)).post(f"/seats/{seat.id}/trouble", {})
    assert answer.status_code == 404
    assert not store.scalars(select(Task.id)).all()


def test_a_session_that_is_over_is_said_to_be(maya, seat_in, store):
    seat = seat_in(hours=-3, minutes_long=60)
    answer = maya.post(f"/seats/{seat.id}/trouble", {}, htmx=True)
    assert answer.status_code == 409
    assert "This session is over." in answer.text


def test_camera_and_microphone_are_allowed_on_this_page_alone(app, world, maya, seat_in):
    """S7."""
    seat = seat_in(minutes=-3)
    for path in ("/", "/schedule", "/messages", f"/seats/{seat.id}", "/crisis"):
        policy = maya.get(path).headers["Permissions-Policy"]
        assert "camera=(), microphone=()" in policy, path
    for visitor in (maya, Visit(app)):
        policy = visitor.get("/help-connecting").headers["Permissions-Policy"]
        assert policy.endswith("camera=(self), microphone=(self)")
    assert "self" not in ALWAYS["Permissions-Policy"]


def test_the_pulse_tells_the_time_and_the_sample_cannot_be_packed(app, clock):
    visitor = Visit(app)
    told = visitor.get("/help-connecting/pulse")
    assert abs(told.get_json()["at"] - clock.now().timestamp()) < 5
    assert told.headers["Cache-Control"] == "no-store"
    sample = visitor.client.get("/help-connecting/sample", headers={"Accept-Encoding": "br, gzip"})
    assert len(sample.data) == 128 * 1024
    assert "Content-Encoding" not in sample.headers


def test_when_nothing_helps_the_reason_is_known_already(maya, seat_in):
    """M15: told with one tap more, and counted apart."""
    seat = seat_in(minutes=-3)
    where = re.search(
        r'href="(/seats/\d+/absence\?reason=technical)"', maya.get("/help-connecting").text
    )
    assert where, seat.id
    assert 'name="reason" value="technical" checked' in maya.get(where[1]).text


def test_an_ended_call_keeps_how_it_was_solved(maya, seat_in, store, world, clock):
    seat = seat_in(minutes=-3)
    maya.post(f"/seats/{seat.id}/trouble", {"self_test": json.dumps(FOUND)})
    found = task(store)
    tasks.attempt(
        store, found, "no_answer", by=world.theo, now=clock.now(),
        next_at=clock.now() + timedelta(minutes=10),
    )  # fmt: skip
    help_calls.finish(store, found, "phone", by=world.theo, now=clock.now())
    assert (found.is_open, found.brief["solved"]) == (False, "phone")
    assert found.brief["self_test"] == FOUND["results"]
