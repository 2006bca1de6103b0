"""Journeys: the real server and worker in processes of their own, a real browser, a real push service, real time."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.care.evenings import looked_into
from tests.databases import FIELD_KEY, KEY, Databases
from tests.faults.processes import Victim, Web, Zygote, free_port
from tests.journeys.phone import Phone, phone
from tests.push_service import PushService
from tests.web import serving
from webapp import clock, migrations
from webapp.care.accounts import sign_in_links
from webapp.care.directory import programs
from webapp.care.schedule import planning, series
from webapp.care.schedule.kinds import PresenceFrom
from webapp.config import Settings
from webapp.db import Database, Store
from webapp.demo import cast

assert series.Series  # sessions refer to its table

IN_SECONDS = {
    "heads_up": "-PT30S", "soon": "-PT25S", "doors_open": "-PT20S", "first_check": "PT1S",
    "second_check": "PT4S", "outreach": "PT7S", "quiet_hours": None,
}  # fmt: skip
"""A ladder that is climbed while one watches."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Gone when the journey is over: while it is there, no test of the same process may run an event loop of its own."""
    with serving.browser() as opened:
        yield opened


@pytest.fixture
def pushes() -> Iterator[PushService]:
    with PushService() as service:
        yield service


@dataclass
class Evening:
    """The cast with a ladder in seconds, and everything running."""

    database: Database
    settings: Settings
    base_url: str
    browser: Browser
    pushes: PushService
    _open: ExitStack = field(repr=False)

    def plan(self, *names: str, in_seconds: float, minutes: float = 60) -> dict[str, int]:
        """A session with these clients that begins soon; answers the ids of their seats."""
        now = clock.now()
        with self.database.writing() as store:
            world = cast.find(store)
            room = cast.open_room(
                store, world.carla, [getattr(world, name) for name in names],
                now + timedelta(seconds=in_seconds), now=now, minutes=minutes,
                presence_from=PresenceFrom.STAFF, ref=f"evening-{now.timestamp()}",
            )  # fmt: skip
            looked_into(store, room, 0)
            store.commit()
            return {seat.client.ref: seat.id for seat in planning.taken(store, room)}

    def link_for(self, name: str) -> str:
        """A one-time link, as `rejoin demo` prints it: it stands for both factors."""
        with self.database.writing() as store:
            person = getattr(cast.find(store), name)
            secret = sign_in_links.issue(store, person, "demo", by=None, now=clock.now())
            store.commit()
        return f"{self.base_url}/sign-in/link/{secret}"

    def phone(self, **more: Any) -> Phone:
        return self._open.enter_context(phone(self.browser, self.base_url, self.pushes, **more))

    def signed_in(self, name: str, **more: Any) -> Phone:
        held = self.phone(**more)
        held.sign_in(self.link_for(name))
        return held

    def wait_until(self, holds: Callable[[Store], Any], seconds: float = 30) -> Any:
        """Look every tenth of a second until `holds` says something true; fails the test when it never does."""
        pause = threading.Event()
        for _ in range(int(seconds * 10)):
            with self.database.reading() as store:
                if found := holds(store):
                    return found
            pause.wait(0.1)
        raise AssertionError(f"not within {seconds} s")


@pytest.fixture
def evening(
    engine: str, databases: Databases, browser: Browser, pushes: PushService, tmp_path: Path
) -> Iterator[Evening]:
    port = free_port()
    (tmp_path / "instance").mkdir(mode=0o700)
    (tmp_path / "instance" / "database.key").touch(mode=0o600)
    (tmp_path / "instance" / "database.key").write_text(KEY.hex())
    (tmp_path / "instance" / "field.keys").touch(mode=0o600)
    (tmp_path / "instance" / "field.keys").write_text(FIELD_KEY)
    with databases.bare(engine) as database, ExitStack() as opened:
        given = {
            "REJOIN_INSTANCE": str(tmp_path / "instance"),
            "REJOIN_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "REJOIN_PUSH_HOSTS": pushes.allow_entry,
            "REJOIN_BASE_URL": f"http://127.0.0.1:{port}",
            "REJOIN_SMTP_URL": f"file:{tmp_path / 'mail'}",
            "REJOIN_LOG_FORMAT": "json",
        }
        settings = Settings.load(given)
        migrations.upgrade(database)
        now = clock.now()
        with database.writing() as store:
            world = cast.plant(store, now=now)
            world.harbor.demo = world.sunrise.demo = True
            programs.change_policy(store, world.harbor, IN_SECONDS, by=None, now=now)
            store.commit()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REJOIN_")}
        zygote = Zygote(kept | given)
        opened.callback(zygote.stop)
        web, worker = Web(port, zygote, tmp_path), Victim("worker", ["worker"], zygote, tmp_path)
        for running in (web, worker):
            running.start()
            opened.callback(running.kill)
        web.await_work()
        yield Evening(database, settings, settings.base_url, browser, pushes, opened)
