"""Finds the seats changed since an instant, from the recorded events; no column has to be kept up to date."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, tuple_

from webapp.care.audit.events import ChainHead, Event
from webapp.care.schedule.sessions import Seat
from webapp.db import Store

COMMITS_WITHIN = timedelta(minutes=10)
"""At most this long between an event's instant and its commit: the longest transaction, with a margin."""


def changed_after(store: Store, program_id: int, instant: datetime) -> Any:
    """A condition on `Seat`: something was recorded after `instant` (aware) about the seat itself, about this client in this
    session, or about the session for all. Cost grows with the events since then, not with those before."""
    since = and_(
        Event.id > position_at(store, instant), Event.at > instant, Event.program_id == program_id
    )  # fmt: skip
    of_seat = select(Event.seat_id).where(since, Event.seat_id.is_not(None))
    of_session = select(Event.session_id).where(
        since, Event.session_id.is_not(None), Event.seat_id.is_(None), Event.client_id.is_(None)
    )
    of_client = select(Event.session_id, Event.client_id).where(
        since, Event.session_id.is_not(None), Event.client_id.is_not(None)
    )
    pair = tuple_(Seat.session_id, Seat.client_id)
    return or_(Seat.id.in_(of_seat), Seat.session_id.in_(of_session), pair.in_(of_client))


def position_at(store: Store, instant: datetime) -> int:
    """The id of the last event before `instant`, less a margin: ids are in commit order, and an event's instant is a little before
    its commit. A binary search: some twenty reads at any length of the chain."""
    instant -= COMMITS_WITHIN
    low, high = 0, store.scalar(select(ChainHead.count)) or 0
    while low < high:
        middle = (low + high + 1) // 2
        at = store.scalar(select(Event.at).where(Event.id == middle))
        low, high = (middle, high) if at is not None and at < instant else (low, middle - 1)
    return low
