"""The stage on which the story is told: facts at past instants, and the protocol and the notices that follow from them.

Everything happens in one transaction of the real database, so that a story is told whole or not at all; and by the same
verbs, engine and outbox as in practice, only that the instants lie in the past and no channel really sends.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, update

from webapp.db import Database, Store
from webapp.notify.announcing.announce import announce, skip_past_events
from webapp.notify.delivery import leases, results
from webapp.notify.outbox import Notification
from webapp.protocol.engine.engine import look

Act = Callable[[Store, datetime], object]


class OneBreath(Database):
    """`lender`, with every store on one connection: their commits are savepoints, kept only with the whole."""

    def __init__(self, lender: Database, connection: Connection):
        vars(self).update(vars(lender))
        self._connection = connection

    def open(self, *, writing: bool) -> Store:
        return Store(
            self._connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )


@contextmanager
def one_breath(database: Database) -> Iterator[OneBreath]:
    """All that is told inside is kept together when the block ends well."""
    with database.writers.connect() as connection, connection.begin():
        yield OneBreath(database, connection)


@dataclass
class Stage:
    """Acts by instant. `play` lets them happen in order and, where something follows from them, what the worker would do."""

    database: OneBreath
    acts: dict[datetime, list[Act]] = field(default_factory=dict)
    looks: set[datetime] = field(default_factory=set)

    def at(self, instant: datetime, act: Act | None = None, *, look_round: bool = True) -> None:
        """Let `act` happen at `instant`; then the worker looks round, unless nothing can follow."""
        self.acts.setdefault(instant, []).extend([act] if act else [])
        if look_round:
            self.looks.add(instant)

    def play(self, until: datetime, each: Callable[[], object] = lambda: None) -> None:
        """Everything before `until`. `each` is called after every instant."""
        for instant in sorted(instant for instant in self.acts if instant < until):
            if self.acts[instant]:
                with self.database.writing() as store:
                    for act in self.acts[instant]:
                        act(store, instant)
                    store.commit()
            if instant in self.looks:
                while look(self.database, instant):
                    pass
                tell(self.database, instant)
            each()
        tell(self.database, until)
        with self.database.writing() as store:
            skip_past_events(store)
            store.commit()


def tell(database: Database, now: datetime) -> None:
    """What *announce* and *deliver* would have done by `now`, with channels that accept everything and send nothing."""
    announce(database, now)
    with database.writing() as store:
        store.execute(
            update(Notification)
            .where(Notification.is_open, Notification.due_at < now)
            .values(sent_at=Notification.due_at)
            .execution_options(synchronize_session=False)
        )
        claimed = leases.take(store, now, 1000)
        results.record(store, [results.SendResult(row) for row in claimed.to_send], now)
        store.commit()
