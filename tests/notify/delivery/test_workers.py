"""Any number of workers, any of them killed at any moment: nothing lost, nothing taken twice (R2)."""

import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.memory_channel import MemoryChannel
from tests.notify.conftest import Post
from webapp.care.audit.events import Event
from webapp.care.contact import addresses
from webapp.care.directory import people
from webapp.db import database_now
from webapp.demo import cast
from webapp.notify.announcing import announce
from webapp.notify.channels.parcel import Undeliverable
from webapp.notify.delivery import leases, results
from webapp.notify.delivery.deliver import Courier
from webapp.notify.delivery.parcels import Packer
from webapp.notify.delivery.wording import Wording
from webapp.notify.outbox import Notification

PEOPLE = 60


@pytest.fixture
def busy(fresh_database, world, clock):
    """An outbox with a reminder for each of sixty people in five rooms."""
    post = Post(fresh_database, world, clock)
    with fresh_database.writing() as store:
        harbor = store.merge(world.harbor)
        crowd = []
        for number in range(PEOPLE):
            person, _ = people.put(
                store, harbor, f"c{number}", kind="client", name=f"C {number}", by=None,
                time_zone="America/New_York", now=clock.now(),
            )  # fmt: skip
            addresses.add(
                store, person, "email", f"c{number}@example.org", by=None, now=clock.now()
            )
            crowd.append(person)
        host = cast.find(store).carla
        seats = []
        for room in range(5):
            session = cast.open_room(
                store, host, crowd[room::5], clock.now() + timedelta(hours=1 + room / 10),
                now=clock.now(),
            )  # fmt: skip
            seats += session.seats
        store.commit()
    post.nothing_to_tell()
    for seat in seats:
        post.step(seat, "soon")
    yield post
    post.courier.close()


def run_together(*works):
    """Each work in a thread of its own, all let go at once; what any of them raised is raised here."""
    gate, raised = threading.Barrier(len(works)), []

    def run(work):
        try:
            gate.wait(10)
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]


def another_courier(channel):
    packer = Packer(Wording("My Day", "https://day.example", ["k" * 32]), "k" * 32)
    return Courier({"email": channel}, packer)


def test_workers_side_by_side_announce_every_fact_once(busy):
    now = busy.clock.now()
    run_together(*[lambda: announce.announce(busy.database, now, batch=7)] * 4)
    announce.announce(busy.database, now)
    assert len({row.event_id for row in busy.rows()}) == len(busy.rows()) == PEOPLE


def test_workers_side_by_side_send_every_notice_once(busy, monkeypatch):
    busy.announce()
    monkeypatch.setattr("webapp.notify.delivery.deliver.AT_ONCE", 4)
    now, boxes = busy.clock.now(), [MemoryChannel() for _ in range(4)]

    def worker(box):
        def work():
            courier = another_courier(box)
            courier.deliver(busy.database, now, seconds=None)
            courier.close()

        return work

    run_together(*map(worker, boxes))
    everything = [parcel.key for box in boxes for parcel in box.sent]
    assert len(everything) == len(set(everything)) == PEOPLE
    assert {bool(row.sent_at) for row in busy.rows()} == {True}
    assert {row.attempts for row in busy.rows()} == {1}


def test_what_a_killed_worker_had_in_hand_is_left_alone_until_its_lease_ends(busy):
    busy.announce()
    take_and_die(busy)
    assert busy.deliver() == 0
    assert busy.email.sent == []


def test_what_a_killed_worker_had_in_hand_goes_out_with_the_same_topic_and_key(busy, monkeypatch):
    """The worst moment: the provider has accepted, and nothing is written down yet."""
    busy.announce()
    first = MemoryChannel()
    with monkeypatch.context() as patch:
        patch.setattr(leases, "LEASE", timedelta(0))
        patch.setattr("webapp.notify.delivery.results.record", lambda *args: None)
        dying = another_courier(first)
        dying.deliver(busy.database, busy.clock.now(), seconds=0)
        dying.close()
    busy.deliver()
    twice = {p.key: p.topic for p in first.sent}
    assert {p.key: p.topic for p in busy.email.sent}.items() >= twice.items()
    assert {row.attempts for row in busy.rows()} <= {1, 2}
    assert len(busy.email.sent) == PEOPLE


class Slow(MemoryChannel):
    """The first letter is accepted at once; the others when the first has been written down."""

    def __init__(self):
        super().__init__()
        self.written = asyncio.Event()

    async def send(self, parcel):
        if self.tried:
            self.tried.append(parcel)
            await self.written.wait()
        await super().send(parcel)


def test_answers_that_come_after_others_were_written_down_are_written_down_too(busy, monkeypatch):
    slow, real = Slow(), results.record

    def record(*args):
        slow.written.set()
        real(*args)

    monkeypatch.setattr("webapp.notify.delivery.results.record", record)
    busy.announce()
    courier = another_courier(slow)
    courier.deliver(busy.database, busy.clock.now(), seconds=None)
    courier.close()
    assert {bool(row.sent_at) for row in busy.rows()} == {True}


def test_a_service_that_stalls_keeps_nobody_waiting_and_its_answer_is_taken_later(busy):
    """`deliver` comes back while sends are under way, so that the worker can look at the ladder meanwhile."""
    busy.announce()
    slow = Slow()
    courier = another_courier(slow)
    courier.deliver(busy.database, busy.clock.now(), seconds=0.2)
    assert sum(row.sent_at is None for row in busy.rows()) == PEOPLE - 1
    slow.written.set()
    courier.deliver(busy.database, busy.clock.now(), seconds=None)
    courier.close()
    assert {bool(row.sent_at) for row in busy.rows()} == {True}
    assert {row.attempts for row in busy.rows()} == {1}


def test_leases_run_by_the_clock_of_the_database(busy):
    """The app's clock stands in March; the lease ends a minute from the database's own present."""
    busy.announce()
    take_and_die(busy)
    with busy.database.reading() as store:
        present = database_now(store)
        until = store.scalar(select(Notification.leased_until).limit(1))
    assert timedelta(0) < until - present <= leases.LEASE


def take_and_die(post):
    with post.database.writing() as store:
        taken = leases.take(store, post.clock.now(), 1000)
        store.commit()
    assert len(taken.to_send) == PEOPLE


def test_a_claim_that_was_not_committed_never_happened(busy):
    busy.announce()
    with busy.database.writing() as store:
        leases.take(store, busy.clock.now(), 1000)
    busy.deliver()
    assert len(busy.email.sent) == PEOPLE
    assert {row.attempts for row in busy.rows()} == {1}


@pytest.mark.parametrize("error", [None, Undeliverable("answered 410", permanent=True)])
def test_a_result_that_comes_after_another_worker_ended_the_row_changes_nothing(busy, error):
    """Two workers sent the same row; the chart tells of one notice."""
    busy.announce()
    with busy.database.writing() as store:
        mine = leases.take(store, busy.clock.now(), 1000).to_send
    busy.deliver()
    before = [(row.sent_at, row.failed_at) for row in busy.rows()]
    busy.clock.forward(minutes=1)
    with busy.database.writing() as store:
        results.record(store, [results.SendResult(row, error) for row in mine], busy.clock.now())
        store.commit()
        told = store.query(Event).filter_by(tag="person:message:sent").count()
    assert [(row.sent_at, row.failed_at) for row in busy.rows()] == before
    assert told == PEOPLE
