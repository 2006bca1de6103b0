"""Rate limits shared by all processes: one row a key, updated by one statement (S12, S17).

The generic cell rate algorithm: `burst` tries at once, then one each `every`. Nobody is locked out for good, waiting always
helps, and asking another process does not help.

Acts that notify others are limited by their events: `ACTS` says how often one person may do which, and `NEVER_REFUSED` which
acts are let through always, because somebody's safety or their own no hangs on them; of those the notices are folded
(notify/announcing/folding.py).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, LargeBinary, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.db import Base, Database, Store
from webapp.refusals import N_, Refusal

SENT_A_LOT = N_(
    "You've sent a lot in the last hour. Nothing you wrote is lost: please send it again in a few minutes."
)
WRITTEN_A_LOT = N_(
    "You've sent a lot in the last hour. Nothing you wrote is lost: please send it again in a few minutes."
    " If this can't wait, call your program. In danger, call or text 988."
)
CHANGED_A_LOT = N_(
    "You've changed a lot in the last hour, and others are told each time. Please try again in a few minutes."
)
COMING_AFTER_ALL = N_(
    "You've changed this a lot in the last hour, so it stays as it is for a few minutes. If you're coming after all, just come:"
    " your place is yours."
)


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, then one each `every`. `name` keeps its keys apart from those of other rates; `sentence` is what a
    person reads when the limit is reached, if there is more to say than to wait."""

    name: str
    burst: int
    every: timedelta
    sentence: str | None = None


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
MESSAGE = Rate("message", 30, timedelta(minutes=2), WRITTEN_A_LOT)
"""Messages that one client writes, and notes to their partner."""
HAND_IN = Rate("hand-in", 12, timedelta(minutes=5), SENT_A_LOT)
"""Homework and reflections that one client hands in, or opens again."""
BOOKING = Rate("booking", 12, timedelta(minutes=5), CHANGED_A_LOT)
"""Make-ups that one client books, waiting lines they join, changes to another time of their group. Giving one up is never
refused; it needs a booking first."""
REPLY = Rate("reply", 8, timedelta(minutes=10))
"""Answers for one seat by the links of e-mails, which work without signing in. In the app a no is never refused."""
CHANGE_OF_MIND = Rate("change-of-mind", 20, timedelta(minutes=3), COMING_AFTER_ALL)
"""Absence reports that one client takes back. Reporting is never refused, and the session is open to them all the same."""
CONSENT = Rate("consent", 20, timedelta(minutes=3), CHANGED_A_LOT)
"""Consents that one client gives. Several are given by one signature, which counts once."""
CALENDAR_LINK = Rate("calendar-link", 6, timedelta(minutes=10), CHANGED_A_LOT)
"""Private calendar links that one person makes."""
DEVICE = Rate("device", 6, timedelta(minutes=10), CHANGED_A_LOT)
"""Devices and addresses that one person adds for their own reminders."""
STAFF_WRITING = Rate("staff-writing", 60, timedelta(minutes=1), SENT_A_LOT)
"""Messages, summaries, homework, resources and answers of one staff member."""
STAFF_PLANNING = Rate("staff-planning", 60, timedelta(minutes=1), CHANGED_A_LOT)
"""Sessions that one staff member moves or calls off, and make-ups that they book for clients."""
TEXT_ANSWER = Rate("text-answer", 4, timedelta(minutes=30))
"""Automatic answers to one telephone number, so that two machines never go on answering one another."""
CRISIS_ANSWER = Rate("crisis-answer", 12, timedelta(minutes=5))
"""The same with 988: as many as a person in need may write, and still an end to it."""
TOKEN = Rate("token", 300, timedelta(seconds=1))
"""Unknown API tokens from one IP address. None can be guessed; this spares the database."""


ACTS: dict[Tag, tuple[Rate, Rate]] = {
    Tag.MESSAGE_WRITTEN: (MESSAGE, STAFF_WRITING),
    Tag.PARTNER_NOTE_WRITTEN: (MESSAGE, STAFF_WRITING),
    Tag.HOMEWORK_HANDED_IN: (HAND_IN, STAFF_WRITING),
    Tag.HOMEWORK_REOPENED: (HAND_IN, STAFF_WRITING),
    Tag.REFLECTION_HANDED_IN: (HAND_IN, STAFF_WRITING),
    Tag.HOMEWORK_SET: (HAND_IN, STAFF_WRITING),
    Tag.HOMEWORK_ANSWERED: (HAND_IN, STAFF_WRITING),
    Tag.REFLECTION_ANSWERED: (HAND_IN, STAFF_WRITING),
    Tag.SUMMARY_PUBLISHED: (HAND_IN, STAFF_WRITING),
    Tag.RESOURCE_PUBLISHED: (HAND_IN, STAFF_WRITING),
    Tag.MAKE_UP_BOOKED: (BOOKING, STAFF_PLANNING),
    Tag.WAITLIST_JOINED: (BOOKING, STAFF_PLANNING),
    Tag.ABSENCE_WITHDRAWN: (CHANGE_OF_MIND, STAFF_PLANNING),
    Tag.GROUP_TIME_CHANGED: (BOOKING, STAFF_PLANNING),
    Tag.SESSION_MOVED: (BOOKING, STAFF_PLANNING),
    Tag.SESSION_CANCELLED: (BOOKING, STAFF_PLANNING),
    Tag.SESSION_CHANGED: (BOOKING, STAFF_PLANNING),
    Tag.SESSION_REINSTATED: (BOOKING, STAFF_PLANNING),
    Tag.SESSION_TIME_CORRECTED: (BOOKING, STAFF_PLANNING),
    Tag.CONSENT_GRANTED: (CONSENT, CONSENT),
    Tag.ONE_DEVICE_SAID: (CONSENT, CONSENT),
    Tag.FEED_OPENED: (CALENDAR_LINK, CALENDAR_LINK),
    Tag.ADDRESS_TESTED: (TEST_NOTICE, TEST_NOTICE),
    Tag.ADDRESS_ADDED: (DEVICE, STAFF_PLANNING),
}
"""An act that somebody else is told of, by its event → the limit of a client or supporter, and that of a staff member (S17)."""

NEVER_REFUSED: dict[Tag, str] = {
    Tag.MAKE_UP_CANCELLED: "a client's no; there is one only after a booking, which is limited",
    Tag.MAKE_UP_LAPSED: "the system's own",
    Tag.PLACE_HELD: "the system's own",
    Tag.TASK_OPENED: "a call for help is one of these; a second call joins the first",
    Tag.TASK_HANDED_OVER: "somebody takes on work",
    Tag.TASK_NUDGED: "the system's own",
    Tag.TASK_RAISED: "the system's own",
    Tag.SEAT_GIVEN: "staff give many places by one plan; those of one client make one notice",
    Tag.SEAT_RELEASED: "staff take many places back by one plan; those of one client make one notice",
    Tag.ACCOUNT_RECOVERED: "securing one's own account; only its owner is told",
    Tag.PASSKEY_ADDED: "securing one's own account; only its owner is told",
    Tag.PASSWORD_CHANGED: "securing one's own account; only its owner is told",
    Tag.SECOND_FACTOR_SET: "securing one's own account; only its owner is told",
    Tag.PASSKEY_REMOVED: "securing one's own account; only its owner is told",
    Tag.SECOND_FACTOR_REMOVED: "securing one's own account; only its owner is told",
    Tag.RECOVERY_CODES_MADE: "securing one's own account; only its owner is told",
    Tag.OWN_COPY_TAKEN: "counted before the copy is made (OWN_COPY); only its owner is told",
    Tag.ADDRESS_MARKED: "somebody else may read there (P9)",
    Tag.ADDRESS_SWITCHED_OFF: "a person's no",
    Tag.TROUBLE_REPORTED: "a call for help",
    Tag.CRISIS_WORDS: "somebody may be in danger (rule 16)",
    Tag.PARTNER_REMINDER_DUE: "the system's own",
    Tag.SESSION_CONFIRMED: "staff say who was there, once a session",
    Tag.ABSENCE_REPORTED: "a client's no; a second one needs that the first was taken back, which is limited",
    Tag.ADDRESS_STOPPED: "STOP, or a device taken away",
    Tag.CONSENT_REVOKED: "the end of a consent takes effect at once (P3)",
    Tag.ONE_DEVICE_ENDED: "a client's no; there is one only after a yes, which is limited",
    Tag.CONSENT_PAUSED: "sharing is paused for safety (P3)",
    Tag.COUPLE_ENDED: "a couple's end is about safety too",
    Tag.PERSON_STATUS_CHANGED: "a discharge always works (S19)",
    Tag.EMERGENCY_ACCESS_BEGAN: "an emergency; a supervisor is told of each and reviews it (P8)",
}
"""Acts of which others are told, or that end their being told, and that no limit refuses, each with the reason."""


class TooMany(Refusal):
    """The limit is reached. `retry_after`: seconds until the next try is allowed."""

    status = 429
    code = "too-many"
    sentence = N_("That was a lot at once. Please try again in a little while.")

    def __init__(self, wait: timedelta, sentence: str | None = None):
        super().__init__(sentence)
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
        raise TooMany(wait(store, rate, who, now), rate.sentence)


def rate_of(tag: Tag, by: Person) -> Rate | None:
    """The limit on `by`'s acts of this kind; None for an act that is not limited."""
    of_client, of_staff = ACTS.get(tag, (None, None))
    return of_staff if by.kind == Kind.STAFF else of_client


def wait(store: Store, rate: Rate, who: str, now: datetime) -> timedelta:
    """How long until `who` may try again; zero if they may now."""
    until = store.scalar(select(RateLimit.paid_until).where(RateLimit.key == _key(rate, who))) or 0
    over = until - _ms(now) - _milliseconds(rate.every) * (rate.burst - 1)
    return timedelta(milliseconds=max(0, over))


def clear(store: Store, rates: Sequence[Rate], who: str) -> None:
    """Forget the tries of `who`: they have proved who they are."""
    store.execute(delete(RateLimit).where(RateLimit.key.in_([_key(rate, who) for rate in rates])))


def refund(store: Store, rate: Rate, who: str) -> None:
    """Take back one try of `who`."""
    counted = update(RateLimit).where(RateLimit.key == _key(rate, who))
    store.execute(
        counted.values(paid_until=RateLimit.paid_until - _milliseconds(rate.every)),
        execution_options={"synchronize_session": False},
    )


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
