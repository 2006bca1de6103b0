"""The chore *announce*: turns recorded events into notifications. Nothing else makes one event reach several people.

It reads the chain of events on from its cursor. Who is told follows from the event, the consents and each person's own
preferences; all that is checked again before sending (delivery/objections.py). Cost: a handful of statements a batch of reminders,
whatever its size, and a few for each event of another kind; the same in the first month and in the tenth year.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from sqlalchemy import Select, select

from webapp import batches
from webapp.batches import Batch, BatchRun
from webapp.care.audit.events import ChainHead, Cursor, Event
from webapp.care.audit.tags import Tag
from webapp.care.schedule.sessions import Session
from webapp.db import Database, Store, claim
from webapp.notify.announcing import notices, untold
from webapp.notify.announcing.audience import Recipient, recipients
from webapp.notify.announcing.folding import fold, settle
from webapp.notify.announcing.notices import PlannedNotice
from webapp.notify.announcing.untold import Untold
from webapp.notify.kinds import CHECKS, REMINDERS, NoticeKind
from webapp.notify.outbox import NewNotification, insert_new

READER = "announce"
BATCH = 4_000
"""Events a transaction. More would make other writers wait, on SQLite."""
RUNGS = frozenset(kind.value for kind in (*REMINDERS, *CHECKS))
ON_EVERY_CHANNEL = NoticeKind.SECOND_CHECK.value
"""The rung that goes out by every channel that the client allows."""
STEP = Tag.STEP_TAKEN.value
ANNOUNCED = [tag.value for tag in (Tag.STEP_TAKEN, *notices.TAGS)]


def _program_of(event_id: int) -> Select[int | None]:
    return select(Event.program_id).where(Event.id == event_id)


EVENTS = Batch("announce", "event", Event.id, _program_of)


@dataclass(slots=True)
class EventRange:
    """The events after `after`, up to and with `upto`, and what they are about."""

    after: int
    upto: int
    sessions: dict[int, tuple[datetime, datetime]]
    moved: dict[int, int]
    """Session → the last event that moved it: what was decided before that is about another time."""
    recipients: dict[int, Recipient]


def announce(database: Database, now: datetime, *, batch: int = BATCH) -> int:
    """Turn every event not announced yet into notifications; returns how many notifications that made."""
    walking = BatchRun(database, EVENTS, now, partial(_make, now=now))
    made = walking.retry_set_aside()
    while True:
        with database.reading() as store:
            after, head = cursor_position(store), store.scalar(select(ChainHead.count)) or 0
        if after >= head:
            return made
        upto = min(head, after + batch)
        unreached: list[Untold] = []
        rows = _rows(walking, after, upto, unreached)
        with database.writing() as store:
            cursor = store.scalar(claim(select(Cursor).where(Cursor.reader == READER)))
            if cursor is None and after == 0:
                cursor = Cursor(reader=READER, event_id=0)
                store.add(cursor)
            if cursor is None or cursor.event_id != after:
                return made  # another worker is at it
            made += insert_new(store, rows)
            untold.open_tasks(store, unreached, now)
            cursor.event_id = upto
            store.commit()


def _rows(
    walking: BatchRun, after: int, upto: int, unreached: list[Untold]
) -> list[NewNotification]:
    """The notifications for a range of events, still to be inserted; clients who can't be told go to `unreached`. When one event of these raises, the notifications of the
    others are inserted here, and none is returned."""
    try:
        with walking.database.reading() as store:
            return list(planned_notifications(store, after, upto, walking.now, unreached))
    except Exception as error:
        batches.raise_unless_row_fault(error)
    unreached.clear()
    with walking.database.reading() as store:
        found = store.scalars(_within(select(Event.id), after, upto, *ANNOUNCED)).all()
    walking.isolate(found)
    return []


def _make(store: Store, events: Sequence[int], now: datetime) -> int:
    """Insert the notifications for these events, which follow one another. Twice is the same."""
    unreached: list[Untold] = []
    rows = list(planned_notifications(store, events[0] - 1, events[-1], now, unreached))
    untold.open_tasks(store, unreached, now)
    return insert_new(store, rows)


def cursor_position(store: Store) -> int:
    """The id of the last event that was announced; 0 before the first."""
    return store.scalar(select(Cursor.event_id).where(Cursor.reader == READER)) or 0


def skip_past_events(store: Store) -> None:
    """Announce nothing of what has happened so far: after planting a story, or restoring a backup (R11)."""
    head = store.scalar(select(ChainHead.count)) or 0
    store.merge(Cursor(reader=READER, event_id=head))
    store.flush()


def planned_notifications(
    store: Store, after: int, upto: int, now: datetime, unreached: list[Untold]
) -> Iterator[NewNotification]:
    """The notifications for the events after `after`, up to and with `upto`. Changes of which a client can't be told go to
    `unreached`."""
    columns = (
        Event.id, Event.tag, Event.at, Event.by_id, Event.client_id, Event.seat_id,
        Event.session_id, Event.task_id, Event.canonical,
    )  # fmt: skip
    found = store.connection().execute(_within(select(*columns), after, upto, *ANNOUNCED)).all()
    if not found:
        return
    events = _event_range(store, after, upto)
    planned: list[PlannedNotice] = []
    for event in found:
        fields = event_fields(event.canonical)
        if event.tag == STEP:
            yield from _reminders(event, fields, events)
        else:
            planned += notices.planned_notices(store, event, fields)
    if planned:
        known = recipients(store, {notice.person_id for notice in planned})
        changes = settle(store, [notice for notice in planned if notice.change])
        others = fold(store, [notice for notice in planned if not notice.change])
        for notice in chain(changes, others):
            recipient = known.get(notice.person_id)
            if notice.change and recipient is not None and not recipient.first_working():
                unreached.append(Untold(notice.event.id, notice.person_id, notice.about_at))
            yield from notice.notifications(recipient)


def _within(columns: Any, after: int, upto: int, *tags: str) -> Any:
    return columns.where(Event.id > after, Event.id <= upto, Event.tag.in_(tags)).order_by(Event.id)


def _event_range(store: Store, after: int, upto: int) -> EventRange:
    """Everything that the reminders in a range need to know, in a statement a table."""
    clients = _within(select(Event.client_id), after, upto, Tag.STEP_TAKEN).order_by(None)
    sessions = _within(select(Event.session_id), after, upto, Tag.STEP_TAKEN).order_by(None)
    times = select(Session.id, Session.starts_at, Session.ends_at).where(Session.id.in_(sessions))
    moves = select(Event.session_id, Event.id).where(
        Event.id > after, Event.tag == Tag.SESSION_MOVED
    )
    return EventRange(
        after,
        upto,
        {session: (start, end) for session, start, end in store.execute(times)},
        dict(store.execute(moves.order_by(Event.id)).all()),  # type: ignore[arg-type]
        recipients(store, clients),
    )


def event_fields(canonical: str) -> dict[str, Any]:
    """The fields of an event. Steps of one sweep differ in their seats alone, so most have been read before."""
    return _read(canonical.partition(',"fields":')[2][:-1])


@lru_cache(maxsize=1024)
def _read(fields: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fields)
    return found


def _reminders(event: Any, fields: dict[str, Any], events: EventRange) -> Iterator[NewNotification]:
    """A rung was taken for a seat: its client is told."""
    rung, result = fields["rung"], fields["result"]
    number, _, at, _, client_id, seat_id, session_id, _, _ = event
    if rung not in RUNGS or result != "taken" or events.moved.get(session_id, 0) > number:
        return
    client = events.recipients.get(client_id)
    starts_at, ends_at = events.sessions[session_id]
    if client is not None and rung not in client.off:
        everywhere = rung == ON_EVERY_CHANNEL
        for channel, address in client.all_working() if everywhere else client.first_working():
            yield NewNotification(  # by position: twenty thousand at once, and names cost twice as much
                number, client_id, channel, address, rung, at, at, ends_at, client_id, seat_id,
                session_id, starts_at,
            )  # fmt: skip
