"""The sweep: many seats due at the same minute → facts, steps, chained events, notifications, the next look; exactly once.

Beside it in the same rounds: the same rows
written in the usual ways, without facts, rules or chain. Read the ratios: the machine is shared. Durable commits throughout;
every variant runs in a process of its own.
"""

import multiprocessing
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import crowd, sweeping
from tests.bench.command import Counts, Size, bench, progress
from tests.databases import lay_schema, opened
from tests.postgres import DURABLE, Server

FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["tests.bench.ready"])


def alone(work: Any, *args: Any) -> Any:
    """Run `work` in a process of its own, so that memory and caches are its own."""
    with FRESH.Pool(1) as pool:
        return pool.apply(work, args)


@contextmanager
def databases(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Engine → URL of an empty database with our schema."""
    server = Server.start(DURABLE | {"shared_buffers": "256MB"})
    urls = {"SQLite": f"sqlite:///{folder / name}.db", "PostgreSQL": server.url()}
    try:
        for url in urls.values():
            database = opened(url)
            lay_schema(database)
            database.dispose()
        yield urls
    finally:
        server.stop()


def plant(url: str, seats: int, nights: int) -> None:
    crowd.plant(sweeping.opened(url), seats, history=seats * nights)


def compare(engine: str, url: str, seats: int, rounds: int) -> int:
    """A B A B: ours and the reference ways, each after the sweep was undone. Returns how many seats ours looked at."""
    took: dict[str, list[float]] = {}
    looked = 0
    for _ in progress(range(rounds), f"{engine}: ours and the usual ways"):
        alone(sweeping.rewind, url)
        found = alone(sweeping.ours, url)
        assert found["seats"] == seats, found
        looked += found["seats"]
        for part in ("seconds", "look", "announce", "mib"):
            took.setdefault(part, []).append(found[part])
        for way in sweeping.WAYS:
            alone(sweeping.rewind, url)
            took.setdefault(way, []).append(alone(sweeping.reference, url, way)["seconds"])
    ours = statistics.median(took["seconds"])
    say(
        engine, f"sweep of {seats:,}, every rule, chained, announced", *spread(took["seconds"], "s")
    )
    say(engine, "  of which looking", *spread(took["look"], "s"))
    say(engine, "  of which announcing", *spread(took["announce"], "s"))
    say(engine, "  memory", max(took["mib"]), "MiB at most")
    for way in sweeping.WAYS:
        ratio = statistics.median(took[way]) / ours
        say(engine, f"  beside: {way}, no rules", *spread(took[way], "s"), f"{ratio:.2f} × ours")
    say(engine, "  nothing due", statistics.median(alone(sweeping.idle, url)) * 1000, "ms")
    return looked


def beside(engine: str, url: str, seconds: float) -> int:
    """Somebody writes while the sweep runs. Returns how often they could."""
    alone(sweeping.rewind, url)
    with FRESH.Pool(2) as pool:
        quiet = sorted(pool.apply(sweeping.person_beside, (url, 2 * seconds)))
        sweep = pool.apply_async(sweeping.ours, (url,))
        waits: list[float] = []
        while not sweep.ready():
            waits += pool.apply(sweeping.person_beside, (url, seconds))
        sweep.get()
    waits.sort()
    p99 = waits[int(len(waits) * 0.99)] * 1000
    say(engine, "a writer beside it", waits[-1] * 1000, f"ms at most, p99 {p99:.0f} ms")
    say(engine, "  the same writer alone", quiet[-1] * 1000, "ms at most")
    return len(waits)


def two_workers(engine: str, url: str) -> int:
    """The looks of one worker against those of two. Returns how many seats were looked at in both."""
    spans, looked = [], 0
    for hands in (1, 2):
        alone(sweeping.rewind, url)
        with FRESH.Pool(hands) as pool:
            found = pool.map(sweeping.looking, [url] * hands, chunksize=1)
        looked += sum(one["seats"] for one in found)
        busy = [one for one in found if one["seats"]]
        spans.append(max(f["ended"] for f in busy) - min(f["begun"] for f in busy))
    say(engine, "two workers looking", spans[0] / spans[1], "× one")
    return looked


def spread(seconds: list[float], unit: str) -> tuple[float, str]:
    low, high = min(seconds), max(seconds)
    return statistics.median(seconds), f"{unit} [{low:.2f}..{high:.2f}]"


def say(engine: str, what: str, figure: float, *unit: str) -> None:
    print(f"{engine:<11} {what:<52} {figure:>9.2f} {'  '.join(unit)}", flush=True)


@bench(
    seats=Size(100_000, 20, "seats due at the same minute"),
    rounds=Size(3, 1, "rounds in turns"),
    seconds=Size(1.0, 0.05, "seconds for which somebody writes at a time while the sweep runs"),
    history=Size(
        (0, 9), (2,), "further nights that lie behind the seats due; may be given several times"
    ),
)
def main(seats: int, rounds: int, seconds: float, history: tuple[int, ...]) -> Counts:
    done: Counts = {}
    with tempfile.TemporaryDirectory(prefix="rejoin-bench-") as scratch:
        with databases(Path(scratch), "sweep") as urls:
            for engine, url in urls.items():
                alone(plant, url, seats, 0)
                done[f"{engine}, seats looked at"] = compare(engine, url, seats, rounds)
                done[f"{engine}, somebody wrote beside it"] = beside(engine, url, seconds) > 0
                if engine == "PostgreSQL":
                    done[f"{engine}, looked at by one, then by two"] = two_workers(engine, url)
        for nights in history:
            with databases(Path(scratch), f"growth{nights}") as urls:
                for engine, url in urls.items():
                    few = seats // 10
                    alone(plant, url, few, nights)
                    alone(sweeping.rewind, url)
                    found = alone(sweeping.ours, url)
                    each = found["seconds"] / few * 1e6
                    say(engine, f"growth: {few * (nights + 1):,} seats kept", each, "µs a seat due")
                    done[f"{engine}, {nights} nights of history"] = found["seats"]
    return done


if __name__ == "__main__":
    main()
