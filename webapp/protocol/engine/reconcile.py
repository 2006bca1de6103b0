"""The chore *watch*: every quarter of an hour what should have happened is compared with what did (R5).

It trusts no timer: it goes by sessions and facts. What it finds it writes down as an event and sets right where that can be
done by looking again. It also confirms who was in a room once the platform's account of it is complete (P4).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import Select, and_, exists, select, update

from webapp import batches
from webapp.batches import Batch
from webapp.bulk import among, rows
from webapp.care.attendance import one_device, room_evidence
from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.attendance.presence import Presence
from webapp.care.audit import events
from webapp.care.audit.events import ChainHead, Cursor, Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.tasks import Task
from webapp.care.schedule import sessions
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store, claim
from webapp.operations.heartbeats import Heartbeat, beat
from webapp.protocol.engine import engine
from webapp.protocol.facts import facts, rooms
from webapp.protocol.facts.picture import SEAT_COLUMNS, SeatRow
from webapp.protocol.facts.steps import Step
from webapp.protocol.ladder.ladder import due_rungs
from webapp.protocol.ladder.rungs import Rung

log = structlog.get_logger()
READER = "watch"
EVERY = timedelta(minutes=15)
GRACE = timedelta(minutes=2)
"""How late something may be before it counts as a gap."""
BACK = timedelta(hours=26)
FORGOTTEN = Batch("give back seats", "seat", Seat.id, sessions.program_of_seat, 5000)
ROOMS = Batch("confirm rooms", "session", Session.id, sessions.program_of, 5000)


class Gap(StrEnum):
    """What may be amiss. The value is in the log and in the event."""

    LOOKS_OVERDUE = "looks_overdue"
    TASKS_WITHOUT_OWNER = "tasks_without_owner"
    TELLING_BEHIND = "telling_behind"
    SEATS_FORGOTTEN = "seats_forgotten"


def watch(database: Database, now: datetime) -> int:
    """Compare, record the gaps, and close them where that can be done by looking again; returns how much was found."""
    with database.writing() as store:
        last = store.scalar(claim(select(Heartbeat).where(Heartbeat.name == READER)))
        if (last and now - last.beat_at < EVERY) or (
            last is None and store.get(Heartbeat, READER) is not None
        ):
            return 0
        beat(store, READER, now)
        found = gaps(store, now)
        _record(store, found, now)
        store.commit()

    def give_back(store: Store, seats: Sequence[SeatRow]) -> int:
        return _give_back(store, seats, now)

    def confirm(store: Store, over: Sequence[Session]) -> int:
        return confirm_rooms(store, over, now)

    forgotten = batches.run_batch(database, now, FORGOTTEN, unaccounted(now), give_back, _seat_rows)
    return found.total() + forgotten + batches.run_batch(database, now, ROOMS, _over(now), confirm)


def _record(store: Store, found: Counter[tuple[int | None, Gap]], now: datetime) -> None:
    for (program_id, what), count in sorted(found.items(), key=str):
        log.error("gap found", program=program_id, what=what, count=count)
        events.record(
            store,
            Tag.GAP_FOUND,
            by=None,
            now=now,
            program_id=program_id,
            what=what,
            count=count,
        )


def gaps(store: Store, now: datetime) -> Counter[tuple[int | None, Gap]]:
    """(program, what is amiss) → how often."""
    found: Counter[tuple[int | None, Gap]] = Counter()
    waiting = select(Session.program_id).join(Seat, Seat.session_id == Session.id)
    late = waiting.where(Seat.next_look_at < now - GRACE, Seat.is_given)
    found.update(
        (program_id, Gap.LOOKS_OVERDUE)
        for program_id in store.scalars(engine.SEATS.without_set_aside(late))
    )
    nobodys = select(Task.program_id).where(Task.is_open, Task.owner_id.is_(None))
    found.update((program_id, Gap.TASKS_WITHOUT_OWNER) for program_id in store.scalars(nobodys))
    if _announcing_behind(store, now):
        found[None, Gap.TELLING_BEHIND] += 1
    return found


def _seat_rows(store: Store, query: Select[Any]) -> list[SeatRow]:
    return [SeatRow._make(row) for row in rows(store, query)]


def _give_back(store: Store, seats: Sequence[SeatRow], now: datetime) -> int:
    """Give the seats among these that were forgotten back to the engine, and write down that they were."""
    forgotten = _forgotten(store, seats, now)
    ids = [seat_id for _, seat_id in forgotten]
    store.execute(update(Seat).where(among(store, Seat.id, ids)).values(next_look_at=now))
    _record(store, Counter((program_id, Gap.SEATS_FORGOTTEN) for program_id, _ in forgotten), now)
    return len(forgotten)


def _forgotten(store: Store, seats: Sequence[SeatRow], now: datetime) -> list[tuple[int, int]]:
    """(program, seat) of seats for which something is due although no timer says so."""
    found = []
    for picture in facts.of_seats(store, seats, now):
        if any(
            look.due_at and look.due_at < now - GRACE
            for look in due_rungs(picture.facts, picture.taken, now)
        ):
            found.append((picture.facts.room.program_id, picture.seat.id))
    return found


def unaccounted(as_of: datetime) -> Select[int, int, int, datetime]:
    """Seats of the last day without timer, evidence, report, excusal or outreach: nothing says how they ended."""
    of_client = and_(Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id)
    return (
        select(*SEAT_COLUMNS)
        .join(Session, Session.id == Seat.session_id)
        .where(
            Session.starts_at.between(as_of - BACK, as_of + timedelta(hours=24)),
            Session.is_on,
            Seat.is_given,
            Seat.next_look_at.is_(None),
            ~exists().where(of_client, Presence.type.in_(room_evidence.SEEN)),
            ~one_device.other_seen(),
            ~exists().where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn),
            ~exists().where(Excusal.seat_id == Seat.id),
            ~exists().where(Step.seat_id == Seat.id, Step.rung == Rung.OUTREACH.value),
        )
    )


def _announcing_behind(store: Store, now: datetime) -> bool:
    """Whether events have waited longer than `GRACE` to be announced."""
    announced = store.scalar(select(Cursor.event_id).where(Cursor.reader == "announce")) or 0
    head = store.scalar(select(ChainHead.count)) or 0
    first = (
        store.scalar(select(Event.at).where(Event.id == announced + 1))
        if head > announced
        else None
    )
    return first is not None and first < now - GRACE


def _over(now: datetime) -> Select[Session]:
    """Rooms that have been over for a quarter of an hour, of which the platform tells."""
    return select(Session).where(
        Session.starts_at > now - BACK,
        Session.ends_at <= now - EVERY,
        Session.confirmed_at.is_(None),
        Session.is_on,
        Session.presence_from == PresenceFrom.PLATFORM,
    )


def confirm_rooms(store: Store, over: Sequence[Session], now: datetime) -> int:
    """Confirm who was in each of these rooms, where the platform told of it (P4)."""
    known = rooms.of(store, {session.id for session in over}, now)
    clear = [
        session
        for session in over
        if not known[session.id].silent(now) and not known[session.id].has_guest(now)
    ]
    for session in clear:
        session.confirm(store, "platform", by=None, now=now)
    return len(clear)
