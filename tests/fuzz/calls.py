"""Calls of the API as its document has them, then spoilt in each place in turn: in the body to any depth, in the query, the address,
a header. Beside them the doors that have no page: a notification's buttons, calendars, reports of browsers, webhooks.
"""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flask import Flask

from tests.fuzz.corpus import value, word
from tests.fuzz.watching import Changes, changes
from tests.visiting import API, Caller
from tests.web.api.operations import Operation, operations, put, resolved
from tests.web.test_matrix import caller
from webapp.care.accounts.api_tokens import SCOPES
from webapp.web.page.guard import CHECKS_ACCESS_ITSELF, guard_of

MAY_CHANGE = {"INSERT rate_limit", "DELETE rate_limit", "INSERT answer", "UPDATE answer"}
"""What a refused call may leave: tries are counted, and a refusal is an answer that is given again to the same key."""
Place = tuple[str, Any]
"""Where something hostile is put: (`body`, steps to it), (`query` or `path`, name), or (`header`, name)."""


def fields_of(schema: dict[str, Any], at: tuple[Any, ...] = (), depth: int = 0) -> Iterator[Any]:
    """The steps to every field of a body; of a list, to its first."""
    schema = resolved(schema)
    for one in schema.get("anyOf", ()):
        yield from fields_of(one, at, depth + 1)
    if "items" in schema and depth < 6:
        yield (*at, 0)
        yield from fields_of(schema["items"], (*at, 0), depth + 1)
    for name, inner in schema.get("properties", {}).items():
        yield (*at, name)
        if depth < 6:
            yield from fields_of(inner, (*at, name), depth + 1)


def places_of(operation: Operation) -> list[Place]:
    found: list[Place] = [(place, one["name"]) for place in ("query", "path", "header") for one in operation.parameters(place)]  # fmt: skip
    if operation.spec.get("requestBody") and not operation.signed:
        found += [("body", steps) for steps in {(), *fields_of(operation.schema)}]
    return found or [("header", "Authorization")]


def spoilt(dice: random.Random, body: Any, steps: tuple[Any, ...]) -> Any:
    """`body` with something hostile in one place; where the way there does not exist, it is made as far as it can be."""
    bad = word(dice).encode("utf-8", "replace").decode() if dice.random() < 0.6 else value(dice)
    try:
        return put(body, steps, bad) if steps else bad
    except (KeyError, IndexError, TypeError):
        return {**body, steps[0]: bad} if isinstance(body, dict) else bad


def asked(dice: random.Random, operation: Operation, place: Place) -> dict[str, Any]:
    """One request, as the test client takes it."""
    kind, where = place
    path, body = operation.address(dice.choice([1, 7, 2**40])), operation.example
    query = {one["name"]: word(dice) for one in operation.parameters("query") if (kind == "query" and one["name"] == where) or dice.random() < 0.1}  # fmt: skip
    headers = {}
    if kind == "path":
        filled = {one["name"]: "new-1" for one in operation.parameters("path")}
        filled[where] = quote(word(dice)[:2000], safe="") or "%20"
        path = operation.path.format(**filled)
    if kind == "header":
        headers[where] = "".join(c for c in word(dice) if " " <= c <= "~")[:4000]
    if kind == "body":
        body = spoilt(dice, body, where)
    more: dict[str, Any] = {} if operation.method == "GET" else {"json": body}
    return {"path": API + path, "method": operation.method, "query_string": query, "headers": headers} | more  # fmt: skip


def wrong_with(call: Caller, given: dict[str, Any], seen: Changes) -> str | None:
    seen.take()
    headers = {"Authorization": f"Bearer {call.token}"} | given["headers"]
    answer = call.client.open(**(given | {"headers": headers}))
    left = seen.take() - MAY_CHANGE
    if answer.status_code >= 500 and not answer.request.path.endswith("/readyz"):
        return f"answered {answer.status_code}"
    if answer.status_code >= 400 and left:
        return f"answered {answer.status_code} and left changed: {', '.join(sorted(left))}"
    if answer.status_code >= 400 and given["path"].startswith(API) and answer.mimetype != "application/problem+json":  # fmt: skip
        return f"answered {answer.status_code} as {answer.mimetype}"
    return None


def without_pages(app: Flask) -> list[Any]:
    """The doors that check for themselves, outside the API's document."""
    with app.app_context():
        return [
            rule
            for rule in app.url_map.iter_rules()
            if guard_of(rule.endpoint) == CHECKS_ACCESS_ITSELF and not rule.rule.startswith(API) and rule.endpoint != "static"
        ]  # fmt: skip


def knocked(dice: random.Random, rule: Any) -> dict[str, Any]:
    method = dice.choice(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<{name}>", quote(word(dice)[:600], safe="") or "x")
    report = {"csp-report": {"violated-directive": word(dice), "blocked-uri": word(dice), "document-uri": word(dice)}}  # fmt: skip
    body = dice.choice([report, [{"body": value(dice)}], value(dice)])
    more = {"data": json.dumps(body)} if method == "POST" else {}
    return {"path": path, "method": method, "headers": {}} | more


def failures(app: Flask, database: Any, seed: str, how_many: int) -> Iterator[str]:
    """Every one, in a sentence."""
    dice = random.Random(seed)
    call = caller(app, database, "harbor", *SCOPES)
    every: list[Any] = [(one, place) for one in operations() for place in places_of(one)]
    every += [(rule, None) for rule in without_pages(app) for _ in range(8)]
    dice.shuffle(every)
    connection = database.readers
    with changes(connection) as seen:
        for one, place in itertools.islice(itertools.cycle(every), how_many):
            given = asked(dice, one, place) if isinstance(one, Operation) else knocked(dice, one)
            nested = connection.begin_nested()
            try:
                found = wrong_with(call, given, seen)
            except Exception as error:
                found = f"raised {type(error).__name__}: {str(error)[:300]}"
            finally:
                if nested.is_active:
                    nested.rollback()
            if found:
                yield f"{given['method']} {given['path'][:200]}: {found}\n      with {str(given)[:500]!r}"
