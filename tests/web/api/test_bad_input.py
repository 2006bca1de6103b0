"""Every call of the document with invalid input of every kind: 4xx with pointers, and nothing changes (R12).

Made from the document, so a new call is asked too.
"""

import json
from typing import Any

import pytest

from tests.web.api import operations as asked
from tests.web.api.operations import Operation

EVERY = asked.operations()
GUARDED = [one for one in EVERY if one.scope]
WRITING = [one for one in EVERY if "requestBody" in one.spec and not one.signed]
NAMING = [one for one in WRITING if one.scope in ("care", "roster") and one.name not in ("put_person", "put_policy")]  # fmt: skip
"""Calls whose example names people or sessions of Harbor's."""


def named(operation: Operation) -> str:
    return operation.name


def of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.mimetype


@pytest.mark.parametrize(
    "operation", [o for o in WRITING if o.method in ("PUT", "POST")], ids=named
)
def test_the_documents_example_is_accepted(call, task, operation) -> None:
    if operation.name == "reinstate_session":
        call("POST", "/sessions/evening/cancellation", {"reason": "Snow."})
    answer = call(operation.method, operation.address(task), operation.example)
    assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("operation", WRITING, ids=named)
def test_every_invalid_field_is_pointed_at_and_changes_nothing(
    call, task, recorded, operation
) -> None:
    before, wrong = recorded(), []
    for what, body, pointer in asked.unfit(operation):
        answer = call.client.open(
            f"/api/v1{operation.address(task)}", method=operation.method, json=body,
            headers={"Authorization": f"Bearer {call.token}"},
        )  # fmt: skip
        pointers = [error["pointer"] for error in answer.json.get("errors", ())]
        if answer.status_code != 422 or not any(p.startswith(pointer) for p in pointers):
            wrong.append((what, answer.status_code, pointer, pointers))
    assert wrong == []
    assert recorded() == before


@pytest.mark.parametrize("operation", WRITING, ids=named)
def test_a_body_that_is_no_json_object_is_refused(call, task, recorded, operation) -> None:
    before, path = recorded(), f"/api/v1{operation.address(task)}"
    headers = {"Authorization": f"Bearer {call.token}"}

    def send(data: bytes, kind: str = "application/json") -> tuple[int, str]:
        return of(
            call.client.open(
                path, method=operation.method, data=data, content_type=kind, headers=headers
            )
        )

    problem = "application/problem+json"
    assert send(b"{") == (400, problem)
    assert send(b"\xff") == (400, problem)
    assert send(b"[1]") == (422, problem)
    assert send(json.dumps(operation.example).encode(), "text/plain") == (415, problem)
    assert send(b'"' + b"a" * asked.FLOOD + b'"') == (413, problem)
    assert recorded() == before


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_calls_without_a_token_or_without_the_scope_are_refused(
    caller, call, world, task, recorded, operation
) -> None:
    others = {"roster", "presence", "care", "read"} - {operation.scope}
    without = caller(world.harbor, *sorted(others), name="without")
    before = recorded()
    path, body = operation.address(task), operation.example
    stranger = call(operation.method, path, body, Authorization="Bearer nobody")
    unentitled = without(operation.method, path, body)
    assert (stranger.status_code, unentitled.status_code) == (401, 403)
    assert operation.scope in unentitled.headers["WWW-Authenticate"]
    assert recorded() == before


@pytest.mark.parametrize("operation", NAMING, ids=named)
def test_rows_of_another_program_are_not_found(neighbour, task, recorded, operation) -> None:
    before = recorded()
    answer = neighbour(operation.method, operation.address(task), operation.example)
    assert answer.status_code == 404, answer.text
    assert recorded() == before


ADDRESSED = [one for one in EVERY if one.parameters("path")]


@pytest.mark.parametrize("operation", ADDRESSED, ids=named)
def test_an_invalid_path_parameter_is_refused(call, recorded, operation) -> None:
    before, statuses = recorded(), {}
    number = "{id}" in operation.path
    names = ["0", "9" * 20] if number else ["a%00b", "x" * 300, "%FF", "a b", "🙂"]
    for name in names:
        path = operation.path.format_map(
            {one["name"]: name for one in operation.parameters("path")}
        )
        statuses[name] = call(operation.method, path, operation.example).status_code
    assert statuses == dict.fromkeys(names, 422)
    assert recorded() == before


@pytest.mark.parametrize("operation", [o for o in EVERY if o.parameters("query")], ids=named)
def test_an_invalid_query_is_refused(call, recorded, operation) -> None:
    before = recorded()
    for one in [*operation.parameters("query"), {"name": "no_such_filter"}]:
        address = f"{operation.address()}?{one['name']}=%00"
        answer = call(operation.method, address, operation.example)
        assert answer.status_code == 422, (one["name"], answer.text)
        assert answer.json["errors"][0]["pointer"] == f"#/{one['name']}"
    assert recorded() == before
