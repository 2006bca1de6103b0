"""The parcel that every channel carries, the protocol of a channel, and its one error."""

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

from webapp import clock

LONGEST_WAIT = 24 * 60 * 60
"""Seconds. A longer wait that a provider asks for is cut to this."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser takes pushes: `PushSubscription.toJSON()`, flattened. Keys are base64url."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class EmailContent:
    """An e-mail's subject and its body, as plain text and as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One notice on its way to one address.

    `key` stays the same however often the parcel is sent again; `topic` is shared by parcels of which only the newest
    matters (RFC 8030, 5.4). `ttl`: whole seconds until the notice is useless. `still` returns whether it may still be sent; notices
    about somebody else have it (P1).
    """

    key: str
    address: str | Subscription
    content: bytes | str | EmailContent
    ttl: int
    urgency: str = "normal"
    topic: str | None = None
    still: Callable[[], bool] | None = field(default=None, compare=False, repr=False)

    def set_out(self) -> None:
        """Check whether the parcel may still be sent. A channel that lets parcels wait for a free connection calls this just before
        it sends: what was allowed when the row was claimed may have been revoked. Raises Withdrawn."""
        if self.still is not None and not self.still():
            raise Withdrawn("withdrawn")


class Undeliverable(Exception):
    """A channel could not deliver the parcel to the provider.

    `permanent`: this parcel will never get through here. `gone`: nothing will, the address is dead. `retry_after`:
    seconds the provider asked us to wait. `reason` is short and holds neither address nor words (S13).
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        gone: bool = False,
        retry_after: float | None = None,
    ):
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent or gone
        self.gone = gone
        self.retry_after = retry_after


class Withdrawn(Undeliverable):
    """The parcel may not be sent any more. No address is at fault and no other channel is tried: the next claim finds the reason."""


class SendingChannel(Protocol):
    """A way to reach people. Used on one event loop; `send` may run many times at once."""

    def send(self, parcel: Parcel) -> Coroutine[Any, Any, None]:
        """Hand the parcel to the provider; having returned means it was accepted, not that it was read.

        Raises Undeliverable, when called or when awaited; at the latest after half a lease (`leases.LEASE`).
        """

    async def close(self) -> None:
        """Close its connections."""


def check_status(status: int, retry_after: str | None) -> None:
    """Read a provider's HTTP status (R6). Raises Undeliverable for all but 2xx."""
    if 200 <= status < 300:
        return
    reason = f"answered {status}"
    if status in (404, 410):
        raise Undeliverable(reason, gone=True)
    if status in (408, 425, 429) or status >= 500:
        raise Undeliverable(reason, retry_after=retry_after_seconds(retry_after))
    raise Undeliverable(reason, permanent=True)


def retry_after_seconds(retry_after: str | None) -> float | None:
    """The seconds in a Retry-After header, a number or an HTTP date (RFC 9110, 10.2.3); None when it holds neither."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            until: datetime = parsedate_to_datetime(retry_after)
            wait = (until - clock.now()).total_seconds()
        except (ValueError, TypeError):
            return None
    if wait != wait:  # "nan" is a float, too
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that stands in for a provider, readable by its owner alone. No reader sees half of it; writing the same name
    again replaces it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(draft, path)
