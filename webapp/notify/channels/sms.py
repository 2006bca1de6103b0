"""Sends text messages by Twilio's REST API, or writes them into a folder of .txt files."""

import asyncio
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import aiohttp

from webapp.config import loopback
from webapp.notify.channels.parcel import Parcel, Undeliverable, check_status, write_whole

AT_ONCE = 32
LONGEST_SEND = 20.0
"""Seconds for a text, the wait for a free connection included; well within a lease."""
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
LONGEST_VALIDITY = 36_000
"""Seconds; Twilio keeps a waiting message no longer (Messages resource, ValidityPeriod)."""
DEAD_NUMBERS = {21211, 21214, 21610, 21614}
"""Twilio's error codes: no such number, cannot be reached, said STOP, cannot take texts."""


class SmsChannel:
    """Sends texts by `url`: twilio://ACCOUNT:TOKEN@host?from=+15550100, or file:DIR.

    Plain http only to a loopback address, for tests.
    """

    def __init__(self, url: str):
        parts = urlsplit(url)
        self._folder = Path(url.removeprefix("file:")) if url.startswith("file:") else None
        self._session: aiohttp.ClientSession | None = None
        self._free = asyncio.Semaphore(AT_ONCE)
        if self._folder:
            return
        account, token = unquote(parts.username or ""), unquote(parts.password or "")
        host = parts.netloc.rpartition("@")[2]
        scheme = "http" if loopback(parts.hostname or "") else "https"
        self._resource = f"{scheme}://{host}/2010-04-01/Accounts/{quote(account)}/Messages.json"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account, token)}
        fields = dict(pair.partition("=")[::2] for pair in parts.query.split("&"))
        self._from = unquote(fields.get("from", ""))  # not unquote_plus: a number begins with "+"

    async def send(self, parcel: Parcel) -> None:
        assert isinstance(parcel.address, str)
        assert isinstance(parcel.content, str)
        if self._folder:
            words = f"To: {parcel.address}\n\n{parcel.content}\n"
            write_whole(self._folder / f"{parcel.key}.txt", words.encode())
            return
        form = {
            "To": parcel.address,
            "From": self._from,
            "Body": parcel.content,
            "ValidityPeriod": str(min(max(parcel.ttl, 1), LONGEST_VALIDITY)),
        }
        try:
            async with asyncio.timeout(LONGEST_SEND), self._free:
                parcel.set_out()
                await self._post(form)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Undeliverable(type(error).__name__) from None

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    async def _post(self, form: dict[str, str]) -> None:
        self._session = self._session or aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=AT_ONCE), timeout=TIMEOUT, headers=self._headers
        )
        async with self._session.post(self._resource, data=form, allow_redirects=False) as answer:
            if answer.status == 400 and await _dead_number(answer):
                raise Undeliverable("the number takes no texts", gone=True)
            if answer.status == 404:  # our account, not their phone
                raise Undeliverable("answered 404", permanent=True)
            check_status(answer.status, answer.headers.get("Retry-After"))


async def _dead_number(answer: aiohttp.ClientResponse) -> bool:
    try:
        problem = await answer.json(content_type=None)
    except ValueError:
        return False
    return isinstance(problem, dict) and problem.get("code") in DEAD_NUMBERS
