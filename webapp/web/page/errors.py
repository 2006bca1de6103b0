"""When something can't be done: the same answer for every page, told in plain words with a next step.

A place with answers of its own (the API speaks problem documents) registers a teller for its path.
"""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import inspect
from werkzeug.exceptions import HTTPException, InternalServerError

from webapp.refusals import Refusal
from webapp.web.page import attempts, guard, unit_of_work
from webapp.web.page.filters import sentence

Teller = Callable[[int, Exception], Any]
log = structlog.get_logger()


def init_app(app: Flask) -> None:
    app.extensions["tellers"] = {}
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)
    app.after_request(_noted)


def under(app: Flask, path: str, teller: Teller) -> None:
    """Errors below `path` are told by `teller(status, error)`."""
    app.extensions["tellers"][path] = teller


def _teller(app: Flask) -> Teller:
    tellers: dict[str, Teller] = app.extensions["tellers"]
    return next((t for path, t in tellers.items() if request.path.startswith(path)), _page)


def _refused(refusal: Refusal) -> Any:
    answer = make_response(_teller(current_app)(refusal.status, refusal))
    if wait := getattr(refusal, "retry_after", None):
        answer.headers["Retry-After"] = str(wait)
    return answer


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    return _teller(current_app)(error.code, error)


def _broken(error: Exception) -> Any:
    """Our fault: logged with its place, never with what was being written (S13). A request that ends in an error leaves nothing,
    and one whose change is committed ends in none: when only its answer can't be shown, the person is sent on to look."""
    log.error(
        "request failed", kind=type(error).__name__, endpoint=request.endpoint, exc_info=error
    )
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    if unit_of_work.kept():
        return guard.go_on()
    return _teller(current_app)(500, InternalServerError())


def _noted(answer: Response) -> Response:
    """Whoever watches for attacks learns of everything that was refused: what, when, to whom, from where, in numbers of ours
    (ASVS 16.3). What was allowed is in the audit chain."""
    if 400 <= answer.status_code < 500 and request.endpoint is not None:
        log.info(
            "refused", status=answer.status_code, method=request.method, endpoint=request.endpoint,
            person=_row(g.get("me")), login=_row(g.get("found_login")), token=_row(g.get("token")),
            account=g.get("tried"), caller=attempts.opaque(attempts.address()),
        )  # fmt: skip
    return answer


def _row(found: Any) -> int | None:
    """Its number, without reading anything."""
    return inspect(found).identity[0] if found is not None else None


def _page(status: int, error: Exception) -> Any:
    """A page; for htmx only its middle, which replaces the part that was asked for."""
    title, text = _words(status, error)
    return render_template("errors/page.html", title=title, text=text, status=status), status


def _words(status: int, error: Exception) -> tuple[str, str]:
    if isinstance(error, Refusal):
        return _("Not just now"), sentence(error)
    known = {
        401: (
            _("Please open this page again"),
            _("It was open for a long time. What you typed is kept."),
        ),
        403: (
            _("Please open this page again"),
            _("It was open for a long time. What you typed is kept."),
        ),
        404: (_("Nothing here"), _("This page doesn't exist, or it isn't yours to see.")),
        405: (_("Nothing here"), _("This page doesn't exist, or it isn't yours to see.")),
        413: (_("That's too long"), _("Please send a shorter text.")),
        429: (_("A short break"), _("That was a lot at once. Please try again in a minute.")),
    }
    return known.get(
        status,
        (
            _("Something on our side isn't working"),
            _("It's not you. Please try again in a minute."),
        ),
    )
