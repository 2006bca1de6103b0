"""`rejoin audit` and `rejoin keys`: proof that nothing was changed, and new keys in place of old ones."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import select

from webapp import clock, keys
from webapp.care import chain, events
from webapp.care.events import ChainHead, Event
from webapp.cli import desk
from webapp.cli.troubles import Trouble
from webapp.config import PREFIX
from webapp.db import Store

KEPT_KEYS = 3
"""How many signing keys stay: the new one and those whose links and logins may still be about."""

PAGE = 5000
"""Events read at a time for an export."""


@click.group()
def audit() -> None:
    """The chain of events: who did what, provably unchanged."""


@audit.command()
def verify() -> None:
    """Check every event against the one before it. Exit status 1 if the chain does not hold."""
    with desk.opened() as database, database.reading() as store:
        head = store.get(ChainHead, 1)
        with desk.progress(f"checking {head.count if head else 0} events", None):
            broken = list(chain.verify(store))
    for sentence in broken:
        desk.say(f"[red]✗[/] {sentence}")
    if broken:
        raise Trouble(
            "The chain does not hold. Keep this database as it is, and compare with a backup or an export."
        )
    count, digest = (head.count, head.hash.hex()) if head else (0, events.GENESIS.hex())
    desk.say(f"{count} events, unchanged. The head of the chain:")
    desk.answer(digest)


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write every event to FILE, one JSON object a line, exactly as hashed; the last line is the head of the chain.

    `hash` is SHA-256 over the hash before it (32 zero bytes at first) and `canonical`, so FILE can be checked with any
    tool. Kept elsewhere, its head shows later that nothing was cut off. Prints the head.
    """
    with desk.opened() as database, database.reading() as store, _replaced(file) as draft:
        head = store.get(ChainHead, 1)
        total = head.count if head else 0
        with desk.progress("writing events", total) as bar, draft.open("w") as out:
            digest = events.GENESIS.hex()
            for canonical, hashed in _up_to(store, total):
                digest = hashed.hex()
                out.write(json.dumps({"canonical": canonical, "hash": digest}) + "\n")
                bar.advance(bar.task_ids[0])
            out.write(json.dumps({"head": digest, "exported_at": clock.now().isoformat()}) + "\n")
    desk.say(f"{total} events in {file}. The head of the chain:")
    desk.answer(digest)


def _up_to(store: Store, count: int) -> Iterator[tuple[str, bytes]]:
    """What was hashed, and the hash, of the first `count` events, in order; a page of them at a time."""
    for after in range(0, count, PAGE):
        page = select(Event.canonical, Event.hash).order_by(Event.id)
        part = page.where(Event.id > after, Event.id <= min(after + PAGE, count))
        for row in store.execute(part):
            yield row.canonical, row.hash


class _replaced:  # noqa: N801 - reads as a word where it is used
    """A draft beside `file`, readable by its owner only, that takes its place when all went well."""

    def __init__(self, file: Path):
        self._file = file

    def __enter__(self) -> Path:
        if not self._file.parent.is_dir():
            raise Trouble(f"{self._file.parent} is not a folder. Make it first.")
        handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=f".{self._file.name}-")
        os.close(handle)
        self._draft = Path(name)
        return self._draft

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._draft.replace(self._file)
        else:
            self._draft.unlink(missing_ok=True)


@click.group("keys")
def keys_() -> None:
    """Keys of this installation."""


@keys_.command()
def rotate() -> None:
    """Sign with a new key from now on; the two before it still verify, so nobody is signed out.

    Restart `rejoin serve` afterwards. This turns over the keys that sign cookies and links. Field encryption on
    PostgreSQL is not part of this release; there is no key of that kind to turn over yet.
    """
    settings = desk.load_settings()
    if os.environ.get(PREFIX + "SECRET_KEYS", "").strip():
        raise Trouble(
            "The keys come from REJOIN_SECRET_KEYS. Put a new one in front there; make it with:"
            " python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    path = settings.instance / "secret.keys"
    if not path.exists():
        raise Trouble(
            f"The keys come from {settings.instance / 'config.py'}. Put a new one in front there."
        )
    with _replaced(path) as draft:
        draft.write_text("\n".join([keys.hex_key(), *settings.secret_keys][:KEPT_KEYS]) + "\n")
    desk.say(
        f"A new key signs, {len(settings.secret_keys[: KEPT_KEYS - 1])} older verify. Restart rejoin serve."
    )
    desk.answer(str(path))
