"""Known troubles, told in one sentence with the remedy instead of a traceback."""

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from webapp.config_file import SettingsError
from webapp.embedded import UnsafeDatabase
from webapp.keys import KeyTrouble
from webapp.refusals import Invalid, Refusal


class Trouble(click.ClickException):
    """Ends the command with exit status 1; the message says what is wrong and what to do."""


class BadUse(click.UsageError):
    """Ends the command with exit status 2: what was given cannot be used."""


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
