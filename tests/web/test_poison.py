"""Whatever any form, call, import or webhook accepts, in any field: every chore goes on, and every list stands, for everybody (R13).

`POISON_EXAMPLES=1000 [POISON_SEED=7] pytest tests/web/test_poison.py`; a few of them run with the other tests.
"""

import csv
import io
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import select

from tests.fuzz import calls
from tests.fuzz.corpus import value, word
from tests.fuzz.fields import Form
from tests.fuzz.pages import ACTORS, known_forms
from tests.web import audiences
from tests.web.api import test_sms_hook, zoom
from tests.web.api.conftest import SECRETS
from tests.web.api.operations import operations, put
from tests.web.client.me.test_devices import subscription
from tests.web.matrix import Actor, Door, plant_doors
from tests.web.test_matrix import caller
from webapp import worker
from webapp.batches import SetAside
from webapp.care.accounts.api_tokens import SCOPES
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.cli.rosters import entering, files
from webapp.db import Database

EXAMPLES = int(os.environ.get("POISON_EXAMPLES") or 8)
"""On each database, of forms, calls and cells together."""
SEED = int(os.environ.get("POISON_SEED") or 1)
ROSTER = Path(__file__).parents[1] / "cli" / "roster-60.csv"
LISTS = {
    "carla": ("/staff", "/staff/tasks", "/staff/tasks?show=role", "/staff/people"),
    "susan": ("/staff", "/staff/tasks?show=role", "/staff/timeliness?days=30"),
    "ben": ("/", "/schedule", "/schedule?view=all", "/schedule?view=earlier", "/catch-up", "/times"),
    "maya": ("/", "/schedule", "/me", "/me/reminders"),
}  # fmt: skip
"""Who opens what. Ben is the neighbour who notices nothing."""
AHEAD = (timedelta(0), timedelta(hours=4), timedelta(hours=30))
"""When the chores are walked, counted from the example: before, in and after what is planned."""
NOBODY_LISTENS = "127.0.0.1:9"
OTHER_DIGITS = [{ord("0") + n: chr(zero + n) for n in range(10)} for zero in (0xFF10, 0x660, 0x6F0, 0x966)]  # fmt: skip
FULL_WIDTH = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
SPELT = ("21:0\uff10", "2\u00b2:00", "24:00", "00:00", "23:59", "\u0663\u0660", "1e3", "1_0", "007", "+7", "-7", " 7", "PT0S", "P1W",
         "PT1.5S", "Etc/UTC", "posixrules", "Factory", "GMT+0", "Asia/Kathmandu", "2026-03-08T02:30", "2026-11-01T01:30", "2099-12-31T23:59",
         "2026-W10-1", "20260304", "FREQ=DAILY;COUNT=1", "FREQ=YEARLY;BYMONTHDAY=30;BYMONTH=2", "en", "es", "\u0130", "\u0000e9", "<b>", "'\"")  # fmt: skip
"""What a reader may read otherwise than the pattern before it."""


def spelt(dice: random.Random, before: Any) -> str:
    """A value for a field: what stands there in other letters, what readers differ about, or anything."""
    kind = dice.randrange(4)
    text = str(before or dice.choice(SPELT))
    if kind == 0:
        return text.translate(dice.choice(OTHER_DIGITS))
    if kind == 1:
        place = dice.randrange(len(text))
        return text[:place] + text[place:].translate(FULL_WIDTH)
    return dice.choice(SPELT) if kind == 2 else word(dice)[:300]


# --- how something gets in ----------------------------------------------------------------------------------------------


def by_form(dice: random.Random, app: Flask, database: Any, objects: Any, forms: list[Form]) -> str:
    form = dice.choice([each for each in forms if each.door.method != "GET"])
    name = dice.choice(sorted(form.names))
    given = form.values | {name: spelt(dice, form.values.get(name))}
    given.pop("csrf_token", None)
    meant = [each for each in ACTORS if each in audiences.FOR[form.door.endpoint]]
    actor = Actor(app, database, dice.choice(meant or list(ACTORS)))
    answer = actor.open(form.door, data=given)
    return f"{form.door.name} {name}={given[name]!r}: {answer.status_code}"


def by_call(dice: random.Random, app: Flask, database: Any) -> str:
    one = dice.choice(
        [each for each in operations() if each.spec.get("requestBody") and not each.signed]
    )
    steps = dice.choice(sorted(calls.fields_of(one.schema), key=str))
    call, bad = caller(app, database, "harbor", *SCOPES), spelt(dice, None)
    try:
        body = put(one.example, steps, bad)
    except (KeyError, IndexError, TypeError):
        body = {**one.example, steps[0]: bad}
    headers = {"Authorization": f"Bearer {call.token}"}
    answer = call.client.open(
        calls.API + one.address(1), method=one.method, json=body, headers=headers
    )
    return f"{one.method} {one.path} {steps}={bad!r}: {answer.status_code}"


def by_roster(dice: random.Random, database: Any, now: Any) -> str:
    """One cell of a roster's first rows."""
    lines = [line for line in ROSTER.read_text().splitlines() if not line.startswith("#")]
    head, *rows = csv.reader(lines)
    row = dice.choice(rows)
    place = dice.choice([place for place, cell in enumerate(row) if cell and place > 0])
    row[place] = bad = spelt(dice, row[place])
    written = io.StringIO()
    csv.writer(written).writerows([head, *rows])
    records, problems = files.read(written.getvalue().encode("utf-8", "replace"))
    with database.writing() as store:
        program = store.scalars(select(Program).where(Program.ref == "harbor")).one()
        entered = entering.enter(store, program, records, by=None, now=now)
        refused = bool(problems or entered.problems)
        if not refused:
            store.commit()
    return f"roster {head[place]}={bad!r}: {'refused' if refused else 'entered'}"


def by_text_message(dice: random.Random, app: Flask) -> str:
    """A text message to the number, as Twilio forwards it."""
    form = {"MessageSid": "SM1", "From": "+16175550142", "To": "+15550100", "Body": "Hello", "OptOutType": ""}  # fmt: skip
    name = dice.choice(sorted(form))
    form[name] = spelt(dice, form[name])
    answer = test_sms_hook.send(app, form, test_sms_hook.sign(form))
    return f"text message {name}={form[name]!r}: {answer.status_code}"


def by_zoom(dice: random.Random, app: Flask, now: Any) -> str:
    """An event of Zoom, with one of its values changed."""
    kind = dice.choice(("joined", "left", "started", "ended"))
    told = zoom.participant(kind, now) if kind in ("joined", "left") else zoom.meeting(kind, now)
    inside = dice.choice(
        [
            told,
            told["payload"],
            told["payload"]["object"],
            told["payload"]["object"].get("participant", told),
        ]  # fmt: skip
    )
    name = dice.choice(sorted(inside))
    inside[name] = bad = spelt(dice, inside[name]) if dice.random() < 0.7 else value(dice)
    answer = zoom.send(app, told, SECRETS[0])
    return f"zoom {kind} {name}={bad!r}: {answer.status_code}"


def by_device(dice: random.Random, app: Flask, database: Any) -> str:
    """A push subscription, as a browser hands it over."""
    told = subscription(endpoint=f"http://{NOBODY_LISTENS}/one")
    inside = dice.choice([told, told["keys"]])
    name = dice.choice(sorted(inside))
    inside[name] = bad = spelt(dice, inside[name]) if dice.random() < 0.7 else value(dice)
    who = Actor(app, database, dice.choice(("maya", "carla")))
    headers = {"User-Agent": word(dice).encode("ascii", "ignore").decode().replace("\r\n", "")}
    answer = who.open(Door("", "POST", "/me/devices"), json=told, headers=headers)
    return f"device {name}={bad!r}: {answer.status_code}"


# --- what must not come of it -------------------------------------------------------------------------------------------


def aside(database: Database) -> Counter[tuple[str, int]]:
    with database.reading() as store:
        return Counter((each.chore, each.subject_id) for each in store.scalars(select(SetAside)))


def walked(database: Database, settings_: Any, clock: Any) -> Iterator[str]:
    """Every chore, now and later; what raised as a whole."""
    began = clock.now()
    with worker.chores(settings_, patient=True) as todo:
        for ahead in AHEAD:
            clock.set(began + ahead)
            for chore in todo:
                chore.due = 0.0
            worker.run_until_idle(database, todo)
            yield from (f"{chore.name} raised" for chore in todo if chore.troubles)
        clock.set(began)


def opened(app: Flask, database: Any) -> Iterator[str]:
    for name, addresses in LISTS.items():
        actor = Actor(app, database, name)
        for address in addresses:
            answer = actor.open(Door("", "GET", address))
            if answer.status_code >= 500:
                yield f"{address} answered {answer.status_code} to {name}"


@pytest.fixture
def settings(settings):
    """With the secrets of both kinds of webhook; what goes out goes to a port of this machine where nobody listens."""
    return settings.model_copy(
        update={
            "sms_url": f"twilio://AC1:to%2Fken@{NOBODY_LISTENS}?from=+15550100", "push_hosts": (NOBODY_LISTENS,),
            "base_url": "http://localhost:5000", "zoom_secrets": {"harbor": SECRETS},
        }
    )  # fmt: skip


@pytest.fixture
def database(engine, databases, clock):
    with databases.borrowed(engine, plant_doors) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases):
    return databases.planted(engine, plant_doors)[1]


def test_whatever_is_accepted_the_neighbours_notice_nothing(
    app: Flask, database: Any, objects: Any, settings: Any, clock: Any
) -> None:
    actors = {name: Actor(app, database, name) for name in ACTORS}
    forms = known_forms(app, database, objects, actors)
    connection, began = database.readers, clock.now()
    before = _as_planted(database, settings, clock, connection)

    @lasting
    @given(st.integers(0, 2**32))
    def example(number: int) -> None:
        dice = random.Random(f"{SEED} {number}")
        clock.set(began)
        nested = connection.begin_nested()
        try:
            what = _written(dice, app, database, objects, forms, began)
            wrong = [*walked(database, settings, clock), *opened(app, database)]
            wrong += [f"{chore} set {subject} aside" for chore, subject in aside(database) - before]
            assert not wrong, f"{what}: {wrong}"
        finally:
            clock.set(began)
            if nested.is_active:
                nested.rollback()

    example()


def _written(
    dice: random.Random, app: Flask, database: Any, objects: Any, forms: list[Form], now: Any
) -> str:
    """Something hostile, let in by one of the ways; what it was and what was answered."""
    way = dice.random()
    if way < 0.5:
        return by_form(dice, app, database, objects, forms)
    if way < 0.75:
        return by_call(dice, app, database)
    if way < 0.85:
        return by_roster(dice, database, now)
    if way < 0.9:
        return by_text_message(dice, app)
    return by_zoom(dice, app, now) if way < 0.95 else by_device(dice, app, database)


lasting = hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


def _as_planted(database: Any, settings_: Any, clock: Any, connection: Any) -> Counter[Any]:
    """What is set aside although nobody wrote anything: rows of the planting hold only what their columns ask for."""
    nested = connection.begin_nested()
    try:
        assert list(walked(database, settings_, clock)) == []
        return aside(database)
    finally:
        nested.rollback()


def test_a_value_that_was_never_accepted_is_noticed_here(
    app: Flask, database: Any, settings: Any, clock: Any
) -> None:
    """The property can fail: with preferences as a full-width zero once left them, a seat is set aside. The neighbours still
    notice nothing; Maya's own settings are hers."""
    before = _as_planted(database, settings, clock, database.readers)
    with database.writing() as store:
        maya = store.scalars(select(Person).where(Person.ref == "maya")).one()
        maya.preferences = {"quiet_hours": ["21:0\uff10", "08:00"]}
        store.commit()
    assert list(walked(database, settings, clock)) == []
    assert [each for each in opened(app, database) if not each.endswith(" to maya")] == []
    assert {chore for chore, _ in aside(database) - before} >= {"look"}
