"""The partners' own standing wish to be counted together in couples hours, since they join these on one device (rule 7).

Each says it for themselves, and it counts while both have. Nothing is stored about a session: whose evidence counts for whom is read
where evidence is read (`attended.evidence`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, and_, exists, or_, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, mapped_column

from webapp.bulk import among, insert_or_ignore, rows
from webapp.care.attendance.guests import TOGETHER
from webapp.care.attendance.presence import WEAK, EvidenceType, Presence
from webapp.care.attendance.room_evidence import SEEN
from webapp.care.attendance.tally import Evidence, Span, counted_stays, last_mark
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import Couple
from webapp.care.schedule.kinds import JOINT
from webapp.care.schedule.sessions import Seat, Session, look_again
from webapp.db import Base, Store
from webapp.refusals import Forbidden

SOURCE = "one_device"
"""Source of what counts for somebody because their partner was there."""
ALWAYS = datetime.max.replace(tzinfo=UTC)


class DeviceWish(Base):
    """One of a couple said that the two join couples hours on one device. Growth: a row each time that one of them says so."""

    __tablename__ = "device_wish"
    __table_args__ = (
        Index(
            "uq_device_wish_in_force", "couple_id", "person_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_device_wish_person", "person_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    couple_id: Mapped[int] = mapped_column(ForeignKey("couple.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    said_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @hybrid_property
    def is_ended(self) -> bool:
        """Taken back, or over with the couple."""
        return self.ended_at != None


class Agreement(StrEnum):
    """How far a couple is, as one of the two may know."""

    NOT_SET = "not_set"
    """Also when the other has said so: nobody is told what the other chose before they choose too (P11)."""
    WAITS = "waits"
    COUNTS = "counts"


def of(store: Store, person: Person, couple: Couple) -> Agreement:
    """How far this person's couple is."""
    said = {each.person_id for each in store.scalars(_in_force(couple.id))}
    if person.id not in said:
        return Agreement.NOT_SET
    return Agreement.COUNTS if len(said) > 1 else Agreement.WAITS


def say(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    """Say that oneself and one's partner join couples hours on one device; twice is the same. Raises Forbidden for anybody else, and
    for who has no partner with places of their own."""
    couple = _couple_of(store, person, by)
    row = {"couple_id": couple.id, "person_id": person.id, "said_at": now}
    made = insert_or_ignore(store, DeviceWish).values(row).returning(DeviceWish.id)
    if store.scalar(made) is not None:
        events.record(store, Tag.ONE_DEVICE_SAID, client=person, by=by, now=now, couple=couple.id)
        _look(store, couple, now)


def take_back(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    """Take it back: from now on the two are counted apart. It ends for both, so that neither is left believing that they are counted;
    who said so is open to neither (P11). Without a wish of one's own it changes nothing. Raises Forbidden."""
    couple = _couple_of(store, person, by)
    if person.id in {each.person_id for each in store.scalars(_in_force(couple.id))}:
        events.record(store, Tag.ONE_DEVICE_ENDED, client=person, by=by, now=now, couple=couple.id)
        end(store, couple, by=by, now=now)


def end(store: Store, couple: Couple, *, by: Person | None, now: datetime) -> None:
    """End it for both; twice is the same."""
    in_force = store.scalars(_in_force(couple.id)).all()
    for each in in_force:
        each.ended_at, each.ended_by_id = now, by.id if by is not None else None
    if in_force:
        _look(store, couple, now)


def end_of(store: Store, person_id: int, *, by: Person | None, now: datetime) -> None:
    """End it for this person and their partner, if they are in a couple."""
    couple = store.scalar(teams.couple_of(person_id))
    if couple is not None:
        end(store, couple, by=by, now=now)


def can(couple: Couple) -> bool:
    """Whether both have places of their own; a supporter has none."""
    return couple.a.kind == couple.b.kind == Kind.CLIENT


def joined_as_one(store: Store, session: Session) -> set[int]:
    """Ids of the clients of this session who are counted with their partner now."""
    if session.kind not in JOINT:
        return set()
    mine, theirs, other = aliased(DeviceWish), aliased(DeviceWish), aliased(Seat)
    found = (
        select(Seat.client_id)
        .join(mine, mine.person_id == Seat.client_id)
        .join(theirs, _of_same_couple(mine, theirs))
        .join(other, _given_to(theirs, other))
        .where(Seat.session_id == session.id, Seat.is_given, ~mine.is_ended, ~theirs.is_ended)
    )
    return set(store.scalars(found))


def add(store: Store, seat_ids: Collection[int], found: dict[int, list[Evidence]]) -> None:
    """Add to each seat's evidence what its client's partner was there for while both wished it: for the same stretch, as it counts for
    the partner. Somebody whom staff marked absent last gets none. One statement."""
    mine, theirs, other = aliased(DeviceWish), aliased(DeviceWish), aliased(Seat)
    query = (
        select(
            Seat.id, Session.starts_at, Session.ends_at, mine.said_at, theirs.said_at,
            mine.ended_at, theirs.ended_at, Presence.type, Presence.at, Presence.source,
            Presence.recorded_at, Presence.connection,
        )
        .join(Session, Session.id == Seat.session_id)
        .join(mine, mine.person_id == Seat.client_id)
        .join(theirs, _of_same_couple(mine, theirs))
        .join(other, _given_to(theirs, other))
        .join(Presence, _evidence_of(theirs))
        .where(among(store, Seat.id, seat_ids), Seat.is_given, Session.kind.in_(JOINT))
        .where(Presence.type.not_in(WEAK), Presence.source != TOGETHER)
    )  # fmt: skip
    wished: dict[int, set[Span]] = defaultdict(set)
    pieces: dict[int, set[Evidence]] = defaultdict(set)
    times: dict[int, Span] = {}
    for seat_id, begins, ends, *said, mine_ended, theirs_ended, kind, at, source, heard, way in rows(store, query):  # fmt: skip
        times[seat_id] = begins, ends
        wished[seat_id].add((max(said), min(mine_ended or ALWAYS, theirs_ended or ALWAYS)))
        pieces[seat_id].add(Evidence(kind, at, source, heard, way or ""))
    for seat_id, (begins, ends) in times.items():
        if last_mark(found[seat_id], ends) != EvidenceType.ABSENT:
            stays = counted_stays(pieces[seat_id], begins, ends)
            found[seat_id] += _within(stays, sorted(wished[seat_id]))


def _within(stays: Collection[Span], wished: Collection[Span]) -> Iterator[Evidence]:
    """What of the stays lies in the time in which both wished it."""
    for since, until in wished:
        for begin, end in stays:
            if begin < until and (end > since or begin >= since) and since < until:
                yield Evidence(EvidenceType.JOINED.value, max(begin, since), SOURCE)
                yield Evidence(EvidenceType.LEFT.value, min(end, until), SOURCE)


def other_seen() -> ColumnElement[bool]:
    """A condition on Seat and Session: the client's partner was seen in it, both wished to be counted together meanwhile, and staff did
    not mark the client absent. Every seat that `add` makes one of somebody seen meets it."""
    absent = exists().where(
        Presence.session_id == Seat.session_id, Presence.person_id == Seat.client_id,
        Presence.type == EvidenceType.ABSENT,
    ).correlate(Seat)  # fmt: skip
    piece = aliased(Presence)
    partners = counting_for(Seat.client_id, Seat.session_id, piece.at).correlate(Seat, piece)
    seen = exists().where(
        piece.session_id == Seat.session_id, piece.person_id.in_(partners), piece.type.in_(SEEN),
        piece.source != TOGETHER,
    ).correlate(Seat)  # fmt: skip
    return and_(Session.kind.in_(JOINT), seen, ~absent)


def counting_for(client_id: Any, session_id: Any, at: Any) -> Select[int]:
    """Ids of those whose being there at `at` counts for this client in this session, if they stay until both wish it."""
    mine, theirs = aliased(DeviceWish), aliased(DeviceWish)
    other, hour = aliased(Seat), aliased(Session)
    return (
        select(theirs.person_id)
        .join(mine, _of_same_couple(mine, theirs))
        .join(other, other.client_id == theirs.person_id)
        .join(hour, hour.id == other.session_id)
        .where(mine.person_id == client_id, other.session_id == session_id, other.is_given)
        .where(hour.kind.in_(JOINT))
        .where(*(each.said_at < hour.ends_at for each in (mine, theirs)))
        .where(*(or_(~each.is_ended, each.ended_at > at) for each in (mine, theirs)))
    )


def _of_same_couple(mine: Any, theirs: Any) -> ColumnElement[bool]:
    return and_(theirs.couple_id == mine.couple_id, theirs.person_id != mine.person_id)


def _given_to(theirs: Any, other: Any) -> ColumnElement[bool]:
    """Their own place in the session of `Seat`."""
    same = other.session_id == Seat.session_id
    return and_(same, other.client_id == theirs.person_id, other.is_given)


def _evidence_of(theirs: Any) -> ColumnElement[bool]:
    return and_(Presence.session_id == Seat.session_id, Presence.person_id == theirs.person_id)


def _in_force(couple_id: int) -> Select[DeviceWish]:
    return select(DeviceWish).where(DeviceWish.couple_id == couple_id, ~DeviceWish.is_ended)


def _couple_of(store: Store, person: Person, by: Person) -> Couple:
    couple = store.scalar(teams.couple_of(person.id))
    if by.id != person.id or couple is None or not can(couple):
        raise Forbidden()
    return couple


def _look(store: Store, couple: Couple, now: datetime) -> None:
    for person_id in (couple.a_id, couple.b_id):
        look_again(store, now, client_id=person_id)
