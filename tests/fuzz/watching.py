"""Records which statements of a request changed something and were not rolled back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from webapp.care.audit.tags import Tag

WRITES = re.compile(r"\b(INSERT) INTO \"?(\w+)|\b(DELETE) FROM \"?(\w+)|^\s*(UPDATE) \"?(\w+)")
SAVEPOINT = re.compile(r"^(SAVEPOINT|ROLLBACK TO SAVEPOINT|RELEASE SAVEPOINT) (\w+)")


class Changes:
    """The writes that stand, as `UPDATE person`; savepoints that were rolled back take theirs along."""

    def __init__(self) -> None:
        self._levels: list[tuple[str, set[str]]] = [("", set())]

    def take(self) -> set[str]:
        """What has been written and kept since it was last asked."""
        found: set[str] = set().union(*(wrote for _, wrote in self._levels))
        for _, wrote in self._levels:
            wrote.clear()
        return found

    def passed(self, _conn: Any, cursor: Any, statement: str, given: Any, *_more: Any) -> None:
        """A statement went by. The trace of a reading stands whatever becomes of the rest (P7): `INSERT reading`."""
        if point := SAVEPOINT.match(statement):
            self._moved(*point.groups())
            return
        wrote = WRITES.search(statement)
        if wrote and (cursor.rowcount != 0 or "RETURNING" in statement):
            what = " ".join(part for part in wrote.groups() if part)
            if what == "INSERT event" and told_in(given) == {Tag.CHART_READ}:
                what = "INSERT reading"
            self._levels[-1][1].add(what)

    def _moved(self, how: str, name: str) -> None:
        if how == "SAVEPOINT":
            self._levels.append((name, set()))
            return
        inside = self._until(name)
        if how.startswith("RELEASE"):
            self._levels[-1][1].update(*inside)

    def _until(self, name: str) -> list[set[str]]:
        """Take this savepoint away, and those inside it."""
        ended: list[set[str]] = []
        while name in {each for each, _ in self._levels}:
            ended.append(self._levels.pop()[1])
        return ended


def told_in(given: Any) -> set[Tag]:
    """What events are about, by the texts that are hashed."""
    texts = str(given).replace("\\", "")
    return {tag for tag in Tag if f'"{tag}"' in texts}


@contextmanager
def changes(connection: Connection) -> Iterator[Changes]:
    """Watch everything that passes over this connection's engine."""
    seen = Changes()
    event.listen(connection.engine, "after_cursor_execute", seen.passed)
    try:
        yield seen
    finally:
        event.remove(connection.engine, "after_cursor_execute", seen.passed)
