"""What every command has at hand: settings, the database, a voice, and words for troubles that are known.

Answers (what was made) go to standard output, the last word being the reference or secret; talk goes to standard error.
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
from webapp.care.directory.programs import Program
from webapp.config import Settings, SettingsError
from webapp.crypto.keys import KeyTrouble
from webapp.db import Database, Store
from webapp.embedded import UnsafeDatabase, make_private
from webapp.refusals import Invalid, Refusal


class Trouble(click.ClickException):
    """Ends the command with exit status 1; the message says what is wrong and what to do."""


class BadUse(click.UsageError):
    """Ends the command with exit status 2: what was given cannot be used."""


console = Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Talk, on standard error. Rich's markup is understood."""
    console.print(text, soft_wrap=True)


def answer(text: str) -> None:
    """What the command made, on standard output."""
    click.echo(text)


def show(table: Table) -> None:
    """A table somebody asked for, on standard output; never folded to a width that nobody sees."""
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = 160
    out.print(table)


def load_settings(*, level: int = logging.WARNING) -> Settings:
    """The settings, with logging set up as they say: for a single command only what is wrong. Raises SettingsError."""
    settings = Settings.load()
    log.configure(settings.log_format, level=level)
    return settings


def file_of(settings: Settings) -> Path:
    """Where the embedded database is kept."""
    return Path(settings.database_url.removeprefix("sqlite:///"))


@contextmanager
def opened(settings: Settings | None = None, *, migrated: bool = True) -> Iterator[Database]:
    """The database of the settings, closed afterwards. Raises Unmigrated when its tables are not the newest, KeyTrouble
    when the keys of its clinical text are gone."""
    from webapp import migrations
    from webapp.operations import field_keys

    settings = settings or load_settings()
    if settings.embedded:
        if migrated and not file_of(settings).exists():
            raise migrations.Unmigrated("There is no database yet. Run: rejoin db upgrade")
        key = settings.database_key
        make_private(file_of(settings))
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
    """The program called `ref`; without one, the only program there is. Raises Trouble listing those there are."""
    found = list(store.scalars(select(Program).order_by(Program.id)))
    if ref is None and len(found) == 1:
        return found[0]
    for each in found:
        if each.ref == ref:
            return each
    refs = ", ".join(each.ref for each in found)
    if not found:
        raise Trouble('There is no program yet. Run: rejoin program create "NAME" --time-zone ZONE')
    if ref is None:
        raise Trouble(
            f"There are several programs. Say which: --program {refs.replace(', ', ' | ')}"
        )
    raise Trouble(f"There is no program called {ref}. There are: {refs}.")


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
    with Progress(*(spinner if total is None else columns), console=console, transient=True) as bar:
        bar.add_task(what, total=total)
        yield bar


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """A draft beside `file`, readable by its owner only, that takes its place when all went well."""
    if not file.parent.is_dir():
        raise Trouble(f"{file.parent} is not a folder. Make it first.")
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    draft = Path(name)
    try:
        yield draft
        os.fsync(handle)
        draft.replace(file)
    finally:
        os.close(handle)
        draft.unlink(missing_ok=True)


def told(error: Exception) -> click.ClickException | None:
    """The trouble in people's words; None for one that nobody foresaw, which keeps its traceback."""
    from webapp.migrations import Unmigrated

    match error:
        case Invalid():
            return BadUse(f"{error.field}: {error}" if error.field else str(error))
        case SettingsError() | KeyTrouble() | UnsafeDatabase() | Unmigrated() | Refusal():
            return Trouble(str(error))
        case OperationalError():
            return Trouble(_unreachable(error))
        case DatabaseError() if "not a database" in str(error.orig):
            return Trouble(
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
