"""`rejoin db`: migrations, checks, backup and restore."""

from pathlib import Path

import click
from sqlalchemy import text

from webapp import clock
from webapp.care.audit import chain
from webapp.cli import backups, console
from webapp.cli.console import CommandFailed
from webapp.db import Database
from webapp.operations import field_keys


@click.group()
def db() -> None:
    """The database: migrations, health, backups."""


@db.command()
def upgrade() -> None:
    """Bring the tables to the newest shape; make the database if there is none. Repeating is harmless."""
    from webapp import migrations

    with console.open_database(migrated=False) as database, console.progress("migrating", None):
        migrations.upgrade(database)
        migrations.check_current(database)
        sealed = field_keys.adopt(database, clock.now())
    if sealed:
        console.say(
            f"Clinical text of {sealed} rows is sealed now. Back up field.keys, apart from the database."
        )
    console.say("The database is at the newest migration.")


@db.command()
def check() -> None:
    """Look for damage: the file itself, references, and the chain of events. Exit status 1 if there is any."""
    with console.open_database() as database, console.progress("checking", None):
        found = [*_damage(database)]
        with database.reading() as store:
            found += chain.verify(store)
    for sentence in found:
        console.say(f"[red]✗[/] {sentence}")
    if found:
        raise CommandFailed(
            "Keep this database as it is, and restore the last backup: rejoin db restore FILE"
        )
    console.say("The database is sound.")


def _damage(database: Database) -> list[str]:
    """Problems that the database engine finds. PostgreSQL checks its pages as it reads them."""
    if not database.embedded:
        return []
    with database.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        sealed = connection.execute(text("PRAGMA cipher_integrity_check")).scalars().all()
        dangling = connection.execute(text("PRAGMA foreign_key_check")).scalars().all()
    found = [f"in the file: {line}" for line in (*pages, *sealed) if line != "ok"]
    return found + [f"a row of {table} refers to one that is gone" for table in dangling]


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the whole database to FILE while it is in use. Prints the file's name.

    Embedded: one file, encrypted with the same key; keep instance/database.key in another place. PostgreSQL: pg_dump's
    custom format; only clinical text is encrypted there, so keep it where only you can read it. Clinical text opens with
    instance/field.keys alone: keep a copy of that too.
    """
    if not file.parent.is_dir():
        raise CommandFailed(f"{file.parent} is not a folder. Make it first.")
    settings = console.load_settings()
    with console.open_database(settings) as database:
        backups.back_up(settings, database, file)
    console.say(
        "Keep it apart from this machine."
        + f" Keep {'database.key and field.keys' if settings.embedded else 'field.keys'} apart from it."
    )
    console.output(str(file))


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Don't ask.")
def restore(file: Path, yes: bool) -> None:
    """Put FILE, a backup, in the place of the database. Nothing is sent again and no revoked consent comes back.

    \b
    - What was revoked, stopped or withdrawn after the backup (consents, addresses, calendar links, tokens, ways in,
      roles), and who left, is read from the database that is being replaced and stays so. When that one is gone or
      can't be read, nobody can know what was revoked: then all sharing is paused until the clients allow it anew.
    - Notices that were waiting expire. Rungs that fell due since the backup are written down, tasks are opened, and
      nobody is told of it: look at the task list.
    - Everybody signs in anew; links that were not used open nothing.
    - The database as it was is kept beside the new one.

    Stop rejoin serve and rejoin worker first.
    """
    settings = console.load_settings()
    if not yes:
        click.confirm(f"Replace the database by {file}?", abort=True, err=True)
    done = backups.restore(settings, file)
    console.say(f"Kept as it was: {done.aside or 'nothing was there'}.")
    if done.paused:
        console.say(
            "[yellow]The database before could not be read: all sharing is paused until clients allow it anew.[/]"
        )
    console.say(
        f"Consents ended again: {done.ended}. Seats looked at: {done.looked}. Nobody was told anything."
    )
    console.output(str(file))
