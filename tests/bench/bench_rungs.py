"""How soon after its instant a rung is taken and its push accepted: a real worker process, a real push service.

500 seats are the normal load (goal: 2 s), 20,000 the worst (goal: 60 s for the last). All seats fall due at the same instant, which is the worst case. Counts what is lost or doubled: both must be 0.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select

from tests.bench import crowd
from tests.bench.command import Counts, Size, bench
from tests.databases import every_table
from tests.postgres import DURABLE, Server
from tests.push_service import PushService
from webapp import clock, migrations
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import Person
from webapp.config import Settings
from webapp.db import Database
from webapp.notify.announcing import announce
from webapp.notify.outbox import Notification
from webapp.protocol.facts.steps import Step

RUNG = "first_check"
SECONDS = {
    "heads_up": "-PT3H", "soon": "-PT2H", "doors_open": "-PT90M", "first_check": "PT0S",
    "second_check": "PT2H", "outreach": "PT3H", "quiet_hours": None,
}  # fmt: skip


def measure(name: str, url: str | None, seats: int, lead: int) -> Counts:
    """One run; prints a line."""
    with tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder, PushService() as pushes:
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
        start = clock.now() + timedelta(seconds=lead, milliseconds=seats)
        crowd.plant(database, seats, start=start, policy=SECONDS)
        subscribe(database, pushes)
        environ = {k: v for k, v in os.environ.items() if not k.startswith("REJOIN_")} | given
        worker = subprocess.Popen(
            [Path(sys.executable).with_name("rejoin"), "worker"],
            env=environ,
            stderr=subprocess.DEVNULL,
        )
        try:
            pushes.wait_for(seats, timeout=lead + 180 + seats / 50)
            threading.Event().wait(2)  # for answers on their way to be written down
        finally:
            worker.terminate()
            worker.wait()
        done = report(name, database, pushes, seats)
        database.dispose()
    return done


def subscribe(database: Database, pushes: PushService) -> None:
    """Every client has a phone instead of an e-mail address."""
    with database.writing() as store:
        clients = store.scalars(select(Person).join(Address).order_by(Address.id)).all()
        store.execute(delete(Address))
        said = [pushes.subscribe() for _ in clients]
        phones = [
            {"person_id": client.id, "value": each["endpoint"], "keys": each["keys"]}
            for client, each in zip(clients, said, strict=True)
        ]
        first = addresses.add(
            store, clients[0], Channel.PUSH, phones[0]["value"], by=None, now=clock.now(),
            keys=phones[0]["keys"],
        )  # fmt: skip
        crowd.copies(store, first, phones[1:])
        store.commit()
    with database.writing() as store:  # of the rungs alone, and not of what was planted
        announce.skip_past_events(store)
        store.commit()


def report(name: str, database: Database, pushes: PushService, seats: int) -> Counts:
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
    found = {
        "rungs taken": len(steps), "pushes accepted": len(told), "pushed twice": twice,
    }  # fmt: skip
    print(
        f"| {name} | {seats:,} | {_figures(taken)} | {_figures(told)} |"
        f" {seats - len(steps)} / {seats - len(told)} | {len(steps) - seats} / {twice} |",
        flush=True,
    )
    return {f"{name}, {seats} seats, {what}": many for what, many in found.items()}


def _figures(seconds: list[float]) -> str:
    p99 = seconds[max(0, int(len(seconds) * 0.99) - 1)]
    return f"{statistics.median(seconds):.2f} · {p99:.2f} · {seconds[-1]:.2f}"


@bench(
    seats=Size(
        (500, 20_000), (5,), "seats that fall due at one instant; may be given several times"
    ),
    lead=Size(15, 4, "seconds for the worker to start and rest before the instant comes"),
)
def main(seats: tuple[int, ...], lead: int) -> Counts:
    every_table()
    print(
        "| database | seats at once | rung taken after, s: median · p99 · last | push accepted after, s | lost: steps / pushes | doubled |"
    )
    print("|---|---|---|---|---|---|")
    done: Counts = {}
    for many in seats:
        done |= measure("SQLite", None, many, lead)
        server = Server.start(DURABLE)
        try:
            done |= measure("PostgreSQL", server.url(), many, lead)
        finally:
            server.stop()
    return done


if __name__ == "__main__":
    main()
