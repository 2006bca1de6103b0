"""Backs up and restores the database of either engine; a restored one is made safe before anyone can use it (R11)."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect

from webapp import clock
from webapp.care.audit import chain
from webapp.cli import console, postgres_backups, restore_safeguards, sqlite_backups
from webapp.cli.console import CommandFailed
from webapp.cli.restore_safeguards import TakenBack
from webapp.config import Settings
from webapp.db import Database
from webapp.notify.announcing.announce import skip_past_events
from webapp.operations import field_keys
from webapp.protocol.engine.engine import look


@dataclass(slots=True)
class Restored:
    """`aside`: where the replaced database is kept; `paused`: whether all sharing was paused; `ended`: how many consents were ended
    again; `looked`: how many seats the engine looked at."""

    aside: str = ""
    paused: bool = False
    ended: int = 0
    looked: int = 0


def back_up(settings: Settings, database: Database, file: Path) -> None:
    """Copy the whole database to `file`, mode 0600, while it is in use."""
    if database.embedded:
        assert settings.database_key
        with console.progress("copying", 1) as bar:
            sqlite_backups.copy(
                console.database_file(settings), settings.database_key, file,
                lambda done, total: bar.update(bar.task_ids[0], completed=done, total=total),
            )  # fmt: skip
        return
    with console.progress("copying", None):
        postgres_backups.copy(database.url, file)


def restore(settings: Settings, file: Path) -> Restored:
    """Replace the database by the backup `file`. Raises CommandFailed while anybody uses the database."""
    with console.progress("restoring", None):
        return (_restore_embedded if settings.embedded else _restore_postgres)(settings, file)


def _restore_embedded(settings: Settings, file: Path) -> Restored:
    """Make the backup safe beside the database, then put it in its place by one rename."""
    place, key = console.database_file(settings), settings.database_key
    assert key
    sqlite_backups.require_ours(file, key)
    fresh = place.with_name(place.name + ".restoring")
    for left in ("", "-wal", "-shm"):
        fresh.with_name(fresh.name + left).unlink(missing_ok=True)
    known, done = _taken_back_embedded(place, key)
    with ExitStack() as held:
        if known is not None:
            held.enter_context(sqlite_backups.Alone(place, key))
        sqlite_backups.copy(file, key, fresh)
        ready = Database(f"sqlite:///{fresh}", key, settings.keyring)
        try:
            _make_ready(settings, ready, known, done)
            with ready.engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        finally:
            ready.dispose()
        if place.exists():
            done.aside = str(place.with_name(f"{place.name}.before-{clock.now():%Y%m%dT%H%M%S}"))
        sqlite_backups.swap(place, fresh, Path(done.aside or place))
    return done


def _taken_back_embedded(place: Path, key: bytes) -> tuple[TakenBack | None, Restored]:
    """What has been revoked in the database at `place`; None when it is gone or cannot be read."""
    if not place.exists():
        return None, Restored(paused=True)
    try:
        sqlite_backups.require_ours(place, key)
    except CommandFailed:
        return None, Restored(paused=True)
    current = Database(f"sqlite:///{place}", key)
    try:
        with current.reading() as store:
            return restore_safeguards.read(store), Restored()
    finally:
        current.dispose()


def _restore_postgres(settings: Settings, file: Path) -> Restored:
    """Restore the rows and make them safe in one transaction of psql; the rest follows while nobody else is connected."""
    database = Database(settings.database_url, keyring=settings.keyring, restoring=True)
    try:
        with postgres_backups.alone(database.url):
            return _restore_alone(settings, database, file)
    finally:
        database.dispose()


def _restore_alone(settings: Settings, database: Database, file: Path) -> Restored:
    known, done = _taken_back_postgres(database)
    now = clock.now()
    done.aside = f"before_{now:%Y%m%dt%H%M%S}"
    script = settings.instance / "restoring.sql"
    postgres_backups.restore(
        database.url, file, restore_safeguards.updates(known, now), done.aside, script
    )
    done.aside = f'schema "{done.aside}" (to drop it: DROP SCHEMA "{done.aside}" CASCADE)'
    _make_ready(settings, database, known, done)
    return done


def _taken_back_postgres(database: Database) -> tuple[TakenBack | None, Restored]:
    """What has been revoked in the database as it is; None when its tables are gone."""
    with database.reading() as store:
        if not inspect(store.connection()).has_table("consent"):
            return None, Restored(paused=True)
        return restore_safeguards.read(store), Restored()


def _make_ready(
    settings: Settings, database: Database, known: TakenBack | None, done: Restored
) -> None:
    """Migrate, end again what had been revoked, and record the steps that fell due since, without notices."""
    from webapp import migrations

    migrations.upgrade(database)
    now = clock.now()
    chain.write_anchor(database, now, settings.audit_anchors, restored=True)
    field_keys.adopt(database, now)
    for _ in field_keys.seal_anew(database):  # the backup may be older than our newest key
        pass
    with database.writing() as store:
        for statement in restore_safeguards.updates(known, now):
            store.execute(statement.execution_options(synchronize_session=False))
        done.ended = restore_safeguards.record(store, now)
        store.commit()
    while found := look(database, now):
        done.looked += found
    with database.writing() as store:
        skip_past_events(store)
        store.commit()
