"""The methods by which a person can sign in, and the rule that the last one cannot be removed."""

from dataclasses import dataclass
from datetime import datetime

from webapp.care.accounts import authenticators, logins, passkeys, recovery_codes
from webapp.care.accounts.authenticators import Authenticator
from webapp.care.accounts.passkeys import Passkey
from webapp.care.audit import account_changes
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.db import Store
from webapp.refusals import N_, Refusal


class LastMethod(Refusal):
    """Without it this person could not sign in."""

    code = "last-way"
    sentence = N_("This is your only way to sign in. Add another one first.")


@dataclass(frozen=True, slots=True)
class SignInMethods:
    """What a person can sign in with. `codes_left`: unused recovery codes. `two_needed`: they need a second factor (staff)."""

    passkeys: list[Passkey]
    password: bool
    authenticator: Authenticator | None
    codes_left: int
    two_needed: bool

    @property
    def any(self) -> bool:
        """They can sign in without a link from the program."""
        return bool(self.passkeys) or self.password

    @property
    def second(self) -> bool:
        """They have a second factor to give beside a password or a link."""
        return bool(self.passkeys) or self.authenticator is not None or self.codes_left > 0

    @property
    def enough(self) -> bool:
        """They can sign in with as many factors as they need: a passkey, or a password and (for staff) an authenticator."""
        if self.passkeys:
            return True
        return self.password and (self.authenticator is not None or not self.two_needed)


def of(store: Store, person: Person) -> SignInMethods:
    """How `person` can sign in. Three small statements."""
    return SignInMethods(
        passkeys=list(store.scalars(passkeys.of(person.id))),
        password=person.password_hash is not None,
        authenticator=store.scalar(authenticators.of(person.id)),
        codes_left=recovery_codes.left(store, person.id),
        two_needed=person.kind == Kind.STAFF,
    )


def remove_passkey(store: Store, passkey: Passkey, *, by: Person, now: datetime) -> None:
    """Remove it. Raises LastMethod when they could not sign in without it."""
    methods = of(store, passkey.person)
    password_is_enough = methods.password and (
        methods.authenticator is not None or not methods.two_needed
    )
    if len(methods.passkeys) < 2 and not password_is_enough:
        raise LastMethod()
    passkey.remove(store, by=by, now=now)


def remove_authenticator(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    """Remove it. Raises LastMethod when they need a second factor and have no passkey."""
    methods = of(store, person)
    if methods.two_needed and not methods.passkeys:
        raise LastMethod()
    authenticators.remove(store, person, by=by, now=now)


def forget_second_factors(
    store: Store, person: Person, *, by: Person | None, now: datetime
) -> None:
    """Remove passkeys, authenticator and recovery codes after a phone was lost, and sign out everywhere; they are set up again at
    the next sign-in. For an administrator who knows the person."""
    for passkey in store.scalars(passkeys.of(person.id)):
        passkey.remove(store, by=by, now=now)
    authenticators.remove(store, person, by=by, now=now)
    recovery_codes.void(store, person)
    logins.sign_out_everywhere(store, person, "factors_forgotten", by=by, now=now)


def recover(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    """Sign out everywhere and remove the password, because somebody else may know it: the person came back by a recovery link
    (S3). They set up a new method next. Passkeys stay, since each is bound to a device."""
    person.password_hash = None
    logins.sign_out_everywhere(store, person, "recovered", by=by, now=now)
    account_changes.record(store, Tag.ACCOUNT_RECOVERED, person=person, by=by, now=now)
