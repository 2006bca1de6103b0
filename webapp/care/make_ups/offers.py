"""Offers: what may make up for a missed seat, the best first (M6, M27).

An offer fits the client, and for a couple's session both: a free place, within the policy's time, nothing else in their
calendars, inside their hours of availability. Reading offers takes six statements at most, however long the schedule; their
cost grows with the sessions planned before the deadline. A partner's calendar and hours are read only as far as they let the
client know their schedule (`calendars`, P11).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Integer, Row, Select, Text, and_, bindparam, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from webapp.care.directory.people import Person
from webapp.care.make_ups import calendars, waitlist
from webapp.care.make_ups.eligibility import PAIR, Party, deadline_of, party_of
from webapp.care.make_ups.make_ups import MakeUpKind
from webapp.care.make_ups.waitlist import WaitlistEntry
from webapp.care.materials import resources
from webapp.care.materials.resources import Resource
from webapp.care.preferences import availability
from webapp.care.preferences.availability import Window
from webapp.care.schedule.kinds import GROUPS, JOINT
from webapp.care.schedule.sessions import Seat, Session, occupied
from webapp.db import Store

FAMILIAR = timedelta(days=2)
"""A session ranks as if it began this much sooner when its host is the missed one's, and again when its group is."""


class Why(StrEnum):
    """Reasons for an offer, which pages name."""

    SAME_HOST = "same_host"
    SAME_GROUP = "same_group"
    FITS_BOTH = "fits_both"
    ANY_TIME = "any_time"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client may make up for a seat with: a `session` that has `free` places, or a `resource` and a short reflection."""

    kind: MakeUpKind
    deadline: datetime
    """Until when a make-up may begin; aware UTC."""
    session: Session | None = None
    resource: Resource | None = None
    host: str = ""
    free: int = 0
    why: tuple[Why, ...] = ()
    partner: Person | None = None
    """Who comes along to a couple's session."""

    @property
    def title(self) -> str:
        offered = self.session or self.resource
        return offered.title if offered else ""


def find(
    store: Store,
    seat: Seat,
    now: datetime,
    *,
    limit: int = 5,
    but_sessions: Collection[int] = (),
    but_resources: Collection[int] = (),
    deadline: datetime | None = None,
    known_until: datetime | None = None,
    for_staff: bool = False,
) -> list[Offer]:
    """The `limit` best offers for `seat`, without the sessions and resources in `but_…`. One place on the list is kept for a
    resource if there is any. Empty for a client who is paused or discharged, and after the deadline.

    `deadline`: for callers who know it (`deadline_of`). `known_until`: up to when a partner's calendar may be read (`Party`).
    `for_staff`: read both calendars, and offer places for the client alone while the partner is paused or discharged.
    """
    deadline = deadline or deadline_of(store, seat)
    if not seat.client.active or deadline <= now:
        return []
    party = party_of(store, seat, known_until)
    party = party.for_staff(now) if for_staff else party
    at_a_time = _sessions(store, seat, party, deadline, now, but_sessions)
    if limit == 1 and at_a_time:
        return at_a_time[:1]
    suitable = resources.making_up(seat.client, seat.session.kind, now, but_resources).limit(limit)
    at_any_time = [
        Offer(MakeUpKind(each.kind), deadline, resource=each, why=(Why.ANY_TIME,))
        for each in store.scalars(suitable)
    ]
    return (at_a_time[: limit - min(len(at_any_time), 1)] + at_any_time)[:limit]


def waitable(
    store: Store,
    seat: Seat,
    now: datetime,
    *,
    limit: int = 3,
    known_until: datetime | None = None,
) -> list[Offer]:
    """Full sessions that would fit, the best first: the client can wait for a place there (`waitlist.join`)."""
    deadline = deadline_of(store, seat)
    if not seat.client.active or deadline <= now:
        return []
    party, earliest = party_of(store, seat, known_until), now + waitlist.LAST_CALL
    return _sessions(store, seat, party, deadline, earliest, (), _FULL)[:limit]


def _sessions(
    store: Store,
    seat: Seat,
    party: Party,
    deadline: datetime,
    now: datetime,
    but: Collection[int],
    candidates: Select[Session, str, int] | None = None,
) -> list[Offer]:
    missed = seat.session
    rows = store.execute(
        _WITH_PLACES if candidates is None else candidates,
        {
            "program": missed.program_id, "now": now, "deadline": deadline, "kind": missed.kind,
            "title": missed.title, "series": missed.series_id, "named": f'%"{missed.kind}"%',
            "but": [missed.id, *but], "need": len(party.ids), **party.calendar,
        },
    ).all()  # fmt: skip
    if not rows:
        return []
    taken = store.connection().execute(_BUSY, {"now": now, **party.calendar})
    busy = [BusyTime(*row) for row in taken]
    hours = _hours(store, party)
    fitting = [row for row in rows if _fits(row[0], busy, hours)]
    fitting.sort(key=lambda row: (_ranked_at(row[0], missed), row[0].id))
    return [_offer(row, seat, party, deadline) for row in fitting]


def _candidates(full: bool = False) -> Select[Session, str, int]:
    """(session, host's name, free places) of sessions that may make up for a seat and have places for its party once those
    who wait in line have theirs; `full`: that have none. Built once: building it costs more than running it."""
    host = aliased(Person)
    taken = select(func.count()).where(Seat.session_id == Session.id, occupied())
    line = select(func.coalesce(func.sum(WaitlistEntry.places), 0)).where(
        WaitlistEntry.session_id == Session.id, WaitlistEntry.is_waiting, ~waitlist.served()
    )
    free = (
        Session.capacity
        - taken.correlate(Session).scalar_subquery()
        - line.correlate(Session).scalar_subquery()
    )
    theirs = select(Seat.session_id).where(calendars.taken())
    named_by_staff = cast(Session.makes_up, Text).like(bindparam("named"))
    same_words = and_(Session.kind == bindparam("kind"), Session.title == bindparam("title"))
    same_series = Session.series_id == bindparam("series", type_=Integer)
    same_group = and_(Session.kind.in_(GROUPS), or_(same_series, same_words))
    others = exists().where(
        Seat.session_id == Session.id, occupied(),
        Seat.client_id.not_in([bindparam("client"), bindparam("partner")]),
    )  # fmt: skip
    not_anothers = or_(
        bindparam("kind").not_in(JOINT), Session.capacity != PAIR, ~others.correlate(Session)
    )
    return (
        select(Session, host.name, free)
        .join(host, host.id == Session.host_id)
        .where(Session.program_id == bindparam("program"), Session.is_on)
        .where(Session.starts_at > bindparam("now"), Session.starts_at <= bindparam("deadline"))
        .where(or_(named_by_staff, same_group), not_anothers)
        .where(Session.id.not_in(bindparam("but", expanding=True)), Session.id.not_in(theirs))
        .where(free < bindparam("need") if full else free >= bindparam("need"))
        .order_by(Session.starts_at, Session.id)
    )


_WITH_PLACES, _FULL = _candidates(), _candidates(full=True)
_BUSY = (
    select(Session.starts_at, Session.ends_at)
    .join(Seat, Seat.session_id == Session.id)
    .where(calendars.taken())
    .where(Session.is_on, Session.ends_at > bindparam("now"))
)


class BusyTime(NamedTuple):
    """A time at which one of the party has a place in another session."""

    starts_at: datetime
    ends_at: datetime


def _hours(store: Store, party: Party) -> list[tuple[str, list[Window]]]:
    """(zone, windows) of the client, and of a partner whose hours may be known."""
    known = party.people if party.known_until else [party.client]
    until = {party.partner.id: party.known_until} if party.partner else None
    windows = availability.of(store, [each.id for each in known], until)
    return [(each.time_zone, windows[each.id]) for each in known]


def _fits(session: Session, busy: list[BusyTime], hours: list[tuple[str, list[Window]]]) -> bool:
    starts_at, ends_at = session.starts_at, session.ends_at
    if any(each.starts_at < ends_at and each.ends_at > starts_at for each in busy):
        return False
    return all(availability.fit(windows, zone, starts_at, ends_at) for zone, windows in hours)


def _familiar(session: Session, missed: Session) -> tuple[Why, ...]:
    same_group = (session.kind, session.title) == (missed.kind, missed.title)
    reasons = {Why.SAME_HOST: session.host_id == missed.host_id, Why.SAME_GROUP: same_group}
    return tuple(why for why, so in reasons.items() if so)


def _ranked_at(session: Session, missed: Session) -> datetime:
    """The instant that offers are sorted by: the session's start, moved forward for each thing the client knows."""
    return session.starts_at - FAMILIAR * len(_familiar(session, missed))


def _offer(row: Row[Session, str, int], seat: Seat, party: Party, deadline: datetime) -> Offer:
    session, host, free = row
    fits_both = (Why.FITS_BOTH,) if party.known_until else ()
    return Offer(
        MakeUpKind.SESSION, deadline, session=session, host=host, free=free,
        why=(*_familiar(session, seat.session), *fits_both), partner=party.partner,
    )  # fmt: skip
