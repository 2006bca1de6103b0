"""P1, P9: what is asked when a row is claimed for sending: this client's consent, to this person, for this; an address that is safe."""

import pytest

from tests.notify.announcing.test_announce import consent, revoke
from tests.notify.delivery.test_deliver import waiting
from webapp.care.contact.addresses import Address


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
