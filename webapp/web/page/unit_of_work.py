"""The request's unit of work: `store`, opened at first use, closed when the request ends.

GET and HEAD open it for reading, every other method for writing. On the embedded database the write lock is taken only after
the guard has let the request in (`begin_writing`) and given back at the commit: a page is rendered without holding it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask, current_app, g, has_request_context, request
from sqlalchemy import event
from werkzeug.local import LocalProxy

from webapp import clock
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.db import Database, Store
from webapp.operations import rate_limits
from webapp.operations.rate_limits import TooMany

SAFE = ("GET", "HEAD", "OPTIONS")


def _database() -> Database:
    return cast(Database, current_app.extensions["database"])


def _store() -> Store:
    if "store" not in g:
        writing = has_request_context() and request.method not in SAFE
        g.store = _database().open(writing=writing)
        if writing:
            g.store.info["readers"] = _database().readers
            g.store.info["before_event"] = _limit_act
            if _database().embedded and "may_write" not in g:
                _switch_to_reading(g.store)
    return cast(Store, g.store)


def _limit_act(tag: Tag, by: Any) -> None:
    """Count an act that notifies others against the limit of the person who does it, once a request (S17). Raises TooMany, with
    everything rolled back that the act had begun. An API token stands for a whole system and is not a person. Words of crisis are never
    refused: staff are to read them (rule 16)."""
    if not isinstance(by, Person) or g.get("token") is not None or g.get("crisis_words"):
        return
    rate = rate_limits.rate_of(tag, by)
    counted: set[str] = g.setdefault("counted_acts", set())
    if rate is None or rate.name in counted:
        return
    counted.add(rate.name)
    try:
        rate_limits.spend(_store(), rate, f"person {by.id}", now=clock.now())
    except TooMany:
        discard_and_read()
        raise


def begin_writing() -> None:
    """Switch the store to writing, after the guard and before the view. Rows read before may have changed since, as they always
    may on PostgreSQL: a verb reads again what it depends on."""
    g.may_write = True
    if "store" in g and request.method not in SAFE and _database().embedded:
        g.store.commit()
        g.store.bind = _database().writers
        for key in ("only_reads", "committed"):
            g.store.info.pop(key, None)


@event.listens_for(Store, "after_commit")
def _switch_to_reading(store: Store) -> None:
    """Let the rest of the request only read, so that no writer waits while a page is rendered."""
    if readers := store.info.get("readers"):
        store.info.setdefault("committed", not store.info.get("only_reads"))
        store.bind = readers
        store.info["only_reads"] = True


def discard_and_read() -> None:
    """Roll back what a refused verb had begun, and read what the page shows without holding the write lock."""
    refused = _store()
    refused.rollback()
    refused.info.setdefault("committed", False)
    _switch_to_reading(refused)


def discard() -> None:
    """The same after an error, if the request has used the database at all."""
    if "store" in g:
        discard_and_read()


def is_committed() -> bool:
    """Whether the request's change is committed; an error after that must not say that it failed."""
    return bool("store" in g and g.store.info.get("committed"))


@contextmanager
def separate_transaction() -> Iterator[Store]:
    """A transaction that commits whatever happens to the request's own, for the trace of a view (P7). Rolls back what the request
    had begun and not committed; rows that it only read stay loaded."""
    mine = _store()
    if mine.info["reading"] or mine.info.get("only_reads"):
        mine.commit()
    else:
        discard_and_read()
    with _database().writing() as writing:
        yield writing
        writing.commit()


def close(error: BaseException | None = None) -> None:
    """Close the store; what was not committed is rolled back."""
    store = g.pop("store", None)
    if store is not None:
        store.close()


database = cast(Database, LocalProxy(_database))
store = cast(Store, LocalProxy(_store))


def init_app(app: Flask, opened: Database) -> None:
    app.extensions["database"] = opened
    app.teardown_appcontext(close)
