"""What every test may ask for. Anything that touches tables runs twice: on SQLite and on PostgreSQL."""

import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask

from tests.databases import ENGINES, Databases
from tests.postgres import Server
from tests.visiting import Caller, Visit
from webapp import clock as webapp_clock
from webapp import log
from webapp.care.accounts import passwords
from webapp.config import Settings
from webapp.db import Database, Store

hypothesis.settings.register_profile("quick", max_examples=40, deadline=None, derandomize=True)
hypothesis.settings.register_profile("ci", max_examples=150, deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "quick")

THAT_DAY = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
"""When the tests' world takes place: a Wednesday, one o'clock in the afternoon in New York."""

FULL_HASHES = {name: getattr(passwords, name) for name in ("_hasher", "_NOBODY")}
"""What hashes passwords in the clinic; see `quick_hashes`."""

server = pytest.StashKey[Server]()


# --- the PostgreSQL of this run ---------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """With several workers the controller starts the server for all of them."""
    joined = getattr(config, "workerinput", {}).get("postgres")
    if joined:
        config.stash[server] = Server(Path(joined))
    elif config.getoption("numprocesses", default=None):
        config.stash[server] = Server.start()


def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgres"] = str(node.config.stash[server].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if server in config.stash:
        config.stash[server].stop()


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Server:
    """The run's PostgreSQL server."""
    if server not in pytestconfig.stash:
        pytestconfig.stash[server] = Server.start()
    return pytestconfig.stash[server]


# --- databases --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def databases(postgres: Server, worker_id: str) -> Iterator[Databases]:
    """This worker's databases. Their folder lies in memory where there is one."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="rejoin-tests-", dir=memory) as folder:
        made = Databases(Path(folder), postgres, worker_id)
        yield made
        made.dispose()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Runs the test once for each engine: `sqlite`, `postgresql`."""
    name: str = request.param
    return name


@pytest.fixture
def database(
    engine: str, databases: Databases, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """An empty database, or the `world`'s when the test asks for that too. Undone afterwards, commits included."""
    planting = plant_world if "world" in request.fixturenames else None
    with databases.borrowed(engine, planting) as borrowed:
        yield borrowed


@pytest.fixture
def fresh_database(
    engine: str, databases: Databases, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A database of the test's own, for several connections, threads or processes. Slower than `database`."""
    planting = plant_world if "world" in request.fixturenames else None
    with databases.fresh(engine, planting) as fresh:
        yield fresh


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """A writing store. `store.commit()` shows its rows to the app in the same test; all is undone afterwards."""
    with database.writing() as store:
        yield store


# --- time -------------------------------------------------------------------------------------------------------------


class Clock:
    """Bends the app's time. It runs on from wherever it is set."""

    def __init__(self, bends: ExitStack):
        self._bends = bends

    def now(self) -> datetime:
        return webapp_clock.now()

    def set(self, instant: datetime) -> datetime:
        """Let it be `instant` (aware). Returns it."""
        self._bends.enter_context(webapp_clock.running_from(instant))
        return instant

    def forward(self, **by: float) -> datetime:
        """Let time pass: `clock.forward(minutes=20)`. Returns the new instant."""
        return self.set(self.now() + timedelta(**by))


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Time that can be bent; it begins on THAT_DAY."""
    with ExitStack() as bends:
        bent = Clock(bends)
        bent.set(THAT_DAY)
        yield bent


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What signs cookies, links and pushes in this run's tests."""
    return {
        "REJOIN_SECRET_KEYS": secrets.token_hex(32),
        "REJOIN_VAPID_KEY_FILE": str(tmp_path_factory.mktemp("keys") / "vapid.pem"),
    }


@pytest.fixture
def settings(tmp_path: Path, keys: dict[str, str]) -> Settings:
    """Default settings in a folder of the test's own, with mail and texts written to files."""
    given = keys | {
        "REJOIN_SMTP_URL": f"file:{tmp_path / 'mail'}",
        "REJOIN_SMS_URL": f"file:{tmp_path / 'texts'}",
    }
    return Settings.load(given, tmp_path / "instance")


# --- the world: the demo's cast, on THAT_DAY ---------------------------------------------------------------------------


def plant_world(database: Database) -> Any:
    """The demo's cast in an otherwise empty database; returns what `cast.plant()` returns."""
    from webapp.demo import cast

    with webapp_clock.running_from(THAT_DAY), database.writing() as store:
        planted = cast.plant(store, now=THAT_DAY)
        store.commit()
    return planted


@pytest.fixture
def world(request: pytest.FixtureRequest, engine: str, databases: Databases, clock: Clock) -> Any:
    """The demo's cast, planted in `database` (and `fresh_database`) of the same test, with the clock on THAT_DAY.

    Its rows belong to `store` when the test asks for that too; otherwise they are detached.
    """
    if "store" in request.fixturenames:
        from webapp.demo import cast

        return cast.find(request.getfixturevalue("store"))
    return databases.planted(engine, plant_world)[1]


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    """Until an app says how it logs: errors by their class and place, as it does. structlog's own way draws every local variable,
    which takes a second an error."""
    structlog.configure(processors=[log.without_message, structlog.processors.KeyValueRenderer()])


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Argon2 takes its time and its memory on purpose, for words that are worth it: a third of all the time at the door."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", quick)
        patch.setattr(passwords, "_NOBODY", quick.hash("nobody"))
        yield


# --- the app and who uses it ------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def made() -> dict[tuple[Any, ...], Flask]:
    """The apps of this worker by what is built into them: making one takes longer than most tests."""
    return {}


@pytest.fixture
def app(database: Database, settings: Settings, made: dict[tuple[Any, ...], Flask]) -> Flask:
    """The web application on `database`. Rows of `store` are visible to it after `store.commit()`. The routes and templates
    of one app serve many tests; its database and settings are this test's."""
    from webapp import create_app

    built_in = (
        settings.base_url, settings.app_name, settings.trusted_proxies, settings.secret_keys,
        settings.vapid_key_file,
    )  # fmt: skip
    if built_in not in made:
        handlers = logging.getLogger().handlers[:]
        made[built_in] = create_app(settings, database)
        made[built_in].testing = True
        logging.getLogger().handlers = handlers
    app = made[built_in]
    app.extensions.update(database=database, settings=settings)
    return app


@pytest.fixture
def visit(app: Flask) -> Callable[..., Visit]:
    """`visit(person)`: that person's browser, signed in; `visit()`: somebody at the door."""
    return partial(Visit, app)


@pytest.fixture
def caller(app: Flask) -> Callable[..., Caller]:
    """`caller(program, "read", "care")`: a program at the API with those scopes (all when none is named)."""
    return partial(Caller, app)
