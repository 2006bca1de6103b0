"""The outbox: notifications claimed and finished a second, on both databases, with everything asked again in the claim.

The send does nothing (`claim + finish`), or is a push over TLS to an endpoint
on this machine (`whole way`). One row in four goes to a partner under a consent. Durable commits, audit events included.
"""

import contextlib
import gc
import ssl
import statistics
import tempfile
import time
from collections import Counter
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from tests.bench import crowd
from tests.bench.bench_push import SUBJECT, browsers, text
from tests.bench.command import Counts, Size, bench, progress
from tests.bench.push_endpoint import endpoint, self_signed
from tests.bench.stores import databases
from tests.memory_channel import MemoryChannel
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import Person
from webapp.care.privacy import consents
from webapp.care.privacy.consents import Category
from webapp.care.schedule.sessions import Seat, Session
from webapp.crypto import keys
from webapp.db import Database
from webapp.notify.channels import parcel
from webapp.notify.channels.push.channel import PushChannel
from webapp.notify.channels.push.hosts import PushHosts
from webapp.notify.channels.push.vapid import VapidHeaders
from webapp.notify.delivery.deliver import Courier
from webapp.notify.delivery.leases import Leased, take
from webapp.notify.delivery.parcels import Packer
from webapp.notify.delivery.results import SendResult, record
from webapp.notify.delivery.wording import Wording
from webapp.notify.kinds import NoticeKind
from webapp.notify.outbox import Notification

NOW = crowd.START + timedelta(minutes=5)
BATCH = 256
COUNTED = "counted"


def plant(database: Database, rows: int, port: int) -> None:
    """Clients, each with a seat that began five minutes ago and a phone that takes pushes; partners' consents."""
    crowd.plant(database, rows)
    with database.writing() as store:
        clients = store.scalars(select(Person).join(Seat, Seat.client_id == Person.id)).all()
        devices = [
            {"person_id": client.id, "value": f"https://127.0.0.1:{port}/push/{n}", "keys": keys_of(browser)}
            for n, (client, browser) in enumerate(zip(clients, cycle(browsers(min(rows, 1000)))))
        ]  # fmt: skip
        first = addresses.add(
            store, clients[0], Channel.PUSH, devices[0]["value"], by=None, now=NOW,
            keys=devices[0]["keys"],
        )  # fmt: skip
        first.worked_at = NOW
        crowd.copies(store, first, devices[1:])
        pairs = list(zip(clients, [*clients[1:], clients[0]], strict=True))
        consent = consents.grant(
            store, *pairs[0], Category.REMINDERS, purpose="To get there", signature="Client 0",
            expires_at=NOW + timedelta(days=90), by=clients[0], now=NOW - timedelta(days=9),
        )  # fmt: skip
        signed = [
            {"client_id": mine.id, "client_name": mine.name, "recipient_id": theirs.id, "recipient_name": theirs.name}
            for mine, theirs in pairs[1:]
        ]  # fmt: skip
        crowd.copies(store, consent, signed)
        store.commit()


def keys_of(browser: tuple[bytes, bytes]) -> dict[str, str]:
    point, auth = browser
    return {"p256dh": text(point), "auth": text(auth)}


def fill(database: Database) -> int:
    """A notification for every seat, one in four of them for the client's partner; how many."""
    with database.writing() as store:
        query = (
            select(Seat.id, Seat.client_id, Seat.session_id, Session.starts_at, Session.ends_at)
            .join(Session, Session.id == Seat.session_id)
            .order_by(Seat.id)
        )
        seats = store.execute(query).all()
        devices = select(Address.person_id, Address.id).where(Address.channel == Channel.PUSH)
        phones = {person: address for person, address in store.execute(devices)}  # noqa: C416
        event = (store.scalar(select(func.max(Notification.id))) or 0) + 1
        to_client = Notification(
            channel=Channel.PUSH, kind=NoticeKind.FIRST_CHECK, decided_at=NOW, due_at=NOW, attempts=0
        )  # fmt: skip
        to_partner = Notification(
            channel=Channel.PUSH, kind=NoticeKind.PARTNER_REMINDER, decided_at=NOW, due_at=NOW, attempts=0,
            consent_category=Category.REMINDERS,
        )  # fmt: skip
        told: dict[Notification, list[dict[str, Any]]] = {to_client: [], to_partner: []}
        for n, seat in enumerate(seats):
            like, who = (
                (to_client, seat.client_id)
                if n % 4
                else (to_partner, seats[(n + 1) % len(seats)].client_id)
            )
            told[like].append(
                {
                    "event_id": event + n, "person_id": who, "address_id": phones[who],
                    "client_id": seat.client_id, "seat_id": seat.id, "session_id": seat.session_id,
                    "about_at": seat.starts_at, "not_after": seat.ends_at,
                }
            )  # fmt: skip
        for like, rows in told.items():
            crowd.copies(store, like, rows)
        store.commit()
    if not database.embedded:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "ANALYZE notification"
            )
    return len(seats)


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


def courier(channel: parcel.SendingChannel) -> Courier:
    return Courier(
        {"push": channel}, Packer(Wording("My Day", "https://day.example", ["k" * 64]), "k" * 64)
    )


def measured(work: Any) -> tuple[float, float]:
    """(rows a second, rows a second of this process's processor)."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    return done / (time.perf_counter() - wall), done / (time.process_time() - cpu)


def contenders(
    stack: contextlib.ExitStack, database: Database, push: parcel.SendingChannel
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


def complete(database: Database, count: int) -> int:
    """How many rows were sent. The others wait for another try (an overloaded machine); one that is lost measures nothing."""
    with database.writing() as store:
        fresh = Notification.why.is_distinct_from(COUNTED)
        alive = (Notification.sent_at.is_not(None) | Notification.is_open) & fresh
        found = store.scalar(select(func.count()).select_from(Notification).where(alive))
        assert found == count, f"{count - (found or 0)} of {count} rows were lost"
        gone = select(func.count()).where(Notification.sent_at.is_not(None), fresh)
        sent = store.scalar(gone.select_from(Notification)) or 0
        store.execute(update(Notification).where(Notification.is_open).values(failed_at=NOW))
        store.execute(update(Notification).values(why=COUNTED))
        store.commit()
    return sent


@bench(
    rows=Size(10_000, 16, "notifications in each round"),
    rounds=Size(3, 1, "rounds in turns"),
)
def main(rows: int, rounds: int) -> Counts:
    figures: dict[tuple[str, str], list[tuple[float, float]]] = {}
    done = Counter[str]()
    with tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder:
        cert, key = self_signed(Path(folder))
        with (
            databases(Path(folder)) as both,
            endpoint(cert, key) as service,
            contextlib.ExitStack() as stack,
        ):
            tls = ssl.create_default_context(cafile=str(cert))
            push = PushChannel(
                VapidHeaders(keys.vapid_key(), SUBJECT),
                PushHosts([f"127.0.0.1:{service.port}"]),
                tls=tls,
            )
            works = {}
            for name, database in both.items():
                plant(database, rows, service.port)
                own = PushChannel(push.vapid, push.hosts, tls=tls)
                works[name] = contenders(stack, database, own)
            gc.collect()
            gc.freeze()  # as the worker does
            for _ in progress(range(rounds), "rounds"):
                for name, contest in works.items():
                    for what, work in contest.items():
                        count = fill(both[name])
                        figures.setdefault((name, what), []).append(measured(work))
                        done[f"{name}, {what}"] += complete(both[name], count)
            done["pushes taken by the service"] = service.answered()
    print(f"outbox: {rows:,} rows, batches of {BATCH}, {rounds} rounds in turns, median [min..max]")
    print(f"{'':42}{'rows a second':>26}{'a second of CPU':>18}")
    for (name, what), found in figures.items():
        walls = [wall for wall, _ in found]
        spread = f"{statistics.median(walls):,.0f} [{min(walls):,.0f}..{max(walls):,.0f}]"
        print(
            f"{name + ', ' + what:42}{spread:>26}{statistics.median(c for _, c in found):>18,.0f}"
        )
    return done


if __name__ == "__main__":
    main()
