"""S14: one chain of events that edits, deletions, cut-offs and many writers cannot break unseen."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from webapp.care.audit import chain, events
from webapp.care.audit.events import ChainHead, Event
from webapp.care.audit.tags import Tag
from webapp.db import Database


def write(store, world, now, count=3):
    for _ in range(count):
        events.record(
            store, Tag.COMING_CONFIRMED, by=world.maya, now=now, program_id=world.harbor.id,
            client=world.maya,
        )  # fmt: skip
    store.commit()


def test_an_event_is_not_there_before_its_transaction_commits(store, world, clock):
    had = len(store.scalars(select(Event)).all())
    events.record(store, Tag.PERSON_CHANGED, by=None, now=clock.now(), program_id=None, person=1)
    store.rollback()
    store.commit()
    assert len(store.scalars(select(Event)).all()) == had


def test_positions_are_gapless_and_the_chain_holds(store, world, clock):
    write(store, world, clock.now())
    ids = store.scalars(select(Event.id).order_by(Event.id)).all()
    assert ids == list(range(1, len(ids) + 1))
    assert list(chain.verify(store)) == []


def test_a_field_that_the_tag_does_not_declare_is_refused(store, world, clock):
    with pytest.raises(ValueError, match="does not declare"):
        events.record(
            store, Tag.COMING_CONFIRMED, by=None, now=clock.now(), program_id=None, note="words"
        )


@pytest.mark.parametrize("tag", Tag)
def test_every_tag_has_a_meaning_and_its_fields(tag):
    assert tag.meaning.endswith(".")
    assert all(field.isidentifier() for field in tag.fields)
    assert Tag(tag.value) is tag


@pytest.mark.parametrize(
    ("crime", "sentence"),
    [
        ("UPDATE event SET tag = 'seat:released' WHERE id = 2", "was changed"),
        ("UPDATE event SET by_id = NULL, canonical = replace(canonical, 'event', 'tneve') WHERE id = 2", "event 2"),
        ("DELETE FROM event WHERE id = 2", "event 2 is gone"),
        ("DELETE FROM event WHERE id = (SELECT max(id) FROM event)", "events were written"),
        ("UPDATE event SET hash = (SELECT hash FROM event WHERE id = 1) WHERE id = 2", "does not follow"),
        ("INSERT INTO chain_head (id, count, hash) SELECT id + 1, count, hash FROM chain_head", "2 ends"),
    ],
)  # fmt: skip
def test_tampering_is_seen(store, world, clock, crime, sentence):
    write(store, world, clock.now())
    store.execute(text(crime))
    assert any(sentence in found for found in chain.verify(store))


def in_parallel(count: int, work: Callable[[int], None]) -> list[BaseException]:
    troubles: list[BaseException] = []

    def one(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles


def test_sixteen_writers_do_not_fork_the_chain(fresh_database: Database, world, clock):
    def keep_writing(number: int) -> None:
        for _ in range(20):
            with fresh_database.writing() as store:
                write(store, world, clock.now(), count=1)

    with fresh_database.reading() as store:
        before = store.get(ChainHead, 1).count
    assert in_parallel(16, keep_writing) == []
    with fresh_database.reading() as store:
        assert list(chain.verify(store)) == []
        assert store.get(ChainHead, 1).count == before + 320
