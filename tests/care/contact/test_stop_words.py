"""STOP ends text messages at once, whoever the phone belongs to (P9)."""

import pytest

from webapp.care.contact import addresses, stop_words
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


def texts_to(store, person):
    return store.query(Address).filter_by(person_id=person.id, channel="sms").one()


def test_a_stop_word_ends_texts_and_leaves_other_channels(store, world, clock):
    assert stop_words.heed(store, world.maya.phone, "STOP", clock.now())
    assert texts_to(store, world.maya).stopped_why == "stop_word"
    assert store.query(Address).filter_by(person_id=world.maya.id, channel="email").one().usable


def test_a_phone_two_people_share_gets_no_texts_for_either(store, world, clock):
    addresses.add(store, world.june, "sms", world.maya.phone, by=None, now=clock.now())
    assert stop_words.stop(store, world.maya.phone, clock.now()) == 2


def test_another_word_changes_nothing(store, world, clock):
    assert not stop_words.heed(store, world.maya.phone, "On my way", clock.now())
    assert texts_to(store, world.maya).usable
