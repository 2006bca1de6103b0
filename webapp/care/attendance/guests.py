"""Guests of a session: participants whom the video platform shows without saying who they are, and who staff say they are (rule 7).

What the platform shows of them (name, telephone, address) is stored sealed. Naming a guest makes their evidence the person's, from
the first instant on; taking it back makes it nobody's again. Each is a row with who and when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, or_, select, text, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.bulk import insert_or_ignore
from webapp.care.attendance import presence
from webapp.care.attendance.presence import EvidenceType, Presence, Sighting
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.schedule.sessions import Seat, Session, look_again
from webapp.crypto.sealed import SealedText, prepared_row
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

TOGETHER = "together"
"""Source of the evidence that somebody sits at another's device."""
REMEMBERED = timedelta(days=180)
"""How long an account, address or telephone that staff named is recognized, counted from the last time."""


class Guest(Base):
    """One participant of one session whom the platform did not identify. Growth: up to one row for each participant a session."""

    __tablename__ = "guest"
    __table_args__ = (UniqueConstraint("session_id", "source", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    source: Mapped[str]
    key: Mapped[str]
    """The platform's id of the connection by which they were first heard of."""
    name: Mapped[str | None] = mapped_column(SealedText)
    """The name that they showed last."""
    named_at: Mapped[datetime]
    """When they showed it."""
    account: Mapped[str | None] = mapped_column(SealedText)
    """The platform's id of their account; none for who is not signed in there."""
    address: Mapped[str | None] = mapped_column(SealedText)
    phone: Mapped[str | None] = mapped_column(SealedText)
    device: Mapped[str | None] = mapped_column(SealedText)
    is_host: Mapped[bool] = mapped_column(default=False)
    """They run the meeting: an account of the clinic's that nobody has named."""
    with_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """No connection of its own: staff said that somebody sits at this person's device."""

    session: Mapped[Session] = relationship()
    with_person: Mapped[Person | None] = relationship()
    identifications: Mapped[list["Identification"]] = relationship(order_by="Identification.id")

    @property
    def identified(self) -> "Identification | None":
        """Who they were said to be, unless that was taken back."""
        return next((one for one in self.identifications if not one.is_undone), None)

    @property
    def marks(self) -> set[tuple[str, str]]:
        """What a guest is recognized by; a name is not, since anybody may show any."""
        shown = {"account": self.account, "address": self.address, "phone": self.phone}
        return {(kind, value) for kind, value in shown.items() if value}


class Identification(Base):
    """Somebody said who a guest is; `person_id` None: nobody who is waited for. `by_id` None: recognized by what staff had named
    before. A guest has one in force; those taken back stay."""

    __tablename__ = "identification"
    __table_args__ = (
        Index(
            "uq_identification_in_force", "guest_id", unique=True,
            sqlite_where=text("undone_at IS NULL"), postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_identification_person", "person_id", "at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guest.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    is_remembered: Mapped[bool] = mapped_column(default=True)
    """What the platform shows of them is recognized in later sessions."""
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person | None] = relationship(foreign_keys=person_id)
    by: Mapped[Person | None] = relationship(foreign_keys=by_id)

    @hybrid_property
    def is_undone(self) -> bool:
        """Taken back."""
        return self.undone_at != None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the platform shows of a participant at one instant; empty where it shows nothing. `connections`: the platform's ids of
    the connection that this is about and of those it came from."""

    at: datetime
    connections: tuple[str, ...]
    name: str = ""
    account: str = ""
    address: str = ""
    phone: str = ""
    device: str = ""
    is_host: bool = False


def of_session(session_id: int) -> Select[Guest]:
    """The guests of a session, in the order in which they were first heard of."""
    return select(Guest).where(Guest.session_id == session_id).order_by(Guest.id)


def with_connection(
    store: Store, session: Session, source: str, connections: Sequence[str]
) -> Guest | None:
    """The guest who has or had one of these connections in the session."""
    theirs = select(Presence.guest_id).where(
        Presence.session_id == session.id, Presence.source == source,
        Presence.connection.in_(connections), Presence.guest_id.is_not(None),
    )  # fmt: skip
    either = or_(Guest.id.in_(theirs), Guest.key.in_(connections))
    here = of_session(session.id).where(Guest.source == source)
    return store.scalar(here.where(either).limit(1))


def seen(store: Store, session: Session, source: str, shown: Shown, *, now: datetime) -> Guest:
    """The guest that this participant of the session is, new or known, with the name they show now. A new one whose account, address or
    telephone staff have named before is recognized."""
    guest = with_connection(store, session, source, shown.connections)
    guest = guest or _with_same_marks(store, session, source, shown)
    if guest is None:
        guest = _add(store, session, source, shown)
    if shown.name and shown.at >= guest.named_at:
        guest.named_at = shown.at
        if guest.name != shown.name:
            guest.name = shown.name
    for field in ("account", "address", "phone", "device"):
        if getattr(shown, field) and not getattr(guest, field):
            setattr(guest, field, getattr(shown, field))
    guest.is_host = guest.is_host or shown.is_host
    store.flush()
    if not guest.identifications and (person := _remembered(store, guest, now)):
        identify(store, guest, person, by=None, now=now)
    return guest


def _with_same_marks(store: Store, session: Session, source: str, shown: Shown) -> Guest | None:
    """The guest of the session with the same account, address or telephone: somebody who came back, or their second device."""
    wanted = {
        (kind, value) for kind in ("account", "address", "phone") if (value := getattr(shown, kind))
    }
    here = store.scalars(of_session(session.id).where(Guest.source == source)) if wanted else ()
    return next((guest for guest in here if guest.marks & wanted), None)


def _add(store: Store, session: Session, source: str, shown: Shown) -> Guest:
    row = {
        "session_id": session.id, "source": source, "key": shown.connections[0],
        "name": shown.name or None, "named_at": shown.at, "account": shown.account or None,
        "address": shown.address or None, "phone": shown.phone or None,
        "device": shown.device or None, "is_host": shown.is_host,
    }  # fmt: skip
    store.execute(insert_or_ignore(store, Guest).values(prepared_row(store, Guest, row)))
    made = of_session(session.id).where(Guest.source == source, Guest.key == shown.connections[0])
    return store.scalars(made).one()


def _remembered(store: Store, guest: Guest, now: datetime) -> Person | None:
    """The one person of those who may be in this session whose account, address or telephone this is, as staff have named it."""
    if not guest.marks:
        return None
    people = choices(store, guest.session)
    named = (
        select(Guest, Identification.person_id)
        .join(Identification, Identification.guest_id == Guest.id)
        .where(
            ~Identification.is_undone, Identification.by_id.is_not(None),
            Identification.is_remembered,
            Identification.at > now - REMEMBERED,
            Identification.person_id.in_([person.id for person in people]),
            Guest.source == guest.source, Guest.id != guest.id,
        )
    )  # fmt: skip
    found = {person_id for other, person_id in store.execute(named) if other.marks & guest.marks}
    return next((p for p in people if p.id in found), None) if len(found) == 1 else None


def choices(store: Store, session: Session) -> list[Person]:
    """Who a guest of this session may be: its clients, then the program's other people who are no clients, by name."""
    seated = select(Seat.client_id).where(Seat.session_id == session.id, Seat.is_given)
    other = (Person.kind != Kind.CLIENT) & (Person.kind != Kind.INTEGRATION)
    found = select(Person).where(
        Person.program_id == session.program_id,
        or_(Person.id.in_(seated), other & (Person.status == Status.ACTIVE)),
    )
    people = store.scalars(found.order_by(Person.name, Person.id)).all()
    return sorted(people, key=lambda person: person.kind != Kind.CLIENT)


def identify(
    store: Store,
    guest: Guest,
    person: Person | None,
    *,
    by: Person | None,
    now: datetime,
    remember: bool = True,
) -> Identification:
    """Note who the guest is; their evidence is that person's from its first instant on. `person` None: nobody who is waited for. `by`
    None: recognized. `remember`: what the platform shows of them is recognized in later sessions. Raises Forbidden, Invalid."""
    if by is not None and by.kind not in (Kind.STAFF, Kind.INTEGRATION):
        raise Forbidden()
    if person is not None and person not in choices(store, guest.session):
        raise Invalid(N_("Choose one of the people who may be in this session."), field="person")
    in_force = guest.identified
    if in_force is not None:
        if in_force.person_id == (person and person.id):
            return in_force
        undo(store, guest, by=by, now=now)
    person_id = person.id if person is not None else None
    made = Identification(
        guest_id=guest.id, person_id=person_id, at=now, by_id=by.id if by is not None else None,
        is_remembered=remember,
    )  # fmt: skip
    guest.identifications.append(made)
    store.flush()
    _move_evidence(store, guest, person_id)
    look_again(store, now, session_id=guest.session_id)
    client = person if person is not None and person.kind == Kind.CLIENT else None
    events.record(
        store, Tag.GUEST_IDENTIFIED, client=client, session=guest.session, by=by, now=now,
        guest=guest.id, person=person_id,
    )  # fmt: skip
    return made


def together(store: Store, seat: Seat, other: Seat, *, by: Person, now: datetime) -> Identification:
    """Note that the client of `seat` sits at the device of the client of `other`: there as if marked present, until it is taken back
    (`undo`). It is staff's word about that one person: nothing follows from when the other comes or goes (P11). Raises Invalid."""
    session = seat.session
    if other.session_id != seat.session_id or other.id == seat.id:
        raise Invalid(N_("Choose somebody else of this session."), field="with")
    if now < session.starts_at:
        raise Invalid(N_("This session hasn't started yet."), field="with")
    key = f"seat:{seat.id}"
    row = {
        "session_id": session.id, "source": TOGETHER, "key": key, "named_at": now,
        "with_id": other.client_id, "is_host": False,
    }  # fmt: skip
    store.execute(insert_or_ignore(store, Guest).values(row))
    found = of_session(session.id).where(Guest.source == TOGETHER, Guest.key == key)
    guest = store.scalars(found).one()
    guest.with_id = other.client_id
    joined = Sighting(
        key, session, seat.client, EvidenceType.JOINED, session.starts_at, TOGETHER, key,
        guest_id=guest.id,
    )  # fmt: skip
    presence.record(store, [joined], by=by, now=now)
    return identify(store, guest, seat.client, by=by, now=now)


def undo(store: Store, guest: Guest, *, by: Person | None, now: datetime) -> None:
    """Take back who the guest was said to be; also no longer remembered. A second time changes nothing."""
    in_force = guest.identified
    if in_force is None:
        return
    in_force.undone_at, in_force.undone_by_id = now, by.id if by is not None else None
    store.flush()
    _move_evidence(store, guest, None)
    look_again(store, now, session_id=guest.session_id)
    person = in_force.person
    client = person if person is not None and person.kind == Kind.CLIENT else None
    events.record(
        store, Tag.GUEST_UNKNOWN_AGAIN, client=client, session=guest.session, by=by, now=now,
        guest=guest.id, person=in_force.person_id,
    )  # fmt: skip


def _move_evidence(store: Store, guest: Guest, person_id: int | None) -> None:
    """The guest's evidence becomes this person's, or nobody's."""
    store.flush()
    store.execute(
        update(Presence)
        .where(Presence.guest_id == guest.id)
        .values(person_id=person_id)
        .execution_options(synchronize_session=False)
    )


def proposals(store: Store, listed: Iterable[Guest], people: Sequence[Person]) -> dict[int, Person]:
    """guest → the one of `people` whose name they show, to be proposed and no more, since anybody may show any name: the name that this
    person was named under before, their whole name, or a first name that nobody else has."""
    shown = {guest.id: guest.name or "" for guest in listed}
    if not shown or not people:
        return {}
    named = (
        select(Guest, Identification.person_id)
        .join(Identification, Identification.guest_id == Guest.id)
        .where(
            ~Identification.is_undone, Identification.by_id.is_not(None),
            Identification.is_remembered,
            Identification.person_id.in_([person.id for person in people]),
        )
    )  # fmt: skip
    before = {
        (person_id, other.name.casefold())
        for other, person_id in store.execute(named)
        if other.name
    }
    found = {}
    for guest_id, name in shown.items():
        again = [person for person in people if (person.id, name.casefold()) in before]
        if person := _only(again) or _only_of_name(name, people):
            found[guest_id] = person
    return found


def _only_of_name(name: str, people: Sequence[Person]) -> Person | None:
    words = _words(name)
    whole = [person for person in people if _words(person.name) <= words]
    first = [person for person in people if _words(person.name.split(" ")[0]) & words]
    return _only(whole or first)


def _only(people: Sequence[Person]) -> Person | None:
    return people[0] if len(people) == 1 else None


def _words(name: str) -> set[str]:
    """The words of a name, lower case, without what belongs to no name ("Tom's iPhone" has *tom*)."""
    plain = name.casefold().replace("’", "'").replace("'s ", " ").replace(",", " ")
    return {word.strip(".()-'") for word in plain.split()} - {""}
