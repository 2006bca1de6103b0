"""Costly work one at a time in a process, with few waiting: a web process has few threads, and pages need one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from webapp.refusals import Busy


class Turns:
    """Turns at one kind of costly work. `waiting`: how many wait at most; `patience`: for how many seconds."""

    def __init__(self, *, waiting: int, patience: float):
        self._patience = patience
        self._places = threading.BoundedSemaphore(1 + waiting)
        self._turn = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """A turn. Raises Busy at once when enough are waiting already, else when it has not come after `patience`."""
        if not self._places.acquire(blocking=False):
            raise Busy()
        try:
            if not self._turn.acquire(timeout=self._patience):
                raise Busy()
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._places.release()
