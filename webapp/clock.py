"""The one reader of time. Everything else takes an instant as an argument."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_bend = timedelta()


def now() -> datetime:
    """This instant, aware, UTC."""
    return datetime.now(UTC) + _bend


@contextmanager
def bent_to(instant: datetime) -> Iterator[None]:
    """Let `now()` run on from `instant` (aware) inside the block: for tests and for the demo's story."""
    global _bend
    before = _bend
    _bend = instant - datetime.now(UTC)
    try:
        yield
    finally:
        _bend = before
