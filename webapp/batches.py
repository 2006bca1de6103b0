"""Work on many rows, of which one may be bad (R13): a batch in one transaction; if that raises, ever smaller parts of it, until
the rows that can't be worked on are found and set aside. The others go on as if those were not there.

The normal case costs two small queries a walk, and no savepoint. One bad row among n costs about 2·log2(n) transactions,
once: afterwards it is left out of the batches and tried alone, at longer and longer intervals, until it goes through.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import BigInteger, ForeignKey, Index, Select, exists, select
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Mapped, mapped_column

from webapp.bulk import insert_or_ignore
from webapp.db import Base, Database, ReadOnlyStore, Store, claim
from webapp.log import place_of

MOST = 50
"""Rows set aside in one walk. When more fail, the fault is hardly theirs: the chore itself fails."""
WAITS = (timedelta(minutes=5), timedelta(hours=1))
"""Until a row that was set aside is tried again: at first, and at most. Doubles in between."""
NOT_A_ROWS_FAULT = (
    OperationalError, InterfaceError, ProgrammingError, NoConnection, ReadOnlyStore, MemoryError,
)  # fmt: skip
"""The database is away, locked or of another release: every row would raise, and none is to blame."""

log = structlog.get_logger()


class SetAside(Base):
    """A row that a chore can't work on, while that is so. Growth: none; the table is empty when all is well.

    `subject_id` is the row's number in the table that `subject` names. `reason`: the class of the error and the line of code
    that raised it, and nothing of what the row says (S13).
    """

    __tablename__ = "set_aside"
    __table_args__ = (Index("ix_set_aside_program", "program_id"),)

    chore: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    subject: Mapped[str]
    program_id: Mapped[int | None] = mapped_column(ForeignKey("program.id"))
    reason: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    count: Mapped[int] = mapped_column(default=0)
    """How often it was tried in vain."""
    next_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one chore works on. `id`: the column that numbers the rows; `program`: number → whose row it is."""

    chore: str
    subject: str
    id: Any
    program: Callable[[int], Select[Any]]
    limit: int = 500

    def spared(self, due: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """`due` without what is set aside."""
        aside = exists().where(SetAside.chore == self.chore, SetAside.subject_id == self.id)
        return due.where(~aside)


Act = Callable[[Store, Sequence[Any]], int]
"""Works on rows, in a transaction that the caller commits; returns how much was found."""
Run = Callable[[Store, Sequence[int]], int]
"""The same by the numbers of rows, which it reads for itself."""


@dataclass(slots=True)
class Walk:
    """One walk of one chore: what to leave out, and how much it found. `settled` is called after each commit."""

    database: Database
    batch: Batch
    now: datetime
    run: Run
    settled: Callable[[], None] = lambda: None
    found: int = 0
    failed: list[int] = field(default_factory=list)

    def again(self) -> int:
        """Try what was set aside and whose time has come, each alone. What goes through is no longer set aside."""
        with self.database.reading() as store:
            due = _due(self.batch, self.now).with_only_columns(SetAside.subject_id).limit(MOST)
            ids = store.scalars(due).all()
        for number in ids:
            self._alone(number)
        return self.found

    def isolate(self, ids: Sequence[int]) -> int:
        """Work on these in ever smaller parts, and set aside those that can't be worked on alone. Raises what they raised when
        there are more than `MOST` of them."""
        halves = [ids] if ids else []
        while halves:
            part = halves.pop()
            try:
                with self.database.writing() as store:
                    found = self.run(store, part)
                    store.commit()
            except Exception as error:
                refuse_other_faults(error)
                if len(part) > 1:
                    middle = len(part) // 2
                    halves += [part[middle:], part[:middle]]
                    continue
                self._put(part[0], error)
                if len(self.failed) > MOST:
                    raise
            else:
                self.found += found
                self.settled()
        return self.found

    def _alone(self, number: int) -> None:
        mine = _due(self.batch, self.now).where(SetAside.subject_id == number)
        try:
            with self.database.writing() as store:
                aside = store.scalar(claim(mine))
                if aside is None:
                    return  # another worker is at it
                found = self.run(store, [number])
                store.delete(aside)
                store.commit()
        except Exception as error:
            refuse_other_faults(error)
            self._put(number, error)
        else:
            self.found += found
            self.settled()

    def _put(self, number: int, error: Exception) -> None:
        self.failed.append(number)
        put(self.database, self.batch, number, error, self.now)


def walk(
    database: Database,
    now: datetime,
    batch: Batch,
    due: Select[*tuple[Any, ...]],
    act: Act,
    load: Callable[[Store, Select[Any]], Sequence[Any]] | None = None,
) -> int:
    """Claim a batch of the `due` rows, `act` on them, commit; returns how much was found. `load` reads the rows of a query, each
    with its `id`; by default as objects. Raises what the database itself raises."""
    read = load or (lambda store, query: store.scalars(query).all())
    entity = getattr(batch.id, "class_", None)

    def run(store: Store, ids: Sequence[int]) -> int:
        rows = read(store, claim(due.where(batch.id.in_(ids)), of=entity))
        return act(store, rows) if rows else 0

    taken = Walk(database, batch, now, run)
    found = taken.again()
    whole, ids = batch.spared(due).limit(batch.limit), list[int]()
    with database.reading() as store:
        if store.scalar(whole.with_only_columns(batch.id).limit(1)) is None:
            return found  # nobody who writes has waited for this
    try:
        with database.writing() as store:
            rows = read(store, claim(whole, of=entity))
            ids = [row.id for row in rows]
            if rows:
                found += act(store, rows)
                store.commit()
        return found
    except Exception as error:
        refuse_other_faults(error)
        log.warning("batch taken apart", chore=batch.chore, exc_info=error)
    if not ids:
        with database.reading() as store:
            ids = list(store.scalars(whole.with_only_columns(batch.id)))
    return taken.isolate(ids)


def guarded(
    walking: Walk, whole: Callable[[Store], int], ids: Callable[[Store], Sequence[int]]
) -> int:
    """Do `whole` in one transaction and commit; when that raises, `walking.run` in parts on the rows that `ids` then reads, or
    sees to. For work that is more than a claim and an act; returns how much was found."""
    found = walking.again()
    try:
        with walking.database.writing() as store:
            found += whole(store)
            store.commit()
        walking.settled()
        return found
    except Exception as error:
        refuse_other_faults(error)
        log.warning("batch taken apart", chore=walking.batch.chore, exc_info=error)
    with walking.database.writing() as store:
        rest = list(ids(store))
        store.commit()
    return walking.isolate(rest)


def put(database: Database, batch: Batch, number: int, error: Exception, now: datetime) -> None:
    """Set a row aside, or longer. In a transaction of its own."""
    with database.writing() as store:
        fresh = {
            "chore": batch.chore, "subject_id": number, "subject": batch.subject, "count": 0,
            "program_id": store.scalar(batch.program(number)), "reason": place_of(error),
            "first_at": now, "last_at": now, "next_at": now,
        }  # fmt: skip
        store.execute(insert_or_ignore(store, SetAside).values(fresh))
        mine = select(SetAside).where(SetAside.chore == batch.chore, SetAside.subject_id == number)
        aside = store.scalars(mine.with_for_update()).one()
        aside.count += 1
        aside.reason, aside.last_at = place_of(error), now
        aside.next_at = now + min(WAITS[0] * 2 ** min(aside.count - 1, 20), WAITS[1])
        store.commit()
    log.error("row set aside", chore=batch.chore, subject=batch.subject, row=number, exc_info=error)


def aside(store: Store, batch: Batch) -> set[int]:
    """The numbers of the rows that this chore leaves out."""
    return set(store.scalars(select(SetAside.subject_id).where(SetAside.chore == batch.chore)))


def refuse_other_faults(error: Exception) -> None:
    """Raise `error` again unless a single row may be to blame for it."""
    malformed = isinstance(error, OperationalError) and "malformed JSON" in str(error.orig)
    gone = getattr(error, "connection_invalidated", False)
    if gone or (isinstance(error, NOT_A_ROWS_FAULT) and not malformed):
        raise error


def each_or_none(build: Callable[[list[Any]], list[Any]], items: Iterable[Any]) -> list[Any]:
    """What `build` makes of `items`, in their order; None in place of those of which nothing can be made. For pages that list
    many: they are built together, and one by one only when that raises."""
    listed = list(items)
    if not listed:
        return []
    try:
        return build(listed)
    except Exception as error:
        refuse_other_faults(error)
        log.warning("list built row by row", exc_info=error)
    return [_one_or_none(build, item) for item in listed]


def _one_or_none(build: Callable[[list[Any]], list[Any]], item: Any) -> Any:
    try:
        [made] = build([item])
    except Exception as error:
        refuse_other_faults(error)
        log.error("row can't be shown", exc_info=error)
        return None
    return made


def _due(batch: Batch, now: datetime) -> Select[SetAside]:
    due = select(SetAside).where(SetAside.chore == batch.chore, SetAside.next_at <= now)
    return due.order_by(SetAside.next_at)
