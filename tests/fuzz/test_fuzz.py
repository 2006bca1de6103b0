"""R12: whatever is sent to whichever field by whomever: no 5xx, no markup that comes back, no change by a refused request.

`make fuzz REQUESTS=100000 [FUZZ_SEED=7]`; a small slice of it runs with the other tests. Every failure is printed with what
was sent.
"""

import inspect
import os
import random
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from rich.progress import track
from sqlalchemy import Connection, text

from tests.databases import Databases, every_table
from tests.fuzz.corpus import MARK, spoilt, word
from tests.house.reading import ROOT, told
from tests.visiting import Caller
from tests.web.api.operations import operations
from tests.web.matrix import Actor, Door, doors, plant_doors
from tests.web.test_matrix import caller
from webapp.care.tokens import SCOPES

REQUESTS = int(os.environ.get("FUZZ_REQUESTS") or 400)
"""For pages, and half as many for the API; on each database."""
SEED = int(os.environ.get("FUZZ_SEED") or 1)
ACTORS = ("nobody", "maya", "henry", "carla", "susan", "theo", "ada")
COUNTERS = {"rate_limit", "policy_report", "login", "visit", "heartbeat", "answer", "challenge"}
"""Tables that a refused request may well write to."""
FIELD = re.compile(r"""form(?:\.get|\.getlist|\.to_dict|\.pop)?[(\[]\s*["'](\w+)["']|args\.get\(["'](\w+)["']""")  # fmt: skip
NAMED = re.compile(r'name="(\w+)"')


@pytest.fixture
def database(engine, databases: Databases, clock):
    with databases.borrowed(engine, plant_doors) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases: Databases):
    return databases.planted(engine, plant_doors)[1]


def fields_of(app: Flask, door: Door) -> list[str]:
    """The names its module reads, those of the templates beside it, and one that nobody reads."""
    source = inspect.getsource(sys.modules[app.view_functions[door.endpoint].__module__])
    names = {a or b for a, b in FIELD.findall(source)}
    for template in re.findall(r'"((?:client|staff|account|sign_in)/[\w/]+\.html)"', source):
        if (path := ROOT / "templates" / template).exists():
            names |= set(NAMED.findall(path.read_text()))
    return sorted(names - {"csrf_token"}) + ["nobody_reads_this"]


def counts(connection: Connection, tables: list[str]) -> tuple[int, ...]:
    whole = " UNION ALL ".join(f"SELECT count(*) AS n FROM {name}" for name in tables)
    return tuple(connection.execute(text(whole)).scalars())


def guarded() -> list[str]:
    return sorted(set(every_table().tables) - COUNTERS)


def sent(dice: random.Random, door: Door, names: list[str]) -> dict[str, Any]:
    chosen = dice.sample(names, dice.randint(1, min(6, len(names))))
    form = {name: word(dice) for name in chosen}
    if door.method == "GET":
        return {"query_string": form}
    return {"data": form} if dice.random() < 0.9 else {"json": form}


def wrong_with(answer: Any, before: tuple[int, ...], after: tuple[int, ...]) -> str | None:
    if answer.status_code >= 500:
        return f"answered {answer.status_code}"
    if answer.mimetype == "text/html" and MARK in answer.text:
        return "gave our markup back"
    if answer.status_code >= 400 and before != after:
        return f"answered {answer.status_code} and changed something all the same"
    return None


def page_requests(app: Flask, database: Any, objects: dict[str, Any]) -> Iterator[str]:
    """Every failure, in a sentence."""
    dice = random.Random(SEED)
    connection, tables = database.readers, guarded()
    actors = {name: Actor(app, database, name) for name in ACTORS}
    places = doors(app, objects)
    names = {door: fields_of(app, door) for door in places}
    before = counts(connection, tables)
    for _ in track(range(REQUESTS), description="pages", disable=REQUESTS < 5000):
        name, door = dice.choice(ACTORS), dice.choice(places)
        given = sent(dice, door, names[door])
        nested = connection.begin_nested()
        try:
            answer = actors[name].open(door, **given)
            after = counts(connection, tables) if answer.status_code >= 400 else before
            found = wrong_with(answer, before, after)
        except Exception as error:
            found = f"raised {type(error).__name__}: {str(error)[:300]}"
        finally:
            if nested.is_active:
                nested.rollback()
        if found:
            yield f"{door.name} as {name}: {found}\n      with {str(given)[:400]!r}"


def test_no_form_is_broken_by_what_is_written_into_it(app: Flask, database, objects) -> None:
    broken = list(page_requests(app, database, objects))
    assert not broken, told(broken[:20], f"Of {REQUESTS} requests (seed {SEED}). Refuse what cannot be used (webapp.refusals), before anything is written.")  # fmt: skip


def api_requests(call: Caller, connection: Connection) -> Iterator[str]:
    dice, tables = random.Random(SEED), guarded()
    asked = [one for one in operations() if one.scope and not one.signed]
    before = counts(connection, tables)
    for _ in track(range(REQUESTS // 2), description="API", disable=REQUESTS < 5000):
        operation = dice.choice(asked)
        body = spoilt(dice, operation.example) if operation.method != "GET" else None
        query = {one["name"]: word(dice) for one in operation.parameters("query")[:2]}
        path = operation.address(dice.choice([1, 7, 2**40]))
        nested = connection.begin_nested()
        try:
            answer = call.client.open(
                "/api/v1" + path, method=operation.method, json=body, query_string=query,
                headers={"Authorization": f"Bearer {call.token}"},
            )  # fmt: skip
            after = counts(connection, tables) if answer.status_code >= 400 else before
            found = wrong_with(answer, before, after)
        except Exception as error:
            found = f"raised {type(error).__name__}: {str(error)[:300]}"
        finally:
            if nested.is_active:
                nested.rollback()
        if found:
            yield f"{operation.method} {path}: {found}\n      with {str(body)[:400]!r} ? {str(query)[:200]!r}"


def test_no_call_is_broken_by_what_is_put_into_it(app: Flask, database, objects) -> None:
    call = caller(app, database, "harbor", *SCOPES)
    broken = list(api_requests(call, database.readers))
    assert not broken, told(broken[:20], f"Of {REQUESTS // 2} calls (seed {SEED}). Refuse it as a problem document that names the field.")  # fmt: skip
