"""What the web is made of, put together: first who is asking, then the doors, then the places behind them."""

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
from webapp.web import account, api, client, csp_reports, drafts, feeds, pwa, staff
from webapp.web.page import assets, errors, filters, guard, headers, identity, unit_of_work
from webapp.web.page.proxies import TrustedProxies
from webapp.web.pwa import leaving

LARGEST_BODY = 1024 * 1024
UNKEPT = re.compile("[\0\ud800-\udfff]")
"""Letters that no database keeps."""


class RowNumber(IntegerConverter):
    """A number in an address that a row can have; a larger one is nothing here (404) instead of the database's error."""

    def __init__(self, url_map: Map):
        super().__init__(url_map, max=2**31 - 1)


def refuse_what_no_database_keeps() -> None:
    """PostgreSQL keeps no NUL in a text, nothing can write down half a surrogate pair, and nobody types either: a field of a
    form, an address or a JSON body that holds one is refused by its name before a view reads it (R12). What comes by another
    door is refused by that."""
    if request.endpoint is None or guard.guard_of(request.endpoint) == guard.CHECKS_ACCESS_ITSELF:
        return
    path = [(name, str(value)) for name, value in (request.view_args or {}).items()]
    sent = [*path, *request.args.items(multi=True), *request.form.items(multi=True), *_told()]
    for name, value in sent:
        if UNKEPT.search(name + value):
            field = UNKEPT.sub("", name)
            raise Invalid(
                N_("A letter in %(name)s can't be kept. Please leave it out."),
                field=field,
                name=field,
            )


def _told() -> Iterator[tuple[str, str]]:
    """Every text in a JSON body, with the name of the field it stands under. One that is nested deeper than can be read: 400."""
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
    """Give `app` everything it serves."""
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
    for part in (filters, errors, guard, assets):
        part.init_app(app)
    app.before_request(refuse_what_no_database_keeps)  # after the guard, before the view
    app.before_request(unit_of_work.begin_writing)
    headers.init_app(app, settings)
    pwa.init_app(app, settings)
    account.register(app, settings)
    app.register_blueprint(feeds.pages)
    app.register_blueprint(csp_reports.reports)
    app.register_blueprint(drafts.drafts)
    for place in (client, staff, api):
        place.register(app)
    Htmx(app)
    Compress(app)
