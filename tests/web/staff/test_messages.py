"""Messages on the console: who sees which thread, unread ones, recorded readings, replies."""

import re
import uuid

import pytest
from sqlalchemy import select

from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import messages
from webapp.care.contact.messages import Message
from webapp.care.directory.teams import CareTeam, Cover


@pytest.fixture
def say(store, world, clock):
    """`say(world.maya, world.maya, "Hello")`: a word in a client's thread, a minute later."""

    def said(client, by, body) -> Message:
        made = messages.send(store, client, body, by=by, now=clock.forward(minutes=1))
        store.commit()
        return made

    return said


def thread(person) -> str:
    return f"/staff/people/{person.id}/messages"


def looks(store) -> list[tuple[int, int]]:
    readings = select(Event.by_id, Event.client_id).where(Event.tag == Tag.CHART_READ)
    return [tuple(row) for row in store.execute(readings.order_by(Event.id))]


SEES = ("carla", "tessa", "susan", "cody")
SEES_NOT = ("colin", "theo", "ada", "nora", "greta", "ines", "ben", "henry", "charlie", "maya")


@pytest.mark.parametrize("who", SEES)
def test_a_clients_thread_is_seen_by_counselor_therapist_supervisor_and_coordinator(
    visit, world, say, who
):
    """S1."""
    say(world.maya, world.maya, "Only for my team")
    browser = visit(getattr(world, who))
    assert "Only for my team" in browser.get(thread(world.maya)).text
    assert "Maya Torres" in browser.get("/staff/messages").text


@pytest.mark.parametrize("who", SEES_NOT)
def test_a_thread_is_not_found_by_anybody_else(visit, world, say, who):
    """S1: another counselor, the technician, the administrator, another program, the partner, any client."""
    say(world.maya, world.maya, "Only for my team")
    browser = visit(getattr(world, who))
    for path in (thread(world.maya), thread(world.maya) + "/news?shown=0-0"):
        assert browser.get(path).status_code == 404
    for path in (thread(world.maya), thread(world.maya) + "/read"):
        assert browser.post(path, {"body": "Let me in"}).status_code == 404
    assert "Maya Torres" not in browser.get("/staff/messages").text


def test_staff_who_left_the_care_team_see_the_thread_no_longer(visit, world, say, store):
    """S1: nor what was written in their time."""
    say(world.maya, world.maya, "In Carla's time")
    carla = visit(world.carla)
    assert carla.get(thread(world.maya)).status_code == 200
    team = store.get_one(CareTeam, world.maya.id)
    team.counselor = world.colin
    store.commit()
    assert carla.get(thread(world.maya)).status_code == 404
    assert "Maya Torres" not in carla.get("/staff/messages").text
    assert "In Carla&#39;s time" in visit(world.colin).get(thread(world.maya)).text


def test_a_covering_colleague_sees_the_threads_for_that_time(visit, world, say, store, clock):
    say(world.maya, world.maya, "Hello")
    colin = visit(world.colin)
    now = clock.now()
    store.add(
        Cover(
            person_id=world.carla.id, covered_by_id=world.colin.id, starts_at=now,
            ends_at=clock.forward(minutes=8),
        )
    )  # fmt: skip
    store.commit()
    clock.set(now)
    assert colin.get(thread(world.maya)).status_code == 200
    clock.forward(minutes=9)
    assert colin.get(thread(world.maya)).status_code == 404


def test_unread_threads_are_first_and_counted_in_the_side_column(carla, world, say):
    say(world.gus, world.gus, "First")
    say(world.maya, world.maya, "Second")
    say(world.ivy, world.carla, "Mine")
    inbox = carla.get("/staff/messages").text
    assert inbox.index("Maya Torres") < inbox.index("Gus Kowalski") < inbox.index("Ivy Chen")
    assert 'Messages<span class="console-count">2</span>' in inbox
    carla.get(thread(world.maya))
    inbox = carla.get("/staff/messages").text
    assert inbox.index("Gus Kowalski") < inbox.index("Ivy Chen") < inbox.index("Maya Torres")
    assert 'Messages<span class="console-count">1</span>' in inbox
    assert "Waits for an answer" in inbox


def test_the_list_shows_no_text_of_messages(carla, world, say, store):
    say(world.maya, world.maya, "zebra crossing")
    assert "zebra" not in carla.get("/staff/messages").text
    assert looks(store) == []


def test_every_reading_is_recorded_for_the_client_to_see(carla, world, say, store):
    """P7: opening the thread, twice if twice; and what comes in while it lies open."""
    say(world.maya, world.maya, "Hello")
    page = carla.get(thread(world.maya)).text
    carla.get(thread(world.maya))
    assert looks(store) == [(world.carla.id, world.maya.id)] * 2
    stamp = re.search(r"news\?shown=([\d-]+)", page)[1]
    assert carla.get(f"{thread(world.maya)}/news?shown={stamp}", htmx=True).status_code == 204
    assert len(looks(store)) == 2
    say(world.maya, world.maya, "Are you there?")
    news = carla.get(f"{thread(world.maya)}/news?shown={stamp}", htmx=True)
    assert "Are you there?" in news.text
    assert len(looks(store)) == 3


def test_an_open_page_out_of_view_marks_nothing_as_read(carla, world, say, store, clock):
    say(world.maya, world.maya, "Hello")
    carla.get(thread(world.maya))
    last = say(world.maya, world.maya, "I'm not doing well")
    carla.get(f"{thread(world.maya)}/news?shown=0-0", htmx=True)
    store.expire_all()
    assert messages.unread(store, world.carla, clock.now()) == 1
    carla.post(f"{thread(world.maya)}/read", {"up_to": str(last.id)})
    store.expire_all()
    assert messages.unread(store, world.carla, clock.now()) == 0


def test_a_reply_reaches_the_client_once(carla, visit, world, say, store):
    """R7."""
    say(world.maya, world.maya, "Friday?")
    form = {"body": "Yes, at four.", "request_id": str(uuid.uuid4())}
    for _ in range(2):
        answer = carla.post(thread(world.maya), form, htmx=True)
    assert "Yes, at four." in answer.text
    assert f'data-sent="messages-{world.maya.id}"' in answer.text
    page = visit(world.maya).get("/messages").text
    assert page.count("Yes, at four.") == 1
    assert "Carla Reyes <small>counselor</small>" in page


def test_without_javascript_a_form_leads_back_to_the_thread(carla, world):
    answer = carla.post(thread(world.maya), {"body": "How are you?"})
    assert answer.status_code == 303
    assert "How are you?" in carla.follow(answer).text


def test_a_refused_message_comes_back_with_its_text(carla, world):
    """R12."""
    answer = carla.post(thread(world.maya), {"body": "y" * 5001}, htmx=True)
    assert answer.status_code == 422
    assert "Write a few words, up to 5000 letters." in answer.text
    assert "y" * 5001 in answer.text


def test_the_clients_page_links_to_the_thread_for_those_who_may_see_it(visit, world):
    for who, leads in (("carla", True), ("susan", True), ("ada", False)):
        page = visit(getattr(world, who)).get(f"/staff/people/{world.maya.id}").text
        assert (f'href="{thread(world.maya)}"' in page) is leads, who


def test_the_technician_has_no_messages_at_all(visit, world):
    theo = visit(world.theo)
    assert theo.get("/staff/messages").status_code == 404
    assert "/staff/messages" not in theo.get("/staff/tasks").text
