"""How settings are spelled: each function turns a text into a value, or raises ValueError saying what to write; and what of
the numbers and moments that people write can be meant at all."""

import ipaddress
import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

_PUSH_HOST = re.compile(
    r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?|\[[0-9a-f:]+\]:[0-9]{1,5}"
)
_DIGITS = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]*)?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def path(text: str) -> Path:
    return Path(text).absolute()


def listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[,\n]", text) if part.strip())


def database_url(text: str) -> str:
    scheme, colon, rest = text.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and colon:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return text
    raise ValueError("write postgresql://user:password@host/name, or sqlite:////folder/file.db")


def secret_keys(text: str) -> tuple[str, ...]:
    found = listed(text)
    if not found or any(len(key) < 32 for key in found):
        raise ValueError(
            "each key needs at least 32 characters; make one with"
            " `python3 -c 'import secrets; print(secrets.token_hex(32))'`"
        )
    return found


def base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write the address people open, as https://attend.example.org")
    if parts.path not in {"", "/"}:
        raise ValueError("the app lives at the root of its host: leave the path away")
    return text.rstrip("/")


def app_name(text: str) -> str:
    if not 1 <= len(text) <= 30 or not text.isprintable():
        raise ValueError("use 1 to 30 printable characters; it stands under a phone's icon")
    return text


def vapid_subject(text: str) -> str:
    if re.fullmatch(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^\s/]+\.[^\s/]+\S*", text):
        return text
    raise ValueError(
        "push services need a contact: write mailto:you@example.org or an https address"
    )


def push_hosts(text: str) -> tuple[str, ...]:
    hosts = listed(text.lower())
    wrong = [host for host in hosts if not _PUSH_HOST.fullmatch(host)]
    if wrong or not hosts:
        raise ValueError(f"write host names divided by commas, not {', '.join(wrong) or 'nothing'}")
    return hosts


def url_of(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        scheme, colon, rest = text.partition(":")
        if scheme not in schemes or not colon or not rest.strip("/"):
            raise ValueError("begin with " + " or ".join(f"{scheme}:" for scheme in schemes))
        return text

    return parse


def zoom_secrets(text: str) -> Mapping[str, tuple[str, ...]]:
    secrets: dict[str, tuple[str, ...]] = {}
    for entry in listed(text):
        feed, colon, secret = entry.rpartition(":")
        if not secret or (colon and not feed):
            raise ValueError(
                "write FEED:SECRET divided by commas, or a SECRET alone for every feed"
            )
        secrets[feed] = (*secrets.get(feed, ()), secret)
    if any(len(live) > 2 for live in secrets.values()):
        raise ValueError("at most two secrets of a feed are live at a time: leave the oldest away")
    return secrets


def networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in listed(text))
    except ValueError as error:
        raise ValueError(f"write addresses or networks, as 10.0.0.0/8, ::1: {error}") from error


def loopback(host: str) -> bool:
    """Whether that is this machine itself: the one place that may be reached without encryption."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def log_format(text: str) -> str:
    if text == "auto":
        return "console" if sys.stderr.isatty() else "json"
    if text in {"json", "console"}:
        return text
    raise ValueError("choose auto, json or console")


def row_number(text: str) -> int:
    """The number of a row, as a form or an address says it; 0, which no row has, for anything else. Raises nothing."""
    return whole_number(text, most=2**31 - 1) or 0


def whole_number(text: str, *, most: int) -> int | None:
    """The whole number from 0 to `most` that a form or an address says in ASCII digits; None for anything else. The only reader
    of such numbers: Python's `isdigit` lets through ² (which is no number), `int` other scripts' digits, and both any length."""
    found = int(text) if len(text) <= len(str(most)) and _DIGITS.fullmatch(text) else None
    return found if found is not None and found <= most else None


def decimal_number(text: str, *, most: float) -> float | None:
    """The number from 0 to `most` that a form says in ASCII digits, with a point or without; None for anything else, such as
    what Python's `float` reads beyond that: `1_0`, `inf`, `nan`, other scripts' digits."""
    found = float(text) if len(text) <= 40 and _DECIMAL.fullmatch(text) else None
    return found if found is not None and found <= most else None


def in_reach(written: datetime) -> bool:
    """Whether a moment that somebody wrote lies in this century, as the API's document has it too. One at the edge of the
    calendar can't be reckoned with: the session that begins then would end after it."""
    return written.year // 100 == 20
