"""The `@call` decorator: declares an API call (method, URL rule, scope, responses) and wraps its view.

Before the view runs, the token is checked, then the body is parsed. After it comes the one commit. The OpenAPI document is made
from the same declarations, so the two cannot disagree.
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
"""Returns (status, JSON text)."""
ATTEMPTS = 3
"""How often a write is tried that another writer disturbs."""
Responses = dict[int, type[BaseModel] | None]

api = APIBlueprint("api", __name__, url_prefix=PREFIX, doc_ui=False)
"""flask-openapi3 parses and validates requests. It does not make the document (`doc_ui`): see `document.py` for why."""
api.register_error_handler(RequestRefused, problems.request_refused)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One declared call."""

    method: str
    rule: str
    scope: str
    responses: Responses
    tag: str
    view: Callable[..., Any]
    raw: bool
    """The view parses the body itself."""
    example: Any
    headers: dict[str, str]
    """Headers it reads: name → description."""
    media: str
    """Media type of a response that has no model."""

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
    """Declare a call. The view takes `path`, `query` and `body` as models, and returns the response body, or (body, status).

    A view never commits: its changes are committed when it returns and rolled back when it raises. `raw`: the view parses the
    body itself.
    """

    def declare(view: View) -> View:
        declared = ApiCall(
            method, rule, scope, responses, tag, view, raw, example, headers or {}, media
        )
        CALLS[f"api.{view.__name__}"] = declared
        route = getattr(api, method.lower())
        route(rule, endpoint=view.__name__)(_wrapped(view, declared))
        return view

    return declare


def _wrapped(view: View, declared: ApiCall) -> Callable[..., Response]:
    @wraps(view)
    def serve(**arguments: Any) -> Response:
        def run() -> tuple[int, str]:
            result = view(**arguments)
            body, status = result if isinstance(result, tuple) else (result, 200)
            return status, current_app.json.dumps(body)

        if declared.method == "GET":
            result = view(**arguments)
            return (
                result
                if isinstance(result, Response)
                else _response(200, current_app.json.dumps(result))
            )
        key = request.headers.get(idempotency.HEADER) if declared.repeatable else None
        if key is not None:
            return _response(*_retry_on_conflict(lambda: idempotency.once(key, run, clock.now())))
        return _response(*_retry_on_conflict(lambda: _with_commit(run)))

    return serve


def _with_commit(run: Work) -> tuple[int, str]:
    result = run()
    store.commit()
    return result


def _retry_on_conflict(work: Work) -> tuple[int, str]:
    """Run `work`; when another writer interferes (the same new reference, a deadlock), roll back and try again on what they
    committed. Raises Conflict when every attempt fails."""
    for _ in range(ATTEMPTS):
        try:
            return work()
        except (IntegrityError, OperationalError, Conflict):
            store.rollback()
            store.expunge_all()
    raise Conflict()


def _response(status: int, text: str) -> Response:
    media = "application/json" if status < 400 else problems.MEDIA_TYPE
    return Response(text + "\n", status, mimetype=media)


@api.before_request
def check_request() -> None:
    """Check the token, then parse the body. In this order: a caller without a token learns nothing about bodies."""
    declared = CALLS.get(request.endpoint or "")
    if declared is None or request.method == "OPTIONS":
        return
    if declared.scope:
        tokens.require(declared.scope)
    if declared.body:
        read_json()


def read_json() -> None:
    """Parse the body strictly and cache it where flask-openapi3 looks for it. Raises RequestRefused: 413, 415, 400, 422."""
    raw = request.get_data(cache=True)
    if not raw and request.method == "POST" and request.content_length in (None, 0):
        raw = b"{}"  # some calls accept a POST without a body
    elif not request.is_json:
        raise RequestRefused(415, "media-type", "Send application/json.")
    try:
        parsed = json.loads(raw.decode("utf-8"), parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, "malformed", "The body isn't JSON in UTF-8.", at="#") from error
    if not isinstance(parsed, dict):
        raise RequestRefused(422, "invalid", "The body is a JSON object.", at="#")
    request._cached_json = (parsed, parsed)


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
