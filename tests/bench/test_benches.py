"""Each bench runs, with a handful of everything, and does what it says it does. Its figures are for people and not asserted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import BENCHES

ROOT = Path(__file__).parents[2]
DONE: dict[str, dict[str, int]] = {
    "absences": {
        "sqlite, reported by one writer": 8,
        "sqlite, reported by 2 writers": 16,
        "sqlite, refused": 0,
        "postgresql, reported by one writer": 8,
        "postgresql, reported by 2 writers": 16,
        "postgresql, refused": 0,
    },
    "booking": {
        "sqlite, booked": 2,
        "sqlite, told the next best": 4,
        "postgresql, booked": 2,
        "postgresql, told the next best": 4,
    },
    "outbox": {
        "sqlite, claim + finish": 16,
        "sqlite, courier, no-op send": 16,
        "sqlite, whole way, push over TLS": 16,
        "postgresql, claim + finish": 16,
        "postgresql, courier, no-op send": 16,
        "postgresql, whole way, push over TLS": 16,
        "pushes taken by the service": 32,
    },
    "pages": {"rounds of Today": 1, "pages seen on a phone": 1},
    "presence": {"sqlite, events kept": 20, "postgresql, events kept": 20},
    "push": {
        "pushes taken, instant service": 1 + 2 + 8 + 8,
        "pushes taken, service 50 ms away": 8 + 8,
    },
    "rungs": {
        "SQLite, 5 seats, rungs taken": 5,
        "SQLite, 5 seats, pushes accepted": 5,
        "SQLite, 5 seats, pushed twice": 0,
        "PostgreSQL, 5 seats, rungs taken": 5,
        "PostgreSQL, 5 seats, pushes accepted": 5,
        "PostgreSQL, 5 seats, pushed twice": 0,
    },
    "sign_in": {"sqlite, refused": 2, "postgresql, refused": 2},
    "sweep": {
        "SQLite, seats looked at": 20,
        "SQLite, somebody wrote beside it": True,
        "SQLite, 2 nights of history": 2,
        "PostgreSQL, seats looked at": 20,
        "PostgreSQL, somebody wrote beside it": True,
        "PostgreSQL, looked at by one, then by two": 40,
        "PostgreSQL, 2 nights of history": 2,
    },
}
"""Bench → what it did in a smoke run, by its own counting (`--counts`)."""


def run(*words: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_does_with_a_handful_what_it_does_with_thousands(name):
    told = run(f"tests.bench.bench_{name}", "--smoke", "--counts")
    assert json.loads(told.splitlines()[-1]) == DONE[name]


def test_benches_are_chosen_by_name():
    told = run("tests.bench", "--smoke", "push")
    assert "# push" in told
    assert "stock webpush()" in told
    assert "# outbox" not in told


def test_a_bench_that_there_is_not_is_refused_with_those_that_there_are():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.bench", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert ended.returncode == 2
    assert "'outbox'" in ended.stderr
