"""S12: an address nobody has costs the same hashing as one that somebody has."""

import pytest
from argon2 import PasswordHasher, extract_parameters

from tests.conftest import FULL_HASHES
from webapp.care.accounts import passwords

WORDS = "seven quiet lanterns over the bay"


@pytest.fixture(autouse=True)
def as_in_the_clinic():
    with pytest.MonkeyPatch.context() as patch:
        for name, full in FULL_HASHES.items():
            patch.setattr(passwords, name, full)
        yield


def hashed(monkeypatch, store, email):
    """The parameters of every hash that was tried for this address."""
    tried, verify = [], PasswordHasher.verify
    spying = lambda hasher, known, typed: tried.append(known) or verify(hasher, known, typed)  # noqa: E731
    monkeypatch.setattr(PasswordHasher, "verify", spying)
    assert passwords.person_by_password(store, email, "not the password at all") is None
    monkeypatch.undo()
    return [extract_parameters(known) for known in tried]


def test_an_unknown_address_takes_as_long_as_a_wrong_password(store, world, clock, monkeypatch):
    passwords.set_password(store, world.maya, WORDS, by=world.maya, now=clock.now())
    store.flush()
    known = hashed(monkeypatch, store, "maya@example.org")
    assert len(known) == 2
    assert hashed(monkeypatch, store, "nobody@example.org") == known
    assert hashed(monkeypatch, store, "ben@example.org") == known  # has no password yet


def test_an_address_that_two_share_takes_as_long_as_ones_own(store, world, clock, monkeypatch):
    """S12: nothing tells how many people sign in with it."""
    passwords.set_password(store, world.maya, WORDS, by=world.maya, now=clock.now())
    alone = hashed(monkeypatch, store, "maya@example.org")
    world.ben.email = world.maya.email
    passwords.set_password(store, world.ben, WORDS + " too", by=world.ben, now=clock.now())
    assert hashed(monkeypatch, store, "maya@example.org") == alone
