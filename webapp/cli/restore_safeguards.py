"""Keeps a restore from undoing what was revoked since the backup: consents, addresses, statuses and roles, calendar links,
emergency accesses, tokens, passkeys, passwords, logins and links; and from sending notices again (R11).

All of it is plain SQL statements, so that a restore can run them in the transaction that brings the old rows back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, true, update
from sqlalchemy.sql.dml import Delete, Update

from webapp.care.accounts.api_tokens import Token
from webapp.care.accounts.authenticators import Authenticator
from webapp.care.accounts.logins import Login
from webapp.care.accounts.passkeys import Passkey
from webapp.care.accounts.recovery_codes import RecoveryCode
from webapp.care.accounts.sign_in_links import SignInLink
from webapp.care.audit import events
from webapp.care.audit.events import ChainHead, Cursor, Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address
from webapp.care.directory.people import Kind, Person, Role, Status
from webapp.care.privacy.consents import Consent, valid
from webapp.care.privacy.emergency_access import EmergencyAccess
from webapp.care.schedule.calendar_feeds import CalendarFeed
from webapp.db import Store
from webapp.notify.announcing.announce import READER
from webapp.notify.outbox import Notification

RESTORED = "restored"
"""Why a notification or login ended."""
WHERE = ("person_id", "channel", "value")
WHO = ("id", "program_id", "ref")


@dataclass(frozen=True, slots=True)
class Ended:
    """One kind of revocation: `kind` the model, `shows` the condition for revoked rows, `names` the columns that identify a row in any
    copy, `stands` the columns to set again."""

    kind: Any
    shows: Any
    names: tuple[str, ...]
    stands: tuple[str, ...]

    def again(self, row: dict[str, Any]) -> Update:
        """The statement that revokes this row in a copy from before."""
        same = [getattr(self.kind, name) == row[name] for name in self.names]
        return update(self.kind).where(*same).values({name: row[name] for name in self.stands})


ENDED = (
    Ended(Consent, or_(Consent.is_revoked, Consent.is_paused),
          ("id", "client_id", "recipient_id", "category"), ("revoked_at", "paused_at")),
    Ended(Address, Address.is_stopped, WHERE, ("stopped_at", "stopped_why")),
    Ended(Address, Address.is_unsafe, WHERE, ("unsafe_at",)),
    Ended(Address, ~Address.is_opted_in & ~Address.is_stopped, WHERE, ("opted_in_at", "switched_off_at")),
    Ended(Person, Person.status != Status.ACTIVE, WHO, ("status", "status_at")),
    Ended(Person, true(), WHO, ("password_hash",)),
    Ended(CalendarFeed, CalendarFeed.closed_at.is_not(None), ("id", "person_id", "opened_at"), ("closed_at",)),
    Ended(EmergencyAccess, EmergencyAccess.is_ended, ("id", "client_id", "staff_id", "began_at"), ("ended_at",)),
    Ended(Token, Token.is_revoked, ("id", "name"), ("revoked_at",)),
    Ended(Passkey, Passkey.is_removed, ("id", "person_id", "made_at"), ("removed_at",)),
    Ended(Authenticator, Authenticator.is_removed, ("id", "person_id", "made_at"), ("removed_at",)),
    Ended(RecoveryCode, RecoveryCode.is_spent, ("id", "person_id", "made_at"), ("spent_at",)),
)  # fmt: skip
"""Rows are named without hashes: the script of a restore can write no bytes."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was revoked in the database that is being replaced: the rows of each of `ENDED`; staff id → names of roles; person id →
    when their current recovery codes were made."""

    rows: list[list[dict[str, Any]]]
    roles: dict[int, list[str]]
    codes: dict[int, datetime]


def read(store: Store) -> TakenBack:
    """Read everything that has been revoked by now."""
    rows = []
    for each in ENDED:
        columns = [getattr(each.kind, name) for name in (*each.names, *each.stands)]
        rows.append(
            [dict(row) for row in store.execute(select(*columns).where(each.shows)).mappings()]
        )
    roles: dict[int, list[str]] = {
        who: [] for who in store.scalars(select(Person.id).where(Person.kind == Kind.STAFF))
    }
    for who, name in store.execute(select(Role.person_id, Role.name)):
        roles.setdefault(who, []).append(name)
    made = select(RecoveryCode.person_id, func.max(RecoveryCode.made_at))
    codes = {row[0]: row[1] for row in store.execute(made.group_by(RecoveryCode.person_id))}
    return TakenBack(rows, roles, codes)


def updates(taken_back: TakenBack | None, now: datetime) -> list[Update | Delete]:
    """The statements that make a restored database safe. `taken_back` None: what was revoked since is not known, so all sharing is
    paused."""
    made: list[Update | Delete] = [*_silence(now)]
    if taken_back is None:
        made.append(update(Consent).where(valid(now)).values(paused_at=now))
        return made
    for each, rows in zip(ENDED, taken_back.rows, strict=True):
        made += [each.again(row) for row in rows]
    for who, names in taken_back.roles.items():
        made.append(delete(Role).where(Role.person_id == who, Role.name.not_in(names)))
    made.append(delete(RecoveryCode).where(RecoveryCode.person_id.not_in(taken_back.codes)))
    for who, at in taken_back.codes.items():
        made.append(
            delete(RecoveryCode).where(RecoveryCode.person_id == who, RecoveryCode.made_at != at)
        )
    return made


def _silence(now: datetime) -> list[Update]:
    """Expire waiting notices, end all logins, void all links."""
    head = select(func.coalesce(func.max(ChainHead.count), 0)).scalar_subquery()
    expired = {"expired_at": now, "why": RESTORED, "leased_until": None, "link_path": None}
    return [
        update(Notification).where(Notification.is_open).values(expired),
        update(Cursor).where(Cursor.reader == READER).values(event_id=head),
        update(Login).where(~Login.is_ended).values(ended_at=now),
        update(SignInLink).where(~SignInLink.is_spent).values(spent_at=now),
    ]


def record(store: Store, now: datetime) -> int:
    """Record events for the consents that the restore ended again and for people who left; returns how many consents."""
    ends = (Tag.CONSENT_REVOKED, Tag.CONSENT_PAUSED)
    recorded = {
        event.fields["consent"] for event in store.scalars(select(Event).where(Event.tag.in_(ends)))
    }
    ended = or_(Consent.is_revoked, Consent.is_paused)
    unrecorded = [c for c in store.scalars(select(Consent).where(ended)) if c.id not in recorded]
    for consent in unrecorded:
        tag = Tag.CONSENT_REVOKED if consent.revoked_at else Tag.CONSENT_PAUSED
        events.record(
            store, tag, client=consent.client, by=None, now=now, consent=consent.id,
            recipient=consent.recipient_id, category=consent.category,
        )  # fmt: skip
    _record_who_left(store, now)
    return len(unrecorded)


def _record_who_left(store: Store, now: datetime) -> None:
    changes = select(Event).where(Event.tag == Tag.PERSON_STATUS_CHANGED).order_by(Event.id)
    said = {event.fields["person"]: event.fields["status"] for event in store.scalars(changes)}
    for person in store.scalars(select(Person).where(Person.status != Status.ACTIVE)):
        if said.get(person.id) != person.status:
            events.record(
                store, Tag.PERSON_STATUS_CHANGED, person=person, by=None, now=now,
                status=person.status,
            )  # fmt: skip
