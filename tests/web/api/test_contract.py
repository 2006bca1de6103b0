"""What all API calls share: tokens, error responses, idempotency keys; health and metrics."""

import json
from collections.abc import Iterator
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select, text

from tests.visiting import Caller
from tests.web.api.conftest import presence_event
from webapp import create_app
from webapp.care.accounts import api_tokens
from webapp.care.accounts.api_tokens import Token
from webapp.care.attendance.absences import AbsenceReport
from webapp.db import Database
from webapp.demo import cast
from webapp.operations import heartbeats
from webapp.web.api.contract.document import document

ILL = {"session": "evening", "client": "ben", "reason": "illness"}


def test_without_a_token_the_response_says_which_kind_is_needed(call) -> None:
    for header in ("", "Basic x", "Bearer", "Bearer nobody"):
        no = call("GET", "/seats", Authorization=header)
        assert no.status_code == 401
        assert no.headers["WWW-Authenticate"].startswith('Bearer realm="rejoin"')


def test_a_revoked_token_is_refused(call, database, clock) -> None:
    with database.writing() as store:
        api_tokens.revoke_token(store, store.scalar(select(Token)), by=None, now=clock.now())
        store.commit()
    assert call("GET", "/seats").status_code == 401


def test_a_missing_scope_is_named(caller, world, recorded) -> None:
    reader = caller(world.harbor, "read")
    before = recorded()
    no = reader("PUT", "/policy", {"second_check": "PT15M"})
    assert no.status_code == 403
    assert 'scope="roster"' in no.headers["WWW-Authenticate"]
    assert "roster" in no.json["detail"]
    assert recorded() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/clients/maya/chart", None),
        ("GET", "/clients/maya/chart.fhir.json", None),
        ("GET", "/clients/maya/chart.pdf", None),
        ("POST", "/tasks/{task}/acknowledgement", {}),
        ("POST", "/tasks/{task}/outcome", {"outcome": "reached"}),
        ("POST", "/sessions/evening/cancellation", {"reason": "x"}),
        ("POST", "/absences", ILL),
        ("PUT", "/care-teams/maya", {"counselor": None, "supervisor": None, "coordinator": None}),
    ],
)
def test_rows_of_another_program_do_not_exist(
    neighbour, task, recorded, method, path, body
) -> None:
    """The answer is that for a name nobody has, word for word."""
    before = recorded()
    theirs = neighbour(method, path.format(task=task), body)
    nobodys = path.format(task=task + 999).replace("maya", "nobody").replace("evening", "nowhere")
    none = neighbour(
        method, nobodys, body and body | ({"session": "no"} if "session" in body else {})
    )
    assert (theirs.status_code, theirs.json) == (404, none.json)
    assert recorded() == before


def test_the_same_reference_in_another_program_is_another_person(call, neighbour) -> None:
    body = {"kind": "client", "name": "Other", "time_zone": "America/Phoenix"}
    assert neighbour("PUT", "/people/maya", body).status_code == 201
    assert call("GET", "/clients/maya/chart").json["entries"] != []
    assert "Other" not in call("GET", "/events?limit=1000").text


@pytest.mark.parametrize(
    ("sent", "status", "pointer"),
    [
        (b"{", 400, "#"),
        (b"\xff\xfe", 400, "#"),
        (b'{"events": NaN}', 400, "#"),
        (b"[" * 100_000, 400, "#"),
        (b"[]", 422, "#"),
        (b'"{}"', 422, "#"),
        (b"{}", 422, "#/events"),
        (b'{"events": [], "more": 1}', 422, "#/more"),
        (b'{"events": [], "a/b~c": 1}', 422, "#/a~1b~0c"),
        (b'{"events": [], "\\ud800": 1}', 422, "#"),
        (b'{"events": [{"id": "a\\u0000"}]}', 422, "#/events/0/id"),
    ],
)
def test_an_invalid_body_is_pointed_at(call, recorded, sent, status, pointer) -> None:
    before = recorded()
    no = call.client.post(
        "/api/v1/presence", data=sent, content_type="application/json",
        headers={"Authorization": f"Bearer {call.token}"},
    )  # fmt: skip
    assert (no.status_code, no.mimetype) == (status, "application/problem+json")
    assert pointer in [error["pointer"] for error in no.json["errors"]]
    assert recorded() == before


def test_too_large_a_body_and_another_media_type_are_refused(call, recorded) -> None:
    before = recorded()
    headers = {"Authorization": f"Bearer {call.token}"}
    flood = json.dumps({"events": [], "x": "y" * 1024 * 1024})
    big = call.client.post(
        "/api/v1/presence", data=flood, content_type="application/json", headers=headers
    )
    text = call.client.post(
        "/api/v1/presence", data="{}", content_type="text/plain", headers=headers
    )
    assert (big.status_code, text.status_code) == (413, 415)
    assert {big.mimetype, text.mimetype} == {"application/problem+json"}
    assert recorded() == before


def test_an_unknown_address_and_a_wrong_method_are_problems_too(call) -> None:
    assert call("GET", "/nothing").status_code == 404
    wrong = call("DELETE", "/seats")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]


def test_an_internal_error_shows_nothing_of_its_cause(call, monkeypatch) -> None:
    from webapp.web.api import events

    def broken(*_: object) -> None:
        raise RuntimeError("Maya Torres")

    monkeypatch.setattr(events, "shown", broken)
    monkeypatch.setitem(call.client.application.config, "PROPAGATE_EXCEPTIONS", False)
    answer = call.client.get("/api/v1/events", headers={"Authorization": f"Bearer {call.token}"})
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "Maya" not in answer.text
    assert "Error" not in answer.json["detail"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=-1", "after=x", "what=1",
                                   "after=9223372036854775808", "changed_after=2026-03-04T18:00:00"])  # fmt: skip
def test_an_invalid_query_parameter_is_refused_by_name(call, query) -> None:
    no = call("GET", f"/seats?{query}")
    assert no.status_code == 422
    assert no.json["errors"][0]["pointer"] == "#/" + query.partition("=")[0]


def test_a_repeated_key_gets_the_first_response(call, room, recorded) -> None:
    first = call("POST", "/absences", ILL, Idempotency_Key="k1")
    before = recorded()
    again = call("POST", "/absences", ILL, Idempotency_Key="k1")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    other = call("POST", "/absences", ILL | {"reason": "work"}, Idempotency_Key="k1")
    assert (other.status_code, other.json["errors"][0]["pointer"]) == (422, "#/Idempotency-Key")
    elsewhere = call("POST", "/presence", {"events": []}, Idempotency_Key="k1")
    assert elsewhere.status_code == 422
    assert recorded() == before


def test_a_stored_response_is_sealed(call, room, store) -> None:
    """S15: the answer repeats what came with the call, notes too."""
    call("POST", "/absences", ILL, Idempotency_Key="k1")
    assert store.scalar(text("SELECT text FROM answer")).startswith("s1.")


def test_a_refusal_is_repeated_as_it_was(call, room, recorded) -> None:
    before = recorded()
    nobody = ILL | {"client": "sam"}
    no = call("POST", "/absences", nobody, Idempotency_Key="k1")
    call("PUT", "/people/sam", {"kind": "client", "name": "S", "time_zone": "UTC"})
    again = call("POST", "/absences", nobody, Idempotency_Key="k1")
    assert (no.status_code, no.json) == (again.status_code, again.json) == (404, no.json)
    assert again.mimetype == "application/problem+json"
    assert recorded() == before + 1


def test_a_key_is_free_again_after_a_day(call, room, clock) -> None:
    call("POST", "/presence", {"events": []}, Idempotency_Key="k1")
    clock.forward(hours=25)
    batch = {"events": [presence_event(room)]}
    assert call("POST", "/presence", batch, Idempotency_Key="k1").status_code == 200


def test_two_programs_may_use_the_same_key(call, neighbour, room) -> None:
    call("POST", "/presence", {"events": [presence_event(room)]}, Idempotency_Key="k1")
    assert neighbour("POST", "/presence", {"events": []}, Idempotency_Key="k1").status_code == 200


def test_an_invalid_key_is_refused(call, room) -> None:
    for key in ("", "x" * 201, "a b"):
        assert call("POST", "/presence", {"events": []}, Idempotency_Key=key).status_code == 422


def test_fifty_parallel_posts_with_one_key_are_one(fresh_database, world, settings, clock) -> None:
    with fresh_database.writing() as store:
        people = cast.find(store)
        cast.open_room(
            store, people.carla, [people.ben], clock.now() + timedelta(hours=1), now=clock.now(),
            ref="evening",
        )  # fmt: skip
        store.commit()
    call = Caller(create_app(settings, fresh_database), world.harbor)
    gate, responses = Barrier(50), []

    def post() -> None:
        gate.wait()
        answer = call.client.application.test_client().post(
            "/api/v1/absences", json=ILL,
            headers={"Authorization": f"Bearer {call.token}", "Idempotency-Key": "one"},
        )  # fmt: skip
        responses.append((answer.status_code, answer.text))

    threads = [Thread(target=post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(responses) == 50
    assert set(responses) == {(201, responses[0][1])}
    with fresh_database.reading() as store:
        assert store.scalar(select(func.count()).select_from(AbsenceReport)) == 1


def test_parallel_puts_of_one_new_reference_make_one_person(
    fresh_database, world, settings, clock
) -> None:
    app = create_app(settings, fresh_database)
    call = Caller(app, world.harbor)
    gate, statuses = Barrier(8), []

    def put() -> None:
        gate.wait()
        answer = app.test_client().put(
            "/api/v1/people/sam", json={"kind": "client", "name": "Sam", "time_zone": "UTC"},
            headers={"Authorization": f"Bearer {call.token}"},
        )  # fmt: skip
        statuses.append(answer.status_code)

    threads = [Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 7 + [201]


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_ready_means_that_a_worker_beats(app, database, clock, prefix) -> None:
    client = app.test_client()
    assert client.get(f"{prefix}/healthz").json == {"status": "alive"}
    silent = client.get(f"{prefix}/readyz")
    assert (silent.status_code, silent.mimetype) == (503, "application/problem+json")
    with database.writing() as store:
        heartbeats.beat(store, "worker", clock.now())
        store.commit()
    assert client.get(f"{prefix}/readyz").json == {"status": "ready"}
    clock.forward(minutes=3)
    assert "worker" in client.get(f"{prefix}/readyz").json["detail"]


def test_an_unreachable_database_is_not_ready(settings) -> None:
    app = create_app(settings, Database("postgresql://nobody@127.0.0.1:1/nowhere"))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert "database" in answer.json["detail"]


def test_every_bound_is_in_the_document_as_a_keyword_of_json_schema() -> None:
    """pydantic writes a bound that stands behind a validator as `ge` and `le`, which no reader of a schema knows."""
    schemas = [part for part in parts(document()) if "type" in part or "anyOf" in part]
    assert len(schemas) > 100
    assert [part for part in schemas if {"ge", "gt", "le", "lt", "multiple_of"} & part.keys()] == []


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, the outer ones first."""
    if isinstance(part, dict):
        yield part
    for inner in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from parts(inner)


def test_metrics_need_a_token(app, call, task) -> None:
    client, headers = app.test_client(), {"Authorization": f"Bearer {call.token}"}
    assert client.get("/metrics").status_code == 401
    metrics = client.get("/metrics", headers=headers).text
    assert "rejoin_seats_due 2.0" in metrics
    assert 'rejoin_tasks_open{when="waiting"} 1.0' in metrics
    assert client.get("/api/v1/metrics", headers=headers).text == metrics


def test_the_page_about_the_api_names_every_call(visit, call) -> None:
    page = visit().get("/api/v1/docs").text
    document = call.client.get("/api/v1/openapi.json").json
    for path in document["paths"]:
        assert path in page
    assert "<script>" not in page
