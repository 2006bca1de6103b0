"""What stands in the calendars of those who make up for a seat together: which of their time is taken (M6, P11).

A client's own calendar is read as it is. Their partner's is read as far as the partner lets them know their schedule
(`Party.known_until`): up to now while that consent stands, up to its end afterwards, so that nobody sees that it ended (P3), and
not at all without one. A place that is held because the partner waits in a line takes nobody's time but the partner's.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select

from webapp.care.make_ups.eligibility import Party
from webapp.care.make_ups.waitlist import HeldPlace
from webapp.care.schedule.sessions import Seat, Session, occupied
from webapp.db import UTCDateTime


def taken() -> ColumnElement[bool]:
    """A condition on Seat: it takes time of the party, as far as that may be known. For a statement that is run with
    `Party.calendar`."""
    known = bindparam("known", type_=UTCDateTime())
    beside = exists().where(HeldPlace.partner_seat_id == Seat.id, HeldPlace.is_held)
    own = and_(Seat.client_id == bindparam("client"), occupied(), ~beside)
    theirs = and_(
        Seat.client_id == bindparam("partner"),
        Seat.given_at <= known,
        or_(Seat.released_at.is_(None), Seat.released_at > known),
    )
    return or_(own, theirs)


def overlapping(
    party: Party, starts_at: datetime, ends_at: datetime, but: Collection[int] = ()
) -> Select[Seat]:
    """Seats that take time of the party between these instants (aware), in sessions that are on, without the sessions in `but`."""
    return (
        select(Seat)
        .join(Session, Session.id == Seat.session_id)
        .where(taken(), Session.is_on, Session.id.not_in(but))
        .where(Session.starts_at < ends_at, Session.ends_at > starts_at)
        .params(party.calendar)
    )
