"""What the tests of notify/ share: a push service and channels that reach it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.memory_channel import MemoryChannel
from tests.push_service import PushService
from webapp import clock as webapp_clock
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat
from webapp.crypto import keys
from webapp.db import Database
from webapp.demo import cast
from webapp.notify.announcing import announce, partner_reminders
from webapp.notify.channels.parcel import Parcel, Subscription
from webapp.notify.channels.push.channel import PushChannel
from webapp.notify.channels.push.hosts import PushHosts
from webapp.notify.channels.push.vapid import VapidHeaders
from webapp.notify.delivery.deliver import Courier
from webapp.notify.delivery.parcels import Packer
from webapp.notify.delivery.wording import Wording
from webapp.notify.outbox import Notification

SUBJECT = "mailto:help@day.example"


@pytest.fixture
def push_service() -> Iterator[PushService]:
    """A strict push service on this machine, judging by the app's own clock."""
    with PushService(now=lambda: webapp_clock.now().timestamp()) as service:
        yield service


@pytest.fixture
def vapid() -> VapidHeaders:
    return VapidHeaders(keys.vapid_key(), SUBJECT)


@pytest.fixture
def push(push_service: PushService, vapid: VapidHeaders) -> PushChannel:
    return PushChannel(vapid, PushHosts([push_service.allow_entry]))


def subscription(told: dict[str, Any]) -> Subscription:
    """`PushSubscription.toJSON()` as channels take it."""
    return Subscription(told["endpoint"], told["keys"]["p256dh"], told["keys"]["auth"])


def parcel(address: Any, content: Any = b'{"web_push":8030}', **more: Any) -> Parcel:
    return Parcel("n1", address, content, **({"ttl": 600} | more))


def once(channel: Any, act: Callable[[Any], Awaitable[Any]]) -> Any:
    """Run `act(channel)` on a loop of its own and close the channel."""

    async def run() -> Any:
        try:
            return await act(channel)
        finally:
            await channel.close()

    return asyncio.run(run())


class Post:
    """The outbox under test: real rows, and channels that keep what they are given."""

    def __init__(self, database: Database, world: Any, clock: Any):
        self.database, self.world, self.clock = database, world, clock
        self.push, self.email, self.sms = MemoryChannel(), MemoryChannel(), MemoryChannel()
        self.channels = {"push": self.push, "email": self.email, "sms": self.sms}
        wording = Wording("My Day", "https://day.example", ["k" * 32])
        self.courier = Courier(self.channels, Packer(wording, "k" * 32))
        self.nothing_to_tell()

    def device(self, person: Any, name: str = "phone", **wishes: Any) -> int:
        """A browser that has taken pushes for long, so that nobody is told of it as new; wishes go into the person's preferences."""
        with self.database.writing() as store:
            owner = store.get(Person, person.id)
            keys = {"p256dh": "p", "auth": "a"}
            made = addresses.add(
                store, owner, "push", f"https://push.example/{person.ref}/{name}",
                by=None, now=self.clock.now(), keys=keys,
            )  # fmt: skip
            if wishes:
                owner.preferences = {**owner.preferences, **wishes}
            store.info.pop("pending_events", None)  # it was added long ago
            store.commit()
            return made.id

    def room(self, *clients: Any, hours: float = 24, told: bool = False, **more: Any) -> list[Any]:
        """Seats for the clients in a session that starts so many hours from now. `told`: they are still to be told of their places."""
        with self.database.writing() as store:
            cast_now = cast.find(store)
            starts_at = self.clock.now() + timedelta(hours=hours)
            session = cast.open_room(
                store, cast_now.carla, [getattr(cast_now, c.ref) for c in clients], starts_at,
                now=self.clock.now(), **more,
            )  # fmt: skip
            store.commit()
            seats = sorted(session.seats, key=lambda seat: seat.number)
        if not told:
            self.nothing_to_tell()
        return seats

    def nothing_to_tell(self) -> None:
        """Whatever has happened so far is told to nobody."""
        with self.database.writing() as store:
            announce.skip_past_events(store)
            store.commit()

    def do(self, act: Callable[[Any, Any], Any]) -> Any:
        """`act(store, cast)` in a transaction of its own, now."""
        with self.database.writing() as store:
            result = act(store, cast.find(store))
            store.commit()
            return result

    def plan(self, act: Callable[[Any, Any], Any]) -> Any:
        """The same, and nobody is told of it."""
        result = self.do(act)
        self.nothing_to_tell()
        return result

    def step(self, seat: Any, rung: str, result: str = "taken") -> None:
        """The engine takes a rung for a seat."""
        self.do(
            lambda store, cast: events.record(
                store,
                Tag.STEP_TAKEN,
                by=None,
                now=self.clock.now(),
                program_id=cast.harbor.id,
                seat=store.get(Seat, seat.id),
                rung=rung,
                occurrence=0,
                due_at=self.clock.now(),
                result=result,
                why="",
            )  # fmt: skip
        )

    def announce(self) -> int:
        """Partners' reminders fall due, and what has happened is announced."""
        partner_reminders.remind_partners(self.database, self.clock.now())
        return announce.announce(self.database, self.clock.now())

    def deliver(self) -> int:
        return self.courier.deliver(self.database, self.clock.now(), seconds=None)

    def run(self) -> None:
        """Both chores."""
        self.announce()
        self.deliver()

    def rows(self, **where: Any) -> list[Notification]:
        with self.database.reading() as store:
            found = select(Notification).filter_by(**where).order_by(Notification.id)
            return list(store.scalars(found))

    def sent(self) -> list[tuple[str, str, str]]:
        """(kind, channel, address's owner and device) of what was handed on, in order."""
        with self.database.reading() as store:
            found = (
                select(Notification.kind, Notification.channel, Address.value)
                .join(Address, Address.id == Notification.address_id)
                .where(Notification.sent_at.is_not(None))
                .order_by(Notification.id)
            )
            return [tuple(row) for row in store.execute(found)]

    def ends(self) -> list[tuple[str, str]]:
        """How each row stands, in order: (channel, word)."""
        return [(row.channel, end_of(row)) for row in self.rows()]


def end_of(row: Notification) -> str:
    if row.sent_at:
        return "sent"
    if row.expired_at:
        return "expired"
    if row.cancelled_at:
        return f"cancelled: {row.why}"
    if row.failed_at:
        return f"failed: {row.why}"
    return "open"


@pytest.fixture
def post(database: Database, world: Any, clock: Any) -> Iterator[Post]:
    made = Post(database, world, clock)
    yield made
    made.courier.close()


@pytest.fixture
def threaded_post(fresh_database: Database, world: Any, clock: Any) -> Iterator[Post]:
    """For what is done while a letter travels: a real channel asks, and somebody acts, in threads of their own."""
    made = Post(fresh_database, world, clock)
    yield made
    made.courier.close()
