"""Error responses: RFC 9457 problem documents with JSON pointers to the fields at fault (R12).

422: the request does not fit the document. 409: it fits, but contradicts what is registered. 404: nothing by that name in this
program (S1). Never a stack trace, and never what was sent.
"""

from http import HTTPStatus
from typing import Any

from flask import Response, current_app, request
from pydantic import Field, ValidationError
from werkzeug.exceptions import HTTPException

from webapp.refusals import Invalid, Refusal
from webapp.web.api.contract.shapes import ResponseBody

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 50


class FieldError(ResponseBody):
    """One thing that is wrong."""

    pointer: str = Field(
        description="JSON pointer, or the name of the parameter after #/", max_length=1000
    )
    detail: str = Field(max_length=1000)


class Problem(ResponseBody):
    """RFC 9457."""

    type: str = Field(
        description="What kind of problem, explained at this address",
        examples=["/api/v1/docs#invalid"],
    )
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: list[FieldError] = Field(default=[], description="Which fields are at fault")


class RequestRefused(Exception):
    """A request refused before its view runs: bad token, wrong media type, malformed JSON."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        at: str | None = None,
        headers: dict[str, str] | None = None,
    ):
        super().__init__(detail)
        self.status, self.code, self.detail, self.at = status, code, detail, at
        self.headers = headers or {}


def error_response(status: int, error: Exception) -> Response:
    """The response to any error under /api (registered with `page/errors.py`)."""
    if isinstance(error, Refusal):
        status = 409 if isinstance(error, Invalid) else error.status
        errors = [(pointer(*error.field.split(".")), str(error))] if error.field else []
        return response(status, error.code, str(error), errors)
    headers = {}
    if isinstance(error, HTTPException) and error.code == 405:
        headers = {k: v for k, v in error.get_headers(request.environ) if k == "Allow"}
    return response(
        status,
        *DETAILS.get(status, DETAILS[500] if status >= 500 else DETAILS[400]),
        headers=headers,
    )


CODES = {
    "invalid": "A field does not fit its shape (422), or contradicts what is registered (409).",
    "malformed": "The body can't be read.",
    "media-type": "The body is sent as something else than application/json.",
    "too-large": "The body is larger than 1 MiB.",
    "no-token": "There is no Bearer token in the request.",
    "bad-token": "The token is unknown or was revoked.",
    "too-many": "Too many tokens that are none came from this address; Retry-After says when to go on.",
    "scope-missing": "The token may not make this call.",
    "bad-signature": "A webhook isn't signed with a live secret of its feed, or is too old.",
    "replayed": "The very same webhook came before.",
    "key-reused": "An Idempotency-Key was used for another request.",
    "not-found": "There is nothing by that name in the token's program.",
    "method-not-allowed": "The address is known, the method is not.",
    "conflict": "Someone else changed this meanwhile; ask again.",
    "cancelled": "The session was cancelled.",
    "full": "The session has no free place.",
    "too-late": "This can no longer be changed.",
    "already-done": "The task is done.",
    "forbidden": "The token's program may not do this.",
    "refused": "It can't be done.",
    "not-ready": "The database can't be reached, or no worker lives.",
    "our-fault": "Something on our side failed; it is logged.",
}
"""Every problem's code with its meaning; `type` is the API page's address with the code as fragment."""
DETAILS = {
    400: ("malformed", "This can't be read as a request."),
    404: ("not-found", "There is nothing here by that name."),
    405: ("method-not-allowed", "This can't be done with that method."),
    413: ("too-large", "A body is 1 MiB at most."),
    500: ("our-fault", "Something on our side isn't working. It's logged; try again later."),
    503: ("not-ready", "Not ready to serve. Try again soon."),
}


def request_refused(error: RequestRefused) -> Response:
    """The problem document of a request refused before its view ran."""
    errors = [(error.at, error.detail)] if error.at else []
    return response(error.status, error.code, error.detail, errors, headers=error.headers)


def validation_error(error: ValidationError) -> Response:
    """422 with every validation error and its pointer; flask-openapi3 calls this."""
    errors = [
        (pointer(*one["loc"]), _message(one))
        for one in error.errors(include_url=False, include_input=False)
    ]
    return response(422, "invalid", f"This {_part(error)} doesn't fit the API's document.", errors)


def _part(error: ValidationError) -> str:
    return error.title if error.title in ("query", "path") else "body"


def _message(one: Any) -> str:
    message: str = one["msg"]
    return message.removeprefix("Value error, ")


def pointer(*parts: Any) -> str:
    """An RFC 6901 pointer as a fragment."""
    return "#" + "".join(map(_step, parts))


def _step(part: Any) -> str:
    clean = str(part).encode("utf-8", "replace").decode()[:100]
    return "/" + clean.replace("~", "~0").replace("/", "~1")


def response(
    status: int,
    code: str,
    detail: str,
    errors: list[tuple[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem document; `errors` are (pointer, detail), of which the first 50 are shown."""
    body: dict[str, Any] = {
        "type": f"/api/v1/docs#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [
            {"pointer": at, "detail": problem} for at, problem in (errors or [])[:MOST_ERRORS]
        ],
    }
    made = Response(current_app.json.dumps(body) + "\n", status, mimetype=MEDIA_TYPE)
    made.headers.update(headers or {})
    return made
