"""What is needed only for a while goes when its time is over; what belongs to treatment stays."""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import func, select

from webapp.care.accounts import logins
from webapp.care.accounts.logins import Login
from webapp.care.audit.events import Event
from webapp.operations import retention
from webapp.operations.inbox import ReceivedWebhook


def letter(store, world, now, name, settled_at):
    store.add(
        ReceivedWebhook(
            program_id=world.harbor.id, source="zoom", digest=sha256(name.encode()).digest(),
            signature=name, body="{}", received_at=now, next_try_at=now, settled_at=settled_at,
        )
    )  # fmt: skip


def test_a_webhook_is_deleted_a_month_after_it_became_presence(database, store, world, clock):
    now = clock.now()
    letter(store, world, now, "old", now - timedelta(days=31))
    letter(store, world, now, "recent", now - timedelta(days=29))
    letter(store, world, now - timedelta(days=400), "never settled", None)
    store.commit()
    assert retention.let_go(database, now) == 1
    assert set(store.scalars(select(ReceivedWebhook.signature))) == {"recent", "never settled"}


def test_a_login_is_deleted_long_after_it_ended_and_its_events_stay(database, store, world, clock):
    logins.sign_in(store, world.maya, "passkey", now=clock.now(), device="phone")
    store.commit()
    facts = store.scalar(select(func.count()).select_from(Event))
    assert retention.let_go(database, clock.now() + timedelta(days=89)) == 0
    assert retention.let_go(database, clock.now() + timedelta(days=91)) == 1
    assert store.scalars(select(Login)).all() == []
    assert store.scalar(select(func.count()).select_from(Event)) == facts
