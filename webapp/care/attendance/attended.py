"""Attendance: which seats were filled, and for how long, read for many seats at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from webapp.care.attendance.presence import Evidence as Seen
from webapp.care.attendance.presence import Presence
from webapp.care.attendance.standing import Facts, Life, Room, Standing, standing
from webapp.care.attendance.tally import TAP, Evidence, tally
from webapp.care.directory import programs
from webapp.care.schedule.sessions import Seat
from webapp.db import Store


def present(store: Store, seats: Iterable[Seat], now: datetime) -> dict[int, timedelta]:
    """seat → how long its client was there, overlapping evidence merged. One statement."""
    seats = list(seats)
    seen = evidence(store, [seat.id for seat in seats])
    return {
        seat.id: tally(seen[seat.id], seat.session.starts_at, seat.session.ends_at, now).present_for
        for seat in seats
    }


def attended(store: Store, seats: Iterable[Seat], now: datetime) -> set[int]:
    """The ids of those seats whose standing is *attended*, by the one definition. Two statements."""
    seats = list(seats)
    if not seats:
        return set()
    seen = evidence(store, [seat.id for seat in seats])
    policies = programs.policies_of(store, {seat.session.program_id for seat in seats})
    found = set()
    for seat in seats:
        session = seat.session
        policy = programs.in_force(policies[session.program_id], session.starts_at).policy
        room = Room(
            session.starts_at, session.ends_at, policy, cancelled=session.cancelled_at is not None
        )
        facts = Facts(room, Life(), seat.given_at, evidence=tuple(seen[seat.id]))
        if standing(facts, now) is Standing.ATTENDED:
            found.add(seat.id)
    return found


def evidence(store: Store, seat_ids: Iterable[int]) -> dict[int, list[Evidence]]:
    """seat → the evidence about its client in its session."""
    there = and_(Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id)
    query = (
        select(
            Seat.id, Presence.type, Presence.at, Presence.source, Presence.recorded_at,
            Presence.connection,
        )
        .join(Presence, there)
        .where(Seat.id.in_(list(seat_ids)))
    )  # fmt: skip
    found: dict[int, list[Evidence]] = defaultdict(list)
    for seat_id, kind, at, source, recorded_at, connection in store.execute(query):
        weak = kind == Seen.TAPPED
        found[seat_id].append(
            Evidence(
                "joined" if weak else kind, at, TAP if weak else source, recorded_at,
                connection or "",
            )
        )  # fmt: skip
    return found
