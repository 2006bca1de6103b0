"""Do known and unknown accounts differ in time? (S12) Wrong passwords for both, taking turns, through the whole application.

Prints medians and the two-sided p of the Mann-Whitney U test (normal approximation with
ties): far above 0.01, nobody learns who has an account. The rate limits are out of the way: every try comes under a name and an
address of its own, half of the names known. Beside it the cost of the parts: a hash, a look-up, a page.
"""

import logging
import math
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from tests.bench.command import Counts, Size, bench, progress
from tests.bench.stores import databases
from tests.databases import every_table
from tests.visiting import Visit
from webapp import clock, create_app
from webapp.care.accounts import passwords
from webapp.care.directory import people, programs
from webapp.config import Settings
from webapp.db import Database

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
WRONG = "these are not the words"


def plant(database: Database, count: int) -> None:
    """So many people with a password; hashing it once is enough."""
    with database.writing() as store:
        program = programs.create(store, "Bench", ref="bench", time_zone="UTC", now=NOW)
        first = None
        for n in range(count):
            person, _ = people.put(
                store, program, f"p{n}", kind="client", name=f"Somebody {n}", time_zone="UTC",
                email=f"known{n:05}@example.org", by=None, now=NOW,
            )  # fmt: skip
            if first is None:
                passwords.set_password(store, person, "three quiet blue boats", by=person, now=NOW)
                first = person.password_hash
            person.password_hash = first
        store.commit()


def attempt(app: Flask, email: str, n: int) -> float:
    """Milliseconds of one try, from its own address."""
    visitor = Visit(app)
    visitor.client.environ_base["REMOTE_ADDR"] = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
    visitor.csrf_token()
    headers = {"X-CSRFToken": visitor.csrf_token(), "Sec-Fetch-Site": "same-origin"}
    form = {"email": email, "password": WRONG}
    begun = time.perf_counter()
    answer = visitor.client.post("/sign-in", data=form, headers=headers)
    took = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 422, answer.status_code
    return took


def mann_whitney(a: list[float], b: list[float]) -> float:
    """Two-sided p by the normal approximation, with the correction for ties."""
    pooled = sorted([(value, 0) for value in a] + [(value, 1) for value in b])
    ranks, ties, place = 0.0, 0.0, 0
    while place < len(pooled):
        end = place
        while end < len(pooled) and pooled[end][0] == pooled[place][0]:
            end += 1
        same = end - place
        ranks += (place + 1 + end) / 2 * sum(1 for _, side in pooled[place:end] if side == 0)
        ties += same**3 - same
        place = end
    n, m = len(a), len(b)
    u = ranks - n * (n + 1) / 2
    spread = math.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    z = (abs(u - n * m / 2) - 0.5) / spread
    return math.erfc(z / math.sqrt(2))


def measure(name: str, database: Database, count: int, warm: int, folder: Path) -> int:
    """Prints a line; returns how many tries were refused (all: anything else raises AssertionError)."""
    plant(database, count)
    settings = Settings.load({}, folder / f"instance-{name}")
    app = create_app(settings, database)
    logging.getLogger("webapp").setLevel(logging.CRITICAL)
    for n in range(warm):
        attempt(app, f"warm{n}@example.org", 10_000_000 + n)
    known, unknown = [], []
    for n in progress(range(count), name):
        pair = [(known, f"known{n:05}@example.org"), (unknown, f"nobody{n:04}@example.org")]
        for turn, (into, email) in enumerate(pair if n % 2 else reversed(pair)):
            into.append(attempt(app, email, 2 * n + turn))
    p = mann_whitney(known, unknown)
    middle = [statistics.median(each) for each in (known, unknown)]
    print(f"{name:12}{count:>6}{middle[0]:>10.1f}{middle[1]:>10.1f}{p:>10.3f}")
    return len(known) + len(unknown)


@bench(
    tries=Size(200, 1, "tries at known accounts, and as many at unknown ones"),
    warm=Size(10, 0, "tries before that are not counted"),
)
def main(tries: int, warm: int) -> Counts:
    every_table()
    done = {}
    with clock.running_from(NOW), tempfile.TemporaryDirectory(prefix="rejoin-bench-") as made:
        folder = Path(made)
        print("\nA wrong password, known against unknown accounts (ms, median)")
        print(f"{'':12}{'n':>6}{'known':>10}{'unknown':>10}{'p':>10}")
        with databases(folder) as each:
            for name, database in each.items():
                done[f"{name}, refused"] = measure(name, database, tries, warm, folder)
    return done


if __name__ == "__main__":
    main()
