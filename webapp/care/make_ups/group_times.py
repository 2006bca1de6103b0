"""Another time of the same group: once, as a make-up booked ahead, or from now on (M27)."""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from webapp.care.attendance import absences
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.make_ups import bookings, busy_slots, calendars
from webapp.care.make_ups.eligibility import Party
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule import series
from webapp.care.schedule.kinds import GROUPS
from webapp.care.schedule.series import Member, Series
from webapp.care.schedule.sessions import PlaceReason, Seat, Session
from webapp.db import Store
from webapp.refusals import N_, AlreadyDone, Clash, Forbidden, Full, Invalid, TooLate

NEAR = timedelta(days=7)
"""How far from the usual session another time of the group may be to stand in for it."""


def other_times(group: Series) -> Select[Series]:
    """The same group at other times: series of its kind and title in the same program. None for a series that is not a group."""
    return select(Series).where(
        Series.program_id == group.program_id, Series.kind == group.kind,
        Series.title == group.title, Series.id != group.id, Series.kind.in_(GROUPS),
    ).order_by(Series.local_start)  # fmt: skip


def around(store: Store, seat: Seat, now: datetime) -> list[Session]:
    """Sessions of the same group near `seat`'s, with a place and at a time when the client is free."""
    usual = seat.session
    if usual.series_id is None or usual.kind not in GROUPS or usual.starts_at <= now:
        return []
    sessions = [offer.session for offer in bookings.offered(store, seat, now, limit=50)]
    return [each for each in sessions if each is not None and _stands_in(each, usual)]


def once(store: Store, seat: Seat, session: Session, *, by: Person | None, now: datetime) -> MakeUp:
    """Go to `session` instead of `seat`'s this once: books a place there and reports the absence here. Raises TooLate once the
    usual session has begun, Invalid when `session` is not another time of the same group, and what `bookings.book` raises."""
    if seat.session.starts_at <= now:
        raise TooLate()
    if not is_another_time(session, seat.session):
        raise Invalid(N_("This is not another time of the same group."), field="session")
    made = bookings.book(store, seat, session, by=by, now=now)
    absences.report(store, seat, by=by, now=now)
    return made


def is_another_time(session: Session, usual: Session) -> bool:
    """Whether one may go to `session` instead of `usual`: the same group of the same program at another time near it."""
    return usual.kind in GROUPS and _stands_in(session, usual)


def _stands_in(session: Session, usual: Session) -> bool:
    same = (session.program_id, session.kind, session.title) == (
        usual.program_id,
        usual.kind,
        usual.title,
    )
    elsewhere = session.series_id is not None and session.series_id != usual.series_id
    return same and elsewhere and abs(session.starts_at - usual.starts_at) <= NEAR


def change(
    store: Store, client: Person, group: Series, to: Series, *, by: Person | None, now: datetime
) -> None:
    """Move `client` from `group` to the times of `to` from now on: a place in every coming session there, none here any more.
    Raises Full, Clash, Invalid, AlreadyDone, Forbidden; the caller must roll back then."""
    if by is not None and by.kind != Kind.STAFF and by.id != client.id:
        raise Forbidden()
    if store.scalar(other_times(group).where(Series.id == to.id)) is None:
        raise Invalid(N_("This is not another time of the same group."), field="series")
    busy_slots.lock(store, [client])
    member = store.get(Member, (group.id, client.id))
    if member is None:
        raise AlreadyDone()
    store.execute(select(Series.id).where(Series.id == to.id).with_for_update(key_share=True))
    members = select(func.count()).where(Member.series_id == to.id)
    if (store.scalar(members) or 0) >= to.capacity:
        raise Full(field="series")
    coming = store.scalars(series.coming(to, now)).all()
    given_up = [each.id for each in store.scalars(series.coming(group, now))]
    for session in coming:
        alone = Party(client, None)
        busy = calendars.overlapping(alone, session.starts_at, session.ends_at, given_up)
        if store.scalar(busy.where(Session.id != session.id).limit(1)):
            raise Clash(field="series")
    group.members.remove(member)
    to.members.append(Member(series_id=to.id, client_id=client.id))
    for each in (group, to):
        series.follow_members(store, each, by=by, now=now, why=PlaceReason.GROUP_TIME)
    events.record(
        store, Tag.GROUP_TIME_CHANGED, client=client, by=by, now=now, was=group.id, series=to.id
    )
