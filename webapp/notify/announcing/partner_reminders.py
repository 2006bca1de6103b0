"""Decides when a partner or relative is reminded of a client's session: by the schedule alone, under the client's consent (rule 8, P11).

The client's own reminders follow the ladder, which stops for an absence report, a join or a contact, and goes by the hours that the
client chose. If their partner's followed it, a reminder that stays away, or comes at another hour, would tell of all that. So they
have their own: the policy's leads before the start, the last one that is due, never within the recipient's quiet hours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Select, exists, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from webapp import batches
from webapp.batches import Batch
from webapp.bulk import insert_or_ignore
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory import programs
from webapp.care.directory.people import Person, Status
from webapp.care.directory.policy import Policy
from webapp.care.preferences.contact_preferences import quiet_hours
from webapp.care.privacy.consents import Category, Consent, valid
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Base, Database, Store
from webapp.protocol.ladder.ladder import awake
from webapp.protocol.ladder.rungs import Rung

HORIZON = timedelta(days=9)
"""How far ahead a session may be to have a reminder due. A policy's longer leads count from here."""


class PartnerReminder(Base):
    """A reminder that was decided for one recipient: once for each lead and start. Growth: at most three rows a session and consent."""

    __tablename__ = "partner_reminder"

    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    rung: Mapped[str] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    """The start that it reminds of: a moved session has reminders of its own."""
    decided_at: Mapped[datetime]


class Due(NamedTuple):
    """A reminder that is due and not decided yet."""

    seat_id: int
    recipient_id: int
    rung: Rung
    starts_at: datetime


def _program_of(seat_id: int) -> Select[int]:
    program = select(Session.program_id).join(Seat, Seat.session_id == Session.id)
    return program.where(Seat.id == seat_id)


SEATS = Batch("remind partners", "seat", Seat.id, _program_of)


def remind_partners(database: Database, now: datetime, limit: int = 500) -> int:
    """Chore: decide the partners' reminders that are due. Commits. Returns for how many seats. Three statements when none is due; grows
    with the sessions of the next days under a consent to reminders."""
    with database.reading() as store:
        rows = list({(row[0], row[1]): row for row in store.execute(_covered(now))}.values())
        found = batches.each_or_none(lambda some: _reminders(store, some, now), rows)
        waiting = {row[0] for row, due in zip(rows, found, strict=True) if due != []}

    def decide(store: Store, seats: Sequence[Seat]) -> int:
        mine = _covered(now).where(Seat.id.in_([seat.id for seat in seats]))
        rows = list({(row[0], row[1]): row for row in store.execute(mine)}.values())
        for due in chain.from_iterable(_reminders(store, rows, now)):
            row = {**due._asdict(), "rung": due.rung.value, "decided_at": now}
            inserted = store.execute(insert_or_ignore(store, PartnerReminder).values(row))
            if inserted.rowcount:  # type: ignore[attr-defined]
                seat = store.get_one(Seat, due.seat_id)
                events.record(
                    store, Tag.PARTNER_REMINDER_DUE, seat=seat, by=None, now=now,
                    recipient=due.recipient_id, rung=due.rung.value,
                )  # fmt: skip
        return len(seats)

    if not waiting:
        return 0
    query = select(Seat).where(Seat.id.in_(waiting)).order_by(Seat.id)
    return batches.run_batch(database, now, replace(SEATS, limit=limit), query, decide)


def _covered(now: datetime) -> Select[Any]:
    """(seat, recipient, start, program, preferences and zone of the recipient) of coming sessions under a consent to reminders.
    Recipients with a place of their own there are reminded of that."""
    own = aliased(Seat)
    seated = exists().where(own.session_id == Session.id, own.client_id == Person.id, own.is_given)
    return (
        select(
            Seat.id, Person.id, Session.starts_at, Session.program_id, Person.preferences,
            Person.time_zone,
        )
        .join(Session, Session.id == Seat.session_id)
        .join(Consent, Consent.client_id == Seat.client_id)
        .join(Person, Person.id == Consent.recipient_id)
        .where(Consent.category == Category.REMINDERS, valid(now))
        .where(Session.is_on, Session.starts_at > now, Session.starts_at < now + HORIZON)
        .where(Seat.is_given, Person.status == Status.ACTIVE, ~seated)
        .order_by(Seat.id, Person.id)
    )  # fmt: skip


def _reminders(store: Store, rows: Sequence[Any], now: datetime) -> list[list[Due]]:
    """Of each of these rows of `_covered` the reminder that is due and not decided yet, if any."""
    policies = programs.policies_of(store, {row[3] for row in rows})
    found = []
    for seat_id, person_id, starts_at, program, preferences, zone in rows:
        policy = programs.in_force(policies[program], starts_at).policy
        rung = _last_due(starts_at, policy, preferences, zone, now)
        found.append([Due(seat_id, person_id, rung, starts_at)] if rung else [])
    decided = _decided(store, {row[0] for row in rows})
    return [[each for each in due if each not in decided] for due in found]


def _last_due(
    starts_at: datetime,
    policy: Policy,
    preferences: dict[str, Any] | None,
    zone: str,
    now: datetime,
) -> Rung | None:
    """The last of the leads that has come; None before the first, and when the recipient doesn't want it."""
    quiet = quiet_hours(preferences, policy.quiet_hours)
    leads = {
        Rung.HEADS_UP: policy.heads_up,
        Rung.SOON: policy.soon,
        Rung.DOORS_OPEN: policy.doors_open,
    }
    due = [rung for rung, lead in leads.items() if awake(starts_at, lead, quiet, zone) <= now]
    unwanted = (preferences or {}).get("off", ())
    return due[-1] if due and due[-1] not in unwanted else None


def _decided(store: Store, seat_ids: Iterable[int]) -> set[Due]:
    columns = (
        PartnerReminder.seat_id, PartnerReminder.recipient_id, PartnerReminder.rung,
        PartnerReminder.starts_at,
    )  # fmt: skip
    known = store.execute(select(*columns).where(PartnerReminder.seat_id.in_(seat_ids)))
    return {Due(seat, person, Rung(rung), at) for seat, person, rung, at in known}
