"""Logins: one person signed in on one device, from the sign-in until it ends (S2).

A login's secret is stored as a hash and shown once. How people prove who they are: sign_in_links.py, passkeys.py,
passwords.py, authenticators.py, recovery_codes.py.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from webapp.care.accounts import sign_in_links
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.schedule import calendar_feeds
from webapp.crypto.keys import hash_secret
from webapp.db import Base, Store

IDLE = {Kind.STAFF: timedelta(minutes=15)}
IDLE_OTHERWISE = timedelta(hours=1)
OVERALL = timedelta(hours=24)
"""How long a login lasts: without use (staff, others), and at most (S3)."""
FRESH = timedelta(minutes=10)
"""How long a proof of identity counts where a fresh one is asked for."""
ON_THE_DEVICE = ("signed_out", "signed_in_again", "someone_else")
"""Why a login was ended on its own device, which has forgotten everything by then."""
KEPT = timedelta(days=90)
"""How long the row of a login is kept, and its cookie: a lost phone is known by it long after the login is over (S19)."""
TWO_AT_ONCE = ("passkey", "demo")
"""Ways to sign in that count as two factors: a passkey verifies its user itself (S3)."""


class Login(Base):
    """One person signed in on one device, so that sign-ins can be listed and ended (S2)."""

    __tablename__ = "login"
    __table_args__ = (Index("ix_login_person", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    way: Mapped[str]
    """How: `link`, `password`, `passkey`, `demo`."""
    second: Mapped[str | None]
    """The second factor, where one was given: `authenticator`, `recovery_code`, `passkey`."""
    device: Mapped[str | None]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime | None]
    """When they last proved who they are in this login; None: never, they came by a link."""
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    """`signed_out`, `signed_in_again`, `someone_else` (on the device itself), or why it was ended from elsewhere."""

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    @hybrid_property
    def is_ended(self) -> bool:
        """Signed out, or ended from elsewhere."""
        return self.ended_at != None

    @property
    def is_revoked(self) -> bool:
        """Ended from elsewhere: its device does not know yet, and forgets what it keeps at its next contact (S19)."""
        return self.is_ended and self.ended_why not in ON_THE_DEVICE

    def live(self, as_of: datetime) -> bool:
        """Whether it is in force at `as_of`: not ended, not idle too long, not too old, its person not discharged."""
        return self.open(as_of) and not self._idle(as_of)

    def locked(self, as_of: datetime) -> bool:
        """Whether it has been idle too long but is otherwise in force: one proof unlocks it (quick unlock, S3)."""
        return self.open(as_of) and self._idle(as_of)

    @property
    def complete(self) -> bool:
        """Whether enough factors were given: staff need two (S3)."""
        return self.person.kind != Kind.STAFF or self.strong

    @property
    def strong(self) -> bool:
        """Two factors were given."""
        return self.way in TWO_AT_ONCE or self.second is not None

    def fresh(self, as_of: datetime) -> bool:
        """Whether they signed in or proved who they are within the last ten minutes."""
        return (self.proved_at or self.made_at) + FRESH > as_of

    def proved(self, as_of: datetime) -> bool:
        """Whether they proved who they are within the last ten minutes by their own means. A link does not count: somebody else may
        have opened it."""
        return self.proved_at is not None and self.proved_at + FRESH > as_of

    def end(self, store: Store, why: str, *, by: Person | None, now: datetime) -> None:
        """End it: its cookie, and any copy of it, signs nobody in any more (S2). Twice is the same."""
        if self.ended_at is None:
            self.ended_at, self.ended_why = now, why
            events.record(store, Tag.SIGNED_OUT, person=self.person, by=by, now=now, why=why)

    def open(self, as_of: datetime) -> bool:
        """Whether it is live or locked: what a list of one's logins shows."""
        return (
            self.ended_at is None
            and self.made_at + OVERALL > as_of
            and self.person.status != Status.DISCHARGED
        )

    def _idle(self, as_of: datetime) -> bool:
        return self.seen_at + IDLE.get(Kind(self.person.kind), IDLE_OTHERWISE) <= as_of


def sign_in(
    store: Store,
    person: Person,
    way: str,
    *,
    now: datetime,
    device: str | None = None,
    second: str | None = None,
) -> tuple[Login, str]:
    """Create a login; returns it and its secret, which goes into the cookie and nowhere else."""
    secret = secrets.token_urlsafe(32)
    login = Login(
        person=person, secret_hash=hash_secret(secret), way=way, second=second, device=device,
        made_at=now, seen_at=now, proved_at=None if way == "link" else now,
    )  # fmt: skip
    store.add(login)
    store.flush()
    events.record(store, Tag.SIGNED_IN, person=person, by=person, now=now, way=way)
    return login, secret


def prove_again(
    store: Store, login: Login, way: str, *, by: Person, now: datetime, second: str | None = None
) -> str:
    """Record another proof in the same login: after idling, for a step that needs a fresh one, or the second factor. Returns
    the login's new secret; the old cookie is void (S2). For staff only two factors count as a fresh proof."""
    secret = secrets.token_urlsafe(32)
    login.secret_hash, login.seen_at = hash_secret(secret), now
    login.second = second or ("passkey" if way == "passkey" else login.second)
    if login.person.kind != Kind.STAFF or way in TWO_AT_ONCE or second:
        login.proved_at = now
    events.record(store, Tag.PROVED_AGAIN, person=login.person, by=by, now=now, way=second or way)
    return secret


def login_of(store: Store, secret: str) -> Login | None:
    """The login that this secret stands for, with its person and their program, whatever has become of it: ask `live`. One statement,
    which also says whether the person was ever in a couple (`Person.was_in_couple`)."""
    wanted = select(Login, teams.ever_in_couple(Login.person_id))
    wanted = wanted.where(Login.secret_hash == hash_secret(secret))
    whole = joinedload(Login.person).joinedload(Person.program)
    found = store.execute(wanted.options(whole)).first()
    if found is None:
        return None
    login, in_couple = found
    login.person.was_in_couple = in_couple
    return login


def end_all(
    store: Store,
    person: Person,
    why: str,
    *,
    by: Person | None,
    now: datetime,
    but: int | None = None,
) -> None:
    """End every login of a person except the one with the id `but`, and void their links: when they are discharged, or the way
    they sign in has changed (S2). A calendar link that was made in one that was still in use ends with it (S19). Devices still get
    reminders."""
    sign_in_links.void(store, person, now=now)
    in_use = set[int]()
    for login in store.scalars(select(Login).where(Login.person_id == person.id, ~Login.is_ended)):
        if login.id != but:
            if login.open(now):
                in_use.add(login.id)
            login.end(store, why, by=by, now=now)
    calendar_feeds.close_feed(store, person, by=by, now=now, why=why, made_in=in_use)


def sign_out(store: Store, login: Login, why: str, *, by: Person, now: datetime) -> None:
    """End the login because its person wants that, and stop reminders to its device (S5)."""
    login.end(store, why, by=by, now=now)
    on_this_device = Address.login_id == login.id
    addresses.sign_out_devices(store, login.person, on_this_device, by=by, now=now)


def sign_out_there(store: Store, login: Login, why: str, *, by: Person, now: datetime) -> None:
    """End a login from elsewhere, since its device may be in somebody's hands, and all that came with it (S19)."""
    sign_out(store, login, why, by=by, now=now)
    calendar_feeds.close_feed(store, login.person, by=by, now=now, why=why, made_in={login.id})


def sign_out_everywhere(
    store: Store, person: Person, why: str, *, by: Person | None, now: datetime,
    but: int | None = None,
) -> None:  # fmt: skip
    """End every login except `but` and all that came with them: the calendar link, and reminders to all other devices, also to
    those no longer signed in, since a phone lost days ago would still ring (S5, S19)."""
    end_all(store, person, why, by=by, now=now, but=but)
    elsewhere = Address.login_id.is_distinct_from(but or 0)
    addresses.sign_out_devices(store, person, elsewhere, by=by, now=now)
    calendar_feeds.close_feed(store, person, by=by, now=now, why=why)
