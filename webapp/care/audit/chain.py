"""The audit chain, read from its beginning: every way in which it does not hold (S14)."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from webapp.care.audit.events import COLUMNS, GENESIS, ChainHead, Event, link
from webapp.db import Store


def verify(store: Store) -> Iterator[str]:
    """Every way in which the chain does not hold: edited, deleted, inserted or cut-off events, one sentence each.

    Events that are appended meanwhile are left for the next time.
    """
    heads = store.execute(select(ChainHead.count, ChainHead.hash).order_by(ChainHead.id)).all()
    if len(heads) > 1:
        yield f"the chain has {len(heads)} ends: there is one row of them, others were added"
    count, last = heads[0] if heads else (0, GENESIS)
    digest, expected = GENESIS, 0
    for row in _all_up_to(store, count):
        expected += 1
        if row.id != expected:
            yield f"event {expected} is gone: the next one is {row.id}"
            expected = row.id
        if link(digest, row.canonical) != row.hash:
            yield f"event {row.id} does not follow from the one before it"
        if _columns(row) != _columns_said(row.canonical):
            yield f"event {row.id} was changed after it was written"
        digest = row.hash
    if (count, last) != (expected, digest):
        yield f"the chain ends at {expected}, but {count} events were written"


def _all_up_to(store: Store, count: int, batch: int = 2000) -> Iterator[Row[Any]]:
    columns = [Event.__table__.c[name] for name in COLUMNS]
    after = 0
    while rows := store.execute(
        select(*columns).where(Event.id > after, Event.id <= count).order_by(Event.id).limit(batch)
    ).all():
        yield from rows
        after = rows[-1].id


def _columns(row: Row[Any]) -> list[Any]:
    return [
        row.id, row.program_id, row.tag, row.at, row.by_id, row.client_id, row.seat_id,
        row.session_id, row.task_id,
    ]  # fmt: skip


def _columns_said(canonical: str) -> list[Any] | None:
    try:
        said: list[Any] = json.loads(canonical)["event"]
        said[3] = datetime.fromisoformat(said[3])
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return said
