"""Measures two hundred clients who want fifty places at the same moment, from two processes (R9). Beside it the same race
written the plain way: BEGIN, count the seats, insert the next one, COMMIT, and again when the database complains (A B A B).

Each process has been up for a while: its connections are open and its statements compiled, and as many threads as it has
connections take the bookers in turn. So what is measured is booking, not connecting.

Ours also locks, checks the clients' calendars, writes make-up, slots and audit events, and reads the next best offer for each
client who comes too late. Commits are durable.
"""

import multiprocessing
import statistics
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import joinedload

from tests.bench.command import Counts, Size, bench, progress
from tests.bench.stores import databases
from tests.databases import every_table, opened
from webapp.care.directory import people, programs
from webapp.care.directory.people import Kind
from webapp.care.make_ups import bookings, offers
from webapp.care.schedule import planning
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database
from webapp.refusals import Full

PROCESSES, THREADS = 2, 8
NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Booking = Callable[[Database, int, int], str]
"""(database, missed seat, session) → the outcome in words."""


def plant(
    database: Database, bookers: int, places: int, rounds: int
) -> tuple[list[int], list[tuple[int, int]]]:
    """Sessions that all bookers missed, and for each round two sessions to race for, for ours and for the plain way; besides, one
    with places for everybody. Returns the missed seats, and the pairs of sessions."""
    with database.writing() as store:
        program = programs.create(store, "Bench", ref="bench", time_zone="UTC", now=NOW - 9 * DAY)

        def person(ref: str, kind: str) -> Any:
            return people.put(
                store, program, ref, kind=kind, name=ref, time_zone="UTC", by=None, now=NOW
            )[0]

        host = person("host", Kind.STAFF)
        clients = [person(f"c{n}", Kind.CLIENT) for n in range(bookers)]

        def session(ref: str, at: datetime, capacity: int, seats: list[Any]) -> Session:
            made, _ = planning.put(
                store, program.id, ref, kind="group", title=ref, starts_at=at, ends_at=at + DAY / 24,
                time_zone="UTC", host=host, capacity=capacity, makes_up=["group"], seats=seats,
                by=None, now=NOW - 9 * DAY,
            )  # fmt: skip
            return made

        missed = [
            session(f"missed-{n}", NOW - DAY * (n + 1), bookers, clients) for n in range(rounds)
        ]
        session("elsewhere", NOW + 10 * DAY, bookers, [])
        hours = [NOW + DAY + DAY / 24 * n for n in range(2 * rounds)]
        pairs = [
            (session(f"ours-{n}", hours[2 * n], places, []).id,
             session(f"plain-{n}", hours[2 * n + 1], places, []).id)
            for n in range(rounds)
        ]  # fmt: skip
        store.flush()
        seats = [seat.id for made in missed for seat in planning.taken(store, made)]
        store.commit()
    return seats, pairs


def ours(database: Database, seat_id: int, session_id: int) -> str:
    try:
        with database.writing() as store:
            seat = store.get_one(Seat, seat_id, options=[joinedload(Seat.client)])
            session = store.get_one(Session, session_id)
            bookings.book(store, seat, session, by=seat.client, now=NOW)
            store.commit()
    except Full as refusal:
        return "told the next best" if refusal.next_best else "full"
    except Exception as trouble:
        return type(trouble).__name__
    return "booked"


COUNT = text("SELECT count(*) FROM seat WHERE session_id = :session AND released_at IS NULL")
INSERT = text(
    "INSERT INTO seat (session_id, capacity, client_id, number, given_at) "
    "SELECT :session, :places, client_id, :number, given_at FROM seat WHERE id = :seat"
)


def plain(places: int, database: Database, seat_id: int, session_id: int) -> str:
    """As one would write it first. Every complaint of the database is counted."""
    complaints = 0
    while True:
        with database.engine.connect() as connection:
            try:
                taken = connection.execute(COUNT, {"session": session_id}).scalar_one()
                if taken >= places:
                    return f"full {complaints}"
                values = {
                    "session": session_id,
                    "places": places,
                    "number": taken + 1,
                    "seat": seat_id,
                }
                connection.execute(INSERT, values)
                connection.commit()
            except Exception:
                complaints += 1
                continue
            return f"booked {complaints}"


def warm(database: Database) -> None:
    """Connect, and compile the statements: a booking and a refusal that are not kept."""
    for each in [database.engine.connect() for _ in range(THREADS)]:
        each.close()
    with database.writing() as store:
        missed = select(Seat).join(Session).where(Session.ref.startswith("missed-"))
        seat = store.scalars(missed.order_by(Seat.id.desc()).limit(1)).one()
        free = store.scalars(select(Session).where(Session.ref == "elsewhere")).one()
        bookings.book(store, seat, free, by=seat.client, now=NOW)
        offers.find(store, seat, NOW)


def race(url: str, booking: Booking, jobs: list[tuple[int, int]], gate: Any, results: Any) -> None:
    """One process: its threads take the bookers in turn, all let go together; puts how long it took and the outcomes."""
    database = opened(url)
    done: list[str] = []
    begin, left = threading.Barrier(THREADS + 1), deque(jobs)

    def run() -> None:
        begin.wait()
        with suppress(IndexError):
            while job := left.popleft():
                done.append(booking(database, *job))

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    warm(database)
    gate.wait()
    begun = time.perf_counter()
    begin.wait()
    for thread in threads:
        thread.join()
    results.put((time.perf_counter() - begun, Counter(done)))
    database.dispose()


def once(
    database: Database, booking: Booking, jobs: list[tuple[int, int]]
) -> tuple[float, Counter[str]]:
    """The race of all bookers in `PROCESSES` processes: seconds of the slower one, and the outcomes."""
    fork = multiprocessing.get_context("fork")
    gate, results = fork.Barrier(PROCESSES), fork.Queue()
    url = database.url.render_as_string(hide_password=False)
    database.dispose()
    runners = [
        fork.Process(target=race, args=(url, booking, jobs[n::PROCESSES], gate, results))
        for n in range(PROCESSES)
    ]
    for runner in runners:
        runner.start()
    measured = [results.get() for _ in runners]
    for runner in runners:
        runner.join()
    return max(seconds for seconds, _ in measured), sum((c for _, c in measured), Counter())


def measure(name: str, database: Database, bookers: int, places: int, rounds: int) -> Counter[str]:
    """Prints a line; returns the outcomes of all rounds of ours."""
    seats, pairs = plant(database, bookers, places, rounds)
    taken: list[tuple[float, float]] = []
    mine: Counter[str] = Counter()
    complaints = 0
    for turn, (own, other) in enumerate(progress(pairs, "rounds")):
        missed = seats[turn * bookers : (turn + 1) * bookers]
        a, theirs = once(database, partial(plain, places), [(seat, other) for seat in missed])
        b, outcomes = once(database, ours, [(seat, own) for seat in missed])
        taken.append((a, b))
        mine += outcomes
        complaints += sum(int(word.split()[1]) * many for word, many in theirs.items())
    a, b = (statistics.median(column) for column in zip(*taken, strict=True))
    words = " · ".join(f"{many / rounds:g} {word}" for word, many in mine.most_common())
    spread = f"{min(b for _, b in taken):.2f} to {max(b for _, b in taken):.2f}"
    print(f"{name:12}{a:>9.2f}{complaints / rounds:>12,.0f}{b:>9.2f}   {spread:14}  {words}")
    return mine


@bench(
    bookers=Size(200, 6, "clients who want a place"),
    places=Size(50, 2, "places they want"),
    rounds=Size(4, 1, "rounds in turns"),
)
def main(bookers: int, places: int, rounds: int) -> Counts:
    every_table()
    print(
        f"\nBooking race, {bookers} bookers, {places} places, {PROCESSES} processes, {rounds} rounds (seconds, median)"
    )
    print(
        f"{'':12}{'plain':>9}{'complaints':>12}{'ours':>9}   {'spread':14}  a round of ours came to"
    )
    counts: Counts = {}
    with (
        tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder,
        databases(Path(folder)) as made,
    ):
        for name, database in made.items():
            outcomes = measure(name, database, bookers, places, rounds)
            counts |= {f"{name}, {words}": many for words, many in outcomes.items()}
    return counts


if __name__ == "__main__":
    main()
