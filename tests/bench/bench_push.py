"""Pushes a second: ours beside pywebpush as its README shows it, in turns (A B A B), over TLS to one endpoint.

Figures of one run are compared with each other; single ones move with the machine.
"""

import asyncio
import base64
import os
import secrets
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import certifi
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pywebpush import WebPusher, webpush

from tests.bench.command import Counts, Size, bench, progress
from tests.bench.push_endpoint import Running, endpoint, self_signed
from webapp.crypto import keys
from webapp.notify.channels.parcel import Parcel, Subscription
from webapp.notify.channels.push.channel import AT_ONCE, PushChannel
from webapp.notify.channels.push.encryption import sealed
from webapp.notify.channels.push.hosts import PushHosts
from webapp.notify.channels.push.vapid import VapidHeaders

MESSAGE = secrets.token_hex(360).encode()
"""As long as a check with its three buttons."""
SUBJECT = "mailto:help@day.example"
STOCK, NEAR, FAR = "stock webpush()", "ours, instant service", "ours, service 50 ms away"


def browsers(count: int) -> list[tuple[bytes, bytes]]:
    """Public points and auth secrets."""
    made = []
    for _ in range(count):
        point = ec.generate_private_key(ec.SECP256R1()).public_key()
        made.append(
            (
                point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
                secrets.token_bytes(16),
            )
        )
    return made


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def subscriptions(port: int, made: list[tuple[bytes, bytes]]) -> list[Subscription]:
    url = f"https://127.0.0.1:{port}/push/"
    return [
        Subscription(f"{url}{secrets.token_urlsafe(90)}", text(point), text(auth))
        for point, auth in made
    ]


class Ours:
    """The push channel with every check, on one loop that stays."""

    def __init__(self, port: int, cert: Path, pem: str):
        self.loop = uvloop.new_event_loop()
        tls = ssl.create_default_context(cafile=str(cert))
        self.channel = PushChannel(
            VapidHeaders(pem, SUBJECT), PushHosts([f"127.0.0.1:{port}"]), tls=tls
        )

    def send(self, to: list[Subscription], at_once: int = AT_ONCE) -> None:
        """Push to all, so many at a time."""
        self.loop.run_until_complete(self._all(to, at_once))

    async def _all(self, to: list[Subscription], at_once: int) -> None:
        """As the courier does: a batch is encrypted, then posted together."""
        for begin in range(0, len(to), at_once):
            parcels = [
                Parcel("n", one, MESSAGE, 600, "high", "T" * 32)
                for one in to[begin : begin + at_once]
            ]
            await asyncio.gather(*[self.channel.send(parcel) for parcel in parcels])

    def close(self) -> None:
        self.loop.run_until_complete(self.channel.close())


def stock(pem: str, to: list[Subscription]) -> None:
    """pywebpush's README, a message at a time."""
    vapid = VapidHeaders(pem, SUBJECT)._vapid
    for address in to:
        webpush(
            {
                "endpoint": address.endpoint,
                "keys": {"p256dh": address.p256dh, "auth": address.auth},
            },
            MESSAGE.decode(),
            vapid_private_key=vapid,
            vapid_claims={"sub": SUBJECT},
        )


def shared_session(pem: str, to: list[Subscription], bundle: str) -> None:
    """pywebpush with one requests.Session, a message at a time: the usual improvement."""
    import requests

    vapid = VapidHeaders(pem, SUBJECT)._vapid
    with requests.Session() as session:
        session.verify = bundle
        for address in to:
            webpush(
                {
                    "endpoint": address.endpoint,
                    "keys": {"p256dh": address.p256dh, "auth": address.auth},
                },
                MESSAGE.decode(),
                vapid_private_key=vapid,
                vapid_claims={"sub": SUBJECT},
                requests_session=session,
            )


def measured(work: Callable[[], Any], count: int) -> tuple[float, float]:
    """(a second of wall time, a second of this process's processor time)."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return count / (time.perf_counter() - wall), count / (time.process_time() - cpu)


def contenders(
    stack: ExitStack, near: Running, far: Running, cert: Path, messages: int
) -> dict[str, tuple[int, Callable[[], Any]]]:
    """Name → (messages a round, the round). The slow ways get fewer."""
    several, fewer, few = (-(-messages // part) for part in (2, 7, 67))
    bundle = cert.with_name("bundle.pem")
    bundle.write_bytes(Path(certifi.where()).read_bytes() + cert.read_bytes())
    os.environ["REQUESTS_CA_BUNDLE"] = str(bundle)
    pem, made = keys.vapid_key(), browsers(messages)
    nearby, distant = subscriptions(near.port, made), subscriptions(far.port, made)
    ours, ours_far = Ours(near.port, cert, pem), Ours(far.port, cert, pem)
    stack.callback(ours.close)
    stack.callback(ours_far.close)
    told = [{"endpoint": s.endpoint, "keys": {"p256dh": s.p256dh, "auth": s.auth}} for s in nearby]
    return {
        STOCK: (few, lambda: stock(pem, nearby[:few])),
        "webpush(), one session": (
            fewer,
            lambda: shared_session(pem, nearby[:fewer], str(bundle)),
        ),
        NEAR: (messages, lambda: ours.send(nearby, 128)),
        FAR: (messages, lambda: ours_far.send(distant)),
        "encryption alone, pywebpush": (
            several,
            lambda: [WebPusher(one).encode(MESSAGE) for one in told[:several]],
        ),
        "encryption alone, ours": (
            messages,
            lambda: [sealed(MESSAGE, point, auth) for point, auth in made],
        ),
    }


@bench(
    messages=Size(1000, 8, "pushes in a round of ours"),
    rounds=Size(5, 1, "rounds in turns"),
)
def main(messages: int, rounds: int) -> Counts:
    figures: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder:
        cert, key = self_signed(Path(folder))
        near, far = (stack.enter_context(endpoint(cert, key, delay)) for delay in (0, 0.05))
        works = contenders(stack, near, far, cert, messages)
        for name in (NEAR, FAR):
            works[name][1]()  # connections and TLS handshakes are made once in a worker's life
        for _ in progress(range(rounds), "rounds"):
            for name, (count, work) in works.items():
                figures.setdefault(name, []).append(measured(work, count))
        done = {
            "pushes taken, instant service": near.answered(),
            "pushes taken, service 50 ms away": far.answered(),
        }
    base = statistics.median(wall for wall, _ in figures[STOCK])
    print(
        f"push: messages of {len(MESSAGE)} B over TLS, {rounds} rounds in turns, median [min..max]"
    )
    print(f"{'':30}{'a second':>22}{'a second of CPU':>18}{'× stock':>9}")
    for name, found in figures.items():
        walls = [wall for wall, _ in found]
        middle = statistics.median(walls)
        spread = f"{middle:,.0f} [{min(walls):,.0f}..{max(walls):,.0f}]"
        cpu = statistics.median(cpu for _, cpu in found)
        print(f"{name:30}{spread:>22}{cpu:>18,.0f}{middle / base:>9,.0f}")
    return done


if __name__ == "__main__":
    main()
