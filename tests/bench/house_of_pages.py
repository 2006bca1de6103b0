"""A program as it stands after three weeks, served as `rejoin serve` does; and beside it the barest Flask on the same server."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from tests.bench.askers import await_answer
from tests.databases import FIELD_KEY, KEY, every_table
from tests.faults.processes import free_port
from webapp import clock, migrations
from webapp.care.accounts import logins
from webapp.cli.serve import run_web
from webapp.config import Settings
from webapp.db import Database
from webapp.demo import cast, live_sessions, story
from webapp.operations import field_keys


@dataclass
class House:
    """Who serves what, at which port; `database` is the one that is served."""

    port: int
    bare_port: int
    database: Database
    settings: Settings

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def cookie_of(self, name: str) -> str:
        """A login of its own for one of the cast, as a Cookie header."""
        with self.database.writing() as store:
            person = getattr(cast.find(store), name)
            _, secret = logins.sign_in(store, person, "passkey", now=clock.now(), device="bench")
            store.commit()
        return f"login={secret}"


def environment_for(database: Database, settings: Settings) -> dict[str, str]:
    """For a process that serves one of the tests' databases."""
    for name, key in (("database.key", KEY.hex()), ("field.keys", FIELD_KEY)):
        kept = settings.instance / name
        kept.touch(mode=0o600)
        kept.write_text(key)
    return os.environ | {
        "REJOIN_INSTANCE": str(settings.instance), "REJOIN_LOG_FORMAT": "json",
        "REJOIN_DATABASE_URL": database.url.render_as_string(hide_password=False),
    }  # fmt: skip


def command_for(which: str, port: int, processes: int) -> list[str]:
    """What to run so that `which` ("ours" or "bare") is served at `port` by so many processes."""
    return [sys.executable, "-m", "tests.bench.house_of_pages", which, str(port), str(processes)]


def bare() -> Flask:
    """Flask with one route that says hello: what the server and the framework cost by themselves."""
    app = Flask(__name__)

    @app.get("/")
    @app.get("/healthz")
    def hello() -> str:
        return "hello"

    return app


@contextlib.contextmanager
def opened(*, story_told: bool, processes: int) -> Iterator[House]:
    """The demo's cast in an encrypted SQLite file, with three weeks of practice when its story is told; both servers up; all
    gone at the end."""
    every_table()
    with (
        tempfile.TemporaryDirectory(prefix="rejoin-bench-") as folder,
        contextlib.ExitStack() as stack,
    ):
        port, bare_port = free_port(), free_port()
        given = {"REJOIN_INSTANCE": f"{folder}/instance", "REJOIN_BASE_URL": f"http://localhost:{port}",
                 "REJOIN_LOG_FORMAT": "json"}  # fmt: skip
        settings = Settings.load(given)
        database = Database(settings.database_url, settings.database_key, settings.keyring)
        stack.callback(database.dispose)
        migrations.upgrade(database)
        field_keys.adopt(database, clock.now())
        if story_told:
            story.tell(database, clock.now())
        with database.writing() as store:
            if not story_told:
                cast.plant(store, clock.now())
            live_sessions.open_all(store, clock.now())
            store.commit()
        for which, at in (("ours", port), ("bare", bare_port)):
            log = stack.enter_context(Path(folder, which).open("w"))
            running = subprocess.Popen(
                command_for(which, at, processes),
                env=os.environ | given,
                stdout=log,
                stderr=log,
            )
            stack.callback(running.wait)
            stack.callback(running.terminate)
        for number in (port, bare_port):
            await_answer(number)
        yield House(port, bare_port, database, settings)


def _serve_bare(port: int, processes: int) -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        f"{__name__}:bare", factory=True, interface=Interfaces.WSGI, address="127.0.0.1", port=port,
        workers=processes, blocking_threads=1, log_enabled=False, backpressure=256,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    __name__ = "tests.bench.house_of_pages"
    which, where, how_many = sys.argv[1:]
    if which == "bare":
        _serve_bare(int(where), int(how_many))
    else:
        run_web("127.0.0.1", int(where), int(how_many), None)
