"""S17, R12: whatever number stands in a query, a form, an address or a call: no error of ours, and what is refused is named."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from tests.fuzz.calls import API, fields_of
from tests.fuzz.fields import Form
from tests.fuzz.pages import ACTORS, known_forms
from tests.house.reading import told
from tests.web import audiences
from tests.web.api.operations import Operation, operations, pointer, put, resolved
from tests.web.matrix import Actor, Door, plant_doors
from tests.web.test_matrix import caller
from webapp.care.accounts.api_tokens import SCOPES
from webapp.web.page.guard import CHECKS_ACCESS_ITSELF, guard_of

NUMBERS = (
    "9" * 30, "-1", "1e309", "2147483648", "9223372036854775808", "-9223372036854775809", "\u0663\u0660", "\uff11\uff12",
    "\u00b2", "1_0", "0x10", "+7", " 7", "1.5", "NaN", "Infinity", "1e3", "0", "9" * 5000,
)  # fmt: skip
COUNTED = {
    "after", "answer", "before", "capacity", "couple", "days", "edition", "host", "limit", "minutes", "page", "position", "resource",
    "seat", "seconds", "series", "session", "term", "times", "up_to", "version", "weeks", "lead_soon", "lead_heads_up", "shown",
}  # fmt: skip
"""Fields that mean a number, beside those that hold one on their page. Each gets some of NUMBERS, all of them together all."""
BEYOND = (2**31, 2**63, 2**64, -1, -(2**63) - 1, 10**40, 1.5, 1e308, True)
ROW = re.compile(r"(?<=/)[0-9]+(?=/|$)")


@pytest.fixture
def database(engine, databases, clock):
    with databases.borrowed(engine, plant_doors) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases):
    return databases.planted(engine, plant_doors)[1]


def counted(form: Form) -> list[str]:
    """The fields that mean a number. Whatever else stands in a field is for tests/fuzz."""
    return [
        name
        for name in sorted(form.names)
        if name in COUNTED or str(form.values.get(name, "")).isdecimal()
    ]


def test_no_number_in_a_form_a_query_or_an_address_is_an_error_of_ours(
    app: Flask, database: Any, objects: Any, engine: str
) -> None:
    every = 3 if engine == "sqlite" else 9
    actors = {name: Actor(app, database, name) for name in (*ACTORS, "colin")}
    broken, tried = [], 0

    def knock(actor: Actor, door: Door, what: str, **given: Any) -> None:
        with actor.undone():
            answer = actor.open(door, **given)
        if answer.status_code >= 500:
            broken.append(f"{door.name} {what}: {answer.status_code}")

    for form in known_forms(app, database, objects, actors):
        door = form.door
        actor = next(actors[name] for name in actors if name in audiences.FOR[door.endpoint])
        where = "query_string" if door.method == "GET" else "data"
        for place, name in enumerate(counted(form)):
            for number in NUMBERS[place % every :: every]:
                knock(actor, door, f"{name}={number[:40]}", **{where: form.values | {name: number}})
                tried += 1
        for found in ROW.finditer(door.path):
            for number in (NUMBERS[0], NUMBERS[3], NUMBERS[7]):
                path = door.path[: found.start()] + quote(number, safe="") + door.path[found.end() :]  # fmt: skip
                knock(actor, door, f"at {path}", path=path, **{where: form.values})
    assert not broken, told(broken[:30], "Read numbers by webapp/numbers.py, with a bound.")
    assert tried > 600 / every


def test_no_number_in_a_call_is_an_error_of_ours_and_what_is_refused_is_named(
    app: Flask, database: Any, objects: Any
) -> None:
    call = caller(app, database, "harbor", *SCOPES)
    headers = {"Authorization": f"Bearer {call.token}"}
    broken = []

    def ask(one: Operation, what: str, named: str, path: str, **given: Any) -> None:
        with database.readers.begin_nested() as nested:
            answer = call.client.open(API + path, method=one.method, headers=headers, **given)
            nested.rollback()
        refused = answer.status_code in (400, 422) and named
        if answer.status_code >= 500 and not path.endswith("/readyz"):
            broken.append(f"{one.name} {what}: {answer.status_code}")
        elif refused and named not in answer.text:
            broken.append(f"{one.name} {what}: does not name {named}: {answer.text[:200]}")

    for one in operations():
        for parameter in one.parameters("query"):
            for number in NUMBERS[:-1]:
                query = {parameter["name"]: number}
                ask(one, str(query), parameter["name"], one.address(1), query_string=query)
        for parameter in one.parameters("path"):
            for number in NUMBERS[:-1:2]:
                at = one.path.replace("{" + parameter["name"] + "}", quote(number, safe=""))
                ask(one, at, "", re.sub(r"\{\w+\}", "new-1", at), json=one.example)
        if one.spec.get("requestBody") and not one.signed:
            for steps in counted_fields(one):
                for number in BEYOND:
                    body = put(one.example, steps, number)
                    ask(one, f"{steps}={number}", pointer(steps), one.address(1), json=body)
    assert not broken, told(broken[:30], "Give the field its bounds in its model.")


def counted_fields(one: Operation) -> list[tuple[Any, ...]]:
    """The steps to each field of the body that may hold a number and that the example has a place for."""
    found = []
    for steps in sorted(set(fields_of(one.schema)), key=str):
        inner, there = one.example, True
        for step in steps[:-1]:
            there = there and (
                step < len(inner) if isinstance(inner, list) else step in (inner or {})
            )
            inner = inner[step] if there else None
        if there and steps and holds_number(one.schema, steps):
            found.append(steps)
    return found


def holds_number(schema: dict[str, Any], steps: tuple[Any, ...]) -> bool:
    kinds = [resolved(each) for each in resolved(schema).get("anyOf", [schema])]
    if not steps:
        return any(each.get("type") in ("integer", "number") for each in kinds)
    step, rest = steps[0], steps[1:]
    inside = (each.get("items") if isinstance(step, int) else each.get("properties", {}).get(step) for each in kinds)  # fmt: skip
    return any(each is not None and holds_number(each, rest) for each in inside)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_no_number_at_a_door_without_a_page_is_an_error_of_ours(app: Flask, database: Any) -> None:
    """Notification buttons, calendars, webhooks, reports of browsers."""
    browser, broken = app.test_client(), []
    with app.app_context():
        rules = [each for each in app.url_map.iter_rules() if guard_of(each.endpoint) == CHECKS_ACCESS_ITSELF]  # fmt: skip
    for rule in rules:
        for number in NUMBERS[:-1]:
            path = re.sub(r"<[^>]+>", quote(number, safe=""), rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                answer = browser.open(path, method=method, query_string={"limit": number})
                if answer.status_code >= 500 and not path.endswith("/readyz"):
                    broken.append(f"{method} {path}: {answer.status_code}")
    assert not broken, told(broken, "Refuse it.")
