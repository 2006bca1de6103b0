"""A crowd: any number of clients with one seat each in rooms that begin at the same minute, planted in bulk."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, select

from webapp.bulk import insert_many
from webapp.care.attendance.presence import Presence
from webapp.care.contact.addresses import Address
from webapp.care.directory import people, programs
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Base, Database, Store
from webapp.notify.announcing import announce
from webapp.protocol.facts.steps import Step

START = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
LENGTH = timedelta(hours=3)
A_ROOM = 10
BEFORE = {
    "heads_up": timedelta(hours=-24),
    "soon": timedelta(hours=-1),
    "doors_open": timedelta(minutes=-10),
}


def plant(
    database: Database,
    due: int,
    *,
    history: int = 0,
    start: datetime = START,
    policy: dict[str, Any] | None = None,
) -> None:
    """`due` seats, each of another client, that are to be looked at from five minutes after `start` on (with a `policy` of
    their own: at once); hosts are in their rooms.

    `history` further seats of the same clients lie in the past, with their steps: the weight of years.
    """
    long_ago = start - timedelta(days=400)
    with database.writing() as store:
        program = programs.create(
            store,
            "Bench",
            ref="bench",
            time_zone="America/New_York",
            policy=policy,
            now=long_ago,
        )
        staff = [
            people.put(
                store, program, role, kind=Kind.STAFF, name=role, time_zone="America/New_York",
                roles=[role], by=None, now=long_ago,
            )[0]
            for role in (RoleName.COUNSELOR, RoleName.SUPERVISOR, RoleName.COORDINATOR)
        ]  # fmt: skip
        store.flush()
        first = _clients(store, program.id, due)
        look_at = start - timedelta(hours=1) if policy else start + timedelta(minutes=5)
        _evening(store, program.id, staff[0].id, first, due, start, "now", look_at)
        for night in range(history // due if due else 0):
            _evening(
                store,
                program.id,
                staff[0].id,
                first,
                due,
                start - timedelta(days=night + 2),
                f"past{night}",
            )
        announce.skip_past_events(store)
        store.commit()
    if not database.embedded:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _clients(store: Store, program_id: int, count: int) -> int:
    first = (store.scalar(select(Person.id).order_by(Person.id.desc()).limit(1)) or 0) + 1
    long_ago = START - timedelta(days=400)
    _insert(
        store, Person,
        ("id", "program_id", "ref", "kind", "name", "time_zone", "language", "status", "status_at", "preferences", "created_at"),
        [
            (first + n, program_id, f"c{n}", "client", f"Client {n}", "America/New_York", "en", "active", long_ago, "{}", long_ago)
            for n in range(count)
        ],
    )  # fmt: skip
    _insert(
        store, Address, ("person_id", "channel", "value", "opted_in_at", "troubles", "created_at"),
        [(first + n, "email", f"c{n}@example.org", long_ago, 0, long_ago) for n in range(count)],
    )  # fmt: skip
    return first


def _evening(
    store: Store,
    program_id: int,
    host: int,
    first: int,
    count: int,
    at: datetime,
    name: str,
    next_look: datetime | None = None,
) -> None:
    """A room for every ten; only tonight's seats are still to be looked at."""
    room = (store.scalar(select(Session.id).order_by(Session.id.desc()).limit(1)) or 0) + 1
    rooms = range((count + A_ROOM - 1) // A_ROOM)
    _insert(
        store, Session,
        ("id", "program_id", "ref", "kind", "title", "starts_at", "ends_at", "time_zone", "host_id", "capacity", "presence_from", "makes_up", "sequence", "planned_at"),
        [
            (room + n, program_id, f"{name}-{n}", "group", "Evening group", at, at + LENGTH, "America/New_York", host, A_ROOM, "platform", "[]", 0, at - timedelta(days=9))
            for n in rooms
        ],
    )  # fmt: skip
    _insert(
        store, Presence, ("session_id", "person_id", "type", "at", "source", "source_id", "recorded_at"),
        [(room + n, host, "joined", at, "platform", "host", at) for n in rooms],
    )  # fmt: skip
    seat = (store.scalar(select(Seat.id).order_by(Seat.id.desc()).limit(1)) or 0) + 1
    _insert(
        store, Seat, ("id", "session_id", "capacity", "client_id", "number", "given_at", "next_look_at"),
        [
            (seat + n, room + n // A_ROOM, A_ROOM, first + n, n % A_ROOM + 1, at - timedelta(days=9), next_look)
            for n in range(count)
        ],
    )  # fmt: skip
    occurrence = int(at.timestamp())
    _insert(
        store, Step, ("seat_id", "rung", "occurrence", "due_at", "taken_at", "result"),
        [
            (seat + n, rung, occurrence, at + offset, at + offset, "taken")
            for n in range(count)
            for rung, offset in BEFORE.items()
        ],
    )  # fmt: skip


def _insert(store: Store, model: type[Base], columns: tuple[str, ...], rows: list[Any]) -> None:
    store.flush()
    table: Table = model.__table__  # type: ignore[assignment]
    insert_many(store, table, columns, rows)
    if "id" in columns and store.get_bind().dialect.name == "postgresql":
        store.connection().exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
        )
