"""A crowd: any number of clients with one seat each in rooms that begin at the same minute, planted in bulk.

The first row of each kind is made by the verb that makes it in the product; the others are copies of it."""

import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import JSON, Column, Table, inspect, select

from webapp.bulk import insert_many
from webapp.care.attendance import presence
from webapp.care.attendance.presence import EvidenceType, Presence, Sighting
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people, programs
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.programs import Program
from webapp.care.schedule import planning
from webapp.care.schedule.kinds import SessionKind
from webapp.db import Base, Database, Store
from webapp.notify.announcing import announce
from webapp.protocol.facts import steps
from webapp.protocol.ladder.rungs import TAKEN

START = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
LENGTH = timedelta(hours=3)
ZONE = "America/New_York"
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
            store, "Bench", ref="bench", time_zone=ZONE, policy=policy, now=long_ago
        )
        staff = [
            people.put(
                store, program, role, kind=Kind.STAFF, name=role, time_zone=ZONE, roles=[role],
                by=None, now=long_ago,
            )[0]
            for role in (RoleName.COUNSELOR, RoleName.SUPERVISOR, RoleName.COORDINATOR)
        ]  # fmt: skip
        client = _clients(store, program, due, long_ago)
        look_at = start - timedelta(hours=1) if policy else start + timedelta(minutes=5)
        _evening(store, staff[0], client, due, start, "now", look_at)
        for night in range(history // due if due else 0):
            past = start - timedelta(days=night + 2)
            _evening(store, staff[0], client, due, past, f"past{night}")
        announce.skip_past_events(store)
        store.commit()
    if not database.embedded:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")


def _clients(store: Store, program: Program, count: int, now: datetime) -> Person:
    """So many clients with an e-mail address each, numbered without gaps from the one that is returned on."""
    first, _ = people.put(
        store, program, "c0", kind=Kind.CLIENT, name="Client 0", time_zone=ZONE, by=None, now=now
    )
    address = addresses.add(store, first, Channel.EMAIL, "c0@example.org", by=None, now=now)
    others = range(1, count)
    copies(
        store,
        first,
        [{"id": first.id + n, "ref": f"c{n}", "name": f"Client {n}"} for n in others],
    )
    copies(
        store,
        address,
        [{"person_id": first.id + n, "value": f"c{n}@example.org"} for n in others],
    )
    return first


def _evening(
    store: Store,
    host: Person,
    client: Person,
    count: int,
    at: datetime,
    name: str,
    next_look: datetime | None = None,
) -> None:
    """A room for every ten; only tonight's seats are still to be looked at."""
    room, _ = planning.put(
        store, host.program_id, f"{name}-0", kind=SessionKind.GROUP, title="Evening group",
        starts_at=at, ends_at=at + LENGTH, time_zone=ZONE, host=host, capacity=A_ROOM,
        seats=[client], by=None, now=at - timedelta(days=9),
    )  # fmt: skip
    here = Sighting("host", room, host, EvidenceType.JOINED, at, room.presence_from)
    presence.record(store, [here], by=None, now=at)
    joined = store.scalars(select(Presence).where(Presence.session_id == room.id)).one()
    [seat] = planning.taken(store, room)
    seat.next_look_at = next_look
    rooms = range(1, (count + A_ROOM - 1) // A_ROOM)
    copies(store, room, [{"id": room.id + n, "ref": f"{name}-{n}"} for n in rooms])
    copies(store, joined, [{"session_id": room.id + n} for n in rooms])
    copies(
        store,
        seat,
        [
            {"id": seat.id + n, "session_id": room.id + n // A_ROOM, "client_id": client.id + n, "number": n % A_ROOM + 1}
            for n in range(1, count)
        ],
    )  # fmt: skip
    occurrence = steps.occurrence_of(at)
    steps.write(
        store,
        [
            (seat.id + n, rung, occurrence, at + offset, at + offset, TAKEN, None)
            for n in range(count)
            for rung, offset in BEFORE.items()
        ],
    )


def copies(store: Store, like: Base, rows: list[dict[str, Any]]) -> None:
    """Rows like one that a verb of ours made, in bulk, each with some columns of its own (all with the same ones).

    So what a table asks for is said by the verb, and a column that comes later is filled here as well. A key that the
    database counts is counted, unless the rows name it.
    """
    store.flush()
    if not rows:
        return
    table: Table = like.__table__  # type: ignore[assignment]
    columns = [each for each in table.columns if each.name in rows[0] or not each.primary_key]
    if inspect(like).persistent:
        store.refresh(like)
    shared = {each.name: _written(each, getattr(like, each.key)) for each in columns}
    own = [each for each in columns if each.name in rows[0]]
    insert_many(
        store,
        table,
        list(shared),
        [
            tuple((shared | {each.name: _written(each, row[each.name]) for each in own}).values())
            for row in rows
        ],
    )
    if "id" in rows[0] and store.get_bind().dialect.name == "postgresql":
        store.connection().exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
        )


def _written(column: Column[Any], value: Any) -> Any:
    """As the driver takes it."""
    if isinstance(column.type, JSON) and value is not None:
        return json.dumps(value)
    return value.value if isinstance(value, Enum) else value
