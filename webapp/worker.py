"""The worker: runs the chores while they find work, rests when they do not, and records a heartbeat every few seconds.

A chore is `(database, now) -> found`. Any number of workers may walk them at once, on one machine or many: claims, unique
keys and leases make that harmless. Delivering waits for other people's servers, so it has a lane (a thread) of its own: a
provider that stalls keeps no rung from being taken on time. A chore that raises is logged and tried again later, a little
more patiently each time; the others go on meanwhile.
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
from webapp.notify.announcing.announce import announce
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

REST = 0.5
"""Seconds between rounds that found nothing: how late a rung may be noticed."""
BEAT_EVERY = 5.0
PATIENCE = (1.0, 60.0)
"""Seconds after which a chore that raised is tried again: at first, and at most. Doubles in between."""
STUCK_AFTER = 90.0
"""Seconds after which a lane that does not come round is no longer vouched for by the heartbeat (R5)."""

LADDER, DELIVERY = "ladder", "delivery"


@dataclass(slots=True)
class Chore:
    """`every`: seconds between two walks; 0 means each round, and that finding something is a reason to look again."""

    name: str
    walk: Callable[[Database, datetime], int]
    every: float = 0.0
    lane: str = LADDER
    due: float = field(default=0.0, init=False)
    """On the monotonic clock."""
    troubles: int = field(default=0, init=False)
    """How often in a row it raised."""
    vouched: bool = field(default=False, init=False)
    """It came round in this process, and what a process before may have said of it is taken back."""

    def turn(self, database: Database) -> int:
        """Walk it once, if it is time; answers how much it found."""
        if time.monotonic() < self.due:
            return 0
        begun = time.monotonic()
        try:
            found = self.walk(database, clock.now())
        except Exception as error:
            self.troubles += 1
            wait = min(PATIENCE[0] * 2 ** (self.troubles - 1), PATIENCE[1])
            log.exception("chore raised", chore=self.name, troubles=self.troubles, wait=wait)
            self.due = time.monotonic() + wait
            self._say(set_aside.chore_failed, database, self.name, error, clock.now())
            return 0
        if self.troubles or not self.vouched:
            self.vouched = self._say(set_aside.chore_works, database, self.name)
        self.troubles, self.due = 0, begun + self.every
        if found:
            took = round((time.monotonic() - begun) * 1000)
            log.info("chore found work", chore=self.name, found=found, ms=took)
        return 0 if self.every else found

    def _say(self, say: Callable[..., None], *words: Any) -> bool:
        """Tell the others (R13). When it's the database that is away, they know by that."""
        try:
            say(*words)
        except Exception as error:
            log.warning("chore's state not written down", chore=self.name, exc_info=error)
            return False
        return True


@contextmanager
def chores(settings: Settings, *, patient: bool = False) -> Iterator[list[Chore]]:
    """What there is to do, in the order in which one thing leads to the next.

    `patient`: delivering comes back only when every provider has answered.
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
            Chore("announce", announce),
            Chore("deliver", deliver, lane=DELIVERY),
        ]
    finally:
        courier.close()


def beat(database: Database, now: datetime) -> None:
    """One tiny transaction that says: the worker lives."""
    with database.writing() as store:
        heartbeats.beat(store, "worker", now)
        store.commit()


def once(database: Database, todo: Iterable[Chore]) -> bool:
    """Walk all chores until nothing is due; answers whether none of them raised."""
    todo = list(todo)
    beat(database, clock.now())
    while sum(chore.turn(database) for chore in todo):
        pass
    return not any(chore.troubles for chore in todo)


class Worker:
    """Lanes of chores, each in a thread; the caller's thread beats the heart until `stopping` is set."""

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
        gc.freeze()  # what is loaded by now stays; looking through it again and again cost a third of all sends
        threads = [threading.Thread(target=self._walk, args=(lane,)) for lane in self._lanes]
        for thread in threads:
            thread.start()
        pulse = Chore("beat", self._beat, every=BEAT_EVERY)
        while not self._stopping.is_set():
            pulse.turn(self._database)
            self._stopping.wait(1.0)
        for thread in threads:
            thread.join()

    def _walk(self, lane: str) -> None:
        while not self._stopping.is_set():
            found = 0
            for chore in self._lanes[lane]:
                if not self._stopping.is_set():
                    found += chore.turn(self._database)
            self._came_round[lane] = time.monotonic()
            if not found:
                self._stopping.wait(REST)

    def _beat(self, database: Database, now: datetime) -> int:
        longest = time.monotonic() - min(self._came_round.values())
        if longest < STUCK_AFTER:
            beat(database, now)
        return 0
