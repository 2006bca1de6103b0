"""`rejoin audit`: checks and exports the chain of events."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy import select

from webapp import clock
from webapp.care.audit import chain, events
from webapp.care.audit.events import ChainHead, Event
from webapp.cli import console
from webapp.cli.console import CommandFailed
from webapp.db import Store

PAGE = 5000
"""Events read at a time for an export."""


@click.group()
def audit() -> None:
    """The chain of events: who did what, provably unchanged."""


@audit.command()
@click.option(
    "--anchors",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A copy of the anchors, kept elsewhere. Default: the file the worker writes.",
)
def verify(file: Path | None) -> None:
    """Check every event against the one before it, and the chain against its anchors. Exit status 1 if it does not hold.

    The worker writes the head of the chain down each quarter of an hour (REJOIN_AUDIT_ANCHORS): a chain that was cut off or
    written anew since does not agree with it.
    """
    settings = console.load_settings()
    found, broken = chain.read_anchors(file or settings.audit_anchors)
    with console.open_database(settings) as database, database.reading() as store:
        head = store.get(ChainHead, 1)
        with console.progress(f"checking {head.count if head else 0} events", None):
            broken += chain.verify(store)
            broken += chain.disagreements(store, found)
    for sentence in broken:
        console.say(f"[red]✗[/] {sentence}")
    if broken:
        raise CommandFailed(
            "The chain does not hold. Keep this database as it is, and compare with a backup or an export."
        )
    count, digest = (head.count, head.hash.hex()) if head else (0, events.GENESIS.hex())
    agreed = f"{len(found)} anchors agree" if found else "there are no anchors to compare with yet"
    console.say(f"{count} events, unchanged; {agreed}. The head of the chain:")
    console.output(digest)


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write every event to FILE, one JSON object a line, exactly as hashed; the last line is the head of the chain.

    `hash` is SHA-256 over the hash before it (32 zero bytes at first) and `canonical`, so FILE can be checked with any
    tool. Kept elsewhere, its head shows later that nothing was cut off. Prints the head.
    """
    with (
        console.open_database() as database,
        database.reading() as store,
        console.replacing(file) as draft,
    ):
        head = store.get(ChainHead, 1)
        total = head.count if head else 0
        with console.progress("writing events", total) as bar, draft.open("w") as out:
            digest = events.GENESIS.hex()
            for canonical, hashed in _up_to(store, total):
                digest = hashed.hex()
                out.write(json.dumps({"canonical": canonical, "hash": digest}) + "\n")
                bar.advance(bar.task_ids[0])
            out.write(json.dumps({"head": digest, "exported_at": clock.now().isoformat()}) + "\n")
    console.say(f"{total} events in {file}. The head of the chain:")
    console.output(digest)


def _up_to(store: Store, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield the hashed text and the hash of the first `count` events in order, reading a page of them at a time."""
    for after in range(0, count, PAGE):
        page = select(Event.canonical, Event.hash).order_by(Event.id)
        part = page.where(Event.id > after, Event.id <= min(after + PAGE, count))
        for row in store.execute(part):
            yield row.canonical, row.hash
