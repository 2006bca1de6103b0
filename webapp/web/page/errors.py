"""Error pages: one page for every refusal and error, in plain words with a next step.

A part of the app with its own format (the API returns problem documents) registers a renderer for its path.
"""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy import inspect
from werkzeug.exceptions import HTTPException, InternalServerError

from webapp.operations.rate_limits import TooMany
from webapp.refusals import Refusal
from webapp.web.page import attempts, forms, guard, identity, unit_of_work
from webapp.web.page.filters import sentence

ErrorRenderer = Callable[[int, Exception], Any]
log = structlog.get_logger()


def init_app(app: Flask) -> None:
    app.extensions["error_renderers"] = {}
    app.register_error_handler(Refusal, _on_refusal)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_exception)
    app.after_request(_log_refusal)


def render_errors_below(app: Flask, path: str, renderer: ErrorRenderer) -> None:
    """Render errors of requests below `path` by `renderer(status, error)`."""
    app.extensions["error_renderers"][path] = renderer


def _renderer(app: Flask) -> ErrorRenderer:
    renderers: dict[str, ErrorRenderer] = app.extensions["error_renderers"]
    return next((t for path, t in renderers.items() if request.path.startswith(path)), _render_page)


def _on_refusal(refusal: Refusal) -> Any:
    answer = make_response(_renderer(current_app)(refusal.status, refusal))
    if wait := getattr(refusal, "retry_after", None):
        answer.headers["Retry-After"] = str(wait)
    return answer


def _on_http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    return _renderer(current_app)(error.code, error)


def _on_exception(error: Exception) -> Any:
    """Log an unexpected error with its type and line, never with what was being written (S13). Nothing of the request is kept, unless
    its change is committed already: then the person is redirected instead of being told that it failed."""
    log.error(
        "request failed", kind=type(error).__name__, endpoint=request.endpoint, exc_info=error
    )
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    if unit_of_work.is_committed():
        return guard.redirect_after_change()
    unit_of_work.discard()  # a flush that failed would fail the error's page too
    return _renderer(current_app)(500, InternalServerError())


def _log_refusal(answer: Response) -> Response:
    """Log every 4xx response by row numbers and keyed hashes, for whoever watches for attacks (ASVS 16.3). What was allowed is in
    the audit chain."""
    if 400 <= answer.status_code < 500 and request.endpoint is not None:
        log.info(
            "refused", status=answer.status_code, method=request.method, endpoint=request.endpoint,
            person=_primary_key(g.get("me")), login=_primary_key(g.get("cookie_login")), token=_primary_key(g.get("token")),
            account=g.get("attempted_account"), caller=attempts.pseudonym(attempts.caller_address()),
        )  # fmt: skip
    return answer


def _primary_key(found: Any) -> int | None:
    """A row's primary key, without reading from the database."""
    return inspect(found).identity[0] if found is not None else None


def _render_page(status: int, error: Exception) -> Any:
    """The error page. For htmx it replaces the part that was asked for. A form that came too often is carried along, to be sent
    again with one tap: no typed word is lost (S17)."""
    title, text = _title_and_text(status, error)
    typed = isinstance(error, TooMany) and identity.current_person() is not None
    fields = forms.pending_fields() if typed else []
    return render_template(
        "errors/page.html", title=title, text=text, status=status, fields=fields, to=request.path
    ), status


def _title_and_text(status: int, error: Exception) -> tuple[str, str]:
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
