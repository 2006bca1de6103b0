"""R11: backups are restored in tests; restoring re-sends nothing and revives no revoked consent."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, update

from tests.care.evenings import looked_into
from tests.cli.conftest import Run
from webapp import clock
from webapp.care import leaving
from webapp.care.accounts import api_tokens, logins, passwords, recovery_codes
from webapp.care.accounts.api_tokens import Token
from webapp.care.accounts.logins import Login
from webapp.care.attendance import absences
from webapp.care.audit import chain, events
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address
from webapp.care.contact.tasks import Task
from webapp.care.directory import people
from webapp.care.preferences import contact_preferences
from webapp.care.privacy import consents, emergency_access
from webapp.care.privacy.consents import Category, Consent
from webapp.care.privacy.emergency_access import EmergencyAccess
from webapp.care.schedule import calendar_feeds
from webapp.care.schedule.sessions import Seat
from webapp.cli import postgres_backups
from webapp.db import Database, Store
from webapp.demo import cast
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import Notification
from webapp.protocol.engine.engine import look


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.backup"


def allow(store: Store, world: cast.World) -> Consent:
    now = clock.now()
    return consents.grant(
        store, world.june, world.henry, Category.REMINDERS, purpose="So that he can remind me.",
        expires_at=now + timedelta(days=90), signature="June Whitaker", by=world.june, now=now,
    )  # fmt: skip


def test_a_backup_brings_everything_back(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    assert run("db", "backup", str(copy)).stdout.split()[-1] == str(copy)
    with fresh_database.writing() as store:
        store.execute(update(people.Person).values(name="Nobody"))
        store.commit()
    fresh_database.dispose()
    restored = run("db", "restore", str(copy), "--yes")
    assert restored.exit_code == 0, restored.output
    with fresh_database.reading() as store:
        assert cast.find(store).maya.name == "Maya Torres"
        assert list(chain.verify(store)) == []


def test_a_backup_can_be_read_by_its_owner_only(run: Run, world: cast.World, copy: Path) -> None:
    run("db", "backup", str(copy))
    assert copy.stat().st_mode & 0o077 == 0


def test_an_embedded_backup_is_encrypted(
    run: Run, engine: str, world: cast.World, copy: Path
) -> None:
    run("db", "backup", str(copy))
    raw = copy.read_bytes()
    assert (b"Maya" in raw, raw.startswith(b"SQLite")) == (False, False) or engine == "postgresql"


def test_restoring_revives_no_revoked_consent(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    with fresh_database.writing() as store:
        allow(store, cast.find(store))
        store.commit()
    fresh_database.dispose()
    run("db", "backup", str(copy))
    with fresh_database.writing() as store:
        consent = store.scalars(select(Consent)).one()
        consent.revoke(store, by=consent.client, now=clock.now())
        store.commit()
        revoked_at = consent.revoked_at
    fresh_database.dispose()
    assert run("db", "restore", str(copy), "--yes").exit_code == 0
    with fresh_database.reading() as store:
        assert store.scalars(select(Consent)).one().revoked_at == revoked_at
        tags = store.scalars(select(events.Event.tag)).all()
        assert tags.count("client:consent:revoked") == 1
        assert list(chain.verify(store)) == []


def test_when_the_database_is_lost_all_sharing_is_paused(
    run: Run, engine: str, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    with fresh_database.writing() as store:
        allow(store, cast.find(store))
        store.commit()
    fresh_database.dispose()
    run("db", "backup", str(copy))
    if engine == "sqlite":
        Path(fresh_database.url.database or "").unlink()
    else:
        with fresh_database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    fresh_database.dispose()
    restored = run("db", "restore", str(copy), "--yes")
    assert "all sharing is paused" in restored.stderr, restored.output
    with fresh_database.reading() as store:
        assert store.scalars(select(Consent)).one().paused_at is not None


def test_stopped_addresses_tokens_and_logins_stay_ended(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    with fresh_database.writing() as store:
        here = cast.find(store)
        api_tokens.create_token(store, here.harbor, "feed", ["presence"], by=None, now=clock.now())
        logins.sign_in(store, here.maya, "link", now=clock.now())
        store.commit()
    fresh_database.dispose()
    run("db", "backup", str(copy))
    run("token", "revoke", "feed")
    with fresh_database.writing() as store:
        for address in store.scalars(addresses.of(world.maya.id)):
            address.stop(store, "stop_word", by=None, now=clock.now())
        store.commit()
    fresh_database.dispose()
    assert run("db", "restore", str(copy), "--yes").exit_code == 0
    with fresh_database.reading() as store:
        assert store.scalars(select(Token)).one().revoked_at is not None
        assert store.scalars(addresses.of(world.maya.id)).all() == []
        assert store.scalar(select(func.count(Address.id))) == 52
        assert store.scalars(select(Login)).one().ended_at is not None


def test_whoever_left_and_whatever_was_closed_stays_so(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        secret = calendar_feeds.open_feed(store, here.maya, by=here.maya, now=now)
        reached = emergency_access.begin(
            store, here.june, "She called and cannot wait.", by=here.theo, now=now
        )
        reached_id = reached.id
        passwords.set_password(store, here.maya, "seven odd green kettles", by=here.maya, now=now)
        codes = recovery_codes.make(store, here.maya, by=here.maya, now=now)
        old_codes = recovery_codes.make(store, here.carla, by=here.carla, now=now)
        assert recovery_codes.accepts(store, here.maya, codes[0], now)
        store.commit()
    fresh_database.dispose()
    run("db", "backup", str(copy))
    with fresh_database.writing() as store:
        here = cast.find(store)
        calendar_feeds.close_feed(store, here.maya, by=here.maya, now=now)
        texts = store.scalars(addresses.of(here.henry.id).where(Address.channel == "sms")).one()
        contact_preferences.allow(store, texts, False, by=here.henry, now=now)
        leaving.change_status(store, here.carla, "discharged", by=None, now=now)
        leaving.change_status(store, here.june, "paused", by=None, now=now)
        people.set_roles(store, here.susan, ["counselor"], by=None, now=now)
        store.get_one(EmergencyAccess, reached_id).end(store, by=here.theo, now=now)
        passwords.set_password(store, here.maya, "nine plain amber ladders", by=here.maya, now=now)
        recovery_codes.make(store, here.carla, by=here.carla, now=now + timedelta(minutes=1))
        store.commit()
    fresh_database.dispose()
    restored = run("db", "restore", str(copy), "--yes")
    assert restored.exit_code == 0, restored.output
    with fresh_database.writing() as store:
        here = cast.find(store)
        assert calendar_feeds.reader_of(store, secret) is None
        texts = store.scalars(addresses.of(here.henry.id).where(Address.channel == "sms")).one()
        assert not texts.usable
        assert (here.carla.status, here.june.status) == ("discharged", "paused")
        assert "supervisor" not in here.susan.role_names
        assert store.scalars(emergency_access.reached_by(here.theo.id, now)).all() == []
        assert passwords.matches(here.maya, "nine plain amber ladders")
        assert not recovery_codes.accepts(store, here.maya, codes[0], now)
        assert recovery_codes.accepts(store, here.maya, codes[1], now)
        assert not any(recovery_codes.accepts(store, here.carla, code, now) for code in old_codes)
        left = select(events.Event).where(events.Event.tag == "person:status:changed")
        assert {each.fields["person"] for each in store.scalars(left)} >= {
            here.carla.id, here.june.id
        }  # fmt: skip
        assert list(chain.verify(store)) == []


def test_restoring_sends_nothing_again_but_opens_the_tasks_that_fell_due(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        room = cast.open_room(
            store, here.carla, [here.gus], now - timedelta(minutes=30), now=now - timedelta(days=2),
            presence_from="staff",
        )  # fmt: skip
        looked_into(store, room)
        store.commit()
    look(fresh_database, now - timedelta(minutes=39))
    announce(fresh_database, now)
    fresh_database.dispose()
    run("db", "backup", str(copy))
    with fresh_database.writing() as store:
        seat = store.scalars(select(Seat)).one()
        absences.report(store, seat, by=seat.client, now=now)
        store.commit()
    fresh_database.dispose()
    with clock.running_from(now + timedelta(hours=1)):
        assert run("db", "restore", str(copy), "--yes").exit_code == 0
        announce(fresh_database, clock.now())
    with fresh_database.reading() as store:
        assert store.scalar(select(func.count(Notification.id)).where(Notification.is_open)) == 0
        whys = store.scalars(select(Notification.why).where(Notification.expired_at.is_not(None)))
        assert set(whys) == {"restored"}
        assert store.scalars(select(Task.kind)).all() == ["outreach"]


def test_nothing_is_restored_while_somebody_uses_the_database(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    run("db", "backup", str(copy))
    with fresh_database.reading() as store:
        store.scalar(select(people.Person.id))
        refused = run("db", "restore", str(copy), "--yes")
    assert (refused.exit_code, "Stop rejoin serve" in refused.stderr) == (1, True), refused.output


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_monitor_that_stays_connected_does_not_keep_a_backup_from_coming_back(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    run("db", "backup", str(copy))
    where = fresh_database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(where) as monitor:
        monitor.execute("SELECT 1")
        restored = run("db", "restore", str(copy), "--yes")
    assert restored.exit_code == 0, restored.output


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_whoever_comes_while_a_backup_is_coming_back_is_told_to_wait(
    run: Run, fresh_database: Database, world: cast.World
) -> None:
    fresh_database.dispose()
    with postgres_backups.alone(fresh_database.url):
        refused = run("db", "check")
    assert (refused.exit_code, "being restored" in refused.stderr) == (1, True), refused.output


def test_a_file_that_is_no_backup_is_refused(
    run: Run, fresh_database: Database, world: cast.World, copy: Path
) -> None:
    copy.write_bytes(b"no backup at all" * 400)
    refused = run("db", "restore", str(copy), "--yes")
    assert refused.exit_code == 1
    assert "Error: " in refused.stderr
    with fresh_database.reading() as store:
        assert cast.find(store).maya.name == "Maya Torres"


def test_restoring_asks_first(run: Run, world: cast.World, copy: Path) -> None:
    run("db", "backup", str(copy))
    assert run("db", "restore", str(copy), answers="n\n").exit_code == 1
