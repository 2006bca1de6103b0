"""STOP ends text messages at once, whoever the phone belongs to (P9)."""

import pytest

from webapp.care.contact import stop_words
from webapp.care.contact.addresses import Address


@pytest.mark.parametrize(
    "text", ["STOP", "stop", " Stop. ", "STOPALL", "unsubscribe", "Alto", "¡Parar!", "stop  all"]
)
def test_these_words_mean_stop(text):
    assert stop_words.is_stop(text)


@pytest.mark.parametrize(
    "text",
    ["", "don't stop", "I will stop by", "yes", "ending soon", "STOP it please, who are you"],
)
def test_other_words_do_not_mean_stop(text):
    assert not stop_words.is_stop(text)


def test_a_stop_word_ends_texts_and_leaves_other_channels(post, world):
    assert post.do(
        lambda store, cast: stop_words.heed(store, world.maya.phone, "STOP", post.clock.now())
    )
    with post.database.reading() as store:
        mine = {a.channel: a for a in store.query(Address).filter_by(person_id=world.maya.id)}
    assert mine["sms"].stopped_why == "stop_word"
    assert mine["email"].usable


def test_a_text_already_waiting_is_not_sent_after_a_stop_word(post, world):
    post.do(lambda store, cast: setattr(cast.maya, "preferences", {"channels": ["sms", "email"]}))
    [seat] = post.room(world.maya, hours=1)
    post.step(seat, "soon")
    post.announce()
    post.do(lambda store, cast: stop_words.stop(store, world.maya.phone, post.clock.now()))
    post.deliver()
    assert post.sms.tried == []
    assert post.ends() == [("sms", "cancelled: address"), ("email", "sent")]


def test_a_phone_two_people_share_gets_no_texts_for_either(post, world):
    from webapp.care.contact import addresses

    def share(store, cast):
        addresses.add(store, cast.june, "sms", cast.maya.phone, by=None, now=post.clock.now())
        return stop_words.stop(store, cast.maya.phone, post.clock.now())

    assert post.do(share) == 2


def test_another_word_changes_nothing(post, world):
    assert not post.do(
        lambda store, cast: stop_words.heed(store, world.maya.phone, "On my way", post.clock.now())
    )
    with post.database.reading() as store:
        assert store.query(Address).filter_by(person_id=world.maya.id, channel="sms").one().usable
