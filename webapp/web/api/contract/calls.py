"""How a call is declared: method, rule, scope, answers; and what happens around every one of them.

Before the view: who asks, then whether the body can be read. After it: the one commit. The same declaration feeds the
document, so that neither can say what the other does not do.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError, OperationalError

from webapp import clock
from webapp.refusals import Conflict
from webapp.web.api.contract import idempotency, problems, tokens
from webapp.web.api.contract.problems import RequestRefused
from webapp.web.page.unit_of_work import store

PREFIX = "/api/v1"
PUBLIC = ""
"""The scope of a call that needs no token."""
View = TypeVar("View", bound=Callable[..., Any])
Work = Callable[[], tuple[int, str]]
"""Answers (status, JSON text)."""
ATTEMPTS = 3
Responses = dict[int, type[BaseModel] | None]

api = APIBlueprint("api", __name__, url_prefix=PREFIX, doc_ui=False)
"""flask-openapi3 reads and checks what comes in; the document is made in `document.py`, where nothing of the shapes is lost."""
api.register_error_handler(RequestRefused, problems.request_refused)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One line of the API's table."""

    method: str
    rule: str
    scope: str
    responses: Responses
    tag: str
    view: Callable[..., Any]
    raw: bool
    """It reads the body for itself."""
    example: Any
    headers: dict[str, str]
    """Headers it reads: name → what it is for."""
    media: str
    """What it answers where no model says the shape."""

    @property
    def path(self) -> type[BaseModel] | None:
        return self.view.__annotations__.get("path")

    @property
    def query(self) -> type[BaseModel] | None:
        return self.view.__annotations__.get("query")

    @property
    def body(self) -> type[BaseModel] | None:
        return self.view.__annotations__.get("body")

    @property
    def repeatable(self) -> bool:
        """Takes an Idempotency-Key."""
        return self.method == "POST" and self.scope != PUBLIC


CALLS: dict[str, ApiCall] = {}
"""Every call by its endpoint."""


def call(
    method: str,
    rule: str,
    *,
    scope: str,
    responses: Responses,
    tag: str,
    example: Any = None,
    headers: dict[str, str] | None = None,
    raw: bool = False,
    media: str = "text/plain",
) -> Callable[[View], View]:
    """Declare a call. Its view takes `path`, `query` and `body` as their models, and returns the answer, or (answer, status).

    A view never commits: what it changed is committed when it returns, and undone when it raises. `raw`: it reads the body
    for itself.
    """

    def declare(view: View) -> View:
        known = ApiCall(
            method, rule, scope, responses, tag, view, raw, example, headers or {}, media
        )
        CALLS[f"api.{view.__name__}"] = known
        route = getattr(api, method.lower())
        route(rule, endpoint=view.__name__)(_around(view, known))
        return view

    return declare


def _around(view: View, known: ApiCall) -> Callable[..., Response]:
    @wraps(view)
    def serve(**given: Any) -> Response:
        def run() -> tuple[int, str]:
            result = view(**given)
            body, status = result if isinstance(result, tuple) else (result, 200)
            return status, current_app.json.dumps(body)

        if known.method == "GET":
            result = view(**given)
            return (
                result
                if isinstance(result, Response)
                else _response(200, current_app.json.dumps(result))
            )
        key = request.headers.get(idempotency.HEADER) if known.repeatable else None
        if key is not None:
            return _response(*_undisturbed(lambda: idempotency.once(key, run, clock.now())))
        return _response(*_undisturbed(lambda: _committed(run)))

    return serve


def _committed(run: Work) -> tuple[int, str]:
    answered = run()
    store.commit()
    return answered


def _undisturbed(work: Work) -> tuple[int, str]:
    """Do the work. When another writer got in between (the same new reference, a deadlock), nothing of ours was kept:
    once more, on what they have left. Raises Conflict when that fails too."""
    for _ in range(ATTEMPTS):
        try:
            return work()
        except (IntegrityError, OperationalError, Conflict):
            store.rollback()
            store.expunge_all()
    raise Conflict()


def _response(status: int, text: str) -> Response:
    kind = "application/json" if status < 400 else problems.MEDIA_TYPE
    return Response(text + "\n", status, mimetype=kind)


@api.before_request
def at_the_door() -> None:
    """Who is asking, and can the body be read? In this order: a stranger learns nothing about bodies."""
    known = CALLS.get(request.endpoint or "")
    if known is None or request.method == "OPTIONS":
        return
    if known.scope:
        tokens.require(known.scope)
    if known.body:
        read_json()


def read_json() -> None:
    """Parse the body strictly; flask-openapi3 then finds it parsed. Raises RequestRefused: 413, 415, 400, 422."""
    raw = request.get_data(cache=True)
    if not raw and request.method == "POST" and request.content_length in (None, 0):
        raw = b"{}"  # a POST without a body says nothing, which some calls accept
    elif not request.is_json:
        raise RequestRefused(415, "media-type", "Send application/json.")
    try:
        parsed = json.loads(raw.decode("utf-8"), parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, "malformed", "The body isn't JSON in UTF-8.", at="#") from error
    if not isinstance(parsed, dict):
        raise RequestRefused(422, "invalid", "The body is a JSON object.", at="#")
    request._cached_json = (parsed, parsed)


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
