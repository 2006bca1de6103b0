"""The current time. Only this module reads the machine's clock; everything else takes an instant as an argument."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """The current instant, aware UTC."""
    return datetime.now(UTC) + _offset


@contextmanager
def running_from(instant: datetime) -> Iterator[None]:
    """Let `now()` run on from `instant` (aware) inside the block: for tests and for the demo's story."""
    global _offset
    before = _offset
    _offset = instant - datetime.now(UTC)
    try:
        yield
    finally:
        _offset = before
