"""S3: a one-time link signs its person in once, and only while it lasts."""

from datetime import timedelta

import pytest

from webapp.care.accounts import sign_in_links


@pytest.mark.parametrize("purpose", ["invitation", "recovery", "demo"])
def test_a_link_is_spent_once_and_looking_spends_nothing(store, world, clock, purpose):
    world.harbor.demo = True
    secret = sign_in_links.issue(store, world.maya, purpose, by=world.cody, now=clock.now())
    store.flush()
    for _ in range(3):
        assert sign_in_links.usable(store, secret, clock.now())
    assert sign_in_links.spend(store, secret, now=clock.now()).person is world.maya
    store.expire_all()
    assert sign_in_links.spend(store, secret, now=clock.now()) is None


def test_a_link_ends(store, world, clock):
    secret = sign_in_links.issue(store, world.maya, "recovery", by=world.cody, now=clock.now())
    store.flush()
    assert sign_in_links.spend(store, secret, now=clock.now() + timedelta(hours=1)) is None
