"""P7: every reading of what a client wrote, or staff wrote about them, is recorded, also on a page that refuses a form."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import rows
from tests.conftest import THAT_DAY
from tests.house.reading import told
from tests.web.matrix import DAY, Actor, doors, plant_doors
from webapp import clock
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import reengagement_plans
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.directory.people import Person
from webapp.care.materials.homework import HandIn
from webapp.crypto import sealed
from webapp.operations import field_keys
from webapp.web.page import unit_of_work

NOT_HERS = {"authenticator", "counseling_note", "draft", "homework", "letter", "resource"}
"""Sealed, and seen by its writer alone, by nobody, or written for a whole session."""
SHOWN = {
    "AbsenceReport", "Accommodation", "Attempt", "BackupPlan", "EmergencyAccess", "HandIn", "Message",
    "Plan", "Presence", "ReceivedText", "Reflection", "Summary",
}  # fmt: skip
"""Tables whose words staff's pages show: the sweep has to come upon each."""


def plant_canaries(database) -> dict[str, Any]:
    """One of everything about Maya, and in all its sealed words the name of its table."""
    objects = plant_doors(database)
    with clock.running_from(THAT_DAY), database.writing() as store:
        who = {ref: row_id for row_id, ref in store.execute(select(Person.id, Person.ref))}
        maya, carla, at = who["maya"], who["carla"], THAT_DAY - DAY
        seat, room = {"seat_id": objects["seat_id"]}, {"session_id": objects["session_id"]}
        hers, wrote = {"client_id": maya}, {"by_id": carla}

        def one(table: str, **given: Any) -> Any:
            return rows.put(store, table, at, "x", **given).get("id")

        one("accommodation", kind="captions", ended_at=None, asked_by_id=maya, **hers)
        one("backup_plan", by_id=maya, **hers)
        one("contact", channel="call", outcome="reached", recorded_at=at, **hers, **seat, **wrote)
        one("plan", made_at=at, **hers, **seat, **wrote)
        one("message", by_id=maya, sent_at=at, **hers)
        one("excusal", **seat, **wrote)
        one(
            "presence", person_id=maya, type="staff_absent", source="staff", recorded_at=at, reason="x",
            **room, **wrote,
        )  # fmt: skip
        one("summary", version=1, published_at=at, **hers, **room, **wrote)
        task = one("task", program_id=1, key="o", kind="outreach", role="counselor", owner_id=carla, done_at=None, withdrawn=False, due_at=at, **hers, **seat, **room)  # fmt: skip
        one("attempt", task_id=task, outcome="left_message", **wrote)
        text = one("received_text", phone="+12125550107")
        one("shown_text", text_id=text, task_id=task)
        answered = store.get_one(HandIn, objects["hand_in_id"])
        answered.feedback_at, answered.feedback_by_id = at, carla
        for table in field_keys.sealed_tables():
            model = rows.model_of(table)
            for row in store.scalars(select(model)) if table.name not in NOT_HERS else ():
                for column in sealed.columns_of(table):
                    setattr(row, column.name, f"Canary{model.__name__}")
        store.commit()
    return objects | {"maya": maya}


@pytest.fixture
def database(engine, databases, clock):
    with databases.borrowed(engine, plant_canaries) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases):
    return databases.planted(engine, plant_canaries)[1]


def ways(app, objects):
    """Every door of staff's, looked through and knocked at with an empty form, which most refuse, with htmx and without."""
    for door in doors(app, objects):
        if not door.endpoint.startswith("staff."):
            continue
        yield door, door.path, {}
        if door.method == "POST":
            yield door, door.path, {"HX-Request": "true"}
        if door.endpoint == "staff.tasks.show":
            yield door, f"{door.path}?show=overdue", {}
        if "summaries" in door.endpoint:
            yield door, f"{door.path}?for={objects['maya']}", {}


@pytest.mark.parametrize(("engine", "name"), [("sqlite", "carla"), ("postgresql", "susan")], indirect=["engine"])  # fmt: skip
def test_no_page_shows_a_clients_text_without_recording_the_reading(
    app, database, objects, name
) -> None:
    actor, silent, met = Actor(app, database, name), [], set()
    for door, path, headers in ways(app, objects):
        with actor.undone():
            before = traces(database, objects["maya"])
            answer = actor.open(door, path=path, headers=headers)
            text = answer.get_data().decode(errors="replace")
            assert answer.status_code < 500, door.name
            found = set(re.findall(r"Canary(\w+)", text))
            met |= found
            if found and traces(database, objects["maya"]) != before + 1:
                silent.append(f"{door.method} {path} {headers}: {', '.join(sorted(found))}")
    assert not silent, told(silent, "Give its picture a `reading` (webapp/care/privacy/record_views.py): one trace an answer.")  # fmt: skip
    assert met >= SHOWN


def traces(database, client_id: int) -> int:
    mine = select(func.count(Event.id)).where(
        Event.client_id == client_id, Event.tag == Tag.CHART_READ
    )
    with database.reading() as store:
        return store.scalar(mine) or 0


def test_a_begun_change_that_is_refused_is_not_committed_with_the_trace(
    app, store, world, clock
) -> None:
    """The trace has a unit of work of its own, and the one of the request is not committed for it."""
    kept = select(func.count(Plan.id))
    before = store.scalar(kept)
    with app.test_request_context(method="POST"):
        unit_of_work.begin_writing()
        reengagement_plans.make(unit_of_work.store, world.maya, by=world.carla, now=clock.now(), barrier="The bus.", steps=["make_up"])  # fmt: skip
        with unit_of_work.separate_transaction():
            pass
    assert store.scalar(kept) == before
