"""S2: logins end for good; what signs somebody in is stored as a hash only."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from webapp.care import leaving
from webapp.care.accounts import api_tokens, logins, passwords, sign_in_links
from webapp.care.directory.people import Status
from webapp.refusals import Invalid

WORDS = "three quiet blue boats"


def opened_by(store, secret, as_of):
    """The login that this secret still opens at `as_of`."""
    login = logins.login_of(store, secret)
    return login if login and login.live(as_of) else None


def test_a_login_opens_with_its_secret_until_it_is_ended(store, world, clock):
    login, secret = logins.sign_in(store, world.maya, "link", now=clock.now())
    assert opened_by(store, secret, clock.now()) is login
    login.end(store, "signed_out", by=world.maya, now=clock.now())
    assert opened_by(store, secret, clock.now()) is None


@pytest.mark.parametrize(("who", "minutes"), [("maya", 60), ("henry", 60), ("carla", 15)])
def test_an_idle_login_ends_sooner_for_staff(store, world, clock, who, minutes):
    person = getattr(world, who)
    _, secret = logins.sign_in(store, person, "link", now=clock.now())
    assert opened_by(store, secret, clock.now() + timedelta(minutes=minutes - 1))
    assert opened_by(store, secret, clock.now() + timedelta(minutes=minutes)) is None


def test_no_login_outlives_a_day_however_much_it_is_used(store, world, clock):
    login, secret = logins.sign_in(store, world.maya, "link", now=clock.now())
    login.seen_at = clock.now() + timedelta(hours=24)
    assert opened_by(store, secret, clock.now() + timedelta(hours=24)) is None


def test_a_discharge_ends_the_login_at_once(store, world, clock):
    _, secret = logins.sign_in(store, world.maya, "link", now=clock.now())
    leaving.change_status(store, world.maya, "discharged", by=world.cody, now=clock.now())
    assert opened_by(store, secret, clock.now()) is None


def test_a_login_of_somebody_who_has_left_is_not_live(store, world, clock):
    """S2: also a login that no discharge ended, say one of a restored backup."""
    _, secret = logins.sign_in(store, world.maya, "link", now=clock.now())
    world.maya.status = Status.DISCHARGED
    assert opened_by(store, secret, clock.now()) is None


def test_who_is_taken_up_again_needs_a_new_link(store, world, clock):
    """S2: what let them in before they left is over for good."""
    _, secret = logins.sign_in(store, world.maya, "link", now=clock.now())
    link = sign_in_links.issue(store, world.maya, "recovery", by=world.cody, now=clock.now())
    _, bens = logins.sign_in(store, world.ben, "link", now=clock.now())
    for status in ("discharged", "active"):
        leaving.change_status(store, world.maya, status, by=world.cody, now=clock.now())
    assert opened_by(store, secret, clock.now()) is None
    assert sign_in_links.usable(store, link, clock.now()) is None
    assert opened_by(store, bens, clock.now())


def test_no_secret_is_in_the_database(store, world, clock):
    now = clock.now()
    secrets = [
        logins.sign_in(store, world.maya, "link", now=now)[1],
        sign_in_links.issue(store, world.maya, "invitation", by=None, now=now),
        api_tokens.create_token(store, world.harbor, "feed", ["presence"], by=world.ada, now=now),
    ]
    passwords.set_password(store, world.maya, WORDS, by=world.maya, now=now)
    store.commit()
    for table in ("login", "link", "token", "person", "event"):
        kept = repr(store.execute(text(f"SELECT * FROM {table}")).all())
        assert not any(secret in kept for secret in [*secrets, WORDS])


def test_a_token_acts_in_its_program_until_it_is_revoked(store, world, clock):
    secret = api_tokens.create_token(
        store, world.harbor, "feed", ["presence", "read"], by=world.ada, now=clock.now()
    )
    token = api_tokens.token_of(store, secret)
    assert (token.program.ref, token.scopes) == ("harbor", ["presence", "read"])
    api_tokens.revoke_token(store, token, by=world.ada, now=clock.now())
    assert api_tokens.token_of(store, secret) is None


def test_an_unknown_scope_or_a_name_in_use_is_refused(store, world, clock):
    api_tokens.create_token(store, world.harbor, "feed", ["read"], by=None, now=clock.now())
    for name, scope, field in (("feed", "read", "name"), ("other", "everything", "scopes")):
        with pytest.raises(Invalid) as refused:
            api_tokens.create_token(store, world.harbor, name, [scope], by=None, now=clock.now())
        assert refused.value.field == field
