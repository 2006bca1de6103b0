"""Rooms to miss and to make up in: what the tests of make-ups and of catching up share."""

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.care.attendance import presence
from webapp.care.attendance.presence import EvidenceType, RoomLook
from webapp.care.directory.people import Person
from webapp.care.privacy import consents
from webapp.care.privacy.consents import Consent
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.demo import cast

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def room(
    store: Store,
    host: Person,
    clients: list[Person],
    starts_at: datetime,
    now: datetime,
    *,
    makes_up: tuple[str, ...] = (),
    presence_from: str = "staff",
    **more: object,
) -> Session:
    """A session, planned at `now`; its evidence is staff's own marks, and its host has looked who is there soon after the start."""
    more.setdefault("ref", f"{more.get('title', 'room')}-{starts_at:%d-%H%M}-{host.ref}")
    made = cast.open_room(
        store, host, clients, starts_at, now=now, presence_from=presence_from, **more
    )  # type: ignore[arg-type]
    made.makes_up = list(makes_up)
    looked_into(store, made)
    return made


def looked_into(store: Store, session: Session, minutes: float = 4) -> None:
    """The session's host looks in `minutes` after the start and says: nobody else is here (rule 7)."""
    at = session.starts_at + timedelta(minutes=minutes)
    store.add(RoomLook(session_id=session.id, at=at, by_id=session.host_id))
    store.flush()


def seat_of(store: Store, session: Session, client: Person) -> Seat:
    mine = select(Seat).where(Seat.session_id == session.id, Seat.client_id == client.id)
    return store.scalars(mine).one()


def missed(store: Store, host: Person, client: Person, now: datetime, **more: object) -> Seat:
    """A seat of `client` in a group that is over since a day, and in which nobody saw them."""
    more.setdefault("title", "Evening group")
    session = room(store, host, [client], now - DAY, now - 3 * DAY, **more)  # type: ignore[arg-type]
    return seat_of(store, session, client)


def was_there(store: Store, seat: Seat, host: Person, now: datetime) -> None:
    presence.mark(
        store,
        seat,
        EvidenceType.PRESENT,
        by=host,
        now=now,
        id=f"mark-{seat.id}-{now}",
        reason="seen",
    )


def shares(
    store: Store, client: Person, recipient: Person, category: str, now: datetime
) -> Consent:
    """The client lets the recipient know facts of a category."""
    return consents.grant(
        store, client, recipient, category, purpose="So that we find times that fit us both",
        expires_at=now + 90 * DAY, signature=client.name, by=client, now=now,
    )  # fmt: skip


GROUP, COUPLES = SessionKind.GROUP, SessionKind.COUPLES
