"""Reads clients' latest contact and the open work after a miss, for many clients at once."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select

from webapp.bulk import among, rows
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.contact.contacts import Contact, ContactChannel, Outcome
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store

REMEMBERED = timedelta(days=60)
"""How far back the ladder looks for contact and for earlier misses: cost stays flat as history grows."""
WRITTEN = (ContactChannel.REPLY, ContactChannel.APP)
"""Channels on which a client replies without staff having spoken with them."""
Signs = tuple[datetime | None, datetime | None]
Work = tuple[bool, datetime | None]


def signs(
    store: Store, client_ids: Collection[int], after_miss: Collection[int], now: datetime
) -> dict[int, Signs]:
    """client → (last contact, last time staff spoke with them), within `REMEMBERED`.

    Reports and joins are contact too (docs/product.md, *Words*). They matter once a seat was missed, and are read for the clients
    named in `after_miss` only.
    """
    spoken = and_(
        Contact.outcome.in_((Outcome.REACHED, Outcome.DECLINED)),
        Contact.channel.not_in(WRITTEN),
        Contact.by_id != Contact.client_id,
    )
    query = (
        select(Contact.client_id, func.max(Contact.at), func.max(case((spoken, Contact.at))))
        .where(
            among(store, Contact.client_id, client_ids),
            Contact.two_way,
            Contact.at.between(now - REMEMBERED, now),
        )
        .group_by(Contact.client_id)
    )
    found: dict[int, Signs] = {
        client_id: (at, spoken_at) for client_id, at, spoken_at in rows(store, query)
    }
    for client_id, at in _reported_or_joined(store, after_miss, now):
        contact_at, spoken_at = found.get(client_id, (None, None))
        found[client_id] = (max(contact_at, at) if contact_at else at, spoken_at)
    return found


def _reported_or_joined(
    store: Store, client_ids: Collection[int], now: datetime
) -> list[tuple[int, datetime]]:
    if not client_ids:
        return []
    recent = and_(among(store, Seat.client_id, client_ids), Session.starts_at > now - REMEMBERED)
    seats = select(Seat.client_id).join(Session, Session.id == Seat.session_id).where(recent)
    reported = (
        seats.add_columns(func.max(AbsenceReport.reported_at))
        .join(AbsenceReport, AbsenceReport.seat_id == Seat.id)
        .group_by(Seat.client_id)
    )
    of_client = and_(Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id)
    joined = (
        seats.add_columns(func.max(Presence.at))
        .join(Presence, of_client)
        .where(Presence.type == EvidenceType.JOINED, Presence.at <= now)
        .group_by(Seat.client_id)
    )
    return [(row[0], row[1]) for query in (reported, joined) for row in rows(store, query)]


def open_work(store: Store, client_ids: Collection[int]) -> dict[int, Work]:
    """client → (a plan is to be written, when the last plan was made)."""
    if not client_ids:
        return {}
    tasks = select(Task.client_id).where(
        among(store, Task.client_id, client_ids), Task.is_open,
        Task.kind == TaskKind.REENGAGEMENT,
    )  # fmt: skip
    to_plan = {client_id for (client_id,) in rows(store, tasks)}
    plans = (
        select(Plan.client_id, func.max(Plan.made_at))
        .where(among(store, Plan.client_id, client_ids))
        .group_by(Plan.client_id)
    )
    planned = dict(rows(store, plans))
    return {client: (client in to_plan, planned.get(client)) for client in client_ids}
