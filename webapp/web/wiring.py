"""Assembles the web application: settings, request checks in their order, then the blueprints."""

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask, abort, request
from flask_compress import Compress
from htmx_flask import Htmx
from werkzeug.routing import IntegerConverter, Map

from webapp.config import Settings
from webapp.db import Database
from webapp.refusals import N_, Invalid
from webapp.web import account, account_changes, api, client, csp_reports, drafts, feeds, pwa, staff
from webapp.web.page import (
    assets,
    crisis_help,
    errors,
    filters,
    guard,
    headers,
    identity,
    unit_of_work,
)
from webapp.web.page.proxies import TrustedProxies
from webapp.web.pwa import leaving, lost_phones

LARGEST_BODY = 1024 * 1024
NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
"""Characters that the database can't store."""


class RowNumber(IntegerConverter):
    """A row's id in an address; a number too large for an id is 404 instead of a database error."""

    def __init__(self, url_map: Map):
        super().__init__(url_map, max=2**31 - 1)


def refuse_unstorable_text() -> None:
    """Refuse a NUL, which PostgreSQL can't store, and half a surrogate pair, which can't be encoded: nobody types either. A field
    of a form, an address or a JSON body that contains one is refused by its name before a view reads it (R12). Endpoints without
    a login (`guard.CHECKS_ACCESS_ITSELF`) check their own input."""
    if request.endpoint is None or guard.guard_of(request.endpoint) == guard.CHECKS_ACCESS_ITSELF:
        return
    path = [(name, str(value)) for name, value in (request.view_args or {}).items()]
    sent = [*path, *request.args.items(multi=True), *request.form.items(multi=True), *_json_texts()]
    for name, value in sent:
        if NOT_STORABLE.search(name + value):
            field = NOT_STORABLE.sub("", name)
            raise Invalid(
                N_("A letter in %(name)s can't be kept. Please leave it out."),
                field=field,
                name=field,
            )


def _json_texts() -> Iterator[tuple[str, str]]:
    """Every text in a JSON body with the name of its field. 400 when nested too deeply to parse."""
    try:
        body = request.get_json(silent=True) if request.is_json else None
    except RecursionError:
        abort(400)
    fields = body.items() if isinstance(body, dict) else [("", body)]
    left: list[tuple[str, Any]] = [
        (field, each) for field, value in fields for each in (field, value)
    ]
    while left:
        field, value = left.pop()
        if isinstance(value, dict):
            left += [(field, each) for pair in value.items() for each in pair]
        elif isinstance(value, list):
            left += [(field, each) for each in value]
        elif isinstance(value, str):
            yield field, value


def wire(app: Flask, settings: Settings, database: Database) -> None:
    """Add everything to `app` that it serves."""
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        COMPRESS_ALGORITHM=["zstd", "br", "gzip"],
        COMPRESS_MIN_SIZE=600,
        COMPRESS_BR_LEVEL=4,
        COMPRESS_ZSTD_LEVEL=3,
    )
    app.extensions["settings"] = settings
    app.url_map.converters["row"] = RowNumber
    if settings.trusted_proxies:
        app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    unit_of_work.init_app(app, database)
    identity.init_app(app, settings)
    leaving.init_app(app, settings)
    lost_phones.init_app(app, settings)
    for module in (filters, errors, guard, assets, crisis_help):
        module.init_app(app)
    app.before_request(refuse_unstorable_text)  # after the guard, before the view
    app.before_request(crisis_help.heed)  # in a transaction of its own, whatever the view does
    app.before_request(unit_of_work.begin_writing)
    headers.init_app(app, settings)
    pwa.init_app(app, settings)
    account.register(app, settings)
    app.register_blueprint(feeds.pages)
    app.register_blueprint(csp_reports.reports)
    app.register_blueprint(drafts.drafts)
    app.register_blueprint(account_changes.pages)
    for package in (client, staff, api):
        package.register(app)
    Htmx(app)
    Compress(app)
