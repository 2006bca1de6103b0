"""`rejoin keys`: replaces signing and field keys while the installation runs."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import text

from webapp import clock
from webapp.cli import console
from webapp.cli.console import CommandFailed
from webapp.config import PREFIX, Settings
from webapp.crypto import keys
from webapp.crypto.keyring import RELOAD_AFTER, RETIRED, key_id, retired_keys
from webapp.db import Database, database_now
from webapp.operations import field_keys

KEPT_KEYS = 3
"""How many signing keys stay: the new one, and two that may have signed links and cookies still in use."""
PATIENCE = 120.0
"""Seconds to wait for writers that began under the old key."""
PASSES = 50
"""How often to go through all rows before giving up because some process keeps using the old key."""


@click.group("keys")
def keys_() -> None:
    """Keys of this installation."""


@keys_.command()
@click.option("--only", type=click.Choice(["signing", "field"]), help="Turn over just these.")
def rotate(only: str | None) -> None:
    """New keys that seal clinical text, and that sign cookies and links, from now on.

    \b
    - Field keys: the new key comes first in instance/field.keys, running programs notice it within a second, and every
      row is sealed anew in small batches while people go on writing. The old key is retired when no row uses it: it
      moves to field.keys.retired and opens old backups only. Delete that file when those backups are gone. Killed
      half-way, the same command goes on where it was.
    - Signing keys: the two before the new one still verify, so nobody is signed out. Restart rejoin serve afterwards.
    - Keys that come from REJOIN_FIELD_KEYS or config.py (several machines): put the new key last everywhere and
      restart, then first everywhere and restart, then run this on one machine; it says which keys are free to go.
    """
    settings = console.load_settings()
    if only != "signing":
        _rotate_field_keys(settings)
    if only != "field":
        _rotate_signing_keys(settings)


def _rotate_signing_keys(settings: Settings) -> None:
    path = _key_file(settings, "SECRET_KEYS", "secret.keys")
    if path is None:
        raise CommandFailed(
            "The signing keys come from REJOIN_SECRET_KEYS or config.py. Put a new one in front there; make it with:"
            " python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    with console.replacing(path) as draft:
        draft.write_text("\n".join([keys.hex_key(), *settings.secret_keys][:KEPT_KEYS]) + "\n")
    console.say(
        f"A new key signs, {len(settings.secret_keys[: KEPT_KEYS - 1])} older verify. Restart rejoin serve."
    )
    console.output(str(path))


def _rotate_field_keys(settings: Settings) -> None:
    file = _key_file(settings, "FIELD_KEYS", "field.keys")
    if file is not None and len(settings.field_keys) == 1:  # else one was begun, and goes on
        with console.replacing(file) as draft:
            draft.write_text("\n".join([keys.hex_key(), *settings.field_keys]) + "\n")
        settings = console.load_settings()
    with console.open_database(settings) as database:
        field_keys.adopt(database, clock.now())
        if file is not None:
            time.sleep(RELOAD_AFTER * 1.5)
        _wait_for_writers(database)
        _seal_all(database)
        with database.writing() as store:
            field_keys.retire(store, key_id(settings.field_keys[0]), clock.now())
            store.commit()
    if file is not None:
        _retire(file, settings.field_keys)
        return
    free = [key_id(key) for key in settings.field_keys[1:]]
    if free:
        console.say(f"No row uses {', '.join(free)} any more: kept for old backups only.")


def _seal_all(database: Database) -> None:
    """Re-seal every row with the first key. Raises CommandFailed when rows keep being sealed with another."""
    with database.reading() as store:
        total = left = field_keys.count_stale(store)
    with console.progress("sealing anew", total) as bar:
        for _ in range(PASSES):
            for done in field_keys.seal_anew(database):
                bar.advance(bar.task_ids[0], done)
            with database.reading() as store:
                left = field_keys.count_stale(store)
            if not left:
                console.say(f"Rows sealed with the new key: {total}.")
                return
            time.sleep(RELOAD_AFTER / 4)
    raise CommandFailed(
        f"{left} rows are still under an older key, for some program goes on using it. Restart those, then run this again."
    )


def _wait_for_writers(database: Database) -> None:
    """Wait until no transaction is left that may have sealed with the old key. The embedded database has one writer at a time."""
    if database.embedded:
        return
    older = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND xact_start < :since"
    )
    with database.reading() as store:
        since: datetime = database_now(store)
    deadline = clock.now() + timedelta(seconds=PATIENCE)
    with console.progress("waiting for writers that began before", None):
        while clock.now() < deadline:
            with database.reading() as store:
                if not store.scalar(older, {"since": since}):
                    return
            time.sleep(0.2)
    raise CommandFailed(
        "A transaction is open for minutes. End it (a backup, say), then run this again."
    )


def _retire(file: Path, held: tuple[str, ...]) -> None:
    """Keep only the first key in use; move the others to the file of keys for old backups."""
    beside = file.with_name(file.name + RETIRED)
    with console.replacing(beside) as draft:
        draft.write_text("\n".join(dict.fromkeys([*retired_keys(file), *held[1:]])) + "\n")
    with console.replacing(file) as draft:
        draft.write_text(held[0] + "\n")
    console.say(f"Old keys open backups only: {beside}")
    console.output(str(file))


def _key_file(settings: Settings, name: str, file: str) -> Path | None:
    """The file of keys that we made; None when they are given by the environment or config.py."""
    path = settings.instance / file
    given = os.environ.get(PREFIX + name, "").strip()
    return None if given or not path.exists() else path
