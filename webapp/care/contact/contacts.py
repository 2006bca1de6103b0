"""Contacts: attempts to reach a client, and anything the client said themselves. Contact is not attendance (docs/product.md, *Words*)."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, and_, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, look_again
from webapp.crypto.sealed import SealedText
from webapp.db import Base, Store
from webapp.refusals import N_, Cancelled, Invalid, TooLate


class Outcome(StrEnum):
    """How an attempt to reach a client ended (rule 9)."""

    REACHED = "reached"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    CALL_BACK_AT = "call_back_at"
    WRONG_NUMBER = "wrong_number"
    DECLINED = "declined"


AGAIN = timedelta(minutes=5)
"""Replies about one seat within this time are one contact."""
TWO_WAY = (Outcome.REACHED, Outcome.DECLINED, Outcome.CALL_BACK_AT)
"""Outcomes in which the client was spoken to: these count as contact."""


DOUBLE_TAP = timedelta(minutes=1)
"""The same thing written down again within this time is one tap too many, and is recorded once (S17)."""


class ContactChannel(StrEnum):
    CALL = "call"
    MESSAGE = "message"
    REPLY = "reply"
    E_MAIL = "email"
    SMS = "sms"
    IN_PERSON = "in_person"
    APP = "app"


class Contact(Base):
    """One attempt, or one answer of the client. `two_way` ones stop reminders and outreach, and end a run of silence (rule 1)."""

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_client", "client_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    outcome: Mapped[str]
    two_way: Mapped[bool]
    note: Mapped[str | None] = mapped_column(SealedText)
    recorded_at: Mapped[datetime]


def record(
    store: Store,
    client: Person,
    *,
    channel: str,
    outcome: str,
    by: Person | None,
    now: datetime,
    at: datetime | None = None,
    seat: Seat | None = None,
    note: str | None = None,
) -> Contact:
    """Record a contact or an attempt at one. `at` (aware, default `now`) must not lie in the future. The very same again within
    `DOUBLE_TAP`, messages aside, returns what was recorded. Raises Invalid."""
    if channel not in list(ContactChannel):
        raise Invalid(N_("%(name)s is not a way of contact."), field="channel", name=channel)
    if outcome not in list(Outcome):
        raise Invalid(N_("%(name)s is not an outcome."), field="outcome", name=outcome)
    if at is not None and at > now:
        raise Invalid(N_("This lies in the future."), field="at")
    contact = Contact(
        client_id=client.id, seat_id=seat and seat.id, at=at or now, by_id=by and by.id,
        channel=channel, outcome=outcome, two_way=outcome in TWO_WAY, note=note, recorded_at=now,
    )  # fmt: skip
    if channel != ContactChannel.MESSAGE and (same := _same_again(store, contact, at)):
        return same
    store.add(contact)
    store.flush()
    if contact.two_way:
        look_again(store, now, client_id=client.id)
    events.record(
        store, Tag.CONTACT_MADE, client=client, seat=seat, by=by, now=now, contact=contact.id,
        channel=channel, outcome=outcome,
    )  # fmt: skip
    return contact


def _same_again(store: Store, contact: Contact, at: datetime | None) -> Contact | None:
    """What was recorded a moment ago and says the same as `contact`, which is not added yet. Opens the notes of those alone that agree in
    everything else."""
    by = Contact.by_id == contact.by_id if contact.by_id else Contact.by_id.is_(None)
    when = Contact.at == at if at else and_(Contact.at > contact.at - DOUBLE_TAP, by)
    recent = select(Contact).where(
        Contact.client_id == contact.client_id,
        Contact.seat_id == contact.seat_id if contact.seat_id else Contact.seat_id.is_(None),
        Contact.channel == contact.channel,
        Contact.outcome == contact.outcome,
        Contact.recorded_at > contact.recorded_at - DOUBLE_TAP,
        when,
    )
    return next((each for each in store.scalars(recent) if each.note == contact.note), None)


def confirm_coming(store: Store, seat: Seat, *, by: Person | None, now: datetime) -> bool:
    """Record that the client says they will come, which is contact (docs/product.md, *Words*). Returns whether that is new: saying it
    again changes nothing, unless the session has begun since, or they had said that they can't come. Raises Cancelled, TooLate."""
    if seat.session.cancelled_at:
        raise Cancelled()
    if now > seat.session.ends_at:
        raise TooLate(N_("This session is over."))
    if _said_already(store, seat, now):
        return False
    events.record(store, Tag.COMING_CONFIRMED, seat=seat, by=by, now=now)
    record(
        store, seat.client, channel=ContactChannel.REPLY, outcome=Outcome.REACHED, seat=seat, by=by,
        now=now,
    )  # fmt: skip
    return True


def _said_already(store: Store, seat: Seat, now: datetime) -> bool:
    last = (
        select(Event.tag, Event.at)
        .where(Event.client_id == seat.client_id, Event.seat_id == seat.id)
        .where(Event.tag.in_([Tag.COMING_CONFIRMED, Tag.ABSENCE_REPORTED]))
        .order_by(Event.id.desc())
        .limit(1)
    )
    said = store.execute(last).one_or_none()
    starts_at = seat.session.starts_at
    return (
        said is not None
        and said.tag == Tag.COMING_CONFIRMED
        and (now < starts_at or said.at >= starts_at)
    )
