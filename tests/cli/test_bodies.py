"""The front of the web server, by the messages that the server sends it: deadlines, room, and what the application sees."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from webapp.cli.bodies import WholeRequests, environ_of

LONG = 3600.0
"""Seconds that none of these tests takes."""
ENOUGH = 10.0
"""Seconds after which a test that still waits has failed."""


class Line:
    """One request: `arrives` are the messages that come from the client, after which nothing comes."""

    def __init__(self, *arrives: bytes, address: str = "192.0.2.1", **head: str):
        headers = {"content-length": "10"} | head
        self.scope: dict[str, Any] = {
            "type": "http", "http_version": "1.1", "scheme": "http", "method": "POST", "raw_path": b"/a%C3%A4",
            "query_string": b"b=c", "server": ("192.0.2.9", "5000"), "client": (address, "4000"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        }  # fmt: skip
        self.left = list(arrives)
        self.waits = asyncio.Event()
        self.gone = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if self.left:
            return {"type": "http.request", "body": self.left.pop(0), "more_body": True}
        self.waits.set()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None


class Told:
    """A WSGI application that remembers the bodies it was given."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.closed = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [("Set-Cookie", "a"), ("Set-Cookie", "b")])
        return self

    def __iter__(self) -> Any:
        return iter([b"one", b"two"])

    def close(self) -> None:
        self.closed = True


def front(app: Told, *, patience: float = LONG, unfinished: int = 64) -> WholeRequests:
    return WholeRequests(app, threads=1, largest=20, patience=patience, unfinished=unfinished)


async def begin(to: WholeRequests, *lines: Line) -> "list[asyncio.Task[None]]":
    """Let these requests arrive as far as they do, one after the other."""
    tasks = []
    for line in lines:
        tasks.append(asyncio.create_task(to(line.scope, line.receive, line.send)))
        await line.waits.wait()
    return tasks


def test_a_body_that_stops_is_given_up_after_the_deadline_though_it_began_well() -> None:
    async def ask() -> None:
        app, line = Told(), Line(b"123", b"45")
        await front(app, patience=0.01)(line.scope, line.receive, line.send)
        assert (line.status, app.bodies) == (408, [])
        assert (b"Connection", b"close") in line.sent[0]["headers"]

    asyncio.run(asyncio.wait_for(ask(), ENOUGH))


def test_a_whole_body_is_handed_on_without_waiting_for_more() -> None:
    async def ask() -> None:
        app, line = Told(), Line(b"1234", b"567890")
        await front(app)(line.scope, line.receive, line.send)
        assert (line.status, app.bodies, app.closed) == (200, [b"1234567890"], True)
        assert [value for _, value in line.sent[0]["headers"]] == [b"a", b"b"]
        assert line.sent[1]["body"] == b"onetwo"

    asyncio.run(asyncio.wait_for(ask(), ENOUGH))


def test_a_request_whose_client_is_gone_is_not_acted_on() -> None:
    async def ask() -> None:
        app, line = Told(), Line(b"1234")
        [asking] = await begin(front(app), line)
        line.gone.set()
        await asking
        assert (line.sent, app.bodies) == ([], [])

    asyncio.run(asyncio.wait_for(ask(), ENOUGH))


def test_no_more_of_a_body_is_taken_in_than_shows_that_it_is_too_long() -> None:
    async def ask() -> None:
        told = Line(b"unread", **{"content-length": "21"})
        chunks = Line(
            *[b"0123456789"] * 9, **{"content-length": "1", "transfer-encoding": "chunked"}
        )
        for line in (told, chunks):
            await front(Told())(line.scope, line.receive, line.send)
        assert (len(told.left), len(chunks.left)) == (1, 6)

    asyncio.run(asyncio.wait_for(ask(), ENOUGH))


@pytest.mark.parametrize("addresses", [("a", "a", "a"), ("b", "a", "a"), ("a", "b", "c")])
def test_when_there_is_no_room_whoever_sends_most_loses_the_oldest(addresses: tuple[str]) -> None:
    """So that a stranger's unfinished bodies do not keep a patient's out: neither one by one nor all together."""

    async def ask() -> None:
        app, lines = Told(), [Line(b"1", address=each) for each in addresses]
        asking = await begin(front(app, unfinished=2), *lines)
        lost = addresses.index("a")
        await asking[lost]
        assert [line.status for line in lines] == [408 if n == lost else None for n in range(3)]
        for line in lines:
            line.gone.set()
        await asyncio.gather(*asking)

    asyncio.run(asyncio.wait_for(ask(), ENOUGH))


def test_room_is_free_again_when_a_body_has_arrived_or_is_gone() -> None:
    async def ask() -> None:
        to = front(Told(), unfinished=1)
        for whole in (True, False, True):
            line = Line(b"1234567890") if whole else Line(b"1")
            if whole:
                await to(line.scope, line.receive, line.send)
                assert line.status == 200
            else:
                [asking] = await begin(to, line)
                line.gone.set()
                await asking
        last = Line(b"1")
        [asking] = await begin(to, last)
        assert last.status is None
        last.gone.set()
        await asking

    asyncio.run(asyncio.wait_for(ask(), ENOUGH))


def test_the_application_sees_the_request_as_the_client_sent_it() -> None:
    line = Line(cookie="a=1", accept="x", **{"user-agent": "Ä", "x_forwarded_for": "1.1.1.1"})
    line.scope["headers"] += [
        (b"cookie", b"b=2"),
        (b"accept", b"y"),
        (b"x-forwarded-for", b"2.2.2.2"),
    ]
    environ = environ_of(line.scope, b"1234567890")
    seen = {name: environ.get(name) for name in environ if not name.startswith("wsgi.")}
    assert seen == {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/a\xc3\xa4", "QUERY_STRING": "b=c", "SERVER_NAME": "192.0.2.9",
        "SERVER_PORT": "5000", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.1", "CONTENT_LENGTH": "10",
        "HTTP_COOKIE": "a=1;b=2", "HTTP_ACCEPT": "x,y", "HTTP_USER_AGENT": "", "HTTP_X_FORWARDED_FOR": "2.2.2.2",
    }  # fmt: skip


def test_a_body_in_chunks_has_a_length_once_it_is_whole() -> None:
    environ = environ_of(
        Line(**{"transfer-encoding": "chunked", "content-length": "3"}).scope, b"12345"
    )
    assert environ["CONTENT_LENGTH"] == "5"
    assert "HTTP_TRANSFER_ENCODING" not in environ
