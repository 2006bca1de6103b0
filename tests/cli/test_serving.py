"""`rejoin serve`: pages and worker, each living on when the other dies, both ending together."""

import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.cli.running import alive, children_of, free_port, page, rejoin, until
from webapp.config import Settings
from webapp.db import Database
from webapp.web.wiring import LARGEST_BODY

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
def serving(
    environment: dict[str, str],
    said: Path,
    *more: str,
    program: tuple[str, str] = ("-m", "webapp.cli"),
) -> Iterator[Served]:
    port = free_port()
    words = ("serve", "--port", str(port), *more)
    with rejoin(*words, environment=environment, said=said, program=program) as running:
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


FORM = b"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SIGN_IN = b"POST /sign-in HTTP/1.1\r\n" + FORM
HURRIED = (
    "-c", "from webapp.cli import bodies, main, serve; bodies.PATIENCE = 1.0; serve.HEAD_WITHIN = 1; main()",
)  # fmt: skip
"""`rejoin` with little time for a request to arrive."""


def line_to(here: Served, sent: bytes) -> socket.socket:
    """A connection on which so much has been sent."""
    line = socket.create_connection(("127.0.0.1", int(here.url.rpartition(":")[2])), timeout=60)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.sendall(sent)
    return line


def answer_on(line: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    told = b""
    with suppress(ConnectionResetError):
        while more := line.recv(65536):
            told += more
    return told


UNFINISHED = {
    "nothing": b"",
    "a head": b"POST /sign-in HTTP/1.1\r\nHos",
    "a body": SIGN_IN + b"Content-Length: 5000\r\n\r\nemail=",
    "a body of a GET": b"GET /crisis HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nemail=",
    "a body in chunks": SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n6\r\nemail=\r\n",
    "a chunk": SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n600\r\nemail=",
}


@pytest.mark.parametrize("begun", UNFINISHED.values(), ids=UNFINISHED.keys())
def test_pages_are_answered_while_strangers_hold_unfinished_requests(
    served: Served, begun: bytes
) -> None:
    """Forty that send some of a request and then nothing: slow heads and slow bodies (CWE-400)."""
    with ExitStack() as held:
        for _ in range(40):
            held.enter_context(line_to(served, begun))
        for _ in range(5):
            assert served.up()
            assert "alive" in page(f"{served.url}/healthz")
            with line_to(
                served, SIGN_IN + b"Connection: close\r\nContent-Length: 7\r\n\r\nemail=a"
            ) as line:
                assert b"<html" in answer_on(line)


def test_pages_are_answered_while_others_take_long(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Browsers' reports that wait for the database's one writer stand for passwords that are checked and charts that are printed: one
    web process goes on with other requests."""
    settings = Settings.load(environment)
    database = Database(settings.database_url, settings.database_key, settings.keyring)
    report = b'{"csp-report": {"effective-directive": "img-src", "blocked-uri": "inline"}}'
    head = b"POST /reports/policy HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with (
        serving(environment, tmp_path / "said", "--workers", "1", "--no-worker") as here,
        ExitStack() as slow,
    ):
        with database.writing() as store:
            store.execute(text("SELECT 1"))
            lines = [
                slow.enter_context(line_to(here, head % len(report) + report)) for _ in range(3)
            ]
            for _ in range(5):
                assert here.up()
            assert not select.select(lines, [], [], 0)[0]
        assert [answer_on(line)[:12] for line in lines] == [b"HTTP/1.1 204"] * 3
    database.dispose()


def test_a_request_that_stops_is_given_up(environment: dict[str, str], tmp_path: Path) -> None:
    with serving(environment, tmp_path / "said", program=HURRIED) as here, ExitStack() as held:
        lines = {name: held.enter_context(line_to(here, UNFINISHED[name])) for name in UNFINISHED}
        answers = {name: answer_on(line) for name, line in lines.items()}
    assert {name: told[:12] for name, told in answers.items()} == {
        "nothing": b"",
        "a head": b"",
        "a body": b"HTTP/1.1 408",
        "a body of a GET": b"HTTP/1.1 408",
        "a body in chunks": b"HTTP/1.1 408",
        "a chunk": b"HTTP/1.1 408",
    }


def test_a_body_that_is_too_large_is_refused(served: Served) -> None:
    """By its length when that is told, and else once it is too long."""
    told = SIGN_IN + b"Connection: close\r\nContent-Length: 5000000\r\n\r\nemail="
    chunks = SIGN_IN + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    one = b"%x\r\n%s\r\n" % (LARGEST_BODY, b"a" * LARGEST_BODY)
    for sent in (told, chunks + one + b"1\r\na\r\n"):
        with line_to(served, sent) as line:
            assert line.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize("kind", ["Content-Length: 25", "Transfer-Encoding: chunked"])
def test_a_slow_phone_is_waited_for(served: Served, kind: str) -> None:
    """Its form comes in five parts, and pages go to others between them."""
    head = SIGN_IN + b"Connection: close\r\n" + kind.encode() + b"\r\n\r\n"
    parts = [b"email", b"=kim@", b"examp", b"le.or", b"g&p=x"]
    chunked = "chunked" in kind
    with line_to(served, head) as line:
        for part in parts:
            assert served.up()
            line.sendall(b"5\r\n%s\r\n" % part if chunked else part)
        line.sendall(b"0\r\n\r\n" if chunked else b"")
        answer = answer_on(line)
    assert b"<html" in answer
    assert answer.startswith(b"HTTP/1.1 401")  # no page of ours sent it


def test_a_client_that_waits_to_be_asked_is_asked_for_its_body(served: Served) -> None:
    waits = b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 7\r\n\r\n"
    with line_to(served, SIGN_IN + waits) as line:
        assert line.recv(12) == b"HTTP/1.1 100"
        line.sendall(b"email=a")
        assert b"HTTP/1.1 401" in answer_on(line)


def test_a_request_that_is_arriving_when_the_server_ends_is_answered(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with serving(environment, tmp_path / "said") as here:
        with line_to(here, SIGN_IN + b"Content-Length: 7\r\n\r\nemail") as line:
            assert here.up()
            os.kill(here.pid, signal.SIGTERM)
            line.sendall(b"=a")
            assert answer_on(line).startswith(b"HTTP/1.1 401")
        assert here.running.wait(60) == 0


def test_requests_that_never_arrive_do_not_keep_the_server_from_ending(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with serving(environment, tmp_path / "said", program=HURRIED) as here, ExitStack() as held:
        for begun in UNFINISHED.values():
            held.enter_context(line_to(here, begun))
        family = children_of(here.pid)
        os.kill(here.pid, signal.SIGTERM)
        assert here.running.wait(60) == 0
        assert not [pid for pid in family if alive(pid)]
