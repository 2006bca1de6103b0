"""The database on both engines: durable, private, and with one writer at a time where that is needed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from tests.databases import KEY
from webapp.care.audit.events import Cursor
from webapp.db import Database, ReadOnlyStore, claim, database_now, encrypted
from webapp.embedded import UnsafeDatabase, check_sqlite
from webapp.operations.heartbeats import Heartbeat

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def names(database: Database) -> list[str]:
    with database.reading() as store:
        return list(store.scalars(select(Heartbeat.name).order_by(Heartbeat.name)))


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql+psycopg://u@db.internal/r", "require"),
        ("postgresql+psycopg://u@db.internal/r?sslmode=verify-full", "verify-full"),
        ("postgresql+psycopg://u@127.0.0.1/r", None), ("postgresql+psycopg:///r", None),
        ("sqlite:////srv/r.db", None),
    ],
)  # fmt: skip
def test_a_database_elsewhere_is_spoken_to_in_private(url: str, mode: str | None) -> None:
    """libpq's own default would fall back to plain text."""
    assert encrypted(make_url(url)).query.get("sslmode") == mode


def test_nothing_is_kept_without_a_commit(fresh_database: Database) -> None:
    with fresh_database.writing() as store:
        store.add(Heartbeat(name="kept", beat_at=NOON))
        store.commit()
    with fresh_database.writing() as store:
        store.add(Heartbeat(name="left", beat_at=NOON))
        store.flush()
    assert names(fresh_database) == ["kept"]


def test_an_error_inside_the_block_keeps_nothing_and_frees_the_writer(
    fresh_database: Database,
) -> None:
    with pytest.raises(ZeroDivisionError), fresh_database.writing() as store:
        store.add(Heartbeat(name="left", beat_at=NOON))
        store.flush()
        _ = 1 / 0
    with fresh_database.writing() as store:
        store.add(Heartbeat(name="next", beat_at=NOON))
        store.commit()
    assert names(fresh_database) == ["next"]


def test_a_reading_store_refuses_to_write(fresh_database: Database) -> None:
    with fresh_database.reading() as store:
        store.add(Heartbeat(name="x", beat_at=NOON))
        with pytest.raises(ReadOnlyStore, match="writing"):
            store.flush()
    assert names(fresh_database) == []


def test_a_naive_instant_is_refused_and_another_zone_comes_back_as_utc(
    fresh_database: Database,
) -> None:
    with fresh_database.writing() as store:
        store.add(Heartbeat(name="naive", beat_at=NOON.replace(tzinfo=None)))
        with pytest.raises(StatementError, match="naive"):
            store.flush()
    eastern = timezone(timedelta(hours=-5))
    with fresh_database.writing() as store:
        store.add(Heartbeat(name="zoned", beat_at=NOON.astimezone(eastern)))
        store.commit()
    with fresh_database.reading() as store:
        found = store.get_one(Heartbeat, "zoned").beat_at
    assert (found, found.tzinfo) == (NOON, UTC)


def test_foreign_keys_and_unique_keys_hold(fresh_database: Database) -> None:
    with fresh_database.writing() as store:
        store.add(Heartbeat(name="one", beat_at=NOON))
        store.commit()
    with fresh_database.writing() as store, pytest.raises(IntegrityError):
        store.execute(
            text("INSERT INTO heartbeat (name, beat_at) VALUES ('one', '2026-03-04 12:00:00')")
        )
    with fresh_database.writing() as store, pytest.raises(IntegrityError):
        store.execute(
            text(
                "INSERT INTO policy_version (program_id, version, body, created_at)"
                " VALUES (99, 1, '{}', '2026-03-04 12:00:00')"
            )
        )
        store.commit()


def test_writers_in_many_threads_wait_for_one_another_and_all_get_through(
    fresh_database: Database,
) -> None:
    with fresh_database.writing() as store:
        store.add(Cursor(reader="count", event_id=0))
        store.commit()

    def add_one(_: int) -> None:
        with fresh_database.writing() as store:
            cursor = store.scalars(claim_waiting()).one()
            cursor.event_id += 1
            store.commit()

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(add_one, range(160)))
    with fresh_database.reading() as store:
        assert store.scalar(select(Cursor.event_id)) == 160


def claim_waiting():
    return select(Cursor).where(Cursor.reader == "count").with_for_update()


def test_a_claimed_row_is_passed_over_by_others_until_the_claim_ends(
    fresh_database: Database,
) -> None:
    with fresh_database.writing() as store:
        store.add_all([Heartbeat(name=f"row{n}", beat_at=NOON) for n in range(4)])
        store.commit()
    first = claim(select(Heartbeat).order_by(Heartbeat.name).limit(2))
    with fresh_database.writing() as store:
        mine = {row.name for row in store.scalars(first)}
        if fresh_database.embedded:  # one writer at a time: nobody else can claim meanwhile
            assert mine == {"row0", "row1"}
            return
        with fresh_database.writing() as other:
            theirs = {row.name for row in other.scalars(first)}
    assert (mine, theirs) == ({"row0", "row1"}, {"row2", "row3"})


def test_readers_go_on_while_somebody_writes(fresh_database: Database) -> None:
    read = threading.Event()
    with fresh_database.writing() as store:
        store.add(Heartbeat(name="unseen", beat_at=NOON))
        store.flush()

        def look() -> None:
            assert names(fresh_database) == []
            read.set()

        thread = threading.Thread(target=look)
        thread.start()
        assert read.wait(5), "a reader waited for a writer"
        thread.join()


def test_the_databases_clock_is_aware_and_near_ours(fresh_database: Database) -> None:
    with fresh_database.reading() as store:
        found = database_now(store)
    assert found.utcoffset() == timedelta(0)
    assert abs(found - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_commit_is_durable_before_it_is_answered(fresh_database: Database) -> None:
    with fresh_database.writing() as store:
        if fresh_database.embedded:
            pragmas = {
                name: store.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("synchronous", "foreign_keys", "journal_mode", "mmap_size")
            }
            assert pragmas == {
                "synchronous": 2,
                "foreign_keys": 1,
                "journal_mode": "wal",
                "mmap_size": 0,
            }
        else:
            assert store.scalar(text("SHOW synchronous_commit")) == "on"
            assert store.scalar(text("SHOW timezone")) == "UTC"


def test_an_old_sqlite_is_refused_with_the_remedy() -> None:
    check_sqlite((3, 51, 3))
    with pytest.raises(UnsafeDatabase, match="make install"):
        check_sqlite((3, 51, 2))


def test_the_embedded_file_and_its_log_hold_no_readable_word(tmp_path: Path) -> None:
    path = tmp_path / "sealed.db"
    database = Database(f"sqlite:///{path}", KEY)
    with database.writing() as store:
        store.execute(text("CREATE TABLE words (said TEXT)"))
        store.execute(text("INSERT INTO words VALUES ('canary canary canary')"))
        store.commit()
    found = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert len(found) > 4096
    assert b"canary" not in found
    assert b"SQLite format" not in found
    database.dispose()


def test_the_wrong_key_opens_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'sealed.db'}"
    right = Database(url, KEY)
    with right.writing() as store:
        store.execute(text("CREATE TABLE words (said TEXT)"))
        store.commit()
    right.dispose()
    wrong = Database(url, bytes(32))
    with pytest.raises(Exception, match=r"not a database|decrypt"), wrong.reading() as store:
        store.scalar(select(func.count()).select_from(text("words")))
