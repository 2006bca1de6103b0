"""Pushes a second: ours beside pywebpush as its README shows it, in turns (A B A B), over TLS to one endpoint.

`python -m tests.bench.bench_push`. Figures of one run are compared with each other; single ones move with the machine.
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

from tests.bench.push_endpoint import endpoint, self_signed
from webapp.crypto import keys
from webapp.notify.channels.parcel import Parcel, Subscription
from webapp.notify.channels.push.channel import AT_ONCE, PushChannel
from webapp.notify.channels.push.encryption import sealed
from webapp.notify.channels.push.hosts import PushHosts
from webapp.notify.channels.push.vapid import VapidHeaders

ROUNDS = 5
MESSAGE = secrets.token_hex(360).encode()
"""As long as a check with its three buttons."""
SUBJECT = "mailto:help@day.example"


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


def contenders(stack: ExitStack, folder: Path) -> dict[str, tuple[int, Callable[[], Any]]]:
    """Name → (messages a round, the round)."""
    cert, key = self_signed(folder)
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + cert.read_bytes())
    os.environ["REQUESTS_CA_BUNDLE"] = str(bundle)
    near, far = (stack.enter_context(endpoint(cert, key, delay)) for delay in (0, 0.05))
    pem, made = keys.vapid_key(), browsers(1000)
    nearby, distant = subscriptions(near, made), subscriptions(far, made)
    ours, ours_far = Ours(near, cert, pem), Ours(far, cert, pem)
    stack.callback(ours.close)
    stack.callback(ours_far.close)
    told = [{"endpoint": s.endpoint, "keys": {"p256dh": s.p256dh, "auth": s.auth}} for s in nearby]
    return {
        "stock webpush()": (15, lambda: stock(pem, nearby[:15])),
        "webpush(), one session": (150, lambda: shared_session(pem, nearby[:150], str(bundle))),
        "ours, instant service": (1000, lambda: ours.send(nearby, 128)),
        "ours, service 50 ms away": (1000, lambda: ours_far.send(distant)),
        "encryption alone, pywebpush": (
            500,
            lambda: [WebPusher(one).encode(MESSAGE) for one in told[:500]],
        ),
        "encryption alone, ours": (
            1000,
            lambda: [sealed(MESSAGE, point, auth) for point, auth in made],
        ),
    }


def main() -> None:
    """Print the table."""
    figures: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        works = contenders(stack, Path(folder))
        for name in ("ours, instant service", "ours, service 50 ms away"):
            works[name][1]()  # connections and TLS handshakes are made once in a worker's life
        for _ in range(ROUNDS):
            for name, (count, work) in works.items():
                figures.setdefault(name, []).append(measured(work, count))
    base = statistics.median(wall for wall, _ in figures["stock webpush()"])
    print(
        f"push: messages of {len(MESSAGE)} B over TLS, {ROUNDS} rounds in turns, median [min..max]"
    )
    print(f"{'':30}{'a second':>22}{'a second of CPU':>18}{'× stock':>9}")
    for name, rounds in figures.items():
        walls = [wall for wall, _ in rounds]
        middle = statistics.median(walls)
        spread = f"{middle:,.0f} [{min(walls):,.0f}..{max(walls):,.0f}]"
        cpu = statistics.median(cpu for _, cpu in rounds)
        print(f"{name:30}{spread:>22}{cpu:>18,.0f}{middle / base:>9,.0f}")


if __name__ == "__main__":
    main()
