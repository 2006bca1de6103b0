"""P7, P12: what a client wrote, or staff wrote for or about them, is read by their care team alone, on pages and by calls, and every
reading is recorded, also on a page that refuses a form."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import rows
from tests.conftest import THAT_DAY
from tests.house.reading import told
from tests.web import audiences
from tests.web.api.operations import operations
from tests.web.matrix import DAY, LET_IN, Actor, ask, caller, doors, outcome, plant_doors
from webapp import clock
from webapp.care.accounts.api_tokens import SCOPES
from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import reengagement_plans
from webapp.care.contact.messages import ReadMark
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.directory import people
from webapp.care.directory.people import Person
from webapp.care.materials.homework import HandIn
from webapp.care.privacy import emergency_access
from webapp.care.schedule.sessions import Session
from webapp.crypto import sealed
from webapp.demo import cast
from webapp.operations import field_keys
from webapp.web.page import unit_of_work

NOT_HERS = {"authenticator", "counseling_note", "draft", "letter"}
"""Sealed, and seen by its writer alone, or by nobody."""
SHOWN = {
    "AbsenceReport", "Accommodation", "Attempt", "BackupPlan", "EmergencyAccess", "HandIn", "Homework",
    "Message", "Plan", "Presence", "ReceivedText", "Reflection", "Resource", "Summary",
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
        plan = one("plan", made_at=at, **hers, **seat, **wrote)
        events.record(store, Tag.PLAN_MADE, client=maya, by=carla, now=at, program_id=1, plan=plan)
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
        objects |= {"noted_id": task}
        for table in ("homework", "resource"):
            made = one(table, program_id=1, for_everyone=False, title=f"Title{table}", withdrawn_at=None, **room, **wrote)  # fmt: skip
            one(f"{table}_for", **{f"{table}_id": made}, **hers)
            objects |= {f"{table}_id": made}
        answered = store.get_one(HandIn, objects["hand_in_id"])
        answered.feedback_at, answered.feedback_by_id = at, carla
        for table in field_keys.sealed_tables():
            model = rows.model_of(table)
            for row in store.scalars(select(model)) if table.name not in NOT_HERS else ():
                if getattr(row, "for_everyone", False):
                    continue
                for column in sealed.columns_of(table):
                    setattr(row, column.name, f"Canary{model.__name__}")
        store.commit()
    return objects | {"maya": maya}


@pytest.fixture
def planting():
    """What the database holds; a test may name another."""
    return plant_canaries


@pytest.fixture
def database(engine, databases, clock, planting):
    with databases.borrowed(engine, planting) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases, planting):
    return databases.planted(engine, planting)[1]


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


def plant_outsiders(database) -> dict[str, Any]:
    """The same, Maya's evening being hosted by Colin, who counsels others; Cora coordinates and supervises others."""
    objects = plant_canaries(database)
    with clock.running_from(THAT_DAY), database.writing() as store:
        world = cast.find(store)
        store.get_one(Session, objects["session_id"]).host = world.colin
        people.put(
            store, world.harbor, "cora", kind="staff", name="Cora Lane", time_zone="America/New_York",
            roles=["coordinator", "supervisor"], by=None, now=THAT_DAY,
        )  # fmt: skip
        store.commit()
    return objects


OUTSIDERS = {
    "colin": {"Accommodation"}, "cora": {"EmergencyAccess"}, "ada": {"EmergencyAccess"}, "theo": set(),
    "nora": set(), "greta": set(),
}  # fmt: skip
"""Nobody of Maya's care team, and what each is shown all the same: a host what helps in the room (M25), who leads why somebody reached
her in an emergency, which they review (P8)."""


@pytest.mark.parametrize("planting", [plant_outsiders])
@pytest.mark.parametrize(("engine", "name"), [("sqlite", name) for name in OUTSIDERS] + [("postgresql", "colin"), ("postgresql", "cora")], indirect=["engine"])  # fmt: skip
def test_nobody_outside_the_care_team_is_shown_a_clients_text(app, database, objects, name) -> None:
    """P12: hosts, coordinators and administrators of others, technicians and staff of another program; titles count too."""
    actor, leaks = Actor(app, database, name), []
    for door, path, headers in ways(app, objects):
        with actor.undone():
            text = actor.open(door, path=path, headers=headers).get_data().decode(errors="replace")
        found = set(re.findall(r"(?:Canary|Title)(\w+)", text)) - OUTSIDERS[name]
        if found:
            leaks.append(f"{door.method} {path} {headers}: {', '.join(sorted(found))}")
    assert not leaks, told(leaks, "Load it through `teams.readable_by`, or `Assigned.readable_by` and `writable_by` (P12).")  # fmt: skip


@pytest.mark.parametrize("planting", [plant_outsiders])
@pytest.mark.parametrize(("engine", "name"), [("sqlite", "colin"), ("postgresql", "cora")], indirect=["engine"])  # fmt: skip
def test_nobody_outside_the_care_team_changes_or_withdraws_a_clients_text(
    app, database, objects, name
) -> None:
    """Every door that the audience table keeps for the care team stays shut, whatever the form says."""
    actor, opened = Actor(app, database, name), []
    hers = {f"staff.{one}.{act}" for one in ("homework", "resources") for act in ("change", "show", "withdraw")}  # fmt: skip
    for door in doors(app, objects):
        if door.endpoint in hers or audiences.FOR.get(door.endpoint) == audiences.CARE_TEAM:
            with actor.undone():
                found = actor.open(door, data=door.form or {"title": "Mine", "whom": "everyone"})
            if found.status_code != 404:
                opened.append(f"{door.name}: {found.status_code}")
    assert not opened


def plant_emergency(database) -> dict[str, Any]:
    """The same, while Colin has emergency access to Maya."""
    objects = plant_canaries(database)
    with clock.running_from(THAT_DAY), database.writing() as store:
        world = cast.find(store)
        emergency_access.begin(store, world.maya, "Her sister called, she may be in danger.", by=world.colin, now=THAT_DAY)  # fmt: skip
        store.commit()
    return objects


@pytest.mark.parametrize("planting", [plant_emergency])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_emergency_access_reads_one_chart_and_changes_nothing(app, database, objects) -> None:
    """S18: no door that changes anything opens by it; what is read leaves its trace and no mark of having been read."""
    actor, broken, met = Actor(app, database, "colin"), [], set()
    for door in doors(app, objects):
        with actor.undone():
            before = traces(database, objects["maya"]), marks(database)
            answer = actor.open(door, **({"data": door.form} if door.form else {}))
            found = set(re.findall(r"Canary(\w+)", answer.get_data().decode(errors="replace")))
            met |= found
            after = traces(database, objects["maya"]), marks(database)
        let_in = outcome(answer) == LET_IN and door.method != "GET"
        if let_in and "colin" not in audiences.FOR[door.endpoint]:
            broken.append(f"{door.name}: {answer.status_code}")
        if found and after != (before[0] + 1, before[1]):
            broken.append(f"{door.name}: {before} became {after}")
    assert not broken, told(broken, "Emergency access is set for requests that read (page/identity).")  # fmt: skip
    assert met >= {"Plan", "Message", "BackupPlan"}


def marks(database) -> list[Any]:
    with database.reading() as store:
        return list(store.execute(select(ReadMark.person_id, ReadMark.message_id)))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_no_call_returns_a_clients_text_unless_it_may_read_and_leaves_a_trace(
    app, database, objects
) -> None:
    """P7, by API: every operation of the document with every scope, and with those that go together."""
    broken, met = [], set()
    for scopes in (*((one,) for one in SCOPES), ("care", "read"), SCOPES):
        call = caller(app, database, "harbor", *scopes)
        for operation in (each for each in operations() if each.scope):
            for number in {objects["task_id"], objects["noted_id"]}:
                nested = database.readers.begin_nested()
                before = traces(database, objects["maya"])
                answer = ask(call, operation, objects | {"task_id": number})
                found = set(re.findall(rb"Canary([A-Za-z]+)", answer.get_data()))
                met |= {f"{operation.name}: {each.decode()}" for each in found}
                left = traces(database, objects["maya"]) - before
                reads = operation.name in CHARTS and answer.status_code == 200
                if (found or reads) and (left != 1 or "read" not in scopes):
                    broken.append(
                        f"{operation.name} {scopes}: {found or 'the chart'}, {left} traces"
                    )
                nested.rollback()
    assert not broken, told(broken, "Record it (web/api/contract/readings), and return it to the scope `read` alone.")  # fmt: skip
    assert {each.partition(":")[0] for each in met} == {
        "get_chart", "get_fhir_chart", "get_tasks", "acknowledge_task", "get_guests", "match_guest",
        "take_match_back",
    }  # fmt: skip


CHARTS = {"get_chart", "get_fhir_chart", "get_printed_chart"}


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
