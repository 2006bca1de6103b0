"""S3: what a person can come in with, and what must remain; what a restore may not bring back (R11)."""

import math

import pytest

from webapp.care.accounts import authenticators, logins, passwords, recovery_codes, sign_in_methods
from webapp.care.accounts.passkeys import Passkey
from webapp.care.accounts.sign_in_methods import LastMethod
from webapp.cli import restore_safeguards

WORDS = "three quiet blue boats"


def passkey_of(store, person, now) -> Passkey:
    made = Passkey(
        person=person, credential_id=f"{person.ref}".encode(), public_key=b"k", user_handle=b"h",
        sign_count=0, transports=[], name="Phone", made_at=now,
    )  # fmt: skip
    store.add(made)
    store.flush()
    return made


def test_s3_staff_need_a_second_factor_to_sign_in(store, world, clock):
    """S3: staff always two factors."""
    for person in (world.maya, world.carla):
        passwords.set_password(store, person, WORDS, by=person, now=clock.now())
    assert sign_in_methods.of(store, world.maya).enough
    assert not sign_in_methods.of(store, world.carla).enough
    passkey_of(store, world.carla, clock.now())
    assert sign_in_methods.of(store, world.carla).enough


def test_s3_staff_keep_the_authenticator_until_they_have_a_passkey(store, world, clock):
    with pytest.raises(LastMethod):
        sign_in_methods.remove_authenticator(store, world.carla, by=world.carla, now=clock.now())
    passkey_of(store, world.carla, clock.now())
    sign_in_methods.remove_authenticator(store, world.carla, by=world.carla, now=clock.now())


def test_s3_what_a_lost_phone_held_can_all_be_made_void(store, world, clock):
    """S3: `rejoin person link --forget-factors`."""
    now = clock.now()
    passkey_of(store, world.carla, now)
    authenticators.begin(store, world.carla, by=world.carla, now=now)
    [code, *_] = recovery_codes.make(store, world.carla, by=world.carla, now=now)
    login, _ = logins.sign_in(store, world.carla, "passkey", now=now)
    store.flush()
    sign_in_methods.forget_second_factors(store, world.carla, by=None, now=now)
    store.flush()
    ways = sign_in_methods.of(store, world.carla)
    assert (ways.passkeys, ways.authenticator, ways.codes_left) == ([], None, 0)
    assert not recovery_codes.accepts(store, world.carla, code, now)
    assert not login.open(now), "the lost phone is still signed in"


def test_s3_a_recovery_code_is_random_enough_to_be_hashed_plainly():
    """S3: 112 bits at least, or a plain hash could be tried out (ASVS 6.5.2)."""
    assert recovery_codes.LENGTH * math.log2(len(recovery_codes.LETTERS)) >= 112


def test_r11_a_restore_brings_back_no_removed_passkey_and_no_spent_code(store, world, clock):
    """R11."""
    now = clock.now()
    lost = passkey_of(store, world.carla, now)
    [code, *_] = recovery_codes.make(store, world.carla, by=world.carla, now=now)
    store.flush()
    lost.remove(store, by=world.carla, now=now)
    assert recovery_codes.accepts(store, world.carla, code, now)
    store.flush()
    known = restore_safeguards.read(store)
    lost.removed_at = None
    store.query(recovery_codes.RecoveryCode).update({"spent_at": None})
    store.flush()
    for each in restore_safeguards.updates(known, now):
        store.execute(each)
    store.expire_all()
    assert lost.removed_at == now
    assert not recovery_codes.accepts(store, world.carla, code, now)
