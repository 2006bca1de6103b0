"""The outbox: notifications claimed and finished a second, on both databases, with everything asked again in the claim.

`python -m tests.bench.bench_outbox [ROWS]`. The send does nothing (`claim + finish`), or is a push over TLS to an endpoint
on this machine (`whole way`). One row in four goes to a partner under a consent. Durable commits, audit events included.
"""

import contextlib
import gc
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from tests.bench import crowd
from tests.bench.bench_push import SUBJECT, browsers, text
from tests.bench.push_endpoint import endpoint, self_signed
from tests.databases import lay_schema, opened
from tests.memory_channel import MemoryChannel
from tests.postgres import DURABLE, Server
from webapp.bulk import insert_many
from webapp.care.contact.addresses import Address
from webapp.care.privacy.consents import Consent
from webapp.care.schedule.sessions import Seat, Session
from webapp.crypto import keys
from webapp.db import Database
from webapp.notify.channels.parcel import SendingChannel
from webapp.notify.channels.push.channel import PushChannel
from webapp.notify.channels.push.hosts import PushHosts
from webapp.notify.channels.push.vapid import VapidHeaders
from webapp.notify.delivery.deliver import Courier
from webapp.notify.delivery.leases import Leased, take
from webapp.notify.delivery.parcels import Packer
from webapp.notify.delivery.results import SendResult, record
from webapp.notify.delivery.wording import Wording
from webapp.notify.outbox import NewNotification, Notification, insert_new

NOW = crowd.START + timedelta(minutes=5)
ROUNDS = 3
BATCH = 256
COUNTED = "counted"


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[dict[str, Database]]:
    """Both engines, empty, committing durably."""
    server = Server.start(DURABLE)
    made = {
        "sqlite": opened(f"sqlite:///{folder / 'bench.db'}"),
        "postgresql": opened(server.url()),
    }
    try:
        for database in made.values():
            lay_schema(database)
        yield made
    finally:
        for database in made.values():
            database.dispose()
        server.stop()


def plant(database: Database, rows: int, port: int) -> None:
    """Clients, each with a seat that began five minutes ago and a phone that takes pushes; partners' consents."""
    crowd.plant(database, rows)
    with database.writing() as store:
        seats = store.execute(select(Seat.id, Seat.client_id).order_by(Seat.id)).all()
        devices = iter(browsers(min(rows, 1000)) * (rows // 1000 + 1))
        told = [
            (client, "push", f"https://127.0.0.1:{port}/push/{seat}", keys_of(next(devices)), NOW, 0, NOW, NOW)
            for seat, client in seats
        ]  # fmt: skip
        columns = (
            "person_id",
            "channel",
            "value",
            "keys",
            "opted_in_at",
            "troubles",
            "worked_at",
            "created_at",
        )
        insert_many(store, Address.__table__, columns, told)  # type: ignore[arg-type]
        clients = [client for _, client in seats]
        signed = [
            (
                mine,
                theirs,
                "reminders",
                *["x"] * 5,
                NOW - timedelta(days=9),
                NOW + timedelta(days=90),
            )
            for mine, theirs in zip(clients, clients[1:] + clients[:1], strict=True)
        ]
        columns = (
            "client_id", "recipient_id", "category", "discloser", "description", "purpose",
            "right_to_revoke", "signature", "signed_at", "expires_at",
        )  # fmt: skip
        insert_many(store, Consent.__table__, columns, signed)  # type: ignore[arg-type]
        store.commit()


def keys_of(browser: tuple[bytes, bytes]) -> str:
    point, auth = browser
    return f'{{"p256dh": "{text(point)}", "auth": "{text(auth)}"}}'


def fill(database: Database) -> int:
    """A notification for every seat; how many."""
    with database.writing() as store:
        seats = store.execute(
            select(Seat.id, Seat.client_id, Seat.session_id, Session.starts_at, Session.ends_at)
            .join(Session, Session.id == Seat.session_id)
            .order_by(Seat.id)
        ).all()
        devices = select(Address.person_id, Address.id).where(Address.channel == "push")
        phones = {person: address for person, address in store.execute(devices)}  # noqa: C416
        first = (store.scalar(select(func.max(Notification.id))) or 0) + 1
        rows = [
            row(
                first + n,
                seat,
                seats[(n + 1) % len(seats)].client_id if n % 4 == 0 else None,
                phones,
            )
            for n, seat in enumerate(seats)
        ]
        insert_new(store, rows)
        store.commit()
    if not database.embedded:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "ANALYZE notification"
            )
    return len(rows)


def row(event: int, seat: Any, partner: int | None, phones: dict[int, int]) -> NewNotification:
    who, kind, consent = (
        (partner, "partner_reminder", "reminders")
        if partner
        else (seat.client_id, "first_check", None)
    )
    return NewNotification(
        event_id=event, person_id=who, channel="push", address_id=phones[who], kind=kind,
        decided_at=NOW, due_at=NOW, not_after=seat.ends_at, client_id=seat.client_id,
        seat_id=seat.id, session_id=seat.session_id, consent_category=consent,
        about_at=seat.starts_at,
    )  # fmt: skip


def claim_and_finish(database: Database) -> int:
    """Finish and claim in one transaction, until nothing is left, as the courier does; nothing is sent."""
    done, leased = 0, list[Leased]()
    while True:
        with database.writing() as store:
            record(store, [SendResult(each) for each in leased], NOW)
            done += len(leased)
            leased = take(store, NOW, BATCH).to_send
            store.commit()
        if not leased:
            return done


def courier(channel: SendingChannel) -> Courier:
    return Courier(
        {"push": channel}, Packer(Wording("My Day", "https://day.example", ["k" * 64]), "k" * 64)
    )


def measured(work: Any) -> tuple[float, float]:
    """(rows a second, rows a second of this process's processor)."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    return done / (time.perf_counter() - wall), done / (time.process_time() - cpu)


def contenders(
    stack: contextlib.ExitStack, database: Database, push: SendingChannel
) -> dict[str, Any]:
    """Name → work on the rows that lie in the database."""
    silent, aloud = courier(MemoryChannel()), courier(push)
    stack.callback(silent.close)
    stack.callback(aloud.close)
    return {
        "claim + finish": lambda: claim_and_finish(database),
        "courier, no-op send": lambda: silent.deliver(database, NOW, seconds=None),
        "whole way, push over TLS": lambda: aloud.deliver(database, NOW, seconds=None),
    }


def main(rows: int = 10_000) -> None:
    """Print the table."""
    figures: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        cert, key = self_signed(Path(folder))
        with (
            databases(Path(folder)) as both,
            endpoint(cert, key) as port,
            contextlib.ExitStack() as stack,
        ):
            tls = ssl.create_default_context(cafile=str(cert))
            push = PushChannel(
                VapidHeaders(keys.vapid_key(), SUBJECT), PushHosts([f"127.0.0.1:{port}"]), tls=tls
            )
            works = {}
            for name, database in both.items():
                plant(database, rows, port)
                own = PushChannel(push.vapid, push.hosts, tls=tls)
                works[name] = contenders(stack, database, own)
            gc.collect()
            gc.freeze()  # as the worker does
            for _ in range(ROUNDS):
                for name, contest in works.items():
                    for what, work in contest.items():
                        count = fill(both[name])
                        figures.setdefault((name, what), []).append(measured(work))
                        complete(both[name], count)
    print(f"outbox: {rows:,} rows, batches of {BATCH}, {ROUNDS} rounds in turns, median [min..max]")
    print(f"{'':42}{'rows a second':>26}{'a second of CPU':>18}")
    for (name, what), rounds in figures.items():
        walls = [wall for wall, _ in rounds]
        spread = f"{statistics.median(walls):,.0f} [{min(walls):,.0f}..{max(walls):,.0f}]"
        print(
            f"{name + ', ' + what:42}{spread:>26}{statistics.median(c for _, c in rounds):>18,.0f}"
        )


def complete(database: Database, count: int) -> None:
    """Every row was sent, or waits for another try (an overloaded machine); one that is lost measures nothing."""
    with database.writing() as store:
        fresh = Notification.why.is_distinct_from(COUNTED)
        alive = (Notification.sent_at.is_not(None) | Notification.is_open) & fresh
        found = store.scalar(select(func.count()).select_from(Notification).where(alive))
        assert found == count, f"{count - (found or 0)} of {count} rows were lost"
        store.execute(update(Notification).where(Notification.is_open).values(failed_at=NOW))
        store.execute(update(Notification).values(why=COUNTED))
        store.commit()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
