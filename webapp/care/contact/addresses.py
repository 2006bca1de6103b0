"""Addresses to which notices are sent: e-mail, text messages, and the push subscriptions of devices."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import account_changes, events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid

PROVES_AFTER = timedelta(hours=24)
"""How long a number must have been on file before a call to it says who somebody is: whoever talks a front desk into a new number cannot
have the call the same day. Hours rather than a calendar day, so that none is entered at night and called in the morning."""
REPLACED = "replaced"
"""Why an address was stopped whose place in the roster another has taken."""
STOP_WORD = "stop_word"
"""Why a number was stopped from which STOP came: nobody writes there, calls go on."""


class Channel(StrEnum):
    PUSH = "push"
    EMAIL = "email"
    SMS = "sms"


class Address(Base):
    """One e-mail address, telephone number or device of one person.

    Used only while its person has opted in, and it is neither stopped nor marked unsafe (P9). A push endpoint belongs to one
    person at a time (S5).
    """

    __tablename__ = "address"
    __table_args__ = (
        Index("ix_address_person", "person_id"),
        Index("ix_address_value", "channel", "value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    value: Mapped[str]
    """E-mail address, phone in E.164, or push endpoint URL."""
    keys: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """A push subscription's `p256dh` and `auth` (base64url, RFC 8291)."""
    label: Mapped[str | None]
    login_id: Mapped[int | None]
    """Of a device: the login in which it was last registered. Signing out of that login stops the device (S5)."""
    opted_in_at: Mapped[datetime | None]
    switched_off_at: Mapped[datetime | None]
    """When its person said no to notices there: no roster says yes again for them (rule 15)."""
    unsafe_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str | None]
    troubles: Mapped[int] = mapped_column(default=0)
    """How many times in a row the provider refused it."""
    worked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    on_file_at: Mapped[datetime]
    """Since when it has been on file and safe without a break: it proves nothing about a caller before `PROVES_AFTER`."""

    person: Mapped[Person] = relationship()

    @hybrid_property
    def is_opted_in(self) -> bool:
        """Its person agreed to be written to there."""
        return self.opted_in_at != None

    @hybrid_property
    def is_unsafe(self) -> bool:
        """Somebody else may see what arrives there: it is written to no more (P9)."""
        return self.unsafe_at != None

    @hybrid_property
    def is_stopped(self) -> bool:
        """Nothing is sent there any more."""
        return self.stopped_at != None

    @property
    def is_replaced(self) -> bool:
        """The roster has another in its place now."""
        return self.stopped_why == REPLACED

    @hybrid_property
    def usable(self) -> bool:
        """Notices may be sent there (P9)."""
        return bool(self.opted_in_at and not self.stopped_at and not self.unsafe_at)

    @usable.inplace.expression
    @classmethod
    def _usable(cls) -> ColumnElement[bool]:
        return and_(cls.is_opted_in, ~cls.is_stopped, ~cls.is_unsafe)

    def is_new(self, as_of: datetime) -> bool:
        """It has been on file and safe for less than a day."""
        return self.on_file_at > as_of - PROVES_AFTER

    def stop(self, store: Store, why: str, *, by: Person | None, now: datetime) -> None:
        """Send nothing there any more. `why`: `gone`, `signed_out`, `stop_word`, `wrong_number`, `removed`, `replaced` … Twice is the
        same; only what its person says of a replaced one counts too, so that it stays stopped when the roster names it again."""
        if self.stopped_at and not (self.is_replaced and why != REPLACED):
            return
        self.stopped_at, self.stopped_why = now, why
        _record(store, Tag.ADDRESS_STOPPED, self, by=by, now=now, why=why)

    def resume(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """Send there again, to whom it was opted in before. An unsafe mark is kept. Nothing happens to one that is not stopped."""
        if self.is_stopped:
            self.stopped_at = self.stopped_why = None
            _record(store, Tag.ADDRESS_RESUMED, self, by=by, now=now)


def add(
    store: Store,
    person: Person,
    channel: str,
    value: str,
    *,
    by: Person | None,
    now: datetime,
    keys: dict[str, Any] | None = None,
    label: str | None = None,
    login_id: int | None = None,
    opted_in: bool = True,
) -> Address:
    """Add an address, or return the person's address of this value that is not stopped, updated. A device registered for another
    person is stopped for them first (S5). An unsafe mark from before is kept, and so is a stop word: it is about the number, whoever has
    it, and START alone undoes it (rule 16)."""
    for other in store.scalars(live(channel, value).where(Address.person_id != person.id)):
        if channel == Channel.PUSH:
            other.stop(store, "moved_to_another_person", by=by, now=now)
    mine = live(channel, value).where(Address.person_id == person.id)
    address = store.scalar(mine) or store.scalar(_stopped_by_word(channel, value, person))
    if address is None:
        address = _row(store, person, channel, value, now)
        _record(store, Tag.ADDRESS_ADDED, address, by=by, now=now)
    address.keys, address.label = keys or address.keys, label or address.label
    address.login_id = login_id or address.login_id
    if opted_in and not address.opted_in_at:
        address.opted_in_at, address.switched_off_at = now, None
    store.flush()
    return address


def _row(store: Store, person: Person, channel: str, value: str, now: datetime) -> Address:
    """An address nobody may write to yet, with the mark it had before, and stopped if a stop word came from that number."""
    ended = store.scalar(_stopped_by_word(channel, value))
    address = Address(
        person_id=person.id, person=person, channel=channel, value=value, created_at=now,
        on_file_at=now, troubles=0, unsafe_at=store.scalar(_marked(person, channel, value)),
        stopped_at=ended and ended.stopped_at, stopped_why=ended and ended.stopped_why,
    )  # fmt: skip
    store.add(address)
    store.flush()
    return address


def follow_roster(
    store: Store, person: Person, agreed: Collection[str], *, by: Person | None, now: datetime
) -> None:
    """Make the roster's e-mail and telephone number, as `person` has them, the addresses of theirs that are in use, and stop those
    whose place they take. `agreed`: the channels by which they agreed to be written to, as the roster has it (P9).

    A roster adds and never undoes what its person said: an address that was stopped, switched off or marked unsafe stays so,
    also when the roster names it again after another, and a channel that they switched off is off for the next address too (rule 15)."""
    for channel, value in ((Channel.EMAIL, person.email), (Channel.SMS, person.phone)):
        theirs = select(Address).where(Address.person_id == person.id, Address.channel == channel)
        rows = store.scalars(theirs.order_by(Address.id)).all()
        for row in rows:
            if row.value != value:
                row.stop(store, REPLACED, by=by, now=now)
        same, off = [row for row in rows if row.value == value], _switched_off(rows)
        if same:
            _name_again(store, same[-1], channel in agreed, off, by=by, now=now)
        elif value:
            agrees = channel in agreed and not off
            added = add(store, person, channel, value, opted_in=agrees, by=by, now=now)
            added.switched_off_at = off


def _switched_off(rows: Sequence[Address]) -> datetime | None:
    """When the person said no to the channel of these addresses, all that they ever had of it, and never yes since."""
    said_no = max((row.switched_off_at for row in rows if row.switched_off_at), default=None)
    said_yes = max((row.opted_in_at for row in rows if row.opted_in_at), default=None)
    return None if said_no and said_yes and said_yes > said_no else said_no


def _name_again(
    store: Store,
    address: Address,
    agreed: bool,
    off: datetime | None,
    *,
    by: Person | None,
    now: datetime,
) -> None:
    """Take an address back that the roster had replaced, and write there if its person agreed and never said no. `off`: since when they
    want nothing by this channel."""
    back = address.is_replaced
    if back:
        address.stopped_at = address.stopped_why = None
        address.on_file_at = now
    if back and off:
        address.opted_in_at, address.switched_off_at = None, off
    newly = agreed and not (address.opted_in_at or address.switched_off_at or address.is_stopped)
    if newly:
        address.opted_in_at = now
    if back or newly:
        _record(store, Tag.ADDRESS_ADDED, address, by=by, now=now)


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """A telephone number or e-mail address of a person, whether used for notices or not. `unsafe`: somebody else may see what
    arrives there."""

    channel: str
    value: str
    unsafe: bool


def known(store: Store, person: Person) -> list[KnownAddress]:
    """The person's numbers and e-mail addresses, those of the roster first. One statement."""
    theirs = select(Address).where(Address.person_id == person.id, Address.channel != Channel.PUSH)
    rows = store.scalars(theirs.order_by(Address.id)).all()
    marked = {row.value for row in rows if row.unsafe_at}
    channels_and_values = [(Channel.SMS.value, person.phone), (Channel.EMAIL.value, person.email)]
    channels_and_values += [
        (row.channel, row.value) for row in rows if row.unsafe_at or not row.stopped_at
    ]
    return [
        KnownAddress(channel, value, value in marked)
        for channel, value in dict.fromkeys(channels_and_values)
        if value
    ]


def mark(
    store: Store, person: Person, value: str, *, unsafe: bool, by: Person, now: datetime
) -> None:
    """Mark an address of the person as unsafe, so that nobody writes or calls there, not even as a last resort (P9); or as safe
    again. Raises Invalid for a value that is not theirs."""
    this = next((each for each in known(store, person) if each.value == value), None)
    if this is None:
        raise Invalid(N_("Choose one of the addresses."), field="value")
    if this.unsafe == unsafe:
        return
    address = store.scalar(live(this.channel, value).where(Address.person_id == person.id))
    if address is None:
        address = _row(store, person, this.channel, value, now)
    same = select(Address).where(Address.person_id == person.id, Address.value == value)
    for each in store.scalars(same):
        each.unsafe_at = now if unsafe else None
        each.on_file_at = each.on_file_at if unsafe else now
    tag = Tag.ADDRESS_MARKED if unsafe else Tag.ADDRESS_SAFE_AGAIN
    _record(store, tag, address, by=by, now=now)


def unsafe(store: Store, person_ids: Collection[int | None]) -> dict[int, set[str]]:
    """Person id → their telephone numbers and e-mail addresses that are marked unsafe: nobody calls or writes there (P9)."""
    rows = select(Address.person_id, Address.value)
    found = defaultdict[int, set[str]](set)
    for person_id, value in store.execute(
        rows.where(Address.person_id.in_(person_ids), Address.is_unsafe)
    ):
        found[person_id].add(value)
    return found


def numbers_to_call(store: Store, person: Person) -> list[str]:
    """The telephone numbers on which to call `person`: the roster's first, then others in use; none that is marked unsafe, and none
    that the roster has replaced, since somebody else may have it by now (P9)."""
    rows = of(person.id).where(Address.channel == Channel.SMS).with_only_columns(Address.value)
    numbers = dict.fromkeys([person.phone, *store.scalars(rows)])
    unsafe_ones = unsafe(store, [person.id])[person.id]
    return [number for number in numbers if number and number not in unsafe_ones]


def numbers_that_prove(store: Store, person: Person, now: datetime) -> list[str]:
    """Those of `numbers_to_call` by which a call says who somebody is: on file and safe for `PROVES_AFTER` without a break (S3). A stop
    word ends texts alone."""
    theirs = select(Address).where(Address.person_id == person.id, Address.channel == Channel.SMS)
    on_file = theirs.where(or_(~Address.is_stopped, Address.stopped_why == STOP_WORD))
    old = {row.value for row in store.scalars(on_file) if not row.is_new(now)}
    return [number for number in numbers_to_call(store, person) if number in old]


def own_mailbox(store: Store, person: Person) -> str | None:
    """The person's e-mail address if what is sent there reaches them alone: not marked unsafe, not stopped, and nobody else's, since
    couples may share one (S3). Who else has it counts whatever became of them, so that it tells nothing about them (P11)."""
    same = select(Address).where(Address.person_id == person.id, Address.value == person.email)
    rows = store.scalars(same).all()
    closed = any(row.is_unsafe for row in rows) or (rows and all(row.is_stopped for row in rows))
    return None if closed or is_shared(store, person.email or "") else person.email


def proves_mailbox(store: Store, person: Person, now: datetime) -> bool:
    """Whether staff may send a sign-in link to the person's e-mail address after a call: it is not marked unsafe, and was not entered
    within the last day, since somebody else may have talked the desk into it (S3)."""
    same = select(Address).where(Address.person_id == person.id, Address.value == person.email)
    rows = store.scalars(same.order_by(Address.id)).all()
    return bool(rows) and not any(row.is_unsafe for row in rows) and not rows[-1].is_new(now)


def told_of_changes(store: Store, person: Person) -> set[str]:
    """The e-mail addresses and numbers at which the person would be told that somebody changed how they sign in. Devices do not count:
    the one in a stranger's hands is one of them."""
    theirs = of(person.id).where(Address.usable, Address.channel != Channel.PUSH)
    return {address.value for address in store.scalars(theirs)}


def is_shared(store: Store, email: str) -> bool:
    """Whether several people have this e-mail address (lower case), in whichever program and whatever became of them."""
    having = select(Person.id).where(Person.email == email).limit(2)
    return len(store.scalars(having).all()) > 1


def _stopped_by_word(channel: str, value: str, person: Person | None = None) -> Select[Address]:
    """The newest address of this value, of `person` or of anybody, that a stop word ended: STOP is about the number."""
    rows = select(Address).where(
        Address.channel == channel, Address.value == value, Address.stopped_why == STOP_WORD
    )
    if person is not None:
        rows = rows.where(Address.person_id == person.id)
    return rows.order_by(Address.id.desc()).limit(1)


def _marked(person: Person, channel: str, value: str) -> Select[datetime | None]:
    """Since when this value is marked unsafe: the mark outlasts stopping and adding it again."""
    return select(func.max(Address.unsafe_at)).where(
        Address.person_id == person.id, Address.channel == channel, Address.value == value
    )


def live(channel: str, value: str, *, replaced: bool = False) -> Select[Address]:
    """Addresses of this value, of anybody, that are not stopped; with `replaced` also those whose place in the roster another has
    taken."""
    out_of_use = and_(Address.is_stopped, Address.stopped_why != REPLACED)
    return select(Address).where(
        Address.channel == channel, Address.value == value,
        ~(out_of_use if replaced else Address.is_stopped),
    )  # fmt: skip


def of(person_id: int) -> Select[Address]:
    """A person's addresses that have not been stopped, oldest first."""
    return (
        select(Address)
        .where(Address.person_id == person_id, ~Address.is_stopped)
        .order_by(Address.id)
    )


def has_working() -> ColumnElement[bool]:
    """A condition on `Person`: notices may be sent to at least one address of theirs (P9)."""
    return exists().where(Address.person_id == Person.id, Address.usable)


def unreachable(program_id: int) -> Select[Person]:
    """The program's active clients, and active staff with a role, who cannot be told anything, by name (rule 18)."""
    concerned = or_(Person.kind == Kind.CLIENT, Person.roles.any())
    found = select(Person).where(Person.program_id == program_id, concerned, ~has_working())
    active = found.where(Person.status == Status.ACTIVE)
    return active.order_by(Person.folded_name, Person.id)


def sign_out_devices(
    store: Store, person: Person, which: ColumnElement[bool], *, by: Person | None, now: datetime
) -> None:
    """Stop reminders to those of the person's devices that meet the condition `which`, until somebody signs in there again (S5)."""
    for device in store.scalars(of(person.id).where(Address.channel == Channel.PUSH, which)):
        device.stop(store, "signed_out", by=by, now=now)


def _record(
    store: Store, tag: Tag, address: Address, *, by: Person | None, now: datetime, **fields: Any
) -> None:
    record = account_changes.record if _concerns_owner(tag, address, now) else events.record
    record(
        store, tag, person=address.person, by=by, now=now, address=address.id,
        channel=address.channel, **fields,
    )  # fmt: skip


def _concerns_owner(tag: Tag, address: Address, now: datetime) -> bool:
    """Whether the owner reads of it in the app: every change but the first addresses of somebody who is entered just now, and the end of
    a device's reminders, which comes with signing out."""
    if address.channel == Channel.PUSH:
        return tag == Tag.ADDRESS_ADDED
    return tag != Tag.ADDRESS_ADDED or address.person.created_at < now
