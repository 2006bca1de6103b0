"""P1, P9: what is asked when a row is claimed for sending: this client's consent, to this person, for this; an address that is safe."""

import pytest

from tests.notify.announcing.test_announce import consent, revoke
from tests.notify.delivery.test_deliver import waiting
from webapp.care import leaving
from webapp.care.accounts import passwords
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address
from webapp.care.privacy import own_copy
from webapp.care.schedule import calendar_feeds


@pytest.mark.parametrize(("to", "what"), [("ben", "reminders"), ("henry", "schedule")])
def test_nothing_is_sent_under_a_consent_to_somebody_else_or_for_something_else(
    post, world, to, what
):
    ended = consent(post, world.june, world.henry)
    consent(post, world.june, getattr(world, to), what)
    waiting(post, "heads_up", "june", hours=20)
    revoke(post, ended)
    post.deliver()
    [henrys] = [row for row in post.rows() if row.person_id == world.henry.id]
    assert (henrys.sent_at, henrys.why) == (None, "consent")


def test_nothing_is_sent_to_an_address_marked_unsafe_after_the_row_was_written(post, world):
    waiting(post)

    def mark(store, cast):
        for address in store.query(Address).filter_by(person_id=world.maya.id, channel="email"):
            address.unsafe_at = post.clock.now()

    post.do(mark)
    post.deliver()
    assert post.email.tried == []
    assert ("email", "cancelled: address") in post.ends()


def change_number(post, **said):
    """The roster names another number of Maya's; `said`: what stood about the old one."""

    def arrive(store, cast):
        for address in store.query(Address).filter_by(person_id=cast.maya.id, channel="sms"):
            for name, value in said.items():
                setattr(address, name, value)
        cast.maya.phone = "+12125550199"
        addresses.follow_roster(store, cast.maya, ["sms"], by=None, now=post.clock.now())

    post.clock.forward(days=2)
    post.do(arrive)


def test_s3_a_number_that_the_roster_replaced_is_told_of_that_and_of_nothing_after(post, world):
    """S3: who had it may not know of the new one. P5: neutral words."""
    old = world.maya.phone
    change_number(post)
    post.run()
    assert ("account_changed", "sms", old) in post.sent()
    assert "Something in your app has changed" in post.sms.sent[0].content
    waiting(post)
    post.deliver()
    assert [kind for kind, _, value in post.sent() if value == old] == ["account_changed"]


def test_p9_a_replaced_number_that_was_not_safe_is_told_nothing(post, world):
    change_number(post)
    post.announce()
    post.do(
        lambda store, cast: (
            store.query(Address)
            .filter_by(value=world.maya.phone)
            .update({"unsafe_at": post.clock.now()})
        )
    )
    post.deliver()
    assert world.maya.phone not in [value for _, _, value in post.sent()]


@pytest.mark.parametrize("status", ["paused", "discharged"])
def test_s3_what_changes_a_sign_in_is_told_to_everybody_who_can_sign_in(post, world, status):
    """S3: a pause is when somebody looks least, so nobody else may come in unnoticed then. Who is discharged can't sign in."""

    def change(store, cast):
        leaving.change_status(store, cast.maya, status, by=cast.carla, now=post.clock.now())

    post.plan(change)
    post.clock.forward(minutes=1)

    def take_over(store, cast):
        now = post.clock.now()
        passwords.set_password(store, cast.maya, "kestrel over the harbor", by=cast.maya, now=now)
        calendar_feeds.open_feed(store, cast.maya, by=cast.maya, now=now)
        own_copy.record_handed_out(store, cast.maya, by=cast.maya, now=now)

    post.do(take_over)
    post.run()
    kinds = {"sign_in_changed", "calendar_link_made", "account_changed"}
    assert {kind for kind, _, _ in post.sent()} == (kinds if status == "paused" else set())
