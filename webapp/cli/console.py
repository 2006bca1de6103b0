"""What every command uses: settings, the database, output, and messages for errors we know.

What a command made goes to standard output, its last word being the reference or secret; everything else goes to standard error.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError, OperationalError

from webapp import log
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.programs import Program
from webapp.config import Settings, SettingsError
from webapp.crypto.keys import KeyTrouble
from webapp.db import Database, Store
from webapp.embedded import UnsafeDatabase, make_private
from webapp.refusals import Invalid, Refusal


class CommandFailed(click.ClickException):
    """Ends the command with exit status 1; the message says what is wrong and what to do."""


class BadUsage(click.UsageError):
    """Ends the command with exit status 2: an argument cannot be used."""


stderr = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a message to standard error. `text` may hold Rich's markup."""
    stderr.print(text, soft_wrap=True)


def output(text: str) -> None:
    """Print what the command made to standard output."""
    click.echo(text)


def show_table(table: Table) -> None:
    """Print a table to standard output; 160 characters wide where that is not a terminal."""
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = 160
    out.print(table)


def load_settings(*, level: int = logging.WARNING) -> Settings:
    """Return the settings and set up logging by them; by default a command logs warnings and errors only. Raises SettingsError."""
    settings = Settings.load()
    log.configure(settings.log_format, level=level)
    return settings


def database_file(settings: Settings) -> Path:
    """The file of the embedded database."""
    return Path(settings.database_url.removeprefix("sqlite:///"))


@contextmanager
def open_database(settings: Settings | None = None, *, migrated: bool = True) -> Iterator[Database]:
    """Open the database of the settings, and close it afterwards. `migrated` False: also one whose tables are missing or old.
    Raises Unmigrated when its tables are not the newest, KeyTrouble when a key of its clinical text is missing."""
    from webapp import migrations
    from webapp.operations import field_keys

    settings = settings or load_settings()
    if settings.embedded:
        if migrated and not database_file(settings).exists():
            raise migrations.Unmigrated("There is no database yet. Run: rejoin db upgrade")
        key = settings.database_key
        make_private(database_file(settings))
    else:
        key = None
    database = Database(settings.database_url, key, settings.keyring)
    try:
        if migrated:
            migrations.check_current(database)
            field_keys.check(database)
        yield database
    finally:
        database.dispose()


def program_of(store: Store, ref: str | None) -> Program:
    """The program of this reference; without one, the only program there is. Raises CommandFailed listing those there are."""
    found = list(store.scalars(select(Program).order_by(Program.id)))
    if ref is None and len(found) == 1:
        return found[0]
    for each in found:
        if each.ref == ref:
            return each
    refs = ", ".join(each.ref for each in found)
    if not found:
        raise CommandFailed(
            'There is no program yet. Run: rejoin program create "NAME" --time-zone ZONE'
        )
    if ref is None:
        raise CommandFailed(
            f"There are several programs. Say which: --program {refs.replace(', ', ' | ')}"
        )
    raise CommandFailed(f"There is no program called {ref}. There are: {refs}.")


def unreachable(person: Person) -> str:
    """Says that a client or a staff member can't be told anything, and the remedy."""
    what = "reminders" if person.kind == Kind.CLIENT else "tasks"
    return (
        f"{person.name} ({person.ref}) has no working way to be told of {what}."
        " Enter an e-mail address that they agree to, or let them sign in and allow notifications"
    )


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Progress]:
    """A progress bar on standard error; `advance(bar.task_ids[0])` moves it. `total` None: a spinner."""
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ]
    spinner = [SpinnerColumn(), TextColumn("{task.description}")]
    with Progress(*(spinner if total is None else columns), console=stderr, transient=True) as bar:
        bar.add_task(what, total=total)
        yield bar


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Yield a temporary file beside `file`, readable by its owner only, that replaces it if the block ends without an error. Raises
    CommandFailed when there is no such folder."""
    if not file.parent.is_dir():
        raise CommandFailed(f"{file.parent} is not a folder. Make it first.")
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    draft = Path(name)
    try:
        yield draft
        os.fsync(handle)
        draft.replace(file)
    finally:
        os.close(handle)
        draft.unlink(missing_ok=True)


def as_command_error(error: Exception) -> click.ClickException | None:
    """The error with a message for people; None for an error we do not know, which keeps its traceback."""
    from webapp.migrations import Unmigrated

    match error:
        case Invalid():
            return BadUsage(f"{error.field}: {error}" if error.field else str(error))
        case SettingsError() | KeyTrouble() | UnsafeDatabase() | Unmigrated() | Refusal():
            return CommandFailed(str(error))
        case OperationalError():
            return CommandFailed(_unreachable(error))
        case DatabaseError() if "not a database" in str(error.orig):
            return CommandFailed(
                "The database file cannot be opened with the key beside it. Put the right database.key back into"
                " the instance folder."
            )
    return None


def _unreachable(error: OperationalError) -> str:
    reason = str(error.orig).strip().splitlines()[0]
    if "locked" in reason:
        return "The database is busy with somebody else's work. Try again in a moment."
    return (
        f"The database cannot be used: {reason}. Check REJOIN_DATABASE_URL and that it is running."
    )
