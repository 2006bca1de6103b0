"""A push service on this machine, as strict as the real ones (RFC 8030, 8188, 8291, 8292).

It makes subscriptions, checks who sends (VAPID) and how (TTL, Urgency, Topic), decrypts what arrives, and can be told to
answer badly. In a test:

    with PushService() as service:
        subscription = service.subscribe()          # PushSubscription.toJSON()
        service.answer(429, {"Retry-After": "7"}, times=1)
        ...
        [message] = service.received

On its own, for a browser or another process: `python -m tests.push_service --port 8090`; then `POST /subscriptions`,
`GET /messages`, `POST /answers` with {"status": 410, "headers": {}, "times": 1, "stall": 0}.
"""

import argparse
import asyncio
import base64
import json
import re
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import http_ece
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LONGEST_BODY = 4096
DAY = 24 * 60 * 60


class Objection(Exception):
    """The sender broke a rule: which status to answer, and why."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Message:
    """One accepted push. `text` is what the browser will get."""

    subscription: str
    text: str
    ttl: int
    urgency: str
    topic: str | None
    subject: str
    at: float

    @property
    def notification(self) -> dict[str, Any]:
        """The notification of a Declarative Web Push message."""
        told: dict[str, Any] = json.loads(self.text)
        assert told["web_push"] == 8030
        notification: dict[str, Any] = told["notification"]
        return notification


@dataclass
class _Answer:
    status: int
    headers: dict[str, str]
    times: int
    stall: float = 0


@dataclass
class _Browser:
    key: ec.EllipticCurvePrivateKey
    auth: bytes
    answers: list[_Answer] = field(default_factory=list)


class PushService:
    """Runs on a thread of its own between `start()` and `stop()`, or as a context manager.

    `now` gives the seconds since 1970 that VAPID tokens are judged by; `tls` makes it https.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], float] = time.time,
    ):
        self.host, self.port, self.now, self._tls = host, port, now, tls
        self.received: list[Message] = []
        self.objections: list[str] = []
        self.attempts = 0
        self._browsers: dict[str, _Browser] = {}
        self._answers: list[_Answer] = []
        self._arrived = threading.Condition()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def allow_entry(self) -> str:
        """What PUSH_HOSTS must hold to reach this service."""
        return f"{self.host}:{self.port}"

    def subscribe(self) -> dict[str, Any]:
        """A new browser's `PushSubscription.toJSON()`."""
        name, key, auth = (
            secrets.token_urlsafe(12),
            ec.generate_private_key(ec.SECP256R1()),
            secrets.token_bytes(16),
        )
        self._browsers[name] = _Browser(key, auth)
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _b64(point), "auth": _b64(auth)}
        return {"endpoint": f"{self.origin}/push/{name}", "expirationTime": None, "keys": keys}

    def unsubscribe(self, subscription: dict[str, Any]) -> None:
        """The browser threw its subscription away: from now on 410."""
        del self._browsers[_name(subscription)]

    def answer(
        self,
        status: int,
        headers: dict[str, str] | None = None,
        *,
        times: int = 1_000_000,
        stall: float = 0,
        to: dict[str, Any] | None = None,
    ) -> None:
        """Answer the next `times` pushes (for one subscription or all) so, after `stall` seconds."""
        answers = self._browsers[_name(to)].answers if to else self._answers
        answers.append(_Answer(status, headers or {}, times, stall))

    def behave(self) -> None:
        """Forget every bad answer."""
        self._answers.clear()
        for browser in self._browsers.values():
            browser.answers.clear()

    def for_browser(self, subscription: dict[str, Any]) -> list[Message]:
        """What one browser got, oldest first."""
        return [m for m in self.received if m.subscription == _name(subscription)]

    def waiting(self, subscription: dict[str, Any]) -> list[Message]:
        """What an offline browser would find: of one Topic only the newest (RFC 8030, 5.4)."""
        kept: dict[str, Message] = {}
        for position, message in enumerate(self.for_browser(subscription)):
            kept.pop(message.topic or "", None)
            kept[message.topic or f"#{position}"] = message
        return list(kept.values())

    def wait_for(self, count: int, timeout: float = 30) -> list[Message]:
        """Block until `count` messages have arrived; fails the test when they do not."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.received) >= count, timeout)
            assert arrived, (
                f"{len(self.received)} of {count} pushes arrived; objections: {self.objections}"
            )
            return list(self.received)

    def start(self) -> "PushService":
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        assert self._ready.wait(10), "the push service did not start"
        return self

    def stop(self) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._stopped.wait(10)

    def __enter__(self) -> "PushService":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=LONGEST_BODY + 1)
        app.router.add_post("/push/{name}", self._push)
        app.router.add_post("/subscriptions", self._subscriptions)
        app.router.add_get("/messages", self._messages)
        app.router.add_post("/answers", self._tell)
        self._stopping, self._stopped = asyncio.Event(), threading.Event()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, self.host, self.port, ssl_context=self._tls)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._stopping.wait()
        await runner.cleanup()
        self._stopped.set()

    async def _push(self, request: web.Request) -> web.Response:
        self.attempts += 1
        name = request.match_info["name"]
        browser = self._browsers.get(name)
        if browser is None:
            return web.Response(status=410)
        if answer := _next(browser.answers) or _next(self._answers):
            await asyncio.sleep(answer.stall)
            if answer.status != 201:
                return web.Response(status=answer.status, headers=answer.headers, text="as told")
        try:
            message = self._accepted(name, browser, request, await request.read())
        except Objection as objection:
            self.objections.append(str(objection))
            return web.Response(status=objection.status, text=str(objection))
        with self._arrived:
            self.received.append(message)
            self._arrived.notify_all()
        return web.Response(
            status=201, headers={"Location": f"{self.origin}/message/{secrets.token_hex(8)}"}
        )

    def _accepted(self, name: str, browser: _Browser, request: web.Request, body: bytes) -> Message:
        headers = request.headers
        claims = checked_vapid(headers.get("Authorization", ""), self.origin, self.now())
        if not re.fullmatch(r"\d+", headers.get("TTL", "")):
            raise Objection(400, "no TTL")
        if headers.get("Urgency", "normal") not in ("very-low", "low", "normal", "high"):
            raise Objection(400, "unknown Urgency")
        topic = headers.get("Topic")
        if topic is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", topic):
            raise Objection(400, "Topic is not 32 characters of base64url")
        if headers.get("Content-Encoding") != "aes128gcm":
            raise Objection(415, "not aes128gcm")
        if len(body) > LONGEST_BODY:
            raise Objection(413, "too long")
        try:
            text = http_ece.decrypt(
                body, private_key=browser.key, auth_secret=browser.auth
            ).decode()
        except (http_ece.ECEException, ValueError) as error:
            raise Objection(400, f"cannot be decrypted: {error!r}") from error
        urgency = headers.get("Urgency", "normal")
        return Message(name, text, int(headers["TTL"]), urgency, topic, claims["sub"], self.now())

    async def _subscriptions(self, request: web.Request) -> web.Response:
        return web.json_response(self.subscribe(), status=201)

    async def _messages(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(message) for message in self.received])

    async def _tell(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.answer(
            told["status"],
            told.get("headers"),
            times=told.get("times", 1),
            stall=told.get("stall", 0),
        )
        return web.Response(status=204)


def checked_vapid(header: str, origin: str, now: float) -> dict[str, Any]:
    """The claims of a VAPID header (RFC 8292). Raises Objection when it is not valid for `origin` at `now`."""
    parts = re.fullmatch(r"vapid t=([^,.\s]+)\.([^,.\s]+)\.([^,.\s]+), ?k=(\S+)", header)
    if not parts:
        raise Objection(401, "no VAPID header")
    head, body, signature, point = parts.groups()
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _unb64(point))
        r, s = (int.from_bytes(half) for half in (_unb64(signature)[:32], _unb64(signature)[32:]))
        signed = f"{head}.{body}".encode()
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise Objection(403, "VAPID signature is not valid") from error
    claims: dict[str, Any] = json.loads(_unb64(body))
    if claims.get("aud") != origin:
        raise Objection(403, f"VAPID audience is {claims.get('aud')}, not {origin}")
    if not now < claims.get("exp", 0) <= now + DAY:
        raise Objection(403, "VAPID token is over, or lasts longer than a day")
    if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
        raise Objection(403, "VAPID token names no contact")
    return claims


def _next(answers: list[_Answer]) -> _Answer | None:
    if not answers:
        return None
    first = answers[0]
    first.times -= 1
    if not first.times:
        answers.pop(0)
    return first


def _name(subscription: dict[str, Any] | None) -> str:
    assert subscription
    return str(subscription["endpoint"].rpartition("/")[2])


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    service = PushService(port=parser.parse_args().port)
    print(f"push service on {service.host}:{service.port}", flush=True)
    asyncio.run(service._serve())


if __name__ == "__main__":
    main()
