"""Reads what all seats of a session share (`SessionFacts`), for many sessions at once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased

from webapp.bulk import among, rows
from webapp.care.attendance.presence import MARKS, EvidenceType, Presence, RoomLook
from webapp.care.attendance.standing import SessionFacts
from webapp.care.directory import programs
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.operations.heartbeats import Heartbeat

SEEN = (EvidenceType.JOINED, EvidenceType.LEFT, EvidenceType.PRESENT)
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
    looked = _looked(store, begun, now)
    same: dict[tuple[object, ...], SessionFacts] = {}
    known = {}
    for row in found:
        policy = programs.in_force(policies[row.program_id], row.starts_at).policy
        shared = (
            row.starts_at, row.ends_at, policy, row.cancelled_at is not None, row.moved_at,
            row.presence_from == PresenceFrom.PLATFORM, row.id in seen, row.program_id,
            pulses.get(f"{PULSE}{row.program_id}"), looked.get(row.id),
        )  # fmt: skip
        key = (*shared[:2], id(policy), *shared[3:])
        known[row.id] = same.get(key) or same.setdefault(key, SessionFacts(*shared))
    return known


def _seen(store: Store, session_ids: Collection[int]) -> set[int]:
    """The sessions with evidence, taps aside, that anybody was there, host included (rule 7). Whoever left before the start was
    in the meeting for something else."""
    if not session_ids:
        return set()
    gone = aliased(Presence)
    left_before = exists().where(
        gone.session_id == Presence.session_id, gone.person_id == Presence.person_id,
        gone.type == EvidenceType.LEFT, gone.at >= Presence.at, gone.at < Session.starts_at,
        func.coalesce(gone.connection, "") == func.coalesce(Presence.connection, ""),
    ).correlate(Presence, Session)  # fmt: skip
    somebody = exists().where(
        Presence.session_id == Session.id, Presence.type.in_(SEEN), ~left_before
    )
    query = select(Session.id).where(among(store, Session.id, session_ids), somebody)
    return set(store.scalars(query))


def looked_at() -> ColumnElement[bool]:
    """A condition on Session: somebody has marked a seat of it or said that nobody else was there (rule 7)."""
    marked = exists().where(Presence.session_id == Session.id, Presence.type.in_(MARKS))
    said = exists().where(RoomLook.session_id == Session.id, ~RoomLook.is_undone)
    return or_(marked, said)


def _looked(store: Store, session_ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """session → when somebody last marked a seat of it or said that nobody else was there (rule 7)."""
    if not session_ids:
        return {}
    marked = (
        select(Presence.session_id, func.max(Presence.recorded_at))
        .where(among(store, Presence.session_id, session_ids))
        .where(Presence.type.in_(MARKS), Presence.recorded_at <= now)
        .group_by(Presence.session_id)
    )
    said = (
        select(RoomLook.session_id, func.max(RoomLook.at))
        .where(among(store, RoomLook.session_id, session_ids))
        .where(~RoomLook.is_undone, RoomLook.at <= now)
        .group_by(RoomLook.session_id)
    )
    latest: dict[int, datetime] = {}
    for session_id, at in rows(store, union_all(marked, said)):
        latest[session_id] = max(at, latest.get(session_id, at))
    return latest


def _pulses(store: Store) -> dict[str, datetime]:
    query = select(Heartbeat.name, Heartbeat.beat_at).where(Heartbeat.name.startswith(PULSE))
    return dict(rows(store, query))
