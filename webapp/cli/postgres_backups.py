"""Copies of a PostgreSQL database, by PostgreSQL's own tools: pg_dump's custom format out, psql in one transaction in."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import URL
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.dml import Delete, Update

from webapp.cli.console import CommandFailed
from webapp.db import IN_USE

PATIENCE = 2
"""Seconds for which a connection that was closed just now may still be there: its server process ends in its own time."""


def copy(url: URL, target: Path) -> None:
    """Copy the database to the file `target`; others may read and write meanwhile."""
    draft = target.with_name(f".{target.name}.draft")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--exclude-schema=before_*",
             f"--file={draft}", url=url)  # fmt: skip
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def alone(url: URL) -> Iterator[None]:
    """The database, held so that no process of ours can use it; raises CommandFailed when one does. What else is connected (a
    monitor, somebody's psql) is none of our business."""
    where = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
        try:
            connection.execute("SELECT pg_advisory_lock(%s)", [IN_USE])
        except psycopg.errors.LockNotAvailable as error:
            raise CommandFailed(
                "The database is in use. Stop rejoin serve and rejoin worker first."
            ) from error
        yield
        connection.execute(
            "SELECT pg_advisory_unlock(%s)", [IN_USE]
        )  # else it ends when its server process does


def restore(url: URL, source: Path, safe: list[Update | Delete], aside: str, script: Path) -> None:
    """Bring back what `source` holds and make it `safe`, in one transaction. What was there is kept in the schema `aside`.

    `script` is a file this may write to.
    """
    before = script.with_suffix(".before.sql")
    after = script.with_suffix(".after.sql")
    for each in (before, script, after):
        each.unlink(missing_ok=True)
        each.touch(mode=0o600)
    _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(source), url=None)
    text = [render(each) for each in safe]
    before.write_text(f'ALTER SCHEMA public RENAME TO "{aside}";\nCREATE SCHEMA public;\n')
    after.write_text("SET search_path = public;\n" + "".join(text))
    try:
        _run("psql", "--single-transaction", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1",
             *(f"--file={each}" for each in (before, script, after)), url=url)  # fmt: skip
    finally:
        for each in (before, script, after):
            each.unlink(missing_ok=True)


def render(statement: Update | Delete) -> str:
    """One statement as the text of a script. A backup older than its table has nothing there to make safe."""
    text = str(
        statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    ).replace("%%", "%")
    there = f"SELECT to_regclass('public.{statement.table.name}') IS NOT NULL AS there \\gset"  # type: ignore[union-attr]
    return f"{there}\n\\if :there\n{text};\n\\endif\n"


def _run(tool: str, *words: str, url: URL | None) -> None:
    if shutil.which(tool) is None:
        raise CommandFailed(
            f"{tool} is not on PATH. Install PostgreSQL's client programs (on Debian and Ubuntu:"
            " apt-get install postgresql-client), at least as new as the server."
        )
    environ = dict(os.environ)
    where: list[str] = []
    if url is not None:
        if url.password:
            environ["PGPASSWORD"] = str(url.password)
        plain = url.set(drivername="postgresql", password=None)
        where = [f"--dbname={plain.render_as_string(hide_password=False)}"]
    done = subprocess.run(
        [tool, *where, *words], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise CommandFailed(f"{tool} could not do it: {said[0]}")
