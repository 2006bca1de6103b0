"""Eligibility: who needs a place to make up for a seat, what may make up for it, and until when (M6)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from webapp.care.directory import programs
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import couple_of
from webapp.care.materials import resources
from webapp.care.materials.resources import Resource
from webapp.care.schedule.kinds import GROUPS, JOINT
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.refusals import N_, Cancelled, Forbidden, Invalid, TooLate

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY = 0
PAIR = 2


class Party(NamedTuple):
    """Who needs a place: the client, and for a couple's session their partner (a supporter comes without a seat).

    A client who books sees nothing of their partner's care: one who is paused or discharged stays in the party, and is given no
    place (P3, P11).
    """

    client: Person
    partner: Person | None
    known_until: datetime | None = None
    """Up to when the partner's calendar may be read (`calendars`), aware; None: not at all."""

    @property
    def people(self) -> list[Person]:
        return [each for each in (self.client, self.partner) if each is not None]

    @property
    def ids(self) -> list[int]:
        return [each.id for each in self.people]

    @property
    def calendar(self) -> dict[str, Any]:
        """The parameters of `calendars.taken`: whose time, and the partner's up to when."""
        return {
            "client": self.client.id,
            "partner": self.partner.id if self.partner else NOBODY,
            "known": self.known_until or NEVER,
        }

    def for_staff(self, now: datetime) -> "Party":
        """Staff read both calendars, and book for the client alone when the partner is not an active client."""
        comes = self.partner is not None and self.partner.active
        return self._replace(known_until=now) if comes else Party(self.client, None)


def is_anothers(seat: Seat, session: Session, occupants: Iterable[int], party: Party) -> bool:
    """Whether `session`, two places to make up for a couple's hour, is another couple's by now (`occupants`: ids of clients): nobody is
    put into it beside them."""
    return (
        seat.session.kind in JOINT
        and session.capacity == PAIR
        and not set(occupants) <= set(party.ids)
    )


def party_of(store: Store, seat: Seat, known_until: datetime | None = None) -> Party:
    """Who makes up for `seat` together. One statement for a couple's session, else none."""
    if seat.session.kind not in JOINT:
        return Party(seat.client, None)
    couple = store.scalar(couple_of(seat.client_id))
    partner = couple.partner_of(seat.client_id) if couple else None
    comes = partner is not None and partner.kind == Kind.CLIENT
    return Party(seat.client, partner, known_until) if comes else Party(seat.client, None)


def party_for(
    store: Store, seat: Seat, by: Person | None, now: datetime, known_until: datetime | None = None
) -> Party:
    """For whom `by` books. Raises Forbidden for another client's seat."""
    if by is not None and by.kind != Kind.STAFF and by.id != seat.client_id:
        raise Forbidden()
    party = party_of(store, seat, known_until)
    return party.for_staff(now) if is_staff(by) else party


def check(
    store: Store,
    seat: Seat,
    what: Session | Resource,
    by: Person | None,
    now: datetime,
    known_until: datetime | None = None,
) -> tuple[Party, datetime]:
    """Who needs a place, and until when a make-up for `seat` may begin (aware UTC). `known_until`: as in `Party`.

    Raises Forbidden, Cancelled, Invalid and TooLate when `what` can't make up for it, whether or not there is a free place.
    Staff may book what the policy would not let a client.
    """
    party = party_for(store, seat, by, now, known_until)
    if isinstance(what, Session):
        _refuse_session(seat, what, by, now)
    else:
        _refuse_resource(store, seat, what, now)
    deadline = deadline_of(store, seat)
    begins_at = what.starts_at if isinstance(what, Session) else now
    if not is_staff(by) and begins_at > deadline:
        raise TooLate(N_("It is too long after that session. Your care team can help."))
    return party, deadline


def deadline_of(store: Store, seat: Seat) -> datetime:
    """Until when a make-up for `seat` may begin, by the policy its session is under (M6); aware UTC."""
    session = seat.session
    policy = programs.policy_at(store, session.program_id, session.starts_at)
    return session.ends_at + policy.make_up_within


def suitable(session: Session, missed: Session) -> bool:
    """Whether a seat in `session` may make up for `missed`: staff said so, or it is another time of the same group. A session
    for one person or one couple is not a group: nobody else is shown it."""
    same_series = missed.series_id is not None and session.series_id == missed.series_id
    same_words = (session.kind, session.title) == (missed.kind, missed.title)
    same_group = session.kind in GROUPS and (same_series or same_words)
    return missed.kind in session.makes_up or same_group


def session_for(store: Store, seat: Seat, session_id: int) -> Session | None:
    """The session with this id if it may make up for `seat`. None for any other, as for one that does not exist: its client
    must not learn that there is one (S1)."""
    session = store.get(Session, session_id)
    if session is None or session.program_id != seat.session.program_id:
        return None
    return session if suitable(session, seat.session) else None


def is_staff(by: Person | None) -> bool:
    """Staff, a program's token or the system."""
    return by is None or by.kind != Kind.CLIENT


def _refuse_session(seat: Seat, session: Session, by: Person | None, now: datetime) -> None:
    if session.cancelled_at:
        raise Cancelled()
    if not seat.client.active or session.program_id != seat.session.program_id:
        raise Invalid(N_("Choose another session."), field="session")
    if session.starts_at <= now:
        raise TooLate(N_("This session has begun already."))
    if session.id == seat.session_id or (not is_staff(by) and not suitable(session, seat.session)):
        raise Invalid(N_("This can't make up for that session."), field="session")


def _refuse_resource(store: Store, seat: Seat, resource: Resource, now: datetime) -> None:
    fitting = resources.making_up(seat.client, seat.session.kind, now, ())
    if not seat.client.active or not store.scalar(fitting.where(Resource.id == resource.id)):
        raise Invalid(N_("This can't make up for that session."), field="resource")
