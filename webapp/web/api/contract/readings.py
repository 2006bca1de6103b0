"""Records which clients' texts an API call returned, for the clients to see (P7)."""

from collections.abc import Iterable

from webapp import clock
from webapp.care.privacy import record_views
from webapp.care.privacy.record_views import What
from webapp.db import Store
from webapp.web.api.contract import tokens
from webapp.web.page.unit_of_work import database, store


def record(writing: Store, what: What, client_ids: Iterable[int | None]) -> None:
    """Record one reading for each of these clients (None: nobody's). The caller commits before anything is sent."""
    clients = sorted({each for each in client_ids if each is not None})
    record_views.record(
        writing, what, clients, by=tokens.actor().id, now=clock.now(),
        program_id=tokens.program_id(),
    )  # fmt: skip


def record_apart(what: What, client_ids: Iterable[int | None]) -> None:
    """The same for a call that only reads: in a transaction of its own, after everything was read. Closes the request's store."""
    clients = list(client_ids)
    store.close()
    if clients:
        with database.writing() as writing:
            record(writing, what, clients)
            writing.commit()
