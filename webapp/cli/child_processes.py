"""Child processes: started, restarted when they die, ended with this process.

A child ends when its standard input is closed, which happens when this process dies, however it dies: there are no orphans.

This process may fork meanwhile (the web server does). A fork during the start of a child would inherit that start's pipes and
block it forever, so forking waits for the start, and a forked process closes the children's inputs.
"""

import os
import subprocess
import sys
import threading
import time
from typing import IO

import structlog

log = structlog.get_logger()

GRACE = 20.0
"""Seconds a child has to end after SIGTERM before it is killed."""
LOOK_EVERY = 0.2
PATIENCE = (0.5, 15.0)
"""Seconds before a child that died is started again: at first, and at most. Back to the first once a child has run a minute."""

_starting = threading.Lock()
_inputs: list[IO[bytes]] = []
"""The ends of the children's inputs that this process holds."""


def _close_inputs() -> None:
    for each in _inputs:
        each.close()
    _inputs.clear()
    _starting.release()


os.register_at_fork(
    before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_close_inputs
)


class Child:
    """One process running `rejoin …`."""

    def __init__(self, *words: str):
        self._words = words
        self._running: subprocess.Popen[bytes] | None = None
        self._begun = 0.0
        self._wait = PATIENCE[0]
        self._again_at = 0.0

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running else None

    def start(self) -> None:
        self._begun = time.monotonic()
        self._running = subprocess.Popen(
            [sys.executable, "-m", "webapp.cli", *self._words, "--until-input-ends"],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C at the terminal reaches it through us, once
        )
        assert self._running.stdin is not None
        _inputs[:] = [each for each in _inputs if not each.closed] + [self._running.stdin]

    def look_after(self) -> None:
        """Start it, or start it again if it has died and the wait is over."""
        now = time.monotonic()
        if self._running is not None and (status := self._running.poll()) is not None:
            lived = now - self._begun
            self._wait = PATIENCE[0] if lived > 60 else min(self._wait * 2, PATIENCE[1])
            self._again_at, self._running = now + self._wait, None
            log.error("a process ended and is started again", status=status, wait=self._wait)
        if self._running is None and now >= self._again_at:
            self.start()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._running is not None:
            self._running.terminate()

    def end(self, deadline: float) -> None:
        """Wait for it until `deadline` (monotonic), then kill it."""
        if self._running is None:
            return
        try:
            self._running.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("a process did not end in time and is killed")
            self._running.kill()
            self._running.wait()


class Children:
    """Several children, kept running until `stopping` is set."""

    def __init__(self, children: list[Child], stopping: threading.Event):
        self._children = children
        self._stopping = stopping

    def watch(self) -> None:
        """Start all and keep them running; returns once `stopping` is set and all have ended."""
        while not self._stopping.is_set():
            with _starting:
                for child in self._children:
                    child.look_after()
            self._stopping.wait(LOOK_EVERY)
        for child in self._children:
            child.ask_to_end()
        deadline = time.monotonic() + GRACE
        for child in self._children:
            child.end(deadline)

    def watch_beside(self) -> threading.Thread:
        """Run `watch` in a thread; join it after setting `stopping`."""
        thread = threading.Thread(target=self.watch, name="children")
        thread.start()
        return thread
