"""Sends web push to browsers (RFC 8030) over kept-alive connections."""

import ssl
from collections.abc import Coroutine
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from webapp.notify.channels.parcel import Parcel, Subscription, Undeliverable, check_status
from webapp.notify.channels.push.encryption import LARGEST_MESSAGE, Sealer
from webapp.notify.channels.push.hosts import EndpointRefused, PushHosts
from webapp.notify.channels.push.resolving import PublicResolver
from webapp.notify.channels.push.vapid import VapidHeaders

AT_ONCE = 384
"""As many as a courier ever has under way, so that none waits here for a connection after its claim."""
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
LONGEST_TTL = 28 * 24 * 60 * 60
"""Seconds; the least of what the public push services keep."""


class PushChannel:
    """Pushes to many browsers at once.

    One TLS context and one connection pool for its whole life: building either per message costs 40 ms.
    `tls` and `resolver` are for tests.
    """

    def __init__(
        self,
        vapid: VapidHeaders,
        hosts: PushHosts,
        *,
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
    ):
        self.vapid = vapid
        self.hosts = hosts
        self._tls = tls or ssl.create_default_context()
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    def send(self, parcel: Parcel) -> Coroutine[Any, Any, None]:
        """Encrypt now; the coroutine returned posts. Either raises Undeliverable; 404 and 410 mean: the browser is gone.

        Many parcels encrypted in a row, then posted together, cost a third less than turn and turn about.
        """
        assert isinstance(parcel.address, Subscription)
        assert isinstance(parcel.content, bytes)
        try:
            url = self.hosts.checked(parcel.address.endpoint)
        except EndpointRefused as refusal:
            raise Undeliverable(str(refusal), gone=True) from None
        body = _sealed(parcel.content, parcel.address)
        return self._posted(url, body, self._headers(parcel, str(url.origin())))

    async def _posted(self, url: URL, body: bytes, headers: dict[str, str]) -> None:
        for last in (False, True):
            try:
                return await self._post(url, body, headers)
            except (aiohttp.ServerDisconnectedError, ConnectionResetError) as error:
                # A kept-alive connection had died of age; the same Topic makes a second copy harmless.
                if last:
                    raise Undeliverable(type(error).__name__) from None
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise Undeliverable(type(error).__name__) from None

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    def _headers(self, parcel: Parcel, origin: str) -> dict[str, str]:
        headers = {
            "Authorization": self.vapid.for_origin(origin),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(min(max(parcel.ttl, 0), LONGEST_TTL)),
            "Urgency": parcel.urgency,
        }
        if parcel.topic:
            headers["Topic"] = parcel.topic
        return headers

    async def _post(self, url: URL, body: bytes, headers: dict[str, str]) -> None:
        session = self._session or self._open()
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.content_length != 0:
                await answer.content.read(4096)  # an unread answer would cost us the connection
            check_status(answer.status, answer.headers.get("Retry-After"))

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            limit=AT_ONCE,
            resolver=PublicResolver(self.hosts, self._resolver),
            ttl_dns_cache=60,
            keepalive_timeout=60,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=TIMEOUT,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )
        return self._session


def _sealed(message: bytes, to: Subscription) -> bytes:
    if len(message) > LARGEST_MESSAGE:
        raise Undeliverable("too long for a push", permanent=True)
    try:
        body: bytes = Sealer(to.p256dh, to.auth).encode(message)["body"]
    except ValueError:
        raise Undeliverable("the browser's keys cannot be used", gone=True) from None
    return body
