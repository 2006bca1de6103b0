"""S17: whoever sends the same form or call twice says nothing new the second time: no event, so no notice and no task either."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.fuzz.fields import Form
from tests.fuzz.pages import ACTORS, known_forms
from tests.house.reading import told
from tests.web import audiences
from tests.web.api.operations import operations
from tests.web.matrix import Actor, plant_doors
from tests.web.test_matrix import ask, caller
from webapp.care.accounts.api_tokens import SCOPES
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.demo import cast

SAID = {
    "body": "What stayed with me is that asking early is easier than explaining later.",
    "note": "Called back.", "reason": "The room is being painted.", "why": "As agreed.", "signature": "Maya Torres",
    "at": "2026-03-04T12:30", "starts_at": "2026-03-09T18:00", "due_at": "2026-03-09T18:00", "times": "", "feedback": "Well seen.",
    "minutes": "60", "capacity": "4", "title": "Breathing", "url": "https://example.org/1", "channel": "call", "outcome": "reached",
    "category": "schedule", "purpose": "together", "term": "90", "type": "present", "kind": "reading", "barrier": "Work",
    "steps": "make_ups", "solved": "video", "windows": "1-18:00-20:00", "name": "Phone", "makes_up": "group", "to": "everyone",
}  # fmt: skip
"""What is written into fields that are empty on their page."""

WHO = (*ACTORS, "colin")
NEW_EACH_TIME = {
    "account.make_codes": "each set of codes is a new one, shown once; only its owner is told",
    "client.calendar.make": "each link is a new secret, shown once; the one before ends",
    "client.own_copy.take": "each is one more copy in somebody's hands; only its owner is told",
    "client.devices.test": "each is a test that was asked for, five at once at most",
    "staff.sign_in_links.issue": "each link is a new secret after another call, five at once at most",
}  # fmt: skip
"""Forms that do something new each time, and why."""
SAYS_SOMETHING = {
    "client.absences.withdraw", "client.backup_plan.save", "client.group_times.for_good",
    "client.group_times.once", "client.homework.reopen", "client.make_ups.cancel", "client.messages.send",
    "client.needs.save", "client.reminders.mark", "client.reminders.save", "client.resources.finish", "client.seats.coming",
    "client.seats.join", "client.sharing.end", "client.sharing.give", "client.waiting.accept", "client.waiting.leave",
    "client.waiting.let_go", "client.windows.save", "staff.hand_ins.reopen", "staff.help_desk.attempt",
    "staff.help_desk.claim", "staff.help_desk.end", "staff.homework.withdraw", "staff.make_up_ledger.cancel", "staff.make_ups.cancel",
    "staff.make_ups.open_slot", "staff.messages.send", "staff.people.excuse", "staff.people.mark_address", "staff.people.write_contact",
    "staff.people.write_plan", "staff.reflections.confirm", "staff.resources.withdraw", "staff.rooms.cancel",
    "staff.rooms.move", "staff.sharing.end", "staff.sharing.pause", "staff.tasks.acknowledge",
    "staff.tasks.finish",
}  # fmt: skip
"""Forms that are filled so that the first time says something: the test would be empty without."""


@pytest.fixture
def database(engine, databases, clock):
    with databases.borrowed(engine, plant_doors) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases):
    return databases.planted(engine, plant_doors)[1]


OTHERWISE = {
    "client.absences.report": {"reason": "work"}, "staff.rooms.move": {"starts_at": "2026-03-09T18:00"},
    "client.needs.save": {"need": "captions"}, "client.resources.keep_place": {"seconds": "40"},
    "staff.emergencies.begin": {"reason": "She called in danger."},
}  # fmt: skip


def filled(form: Form) -> dict[str, str]:
    said = SAID | OTHERWISE.get(form.door.endpoint, {})
    given = {name: form.values.get(name) or said.get(name, "") for name in form.names}
    given |= OTHERWISE.get(form.door.endpoint, {})
    if "reported_at" in given:
        given["reported_at"] = ""
    return {name: value for name, value in given.items() if value}


def events(connection: Any) -> list[str]:
    """The tags of all events so far but readings: those are traces of pages shown (P7)."""
    found = select(Event.tag).where(Event.tag != Tag.CHART_READ).order_by(Event.id)
    return list(connection.execute(found).scalars())


def twice(database: Any, send: Any) -> tuple[Any, list[str], list[str]]:
    """What the first answer was, and the events of the first and of the second time."""
    none = events(database.readers)
    answer = send()
    first = events(database.readers)
    send()
    return answer, first[len(none) :], events(database.readers)[len(first) :]


def test_no_form_sent_twice_says_anything_new(
    app: Flask, database: Any, objects: Any, clock: Any
) -> None:
    actors = {name: Actor(app, database, name) for name in WHO}
    said, broken = set(), []
    for form in known_forms(app, database, objects, actors):
        if form.door.method == "GET":
            continue
        actor = actors[next(n for n in WHO if n in audiences.FOR[form.door.endpoint])]
        with actor.undone():
            send = partial(actor.open, form.door, data=filled(form))
            answer, first, second = twice(database, send)
        said |= {form.door.endpoint} if first else set()
        if second and form.door.endpoint not in NEW_EACH_TIME:
            broken.append(f"{form.door.name}: {answer.status_code}, then {second}")
    assert not broken, told(broken, "A verb that finds its fact there already returns it and records nothing. If each time is new, say why in NEW_EACH_TIME.")  # fmt: skip
    assert said >= SAYS_SOMETHING, "These forms were not filled so that they do anything."
    assert said >= NEW_EACH_TIME.keys()


def test_no_call_made_twice_says_anything_new(
    app: Flask, database: Any, objects: Any, clock: Any
) -> None:
    call = caller(app, database, "harbor", *SCOPES)
    with database.writing() as store:
        people, starts_at = cast.find(store), clock.now() - timedelta(minutes=30)
        seated = [people.maya, people.ben]
        cast.open_room(store, people.carla, seated, starts_at, now=starts_at, ref="evening")
        store.commit()
    broken = []
    for one in operations():
        if one.method == "GET" or one.signed or one.name == "reinstate_session":
            continue  # a second reinstatement is refused, as the contract says
        with database.readers.begin_nested() as nested:
            send = partial(ask, call, one, objects)
            answer, first, second = twice(database, send)
            nested.rollback()
        assert first or answer.status_code < 400, (one.name, answer.text)
        if second:
            broken.append(f"{one.name}: {answer.status_code}, then {second}")
    assert not broken, told(broken, "A call says what is so: the second time nothing is new.")
