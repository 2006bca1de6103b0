"""Presence events a second through `POST /presence`, in batches of 100, beside a bare bulk insert of the same rows (A B A B).

Both commit durably, a batch a transaction. Ours checks the token, reads and judges
every item, keeps the evidence, chains an audit event each, and wakes the seats.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select

from tests.bench.command import Counts, Size, bench, progress
from tests.bench.stores import databases
from tests.databases import every_table
from webapp import create_app
from webapp.bulk import insert_many
from webapp.care.accounts import api_tokens
from webapp.care.attendance.presence import Presence
from webapp.care.directory import people, programs
from webapp.care.schedule import planning
from webapp.config import Settings
from webapp.db import Database

BATCH = 100
START = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
COLUMNS = ("session_id", "person_id", "type", "at", "source", "source_id", "recorded_at")
Batch = list[dict[str, Any]]


def plant(database: Database, places: int, each: int) -> tuple[str, dict[str, int], dict[str, int]]:
    """One program with `places` rooms of `each` clients; returns a token, and the numbers of rooms and clients by reference."""
    with database.writing() as store:
        program = programs.create(store, "Bench", ref="bench", time_zone="UTC", now=START)
        made: dict[str, Any] = {
            ref: people.put(store, program, ref, kind=kind, name=ref, time_zone="UTC", by=None, now=START)[0]
            for ref, kind in [("host", "staff"), *((f"c{n}", "client") for n in range(each))]
        }  # fmt: skip
        clients = [made[f"c{n}"] for n in range(each)]
        rooms = {
            f"r{n}": planning.put(
                store, program.id, f"r{n}", kind="group", title="Group", starts_at=START,
                ends_at=START + timedelta(hours=3), time_zone="UTC", host=made["host"],
                capacity=each, seats=clients, by=None, now=START,
            )[0].id
            for n in range(places)
        }  # fmt: skip
        token = api_tokens.create_token(store, program, "bench", ["presence"], by=None, now=START)
        store.commit()
    return token, rooms, {client.ref: client.id for client in clients}


def events(count: int, name: str, rooms: int, people: int) -> list[Batch]:
    """`count` new pieces of evidence, as a platform brings them: mixed over rooms and people."""
    made = [
        {
            "id": f"{name}-{n}", "session": f"r{n % rooms}", "person": f"c{n // rooms % people}",
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


def kept(database: Database) -> int:
    """How much evidence there is; thrown away afterwards."""
    with database.writing() as store:
        found = store.scalar(select(func.count()).select_from(Presence)) or 0
        store.execute(delete(Presence))
        store.commit()
    return found


def measure(
    database: Database, settings: Settings, rounds: int, count: int, rooms: int, people: int
) -> tuple[list[tuple[float, float]], int]:
    """Pairs of (bare, ours), events a second; and how many events ours has kept."""
    token, places, who = plant(database, rooms, people)
    client = create_app(settings, database).test_client()
    ours(client, events(min(count, BATCH * 3), "warm", rooms, people), token)
    kept(database)
    found, stored = [], 0
    for turn in progress(range(rounds), "rounds"):
        left, right = (events(count, f"{way}{turn}", rooms, people) for way in ("bare", "ours"))
        a = rate(lambda left=left: bare(database, left, places, who), count)  # type: ignore[misc]
        kept(database)
        b = rate(lambda right=right: ours(client, right, token), count)  # type: ignore[misc]
        stored += kept(database)
        found.append((a, b))
    return found, stored


@bench(
    events=Size(10_000, 20, "events in a round"),
    rounds=Size(4, 1, "rounds in turns"),
    rooms=Size(20, 2, "rooms"),
    people=Size(25, 3, "clients, all in every room"),
)
def main(events: int, rounds: int, rooms: int, people: int) -> Counts:
    every_table()
    print(
        f"\nPresence ingest, {events:,} events in batches of {BATCH}, {rounds} rounds (events a second, median)"
    )
    print(f"{'':12}{'bare insert':>14}{'POST /presence':>16}{'ratio':>8}   spread of ours")
    done = {}
    with tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder:
        settings = Settings.load({}, Path(folder) / "instance").model_copy(
            update={"log_format": "json"}
        )
        with databases(Path(folder)) as made:
            for name, database in made.items():
                pairs, stored = measure(database, settings, rounds, events, rooms, people)
                a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
                ratio = statistics.median(one / other for other, one in pairs)
                spread = f"{min(b for _, b in pairs):,.0f} to {max(b for _, b in pairs):,.0f}"
                print(f"{name:12}{a:>14,.0f}{b:>16,.0f}{ratio:>8.2f}   {spread}")
                done[f"{name}, events kept"] = stored
    return done


if __name__ == "__main__":
    main()
