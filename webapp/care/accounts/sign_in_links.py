"""One-time links to sign in with: invitations, and recovery links that staff issue after calling the person back (S3).

Only a hash of a link's secret is kept; the secret is shown once.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses
from webapp.care.directory.people import Person, Status
from webapp.crypto.keys import hash_secret
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

LASTS = {
    "invitation": timedelta(days=7), "recovery": timedelta(hours=1), "own": timedelta(hours=1),
    "demo": timedelta(days=7),
}  # fmt: skip
"""How long a link of each purpose is good for. `own`: asked for by a person who has no other way to sign in yet. `demo` counts as both
factors and is issued in demo programs only."""


class SignInLink(Base):
    """One link for one person. It is used up by a POST, so that mail scanners, which only GET, do not use it up (S3)."""

    __tablename__ = "link"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[str]
    """`invitation`, `recovery`, `own` or `demo`."""
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    @hybrid_property
    def is_spent(self) -> bool:
        """Used, or void because something else changed: it signs nobody in any more."""
        return self.spent_at != None


def issue(store: Store, person: Person, purpose: str, *, by: Person | None, now: datetime) -> str:
    """Return the secret of a new link. Earlier links of this person become void, except that several `demo` links may stand
    side by side. Raises Forbidden for a `demo` link in a program with real people."""
    if purpose == "demo" and not person.program.demo:
        raise Forbidden()
    if purpose != "demo":
        void(store, person, now=now)
    secret = secrets.token_urlsafe(32)
    store.add(
        SignInLink(
            person=person, secret_hash=hash_secret(secret), purpose=purpose, made_at=now,
            expires_at=now + LASTS[purpose],
        )
    )  # fmt: skip
    events.record(store, Tag.LINK_ISSUED, person=person, by=by, now=now, purpose=purpose)
    return secret


def issue_after_call(
    store: Store, person: Person, number: str, *, by: Person, now: datetime
) -> str:
    """Return the secret of a new recovery link. `number`: the one on which staff called the person back.

    A caller who says that they are a client may be anyone; whoever picks up the client's own phone most likely is the
    client. So the number must have been on file, and safe, for a day: the one they called from, a new one they name, or one that the
    desk has just entered does not count. Raises Invalid otherwise.
    """
    if number not in addresses.numbers_that_prove(store, person, now):
        raise Invalid(
            N_("Call back first, on a number that has been on file for a day, and say which."),
            field="number",
        )
    events.record(store, Tag.CALLED_BACK, person=person, by=by, now=now)
    return issue(store, person, "recovery", by=by, now=now)


def usable(store: Store, secret: str, as_of: datetime) -> SignInLink | None:
    """The link of this secret if it is neither spent nor expired and its person is not discharged. Reading does not spend it."""
    link = store.scalar(select(SignInLink).where(SignInLink.secret_hash == hash_secret(secret)))
    if link is None or link.is_spent or link.expires_at <= as_of:
        return None
    return link if link.person.status != Status.DISCHARGED else None


def spend(store: Store, secret: str, *, now: datetime) -> SignInLink | None:
    """Use the link up and return it; None if it is not usable. Of several calls at the same instant one gets it. The person's
    other links become void, except after a `demo` link."""
    link = usable(store, secret, now)
    if link is None:
        return None
    spent = store.execute(
        update(SignInLink)
        .where(SignInLink.id == link.id, ~SignInLink.is_spent)
        .values(spent_at=now)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        return None
    if link.purpose != "demo":
        void(store, link.person, now=now)
    return link


def void(store: Store, person: Person, *, now: datetime) -> None:
    """Make the person's unspent links useless, because the way they sign in has changed (S3)."""
    unspent = update(SignInLink).where(SignInLink.person_id == person.id, ~SignInLink.is_spent)
    store.execute(unspent.values(spent_at=now))
