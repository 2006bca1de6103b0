"""Processes to be killed: `rejoin worker`, `rejoin serve`, and PostgreSQL itself."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.postgres import Server

SLOW = 60.0
"""Seconds after which a process that has not come up is a failure, however busy the machine."""
GLANCE = 0.02
"""Seconds between two looks whether something has happened."""


class Zygote:
    """Starts processes; see zygote.py."""

    def __init__(self, environ: dict[str, str]):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, words: list[str], log: Path) -> int:
        """`rejoin WORDS`; returns its process id, which is its process group's as well."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"words": words, "log": str(log)}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Victim:
    """One command, started again after every kill."""

    def __init__(self, name: str, words: list[str], zygote: Zygote, folder: Path):
        self.name = name
        self.kills = 0
        self.supervised = False
        """Whether it may end by itself and is started again then: when its database is killed as well."""
        self.log = folder / f"{name}.log"
        self._words = words
        self._zygote = zygote
        self._pid = 0
        self._heard = 0

    def start(self) -> None:
        self._heard = self._said()
        self._pid = self._zygote.start(self._words, self.log)

    def works(self) -> bool:
        """Whether it has said that it has found something to do."""
        return self._said() > self._heard

    def await_work(self) -> None:
        """Until it does its work. Fails the test when it ends by itself, or is idle for too long."""
        self.live_on(SLOW, until=self.works)
        assert self.works(), f"{self.name} does nothing; see {self.log}"

    def live_on(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let it work for a while. Fails the test when it ends by itself and may not."""
        for _ in range(int(seconds / GLANCE)):
            if until():
                return
            if not self._alive():
                assert self.supervised, f"{self.name} ended by itself; see {self.log}"
                self.start()
            threading.Event().wait(GLANCE)

    def kill(self) -> None:
        """SIGKILL for it and all its children, at whatever instant this is."""
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        while self._alive():
            threading.Event().wait(GLANCE / 10)
        self.kills += 1

    def _alive(self) -> bool:
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _said(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0


class Web(Victim):
    """The web server; it works once it answers a request."""

    def __init__(self, port: int, zygote: Zygote, folder: Path):
        words = [
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
            "--no-worker",
        ]
        super().__init__("web", words, zygote, folder)
        self.port = port

    def works(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SLOW)
        try:
            connection.request("GET", "/sign-in")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True


class DatabaseServer(Victim):
    """PostgreSQL itself."""

    def __init__(self, server: Server):
        self.name = "postgresql"
        self.kills = 0
        self._server = server
        self._up = True

    def start(self) -> None:
        if not self._up:
            self._server.again()
            self._up = True

    def await_work(self) -> None:
        assert self._up, "PostgreSQL did not recover"

    def live_on(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        threading.Event().wait(seconds)

    def kill(self) -> None:
        self._server.kill()
        self._up = False
        self.kills += 1


def killed_in_turn(victims: list[Victim], times: int, chance: random.Random) -> None:
    """Kill one of them at a time, `times` in all, each at a random instant, and start it again at once.

    Most die at their work; one in eight dies while it is coming up.
    """
    for victim in victims:
        victim.supervised = any(isinstance(each, DatabaseServer) for each in victims)
        victim.start()
    for victim in victims:
        victim.await_work()
    for kill in range(times):
        victim = victims[kill % len(victims)]
        if chance.random() > 1 / 8:
            victim.await_work()
        victim.live_on(chance.uniform(0, 0.6))
        victim.kill()
        victim.start()
    for victim in victims:
        victim.await_work()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
