"""Passkeys (WebAuthn credentials), the preferred way to sign in (S3): a device signs our challenge after verifying its user.

The cryptography is py_webauthn's, which takes long to load and is therefore imported at first use.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, Select, select, update
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.care.accounts import sign_in_links
from webapp.care.audit import account_changes
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person, Status
from webapp.db import Base, Store
from webapp.refusals import N_, Invalid, Refusal

MOST = 20
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This installation, as WebAuthn calls it: `rp_id` its host, `origin` its scheme and host, `name` the app's neutral name."""

    rp_id: str
    origin: str
    name: str


class NotProved(Refusal):
    """A browser's response does not verify. The check that failed is in `__cause__`, for the log; people are not told."""

    status = 422
    code = "not-proved"
    sentence = N_("That passkey didn't work here. Please try once more, or use another way.")


class Passkey(Base):
    """One passkey of one person, by its public key. A removed one stays as a row and signs nobody in."""

    __tablename__ = "passkey"
    __table_args__ = (Index("ix_passkey_person", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    user_handle: Mapped[bytes] = mapped_column(LargeBinary)
    """The random id by which the passkey names its person."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """How often it has signed, if it counts; a count that does not grow means that there is a copy of it."""
    transports: Mapped[list[str]] = mapped_column(JSON)
    name: Mapped[str]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    @hybrid_property
    def is_removed(self) -> bool:
        """It signs nobody in any more."""
        return self.removed_at != None

    def rename(self, name: str) -> None:
        """Raises Invalid for an empty name."""
        self.name = _named(name)

    def remove(self, store: Store, *, by: Person | None, now: datetime) -> None:
        """Sign nobody in with it any more. Twice is the same."""
        if self.removed_at is None:
            self.removed_at = now
            _about(store, Tag.PASSKEY_REMOVED, self, by=by, now=now)


def of(person_id: int) -> Select[Passkey]:
    """A person's passkeys, oldest first."""
    mine = select(Passkey).where(Passkey.person_id == person_id, ~Passkey.is_removed)
    return mine.order_by(Passkey.id)


def user_handle_of(store: Store, person: Person) -> bytes:
    """The user handle for a new passkey: the one of the person's first passkey, or a new random one. Keep it with the challenge,
    since another passkey may have been added when the response arrives."""
    first = store.scalar(of(person.id).limit(1))
    return first.user_handle if first else secrets.token_bytes(32)


def registration_options(
    store: Store, person: Person, question: bytes, handle: bytes, party: RelyingParty
) -> str:
    """The options for `navigator.credentials.create`, as JSON: a discoverable passkey (no name to type) that verifies its user. Its name
    says whose it is, since two people may share a phone and an address."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import structs

    existing = list(store.scalars(of(person.id)))
    wanted = structs.AuthenticatorSelectionCriteria(
        resident_key=structs.ResidentKeyRequirement.REQUIRED,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(
        generate_registration_options(
            rp_id=party.rp_id, rp_name=party.name, challenge=question,
            user_id=handle,
            user_name=f"{person.short_name} ({person.email})" if person.email else person.name,
            user_display_name=person.name,
            authenticator_selection=wanted,
            exclude_credentials=[_described(each) for each in existing],
        )
    )  # fmt: skip


def add(
    store: Store,
    person: Person,
    answer: dict[str, Any],
    question: bytes,
    handle: bytes,
    party: RelyingParty,
    *,
    name: str,
    by: Person,
    now: datetime,
) -> Passkey:
    """Store the passkey of a browser's `answer` to the challenge `question`, and void the person's links. Raises NotProved when
    the answer does not verify, Invalid for too many passkeys or no name."""
    from webauthn import verify_registration_response

    try:
        verified = verify_registration_response(
            credential=answer, expected_challenge=question, expected_rp_id=party.rp_id,
            expected_origin=party.origin, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:  # bytes from anybody may make the library raise anything
        raise NotProved() from error
    if store.scalar(select(Passkey.id).where(Passkey.credential_id == verified.credential_id)):
        raise NotProved()
    if len(store.scalars(of(person.id)).all()) >= MOST:
        raise Invalid(N_("Remove a passkey first."), field="name")
    transports = answer["response"].get("transports") or []
    passkey = Passkey(
        person=person, credential_id=verified.credential_id, public_key=verified.credential_public_key,
        user_handle=handle, sign_count=verified.sign_count,
        transports=[str(each)[:20] for each in transports][:8], name=_named(name), made_at=now,
    )  # fmt: skip
    store.add(passkey)
    store.flush()
    sign_in_links.void(store, person, now=now)
    _about(store, Tag.PASSKEY_ADDED, passkey, by=by, now=now)
    return passkey


def sign_in_options(question: bytes, party: RelyingParty) -> str:
    """The options for `navigator.credentials.get`, as JSON: any passkey of this site, which verifies its user."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    return options_to_json(
        generate_authentication_options(
            rp_id=party.rp_id,
            challenge=question,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def prove(
    store: Store, answer: dict[str, Any], question: bytes, party: RelyingParty, *, now: datetime
) -> Passkey:
    """Return the passkey that gave this `answer` to the challenge `question`. Raises NotProved.

    A passkey whose count does not grow has been copied: it is refused, and an event recorded, which the caller commits.
    """
    passkey = _claimed(store, answer)
    if passkey is None:
        raise NotProved()
    try:
        count = _verified(passkey, answer, question, party)
    except Exception as error:
        raise NotProved() from error
    grown = (
        update(Passkey)
        .where(Passkey.id == passkey.id, (Passkey.sign_count < count) | (Passkey.sign_count == 0))
        .values(sign_count=count, used_at=now)
        .execution_options(synchronize_session=False)
    )
    if store.execute(grown).rowcount != 1:  # type: ignore[attr-defined]
        _about(store, Tag.PASSKEY_DOUBTED, passkey, by=None, now=now)
        raise NotProved()
    return passkey


def question_of(answer: Any) -> bytes:
    """The challenge that a browser's answer names. Raises NotProved for anything malformed."""
    try:
        client_data = json.loads(_bytes(answer["response"]["clientDataJSON"]))
        return _bytes(client_data["challenge"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise NotProved() from error


def _verified(
    passkey: Passkey, answer: dict[str, Any], question: bytes, party: RelyingParty
) -> int:
    """Verify the answer and return its signature count; the caller checks in the database that it grows."""
    from webauthn import verify_authentication_response

    verified = verify_authentication_response(
        credential=answer, expected_challenge=question, expected_rp_id=party.rp_id,
        expected_origin=party.origin, credential_public_key=passkey.public_key,
        credential_current_sign_count=0, require_user_verification=True,
    )  # fmt: skip
    return verified.new_sign_count


def _claimed(store: Store, answer: dict[str, Any]) -> Passkey | None:
    """The passkey that the answer names, if the answer also names that passkey's own person."""
    try:
        credential_id = _bytes(answer["rawId"])
        handle = answer["response"].get("userHandle")
        named = _bytes(handle) if handle else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    wanted = select(Passkey).where(Passkey.credential_id == credential_id, ~Passkey.is_removed)
    passkey = store.scalar(wanted)
    if passkey is None or passkey.person.status == Status.DISCHARGED:
        return None
    return passkey if named == passkey.user_handle else None


def _bytes(text: str) -> bytes:
    """Decode base64url, with or without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _described(passkey: Passkey) -> Any:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    known = {each.value for each in AuthenticatorTransport}
    transports = [AuthenticatorTransport(each) for each in passkey.transports if each in known]
    return PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports)


def _named(name: str) -> str:
    if not name.strip():
        raise Invalid(N_("Give it a name you'll know it by."), field="name")
    return name.strip()[:LONGEST_NAME]


def _about(store: Store, tag: Tag, passkey: Passkey, *, by: Person | None, now: datetime) -> None:
    account_changes.record(store, tag, person=passkey.person, by=by, now=now, passkey=passkey.id)
