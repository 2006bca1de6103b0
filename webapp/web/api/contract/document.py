"""The API's OpenAPI 3.1 document, made from the declared calls, and the same as a page to read.

flask-openapi3 could make a document too, but its schema model lacks keywords of OpenAPI 3.1: it raises on a path or query parameter whose
schema has `examples`, and drops `examples` and `contentMediaType` elsewhere. It also documents optional query parameters as
nullable, and a 422 of media type application/json for every call that declares none. So it is used for validation alone.
"""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from flask import current_app, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from webapp.web.api.contract.calls import CALLS, PREFIX, ApiCall, api
from webapp.web.api.contract.idempotency import HEADER, KEY
from webapp.web.api.contract.problems import CODES, MEDIA_TYPE, Problem

REFERENCE = "#/components/schemas/{model}"
SCOPES = {
    "roster": "Write people, couples, care teams, series, sessions and the policy",
    "presence": "Send attendance",
    "care": "Report absences and contacts, complete tasks, and write summaries, homework and resources",
    "read": "Read everything of the program",
}
REFUSALS = {
    400: "The body can't be read as JSON.",
    401: "No token, or not a live one.",
    403: "The token lacks the scope of this call.",
    404: "There is nothing here by that name, or nothing this program may know of.",
    409: "It fits this document, but contradicts what is registered.",
    413: "The body is larger than 1 MiB, or of unknown length.",
    415: "The body is not application/json.",
    422: "It doesn't fit this document; `errors` says where.",
    503: "Not ready to serve.",
}
DESCRIPTION = """Feeds the missed-session protocol of one program, and reads it back.

A Bearer token is bound to one program and to scopes. `PUT` by the caller's own reference adds (201) or replaces (200), `DELETE`
ends; both may be repeated. `POST` takes an `Idempotency-Key`: the same key with the same body gets the same response for 24 hours. Instants are RFC 3339 with
an offset, durations ISO 8601. Lists return `items` and `next`, the cursor for `?after=`. Errors are RFC 9457 problem documents whose
`errors` point at the fields at fault."""


@api.get("/openapi.json", endpoint="openapi", doc_ui=False)
def openapi() -> dict[str, Any]:
    """This document."""
    return document()


@api.get("/docs", endpoint="docs", doc_ui=False)
def docs() -> str:
    """The document as a page."""
    app = current_app.extensions["settings"]
    return render_template(
        "api/docs.html", document=document(), prefix=PREFIX, base_url=app.base_url, problems=CODES
    )


@cache
def document() -> dict[str, Any]:
    """The whole document. It depends on the code alone, so it is made once per process."""
    paths: dict[str, Any] = {}
    for endpoint, call in CALLS.items():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.rule)
        paths.setdefault(path, {})[call.method.lower()] = _operation(endpoint, call)
    tags = dict.fromkeys(call.tag for call in CALLS.values())
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rejoin", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": PREFIX}],
        "security": [],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": _scopes()}
            },
        },
    }


def _scopes() -> str:
    return "Scopes: " + " · ".join(f"`{name}`: {meaning}" for name, meaning in SCOPES.items())


def _schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [Problem]
    models += [model for call in CALLS.values() for model in _models(call)]
    _, made = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)], ref_template=REFERENCE
    )
    return dict(made["$defs"])


def _models(call: ApiCall) -> Iterator[type[BaseModel]]:
    if call.body:
        yield call.body
    yield from (model for model in call.responses.values() if model)


def _operation(endpoint: str, call: ApiCall) -> dict[str, Any]:
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(call.view) or "")
    operation: dict[str, Any] = {
        "operationId": endpoint.removeprefix("api."),
        "summary": text.partition("\n")[0].partition(". ")[0].rstrip("."),
        "description": text,
        "tags": [call.tag],
        "security": [{"token": [call.scope]}] if call.scope else [],
        "parameters": list(_parameters(call)),
        "responses": _responses(call),
    }
    if call.body or call.raw:
        operation["requestBody"] = _request(call)
    return operation


def _request(call: ApiCall) -> dict[str, Any]:
    schema = (
        {"$ref": REFERENCE.format(model=call.body.__name__)} if call.body else {"type": "object"}
    )
    fields = call.body.model_fields.values() if call.body else ()
    required = call.raw or call.method != "POST" or any(field.is_required() for field in fields)
    content: dict[str, Any] = {"schema": schema}
    if call.example is not None:
        content["example"] = call.example
    return {"required": required, "content": {"application/json": content}}


def _parameters(call: ApiCall) -> Iterator[dict[str, Any]]:
    for model, place in ((call.path, "path"), (call.query, "query")):
        if model is None:
            continue
        schema = model.model_json_schema(ref_template=REFERENCE)
        for name, field in schema["properties"].items():
            yield _parameter(name, place, field, name in schema.get("required", ()))
    for name, meaning in call.headers.items():
        yield {
            "name": name, "in": "header", "required": False, "description": meaning,
            "schema": {"type": "string", "maxLength": 200},
        }  # fmt: skip
    if call.repeatable:
        yield {
            "name": HEADER, "in": "header", "required": False,
            "description": "The caller's own key for this request, the same on every repeat",
            "schema": {"type": "string", "pattern": KEY, "maxLength": 200},
            "example": "6a1f4e0c-absence-17",
        }  # fmt: skip


def _parameter(name: str, place: str, field: dict[str, Any], required: bool) -> dict[str, Any]:
    """A parameter from a model's field. One that is left out is absent, never null, so null is no allowed value."""
    schema = {key: value for key, value in field.items() if key not in ("title", "description")}
    if "anyOf" in schema:
        schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
    if schema.get("default", ...) is None:
        del schema["default"]
    described = {"description": field["description"]} if "description" in field else {}
    return {"name": name, "in": place, "required": required, **described, "schema": schema}


def _responses(call: ApiCall) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in call.responses.items():
        if status >= 400:
            continue
        content = (
            {"application/json": {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}}
            if model
            else {call.media: {"schema": _raw_schema(call.media)}}
        )
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    for status in sorted(_refusals(call)):
        responses[str(status)] = _problem(REFUSALS[status])
        if status == 401:
            responses["401"]["headers"] = {
                "WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}
            }
    responses["default"] = _problem("Any other error.")
    return responses


def _raw_schema(media: str) -> dict[str, str]:
    """The schema of a response without a model: text, or bytes of that media type."""
    return {"type": "string"} if media == "text/plain" else {"contentMediaType": media}


def _refusals(call: ApiCall) -> set[int]:
    """Statuses of 400 and above that the call may return."""
    expected = {status for status in call.responses if status >= 400}
    expected |= {401, 403} if call.scope else set()
    expected |= {400, 409, 413, 415, 422} if call.body else set()
    expected |= {400, 401, 409, 413} if call.raw else set()
    expected |= {404, 422} if call.path else set()
    expected |= {404} if call.body else set()
    return expected | ({422} if call.query else set())


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(model=Problem.__name__)}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
