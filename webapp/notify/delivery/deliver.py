"""The chore *deliver*: lease, commit, send with no transaction open, record, try the next channel.

Any number of workers may run it. A worker killed anywhere loses nothing: what it had leased is taken up when the lease ends.
Only what a provider had accepted and we had not yet recorded can be sent twice; it carries the same `Topic` and `tag`, so a
phone shows one (R2).
"""

import asyncio
import time
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from webapp import batches, clock
from webapp.batches import Walk
from webapp.config import Settings
from webapp.db import Database, Store
from webapp.notify.channels import configured
from webapp.notify.channels.parcel import SendingChannel, Undeliverable
from webapp.notify.delivery import leases, results
from webapp.notify.delivery.leases import Claimed, Leased
from webapp.notify.delivery.parcels import Packer
from webapp.notify.delivery.results import NO_CHANNEL, SendResult

AT_ONCE = 256
"""Sends under way in one process: a distant service sets the pace by its delay, not by our processor."""
SLICE = 1.0
"""Seconds after which `deliver` comes back although services have not answered; the loop keeps what is under way."""
TICK = 0.1
"""Seconds that an answer waits at most for others to be recorded with."""
FAREWELL = 2.0
"""Seconds that a worker waits for answers when it is told to stop."""

Sending = Coroutine[Any, Any, None] | Undeliverable
"""A send that has begun, or why it could not."""

log = structlog.get_logger()


class Courier:
    """Sends notifications. Keeps its event loop, connections and sends under way from one call to the next."""

    def __init__(self, channels: Mapping[str, SendingChannel], packer: Packer):
        self._channels = channels
        self._packer = packer
        self._loop = _new_loop()
        self._under_way: set[asyncio.Task[None]] = set()
        self._came_back: list[SendResult] = []
        self._bell = asyncio.Event()
        self._database: Database | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "Courier":
        """A courier with every channel that the settings configure."""
        return cls(configured.from_settings(settings), Packer.from_settings(settings))

    def deliver(self, database: Database, now: datetime, *, seconds: float | None = SLICE) -> int:
        """Send what is due at `now` and while it works; returns how many notifications were dealt with or are under way.

        Comes back when nothing is left, or after `seconds` (None: only when nothing is left).
        """
        self._database = database
        return self._loop.run_until_complete(self._round(database, now, seconds))

    def close(self) -> None:
        """Close connections. Answers that come within a moment (`FAREWELL`) are still recorded; the rest is taken up again when its
        lease ends."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._closed())
            self._loop.close()

    async def _closed(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FAREWELL)
        if self._database is not None and self._came_back:
            try:
                self._write(self._database, clock.now(), claiming=False)
            except Exception:
                log.exception("answers could not be written down")  # their rows are taken up again
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        for channel in self._channels.values():
            await channel.close()

    async def _round(self, database: Database, now: datetime, seconds: float | None) -> int:
        began = time.monotonic()
        seen = self._again(database, now)
        with database.reading() as store:
            more = leases.waiting(store, now)
        while True:
            passed = time.monotonic() - began
            late = seconds is not None and passed >= seconds
            more = more or any(outcome.error for outcome in self._came_back)
            claiming = more and not late and len(self._under_way) <= AT_ONCE // 2
            if claiming or self._came_back:
                claimed = self._write(database, now + timedelta(seconds=passed), claiming)
                seen += claimed.seen
                more = more if not claiming else claimed.seen == AT_ONCE or bool(claimed.astray)
            if late or not (more or self._under_way):
                return seen or len(self._under_way)
            await self._wait_for_answers()

    def _write(self, database: Database, now: datetime, claiming: bool) -> Claimed:
        """One transaction: record the answers that have come, lease what is due. Then send that, with no transaction open."""
        back, claimed = self._came_back[:], Claimed([], [], 0)
        try:
            with database.writing() as store:
                results.record(store, back, now)
                if claiming:
                    claimed = leases.take(store, now, AT_ONCE)
                    results.send_on(store, claimed.astray, now)
                if back or claimed.seen:
                    store.commit()
        except Exception as error:
            batches.refuse_other_faults(error)
            log.warning("batch taken apart", chore=leases.SENDING.chore, exc_info=error)
            return self._write_apart(database, now, back, claiming)
        del self._came_back[: len(back)]  # only now: a database that refused is asked again
        self._set_out(claimed, now)
        return claimed

    def _write_apart(
        self, database: Database, now: datetime, back: list[SendResult], claiming: bool
    ) -> Claimed:
        """The same row by row. Rows that raise are set aside, and the answers about them with them."""
        answers = {outcome.row.id: outcome for outcome in back}

        def write_down(store: Store, ids: Sequence[int]) -> int:
            results.record(store, [answers[id] for id in ids], now)
            return 0

        Walk(database, leases.SENDING, now, write_down).isolate(list(answers))
        del self._came_back[: len(back)]
        if not claiming:
            return Claimed([], [], 0)
        with database.reading() as store:
            due = leases.numbers_due(store, now, AT_ONCE)
        claim = PartialClaim(database, now)
        claim.walk.isolate(due)
        self._set_out(claim.kept, now)
        return claim.kept

    def _again(self, database: Database, now: datetime) -> int:
        """Try again the rows that were set aside, if their time has come; returns how many."""
        claim = PartialClaim(database, now)
        claim.walk.again()
        self._set_out(claim.kept, now)
        return claim.kept.seen

    def _set_out(self, claimed: Claimed, now: datetime) -> None:
        for row, sending in [(row, self._begun(row, now)) for row in claimed.to_send]:
            self._under_way.add(self._loop.create_task(self._finished(row, sending)))

    def _begun(self, row: Leased, now: datetime) -> Sending:
        """Pack the parcel and encrypt it for a push; what remains is to wait for the provider. Done for a whole batch before any is sent."""
        channel = self._channels.get(row.channel)
        if channel is None:
            return Undeliverable(NO_CHANNEL, permanent=True)
        try:
            still = partial(self._still, row) if row.consent_category else None
            return channel.send(self._packer.packed(row, now, still))
        except Undeliverable as error:
            return error
        except Exception as error:  # one row that cannot be put into words must not stop the others
            log.exception("notification cannot be packed", notification=row.id)
            return Undeliverable(type(error).__name__)

    def _still(self, row: Leased) -> bool:
        """Whether a notice about somebody else may still be sent, after it has waited for a connection (P1)."""
        assert self._database
        with self._database.reading() as store:
            return leases.objection_to(store, row.id, clock.now()) is None

    async def _wait_for_answers(self) -> None:
        """Wait until enough answers have come to be worth a transaction, or a moment (`TICK`) has passed."""
        if not self._under_way:
            return
        self._bell.clear()
        try:
            async with asyncio.timeout(TICK):
                await self._bell.wait()
        except TimeoutError:
            return

    async def _finished(self, row: Leased, sending: Sending) -> None:
        try:
            error = await _error(sending)
            self._came_back.append(SendResult(row, error))
        finally:
            task = asyncio.current_task()
            assert task
            self._under_way.discard(task)
            if not self._under_way or len(self._came_back) >= AT_ONCE // 2:
                self._bell.set()


class PartialClaim:
    """Claims notifications part by part. `kept`: those whose lease is committed."""

    def __init__(self, database: Database, now: datetime):
        self.kept = Claimed([], [], 0)
        self._taken = Claimed([], [], 0)
        self._now = now
        self.walk = Walk(database, leases.SENDING, now, self._take, self._keep)

    def _take(self, store: Store, ids: Sequence[int]) -> int:
        self._taken = leases.take(store, self._now, len(ids), ids)
        results.send_on(store, self._taken.astray, self._now)
        return self._taken.seen

    def _keep(self) -> None:
        self.kept.to_send += self._taken.to_send
        self.kept.astray += self._taken.astray
        self.kept.seen += self._taken.seen


async def _error(sending: Sending) -> Undeliverable | None:
    """Wait for a send; what went wrong, or None."""
    if isinstance(sending, Undeliverable):
        return sending
    try:
        await sending
    except Undeliverable as error:
        return error
    except Exception as error:
        log.exception("notification cannot be sent")
        return Undeliverable(type(error).__name__)
    return None


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop where there is one: twice the pushes a second."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
