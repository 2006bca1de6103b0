"""Retention: how long what is needed only for a while is kept (the rule; SECURITY.md says it for people).

What belongs to treatment - seats, presence, reports, steps, messages, summaries, consents, the audit chain - is never let go
by the program: the law asks for years, and whoever ends them is a human with a reason. This is about the rest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, null, select

from webapp import batches
from webapp.batches import Batch
from webapp.care.accounts.logins import Login
from webapp.care.accounts.sign_in_links import SignInLink
from webapp.care.contact.connection_tests import SelfTest
from webapp.db import Database, Store
from webapp.operations.inbox import ReceivedWebhook

BATCH = 5_000
"""Rows of a kind let go in one transaction."""


class Keeping(NamedTuple):
    """Rows of `table` go `kept` after the instant in `since`; while that is null, they stay."""

    table: Any
    since: Any
    kept: timedelta


KEPT = (
    Keeping(ReceivedWebhook, ReceivedWebhook.settled_at, timedelta(days=30)),
    Keeping(Login, Login.made_at, timedelta(days=90)),
    Keeping(SignInLink, SignInLink.expires_at, timedelta(days=90)),
    Keeping(SelfTest, SelfTest.made_at, timedelta(days=90)),
)
"""A platform's raw letters once they are presence; sign-ins and links long over; what a device could do that day."""


def let_go(database: Database, now: datetime) -> int:
    """Chore: drop what has been kept long enough. Answers how many rows there were."""
    return sum(_of(database, rule, now) for rule in KEPT)


def _of(database: Database, rule: Keeping, now: datetime) -> int:
    name = rule.table.__tablename__

    def drop(store: Store, rows: Sequence[Any]) -> int:
        ids = [row.id for row in rows]
        store.execute(delete(rule.table).where(rule.table.id.in_(ids)))
        return len(ids)

    batch = Batch(f"let go of {name}", name, rule.table.id, _nobodys, BATCH)
    old = select(rule.table.id).where(rule.since <= now - rule.kept)
    return batches.walk(database, now, batch, old, drop, lambda store, q: store.execute(q).all())


def _nobodys(_id: int) -> Select[Any]:
    """What is let go of is no program's work."""
    return select(null())
