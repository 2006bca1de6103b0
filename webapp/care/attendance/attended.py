"""Attendance read for many seats at once: the evidence about each, how long its client was there, and who attended."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from webapp.bulk import among, rows
from webapp.care.attendance import one_device
from webapp.care.attendance.presence import WEAK, EvidenceType, Presence
from webapp.care.attendance.standing import ClientFacts, Facts, SessionFacts, Standing, standing
from webapp.care.attendance.tally import TAP, Evidence, tally
from webapp.care.directory import programs
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store


def present(store: Store, seats: Sequence[Seat], now: datetime) -> dict[int, timedelta]:
    """seat → how long its client was there, overlapping evidence merged. Two statements."""
    found = evidence(store, [seat.id for seat in seats])
    return {
        seat.id: tally(
            found[seat.id], seat.session.starts_at, seat.session.ends_at, now
        ).present_for
        for seat in seats
    }


def attended(store: Store, seats: Sequence[Seat], now: datetime) -> set[int]:
    """The ids of those seats whose standing is *attended*, by the one definition. Three statements."""
    if not seats:
        return set()
    found = evidence(store, [seat.id for seat in seats])
    policies = programs.policies_of(store, {seat.session.program_id for seat in seats})
    attended_ids = set()
    for seat in seats:
        session = seat.session
        policy = programs.in_force(policies[session.program_id], session.starts_at).policy
        shared = SessionFacts(
            session.starts_at, session.ends_at, policy, cancelled=session.cancelled_at is not None
        )
        facts = Facts(shared, ClientFacts(), seat.given_at, evidence=tuple(found[seat.id]))
        if standing(facts, now) is Standing.ATTENDED:
            attended_ids.add(seat.id)
    return attended_ids


def left_outside(
    store: Store, session: Session, starts_at: datetime, ends_at: datetime, now: datetime
) -> list[Seat]:
    """The seats whose client was there, and would not have been if the session had these times: what is asked about before its time is
    corrected (rule 14). Two statements."""
    given = select(Seat).where(Seat.session_id == session.id, Seat.is_given).order_by(Seat.number)
    seats = store.scalars(given).all()
    found = evidence(store, [seat.id for seat in seats])
    return [
        seat
        for seat in seats
        if tally(found[seat.id], session.starts_at, session.ends_at, now).seen
        and not tally(found[seat.id], starts_at, ends_at, now).seen
    ]


def evidence(store: Store, seat_ids: Collection[int]) -> dict[int, list[Evidence]]:
    """seat → the evidence about its client in its session; an empty list where there is none. What counts for them
    because they join on one device with their partner is in it (rule 7). Two statements."""
    theirs = and_(Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id)
    query = (
        select(
            Seat.id, Presence.type, Presence.at, Presence.source, Presence.recorded_at,
            Presence.connection,
        )
        .join(Presence, theirs)
        .where(among(store, Seat.id, seat_ids))
    )  # fmt: skip
    found: dict[int, list[Evidence]] = defaultdict(list)
    for seat_id, kind, at, source, recorded_at, connection in rows(store, query):
        if kind in WEAK:
            kind, source = EvidenceType.JOINED.value, TAP
        found[seat_id].append(Evidence(kind, at, source, recorded_at, connection or ""))
    one_device.add(store, seat_ids, found)
    return found
