"""Reads what all seats of a session share (`SessionFacts`), for many sessions at once."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, false, func, or_, select, true, union_all
from sqlalchemy.orm import aliased

from webapp.bulk import among, rows
from webapp.care.attendance.guests import Guest, Identification
from webapp.care.attendance.presence import MARKS, WEAK, Presence, RoomLook
from webapp.care.attendance.room_evidence import SEEN, anyone_seen
from webapp.care.attendance.standing import SessionFacts
from webapp.care.attendance.tally import Evidence, tally
from webapp.care.directory import programs
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.operations.heartbeats import Heartbeat

PULSE = "feed-pulse:"
"""Heartbeat of a feed that reports also when nobody comes or goes. A feed of events alone has none: that it is silent means
nothing."""


def of(store: Store, session_ids: Collection[int], now: datetime) -> dict[int, SessionFacts]:
    """The `SessionFacts` of each session as of `now`. Sessions with the same facts share one."""
    columns = (
        Session.id, Session.program_id, Session.starts_at, Session.ends_at, Session.cancelled_at,
        Session.moved_at, Session.presence_from,
    )  # fmt: skip
    found = rows(store, select(*columns).where(among(store, Session.id, session_ids)))
    policies = programs.policies_of(store, {row.program_id for row in found})
    begun = {row.id for row in found if row.starts_at <= now}
    fed = {row.id for row in found if row.presence_from == PresenceFrom.PLATFORM} & begun
    seen, pulses = _seen(store, fed), _pulses(store) if fed else {}
    marked, said = _looks(store, begun, now)
    times = {row.id: (row.starts_at, row.ends_at) for row in found if row.id in begun}
    strangers = _guests(store, times, said, now)
    same: dict[tuple[object, ...], SessionFacts] = {}
    known = {}
    for row in found:
        policy = programs.in_force(policies[row.program_id], row.starts_at).policy
        shared = (
            row.starts_at, row.ends_at, policy, row.cancelled_at is not None, row.moved_at,
            row.presence_from == PresenceFrom.PLATFORM, row.id in seen, row.program_id,
            pulses.get(f"{PULSE}{row.program_id}"), _latest(marked.get(row.id), said.get(row.id)),
            *strangers.get(row.id, ((), ())),
        )  # fmt: skip
        key = (*shared[:2], id(policy), *shared[3:])
        known[row.id] = same.get(key) or same.setdefault(key, SessionFacts(*shared))
    return known


def _seen(store: Store, session_ids: Collection[int]) -> set[int]:
    """The sessions with evidence that anybody was there (rule 7)."""
    if not session_ids:
        return set()
    query = select(Session.id).where(among(store, Session.id, session_ids), anyone_seen())
    return set(store.scalars(query))


def _looks(
    store: Store, session_ids: Collection[int], now: datetime
) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """session → when somebody last marked a seat of it, and session → when somebody last said that nobody else was there."""
    marked, said = dict[int, datetime](), dict[int, datetime]()
    if not session_ids:
        return marked, said
    marks = (
        select(true(), Presence.session_id, func.max(Presence.recorded_at))
        .where(among(store, Presence.session_id, session_ids))
        .where(Presence.type.in_(MARKS), Presence.recorded_at <= now)
        .group_by(Presence.session_id)
    )
    words = (
        select(false(), RoomLook.session_id, func.max(RoomLook.at))
        .where(among(store, RoomLook.session_id, session_ids))
        .where(~RoomLook.is_undone, RoomLook.at <= now)
        .group_by(RoomLook.session_id)
    )
    store.flush()
    for is_mark, session_id, at in store.connection().execute(union_all(marks, words)):
        (marked if is_mark else said)[session_id] = at
    return marked, said


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)


Strangers = tuple[tuple[datetime, ...], tuple[datetime, ...]]


def _guests(
    store: Store,
    begun: dict[int, tuple[datetime, datetime]],
    said: dict[int, datetime],
    now: datetime,
) -> dict[int, Strangers]:
    """session → its guests whom nobody has named: when each was first there, and when they waited to be let in. `begun`: session →
    start and end. An unknown account that runs the meeting is none where the planned host is there too."""
    if not begun:
        return {}
    known = exists().where(Identification.guest_id == Guest.id, ~Identification.is_undone)
    host = exists().where(
        Session.id == Guest.session_id, Presence.session_id == Session.id,
        Presence.person_id == Session.host_id, Presence.type.in_(SEEN),
    )  # fmt: skip
    piece = aliased(Presence)
    query = (
        select(Guest.session_id, Guest.id, piece.type, piece.at, piece.connection)
        .join(piece, piece.guest_id == Guest.id)
        .where(among(store, Guest.session_id, begun), ~known, or_(~Guest.is_host, ~host))
        .where(Guest.with_id.is_(None))
    )
    pieces: dict[tuple[int, int], list[Evidence]] = defaultdict(list)
    for session_id, guest_id, kind, at, connection in rows(store, query):
        pieces[session_id, guest_id].append(Evidence(kind, at, connection=connection or ""))
    there: dict[int, list[datetime]] = defaultdict(list)
    waiting: dict[int, list[datetime]] = defaultdict(list)
    for (session_id, _), evidence in pieces.items():
        strong = [piece for piece in evidence if piece.kind not in WEAK]
        waiting[session_id] += [piece.at for piece in evidence if piece.kind in WEAK]
        if tally(strong, *begun[session_id], now).seen:
            first = min(piece.at for piece in strong)
            if session_id not in said or first > said[session_id]:
                there[session_id].append(first)
    return {
        session_id: (tuple(sorted(there[session_id])), tuple(sorted(waiting[session_id])))
        for session_id in {*there, *waiting}
    }


def _pulses(store: Store) -> dict[str, datetime]:
    query = select(Heartbeat.name, Heartbeat.beat_at).where(Heartbeat.name.startswith(PULSE))
    return dict(rows(store, query))
