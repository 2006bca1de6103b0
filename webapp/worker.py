"""The worker: runs the chores while they find work, rests when they do not, and records a heartbeat every few seconds.

A chore is `(database, now) -> found`. Any number of workers may run at once, on one machine or many: claims, unique keys
and leases make that safe. Delivery waits for other people's servers, so it has a lane (a thread) of its own: a provider that
stalls delays no rung. A chore that raises is logged and tried again later, at growing intervals; the others run meanwhile.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from webapp import clock
from webapp.care.accounts import passkey_challenges
from webapp.care.audit import chain
from webapp.care.make_ups import held_places, settlement
from webapp.care.schedule import series
from webapp.config import Settings
from webapp.db import Database
from webapp.notify import replies
from webapp.notify.announcing.announce import announce
from webapp.notify.announcing.partner_reminders import remind_partners
from webapp.notify.delivery.deliver import SLICE, Courier
from webapp.operations import (
    csp_reports,
    heartbeats,
    idempotency_keys,
    rate_limits,
    retention,
    set_aside,
)
from webapp.operations.zoom import digest
from webapp.protocol.engine.engine import look
from webapp.protocol.engine.overdue_tasks import tend
from webapp.protocol.engine.reconcile import watch

log = structlog.get_logger()

IDLE_WAIT = 0.5
"""Seconds between rounds that found nothing, so also how late a rung may be noticed."""
BEAT_EVERY = 5.0
RETRY_AFTER = (1.0, 60.0)
"""Seconds after which a chore that raised is tried again: at first, and at most. Doubles in between."""
STUCK_AFTER = 90.0
"""Seconds after which a lane that has not finished a round stops the heartbeat (R5)."""

LADDER, DELIVERY = "ladder", "delivery"


@dataclass(slots=True)
class Chore:
    """One chore and when it is due. `every`: seconds between two runs; 0 means every round, and again at once when it found work."""

    name: str
    walk: Callable[[Database, datetime], int]
    every: float = 0.0
    lane: str = LADDER
    due: float = field(default=0.0, init=False)
    """On the monotonic clock."""
    troubles: int = field(default=0, init=False)
    """How many times in a row it raised."""
    vouched: bool = field(default=False, init=False)
    """It succeeded in this process, so a failure that an earlier process reported is taken back."""

    def run_if_due(self, database: Database) -> int:
        """Run it once if it is due; return how much it found."""
        if time.monotonic() < self.due:
            return 0
        begun = time.monotonic()
        try:
            found = self.walk(database, clock.now())
        except Exception as error:
            self.troubles += 1
            wait = min(RETRY_AFTER[0] * 2 ** (self.troubles - 1), RETRY_AFTER[1])
            log.exception("chore raised", chore=self.name, troubles=self.troubles, wait=wait)
            self.due = time.monotonic() + wait
            self._report(set_aside.chore_failed, database, self.name, error, clock.now())
            return 0
        if self.troubles or not self.vouched:
            self.vouched = self._report(set_aside.chore_works, database, self.name)
        self.troubles, self.due = 0, begun + self.every
        if found:
            took = round((time.monotonic() - begun) * 1000)
            log.info("chore found work", chore=self.name, found=found, ms=took)
        return 0 if self.every else found

    def _report(self, say: Callable[..., None], *words: Any) -> bool:
        """Record the chore's state for other processes (R13). Whether that worked: it can't while the database is unreachable."""
        try:
            say(*words)
        except Exception as error:
            log.warning("chore's state not written down", chore=self.name, exc_info=error)
            return False
        return True


@contextmanager
def chores(settings: Settings, *, patient: bool = False) -> Iterator[list[Chore]]:
    """All chores, in the order in which one makes work for the next.

    `patient`: a delivery returns only when every provider has responded.
    """
    courier = Courier.from_settings(settings)
    seconds = None if patient else SLICE

    def anchor(database: Database, now: datetime) -> int:
        return chain.write_anchor(database, now, settings.audit_anchors)

    def deliver(database: Database, now: datetime) -> int:
        return courier.deliver(database, now, seconds=seconds)

    try:
        yield [
            Chore("unfold", series.unfold, every=60),
            Chore("digest", digest),
            Chore("read texts", replies.read_waiting, every=10),
            Chore("look", look),
            Chore("tend", tend, every=10),
            Chore("watch", watch, every=60),
            Chore("tell what is set aside", set_aside.tell, every=10),
            Chore("settle", settlement.settle, every=60),
            Chore("offer freed places", held_places.offer_freed, every=30),
            Chore("forget", idempotency_keys.forget, every=3600),
            Chore("forget questions", passkey_challenges.forget, every=600),
            Chore("forget reports", csp_reports.forget, every=3600),
            Chore("forget tries", rate_limits.forget, every=600),
            Chore("let go", retention.let_go, every=3600),
            Chore("anchor", anchor, every=chain.ANCHOR_EVERY),
            Chore("remind partners", remind_partners, every=15),
            Chore("announce", announce),
            Chore("deliver", deliver, lane=DELIVERY),
        ]
    finally:
        courier.close()


def beat(database: Database, now: datetime) -> None:
    """Record the worker's heartbeat in its own transaction."""
    with database.writing() as store:
        heartbeats.beat(store, "worker", now)
        store.commit()


def run_until_idle(database: Database, todo: Iterable[Chore]) -> bool:
    """Run all chores until nothing is due; return whether none of them raised."""
    todo = list(todo)
    beat(database, clock.now())
    while sum(chore.run_if_due(database) for chore in todo):
        pass
    return not any(chore.troubles for chore in todo)


class Worker:
    """Lanes of chores, each in a thread; the caller's thread records heartbeats until `stopping` is set."""

    def __init__(self, database: Database, todo: Iterable[Chore], stopping: threading.Event):
        self._database = database
        self._stopping = stopping
        self._lanes: dict[str, list[Chore]] = {}
        for chore in todo:
            self._lanes.setdefault(chore.lane, []).append(chore)
        self._came_round = dict.fromkeys(self._lanes, time.monotonic())

    def run(self) -> None:
        """Work until `stopping` is set; a round that has begun is finished first."""
        gc.collect()
        gc.freeze()  # what is loaded by now stays loaded; collecting it again and again cost a third of all sends
        threads = [threading.Thread(target=self._walk, args=(lane,)) for lane in self._lanes]
        for thread in threads:
            thread.start()
        pulse = Chore("beat", self._beat, every=BEAT_EVERY)
        while not self._stopping.is_set():
            pulse.run_if_due(self._database)
            self._stopping.wait(1.0)
        for thread in threads:
            thread.join()

    def _walk(self, lane: str) -> None:
        while not self._stopping.is_set():
            found = 0
            for chore in self._lanes[lane]:
                if not self._stopping.is_set():
                    found += chore.run_if_due(self._database)
            self._came_round[lane] = time.monotonic()
            if not found:
                self._stopping.wait(IDLE_WAIT)

    def _beat(self, database: Database, now: datetime) -> int:
        longest = time.monotonic() - min(self._came_round.values())
        if longest < STUCK_AFTER:
            beat(database, now)
        return 0
