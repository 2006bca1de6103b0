"""Absence reports a second through `POST /seats/<id>/absence`, beside one bare durable commit on the same store (A B A B).

Ours signs in, checks the token, keeps the report, chains its event, wakes the
client's seats and commits durably. First one writer: answered in a word, as a phone sends what waited, and with the page's thanks
and the times that fit, which are read after the commit. Then many connections at once, in a word, to several web processes.
"""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from tests.bench.askers import ask, await_answer
from tests.bench.command import Counts, Size, bench
from tests.bench.house_of_pages import command_for, environment_for
from tests.bench.stores import databases
from tests.databases import every_table
from tests.faults.processes import free_port
from tests.visiting import Visit
from webapp import clock, create_app
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.directory import people, programs
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule import planning
from webapp.config import Settings
from webapp.db import Database

DAY = timedelta(days=1)
WARM = 3
"""Reports of each kind before the clock runs."""
IN_A_WORD = {"Accept": "application/json"}
Seats = dict[int, list[int]]


def plant(database: Database, writers: int, each: int) -> Seats:
    """So many clients with `each` seats in sessions to come; returns the seats by client."""
    now = clock.now()
    with database.writing() as store:
        program = programs.create(store, "Bench", ref="bench", time_zone="UTC", now=now - 9 * DAY)

        def person(ref: str, kind: str) -> Person:
            return people.put(
                store, program, ref, kind=kind, name=ref, time_zone="UTC", by=None, now=now
            )[0]

        host = person("host", Kind.STAFF)
        clients = [person(f"c{n}", Kind.CLIENT) for n in range(writers)]
        rooms = [
            planning.put(
                store, program.id, f"r{n}", kind="group", title="Group", starts_at=now + DAY / 4 * (n + 5),
                ends_at=now + DAY / 4 * (n + 5.2), time_zone="UTC", host=host, capacity=writers,
                seats=clients, by=None, now=now,
            )[0]
            for n in range(each)
        ]  # fmt: skip
        store.flush()
        seats: Seats = {client.id: [] for client in clients}
        for room in rooms:
            for seat in planning.taken(store, room):
                seats[seat.client_id].append(seat.id)
        store.commit()
    return seats


def bare(database: Database, count: int) -> None:
    """One row, one durable commit, again and again."""
    for _ in range(count):
        with database.writing() as store:
            store.execute(text("INSERT INTO bench_commit (at) VALUES (1)"))
            store.commit()


def timed(work: Callable[[int], None], count: int) -> float:
    """Milliseconds each."""
    begun = time.perf_counter()
    work(count)
    return (time.perf_counter() - begun) / count * 1000


def one_writer(
    database: Database, settings: Settings, seats: Seats, rounds: int, count: int
) -> list[tuple[float, float, float]]:
    """Rounds of (bare, ours in a word, ours with the page's thanks), ms each."""
    app = create_app(settings, database)
    client, mine = next(iter(seats.items()))
    visitor = Visit(app, client)
    token = visitor.csrf_token()

    def report(many: int, **more: str) -> None:
        for _ in range(many):
            answer = visitor.client.post(
                f"/seats/{mine.pop()}/absence", data={"reason": "work"},
                headers=more | {"X-CSRFToken": token, "Sec-Fetch-Site": "same-origin"},
            )  # fmt: skip
            assert answer.status_code == 200, answer.text

    with database.writing() as store:
        store.execute(text("CREATE TABLE IF NOT EXISTS bench_commit (at INTEGER)"))
        store.commit()
    works: list[Callable[[int], None]] = [
        lambda many: bare(database, many),
        lambda many: report(many, **IN_A_WORD),
        lambda many: report(many, **{"HX-Request": "true"}),
    ]
    for work in works:
        work(WARM)
    return [tuple(timed(work, count) for work in works) for _ in range(rounds)]  # type: ignore[misc]


def questions(app: Any, client: int, seats: list[int]) -> Iterator[bytes]:
    """A client's reports, as a phone sends what waited."""
    visitor = Visit(app, client)
    cookie = visitor.client.get_cookie(app.config["LOGIN_COOKIE"])
    assert cookie
    body = b"reason=work"
    head = (
        f"HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie.key}={cookie.value}\r\nX-CSRFToken: {visitor.csrf_token()}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nAccept: {IN_A_WORD['Accept']}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )  # fmt: skip
    return iter([f"POST /seats/{seat}/absence {head}".encode() + body for seat in seats])


def many_writers(
    database: Database, settings: Settings, seats: Seats, processes: int, folder: Path
) -> Any:
    """The rest of the seats at once, to so many web processes."""
    port = free_port()
    app = create_app(settings, database)
    asked = [questions(app, client, mine) for client, mine in seats.items()]
    with ExitStack() as stack:
        log = stack.enter_context((folder / "served").open("w"))
        running = subprocess.Popen(
            command_for("ours", port, processes),
            env=environment_for(database, settings), stdout=log, stderr=log,
        )  # fmt: skip
        stack.callback(running.wait)
        stack.callback(running.terminate)
        await_answer(port)
        ask(port, [iter([next(each)]) for each in asked])
        return ask(port, asked)


def reported(database: Database) -> int:
    with database.reading() as store:
        return store.scalar(select(func.count()).select_from(AbsenceReport)) or 0


@bench(
    reports=Size(40, 1, "reports of each kind in a round by one writer"),
    rounds=Size(4, 1, "rounds in turns"),
    writers=Size(32, 2, "writers at once"),
    processes=Size(2, 1, "web processes that they write to"),
)
def main(reports: int, rounds: int, writers: int, processes: int) -> Counts:
    every_table()
    print(
        f"\nAbsence reports, {rounds} rounds of {reports} by one writer; then {writers} writers at once"
    )
    print(
        f"{'':12}{'bare commit':>13}{'report':>12}{'times':>7}{'with thanks':>14}{f'a second, {writers} writers':>24}{'p99':>9}"
    )
    done = {}
    with (
        tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder,
        databases(Path(folder)) as made,
    ):
        for name, database in made.items():
            instance = Path(folder) / name
            settings = Settings.load({}, instance).model_copy(update={"log_format": "json"})
            seats = plant(database, writers, 2 * (rounds * reports + WARM) + 4)
            pairs = one_writer(database, settings, seats, rounds, reports)
            done[f"{name}, reported by one writer"] = alone = reported(database)
            a, b, c = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(one / other for other, one, _ in pairs)
            tally = many_writers(database, settings, seats, processes, Path(folder))
            done[f"{name}, reported by {writers} writers"] = reported(database) - alone
            done[f"{name}, refused"] = tally.refused
            print(
                f"{name:12}{a:>10.2f} ms{b:>9.2f} ms{ratio:>7.1f}{c:>11.2f} ms{tally.rate:>24,.0f}{tally.p99 * 1000:>6.0f} ms"
                + (f"   {tally.refused} refused" if tally.refused else "")
            )
    return done


if __name__ == "__main__":
    main()
