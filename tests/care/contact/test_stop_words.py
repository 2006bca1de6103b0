"""STOP ends text messages at once, whoever the phone belongs to (P9)."""

from webapp.care.contact import addresses, stop_words
from webapp.care.contact.addresses import Address


def texts_to(store, person):
    return store.query(Address).filter_by(person_id=person.id, channel="sms").one()


def test_a_stop_word_ends_texts_and_leaves_other_channels(store, world, clock):
    assert stop_words.stop(store, world.maya.phone, clock.now()) == 1
    assert texts_to(store, world.maya).stopped_why == "stop_word"
    assert store.query(Address).filter_by(person_id=world.maya.id, channel="email").one().usable


def test_a_phone_two_people_share_gets_no_texts_for_either(store, world, clock):
    addresses.add(store, world.june, "sms", world.maya.phone, by=None, now=clock.now())
    assert stop_words.stop(store, world.maya.phone, clock.now()) == 2


def test_start_takes_back_what_a_stop_word_did_and_nothing_else(store, world, clock):
    stop_words.stop(store, world.maya.phone, clock.now())
    assert stop_words.start(store, world.maya.phone, clock.now()) == 1
    assert texts_to(store, world.maya).usable
    texts_to(store, world.maya).stop(store, "gone", by=None, now=clock.now())
    assert stop_words.start(store, world.maya.phone, clock.now()) == 0
