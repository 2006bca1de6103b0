"""`rejoin serve`: pages and worker, each living on when the other dies, both ending together."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.cli.running import alive, children_of, free_port, page, rejoin, until

WORKER = "worker --until-input-ends"


class Served:
    """A running `rejoin serve` on an embedded database."""

    def __init__(self, running: "subprocess.Popen[bytes]", url: str):
        self.running, self.pid, self.url = running, running.pid, url

    def worker(self) -> int:
        return int(str(until(lambda: (children_of(self.pid, WORKER) or [0])[0], "a worker")))

    def webs(self) -> set[int]:
        return set(children_of(self.pid)) - set(children_of(self.pid, WORKER))

    def up(self) -> bool:
        return "<html" in page(f"{self.url}/crisis")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An instance whose database is at the newest migration."""
    folder = tmp_path_factory.mktemp("served")
    made = {"REJOIN_INSTANCE": str(folder / "instance")}
    with rejoin("db", "upgrade", environment=made, said=folder / "said") as upgrading:
        assert upgrading.wait(120) == 0
    return made


@contextmanager
def serving(environment: dict[str, str], said: Path, *more: str) -> Iterator[Served]:
    port = free_port()
    with rejoin("serve", "--port", str(port), *more, environment=environment, said=said) as running:
        here = Served(running, f"http://127.0.0.1:{port}")
        until(here.up, "the pages")
        yield here


@pytest.fixture(scope="module")
def served(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One that the tests which leave it running share."""
    with serving(environment, tmp_path_factory.mktemp("shared") / "said") as here:
        yield here


def test_pages_and_worker_outlive_each_other(served: Served) -> None:
    first = served.worker()
    os.kill(first, signal.SIGKILL)
    until(lambda: served.worker() != first, "another worker")
    assert served.up()
    web = min(served.webs())
    os.kill(web, signal.SIGKILL)
    until(lambda: len(served.webs() - {web}) >= 2, "another web process")
    until(served.up, "the pages")


@pytest.mark.parametrize(
    ("heads", "first"),
    [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"HTTP/1.1 "),
        (b"Content-Length: 5\r\nContent-Length: 6", b"HTTP/1.1 400"),
        (b"Transfer-Encoding: xchunked", b"HTTP/1.1 400"),
    ],
)
def test_no_second_request_is_smuggled_in_behind_the_first(
    served: Served, heads: bytes, first: bytes
) -> None:
    """Two ideas of where a request ends: the server has one of them, or refuses (RFC 9112, 6.3)."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    outer = b"POST /sign-in HTTP/1.1\r\nHost: a\r\n" + heads + b"\r\n\r\n0\r\n\r\n"
    answers = spoken(served.url, outer + hidden)
    assert answers.startswith(first)
    assert b"alive" not in answers


def spoken(url: str, raw: bytes) -> bytes:
    """All that comes back for these bytes, until the server ends it or says no more."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=2) as line:
        line.sendall(raw)
        told = b""
        try:
            while more := line.recv(4096):
                told += more
        except TimeoutError:
            pass
    return told


def test_the_port_being_taken_is_said(environment: dict[str, str], tmp_path: Path) -> None:
    said = tmp_path / "said"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = ("serve", "--port", str(taken.getsockname()[1]))
        with rejoin(*words, environment=environment, said=said) as second:
            assert second.wait(120) == 1
    assert "Choose another one: --port" in said.read_text()


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_all_end_together(
    environment: dict[str, str], signal_: signal.Signals, tmp_path: Path
) -> None:
    with serving(environment, tmp_path / "said") as served:
        served.worker()
        family = children_of(served.pid)
        os.kill(served.pid, signal_)
        served.running.wait(60)
        until(lambda: not [pid for pid in family if alive(pid)], "all to end")
        assert not served.up()


def test_pages_are_answered_while_others_take_long(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A few sign-ins whose form is slow to come stand for passwords that are checked and charts that are printed: one web process goes
    on with other requests."""
    with serving(environment, tmp_path / "said", "--workers", "1") as here, ExitStack() as slow:
        host, port = here.url.removeprefix("http://").split(":")
        for _ in range(3):
            sent = slow.enter_context(socket.create_connection((host, int(port))))
            sent.sendall(
                b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nemail="
            )
        for _ in range(5):
            assert here.up()
