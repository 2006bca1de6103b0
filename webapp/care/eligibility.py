"""Eligibility: what can make up for a seat at all, whoever else wants it (M6)."""

from datetime import datetime

from webapp.care import offers, resources
from webapp.care.people import Kind, Person
from webapp.care.resources import Resource
from webapp.care.sessions import Seat, Session
from webapp.db import Store
from webapp.refusals import N_, Cancelled, Invalid, TooLate


def refuse_resource(
    store: Store,
    seat: Seat,
    resource: Resource,
    deadline: datetime,
    by: Person | None,
    now: datetime,
) -> None:
    """Raises Invalid, TooLate when this can't make up for `seat`, or not any more."""
    fitting = resources.making_up(seat.client, seat.session.kind, now, ())
    if not seat.client.active or not store.scalar(fitting.where(Resource.id == resource.id)):
        raise Invalid(N_("This can't make up for that session."), field="resource")
    refuse_beyond(deadline, now, by)


def refuse_session(seat: Seat, session: Session, by: Person | None, now: datetime) -> None:
    """Raises Cancelled, Invalid, TooLate when a place in `session` can't make up for `seat`, were it free or not; whether
    it is in time is `refuse_beyond`'s."""
    if session.cancelled_at:
        raise Cancelled()
    if not seat.client.active or session.program_id != seat.session.program_id:
        raise Invalid(N_("Choose another session."), field="session")
    if session.starts_at <= now:
        raise TooLate(N_("This session has begun already."))
    if session.id == seat.session_id or (
        not staff(by) and not offers.suitable(session, seat.session)
    ):
        raise Invalid(N_("This can't make up for that session."), field="session")


def refuse_beyond(deadline: datetime, at: datetime, by: Person | None) -> None:
    """Raises TooLate for a client's make-up that would begin after the policy's time."""
    if not staff(by) and at > deadline:
        raise TooLate(N_("It is too long after that session. Your care team can help."))


def staff(by: Person | None) -> bool:
    """Staff, a program's token or the system: they may book what the policy would not let a client."""
    return by is None or by.kind != Kind.CLIENT
