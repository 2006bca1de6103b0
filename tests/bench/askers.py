"""Many browsers at one server: connections that stay open and ask one after another, as fast as the answers come."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests
import uvloop
from requests.adapters import HTTPAdapter, Retry


@dataclass
class Tally:
    """What came back: seconds of each answer, how many were not 2xx, and how long it all took."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.waits)

    @property
    def p99(self) -> float:
        return sorted(self.waits)[int(len(self.waits) * 0.99)]


class _Asker(asyncio.Protocol):
    """One connection. Ends when its questions do."""

    def __init__(self, questions: Iterator[bytes], tally: Tally, done: "asyncio.Future[None]"):
        self.questions, self.tally, self.done = questions, tally, done
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.ask()

    def ask(self) -> None:
        question = next(self.questions, None)
        if question is None:
            self.transport.close()
            return
        self.asked_at = time.perf_counter()
        self.transport.write(question)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )  # fmt: skip
        if len(body) < length:
            return
        self.buffer = b""
        self.tally.waits.append(time.perf_counter() - self.asked_at)
        self.tally.refused += not head.startswith(b"HTTP/1.1 2")
        self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def ask(port: int, questions: list[Iterator[bytes]]) -> Tally:
    """Let each asker ask until it has no questions left. One connection each."""
    tally = Tally()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in questions]
        begun = time.perf_counter()
        for each, end in zip(questions, ends, strict=True):
            await loop.create_connection(
                lambda each=each, end=end: _Asker(each, tally, end), "127.0.0.1", port
            )  # type: ignore[misc]
        await asyncio.gather(*ends)
        tally.seconds = time.perf_counter() - begun

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
    return tally


def get(path: str, cookie: str = "") -> bytes:
    """What a phone's browser sends for a page."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Accept-Encoding: gzip, br, zstd",
        "Accept: text/html",
    ]
    return "\r\n".join([*lines, *([f"Cookie: {cookie}"] if cookie else []), "", ""]).encode()


def again_for(question: bytes, seconds: float) -> Iterator[bytes]:
    """The same question until the time is over."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        yield question


def await_answer(port: int) -> None:
    """Until the server answers; half a minute at most. Raises requests.ConnectionError then."""
    patience = Retry(total=150, backoff_factor=0.1, backoff_max=0.2)
    with requests.Session() as browser:
        browser.mount("http://", HTTPAdapter(max_retries=patience))
        browser.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
