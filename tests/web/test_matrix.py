"""S1: everybody requests every route. Who a route is for is in tests/web/audiences.py."""

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests import rows
from tests.conftest import THAT_DAY
from tests.databases import Databases
from tests.house.reading import told
from tests.web import audiences, matrix
from tests.web.api.operations import operations
from tests.web.matrix import (
    ACTORS,
    LET_IN,
    SENT_TO_SIGN_IN,
    TURNED_AWAY,
    Actor,
    ask,
    caller,
    doors,
    plant_doors,
)
from webapp.care.accounts.api_tokens import SCOPES
from webapp.care.audit.events import Event
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.db import Store


@pytest.fixture
def database(engine, databases: Databases, clock):
    with databases.borrowed(engine, plant_doors) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases: Databases):
    return databases.planted(engine, plant_doors)[1]


def test_every_route_has_a_line_and_every_line_a_route(app: Flask, objects) -> None:
    """A route that nobody thought about is a hole: say whom it is for."""
    there = {door.endpoint for door in doors(app, objects)}
    missing, gone = sorted(there - audiences.FOR.keys()), sorted(audiences.FOR.keys() - there)
    assert not missing, told(missing, "Say whom the route is for in FOR of tests/web/audiences.py.")
    assert not gone, told(gone, "The route is gone: take its line out of tests/web/audiences.py.")


WHO_ASKS = [("sqlite", name) for name in ACTORS] + [
    ("postgresql", name) for name in ("maya", "ben", "charlie", "carla", "nora")
]
"""The table of who may do what is the same on both databases; what each finds of a row's owner is asked again on the second by
one of every kind: an owner, a partner, a stranger, staff, staff of another program."""


@pytest.mark.parametrize(("engine", "name"), WHO_ASKS, indirect=["engine"])
def test_everybody_gets_in_where_they_belong_and_nowhere_else(
    app: Flask, database, objects, name: str
) -> None:
    """Reads and changes alike, with a valid CSRF token: a stranger finds nothing (404), not a refusal that tells of it."""
    actor = Actor(app, database, name)
    broken = []
    for door in doors(app, objects):
        found = actor.knock(door)
        wanted = expected(name, door.endpoint)
        if found not in wanted:
            broken.append(f"{door.name}: {name} got {found}, not {' or '.join(sorted(wanted))}")
    assert not broken, told(
        broken,
        "Load the object through the person (visible_to), guard the view with the right permission, or mend the route's"
        " line in tests/web/audiences.py.",
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_s18_emergency_access_opens_no_change_that_was_closed(
    app: Flask, database, objects
) -> None:
    """S18: two hours of reading. Nothing that changes something opens by it; pages of the chart do."""
    with database.writing() as store:
        who = {
            "client_id": objects["person_id"],
            "reason": "She may be in danger.",
            "ended_at": None,
        }
        colin = store.scalars(select(Person.id).where(Person.ref == "colin")).one()
        day = matrix.DAY
        rows.put(
            store, "emergency_access", THAT_DAY, staff_id=colin, began_at=THAT_DAY,
            ends_at=THAT_DAY + day / 12, **who,
        )  # fmt: skip
        store.commit()
    actor, found = Actor(app, database, "colin"), {"GET": [], "POST": []}
    for door in doors(app, objects):
        if "colin" not in audiences.FOR[door.endpoint] and actor.knock(door) == LET_IN:
            found["GET" if door.method == "GET" else "POST"].append(door.endpoint)
    assert "staff.people.show" in found["GET"]
    assert found["POST"] == []


def test_what_is_asked_for_in_full_is_done(app: Flask, database, objects) -> None:
    """The objects are real: whoever is let in with a form that says what it should gets what they asked for."""
    filled = {door.endpoint: door for door in doors(app, objects) if door.form}
    for endpoint, door in filled.items():
        name = "carla" if endpoint.startswith("staff.") else "maya"
        with database.readers.begin_nested() as nested:
            assert Actor(app, database, name).open(door, data=door.form).status_code in (
                200,
                303,
            ), endpoint
            nested.rollback()
    assert filled.keys() == objects["forms"].keys()


def expected(name: str, endpoint: str) -> set[str]:
    audience = audiences.FOR.get(endpoint, frozenset())
    if audience == audiences.EVERYONE:
        return {LET_IN, SENT_TO_SIGN_IN}
    if endpoint == "sign_in.sign_out":
        return {SENT_TO_SIGN_IN}
    if name in audiences.MAY_ONLY_LOOK.get(endpoint, ()):
        return {"403"}
    if name in audiences.GONE:
        return {SENT_TO_SIGN_IN}
    return {LET_IN} if name in audience else {TURNED_AWAY}


class TestTheApi:
    """A token opens what its scopes name, in its own program."""

    def test_a_token_opens_what_its_scopes_name(self, app: Flask, database, objects) -> None:
        callers = {scope: caller(app, database, "harbor", scope) for scope in SCOPES}
        for operation in operations():
            if operation.scope:
                for scope, call in callers.items():
                    answer = ask(call, operation, objects)
                    assert (answer.status_code == 403) == (scope != operation.scope), (
                        operation.name, scope, answer.text,
                    )  # fmt: skip

    def test_no_token_opens_nothing(self, app: Flask, database, objects) -> None:
        call = caller(app, database, "harbor", "read")
        for operation in operations():
            if operation.scope:
                for bad in ("", "Bearer", "Bearer x", "Basic YTpi", f"Bearer {call.token}x"):
                    answer = ask(call, operation, objects, Authorization=bad)
                    assert answer.status_code == 401, (operation.name, bad)

    def test_another_programs_token_neither_finds_nor_changes_ours(
        self, app: Flask, database, objects, store: Store
    ) -> None:
        """The other program holds all scopes and knows our references: they name nothing, or something of its own."""
        call = caller(app, database, "sunrise", *SCOPES)
        before = picture(store)
        for operation in operations():
            if operation.scope:
                answer = ask(call, operation, objects)
                if operation.method == "GET" and "{" in operation.path:
                    assert answer.status_code == 404, (operation.name, answer.text)
                if operation.method == "GET":
                    assert "Maya Torres" not in answer.text, operation.name
        assert picture(store) == before


def picture(store: Store):
    """What Harbor is made of, as far as a call could change it."""
    store.expire_all()
    harbor = store.scalars(select(Program).where(Program.ref == "harbor")).one()
    people = store.execute(
        select(Person.ref, Person.name, Person.status, Person.email)
        .where(Person.program_id == harbor.id)
        .order_by(Person.id)
    ).all()
    counted = store.scalar(select(func.count(Event.id)).where(Event.program_id == harbor.id))
    rooms = store.execute(
        text("SELECT count(*), min(starts_at), max(starts_at) FROM session WHERE program_id = :id"),
        {"id": harbor.id},
    ).all()
    return people, counted, rooms
