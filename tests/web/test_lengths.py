"""S17, R12: no text and no list from outside is kept without a bound, in any field of any form or call."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.fuzz.pages import ACTORS, known_forms
from tests.house.reading import told
from tests.web import audiences
from tests.web.api.operations import operations
from tests.web.matrix import Actor, Door, plant_doors
from webapp.web.api.contract.document import document

LONG = "x" * 150_000
MANY = [f"{number}{'x' * 40}" for number in range(3_000)]
KEPT_AT_MOST = 100_000
"""Characters or bytes of one value: the longest text that may be written (20,000 letters) sealed, with room to spare."""

ENDS = re.compile(r"\^(\\.|[^*+\\]|(?<!,)\})+\$")
"""A pattern that no text of any length fits: whole, and without `*`, `+` and `{n,}`."""
MOST_VALUES = 3_000
"""Values of one statement."""


@pytest.fixture
def engine() -> str:
    """The bounds are in the code, and the same for both."""
    return "sqlite"


@pytest.fixture
def database(engine, databases, clock):
    with databases.borrowed(engine, plant_doors) as borrowed:
        yield borrowed


@pytest.fixture
def objects(engine, databases):
    return databases.planted(engine, plant_doors)[1]


def _flat(given: Any) -> Iterator[Any]:
    """Every value among a statement's parameters, however its driver takes them."""
    if isinstance(given, dict | list | tuple):
        for each in given.values() if isinstance(given, dict) else given:
            yield from _flat(each)
    else:
        yield given


@contextmanager
def written(engine: Any) -> Iterator[list[str]]:
    """The statements that keep a value which is too long, or change more rows than anybody means to."""
    found: list[str] = []

    def look(
        _conn: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool
    ) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE"):
            values = list(_flat(given))
            if any(isinstance(value, str | bytes) and len(value) > KEPT_AT_MOST for value in values):  # fmt: skip
                found.append(f"{statement[:60]} keeps a text without a bound")
            if len(values) > MOST_VALUES:
                found.append(f"{statement[:60]} keeps a list without a bound")

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", look)


@pytest.mark.parametrize("too_much", [LONG, MANY], ids=["a long text", "many values"])
def test_no_form_keeps_what_has_no_bound(
    app: Flask, database: Any, objects: Any, too_much: Any
) -> None:
    actors = {name: Actor(app, database, name) for name in (*ACTORS, "colin")}
    broken = []
    for form in known_forms(app, database, objects, actors):
        door = form.door
        if door.method == "GET":
            continue
        actor = next(actors[name] for name in actors if name in audiences.FOR[door.endpoint])
        for name in sorted(form.names):
            with actor.undone(), written(database.engine) as kept:
                answer = actor.open(door, data=form.values | {name: too_much})
            if answer.status_code >= 500 or kept:
                broken.append(f"{door.name} {name}: {answer.status_code} {kept}")
    assert not broken, told(broken[:40], "Refuse it, naming the field and the bound, before it is written.")  # fmt: skip


def test_no_text_or_list_of_a_call_is_without_a_bound() -> None:
    """As the API's document has it, which is what is checked."""
    broken = []
    for one in operations():
        if one.spec.get("requestBody") and not one.signed:
            broken += [f"{one.name} {each}" for each in unbounded(one.schema)]
        broken += [f"{one.name} ?{each['name']}" for each in one.parameters("query") if list(unbounded(each["schema"]))]  # fmt: skip
    assert not broken, told(broken, "Give the field of the model a maxLength, maxItems, format or list of values.")  # fmt: skip


def unbounded(schema: dict[str, Any], at: str = "", depth: int = 0) -> Iterator[str]:
    """The places of a schema where a text or a list may have any length."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if depth > 8:
        return
    for each in schema.get("anyOf", schema.get("oneOf", ())):
        yield from unbounded(each, at, depth + 1)
    kind = schema.get("type")
    bounded = {"maxLength", "enum", "const", "format"} & schema.keys()
    if kind == "string" and not bounded and not ENDS.fullmatch(schema.get("pattern", "")):
        yield f"{at}: a text"
    if kind == "array":
        if "maxItems" not in schema:
            yield f"{at}: a list"
        yield from unbounded(schema.get("items", {}), f"{at}[]", depth + 1)
    for name, inner in schema.get("properties", {}).items():
        yield from unbounded(inner, f"{at}.{name}", depth + 1)
    if schema.get("additionalProperties") is True:
        yield f"{at}: any fields"


@pytest.mark.parametrize("depth", [100, 5_000, 100_000])
def test_what_is_nested_without_end_is_refused(
    app: Flask, database: Any, objects: Any, depth: int
) -> None:
    maya = Actor(app, database, "maya")
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        raw = opening * depth + ("1" if opening != "[" else "") + closing * depth
        for path in ("/me/devices", "/account/passkeys", "/reports/csp"):
            door = Door("", "POST", path)
            answer = maya.open(door, data=raw, content_type="application/json")
            assert 400 <= answer.status_code < 500 or answer.status_code == 204, (path, answer)
        call = app.test_client().put("/api/v1/people/new", data=raw, content_type="application/json")  # fmt: skip
        assert 400 <= call.status_code < 500


def test_a_batch_has_its_size(app: Flask, database: Any, objects: Any) -> None:
    """R12: one more than the most is refused by its name."""
    from tests.web.test_matrix import caller

    call = caller(app, database, "harbor", "presence")
    one = {"id": "1", "session": "tonight", "person": "maya", "type": "joined", "at": "2026-03-04T18:00:00Z", "source": "zoom"}  # fmt: skip
    answer = call("POST", "/presence", {"events": [one | {"id": str(n)} for n in range(1001)]})
    assert (answer.status_code, "#/events" in answer.text) == (422, True)
    assert json.loads(answer.text)["errors"][0]["pointer"] == "#/events"
