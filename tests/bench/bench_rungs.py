"""How soon after its instant a rung is taken and its push accepted: a real worker process, a real push service.

`python -m tests.bench.bench_rungs [SEATS …]`; default 500 (the normal load; goal: 2 s) and 20,000 (goal: 60 s for the
last). All seats fall due at the same instant, which is the worst case. Counts what is lost or doubled: both must be 0.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from tests.bench import crowd
from tests.postgres import DURABLE, Server
from tests.push_service import PushService
from webapp import clock, migrations
from webapp.bulk import insert_many
from webapp.care.contact.addresses import Address
from webapp.config import Settings
from webapp.db import Database
from webapp.notify.outbox import Notification
from webapp.protocol.facts.steps import Step

RUNG = "first_check"
SECONDS = {
    "heads_up": "-PT3H", "soon": "-PT2H", "doors_open": "-PT90M", "first_check": "PT0S",
    "second_check": "PT2H", "outreach": "PT3H", "quiet_hours": None,
}  # fmt: skip
LEAD = timedelta(seconds=15)
"""Time for the worker to start and rest before the instant comes."""


def measure(name: str, url: str | None, seats: int) -> None:
    """One run; prints a line."""
    with tempfile.TemporaryDirectory() as folder, PushService() as pushes:
        given = {
            "REJOIN_PUSH_HOSTS": pushes.allow_entry,
            "REJOIN_INSTANCE": folder,
            "REJOIN_LOG_FORMAT": "json",
        }
        if url:
            given["REJOIN_DATABASE_URL"] = url
        settings = Settings.load(given)
        database = Database(settings.database_url, settings.database_key, settings.keyring)
        migrations.upgrade(database)
        start = clock.now() + LEAD + timedelta(milliseconds=seats)
        crowd.plant(database, seats, start=start, policy=SECONDS)
        subscribe(database, pushes, seats)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("REJOIN_")} | given
        worker = subprocess.Popen(
            [Path(sys.executable).with_name("rejoin"), "worker"],
            env=environ,
            stderr=subprocess.DEVNULL,
        )
        try:
            pushes.wait_for(seats, timeout=LEAD.total_seconds() + 180 + seats / 50)
            threading.Event().wait(2)  # for answers on their way to be written down
        finally:
            worker.terminate()
            worker.wait()
        report(name, database, pushes, seats)
        database.dispose()


def subscribe(database: Database, pushes: PushService, seats: int) -> None:
    """Every client has a phone instead of an e-mail address."""
    with database.writing() as store:
        people = store.scalars(select(Address.person_id).order_by(Address.id)).all()
        store.execute(Address.__table__.delete())  # type: ignore[attr-defined]
        now, rows = clock.now(), []
        for person in people:
            said = pushes.subscribe()
            keys = json.dumps(said["keys"])
            rows.append((person, "push", said["endpoint"], keys, now, 0, now))
        columns = ("person_id", "channel", "value", "keys", "opted_in_at", "troubles", "created_at")
        insert_many(store, Address.__table__, columns, rows)  # type: ignore[arg-type]
        store.commit()


def report(name: str, database: Database, pushes: PushService, seats: int) -> None:
    with database.reading() as store:
        steps = store.execute(
            select(Step.seat_id, Step.due_at, Step.taken_at).where(Step.rung == RUNG)
        ).all()
        sent = store.execute(
            select(Notification.seat_id, Notification.decided_at, Notification.sent_at)
        ).all()
    due = steps[0].due_at
    taken = sorted((s.taken_at - s.due_at).total_seconds() for s in steps)
    told = sorted((n.sent_at - due).total_seconds() for n in sent if n.sent_at)
    twice = sum(count - 1 for count in Counter(m.subscription for m in pushes.received).values())
    print(
        f"| {name} | {seats:,} | {_figures(taken)} | {_figures(told)} |"
        f" {seats - len(steps)} / {seats - len(told)} | {len(steps) - seats} / {twice} |",
        flush=True,
    )


def _figures(seconds: list[float]) -> str:
    p99 = seconds[int(len(seconds) * 0.99) - 1]
    return f"{statistics.median(seconds):.2f} · {p99:.2f} · {seconds[-1]:.2f}"


def main(counts: list[int]) -> None:
    print(
        "| database | seats at once | rung taken after, s: median · p99 · last | push accepted after, s | lost: steps / pushes | doubled |"
    )
    print("|---|---|---|---|---|---|")
    for seats in counts:
        measure("SQLite", None, seats)
        server = Server.start(DURABLE)
        try:
            measure("PostgreSQL", server.url(), seats)
        finally:
            server.stop()


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [500, 20_000])
