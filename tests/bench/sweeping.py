"""What bench_sweep.py times: our sweep, and the same rows written in the usual ways without any rule. One process each."""

import json
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from tests import databases
from tests.bench import crowd
from tests.databases import every_table
from webapp import clock
from webapp.bulk import insert_many, insert_missing
from webapp.care.audit import events
from webapp.care.audit.events import ChainHead, Cursor, Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import NewNotification, Notification, insert_new
from webapp.protocol.engine import engine
from webapp.protocol.facts.steps import COLUMNS, Step, occurrence_of

NOW = crowd.START + timedelta(minutes=5)
RUNG = "first_check"


def opened(url: str) -> Database:
    every_table()
    return databases.opened(url)


def ours(url: str) -> dict[str, float]:
    """Look until nothing is due, announce, and finish: facts, every rule, steps, chained events, notifications."""
    database = opened(url)
    begun = time.perf_counter()
    looked = 0
    while found := engine.look(database, NOW):
        looked += found
    told = time.perf_counter()
    announce(database, NOW)
    ended = time.perf_counter()
    return {
        "seconds": ended - begun,
        "look": told - begun,
        "announce": ended - told,
        "seats": looked,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def looking(url: str) -> dict[str, float]:
    """Only our looks: for two at once."""
    database = opened(url)
    engine.look(database, NOW - timedelta(days=9))
    begun, looked = time.time(), 0
    while found := engine.look(database, NOW):
        looked += found
    return {"begun": begun, "ended": time.time(), "seats": looked}


def plain_rows(store: Store) -> list[Any]:
    """The seats due, with what the rows of the reference ways hang on."""
    query = (
        select(Seat.id, Seat.client_id, Seat.session_id, Session.starts_at, Session.ends_at, Address.id)
        .join(Session, Session.id == Seat.session_id)
        .join(Address, Address.person_id == Seat.client_id)
        .where(Seat.next_look_at <= NOW)
    )  # fmt: skip
    return list(store.execute(query))


def values(rows: list[Any], first_event: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Steps, events (unchained) and notifications for the rows, as tuples."""
    steps, told, notes = [], [], []
    occurrence = occurrence_of(crowd.START)
    for n, (seat, client, session, starts_at, ends_at, address) in enumerate(rows, first_event):
        steps.append((seat, RUNG, occurrence, NOW, NOW, "taken", None))
        text = json.dumps({"event": [n, seat, client], "fields": {"rung": RUNG}})
        told.append(
            (n, 1, "seat:step:taken", NOW, None, client, seat, session, None, text, bytes(32))
        )
        note = NewNotification(
            event_id=n, person_id=client, channel="email", address_id=address, kind=RUNG,
            client_id=client, seat_id=seat, session_id=session, about_at=starts_at,
            decided_at=NOW, due_at=NOW, not_after=ends_at,
        )  # fmt: skip
        notes.append(note)
    return steps, told, notes


def as_objects(store: Store, steps: list[Any], told: list[Any], notes: list[Any]) -> None:
    """ORM `add_all`."""
    for model, columns, rows in (
        (Step, COLUMNS, steps),
        (Event, events.COLUMNS, told),
        (Notification, NewNotification._fields, notes),
    ):
        store.add_all([model(**dict(zip(columns, row, strict=True))) for row in rows])
    store.flush()


def as_bulk(store: Store, steps: list[Any], told: list[Any], notes: list[Any]) -> None:
    """ORM bulk insert: a list of dictionaries."""
    for model, columns, rows in (
        (Step, COLUMNS, steps),
        (Event, events.COLUMNS, told),
        (Notification, NewNotification._fields, notes),
    ):
        store.execute(insert(model), [dict(zip(columns, row, strict=True)) for row in rows])


def as_driver(store: Store, steps: list[Any], told: list[Any], notes: list[Any]) -> None:
    """The driver's fastest: executemany, or COPY and merge."""
    insert_missing(store, Step.__table__, COLUMNS, steps)  # type: ignore[arg-type]
    insert_many(store, Event.__table__, events.COLUMNS, told)  # type: ignore[arg-type]
    insert_new(store, notes)


WAYS: dict[str, Callable[[Store, list[Any], list[Any], list[Any]], None]] = {
    "ORM add_all": as_objects,
    "ORM bulk insert": as_bulk,
    "driver executemany / COPY": as_driver,
}


def reference(url: str, way: str) -> dict[str, float]:
    """The same rows, one transaction, no facts, no rules, no chain; and the timers moved on."""
    database = opened(url)
    begun = time.perf_counter()
    with database.writing() as store:
        rows = plain_rows(store)
        first = (store.scalar(select(func.max(Event.id))) or 0) + 1
        WAYS[way](store, *values(rows, first))
        later = NOW + timedelta(minutes=15)
        store.execute(update(Seat).where(Seat.next_look_at <= NOW).values(next_look_at=later))
        store.commit()
    return {"seconds": time.perf_counter() - begun, "seats": len(rows)}


def rewind(url: str) -> None:
    """Undo a sweep, so that the next one finds what this one found."""
    database = opened(url)
    with database.writing() as store:
        told = select(Cursor.event_id).where(Cursor.reader == "base")
        base = store.scalar(told) or 0
        if not base:
            base = store.scalar(select(ChainHead.count)) or 0
            store.add(Cursor(reader="base", event_id=base))
        store.execute(delete(Step).where(Step.rung == RUNG))
        store.execute(delete(Notification))
        store.execute(delete(Event).where(Event.id > base))
        last = store.scalar(select(Event.hash).where(Event.id == base))
        store.execute(update(ChainHead).values(count=base, hash=last))
        store.execute(update(Cursor).values(event_id=base))
        store.execute(update(Seat).where(Seat.next_look_at.is_not(None)).values(next_look_at=NOW))
        store.commit()
    if not database.embedded:
        with database.engine.connect() as connection:
            tidy(connection.execution_options(isolation_level="AUTOCOMMIT"))
    database.dispose()


def tidy(connection: Connection) -> None:
    connection.exec_driver_sql("VACUUM ANALYZE step, event, notification, seat")


def person_beside(url: str, seconds: float) -> list[float]:
    """Somebody who writes all the while, an event each time as every verb does: how long each commit took, in seconds."""
    database, waits = opened(url), []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.perf_counter()
        with database.writing() as store:
            person = store.scalar(select(Seat.client_id).limit(1))
            events.record(
                store,
                Tag.PREFERENCES_CHANGED,
                by=None,
                now=clock.now(),
                program_id=1,
                person=person,
            )
            store.commit()
        waits.append(time.perf_counter() - begun)
        time.sleep(0.005)
    return waits


def idle(url: str) -> list[float]:
    """Looks that find nothing, in seconds."""
    database, took = opened(url), []
    for _ in range(60):
        begun = time.perf_counter()
        engine.look(database, NOW - timedelta(days=9))
        took.append(time.perf_counter() - begun)
    return took
