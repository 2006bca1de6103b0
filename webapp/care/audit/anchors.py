"""Anchors: the head of the audit chain, written down outside the database again and again (S14).

The chain alone shows edits and gaps, but whoever may write all tables can cut its end off, or compute it anew from some event
on. A line here says how many events there were at an instant and what the last hash was; a chain that was cut or rewritten
since does not agree with it. Keep the file where the database's owner can't write: it is append-only by use, so ship it with
the logs, which say the same. Growth: one line of some 150 bytes each quarter of an hour in which something happened.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select

from webapp.care.audit.events import ChainHead, Event
from webapp.db import Database, Store

log = structlog.get_logger()

EVERY = 900.0
"""Seconds between two looks at the head."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `at` there were `count` events, and `hash` was the last one's. `restored`: a backup was put back just then, so
    anchors before that count more events speak of a chain that is gone."""

    at: str
    count: int
    hash: str
    restored: bool = False


def drop(database: Database, now: datetime, file: Path, *, restored: bool = False) -> int:
    """Chore: write the head down and log it, if it has moved since the last line; answers how many lines it wrote."""
    with database.reading() as store:
        head = store.execute(select(ChainHead.count, ChainHead.hash)).one_or_none()
    if head is None:
        return 0
    anchor = Anchor(now.isoformat(), head[0], head[1].hex(), restored)
    last = _last_line(file)
    if not restored and f'"{anchor.hash}"' in last:
        return 0
    told = {"at": anchor.at, "count": anchor.count, "hash": anchor.hash}
    if restored:
        told["restored"] = True
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (json.dumps(told) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    log.info("audit chain anchored", count=anchor.count, hash=anchor.hash)
    return 1


def read(file: Path) -> tuple[list[Anchor], list[str]]:
    """The anchors of a file, oldest first, and a sentence for each line that is none."""
    anchors, broken = [], []
    lines = file.read_text().splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            told = json.loads(line)
            anchors.append(
                Anchor(str(told["at"]), int(told["count"]), str(told["hash"]), "restored" in told)
            )
        except (ValueError, TypeError, KeyError):
            broken.append(f"line {number} of {file} is no anchor")
    return anchors, broken


def disagreements(store: Store, anchors: list[Anchor]) -> Iterator[str]:
    """Every anchor that the chain contradicts: cut off, or written anew since; one sentence each."""
    count = store.scalar(select(ChainHead.count)) or 0
    wanted = select(Event.id, Event.hash).where(Event.id.in_({each.count for each in anchors}))
    hashes = {row.id: row.hash for row in store.execute(wanted)}
    for anchor in _standing(anchors):
        if anchor.count > count:
            yield (
                f"{anchor.count} events were anchored at {anchor.at}, and there are only {count}: the end was cut off"
            )
        elif anchor.count and hashes.get(anchor.count, b"").hex() != anchor.hash:
            yield f"event {anchor.count} is not the one that was anchored at {anchor.at}: the chain was written anew"


def _standing(anchors: list[Anchor]) -> list[Anchor]:
    """Those that no backup put back since has made void."""
    kept: list[Anchor] = []
    for anchor in anchors:
        if anchor.restored:
            kept = [each for each in kept if each.count <= anchor.count]
        kept.append(anchor)
    return kept


def _last_line(file: Path) -> str:
    """The last whole line; empty when there is none."""
    if not file.exists():
        return ""
    with file.open("rb") as lines:
        lines.seek(max(0, file.stat().st_size - 1000))
        found = lines.read().decode(errors="replace").splitlines()
    return found[-1] if found else ""
