"""Freed places: each goes to the first in line whom the time still suits, and is held for them for a while (M6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select

from webapp import batches
from webapp.batches import Batch, BatchRun
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory import programs
from webapp.care.make_ups import calendars, eligibility, waitlist
from webapp.care.make_ups.eligibility import Party, party_for
from webapp.care.make_ups.waitlist import LAST_CALL, HeldPlace, WaitlistEntry, served
from webapp.care.preferences import contact_preferences
from webapp.care.schedule import planning, sessions
from webapp.care.schedule.sessions import Seat, Session, occupied
from webapp.db import Database, Store
from webapp.times import QuietHours, end_of_quiet

HOLD_FOR = timedelta(hours=2)
MORNING = timedelta(hours=1)
"""A hold that would run out in somebody's quiet hours lasts this long beyond them."""


def serve(
    store: Store, session: Session, *, now: datetime, failed: dict[int, Exception] | None = None
) -> int:
    """Hold the free places of `session`, which the caller has locked, for the first in line. Returns how many entries got one.

    Clients whom the time no longer suits leave the line. For a couple both places are held or none; while only one is free
    they keep their turn, and a client who needs only one goes first. An entry that can't be worked on raises; with `failed`
    (entry id → error) it is only noted there, and the next in line has its turn.
    """
    if session.cancelled_at or session.starts_at <= now + LAST_CALL:
        return 0
    line = LINE.without_set_aside(waitlist.in_line([session.id]).where(~served()))
    free, held = session.capacity - count_taken(store, session), 0
    for entry in store.scalars(line).all():
        if free <= 0:
            break
        try:
            with store.begin_nested():
                places = _serve_one(store, entry, free, now)
        except Exception as error:
            batches.raise_unless_row_fault(error)
            if failed is None:
                raise
            failed[entry.id] = error
            continue
        free -= places
        held += bool(places)
    return held


def _serve_one(store: Store, entry: WaitlistEntry, free: int, now: datetime) -> int:
    """Hold places for the first in line; returns how many of the `free` ones."""
    party = party_for(store, entry.seat, entry.joined_by, now)
    entry.places = len(party.people)
    if not _suits(store, entry, party):
        waitlist.leave(store, entry, by=None, now=now, why="clash")
    elif entry.places <= free and not _is_anothers(store, entry, party):
        _hold(store, entry, party, now)
        return entry.places
    return 0


def _is_anothers(store: Store, entry: WaitlistEntry, party: Party) -> bool:
    there = select(Seat.client_id).where(Seat.session_id == entry.session_id, occupied())
    return eligibility.is_anothers(entry.seat, entry.session, store.scalars(there), party)


def count_taken(store: Store, session: Session) -> int:
    """How many places are taken, held ones included."""
    seats = select(func.count()).where(Seat.session_id == session.id, occupied())
    return store.scalar(seats) or 0


def _program_of_hold(held_id: int) -> Select[int]:
    program = select(Session.program_id).join(WaitlistEntry, WaitlistEntry.session_id == Session.id)
    return program.join(HeldPlace, HeldPlace.entry_id == WaitlistEntry.id).where(
        HeldPlace.id == held_id
    )


def _program_of_entry(entry_id: int) -> Select[int]:
    program = select(Session.program_id).join(WaitlistEntry, WaitlistEntry.session_id == Session.id)
    return program.where(WaitlistEntry.id == entry_id)


HOLDS = Batch("take back places", "held_place", HeldPlace.id, _program_of_hold)
LINES = Batch("close lines", "waitlist_entry", WaitlistEntry.id, _program_of_entry)
SESSIONS = Batch("offer freed places", "session", Session.id, sessions.program_of)
LINE = Batch("offer a freed place", "waitlist_entry", WaitlistEntry.id, _program_of_entry)


def offer_freed(database: Database, now: datetime, limit: int = 50) -> int:
    """Chore: end holds that have expired and the lines of sessions that begin or were cancelled, and hold every free place for
    the first in line. Commits. An entry that can't be worked on is set aside, and the next in line has its turn. Returns how many
    holds and entries it changed."""
    failed: dict[int, Exception] = {}

    def expire(store: Store, holds: Sequence[HeldPlace]) -> int:
        for held in holds:
            waitlist.end(store, held, "expired", by=None, now=now)
            waitlist.leave(store, held.entry, by=None, now=now, why="expired")
        return len(holds)

    def close(store: Store, entries: Sequence[WaitlistEntry]) -> int:
        for entry in entries:
            waitlist.leave(store, entry, by=None, now=now, why="over")
        return len(entries)

    def offer(store: Store, with_places: Sequence[Session]) -> int:
        return sum(serve(store, session, now=now, failed=failed) for session in with_places)

    def again(store: Store, ids: Sequence[int]) -> int:
        entry = store.get(WaitlistEntry, ids[0])
        if entry is None or not entry.is_waiting or entry.session.starts_at <= now + LAST_CALL:
            return 0
        planning.lock(store, entry.session)
        free = entry.session.capacity - count_taken(store, entry.session)
        return _serve_one(store, entry, free, now)

    expired = waitlist.live().where(HeldPlace.until <= now)
    changed = batches.run_batch(database, now, replace(HOLDS, limit=limit), expired, expire)
    changed += batches.run_batch(
        database, now, replace(LINES, limit=limit), _ended_lines(now), close
    )
    changed += BatchRun(database, LINE, now, again).retry_set_aside()
    changed += batches.run_batch(
        database, now, replace(SESSIONS, limit=limit), _with_places(now), offer
    )
    for entry_id, error in failed.items():
        batches.set_aside(database, LINE, entry_id, error, now)
    return changed


def held_until(now: datetime, starts_at: datetime, zone: str, quiet: QuietHours | None) -> datetime:
    """Until when a place is held: two hours, never into the client's night (`quiet`: local from and to in `zone`), never
    past the last call before the start. All instants aware."""
    until = now + HOLD_FOR
    if quiet and (morning := end_of_quiet(quiet, zone, until)):
        until = morning + MORNING
    return min(until, starts_at - LAST_CALL)


def _hold(store: Store, entry: WaitlistEntry, party: Party, now: datetime) -> HeldPlace:
    session, client = entry.session, entry.client
    policy = programs.policy_at(store, session.program_id, session.starts_at)
    quiet = contact_preferences.quiet_hours(client.preferences, policy.quiet_hours)
    until = held_until(now, session.starts_at, client.time_zone, quiet)
    seats = [planning.hold_seat(store, session, each, until, now=now) for each in party.people]
    held = HeldPlace(
        entry=entry, seat=seats[0], partner_seat=seats[1] if party.partner else None, held_at=now,
        until=until,
    )  # fmt: skip
    store.add(held)
    store.flush()
    events.record(store, Tag.PLACE_HELD, seat=seats[0], by=None, now=now, held=held.id, until=until)
    return held


def _suits(store: Store, entry: WaitlistEntry, party: Party) -> bool:
    """Whether the session may make up for theirs (staff may choose any), and the party still has that time free, as far as who
    joined the line may know."""
    session = entry.session
    own = entry.joined_by_id == entry.client_id
    if own and not eligibility.suitable(session, entry.seat.session):
        return False
    busy = calendars.overlapping(party, session.starts_at, session.ends_at)
    return entry.client.active and store.scalar(busy.limit(1)) is None


def _ended_lines(now: datetime) -> Select[WaitlistEntry]:
    """Everyone who waits for a session that begins soon or was called off."""
    near = or_(Session.starts_at <= now + LAST_CALL, ~Session.is_on)
    return waitlist.in_any_line().join(Session, Session.id == WaitlistEntry.session_id).where(near)


def _with_places(now: datetime) -> Select[Session]:
    """Sessions with as many free places as an entry in their line needs."""
    taken = select(func.count()).where(Seat.session_id == Session.id, occupied())
    free = Session.capacity - taken.correlate(Session).scalar_subquery()
    line = waitlist.in_any_line().where(WaitlistEntry.session_id == Session.id, ~served())
    line = LINE.without_set_aside(line.where(WaitlistEntry.places <= free))
    return (
        select(Session)
        .where(Session.starts_at > now + LAST_CALL, Session.is_on)
        .where(line.with_only_columns(WaitlistEntry.id).correlate(Session).exists())
        .order_by(Session.id)
    )
