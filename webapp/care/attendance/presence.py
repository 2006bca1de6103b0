"""Evidence of presence: who was seen in which session, from platforms, staff and the app. `standing` says what it adds up to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    false,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import among, among_keys, insert_missing, insert_or_ignore
from webapp.care.attendance.tally import TAP
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.kinds import JOINT
from webapp.care.schedule.sessions import TOOK_PLACE, Seat, Session, look_again
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, Conflict, Forbidden, Invalid, TooLate


class EvidenceType(StrEnum):
    JOINED = "joined"
    LEFT = "left"
    PRESENT = "present"
    """Staff marked them present."""
    ABSENT = "absent"
    """Staff marked them absent."""
    ENDED = "ended"
    """The meeting ended, which closes a connection that was still open."""
    TAPPED = "tapped"
    """The client tapped Join: weak (rule 7)."""
    WAITING = "waiting"
    """In the platform's waiting room: weak, as a tap is."""


WEAK = (EvidenceType.TAPPED, EvidenceType.WAITING)
"""Holds the ladder for a while and is no attendance (rule 7)."""


STAFF = "staff"
APP = "app"
MARKS = (EvidenceType.PRESENT, EvidenceType.ABSENT)
"""What is said of the whole session, by staff as a rule."""
OUR_OWN = frozenset({STAFF, APP, TAP})
"""Sources that only our own pages speak as, in any spelling: a feed says what a platform saw (S18)."""


class Presence(Base):
    """One piece of evidence about one person in one session. Corrections add rows; no row is changed (rule 10), except whose it
    is: the evidence of a guest is nobody's until they are named, and again when that is taken back (guests.py).

    Unique by session, source and the source's own id, so a repeat is the same row. Growth: two to six rows a seat.
    """

    __tablename__ = "presence"
    __table_args__ = (
        UniqueConstraint("session_id", "source", "source_id"),
        Index("ix_presence_person", "session_id", "person_id"),
        Index(
            "ix_presence_guest", "guest_id",
            sqlite_where=text("guest_id IS NOT NULL"), postgresql_where=text("guest_id IS NOT NULL"),
        ),
        CheckConstraint("person_id IS NOT NULL OR guest_id IS NOT NULL", name="of_somebody"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    guest_id: Mapped[int | None] = mapped_column(ForeignKey("guest.id"))
    type: Mapped[str]
    at: Mapped[datetime]
    source: Mapped[str]
    source_id: Mapped[str]
    connection: Mapped[str | None]
    """The platform's id of one connection: pairs a `left` with its `joined` in any order (R8)."""
    recorded_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(SealedText)


class Meeting(Base):
    """One run of a video meeting as a session; started anew, it is another. Growth: one row a session as a rule."""

    __tablename__ = "meeting"
    __table_args__ = (UniqueConstraint("session_id", "source", "uuid"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    source: Mapped[str]
    uuid: Mapped[str]
    first_at: Mapped[datetime]
    """The earliest that was heard of it."""
    ended_at: Mapped[datetime | None]


class RoomLook(Base):
    """Somebody of staff looked into a room and said: nobody else was there. From then on the ladder goes by the facts (rule 7), until
    a guest joins whom nobody knows. Growth: a few rows for a session at most."""

    __tablename__ = "room_look"
    __table_args__ = (Index("ix_room_look_session", "session_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @hybrid_property
    def is_undone(self) -> bool:
        """Taken back: it was a slip."""
        return self.undone_at != None

    def undo(self, store: Store, *, by: Person, now: datetime) -> None:
        """Take it back. A second time changes nothing."""
        if self.undone_at is None:
            self.undone_at, self.undone_by_id = now, by.id
            look_again(store, now, session_id=self.session_id)
            session = store.get_one(Session, self.session_id)
            events.record(store, Tag.ROOM_LOOK_UNDONE, session=session, by=by, now=now)


def is_held(store: Store, session: Session, now: datetime) -> bool:
    """Whether a session stays held (rule 14): it is over or confirmed, or it has begun and somebody but its host was seen or marked."""
    if session.ends_at <= now or session.confirmed_at:
        return True
    if session.starts_at > now:
        return False
    somebody = or_(Presence.person_id.is_(None), Presence.person_id != session.host_id)
    seen = select(Presence.id).where(
        Presence.session_id == session.id, Presence.type.not_in(WEAK), somebody,
        Presence.type != EvidenceType.ENDED,
    )  # fmt: skip
    return store.scalar(seen.limit(1)) is not None


def call_off(
    store: Store, session: Session, reason: str, *, by: Person | None, now: datetime
) -> None:
    """Cancel a session, as `Session.cancel`. Raises TooLate also for one that has begun and in which somebody was there (rule 14)."""
    if not session.cancelled_at and is_held(store, session, now):
        raise TooLate(TOOK_PLACE)
    session.cancel(store, reason, by=by, now=now)


Key = tuple[int, str, str]
"""(session, source, the source's own id)."""
COLUMNS = (
    "session_id", "person_id", "guest_id", "type", "at", "source", "source_id", "connection", "recorded_at",
    "by_id", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sighting:
    """Evidence as it arrives. `id` is the source's own, by which a repeat is recognized."""

    id: str
    session: Session
    person: Person | None
    """None: a guest whom nobody has named."""
    type: str
    at: datetime
    source: str
    connection: str | None = None
    reason: str | None = None
    guest_id: int | None = None

    @property
    def client(self) -> Person | None:
        """The client whom it is about, if it is."""
        person = self.person
        return person if person is not None and person.kind == Kind.CLIENT else None


def record(
    store: Store, sightings: Sequence[Sighting], *, by: Person | None, now: datetime
) -> list[bool]:
    """Store evidence, in any order and any number of times; returns for each whether it was new.

    Cost: a handful of statements for a batch of any size. Rows are inserted in the order of their keys, so that batches
    with common rows wait for one another instead of deadlocking. Raises Conflict when another batch stored some of it at
    the same time: try again.
    """
    first: dict[Key, Sighting] = {}
    for sighting in sightings:
        first.setdefault(_key(sighting), sighting)
    known = _known(store, first)
    new = {key: first[key] for key in sorted(first) if key not in known}
    _insert(store, [_row(sighting, by, now) for sighting in new.values()])
    for sighting in new.values():
        events.record(
            store, Tag.PRESENCE_SEEN, client=sighting.client, session=sighting.session, by=by, now=now,
            type=sighting.type, at=sighting.at, source=sighting.source,
        )  # fmt: skip
    _schedule_looks(store, list(new.values()), now)
    return [new.pop(_key(sighting), None) is not None for sighting in sightings]


def _insert(store: Store, rows: list[tuple[Any, ...]]) -> None:
    """Insert the rows. Those without a reason, nearly all, are inserted in bulk."""
    plain = [row for row in rows if not row[-1]]
    made = insert_missing(store, Presence.__table__, COLUMNS, plain)  # type: ignore[arg-type]
    for row in rows:
        if row[-1]:
            prepared = prepared_row(store, Presence, dict(zip(COLUMNS, row, strict=True)))
            made += store.execute(insert_or_ignore(store, Presence).values(prepared)).rowcount  # type: ignore[attr-defined]
    if made < len(rows):
        raise Conflict()


def _key(sighting: Sighting) -> Key:
    return sighting.session.id, sighting.source, sighting.id


def _known(store: Store, wanted: Collection[Key]) -> set[Key]:
    if not wanted:
        return set()
    key = (Presence.session_id, Presence.source, Presence.source_id)
    found = store.execute(select(*key).where(among_keys(store, key, wanted)))
    return {(row[0], row[1], row[2]) for row in found}


def _row(sighting: Sighting, by: Person | None, now: datetime) -> tuple[Any, ...]:
    return (
        sighting.session.id, sighting.person and sighting.person.id, sighting.guest_id, sighting.type, sighting.at, sighting.source,
        sighting.id, sighting.connection, now, by and by.id, sighting.reason,
    )  # fmt: skip


def _schedule_looks(store: Store, sightings: Sequence[Sighting], now: datetime) -> None:
    """Have the engine look at these people's seats at once, at all seats of a session with a guest whom nobody has named, and at both
    partners' in couples hours, who may join on one device; seats that are due anyway are left unchanged."""
    seats = {(s.session.id, s.client.id) for s in sightings if s.client}
    rooms = {s.session.id for s in sightings if s.person is None or s.session.kind in JOINT}
    if not seats and not rooms:
        return
    theirs = among_keys(store, (Seat.session_id, Seat.client_id), seats) if seats else false()
    not_due = select(Seat.id).where(
        or_(theirs, among(store, Seat.session_id, rooms)),
        Seat.is_given,
        or_(Seat.next_look_at.is_(None), Seat.next_look_at > now),
    )
    ids = sorted(store.scalars(not_due))
    if ids:
        store.execute(
            update(Seat)
            .where(among(store, Seat.id, ids))
            .values(next_look_at=now)
            .execution_options(synchronize_session=False)
        )


def mark(
    store: Store,
    seat: Seat,
    type: str,
    *,
    by: Person,
    now: datetime,
    id: str,
    reason: str | None = None,
    at: datetime | None = None,
    corrections_within_days: float = 90,
) -> Presence:
    """Mark the client of a seat `present` or `absent`, as staff. After earlier evidence this is a correction, which needs a
    reason and is possible for `corrections_within_days` after the session (rule 10). Raises Invalid."""
    if type not in MARKS:
        raise Invalid(N_("Mark present or absent."), field="type")
    if now < seat.session.starts_at:
        raise Invalid(N_("This session hasn't started yet."), field="type")
    if (now - seat.session.ends_at).days >= corrections_within_days:
        raise Invalid(N_("It is too long ago to correct this."), field="type")
    earlier = select(Presence).where(
        Presence.session_id == seat.session_id, Presence.person_id == seat.client_id,
        Presence.type.not_in(WEAK),
    )  # fmt: skip
    correcting = store.scalars(earlier).first() is not None
    if correcting and not (reason or "").strip():
        raise Invalid(N_("Say why this is corrected."), field="reason")
    presence = Presence(
        session_id=seat.session_id, person_id=seat.client_id, type=type, at=at or now, source=STAFF,
        source_id=id, recorded_at=now, by_id=by.id, reason=reason,
    )  # fmt: skip
    store.add(presence)
    tag = Tag.PRESENCE_CORRECTED if correcting else Tag.PRESENCE_SEEN
    fields: dict[str, Any] = {} if correcting else {"source": STAFF}
    events.record(store, tag, seat=seat, by=by, now=now, type=type, at=presence.at, **fields)
    look_again(store, now, session_id=seat.session_id)
    return presence


def nobody_else(store: Store, session: Session, *, by: Person, now: datetime) -> RoomLook:
    """Note that `by` looked into the room and saw nobody but those who are marked or seen (rule 7). Raises Forbidden, Invalid."""
    if by.kind != Kind.STAFF:
        raise Forbidden()
    if now < session.starts_at:
        raise Invalid(N_("This session hasn't started yet."), field="session")
    if same := _still_true(store, session):
        return same
    look = RoomLook(session_id=session.id, at=now, by_id=by.id)
    store.add(look)
    look_again(store, now, session_id=session.id)
    events.record(store, Tag.ROOM_LOOKED_AT, session=session, by=by, now=now)
    return look


def _still_true(store: Store, session: Session) -> RoomLook | None:
    """The last look into the room, if nothing has come in about it since: said again it is nothing new (S17)."""
    looks = select(RoomLook).where(RoomLook.session_id == session.id, ~RoomLook.is_undone)
    last = store.scalar(looks.order_by(RoomLook.at.desc(), RoomLook.id.desc()).limit(1))
    newest = select(func.max(Presence.recorded_at)).where(Presence.session_id == session.id)
    heard = store.scalar(newest)
    return last if last and (heard is None or heard <= last.at) else None


def tap_join(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> None:
    """Note that the client tapped Join: this delays the ladder for 15 minutes and is not attendance (rule 7)."""
    store.add(
        Presence(
            session_id=seat.session_id,
            person_id=seat.client_id,
            type=EvidenceType.TAPPED,
            at=now,
            source=APP,
            source_id=f"tap:{seat.id}:{now.timestamp():.6f}",
            recorded_at=now,
            by_id=by and by.id,
        )  # fmt: skip
    )
    events.record(store, Tag.JOIN_TAPPED, seat=seat, by=by, now=now)
    look_again(store, now, id=seat.id)
