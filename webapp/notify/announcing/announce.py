"""Facts become notifications: the chore *announce*, and the only place where one fact reaches several people.

It reads the chain of events on from its cursor. Who is told follows from the event, the consents and the people's own
wishes; when it comes to sending, all that is asked again (deliver). Cost: a handful of statements a batch of reminders,
whatever its size, and a few for each event of another kind; the same in the first month and in the tenth year.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Select, select

from webapp import batches
from webapp.batches import Batch, Walk
from webapp.bulk import insert_missing
from webapp.care.audit.events import ChainHead, Cursor, Event
from webapp.care.audit.tags import Tag
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store, claim
from webapp.notify.announcing import telling
from webapp.notify.announcing.audience import Listener, allowed_by, listeners
from webapp.notify.announcing.telling import Wish
from webapp.notify.kinds import CHECKS, REMINDERS, NoticeKind
from webapp.notify.outbox import INSERTED, LATE_ENOUGH, Notification

READER = "announce"
BATCH = 4_000
"""Events a transaction. More would make other writers wait, on SQLite."""
RUNGS = frozenset(kind.value for kind in (*REMINDERS, *CHECKS))
EVERYWHERE = NoticeKind.SECOND_CHECK.value
"""The rung that goes out by every channel the client allows."""
STEP = Tag.STEP_TAKEN.value
REMINDS = frozenset(kind.value for kind in REMINDERS)
TOLD = [tag.value for tag in (Tag.STEP_TAKEN, *telling.TOLD)]

Row = tuple[Any, ...]


def _program_of(event_id: int) -> Select[int | None]:
    return select(Event.program_id).where(Event.id == event_id)


EVENTS = Batch("announce", "event", Event.id, _program_of)


@dataclass(slots=True)
class Stretch:
    """The events after `after`, up to and with `upto`, and what they are about."""

    after: int
    upto: int
    sessions: dict[int, tuple[datetime, datetime]]
    moved: dict[int, int]
    """Session → the last event that moved it: what was decided before that is about another time."""
    allowed: dict[int, list[int]]
    seated: set[tuple[int, int]]
    """(session, person) of recipients who have a place there themselves and are reminded of that."""
    listeners: dict[int, Listener]


def announce(database: Database, now: datetime, *, batch: int = BATCH) -> int:
    """Turn every fact not yet told into notifications; returns how many notifications that made."""
    walking = Walk(database, EVENTS, now, partial(_make, now=now))
    made = walking.again()
    while True:
        with database.reading() as store:
            after, head = place(store), store.scalar(select(ChainHead.count)) or 0
        if after >= head:
            return made
        upto = min(head, after + batch)
        rows = _rows(walking, after, upto)
        with database.writing() as store:
            cursor = store.scalar(claim(select(Cursor).where(Cursor.reader == READER)))
            if cursor is None and after == 0:
                cursor = Cursor(reader=READER, event_id=0)
                store.add(cursor)
            if cursor is None or cursor.event_id != after:
                return made  # another worker is at it
            made += insert_missing(store, Notification.__table__, INSERTED, rows)  # type: ignore[arg-type]
            cursor.event_id = upto
            store.commit()


def _rows(walking: Walk, after: int, upto: int) -> list[Row]:
    """The notifications for a stretch of events, still to be inserted. When one of these can't be told of, those of the others
    are inserted here, and nothing is left to be."""
    try:
        with walking.database.reading() as store:
            return list(planned(store, after, upto, walking.now))
    except Exception as error:
        batches.refuse_other_faults(error)
    with walking.database.reading() as store:
        found = store.scalars(_within(select(Event.id), after, upto, *TOLD)).all()
    walking.isolate(found)
    return []


def _make(store: Store, events: Sequence[int], now: datetime) -> int:
    """Insert the notifications for these events, which follow one another. Twice is the same."""
    rows = list(planned(store, events[0] - 1, events[-1], now))
    return insert_missing(store, Notification.__table__, INSERTED, rows)  # type: ignore[arg-type]


def place(store: Store) -> int:
    """How far announcing has come in the chain of events."""
    return store.scalar(select(Cursor.event_id).where(Cursor.reader == READER)) or 0


def pass_over(store: Store) -> None:
    """Tell nobody of what has happened so far: after planting a story, or restoring a backup (R11)."""
    head = store.scalar(select(ChainHead.count)) or 0
    store.merge(Cursor(reader=READER, event_id=head))
    store.flush()


def planned(store: Store, after: int, upto: int, now: datetime) -> Iterator[Row]:
    """The rows for a stretch of events, as `INSERTED` has them."""
    columns = (
        Event.id, Event.tag, Event.at, Event.by_id, Event.client_id, Event.seat_id,
        Event.session_id, Event.task_id, Event.canonical,
    )  # fmt: skip
    found = store.connection().execute(_within(select(*columns), after, upto, *TOLD)).all()
    if not found:
        return
    stretch = _stretch(store, after, upto, now)
    wishes: list[Wish] = []
    for event in found:
        fields = told(event.canonical)
        if event.tag == STEP:
            yield from _reminders(event, fields, stretch)
        else:
            wishes += telling.wishes(store, event, fields)
    if wishes:
        known = listeners(store, {wish.person_id for wish in wishes})
        for wish in wishes:
            yield from wish.rows(known.get(wish.person_id))


def _within(columns: Any, after: int, upto: int, *tags: str) -> Any:
    return columns.where(Event.id > after, Event.id <= upto, Event.tag.in_(tags)).order_by(Event.id)


def _stretch(store: Store, after: int, upto: int, now: datetime) -> Stretch:
    """Everything the reminders in a stretch need to know, in a statement a table."""
    clients = _within(select(Event.client_id), after, upto, Tag.STEP_TAKEN).order_by(None)
    sessions = _within(select(Event.session_id), after, upto, Tag.STEP_TAKEN).order_by(None)
    times = select(Session.id, Session.starts_at, Session.ends_at).where(Session.id.in_(sessions))
    moves = select(Event.session_id, Event.id).where(
        Event.id > after, Event.tag == Tag.SESSION_MOVED
    )
    allowed = allowed_by(store, clients, now)
    known = listeners(store, clients)
    recipients = {person for named in allowed.values() for person in named}
    others = recipients - known.keys()
    seated = select(Seat.session_id, Seat.client_id).where(
        Seat.session_id.in_(sessions), Seat.client_id.in_(recipients), Seat.is_given
    )
    return Stretch(
        after,
        upto,
        {session: (start, end) for session, start, end in store.execute(times)},
        dict(store.execute(moves.order_by(Event.id)).all()),  # type: ignore[arg-type]
        allowed,
        {(session, person) for session, person in store.execute(seated)} if recipients else set(),
        known | (listeners(store, others) if others else {}),
    )


def told(canonical: str) -> dict[str, Any]:
    """The fields of an event. Steps of one sweep differ in their seats alone, so most have been read before."""
    return _read(canonical.partition(',"fields":')[2][:-1])


@lru_cache(maxsize=1024)
def _read(fields: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fields)
    return found


def _reminders(event: Any, fields: dict[str, Any], stretch: Stretch) -> Iterator[Row]:
    """A rung was taken for a seat: its client is told, and before the start whom their consent names."""
    rung, result = fields["rung"], fields["result"]
    number, _, at, _, client_id, seat_id, session_id, _, _ = event
    if rung not in RUNGS or result != "taken" or stretch.moved.get(session_id, 0) > number:
        return
    client = stretch.listeners.get(client_id)
    starts_at, ends_at = stretch.sessions[session_id]
    if client is not None and rung not in client.off:
        everywhere = rung == EVERYWHERE
        for channel, address in client.all_working() if everywhere else client.first_working():
            yield (
                number, client_id, channel, address, rung, client_id, seat_id, session_id, None,
                None, None, starts_at, at, at, ends_at, 0,
            )  # fmt: skip
    if client_id not in stretch.allowed or rung not in REMINDS:
        return
    for recipient in stretch.allowed[client_id]:
        partner = stretch.listeners.get(recipient)
        if partner is None or rung in partner.off or (session_id, recipient) in stretch.seated:
            continue
        until = starts_at + LATE_ENOUGH
        yield from telling.partner_reminder(event, recipient, starts_at, until).rows(partner)
