"""Reads what all seats of a session share (`Room`), for many sessions at once."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from webapp.care.attendance.presence import Evidence, Presence
from webapp.care.attendance.standing import Room
from webapp.care.directory.policy import Policy
from webapp.care.directory.programs import PolicyVersion
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.operations.heartbeats import Heartbeat
from webapp.protocol.facts.among import among, rows

SEEN = (Evidence.JOINED, Evidence.LEFT, Evidence.PRESENT)
PULSE = "feed-pulse:"
"""Heartbeat of a feed that reports also when nobody comes or goes. A feed of events alone has none: that it is silent means
nothing."""


def of(store: Store, session_ids: Collection[int], now: datetime) -> dict[int, Room]:
    """The `Room` of each session as of `now`. Sessions with the same facts share one."""
    columns = (
        Session.id, Session.program_id, Session.starts_at, Session.ends_at, Session.cancelled_at,
        Session.moved_at, Session.presence_from,
    )  # fmt: skip
    found = rows(store, select(*columns).where(among(store, Session.id, session_ids)))
    versions = _versions(store, {row.program_id for row in found})
    fed = {
        row.id
        for row in found
        if row.presence_from == PresenceFrom.PLATFORM and row.starts_at <= now
    }
    seen, pulses = _seen(store, fed), _pulses(store) if fed else {}
    same: dict[tuple[object, ...], Room] = {}
    known = {}
    for row in found:
        policy = _in_force(versions[row.program_id], row.starts_at)
        shared = (
            row.starts_at, row.ends_at, policy, row.cancelled_at is not None, row.moved_at,
            row.presence_from == PresenceFrom.PLATFORM, row.id in seen, row.program_id,
            pulses.get(f"{PULSE}{row.program_id}"),
        )  # fmt: skip
        key = (*shared[:2], id(policy), *shared[3:])
        known[row.id] = same.get(key) or same.setdefault(key, Room(*shared))
    return known


def _seen(store: Store, session_ids: Collection[int]) -> set[int]:
    """The sessions with evidence, taps aside, that anybody was there, host included (rule 7). Whoever left before the start was
    in the meeting for something else."""
    if not session_ids:
        return set()
    gone = aliased(Presence)
    left_before = exists().where(
        gone.session_id == Presence.session_id, gone.person_id == Presence.person_id,
        gone.type == Evidence.LEFT, gone.at >= Presence.at, gone.at < Session.starts_at,
        func.coalesce(gone.connection, "") == func.coalesce(Presence.connection, ""),
    ).correlate(Presence, Session)  # fmt: skip
    somebody = exists().where(
        Presence.session_id == Session.id, Presence.type.in_(SEEN), ~left_before
    )
    query = select(Session.id).where(among(store, Session.id, session_ids), somebody)
    return set(store.scalars(query))


def _pulses(store: Store) -> dict[str, datetime]:
    query = select(Heartbeat.name, Heartbeat.beat_at).where(Heartbeat.name.startswith(PULSE))
    return dict(rows(store, query))


def _versions(
    store: Store, program_ids: Collection[int]
) -> dict[int, list[tuple[datetime, Policy]]]:
    """Each program's policies with the instants from which they hold, oldest first."""
    query = (
        select(PolicyVersion.program_id, PolicyVersion.created_at, PolicyVersion.body)
        .where(among(store, PolicyVersion.program_id, program_ids))
        .order_by(PolicyVersion.version)
    )
    found: dict[int, list[tuple[datetime, Policy]]] = {}
    for program_id, created_at, body in rows(store, query):
        found.setdefault(program_id, []).append((created_at, _read(json.dumps(body))))
    return found


@lru_cache(maxsize=512)
def _read(text: str) -> Policy:
    """A policy from its JSON text: read once, however many batches need it."""
    return Policy.from_json(json.loads(text))


def _in_force(versions: list[tuple[datetime, Policy]], starts_at: datetime) -> Policy:
    before = [policy for created_at, policy in versions if created_at <= starts_at]
    return before[-1] if before else versions[0][1]
