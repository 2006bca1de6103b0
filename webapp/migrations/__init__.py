"""Migrates the database with Alembic: one change a file in `versions/`, each file name a sentence.

`upgrade()` brings a database to the newest migration in one transaction on either engine, or leaves it as it was. A new migration:
`make migration SAYS="what it does"`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from webapp.db import Database

FOLDER = Path(__file__).parent
LOCK = 7_345_646
"""Number of the PostgreSQL advisory lock by which one process migrates while others wait; an arbitrary one."""


class Unmigrated(RuntimeError):
    """The database is not at the newest migration; the message says the remedy."""


def upgrade(database: Database, to: str = "head") -> None:
    """Bring the tables to migration `to`. Processes that start together wait for one another; repeating is harmless."""
    with exclusive_transaction(database) as connection:
        command.upgrade(alembic_config(connection), to)


def downgrade(database: Database, to: str) -> None:
    """Take the tables back to migration `to` (`base`: no tables)."""
    with exclusive_transaction(database) as connection:
        command.downgrade(alembic_config(connection), to)


def check_current(database: Database) -> None:
    """Raises Unmigrated unless every migration has been applied."""
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    newest = ScriptDirectory.from_config(alembic_config(None)).get_current_head()
    if found != newest:
        raise Unmigrated(
            f"The database is at migration {found or 'none'}, the program at {newest}. Run: rejoin db upgrade"
        )


def alembic_config(connection: Connection | None) -> Config:
    """Alembic's configuration, without an alembic.ini."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("truncate_slug_length", "60")
    return config


@contextmanager
def exclusive_transaction(database: Database) -> Iterator[Connection]:
    """One transaction during which no other process migrates; committed unless an error is raised in it.

    SQLite rebuilds a table to change it, which must not cascade into the tables that refer to it: its foreign keys are off
    meanwhile, and checked before the end.
    """
    engine = database.engine.execution_options(writing=True)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        if database.embedded:
            raw.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        try:
            with connection.begin():
                if not database.embedded:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                yield connection
                if database.embedded:
                    _check_references(connection)
        finally:
            if database.embedded:
                raw.execute("PRAGMA foreign_keys = ON")  # type: ignore[union-attr]


def _check_references(connection: Connection) -> None:
    broken = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
    if broken:
        raise RuntimeError(f"this migration would leave dangling references in {sorted(broken)}")
