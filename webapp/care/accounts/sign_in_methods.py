"""Ways in: what a person can prove with who they are; and the rule that the last one stays until there is another."""

from dataclasses import dataclass
from datetime import datetime

from webapp.care.accounts import authenticators, logins, passkeys, recovery_codes
from webapp.care.accounts.authenticators import Authenticator
from webapp.care.accounts.passkeys import Passkey
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.db import Store
from webapp.refusals import N_, Refusal


class LastWay(Refusal):
    """Without it, nothing would let this person in."""

    code = "last-way"
    sentence = N_("This is your only way to sign in. Add another one first.")


@dataclass(frozen=True, slots=True)
class Ways:
    """A person's ways, as they stand. `codes_left`: recovery codes that were not used yet."""

    passkeys: list[Passkey]
    password: bool
    authenticator: Authenticator | None
    codes_left: int
    two_needed: bool

    @property
    def any(self) -> bool:
        """They can come in by themselves, without a link from the program."""
        return bool(self.passkeys) or self.password

    @property
    def second(self) -> bool:
        """They have something to give beside a password or a link."""
        return bool(self.passkeys) or self.authenticator is not None or self.codes_left > 0

    @property
    def enough(self) -> bool:
        """They can come in with as many factors as they need: staff with a passkey, or a password and a second factor."""
        if self.passkeys:
            return True
        return self.password and (self.authenticator is not None or not self.two_needed)


def of(store: Store, person: Person) -> Ways:
    """How `person` can come in. Three small statements."""
    return Ways(
        passkeys=list(store.scalars(passkeys.of(person.id))),
        password=person.password_hash is not None,
        authenticator=store.scalar(authenticators.of(person.id)),
        codes_left=recovery_codes.left(store, person.id),
        two_needed=person.kind == Kind.STAFF,
    )


def remove_passkey(store: Store, passkey: Passkey, *, by: Person, now: datetime) -> None:
    """Raises LastWay when nothing else would let them in."""
    ways = of(store, passkey.person)
    passwords_do = ways.password and (ways.authenticator is not None or not ways.two_needed)
    if len(ways.passkeys) < 2 and not passwords_do:
        raise LastWay()
    passkey.remove(store, by=by, now=now)


def remove_authenticator(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    """Raises LastWay when a second factor is needed and no passkey is there."""
    ways = of(store, person)
    if ways.two_needed and not ways.passkeys:
        raise LastWay()
    authenticators.remove(store, person, by=by, now=now)


def forget_second_factors(
    store: Store, person: Person, *, by: Person | None, now: datetime
) -> None:
    """Everything a lost phone held is void; the next sign-in sets it up anew. For an administrator who knows the person."""
    for passkey in store.scalars(passkeys.of(person.id)):
        passkey.remove(store, by=by, now=now)
    authenticators.remove(store, person, by=by, now=now)
    recovery_codes.void(store, person)
    logins.sign_out_everywhere(store, person, "factors_forgotten", by=by, now=now)


def recover(store: Store, person: Person, *, by: Person, now: datetime) -> None:
    """Back by a link of the program: whatever is signed in ends, and the password goes, for somebody else may know it (S3).
    A new way is set up next; passkeys stay, each is on a device of its own."""
    person.password_hash = None
    logins.sign_out_everywhere(store, person, "recovered", by=by, now=now)
    events.record(store, Tag.ACCOUNT_RECOVERED, person=person, by=by, now=now)
