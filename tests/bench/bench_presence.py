"""Presence events a second through `POST /presence`, in batches of 100, beside a bare bulk insert of the same rows (A B A B).

`python -m tests.bench.bench_presence [EVENTS]`. Both commit durably, a batch a transaction. Ours checks the token, reads and judges
every item, keeps the evidence, chains an audit event each, and wakes the seats.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete

from tests.bench.bench_outbox import databases
from tests.databases import every_table
from webapp import create_app
from webapp.bulk import insert_many
from webapp.care.accounts import api_tokens
from webapp.care.attendance.presence import Presence
from webapp.care.directory import people, programs
from webapp.care.schedule import planning
from webapp.config import Settings
from webapp.db import Database

ROUNDS, BATCH, ROOMS, SEATS = 4, 100, 20, 25
START = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
COLUMNS = ("session_id", "person_id", "type", "at", "source", "source_id", "recorded_at")
Batch = list[dict[str, Any]]


def plant(database: Database) -> tuple[str, dict[str, int], dict[str, int]]:
    """One program with rooms full of clients; answers a token, and the numbers of rooms and clients by reference."""
    with database.writing() as store:
        program = programs.create(store, "Bench", ref="bench", time_zone="UTC", now=START)
        made: dict[str, Any] = {
            ref: people.put(store, program, ref, kind=kind, name=ref, time_zone="UTC", by=None, now=START)[0]
            for ref, kind in [("host", "staff"), *((f"c{n}", "client") for n in range(SEATS))]
        }  # fmt: skip
        clients = [made[f"c{n}"] for n in range(SEATS)]
        rooms = {
            f"r{n}": planning.put(
                store, program.id, f"r{n}", kind="group", title="Group", starts_at=START,
                ends_at=START + timedelta(hours=3), time_zone="UTC", host=made["host"],
                capacity=SEATS, seats=clients, by=None, now=START,
            )[0].id
            for n in range(ROOMS)
        }  # fmt: skip
        token = api_tokens.create_token(store, program, "bench", ["presence"], by=None, now=START)
        store.commit()
    return token, rooms, {client.ref: client.id for client in clients}


def events(count: int, name: str) -> list[Batch]:
    """`count` new pieces of evidence, as a platform brings them: mixed over rooms and people."""
    made = [
        {
            "id": f"{name}-{n}", "session": f"r{n % ROOMS}", "person": f"c{n // ROOMS % SEATS}",
            "type": "left" if n % 2 else "joined",
            "at": (START + timedelta(seconds=n % 9000)).isoformat(), "source": "bench",
        }
        for n in range(count)
    ]  # fmt: skip
    return [made[at : at + BATCH] for at in range(0, count, BATCH)]


def bare(
    database: Database, batches: list[Batch], rooms: dict[str, int], who: dict[str, int]
) -> None:
    """The driver's own way: executemany or COPY, and a commit a batch."""
    for batch in batches:
        rows = [
            (rooms[e["session"]], who[e["person"]], e["type"], datetime.fromisoformat(e["at"]),
             e["source"], e["id"], START)
            for e in batch
        ]  # fmt: skip
        with database.writing() as store:
            insert_many(store, Presence.__table__, COLUMNS, rows)  # type: ignore[arg-type]
            store.commit()


def ours(client: Any, batches: list[Batch], token: str) -> None:
    for batch in batches:
        answer = client.post(
            "/api/v1/presence", json={"events": batch}, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.text.count('"stored"') == len(batch), answer.text


def rate(work: Callable[[], None], count: int) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def measure(database: Database, settings: Settings, count: int) -> list[tuple[float, float]]:
    """Pairs of (bare, ours), events a second."""
    token, rooms, who = plant(database)
    client = create_app(settings, database).test_client()
    ours(client, events(BATCH * 3, "warm"), token)
    found = []
    for turn in range(ROUNDS):
        left, right = events(count, f"bare{turn}"), events(count, f"ours{turn}")
        a = rate(lambda left=left: bare(database, left, rooms, who), count)  # type: ignore[misc]
        b = rate(lambda right=right: ours(client, right, token), count)  # type: ignore[misc]
        found.append((a, b))
        with database.writing() as store:
            store.execute(delete(Presence))
            store.commit()
    return found


def main(count: int = 10_000) -> None:
    every_table()
    print(
        f"\nPresence ingest, {count:,} events in batches of {BATCH}, {ROUNDS} rounds (events a second, median)"
    )
    print(f"{'':12}{'bare insert':>14}{'POST /presence':>16}{'ratio':>8}   spread of ours")
    with tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder:
        settings = Settings.load({}, Path(folder) / "instance").model_copy(
            update={"log_format": "json"}
        )
        with databases(Path(folder)) as made:
            for name, database in made.items():
                pairs = measure(database, settings, count)
                a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
                ratio = statistics.median(one / other for other, one in pairs)
                spread = f"{min(b for _, b in pairs):,.0f} to {max(b for _, b in pairs):,.0f}"
                print(f"{name:12}{a:>14,.0f}{b:>16,.0f}{ratio:>8.2f}   {spread}")


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:2]))
