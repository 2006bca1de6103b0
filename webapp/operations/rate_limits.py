"""Rate limits shared by all processes: one row a key, updated by one statement (S12).

The generic cell rate algorithm: `burst` tries at once, then one each `every`. Nobody is locked out for good, waiting always
helps, and asking another process does not help.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, LargeBinary, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Database, Store
from webapp.refusals import N_, Refusal


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, then one each `every`. `name` keeps its keys apart from those of other rates."""

    name: str
    burst: int
    every: timedelta


PASSWORD = Rate("password", 10, timedelta(minutes=1))
"""Tries of one account's codes and recovery codes from anywhere; of its password from one IP address."""
PASSWORD_OF_A_DAY = Rate("password-day", 100, timedelta(minutes=15))
"""Tries of one account from anywhere within a day: NIST SP 800-63B-4 allows a hundred failures in a row at most."""
PASSWORD_FROM_ONE_ADDRESS = Rate("password-address", 50, timedelta(minutes=30))
"""The same from one IP address: half of it, so that one attacker cannot use up all tries of an account."""
DOOR = Rate("door", 40, timedelta(seconds=3))
"""Tries to sign in from one IP address, for any account: a whole clinic may share one."""
QUESTION = Rate("question", 120, timedelta(seconds=1))
"""Passkey challenges for one IP address: a sign-in page asks for one as it opens."""
LINK = Rate("link", 5, timedelta(minutes=30))
"""One-time links issued for one person."""
TEST_NOTICE = Rate("test-notice", 5, timedelta(minutes=1))
"""Test notices that one person sends to their own devices."""
OWN_COPY = Rate("own-copy", 3, timedelta(minutes=10))
"""Copies of one's own data: each reads everything about a person."""
MESSAGE = Rate("message", 30, timedelta(seconds=20))
"""Messages of one person; each of them notifies somebody."""
TEXT_ANSWER = Rate("text-answer", 4, timedelta(minutes=30))
"""Automatic answers to one telephone number, so that two machines never go on answering one another."""
CRISIS_ANSWER = Rate("crisis-answer", 12, timedelta(minutes=5))
"""The same with 988: as many as a person in need may write, and still an end to it."""
TOKEN = Rate("token", 300, timedelta(seconds=1))
"""Unknown API tokens from one IP address. None can be guessed; this spares the database."""


class TooMany(Refusal):
    """The limit is reached. `retry_after`: seconds until the next try is allowed."""

    status = 429
    code = "too-many"
    sentence = N_("That was a lot at once. Please try again in a little while.")

    def __init__(self, wait: timedelta):
        super().__init__()
        self.retry_after = max(1, -(-wait // timedelta(seconds=1)))


class RateLimit(Base):
    """How far a key is ahead of its allowance. Growth: one row a key in use; `forget` deletes those that are not."""

    __tablename__ = "rate_limit"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    paid_until: Mapped[int] = mapped_column(BigInteger, index=True)
    """Milliseconds since 1970 (UTC) at which the full burst is available again."""


def spend(store: Store, rate: Rate, who: str, *, now: datetime) -> None:
    """Count one try of `who` (an IP address, an account's name); the caller commits before anything is looked up. Raises TooMany.
    Only a hash of `who` is stored, since strangers may type anything."""
    table, at, step = RateLimit.__table__, _ms(now), _milliseconds(rate.every)
    insert = sqlite.insert if store.get_bind().dialect.name == "sqlite" else postgresql.insert
    later = func.max if insert is sqlite.insert else func.greatest
    taken = insert(table).values(key=_key(rate, who), paid_until=at + step)  # type: ignore[arg-type]
    taken = taken.on_conflict_do_update(
        index_elements=["key"],
        set_={"paid_until": later(table.c.paid_until, at) + step},
        where=table.c.paid_until <= at + step * (rate.burst - 1),
    )
    if store.execute(taken.returning(table.c.paid_until)).scalar() is None:
        raise TooMany(wait(store, rate, who, now))


def wait(store: Store, rate: Rate, who: str, now: datetime) -> timedelta:
    """How long until `who` may try again; zero if they may now."""
    until = store.scalar(select(RateLimit.paid_until).where(RateLimit.key == _key(rate, who))) or 0
    over = until - _ms(now) - _milliseconds(rate.every) * (rate.burst - 1)
    return timedelta(milliseconds=max(0, over))


def clear(store: Store, rates: Sequence[Rate], who: str) -> None:
    """Forget the tries of `who`: they have proved who they are."""
    store.execute(delete(RateLimit).where(RateLimit.key.in_([_key(rate, who) for rate in rates])))


def forget(database: Database, now: datetime) -> int:
    """Chore: delete keys whose full burst is available again. Returns how many."""
    with database.writing() as store:
        gone = store.execute(delete(RateLimit).where(RateLimit.paid_until < _ms(now))).rowcount  # type: ignore[attr-defined]
        store.commit()
    return int(gone)


def _key(rate: Rate, who: str) -> bytes:
    return hashlib.sha256(f"{rate.name}\0{who}".encode()).digest()


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
