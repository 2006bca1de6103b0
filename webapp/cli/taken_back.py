"""What must not come back with a backup: consents that were revoked, addresses that were stopped, tokens, passkeys, logins and links;
and what must not go out again: notices that had been sent, or were due, in the time that is lost (R11).

All of it is plain updates, so that a restore can make them in the very transaction that brings the old rows back.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.sql.dml import Update

from webapp.care import events
from webapp.care.accounts import Link, Login
from webapp.care.addresses import Address
from webapp.care.consents import Consent, valid
from webapp.care.events import ChainHead, Cursor, Event
from webapp.care.passkeys import Passkey
from webapp.care.recovery_codes import RecoveryCode
from webapp.care.tags import Tag
from webapp.care.tokens import Token
from webapp.db import Store
from webapp.notify.announce import READER
from webapp.notify.outbox import Notification, is_open

RESTORED = "restored"
"""Why a notification or login ended."""


@dataclass(slots=True)
class TakenBack:
    """Rows of the database that is being replaced, by what names them, and the instants that must stand."""

    consents: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)
    passkeys: list[dict[str, Any]] = field(default_factory=list)
    codes: list[dict[str, Any]] = field(default_factory=list)


def read(store: Store) -> TakenBack:
    """Everything that has been taken back by now."""
    consent = (
        Consent.id, Consent.client_id, Consent.recipient_id, Consent.category, Consent.revoked_at,
        Consent.paused_at,
    )  # fmt: skip
    address = (
        Address.person_id, Address.channel, Address.value, Address.stopped_at, Address.stopped_why,
        Address.unsafe_at,
    )  # fmt: skip
    ended = or_(Consent.revoked_at.is_not(None), Consent.paused_at.is_not(None))
    silent = or_(Address.stopped_at.is_not(None), Address.unsafe_at.is_not(None))
    queries = (
        select(*consent).where(ended),
        select(*address).where(silent),
        select(Token.id, Token.name, Token.revoked_at).where(Token.revoked_at.is_not(None)),
        select(Passkey.id, Passkey.credential_id, Passkey.removed_at).where(
            Passkey.removed_at.is_not(None)
        ),
        select(RecoveryCode.id, RecoveryCode.code_hash, RecoveryCode.spent_at).where(
            RecoveryCode.spent_at.is_not(None)
        ),
    )
    return TakenBack(*([dict(row) for row in store.execute(q).mappings()] for q in queries))


def updates(taken_back: TakenBack | None, now: datetime) -> list[Update]:
    """What makes a restored database safe. None: what was taken back since is not known, so all sharing is paused."""
    made = [*_silence(now)]
    if taken_back is None:
        made.append(update(Consent).where(valid(now)).values(paused_at=now))
        return made
    for kind, rows, names in (
        (Consent, taken_back.consents, ("id", "client_id", "recipient_id", "category")),
        (Address, taken_back.addresses, ("person_id", "channel", "value")),
        (Token, taken_back.tokens, ("id", "name")),
        (Passkey, taken_back.passkeys, ("id", "credential_id")),
        (RecoveryCode, taken_back.codes, ("id", "code_hash")),
    ):
        for row in rows:
            same = [getattr(kind, name) == row[name] for name in names]
            made.append(
                update(kind).where(*same).values({k: v for k, v in row.items() if k not in names})
            )
    return made


def _silence(now: datetime) -> list[Update]:
    """Nothing that was under way goes out, nobody is signed in, no link opens anything."""
    head = select(func.coalesce(func.max(ChainHead.count), 0)).scalar_subquery()
    expired = {"expired_at": now, "why": RESTORED, "leased_until": None, "link_path": None}
    return [
        update(Notification).where(is_open()).values(expired),
        update(Cursor).where(Cursor.reader == READER).values(event_id=head),
        update(Login).where(Login.ended_at.is_(None)).values(ended_at=now),
        update(Link).where(Link.spent_at.is_(None)).values(spent_at=now),
    ]


def record(store: Store, now: datetime) -> int:
    """Say in the chain which consents the restore ended again; answers how many."""
    ends = (Tag.CONSENT_REVOKED, Tag.CONSENT_PAUSED)
    said = {
        event.fields["consent"] for event in store.scalars(select(Event).where(Event.tag.in_(ends)))
    }
    ended = or_(Consent.revoked_at.is_not(None), Consent.paused_at.is_not(None))
    unsaid = [c for c in store.scalars(select(Consent).where(ended)) if c.id not in said]
    for consent in unsaid:
        tag = Tag.CONSENT_REVOKED if consent.revoked_at else Tag.CONSENT_PAUSED
        events.record(
            store, tag, by=None, now=now, program_id=consent.client.program_id,
            client=consent.client_id, consent=consent.id, recipient=consent.recipient_id,
            category=consent.category,
        )  # fmt: skip
    return len(unsaid)
