"""Other times of the same group: moving there for good (M27). Moving once is a make-up like any other (`bookings`)."""

from datetime import datetime

from sqlalchemy import Select, func, select

from webapp.care import clashes, events, planning, series
from webapp.care.people import Kind, Person
from webapp.care.series import Member, Series
from webapp.care.sessions import Session
from webapp.care.tags import Tag
from webapp.db import Store
from webapp.refusals import N_, AlreadyDone, Clash, Forbidden, Full, Invalid


def other_times(group: Series) -> Select[Series]:
    """The same group at other times: its kind and title in the same program."""
    return select(Series).where(
        Series.program_id == group.program_id, Series.kind == group.kind,
        Series.title == group.title, Series.id != group.id,
    ).order_by(Series.local_start)  # fmt: skip


def change(
    store: Store, client: Person, group: Series, to: Series, *, by: Person | None, now: datetime
) -> None:
    """From now on `client` comes at the times of `to`: a place in every coming session there, none here any more.
    Raises Full, Clash, Invalid, AlreadyDone, Forbidden; the caller keeps nothing then."""
    if by is not None and by.kind != Kind.STAFF and by.id != client.id:
        raise Forbidden()
    if store.scalar(other_times(group).where(Series.id == to.id)) is None:
        raise Invalid(N_("This is not another time of the same group."), field="series")
    clashes.lock(store, [client])
    mine = store.get(Member, (group.id, client.id))
    if mine is None:
        raise AlreadyDone()
    store.execute(select(Series.id).where(Series.id == to.id).with_for_update(key_share=True))
    members = select(func.count()).where(Member.series_id == to.id)
    if (store.scalar(members) or 0) >= to.capacity:
        raise Full(field="series")
    coming = _coming(store, to, now)
    left = [each.id for each in _coming(store, group, now)]
    for session in coming:
        busy = clashes.overlapping([client.id], session.starts_at, session.ends_at, left)
        if store.scalar(busy.where(Session.id != session.id).limit(1)):
            raise Clash(field="series")
    group.members.remove(mine)
    to.members.append(Member(series_id=to.id, client_id=client.id))
    series.give_back(store, group, {client.id}, by=by, now=now)
    for session in coming:
        planning.give_seat(store, session, client, by=by, now=now)
    events.record(
        store, Tag.GROUP_TIME_CHANGED, by=by, now=now, program_id=client.program_id, client=client,
        was=group.id, series=to.id,
    )  # fmt: skip


def _coming(store: Store, group: Series, now: datetime) -> list[Session]:
    query = select(Session).where(Session.series_id == group.id, Session.starts_at > now)
    return list(
        store.scalars(query.where(Session.cancelled_at.is_(None)).order_by(Session.starts_at))
    )
