"""Verifies the audit chain, and writes its head to a file outside the database (S14).

The chain alone shows edits and gaps, but whoever may write all tables can cut its end off, or compute it anew from some event
on. An anchor says how many events there were at an instant and what the last hash was; a chain that was cut off or rewritten
since does not agree with it. Keep the file where the database's owner can't write: it is append-only by use, so ship it with
the logs, which say the same. Growth: one line of some 150 bytes each quarter of an hour in which something happened.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row, select

from webapp.care.audit.events import COLUMNS, GENESIS, ChainHead, Event, chained_hash
from webapp.db import Database, Store

log = structlog.get_logger()

ANCHOR_EVERY = 900.0
"""Seconds between two anchors."""


def verify(store: Store) -> Iterator[str]:
    """Every way in which the chain does not hold: edited, deleted, inserted or cut-off events, one sentence each.

    Reads the whole chain, 2000 events at a time. Events that are appended meanwhile are left for the next time.
    """
    heads = store.execute(select(ChainHead.count, ChainHead.hash).order_by(ChainHead.id)).all()
    if len(heads) > 1:
        yield f"the chain has {len(heads)} ends: there is one row of them, others were added"
    count, last = heads[0] if heads else (0, GENESIS)
    digest, expected = GENESIS, 0
    for row in _all_up_to(store, count):
        expected += 1
        if row.id != expected:
            yield f"event {expected} is gone: the next one is {row.id}"
            expected = row.id
        if chained_hash(digest, row.canonical) != row.hash:
            yield f"event {row.id} does not follow from the one before it"
        if _columns(row) != _hashed_columns(row.canonical):
            yield f"event {row.id} was changed after it was written"
        digest = row.hash
    if (count, last) != (expected, digest):
        yield f"the chain ends at {expected}, but {count} events were written"


def _all_up_to(store: Store, count: int, batch: int = 2000) -> Iterator[Row[Any]]:
    columns = [Event.__table__.c[name] for name in COLUMNS]
    after = 0
    while rows := store.execute(
        select(*columns).where(Event.id > after, Event.id <= count).order_by(Event.id).limit(batch)
    ).all():
        yield from rows
        after = rows[-1].id


def _columns(row: Row[Any]) -> list[Any]:
    return [
        row.id, row.program_id, row.tag, row.at, row.by_id, row.client_id, row.seat_id,
        row.session_id, row.task_id,
    ]  # fmt: skip


def _hashed_columns(canonical: str) -> list[Any] | None:
    """The columns as the hashed text has them; None when it can't be read."""
    try:
        columns: list[Any] = json.loads(canonical)["event"]
        columns[3] = datetime.fromisoformat(columns[3])
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return columns


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `at` there were `count` events, and `hash` was the last one's. `restored`: a backup was restored at that
    instant, so anchors before it that count more events belong to a chain that is gone."""

    at: str
    count: int
    hash: str
    restored: bool = False


def write_anchor(database: Database, now: datetime, file: Path, *, restored: bool = False) -> int:
    """Chore: append the chain's head to `file` and log it, if it has moved since the last line. Returns the number of
    lines written, 0 or 1."""
    with database.reading() as store:
        head = store.execute(select(ChainHead.count, ChainHead.hash)).one_or_none()
    if head is None:
        return 0
    line = {"at": now.isoformat(), "count": head[0], "hash": head[1].hex()}
    if restored:
        line["restored"] = True
    elif f'"{line["hash"]}"' in _last_line(file):
        return 0
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (json.dumps(line) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    log.info("audit chain anchored", count=line["count"], hash=line["hash"])
    return 1


def read_anchors(file: Path) -> tuple[list[Anchor], list[str]]:
    """The anchors of a file, oldest first, and a sentence for each line that is none. A missing file has none."""
    anchors, broken = [], []
    lines = file.read_text().splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            parsed = json.loads(line)
            anchors.append(
                Anchor(
                    str(parsed["at"]),
                    int(parsed["count"]),
                    str(parsed["hash"]),
                    "restored" in parsed,
                )
            )
        except (ValueError, TypeError, KeyError):
            broken.append(f"line {number} of {file} is no anchor")
    return anchors, broken


def disagreements(store: Store, anchors: list[Anchor]) -> Iterator[str]:
    """A sentence for each anchor that the chain contradicts: the chain was cut off, or rewritten, since."""
    count = store.scalar(select(ChainHead.count)) or 0
    wanted = select(Event.id, Event.hash).where(Event.id.in_({each.count for each in anchors}))
    hashes = {row.id: row.hash for row in store.execute(wanted)}
    for anchor in _binding(anchors):
        if anchor.count > count:
            yield (
                f"{anchor.count} events were anchored at {anchor.at}, and there are only {count}: the end was cut off"
            )
        elif anchor.count and hashes.get(anchor.count, b"").hex() != anchor.hash:
            yield f"event {anchor.count} is not the one that was anchored at {anchor.at}: the chain was written anew"


def _binding(anchors: list[Anchor]) -> list[Anchor]:
    """Those that no later restore of a backup has made void."""
    binding: list[Anchor] = []
    for anchor in anchors:
        if anchor.restored:
            binding = [each for each in binding if each.count <= anchor.count]
        binding.append(anchor)
    return binding


def _last_line(file: Path) -> str:
    """The last whole line; empty when there is none."""
    if not file.exists():
        return ""
    with file.open("rb") as lines:
        lines.seek(max(0, file.stat().st_size - 1000))
        found = lines.read().decode(errors="replace").splitlines()
    return found[-1] if found else ""
