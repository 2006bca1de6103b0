"""What homework and resources share: which clients they are for, how they are withdrawn, and the events about them."""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Select, and_, not_, or_, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import may_read
from webapp.care.schedule.sessions import Seat, Session, visible_to
from webapp.crypto.sealed import SealedText
from webapp.db import Store
from webapp.refusals import N_, Invalid


class Snapshot(NamedTuple):
    """An assigned row as it was before a change, to compare with afterwards."""

    content: tuple[Any, ...]
    shown_to_everyone: bool


class Assigned:
    """Columns and verbs of something staff give to everyone or to clients by name. `body` is Markdown. `ref` is the caller's
    own name for it, unique in the program."""

    __tablename__: str
    recipients: ClassVar[type[Any]]
    """The table of the clients it is for by name, one a row: `<its own table>_id`, `client_id`."""
    tags: ClassVar[tuple[Tag, Tag]]
    """The events for: assigned, changed."""

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    ref: Mapped[str]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    """The session it belongs to, if to one."""
    title: Mapped[str]
    body: Mapped[str] = mapped_column(SealedText, default="")
    for_everyone: Mapped[bool] = mapped_column(default=True)
    """Everyone with a place in its session; everyone in the program when it belongs to none."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]

    @hybrid_property
    def is_withdrawn(self) -> bool:
        """Taken back: clients no longer see it."""
        return self.withdrawn_at != None

    @property
    @abstractmethod
    def content(self) -> tuple[Any, ...]:
        """Everything that a change may change, except the clients it is for by name."""

    @property
    @abstractmethod
    def event_fields(self) -> dict[str, Any]:
        """The fields of its events."""

    @property
    def snapshot(self) -> Snapshot:
        """How it is now. Take it before changing anything."""
        is_stored = self.id is not None and self.withdrawn_at is None
        return Snapshot(self.content, is_stored and self.for_everyone)

    @classmethod
    def is_for(cls, client_id: int) -> ColumnElement[bool]:
        """A condition: for this client, and not withdrawn."""
        seated = select(Seat.session_id).where(Seat.client_id == client_id, Seat.is_given)
        theirs = or_(cls.session_id.is_(None), cls.session_id.in_(seated))
        everyone = and_(cls.for_everyone, theirs)
        return and_(~cls.is_withdrawn, or_(cls.is_named(client_id), everyone))

    @classmethod
    def is_named(cls, client_id: Any) -> ColumnElement[bool]:
        """A condition: for this client by name. `client_id` may be a column or a bind parameter."""
        named = select(cls._own_id()).where(cls.recipients.client_id == client_id)
        return cls.id.in_(named)

    @classmethod
    def readable_by(cls, me: Person) -> ColumnElement[bool]:
        """A condition: this staff member may read it. What is for everyone in a session goes with that session; what is for clients by
        name is for the care team of any of them (P12)."""
        seen = visible_to(me).with_only_columns(Session.id)
        of_session = or_(cls.session_id.is_(None), cls.session_id.in_(seen))
        named = select(cls._own_id()).where(may_read(me, cls.recipients.client_id))
        return and_(
            cls.program_id == me.program_id,
            or_(and_(cls.for_everyone, of_session), cls.id.in_(named)),
        )

    @classmethod
    def writable_by(cls, me: Person) -> ColumnElement[bool]:
        """A condition: this staff member may change and withdraw it. What is for clients by name takes the care of each of them (P12)."""
        others = select(cls._own_id()).where(not_(may_read(me, cls.recipients.client_id)))
        return and_(cls.readable_by(me), or_(cls.for_everyone, cls.id.not_in(others)))

    @classmethod
    def _own_id(cls) -> Any:
        return getattr(cls.recipients, f"{cls.__tablename__}_id")

    def readers(self) -> Select[Person]:
        """The clients it is for by name, or everyone with a place in its session; nobody when it is for all and belongs to no
        session."""
        named = select(self.recipients.client_id).where(self._own_id() == self.id)
        seated = select(Seat.client_id).where(Seat.session_id == self.session_id, Seat.is_given)
        chosen = seated if self.for_everyone else named
        return select(Person).where(Person.id.in_(chosen)).order_by(Person.folded_name, Person.id)

    def assign(
        self, store: Store, clients: Iterable[Person] | None, before: Snapshot,
        *, by: Person | None, now: datetime,
    ) -> None:  # fmt: skip
        """Store it as it is now, for these clients only (None: for everyone), and record events by comparing with `before`:
        assigned to everyone, assigned to one more client, or changed. No event when nothing changed. Raises Invalid for a
        client of another program."""
        self.withdrawn_at, self.for_everyone = None, clients is None
        changed = self.content != before.content
        if changed:
            self.by_id = by.id if by else None
        store.add(self)
        store.flush()
        assigned_tag, changed_tag = self.tags
        newly_named = self._name_exactly(store, list(clients or ()))
        for client_id in newly_named:
            events.record(
                store, assigned_tag, by=by, now=now, client=client_id, **self.event_fields
            )
        if self.for_everyone and not before.shown_to_everyone:
            events.record(store, assigned_tag, by=by, now=now, **self.event_fields)
        elif changed and not newly_named:
            events.record(store, changed_tag, by=by, now=now, **self.event_fields)

    def _name_exactly(self, store: Store, clients: list[Person]) -> list[int]:
        """Make it for exactly these clients by name; returns the ids that are new among them."""
        for client in clients:
            if client.program_id != self.program_id or client.kind != Kind.CLIENT:
                raise Invalid(N_("%(ref)s is not a client here."), field="for", ref=client.ref)
        wanted, column = {client.id for client in clients}, self._own_id()
        for row in store.scalars(select(self.recipients).where(column == self.id)):
            if row.client_id not in wanted:
                store.delete(row)
            wanted.discard(row.client_id)
        new = sorted(wanted)
        store.add_all(self.recipients(**{column.key: self.id, "client_id": each}) for each in new)
        store.flush()
        return new

    def withdraw(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """Hide it from clients. What they did with it stays. Twice is the same."""
        if self.withdrawn_at is None:
            self.withdrawn_at = now
            events.record(store, self.tags[1], by=by, now=now, **self.event_fields)
