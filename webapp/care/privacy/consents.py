"""Consents: which person may be told which facts about a client, for what purpose and until when (42 CFR 2.31; P1–P3)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    Text,
    and_,
    exists,
    or_,
    select,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.attendance import one_device
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.couples import pictures
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid


class Category(StrEnum):
    SCHEDULE = "schedule"
    REMINDERS = "reminders"
    MISSED_SESSION = "missed_session"
    CATCH_UP = "catch_up"
    HOMEWORK = "homework"
    MAKE_UPS = "make_ups"
    HOURS = "hours"


RIGHT_TO_REVOKE = N_(
    "You can take this back at any time, with one tap under Sharing or by telling your care team. It ends at once; what was told before stays told."
)
DESCRIPTIONS = {
    Category.SCHEDULE: N_(
        "The days and times of my sessions, when one is moved or called off, and which other times suit me"
    ),
    Category.REMINDERS: N_("A reminder before my sessions, so that they can help me get there"),
    Category.MISSED_SESSION: N_(
        "That I can't come to a session, as soon as I say so, or was not in one, once my program is sure of it; never why"
    ),
    Category.CATCH_UP: N_("The catch-up notes, questions and answers that I write to them"),
    Category.HOMEWORK: N_(
        "That I have homework, and when it is done; never what it is or what I wrote"
    ),
    Category.MAKE_UPS: N_("The times I book to make up for a session"),
    Category.HOURS: N_("How many hours I took part in each week"),
}
"""What the client signs: which kind of facts and how much of them (42 CFR 2.31(a)(3))."""
REDISCLOSURE = N_(
    "42 CFR part 2 prohibits unauthorized use or disclosure of these records. Do not pass this on unless the person it is about has agreed in writing, or the rules allow it."
)
"""Shown wherever something shared is shown, its first sentence in the words of 42 CFR 2.32(a)(2) (P6); never outside a page that
needs a login."""
LONGEST = timedelta(days=366)
"""A consent is asked for again at least once a year."""
SAME_DAY = timedelta(days=1)
"""Consents that end within this time of each other, with the same words, are one signed twice (S17)."""
ELEMENTS = (
    "client_name", "recipient_name", "discloser", "description", "purpose", "right_to_revoke",
    "signature",
)  # fmt: skip


class Consent(Base):
    """One consent with every element that 42 CFR 2.31(a) names; the database refuses one that lacks any (P2)."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint(
            " AND ".join(f"length(trim({name})) > 0" for name in ELEMENTS), name="complete"
        ),
        CheckConstraint("expires_at > signed_at", name="expires_later"),
        CheckConstraint("client_id <> recipient_id", name="somebody_else"),
        Index("ix_consent_client", "client_id", "recipient_id", "category"),
        Index("ix_consent_recipient", "recipient_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    client_name: Mapped[str]
    """Both names as they were when it was signed, so that a copy says what was signed."""
    recipient_name: Mapped[str]
    category: Mapped[str]
    discloser: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    right_to_revoke: Mapped[str] = mapped_column(Text)
    signature: Mapped[str]
    signed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]

    client: Mapped[Person] = relationship(foreign_keys=client_id)
    recipient: Mapped[Person] = relationship(foreign_keys=recipient_id)

    @hybrid_property
    def is_paused(self) -> bool:
        """Staff stopped it for safety (P3)."""
        return self.paused_at != None

    @hybrid_property
    def is_revoked(self) -> bool:
        """Taken back."""
        return self.revoked_at != None

    def counted_until(self, now: datetime) -> datetime | None:
        """`now` while it counts, the instant at which it was revoked or paused afterwards; None for one that never counted, since
        it was signed while staff had paused sharing."""
        end = min(now, self.revoked_at or now, self.paused_at or now)
        never = self.paused_at is not None and self.paused_at <= self.signed_at
        return None if never else end

    def revoke(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """End it at commit, without a reason and invisibly to the recipient (P3). The client, or staff when the client asks them to.
        Twice is the same. Raises Forbidden."""
        if by is not None and by.id != self.client_id and by.kind != Kind.STAFF:
            raise Forbidden()
        self.end(store, by=by, now=now)

    def end(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """End it, whoever asks: its client is discharged. Twice is the same."""
        if self.revoked_at is None:
            self._freeze(store, now)
            self.revoked_at = now
            _record(store, Tag.CONSENT_REVOKED, self, by=by, now=now)

    def pause(self, store: Store, *, by: Person, now: datetime) -> None:
        """Staff silently stop everything the client shares with this recipient, for safety, also what is signed later (P3). The two
        are counted apart in couples hours too. Raises Forbidden."""
        if by.kind != Kind.STAFF:
            raise Forbidden()
        couple = store.scalar(teams.couple_of(self.client_id))
        if couple is not None and couple.partner_of(self.client_id).id == self.recipient_id:
            one_device.end(store, couple, by=by, now=now)
        for each in store.scalars(_between(self.client_id, self.recipient_id)):
            if each.paused_at is None and each.revoked_at is None:
                each._freeze(store, now)
                each.paused_at = now
                _record(store, Tag.CONSENT_PAUSED, each, by=by, now=now)

    def resume(self, store: Store, *, by: Person, now: datetime) -> None:
        """Staff end the pause: the client's consents for this recipient count again. Raises Forbidden."""
        if by.kind != Kind.STAFF:
            raise Forbidden()
        for each in store.scalars(_between(self.client_id, self.recipient_id)):
            if each.paused_at is not None:
                each.paused_at = None
                if each.revoked_at is None:
                    pictures.thaw(store, each.id)
                _record(store, Tag.CONSENT_RESUMED, each, by=by, now=now)

    def _freeze(self, store: Store, now: datetime) -> None:
        """Keep what the recipient was shown last, if it counts until now."""
        if self.signed_at <= now < self.expires_at and self.paused_at is None:
            until = self.expires_at
            store.add(pictures.frozen(store, self.id, self.client, self.category, until, now))


def grant(
    store: Store,
    client: Person,
    recipient: Person,
    category: str,
    *,
    purpose: str,
    expires_at: datetime,
    signature: str,
    by: Person,
    now: datetime,
    description: str | None = None,
) -> Consent:
    """The client allows one person to be told one category of facts, until `expires_at` (aware).

    The same words signed again on one day return the consent that is there. While staff have paused sharing with that person,
    the new consent is paused as well, since the client may be under pressure to sign (P3). Raises Forbidden for anybody but the client, Invalid naming the element that is missing or wrong (P2).
    """
    if by.id != client.id:
        raise Forbidden(N_("Only you can allow this yourself."))
    if category not in list(Category):
        raise Invalid(N_("%(name)s can't be shared."), field="category", name=category)
    for field, value in (("purpose", purpose), ("signature", signature)):
        if not value.strip():
            raise Invalid(N_("This consent isn't complete yet."), field=field)
    if not now < expires_at <= now + LONGEST:
        raise Invalid(N_("A consent ends within a year."), field="expires_at")
    if recipient.program_id != client.program_id or recipient.id == client.id:
        raise Invalid(N_("Choose who may be told."), field="recipient")
    description = description or DESCRIPTIONS[Category(category)]
    for same in store.scalars(_between(client.id, recipient.id).where(~Consent.is_revoked)):
        said = (same.category, same.purpose, same.signature, same.description)
        until = same.expires_at > now and abs(expires_at - same.expires_at) < SAME_DAY
        if until and said == (category, purpose, signature, description):
            return same
    consent = Consent(
        client=client,
        recipient=recipient,
        client_name=client.name,
        recipient_name=recipient.name,
        category=category,
        discloser=client.program.name,
        description=description,
        purpose=purpose,
        right_to_revoke=RIGHT_TO_REVOKE,
        signature=signature,
        signed_at=now,
        expires_at=expires_at,
    )
    store.add(consent)
    store.flush()
    _record(store, Tag.CONSENT_GRANTED, consent, by=by, now=now)
    _pause_like_the_others(store, consent, now)
    return consent


def _pause_like_the_others(store: Store, consent: Consent, now: datetime) -> None:
    """A pause is about a recipient, not about one consent: it lasts until staff resume (P3)."""
    rest = _between(consent.client_id, consent.recipient_id)
    if store.scalar(rest.where(Consent.is_paused).limit(1)):
        consent.paused_at = now
        _record(store, Tag.CONSENT_PAUSED, consent, by=None, now=now)


def stop(
    store: Store, client: Person, recipient_id: int, category: str, *, by: Person, now: datetime
) -> None:
    """Revoke every consent of the client for this recipient and category (P3)."""
    found = _between(client.id, recipient_id).where(Consent.category == category)
    for consent in store.scalars(found):
        consent.revoke(store, by=by, now=now)


def stop_all(store: Store, client: Person, *, by: Person | None, now: datetime) -> None:
    """End all of the client's consents, expired ones too: they were given for this stay in the program (42 CFR 2.31(a)(7)). Whoever
    discharges the client may, also another system by its token."""
    unrevoked = select(Consent).where(Consent.client_id == client.id, ~Consent.is_revoked)
    for each in store.scalars(unrevoked):
        each.end(store, by=by, now=now)


def _between(client_id: int, recipient_id: int) -> Select[Consent]:
    """Every consent that the client ever gave for this recipient."""
    return select(Consent).where(
        Consent.client_id == client_id, Consent.recipient_id == recipient_id
    )


def given_by(client_id: int, as_of: datetime) -> Select[Consent]:
    """The client's consents in force at `as_of` as the client sees them, in the order signed: a pause by staff does not show (P3)."""
    return (
        select(Consent)
        .where(Consent.client_id == client_id, Consent.signed_at <= as_of)
        .where(Consent.expires_at > as_of)
        .where(or_(~Consent.is_revoked, Consent.revoked_at > as_of))
        .order_by(Consent.id)
    )


def ended_early(client_id: int, recipient_id: int, as_of: datetime) -> ColumnElement[bool]:
    """A condition: the client took back a consent for this recipient that would not have expired yet, so that what it showed stays on
    the recipient's page, frozen (P3)."""
    return exists().where(
        Consent.client_id == client_id,
        Consent.recipient_id == recipient_id,
        Consent.is_revoked,
        Consent.expires_at > as_of,
    )


def shown_to(recipient_id: int, as_of: datetime) -> Select[Consent]:
    """The consents listed for a recipient: each from its signature to its expiry, in the order signed. Revoked and paused ones stay
    listed, so that the recipient cannot learn of that (P3)."""
    return (
        select(Consent)
        .where(Consent.recipient_id == recipient_id, Consent.signed_at <= as_of)
        .where(Consent.expires_at > as_of)
        .order_by(Consent.id)
    )


def known_until(
    store: Store, client_id: int, recipient_id: int, category: str, now: datetime
) -> datetime | None:
    """Up to when the recipient may know facts of this category about the client: `now` while a consent stands; the instant at which
    it was revoked or paused afterwards, for as long as it stays listed, so that what is shown freezes and doesn't vanish (P3); None
    without one. One that was signed while staff had paused sharing never counted. Aware."""
    listed = shown_to(recipient_id, now).where(
        Consent.client_id == client_id, Consent.category == category
    )
    ends = [each.counted_until(now) for each in store.scalars(listed)]
    return max((end for end in ends if end is not None), default=None)


def valid(as_of: datetime) -> Any:
    """A condition: the consent was in force at `as_of` (signed, not expired, revoked or paused)."""
    return and_(
        Consent.signed_at <= as_of,
        Consent.expires_at > as_of,
        or_(~Consent.is_revoked, Consent.revoked_at > as_of),
        or_(~Consent.is_paused, Consent.paused_at > as_of),
    )


def covers(client_id: Any, recipient_id: Any, category: Any, as_of: datetime) -> Any:
    """A condition: a valid consent covers client, recipient and category at `as_of` (P1). The arguments may be columns."""
    return exists().where(
        Consent.client_id == client_id,
        Consent.recipient_id == recipient_id,
        Consent.category == category,
        valid(as_of),
    )


def _record(store: Store, tag: Tag, consent: Consent, *, by: Person | None, now: datetime) -> None:
    events.record(
        store, tag, client=consent.client, by=by, now=now, consent=consent.id,
        recipient=consent.recipient_id, category=consent.category,
    )  # fmt: skip
