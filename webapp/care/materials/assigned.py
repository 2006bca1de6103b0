"""What staff give clients, to everyone or to some by name: whom it is for, and who hears of it. Homework and the shelf alike."""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import ColumnElement, ForeignKey, Select, and_, or_, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat
from webapp.crypto.sealed import SealedText
from webapp.db import Store
from webapp.refusals import N_, Invalid


class Before(NamedTuple):
    """How it stood before a change."""

    said: tuple[Any, ...]
    open_to_all: bool


class Given:
    """`body` is Markdown. `ref` is the caller's own name for it, unique in the program."""

    __tablename__: str
    named_in: ClassVar[type[Any]]
    """The table of the clients it is for, one a row: `<its own table>_id`, `client_id`."""
    tags: ClassVar[tuple[Tag, Tag]]
    """Given, changed."""

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
    def said(self) -> tuple[Any, ...]:
        """All that a change of it may change, its readers aside."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What its events tell of it."""

    @property
    def standing(self) -> Before:
        is_open = self.id is not None and self.withdrawn_at is None
        return Before(self.said, is_open and self.for_everyone)

    @classmethod
    def is_for(cls, client_id: int) -> ColumnElement[bool]:
        """A condition: given to this client, and not withdrawn."""
        named = select(cls._named()).where(cls.named_in.client_id == client_id)
        seated = select(Seat.session_id).where(Seat.client_id == client_id, Seat.is_given)
        theirs = or_(cls.session_id.is_(None), cls.session_id.in_(seated))
        everyone = and_(cls.for_everyone, theirs)
        return and_(~cls.is_withdrawn, or_(cls.id.in_(named), everyone))

    @classmethod
    def _named(cls) -> Any:
        return getattr(cls.named_in, f"{cls.__tablename__}_id")

    def readers(self) -> Select[Person]:
        """The named, or everyone with a place in its session; nobody when it is for all and belongs to none."""
        named = select(self.named_in.client_id).where(self._named() == self.id)
        seated = select(Seat.client_id).where(Seat.session_id == self.session_id, Seat.is_given)
        chosen = seated if self.for_everyone else named
        return select(Person).where(Person.id.in_(chosen)).order_by(Person.name)

    def give(
        self, store: Store, clients: Iterable[Person] | None, before: Before,
        *, by: Person | None, now: datetime,
    ) -> None:  # fmt: skip
        """Keep it as it says now, for these alone (None: for everyone), and tell: given to everyone, to one client more, or
        merely changed. The same again tells nothing. Raises Invalid for a client of another program."""
        self.withdrawn_at, self.for_everyone = None, clients is None
        changed = self.said != before.said
        if changed:
            self.by_id = by.id if by else None
        store.add(self)
        store.flush()
        given, altered = self.tags
        named = self._name(store, list(clients or ()))
        for client_id in named:
            events.record(store, given, by=by, now=now, client=client_id, **self.facts)
        if self.for_everyone and not before.open_to_all:
            events.record(store, given, by=by, now=now, **self.facts)
        elif changed and not named:
            events.record(store, altered, by=by, now=now, **self.facts)

    def _name(self, store: Store, clients: list[Person]) -> list[int]:
        """Exactly these clients; answers who is new among them."""
        for client in clients:
            if client.program_id != self.program_id or client.kind != Kind.CLIENT:
                raise Invalid(N_("%(ref)s is not a client here."), field="for", ref=client.ref)
        wanted, column = {client.id for client in clients}, self._named()
        for row in store.scalars(select(self.named_in).where(column == self.id)):
            if row.client_id not in wanted:
                store.delete(row)
            wanted.discard(row.client_id)
        new = sorted(wanted)
        store.add_all(self.named_in(**{column.key: self.id, "client_id": each}) for each in new)
        store.flush()
        return new

    def withdraw(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """Nobody sees it any more. What was done with it stays."""
        if self.withdrawn_at is None:
            self.withdrawn_at = now
            events.record(store, self.tags[1], by=by, now=now, **self.facts)
