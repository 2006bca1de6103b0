"""Runs a chore on batches of rows and sets bad rows aside, so that one of them never stops the others (R13).

A batch runs in one transaction. If that raises, it is halved until the rows that can't be worked on are found and set aside. The
normal case costs two small queries a run, and no savepoint. One bad row among n costs about 2·log2(n) transactions, once:
afterwards it is left out of the batches and tried alone, at growing intervals, until it succeeds.
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

MOST_SET_ASIDE = 50
"""The most rows set aside in one run. When more fail, the fault is hardly theirs: the chore itself fails."""
RETRY_AFTER = (timedelta(minutes=5), timedelta(hours=1))
"""How long until a row that was set aside is tried again: at first, and at most. Doubles in between."""
NOT_A_ROWS_FAULT = (
    OperationalError, InterfaceError, ProgrammingError, NoConnection, ReadOnlyStore, MemoryError,
)  # fmt: skip
"""Errors of a database that is unreachable, locked or of another release: every row would raise, and none is to blame."""

log = structlog.get_logger()


class SetAside(Base):
    """A row that a chore can't work on at present. Growth: none; the table is empty when all is well.

    `subject_id` is the row's number in the table that `subject` names. `reason`: the class of the error and the line of code
    that raised it, and nothing that the row contains (S13).
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
    """How many attempts have failed."""
    next_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Batch:
    """The kind of rows that one chore works on. `id`: their id column; `program`: the query of a row's program, by the row's id."""

    chore: str
    subject: str
    id: Any
    program: Callable[[int], Select[Any]]
    limit: int = 500

    def without_set_aside(self, due: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """The query `due` without rows that are set aside."""
        aside = exists().where(SetAside.chore == self.chore, SetAside.subject_id == self.id)
        return due.where(~aside)


Act = Callable[[Store, Sequence[Any]], int]
"""Works on rows in a transaction that the caller commits; returns how many needed work."""
Run = Callable[[Store, Sequence[int]], int]
"""The same for row ids, whose rows it reads itself."""


@dataclass(slots=True)
class BatchRun:
    """One run of one chore and how many rows it has worked on (`found`). `on_commit` is called after each commit."""

    database: Database
    batch: Batch
    now: datetime
    run: Run
    on_commit: Callable[[], None] = lambda: None
    found: int = 0
    failed: list[int] = field(default_factory=list)
    incomplete: dict[int, Exception] = field(default_factory=dict)
    """Rows that `run` could work on in part, and why not wholly. What it did is committed, and they are set aside."""

    def retry_set_aside(self) -> int:
        """Try rows again that were set aside and are due, each in its own transaction; one that succeeds is no longer set aside."""
        with self.database.reading() as store:
            due = (
                _due(self.batch, self.now)
                .with_only_columns(SetAside.subject_id)
                .limit(MOST_SET_ASIDE)
            )
            ids = store.scalars(due).all()
        for number in ids:
            self._retry_one(number)
        return self.found

    def isolate(self, ids: Sequence[int]) -> int:
        """Work on these rows in halves, quarters and so on, and set aside those that fail alone. Raises their error when more than
        `MOST_SET_ASIDE` fail."""
        halves = [ids] if ids else []
        while halves:
            part = halves.pop()
            try:
                with self.database.writing() as store:
                    found = self.run(store, part)
                    store.commit()
            except Exception as error:
                raise_unless_row_fault(error)
                if len(part) > 1:
                    middle = len(part) // 2
                    halves += [part[middle:], part[:middle]]
                    continue
                self._set_aside(part[0], error)
                if len(self.failed) > MOST_SET_ASIDE:
                    raise
            else:
                self._committed(found)
        return self.found

    def _retry_one(self, number: int) -> None:
        mine = _due(self.batch, self.now).where(SetAside.subject_id == number)
        try:
            with self.database.writing() as store:
                aside = store.scalar(claim(mine))
                if aside is None:
                    return  # another worker has claimed it
                found = self.run(store, [number])
                if number not in self.incomplete:
                    store.delete(aside)
                store.commit()
        except Exception as error:
            raise_unless_row_fault(error)
            self._set_aside(number, error)
        else:
            self._committed(found)

    def _committed(self, found: int) -> None:
        self.found += found
        self.on_commit()
        while self.incomplete:
            self._set_aside(*self.incomplete.popitem())

    def _set_aside(self, number: int, error: Exception) -> None:
        self.failed.append(number)
        set_aside(self.database, self.batch, number, error, self.now)


def run_batch(
    database: Database,
    now: datetime,
    batch: Batch,
    due: Select[*tuple[Any, ...]],
    act: Act,
    load: Callable[[Store, Select[Any]], Sequence[Any]] | None = None,
) -> int:
    """Claim a batch of the `due` rows, `act` on them, commit; return how many needed work. `load` reads the rows of a query, each with
    its `id`; by default as objects. Raises errors of the database itself."""
    read = load or (lambda store, query: store.scalars(query).all())
    entity = getattr(batch.id, "class_", None)

    def run(store: Store, ids: Sequence[int]) -> int:
        rows = read(store, claim(due.where(batch.id.in_(ids)), of=entity))
        return act(store, rows) if rows else 0

    taken = BatchRun(database, batch, now, run)
    found = taken.retry_set_aside()
    whole, ids = batch.without_set_aside(due).limit(batch.limit), list[int]()
    with database.reading() as store:
        if store.scalar(whole.with_only_columns(batch.id).limit(1)) is None:
            return found  # without taking the write lock
    try:
        with database.writing() as store:
            rows = read(store, claim(whole, of=entity))
            ids = [row.id for row in rows]
            if rows:
                found += act(store, rows)
                store.commit()
        return found
    except Exception as error:
        raise_unless_row_fault(error)
        log.warning("batch taken apart", chore=batch.chore, exc_info=error)
    if not ids:
        with database.reading() as store:
            ids = list(store.scalars(whole.with_only_columns(batch.id)))
    return taken.isolate(ids)


def run_whole_or_in_parts(
    batch_run: BatchRun, whole: Callable[[Store], int], ids: Callable[[Store], Sequence[int]]
) -> int:
    """Do `whole` in one transaction and commit; if that raises, call `batch_run.run` in parts on the rows whose ids `ids` returns. For
    work that is more than a claim and an act. Returns how many rows needed work."""
    found = batch_run.retry_set_aside()
    try:
        with batch_run.database.writing() as store:
            found += whole(store)
            store.commit()
        batch_run.on_commit()
        return found
    except Exception as error:
        raise_unless_row_fault(error)
        log.warning("batch taken apart", chore=batch_run.batch.chore, exc_info=error)
    with batch_run.database.writing() as store:
        rest = list(ids(store))
        store.commit()
    return batch_run.isolate(rest)


def set_aside(
    database: Database, batch: Batch, number: int, error: Exception, now: datetime
) -> None:
    """Set a row aside, or for longer if it is already, in its own transaction."""
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
        aside.next_at = now + min(RETRY_AFTER[0] * 2 ** min(aside.count - 1, 20), RETRY_AFTER[1])
        store.commit()
    log.error("row set aside", chore=batch.chore, subject=batch.subject, row=number, exc_info=error)


def ids_set_aside(store: Store, batch: Batch) -> set[int]:
    """The ids of the rows that this chore leaves out."""
    return set(store.scalars(select(SetAside.subject_id).where(SetAside.chore == batch.chore)))


def raise_unless_row_fault(error: Exception) -> None:
    """Raise `error` again unless a single row may have caused it."""
    malformed = isinstance(error, OperationalError) and "malformed JSON" in str(error.orig)
    gone = getattr(error, "connection_invalidated", False)
    if gone or (isinstance(error, NOT_A_ROWS_FAULT) and not malformed):
        raise error


def each_or_none(build: Callable[[list[Any]], list[Any]], items: Iterable[Any]) -> list[Any]:
    """What `build` returns for `items`, in their order; None in place of each for which it raises. For pages that list many: built
    together, and one by one only when that raises."""
    listed = list(items)
    if not listed:
        return []
    try:
        return build(listed)
    except Exception as error:
        raise_unless_row_fault(error)
        log.warning("list built row by row", exc_info=error)
    return [_one_or_none(build, item) for item in listed]


def _one_or_none(build: Callable[[list[Any]], list[Any]], item: Any) -> Any:
    try:
        [made] = build([item])
    except Exception as error:
        raise_unless_row_fault(error)
        log.error("row can't be shown", exc_info=error)
        return None
    return made


def _due(batch: Batch, now: datetime) -> Select[SetAside]:
    due = select(SetAside).where(SetAside.chore == batch.chore, SetAside.next_at <= now)
    return due.order_by(SetAside.next_at)
