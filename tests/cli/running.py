"""`rejoin` as a process of its own, on a free port, watched from outside."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 120.0
"""Seconds until something awaited counts as not coming; generous, for these machines are shared."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(found: Callable[[], object], what: str) -> object:
    """Ask again and again until `found()` answers something true; raises AssertionError naming `what`."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        pause.wait(0.1)
    raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")


def page(url: str) -> str:
    """The page's text; empty while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def children_of(pid: int, words: str = "") -> list[int]:
    """Living processes that `pid` started, whose command line holds `words`."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, IndexError):
            continue
        if status[0] != "Z" and int(status[1]) == pid and words in command:
            found.append(int(folder.name))
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def rejoin(
    *words: str,
    environment: dict[str, str],
    said: Path,
    program: Sequence[str] = ("-m", "webapp.cli"),
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run `rejoin WORDS`; what it says goes to the file `said`. Ended, with all it started, when the block ends.

    `program`: what Python runs in its place, for a test that sets something first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REJOIN_")}
    with said.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, *program, *words], env=kept | environment, stdout=out,
            stderr=subprocess.STDOUT, cwd=Path(__file__).parents[2], start_new_session=True,
        )  # fmt: skip
    try:
        yield running
    finally:
        started = [running.pid, *children_of(running.pid)]
        for pid in started:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        running.wait()
