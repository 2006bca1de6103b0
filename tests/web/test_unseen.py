"""S1: what somebody may not see answers as what does not exist, to the byte: by page and by call, in addresses and in forms."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import THAT_DAY
from tests.house.reading import told
from tests.web import audiences
from tests.web.api.operations import operations
from tests.web.matrix import ACTORS, TURNED_AWAY, Actor, Door, caller, doors, outcome, plant_doors
from webapp import clock
from webapp.care.accounts.api_tokens import SCOPES
from webapp.care.directory.people import Person
from webapp.care.schedule import series
from webapp.care.schedule.sessions import Session
from webapp.demo import cast

NOWHERE = 987_654
OURS_ALONE = re.compile(r'csrf[_-]token" (?:content|value)="[^"]+"|nonce-[A-Za-z0-9_=-]+')
"""What differs from one answer to the next, whoever asks for what: tokens."""
SENT_WITH_IT = ("Date", "Set-Cookie", "Content-Length", "Content-Security-Policy")
HIDDEN = ("seat_id", "session_id", "person_id", "homework_id", "resource_id", "make_up_id", "entry_id", "held_id",
          "hand_in_id", "consent_id", "passkey_id", "device_id", "login_id", "note_id", "access_id", "task_id", "text_id")  # fmt: skip


def plant_strangers(database) -> dict[str, Any]:
    """One of everything that is Maya's, and sessions, a series and staff that she has nothing to do with, here and in Sunrise."""
    objects = plant_doors(database)
    with clock.running_from(THAT_DAY), database.writing() as store:
        world = cast.find(store)
        for program, host in ((world.harbor, world.colin), (world.sunrise, world.nora)):
            at = THAT_DAY + timedelta(days=2, hours=5)
            room = cast.open_room(store, host, [], at, now=THAT_DAY, ref="unseen", title="Another")
            weekly, _ = series.put(
                store, program, "unseen", kind="group", title="Another", local_start=at.replace(tzinfo=None),
                duration=timedelta(hours=1), time_zone="America/New_York", rrule="FREQ=WEEKLY", host=host,
                capacity=8, clients=[], by=host, now=THAT_DAY,
            )  # fmt: skip
            objects |= {f"session of {program.ref}": room.id, f"series of {program.ref}": weekly.id}
            objects |= {f"client of {program.ref}": world.zoe.id if program is world.harbor else world.aiko.id}  # fmt: skip
        store.commit()
    return objects


@pytest.fixture
def database(engine, databases, clock):
    with databases.borrowed(engine, plant_strangers) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases):
    return databases.planted(engine, plant_strangers)[1]


def plain(answer) -> tuple[Any, ...]:
    """An answer without its tokens."""
    headers = sorted((name, value) for name, value in answer.headers if name not in SENT_WITH_IT)
    return answer.status_code, headers, OURS_ALONE.sub("…", answer.get_data().decode(errors="replace"))  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "name"),
    [("sqlite", name) for name in ACTORS] + [("postgresql", name) for name in ("ben", "henry", "nora", "colin")],
    indirect=["engine"],
)  # fmt: skip
def test_a_page_of_somebody_elses_answers_as_one_that_does_not_exist(
    app, database, objects, name
) -> None:
    """Every route with a number in its address, read and written to, by everybody who is turned away."""
    actor, told_apart, asked = Actor(app, database, name), [], 0
    nowhere = _doors_of(app, objects | dict.fromkeys(_numbers(objects), NOWHERE))  # fmt: skip
    for key, door in _doors_of(app, objects).items():
        if door.path == nowhere[key].path:
            continue
        with actor.undone():
            theirs = actor.open(door, data=door.form or None)
        if outcome(theirs) != TURNED_AWAY:
            continue
        asked += 1
        with actor.undone():
            nobodys = actor.open(nowhere[key], data=door.form or None)
        if plain(theirs) != plain(nobodys):
            told_apart.append(f"{door.name}: {theirs.status_code}, {nobodys.status_code}")
    assert not told_apart, told(told_apart, "Load it through the person, and let what is not theirs be 404 from the same place.")  # fmt: skip
    assert asked > 20 or name in audiences.GONE


def _numbers(objects: dict[str, Any]) -> list[str]:
    return [name for name in objects if name.rpartition(" ")[2] in HIDDEN]


def _doors_of(app, objects: dict[str, Any]) -> dict[tuple[str, str], Door]:
    return {(door.endpoint, door.method): door for door in doors(app, objects)}


FORMS = {
    "client.group_times.once": ("maya", "session", "session"),
    "client.group_times.for_good": ("maya", "series", "series"),
    "client.make_ups.book": ("maya", "session", "session"),
    "client.waiting.join": ("maya", "session", "session"),
    "client.sharing.give": ("maya", "recipient", "client"),
    "staff.make_up_ledger.book": ("tessa", "what", "session"),
    "staff.homework.set_new": ("carla", "for", "client"),
    "staff.resources.put_new": ("carla", "for", "client"),
    "staff.summaries.write": ("carla", "for", "client"),
}
"""Endpoint → who sends its form, the field that names a row, and the kind of row."""
FILLED = {"title": "Read", "whom": "some", "kind": "reading", "body": "Some words."}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("endpoint", FORMS)
def test_a_form_that_names_what_one_may_not_see_is_refused_as_if_it_did_not_exist(
    app, database, objects, endpoint
) -> None:
    name, field, kind = FORMS[endpoint]
    actor = Actor(app, database, name)
    [door] = [each for each in doors(app, objects) if each.endpoint == endpoint]
    prefix = "session-" if field == "what" else ""

    numbers = [NOWHERE, *(objects[f"{kind} of {program}"] for program in ("harbor", "sunrise"))]

    def ask(number: int) -> tuple[Any, ...]:
        with actor.undone():
            status, headers, text = plain(
                actor.open(door, data=FILLED | {field: f"{prefix}{number}"})
            )
        return status, headers, re.sub(rf"\b({'|'.join(map(str, numbers))})\b", "…", text)

    nobodys, ours, theirs = (ask(number) for number in numbers)
    assert nobodys[0] in (404, 409, 422)
    assert theirs == nobodys
    assert ours == nobodys or endpoint == "staff.make_up_ledger.book"


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_a_call_about_another_programs_rows_is_answered_as_about_none(app, database, objects) -> None:  # fmt: skip
    """Every operation, its address and its body naming what Harbor has, and what nobody has, by a token of Sunrise with all scopes."""
    call = caller(app, database, "sunrise", *SCOPES)
    with database.reading() as store:
        refs = set(store.scalars(select(Person.ref))) | set(store.scalars(select(Session.ref)))
        refs -= set(store.scalars(select(Person.ref).where(Person.program_id == 2)))
    refs |= {"maya_and_ben", "evening", "mornings", "h1", "r1"}
    named = re.compile(rf"\b({'|'.join(sorted(map(re.escape, refs), key=len, reverse=True))})\b")
    told_apart = []
    for operation in operations():
        if not operation.scope:
            continue
        for swap in ("address", "both"):
            address, body = operation.address(objects["task_id"]), operation.example
            elsewhere = named.sub("nobodys", address).replace(
                f"/{objects['task_id']}/", f"/{NOWHERE}/"
            )
            other = _renamed(body, named) if swap == "both" else body
            answers = []
            for path, sent in ((address, body), (elsewhere, other)):
                nested = database.readers.begin_nested()
                answer = call(operation.method, path, sent)
                nested.rollback()
                text = named.sub("nobodys", answer.text)
                answers.append((answer.status_code, text))
            if answers[0] != answers[1]:
                told_apart.append(f"{operation.name} ({swap}): {answers}")
    assert not told_apart, told(told_apart, "Find it through `contract/lookups`, in the token's program alone.")  # fmt: skip


def _renamed(body: Any, named: re.Pattern[str]) -> Any:
    if isinstance(body, dict):
        return {key: _renamed(value, named) for key, value in body.items()}
    if isinstance(body, list):
        return [_renamed(each, named) for each in body]
    return named.sub("nobodys", body) if isinstance(body, str) else body
