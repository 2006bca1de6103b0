"""Records which clients' texts an API call returned, for the clients to see (P7)."""

from collections.abc import Iterable
from typing import Any

from webapp import clock
from webapp.care.privacy import record_views
from webapp.care.privacy.record_views import What
from webapp.web.api.contract import tokens
from webapp.web.page.unit_of_work import database, store


def record(what: What, client_ids: Iterable[int | None]) -> None:
    """Record one reading for each of these clients (None: nobody's), with the call's own changes."""
    record_views.record(store, what, _clients(client_ids), **_reader())


def record_apart(what: What, client_ids: Iterable[int | None]) -> None:
    """The same for a call that only reads: in a transaction of its own, after everything was read. Closes the request's store."""
    clients, reader = _clients(client_ids), _reader()
    store.close()
    if clients:
        with database.writing() as writing:
            record_views.record(writing, what, clients, **reader)
            writing.commit()


def _clients(ids: Iterable[int | None]) -> list[int]:
    return sorted({each for each in ids if each is not None})


def _reader() -> dict[str, Any]:
    return {"by": tokens.actor().id, "now": clock.now(), "program_id": tokens.program_id()}
