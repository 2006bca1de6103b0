"""Replays actions at past instants, with the protocol steps and notices that follow from them.

Everything is one transaction of the real database, so that the history is there whole or not at all; and it is made by the
same verbs, engine and outbox as in practice, except that the instants lie in the past and no channel really sends.
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

Action = Callable[[Store, datetime], object]


class OneTransaction(Database):
    """A database like `original` whose stores share one connection: a commit is a savepoint, kept only if the whole is."""

    def __init__(self, original: Database, connection: Connection):
        vars(self).update(vars(original))
        self._connection = connection

    def open(self, *, writing: bool) -> Store:
        return Store(
            self._connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )


@contextmanager
def in_one_transaction(database: Database) -> Iterator[OneTransaction]:
    """Commit everything done inside when the block ends without an error."""
    with database.writers.connect() as connection, connection.begin():
        yield OneTransaction(database, connection)


@dataclass
class Timeline:
    """Actions by instant. `play` runs them in order, each followed by what the worker would have done then."""

    database: OneTransaction
    actions: dict[datetime, list[Action]] = field(default_factory=dict)
    looks: set[datetime] = field(default_factory=set)

    def at(self, instant: datetime, act: Action | None = None, *, look_round: bool = True) -> None:
        """Run `act` at `instant`. `look_round`: then run the engine and the outbox too; False when nothing can follow from it."""
        self.actions.setdefault(instant, []).extend([act] if act else [])
        if look_round:
            self.looks.add(instant)

    def play(self, until: datetime, each: Callable[[], object] = lambda: None) -> None:
        """Run everything before `until`. `each` is called after every instant."""
        for instant in sorted(instant for instant in self.actions if instant < until):
            if self.actions[instant]:
                with self.database.writing() as store:
                    for act in self.actions[instant]:
                        act(store, instant)
                    store.commit()
            if instant in self.looks:
                while look(self.database, instant):
                    pass
                announce_and_deliver(self.database, instant)
            each()
        announce_and_deliver(self.database, until)
        with self.database.writing() as store:
            skip_past_events(store)
            store.commit()


def announce_and_deliver(database: Database, now: datetime) -> None:
    """Do what the worker's announcing and delivery would have done by `now`, with channels that accept everything."""
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
