"""Eligibility: what can make up for a seat at all, whoever else wants it, and until when (M6)."""

from datetime import datetime

from webapp.care.directory import programs
from webapp.care.directory.people import Kind, Person
from webapp.care.materials import resources
from webapp.care.materials.resources import Resource
from webapp.care.schedule.kinds import GROUPS
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.refusals import N_, Cancelled, Invalid, TooLate


def deadline_of(store: Store, seat: Seat) -> datetime:
    """Until when a make-up for `seat` may begin: the policy its session is under (M6)."""
    session = seat.session
    policy = programs.policy_at(store, session.program_id, session.starts_at)
    return session.ends_at + policy.make_up_within


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


def suitable(session: Session, missed: Session) -> bool:
    """Whether a seat in `session` may make up for `missed`: said so by staff, or another time of the same group. What one
    person or one couple has to themselves is no group: nobody is shown theirs."""
    same_series = missed.series_id is not None and session.series_id == missed.series_id
    same_words = (session.kind, session.title) == (missed.kind, missed.title)
    same_group = session.kind in GROUPS and (same_series or same_words)
    return missed.kind in session.makes_up or same_group


def session_for(store: Store, seat: Seat, session_id: int) -> Session | None:
    """The session of that number, if its client may know of it at all: one that may make up for `seat`. Any other is as
    little there as one that does not exist (S1)."""
    found = store.get(Session, session_id)
    known = found is not None and found.program_id == seat.session.program_id
    return found if found and known and suitable(found, seat.session) else None


def refuse_session(seat: Seat, session: Session, by: Person | None, now: datetime) -> None:
    """Raises Cancelled, Invalid, TooLate when a place in `session` can't make up for `seat`, were it free or not; whether
    it is in time is `refuse_beyond`'s."""
    if session.cancelled_at:
        raise Cancelled()
    if not seat.client.active or session.program_id != seat.session.program_id:
        raise Invalid(N_("Choose another session."), field="session")
    if session.starts_at <= now:
        raise TooLate(N_("This session has begun already."))
    if session.id == seat.session_id or (not staff(by) and not suitable(session, seat.session)):
        raise Invalid(N_("This can't make up for that session."), field="session")


def refuse_beyond(deadline: datetime, at: datetime, by: Person | None) -> None:
    """Raises TooLate for a client's make-up that would begin after the policy's time."""
    if not staff(by) and at > deadline:
        raise TooLate(N_("It is too long after that session. Your care team can help."))


def staff(by: Person | None) -> bool:
    """Staff, a program's token or the system: they may book what the policy would not let a client."""
    return by is None or by.kind != Kind.CLIENT
