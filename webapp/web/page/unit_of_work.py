"""The request's unit of work: `store`, opened when first touched, closed when the request ends.

GET and HEAD read without a transaction to roll back; everything else writes. Who asks is found out before the write lock of
the embedded database is taken (`write_on`). A route commits once; what it renders afterwards is read without holding it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import Flask, current_app, g, has_request_context, request
from sqlalchemy import event
from werkzeug.local import LocalProxy

from webapp.db import Database, Store

SAFE = ("GET", "HEAD", "OPTIONS")


def _database() -> Database:
    return cast(Database, current_app.extensions["database"])


def _store() -> Store:
    if "store" not in g:
        writing = has_request_context() and request.method not in SAFE
        g.store = _database().open(writing=writing)
        if writing:
            g.store.info["readers"] = _database().readers
            if _database().embedded and "may_write" not in g:
                _switch_to_reading(g.store)
    return cast(Store, g.store)


def begin_writing() -> None:
    """The request was let in, and its view begins: from here on it writes. What was read before may have changed by a moment,
    as on PostgreSQL it always may: what a verb must be sure of it asks again."""
    g.may_write = True
    if "store" in g and request.method not in SAFE and _database().embedded:
        g.store.commit()
        g.store.bind = _database().writers
        for key in ("only_reads", "committed"):
            g.store.info.pop(key, None)


@event.listens_for(Store, "after_commit")
def _switch_to_reading(store: Store) -> None:
    """Committed: the rest of the request only reads, so that nobody waits for a page being rendered."""
    if readers := store.info.get("readers"):
        store.info.setdefault("committed", not store.info.get("only_reads"))
        store.bind = readers
        store.info["only_reads"] = True


def discard_and_read() -> None:
    """A verb refused: what it had begun is gone, and what the page shows is read without holding anybody up."""
    refused = _store()
    refused.rollback()
    refused.info.setdefault("committed", False)
    _switch_to_reading(refused)


def is_committed() -> bool:
    """Whether what the request asked for is committed, so that no error after it may say otherwise."""
    return bool("store" in g and g.store.info.get("committed"))


@contextmanager
def separate_transaction() -> Iterator[Store]:
    """A unit of work of its own, for what is kept whatever becomes of the request's: a trace (P7). What that began and did not
    commit is gone; what it only read stays read."""
    mine = _store()
    if mine.info["reading"] or mine.info.get("only_reads"):
        mine.commit()
    else:
        discard_and_read()
    with _database().writing() as writing:
        yield writing
        writing.commit()


def close(error: BaseException | None = None) -> None:
    """Whatever was not committed is gone."""
    store = g.pop("store", None)
    if store is not None:
        store.close()


database = cast(Database, LocalProxy(_database))
store = cast(Store, LocalProxy(_store))


def init_app(app: Flask, opened: Database) -> None:
    app.extensions["database"] = opened
    app.teardown_appcontext(close)
