"""Claims due notifications, checks each again, and leases those that may still be sent, in one transaction.

The database returns for every row the first reason not to send it (`objection`). So a consent revoked, a session moved or an
absence reported after the row was written stops it here, however long it has waited (rule 3, P1).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, Text, bindparam, cast, or_, select, update

from webapp.batches import Batch
from webapp.bulk import among
from webapp.care.attendance.standing import WEAK_PRESENCE_HOLDS
from webapp.care.contact.addresses import Address
from webapp.care.directory import programs
from webapp.care.directory.people import Person
from webapp.care.preferences.contact_preferences import quiet_hours
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store, claim, database_now
from webapp.notify.delivery.objections import EXPIRED, NOW, TAPPED, client, objection
from webapp.notify.delivery.quiet_hours import may_wait, wait_until
from webapp.notify.outbox import TABLE, Notification
from webapp.times import QuietHours

LEASE = timedelta(seconds=60)
"""How long a worker has a row to itself; after that another one takes it up (R2)."""
HELD_FOR = timedelta(minutes=1)
"""How long a tap on Join puts a check off before it is looked at again."""
SPOKEN_WITHIN = timedelta(hours=2)
WORKS_FOR = timedelta(days=1)
"""How long after recording that an address works that is not recorded again."""
ASTRAY = "address"
"""The objection that is about the address and not the notice: the next channel is tried."""


class Leased(NamedTuple):
    """A leased notification, with all that is needed to send it without the database."""

    id: int
    event_id: int | None
    person_id: int
    channel: str
    address_id: int
    kind: str
    client_id: int | None
    seat_id: int | None
    session_id: int | None
    task_id: int | None
    about_id: int | None
    consent_category: str | None
    about_at: datetime | None
    decided_at: datetime
    link_path: str | None
    not_after: datetime
    attempts: int
    address: str
    keys: str | None
    """A push subscription's keys, JSON; read when it is packed."""
    stale: bool
    """That the address works was not recorded lately: it is when this is accepted."""
    language: str
    zone: str
    program_id: int


@dataclass(slots=True)
class Claimed:
    """The result of a claim: rows to send, rows for the next channel, and how many rows were dealt with in all."""

    to_send: list[Leased]
    astray: list[Leased]
    """Rows whose address may not be used any more: the next channel is tried."""
    seen: int


def waiting(store: Store, now: datetime) -> bool:
    """Whether anything is due; one look into the index, no lock."""
    due = select(Notification.id).where(Notification.is_open, Notification.due_at <= now)
    return store.scalar(SENDING.spared(due).limit(1)) is not None


def take(store: Store, now: datetime, limit: int, only: Sequence[int] | None = None) -> Claimed:
    """Claim up to `limit` due notifications (`only`: of these). Those that may not go any more end here, with why; the caller
    commits.

    `now` is the app's clock, by which rows fall due; leases run by the database's own.
    """
    clock = database_now(store)
    asked = {"clock": clock, "most": limit, "worked_before": now - WORKS_FOR, **_as_of(now)}
    due = _due() if only is None else _due(aside=True).where(Notification.id.in_(only))
    rows = store.connection().execute(due, asked).all()
    claimed, later = Claimed([], [], len(rows)), []
    ended: dict[str, list[int]] = {}
    quiet = _QuietHours(store)
    for *columns, preferences, why in rows:
        row = Leased._make(columns)
        if why == TAPPED:
            later.append({"row": row.id, "until": now + HELD_FOR})
        elif why:
            ended.setdefault(why, []).append(row.id)
            if why == ASTRAY:
                claimed.astray.append(row)
        elif may_wait(row.kind, row.about_at, now) and (until := quiet.over(row, preferences, now)):
            later.append({"row": row.id, "until": until})
        else:
            claimed.to_send.append(row)
    _lease(store, [row.id for row in claimed.to_send], clock + LEASE)
    _end(store, ended, now)
    _put_off(store, later)
    return claimed


def objection_to(store: Store, id: int, now: datetime) -> str | None:
    """The first reason not to send this notification now, as in a claim; None when it may go."""
    one = _asked(objection()).where(Notification.id == id)
    why: str | None = store.connection().execute(one, _as_of(now)).scalar_one()
    return why


def _as_of(now: datetime) -> dict[str, datetime]:
    """The parameters of an objection."""
    return {
        "now": now, "tapped_since": now - WEAK_PRESENCE_HOLDS, "spoken_since": now - SPOKEN_WITHIN
    }  # fmt: skip


class _QuietHours:
    """The programs' quiet hours, read when first needed; most batches never need them."""

    def __init__(self, store: Store):
        self._store = store
        self._programs: dict[int, QuietHours | None] = {}

    def over(self, row: Leased, preferences: str, now: datetime) -> datetime | None:
        """When the recipient may be sent this; None when now. `preferences`: theirs, as JSON text."""
        if row.program_id not in self._programs:
            policy = programs.policy_at(self._store, row.program_id, now)
            self._programs[row.program_id] = policy.quiet_hours
        hours = quiet_hours(json.loads(preferences or "{}"), self._programs[row.program_id])
        return wait_until(row.kind, row.about_at, row.not_after, hours, row.zone, now)


def _lease(store: Store, ids: Sequence[int], until: datetime) -> None:
    if ids:
        rows = update(TABLE).where(among(store, TABLE.c.id, ids))
        store.connection().execute(rows.values(leased_until=until, attempts=TABLE.c.attempts + 1))


def _end(store: Store, ended: dict[str, list[int]], now: datetime) -> None:
    """End rows that will not be sent: as expired, or as cancelled with the reason."""
    for why, ids in ended.items():
        column = "expired_at" if why == EXPIRED else "cancelled_at"
        rows = update(TABLE).where(among(store, TABLE.c.id, ids))
        end = {column: now, "why": why, "leased_until": None, "link_path": None}
        store.connection().execute(rows.values(end))


def _put_off(store: Store, later: list[dict[str, Any]]) -> None:
    if later:
        rows = update(TABLE).where(TABLE.c.id == bindparam("row"))
        store.connection().execute(rows.values(due_at=bindparam("until")), later)


def numbers_due(store: Store, now: datetime, limit: int) -> Sequence[int]:
    """Which rows `take` would claim, unless others are at it."""
    row, clock = Notification, database_now(store)
    free = or_(row.leased_until.is_(None), row.leased_until <= clock)
    due = select(row.id).where(Notification.is_open, row.due_at <= now, free).order_by(row.due_at)
    return store.scalars(SENDING.spared(due).limit(limit)).all()


def _program_of(row_id: int) -> Select[int]:
    theirs = select(Person.program_id).join(Notification, Notification.person_id == Person.id)
    return theirs.where(Notification.id == row_id)


SENDING = Batch("deliver", "notification", Notification.id, _program_of)


@lru_cache
def _due(aside: bool = False) -> Select[Any]:
    """The due rows nobody has in hand, oldest first, with what sending needs and the first objection to it. `aside`: what is set
    aside is among them."""
    clock = bindparam("clock", type_=Notification.due_at.type)
    row = Notification
    before = bindparam("worked_before", type_=Address.worked_at.type)
    stale = or_(Address.troubles > 0, Address.worked_at.is_(None), Address.worked_at < before)
    columns = (
        row.id, row.event_id, row.person_id, row.channel, row.address_id, row.kind, row.client_id,
        row.seat_id, row.session_id, row.task_id, row.about_id, row.consent_category, row.about_at,
        row.decided_at, row.link_path, row.not_after, row.attempts, Address.value, cast(Address.keys, Text), stale, Person.language, Person.time_zone,
        Person.program_id, cast(Person.preferences, Text), objection(),
    )  # fmt: skip
    found = (
        _asked(*columns)
        .where(Notification.is_open, row.due_at <= NOW)
        .where(or_(row.leased_until.is_(None), row.leased_until <= clock))
        .order_by(row.due_at)
        .limit(bindparam("most"))
    )
    return claim(found if aside else SENDING.spared(found), of=row)


def _asked(*columns: Any) -> Select[Any]:
    """Notifications joined with all that an objection reads."""
    row = Notification
    return (
        select(*columns)
        .select_from(row)
        .join(Address, Address.id == row.address_id)
        .join(Person, Person.id == row.person_id)
        .outerjoin(Session, Session.id == row.session_id)
        .outerjoin(Seat, Seat.id == row.seat_id)
        .outerjoin(client, client.id == row.client_id)
    )
