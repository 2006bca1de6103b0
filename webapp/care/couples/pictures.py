"""What others may be shown of a client, one picture for each category of consent, and pictures frozen when a consent ends (P3).

A picture is made of the client's own rows alone and holds times, days and numbers: no title, kind, name, reason or text. It does
not depend on the moment of looking, but for what is over by then, so one that was frozen yesterday and one of a quiet day are the
same to look at. `privacy/shared.py` decides who is shown which.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ForeignKey, Index, and_, delete, exists, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.attendance import attended
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.catch_up import weekly_hours
from webapp.care.directory.people import Person
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import homework
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.schedule.sessions import Seat, Session
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store

BEHIND = timedelta(days=14)
"""How far back absences and finished homework are shown."""
WEEKS = 5
"""Weeks of hours in a picture, the one that is not over included."""
CONFIRMED_BY_THEN = timedelta(days=7)
"""So long after a week its hours are shown although somebody never confirmed who was in a room."""


@dataclass(frozen=True, slots=True)
class SharedTime:
    """A session that the client has a place in. Instants are aware UTC. `session_id` is never shown."""

    session_id: int
    starts_at: datetime
    ends_at: datetime
    moved: bool = False
    called_off: bool = False


@dataclass(frozen=True, slots=True)
class SharedAbsence:
    """A session that the client can't come to (`told`: they said so themselves), or was not in."""

    session_id: int
    starts_at: datetime
    ends_at: datetime
    told: bool


@dataclass(frozen=True, slots=True)
class SharedHomework:
    """That there is homework, by when, and when it was handed in."""

    set_at: datetime
    due_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class SharedWeek:
    """Hours of a week that is over: decimal, with those that made up for others. `monday` in the program's time zone."""

    monday: date
    hours: float


Part = list[Any]
"""The rows of one category."""


class FrozenPicture(Base):
    """What the recipient of a consent was shown last, kept from the instant at which it was revoked or paused until it would have
    ended by itself (P3). Growth: one row for each consent that was taken back."""

    __tablename__ = "frozen_picture"
    __table_args__ = (Index("uq_frozen_picture", "consent_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    frozen_at: Mapped[datetime]
    shown_until: Mapped[datetime]
    body: Mapped[str] = mapped_column(SealedText)


def times(store: Store, client: Person, now: datetime) -> list[SharedTime]:
    """The client's coming sessions, soonest first. One statement.

    A place stays in it when its client says that they can't come: a make-up is given up by that, and who may know the times only
    must not see it (P11)."""
    told = exists().where(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    query = (
        select(
            Session.id, Session.starts_at, Session.ends_at, Session.moved_at, Seat.given_at,
            Session.cancelled_at,
        )
        .join(Seat, Seat.session_id == Session.id)
        .where(Seat.client_id == client.id, or_(Seat.is_given, told), Session.ends_at > now)
        .order_by(Session.starts_at, Session.id)
    )  # fmt: skip
    return [
        SharedTime(
            session_id, starts_at, ends_at,
            moved=moved_at is not None and moved_at > given_at, called_off=cancelled_at is not None,
        )
        for session_id, starts_at, ends_at, moved_at, given_at, cancelled_at in store.execute(query)
    ]  # fmt: skip


def booked(store: Store, client: Person, now: datetime) -> list[SharedTime]:
    """Coming sessions that the client booked to make up for others, soonest first. One statement.

    Without those that both of a couple have a place in: each sees these on their own pages, and which of the two makes up for
    what is not the other's to know. One that was given up by a report that they can't come stays in it, as in `times` (P11)."""
    query = (
        select(Session.id, Session.starts_at, Session.ends_at)
        .join(Seat, Seat.session_id == Session.id)
        .join(MakeUp, MakeUp.by_seat_id == Seat.id)
        .where(Seat.client_id == client.id, MakeUp.partner_seat_id.is_(None))
        .where(or_(MakeUp.is_open, MakeUp.cancel_why == "told"))
        .where(Session.is_on, Session.ends_at > now)
        .order_by(Session.starts_at, Session.id)
    )
    return [SharedTime(*row) for row in store.execute(query)]


def absences(store: Store, client: Person, now: datetime) -> list[SharedAbsence]:
    """Sessions that the client reported they can't come to, and sessions that are over in which nobody saw them, once staff or the
    platform confirmed who was there (P4); the latest first. Two statements."""
    standing = and_(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    query = (
        select(Seat, AbsenceReport.id)
        .join(Session, Session.id == Seat.session_id)
        .outerjoin(AbsenceReport, standing)
        .where(Seat.client_id == client.id, Session.is_on, Session.ends_at > now - BEHIND)
        .where(
            or_(
                AbsenceReport.id.is_not(None),
                and_(Seat.is_given, Session.confirmed_at.is_not(None), Session.ends_at <= now),
            )
        )
        .order_by(Session.starts_at.desc(), Session.id)
    )
    found = list(store.execute(query))
    there = attended.present(store, [seat for seat, _ in found], now)
    return [
        SharedAbsence(seat.session_id, seat.session.starts_at, seat.session.ends_at, bool(report))
        for seat, report in found
        if report or not there[seat.id]
    ]


def assigned(store: Store, client: Person, now: datetime) -> list[SharedHomework]:
    """The client's homework that is open, or was handed in within two weeks, oldest first. One statement."""
    query = (
        homework.visible_to(client)
        .outerjoin(HandIn, HandIn.is_current_of(client.id))
        .where(or_(HandIn.handed_in_at.is_(None), HandIn.handed_in_at > now - BEHIND))
        .with_only_columns(Homework.set_at, Homework.due_at, HandIn.handed_in_at)
        .order_by(Homework.set_at, Homework.id)
    )
    return [SharedHomework(*row) for row in store.execute(query)]


def hours(store: Store, client: Person, now: datetime) -> list[SharedWeek]:
    """The hours of each week that is over, latest first; none for a week without any. Six statements.

    A week waits until it is confirmed who was in its rooms, so that hours that are not there don't tell of a miss before it is
    certain (P4)."""
    weeks = weekly_hours.weeks(store, client, now, WEEKS)
    unsure = store.scalars(
        select(Session.starts_at)
        .join(Seat, Seat.session_id == Session.id)
        .where(Seat.client_id == client.id, Seat.is_given, Session.is_on)
        .where(Session.confirmed_at.is_(None), Session.starts_at >= weeks[0].starts_at)
        .where(Session.starts_at < now, Session.starts_at > now - CONFIRMED_BY_THEN * 2)
    ).all()
    return [
        SharedWeek(week.monday, week.spent)
        for week in reversed(weeks)
        if week.spent and week.ends_at <= now and not _waits(week, unsure, now)
    ]


def _waits(week: weekly_hours.Week, unsure: Iterable[datetime], now: datetime) -> bool:
    lately = week.ends_at > now - CONFIRMED_BY_THEN
    return lately and any(week.starts_at <= at < week.ends_at for at in unsure)


def nothing(store: Store, client: Person, now: datetime) -> Part:
    """Nothing of the client's rows: what they write to each other is kept as they wrote it."""
    return []


@dataclass(frozen=True, slots=True)
class Drawn:
    """How one category's picture is made, and read again when it was frozen."""

    live: Callable[[Store, Person, datetime], Part]
    rows: TypeAdapter[Any]


TIMES = TypeAdapter(list[SharedTime])
DRAWN: dict[str, Drawn] = {
    "schedule": Drawn(times, TIMES),
    "reminders": Drawn(times, TIMES),
    "missed_session": Drawn(absences, TypeAdapter(list[SharedAbsence])),
    "catch_up": Drawn(nothing, TypeAdapter(list[int])),
    "homework": Drawn(assigned, TypeAdapter(list[SharedHomework])),
    "make_ups": Drawn(booked, TIMES),
    "hours": Drawn(hours, TypeAdapter(list[SharedWeek])),
}
"""Category of consent → its picture."""


def live(store: Store, client: Person, category: str, now: datetime) -> Part:
    """The picture of one category as it is at `now` (aware)."""
    return DRAWN[category].live(store, client, now)


def frozen(
    store: Store, consent_id: int, client: Person, category: str, until: datetime, now: datetime
) -> FrozenPicture:
    """The picture as it is now, to be kept for the recipient of this consent, who may be shown nothing newer (P3)."""
    rows = live(store, client, category, now)
    body = DRAWN[category].rows.dump_json(rows).decode()
    return FrozenPicture(consent_id=consent_id, frozen_at=now, shown_until=until, body=body)


def thaw(store: Store, consent_id: int) -> None:
    """The consent counts again: what was frozen is needed no more."""
    store.execute(delete(FrozenPicture).where(FrozenPicture.consent_id == consent_id))


def thawed(frozen: FrozenPicture, category: str) -> Part:
    """The rows of a frozen picture."""
    return list(DRAWN[category].rows.validate_json(frozen.body))
