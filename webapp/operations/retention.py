"""Retention: deletes rows that are needed only for a while (SECURITY.md lists them for people).

What belongs to treatment (seats, presence, reports, steps, messages, summaries, consents, the audit chain) is never deleted by
the program: the law asks for years, and a human decides.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, null, select

from webapp import batches
from webapp.batches import Batch
from webapp.care.accounts import logins
from webapp.care.accounts.logins import Login
from webapp.care.accounts.sign_in_links import SignInLink
from webapp.care.contact.connection_tests import SelfTest
from webapp.care.couples.pictures import FrozenPicture
from webapp.db import Database, Store
from webapp.operations.inbox import ReceivedWebhook
from webapp.operations.received_texts import ReceivedText

BATCH = 5_000
"""Rows of a table deleted in one transaction."""


class RetentionPeriod(NamedTuple):
    """Rows of `table` are deleted `kept` after the instant in `since`; while that is null, they stay."""

    table: Any
    since: Any
    kept: timedelta


PERIODS = (
    RetentionPeriod(ReceivedWebhook, ReceivedWebhook.settled_at, timedelta(days=30)),
    RetentionPeriod(ReceivedText, ReceivedText.settled_at, timedelta(days=90)),
    RetentionPeriod(Login, Login.made_at, logins.KEPT),
    RetentionPeriod(SignInLink, SignInLink.expires_at, timedelta(days=90)),
    RetentionPeriod(FrozenPicture, FrozenPicture.shown_until, timedelta()),
    RetentionPeriod(SelfTest, SelfTest.made_at, timedelta(days=90)),
)
"""Webhooks that were interpreted, texts that became a message or an answer, logins and links that are over, connection tests, and what
somebody was shown last under a consent that would have ended by now."""


def let_go(database: Database, now: datetime) -> int:
    """Chore: delete what has been kept long enough. Returns how many rows."""
    return sum(_of(database, period, now) for period in PERIODS)


def _of(database: Database, period: RetentionPeriod, now: datetime) -> int:
    name = period.table.__tablename__

    def drop(store: Store, rows: Sequence[Any]) -> int:
        ids = [row.id for row in rows]
        store.execute(delete(period.table).where(period.table.id.in_(ids)))
        return len(ids)

    batch = Batch(f"let go of {name}", name, period.table.id, _no_program, BATCH)
    old = select(period.table.id).where(period.since <= now - period.kept)
    return batches.run_batch(
        database, now, batch, old, drop, lambda store, q: store.execute(q).all()
    )


def _no_program(_id: int) -> Select[Any]:
    """A batch that fails is not one program's concern."""
    return select(null())
