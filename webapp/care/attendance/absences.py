"""Absence reports, their withdrawal, and excusals by staff. Reason and note are always optional."""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Select, bindparam, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat, look_again
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Cancelled, Conflict, Forbidden, Invalid

CLOCK_TOLERANCE = timedelta(hours=12)
"""How far back a phone's own time of sending is accepted, so that a report written offline keeps its notice."""
DELAYED = timedelta(minutes=5)
NOTE_LENGTH = 2000
NOTES_LENGTH = 5 * NOTE_LENGTH
"""Of all that was written about one absence, in several reports."""


class Reason(StrEnum):
    TECHNICAL = "technical"
    WORK = "work"
    SCHOOL = "school"
    FAMILY = "family"
    ILLNESS = "illness"
    EMERGENCY = "emergency"
    NOT_UP_TO_IT = "not_up_to_it"
    OTHER = "other"
    UNSAID = "prefer_not_to_say"


class AbsenceReport(Base):
    """A client's report that they can't come to one session. A seat has one report in force; withdrawn ones stay in the chart."""

    __tablename__ = "absence_report"
    __table_args__ = (
        Index(
            "uq_absence_report_standing", "seat_id", unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_absence_report_seat", "seat_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    reason: Mapped[str]
    note: Mapped[str | None] = mapped_column(SealedText)
    reported_at: Mapped[datetime]
    """When the client tapped Send; notice is counted from here."""
    received_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    request_id: Mapped[str | None] = mapped_column(unique=True)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    seat: Mapped[Seat] = relationship()

    @hybrid_property
    def is_withdrawn(self) -> bool:
        """The client can come after all."""
        return self.withdrawn_at != None

    @property
    def notice(self) -> timedelta:
        """How long before the start it was reported; negative after the start."""
        return self.seat.session.starts_at - self.reported_at

    @property
    def was_delayed(self) -> bool:
        """By its phone's own word it was written well before it reached us, as without a network; nobody can check that."""
        return self.received_at - self.reported_at > DELAYED

    @property
    def notice_hours(self) -> float:
        return round(self.notice.total_seconds() / 3600, 2)

    def withdraw(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """Withdraw the report: the client can come after all. A second time changes nothing."""
        if self.withdrawn_at is None:
            self.withdrawn_at, self.withdrawn_by_id = now, by.id if by else None
            look_again(store, now, id=self.seat_id)
            events.record(
                store, Tag.ABSENCE_WITHDRAWN, seat=self.seat, by=by, now=now, report=self.id
            )


class Excusal(Base):
    """An absence excused by staff, with the reason."""

    __tablename__ = "excusal"

    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(SealedText)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


_IN_FORCE = select(AbsenceReport).where(
    AbsenceReport.seat_id == bindparam("seat"), ~AbsenceReport.is_withdrawn
)
"""`of`, built once."""


def report(
    store: Store,
    seat: Seat,
    *,
    by: Person | None,
    now: datetime,
    reason: str | None = None,
    note: str | None = None,
    reported_at: datetime | None = None,
    request_id: str | None = None,
) -> AbsenceReport:
    """Report that the client can't come, before, during or after the session (M3); returns the report in force.

    `request_id`: a UUID made by the client; the same one again returns the same report. `reported_at` is moved to at most
    `CLOCK_TOLERANCE` before `now` and at latest `now`. If a report is in force already it is returned, with the reason added if it
    had none, and the words added that it does not hold yet. Raises Invalid, Cancelled, Forbidden, and Conflict when the client withdrew a report after
    `reported_at`.
    """
    request_id = _checked_uuid(request_id)
    # a page and its phone's outbox may send the same tap at once: one after the other
    store.execute(select(Seat.id).where(Seat.id == seat.id).with_for_update(key_share=True))
    if request_id and (same := _by_request(store, request_id)):
        if same.seat_id != seat.id:
            raise Invalid(N_("This request was used for another session."), field="request_id")
        return same
    if by is not None and by.kind == Kind.CLIENT and by.id != seat.client_id:
        raise Forbidden()
    if seat.session.cancelled_at:
        raise Cancelled()
    reason, note = _checked(reason, note)
    if in_force := store.scalar(_IN_FORCE, {"seat": seat.id}):
        _complete(in_force, reason, note)
        return in_force
    instant = min(max(reported_at or now, now - CLOCK_TOLERANCE), now)
    _refuse_before_withdrawal(store, seat, reported_at)
    made = AbsenceReport(
        seat=seat, reason=reason, note=note, reported_at=instant, received_at=now,
        by_id=by and by.id, request_id=request_id,
    )  # fmt: skip
    store.add(made)
    store.flush()
    look_again(store, now, client_id=seat.client_id)
    events.record(
        store, Tag.ABSENCE_REPORTED, seat=seat, by=by, now=now, report=made.id, reason=reason,
        notice_hours=made.notice_hours,
    )  # fmt: skip
    return made


def excuse(store: Store, seat: Seat, reason: str, *, by: Person, now: datetime) -> Excusal:
    """Excuse an absence as staff, with a reason for the record. A second time changes nothing. Raises Invalid, Forbidden."""
    if by.kind != Kind.STAFF:
        raise Forbidden()
    if not reason.strip():
        raise Invalid(N_("Say why, for the record."), field="reason")
    if len(reason) > NOTE_LENGTH:
        raise Invalid(N_("Keep it under %(most)s letters."), field="reason", most=NOTE_LENGTH)
    excusal = store.get(Excusal, seat.id)
    if excusal is None:
        excusal = Excusal(seat_id=seat.id, reason=reason, by_id=by.id, at=now)
        store.add(excusal)
        look_again(store, now, id=seat.id)
        events.record(store, Tag.ABSENCE_EXCUSED, seat=seat, by=by, now=now)
    return excusal


def of(seat_id: int) -> Select[AbsenceReport]:
    """The report in force for a seat."""
    return select(AbsenceReport).where(
        AbsenceReport.seat_id == seat_id, ~AbsenceReport.is_withdrawn
    )


def _checked(reason: str | None, note: str | None) -> tuple[str, str | None]:
    reason, note = reason or Reason.UNSAID, (note or "").strip() or None
    if reason not in list(Reason):
        raise Invalid(N_("Choose one of the reasons, or none."), field="reason")
    if note and len(note) > NOTE_LENGTH:
        raise Invalid(N_("Keep the note under %(most)s letters."), field="note", most=NOTE_LENGTH)
    return reason, note


def _by_request(store: Store, request_id: str) -> AbsenceReport | None:
    return store.scalar(select(AbsenceReport).where(AbsenceReport.request_id == request_id))


def _refuse_before_withdrawal(store: Store, seat: Seat, reported_at: datetime | None) -> None:
    """Raises Conflict when a report was withdrawn after `reported_at`: the client's later word counts (R7)."""
    if reported_at is None:
        return
    since = select(AbsenceReport.id).where(
        AbsenceReport.seat_id == seat.id, AbsenceReport.withdrawn_at > reported_at
    )
    if store.scalar(since.limit(1)):
        raise Conflict(N_("Since then you told us that you can make it."))


def _complete(report: AbsenceReport, reason: str, note: str | None) -> None:
    if report.reason == Reason.UNSAID:
        report.reason = reason
    if note and note not in (report.note or ""):
        report.note = f"{report.note}\n\n{note}" if report.note else note
        if len(report.note) > NOTES_LENGTH:
            raise Invalid(N_("That is a lot for one note. Please send the rest as a message."), field="note")  # fmt: skip


def _checked_uuid(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise Invalid(N_("This is not a UUID."), field="request_id") from error
