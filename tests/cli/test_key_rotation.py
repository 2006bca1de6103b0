"""S15: `rejoin keys rotate` under load: no text is lost, none stays under the old key, nobody has to stop writing."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.cli.conftest import Run
from tests.cli.running import until
from tests.databases import FIELD_KEY, KEY
from webapp import clock
from webapp.care.contact import contacts
from webapp.care.contact.contacts import Contact
from webapp.crypto.keyring import Keyring, key_id
from webapp.db import Database
from webapp.demo.cast import World
from webapp.operations import field_keys

OLD = key_id(FIELD_KEY)
MINUTES = count(1)
"""How long ago each contact was, so that a writer of a new one reads no older note."""


@pytest.fixture
def file(instance: Path) -> Path:
    return instance / "field.keys"


def opened(database: Database, keyring: Keyring) -> Database:
    url = database.url.render_as_string(hide_password=False)
    return Database(url, KEY if database.embedded else None, keyring)


def write(database: Database, world: World, note: str) -> None:
    with database.writing() as store:
        contacts.record(
            store, world.maya, channel="call", outcome="reached", by=world.carla, now=clock.now(), note=note,
            at=clock.now() - timedelta(minutes=next(MINUTES)),
        )  # fmt: skip
        store.commit()


def change(database: Database, words: str) -> None:
    with database.writing() as store:
        store.scalars(select(Contact).order_by(Contact.id).limit(1)).one().note = words
        store.commit()


def notes(database: Database) -> list[str | None]:
    with database.reading() as store:
        return list(store.scalars(select(Contact.note).order_by(Contact.id)))


def keys_used(database: Database) -> set[str]:
    with database.reading() as store:
        return {kept.split(".")[1] for kept in store.scalars(text("SELECT note FROM contact"))}


@contextmanager
def a_busy_writer(
    database: Database, world: World, keyring: Keyring, *, changing: bool = True
) -> Iterator[list[str]]:
    """Somebody who writes new notes (and changes old ones) all the while; yields what they have written."""
    said: list[str] = []
    stop, failed = threading.Event(), []

    def go_on() -> None:
        theirs = opened(database, keyring)
        try:
            while not stop.is_set():
                words = f"note {len(said)}"
                write(theirs, world, words)
                said.append(words)
                if changing:
                    change(theirs, words)
                stop.wait(0.005)
        except BaseException as error:
            failed.append(error)
        finally:
            theirs.dispose()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield said
    finally:
        stop.set()
        thread.join()
    assert not failed, failed


def test_keys_are_turned_over_while_somebody_writes(
    run: Run, file: Path, fresh_database: Database, world: World
) -> None:
    ours = opened(fresh_database, Keyring([FIELD_KEY], file))
    field_keys.adopt(ours, clock.now())
    for n in range(450):
        write(ours, world, f"before {n}")
    with a_busy_writer(fresh_database, world, Keyring([FIELD_KEY], file)) as said:
        done = run("keys", "rotate", "--only", "field")
    assert done.exit_code == 0, done.output
    assert len(said) > 3
    [new] = file.read_text().split()
    assert keys_used(ours) == {key_id(new)}
    assert notes(ours)[1:] == [*(f"before {n}" for n in range(1, 450)), *said]
    assert (file.parent / "field.keys.retired").read_text().split() == [FIELD_KEY]
    assert notes(opened(fresh_database, Keyring([new]))) == notes(ours)
    for each in (file, file.parent / "field.keys.retired"):
        assert each.stat().st_mode & 0o077 == 0
    ours.dispose()


def test_killed_half_way_it_goes_on_where_it_was(
    run: Run, environment: dict[str, str], file: Path, fresh_database: Database, world: World
) -> None:
    """SIGKILL while rows lie under both keys (a writer who never notices keeps it from ending): the next call ends what was
    begun and makes no third key."""
    ours = opened(fresh_database, Keyring([FIELD_KEY], file))
    for n in range(300):
        write(ours, world, f"before {n}")
    with a_busy_writer(fresh_database, world, Keyring([FIELD_KEY]), changing=False):
        running = subprocess.Popen(
            [sys.executable, "-m", "webapp.cli", "keys", "rotate", "--only", "field"],
            env=os.environ | environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: len(keys_used(ours)) == 2, "rows under both keys")
        running.send_signal(signal.SIGKILL)
        running.wait()
    new, old = file.read_text().split()
    assert old == FIELD_KEY
    assert len(notes(ours)) > 300
    done = run("keys", "rotate", "--only", "field")
    assert done.exit_code == 0, done.output
    assert file.read_text().split() == [new]
    assert keys_used(ours) == {key_id(new)}
    assert notes(ours)[1:300] == [f"before {n}" for n in range(1, 300)]
    ours.dispose()


def test_keys_from_elsewhere_are_only_sealed_with(
    run: Run, fresh_database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = "f" * 64
    write(ours := opened(fresh_database, Keyring([FIELD_KEY])), world, "words")
    ours.dispose()
    monkeypatch.setenv("REJOIN_FIELD_KEYS", f"{new},{FIELD_KEY}")
    done = run("keys", "rotate", "--only", "field")
    assert done.exit_code == 0, done.output
    assert OLD in done.stderr
    now = opened(fresh_database, Keyring([new]))
    assert notes(now) == ["words"]
    now.dispose()


def test_a_lost_key_stops_every_command_and_says_the_remedy(
    run: Run, file: Path, fresh_database: Database, world: World
) -> None:
    assert run("db", "upgrade").exit_code == 0
    file.unlink()
    done = run("ladder", "show")
    assert done.exit_code == 1
    assert OLD in done.stderr
    assert "Put field.keys back" in done.stderr


def test_text_from_before_there_were_keys_is_sealed_by_the_upgrade(
    run: Run, file: Path, fresh_database: Database, world: World
) -> None:
    ours = opened(fresh_database, Keyring([FIELD_KEY]))
    write(ours, world, "words")
    with ours.writing() as store:
        store.execute(text("UPDATE contact SET note = 'from the first release'"))
        store.commit()
    assert run("db", "upgrade").exit_code == 0
    assert notes(ours) == ["from the first release"]
    with ours.writing() as store:
        store.execute(text("UPDATE contact SET note = 'planted later'"))
        store.commit()
    assert run("db", "upgrade").exit_code == 0
    with ours.reading() as store:
        assert store.scalar(text("SELECT note FROM contact")) == "planted later"
    ours.dispose()


def test_a_backup_from_before_the_turn_comes_back(
    run: Run, file: Path, fresh_database: Database, world: World, tmp_path: Path
) -> None:
    """R11: the retired key opens it, and what it brings is sealed with the key of today."""
    ours = opened(fresh_database, Keyring([FIELD_KEY]))
    write(ours, world, "words")
    ours.dispose()
    assert run("db", "upgrade").exit_code == 0
    assert run("db", "backup", str(tmp_path / "copy")).exit_code == 0
    assert run("keys", "rotate", "--only", "field").exit_code == 0
    fresh_database.dispose()
    done = run("db", "restore", str(tmp_path / "copy"), "--yes")
    assert done.exit_code == 0, done.output
    now = opened(fresh_database, Keyring([file.read_text().strip()]))
    assert notes(now) == ["words"]
    now.dispose()
