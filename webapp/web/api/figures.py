"""Prometheus metrics of one program. None is about a single person."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import and_, func, select

from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.notify.outbox import Notification
from webapp.operations import csp_reports, set_aside
from webapp.operations.heartbeats import Heartbeat
from webapp.operations.inbox import ReceivedWebhook


def prometheus_text(store: Store, program_id: int, now: datetime) -> bytes:
    """All metrics in Prometheus' text format. Each is one statement on a partial index, except the notices sent, which are counted
    one by one: scrape once a minute, not every second."""
    registry = CollectorRegistry()
    _seat_metrics(registry, store, program_id, now)
    _notice_metrics(registry, store, program_id, now)
    _task_and_inbox_metrics(registry, store, program_id, now)
    beats = store.execute(select(Heartbeat.name, Heartbeat.beat_at))
    ages = {name: (now - at).total_seconds() for name, at in beats}
    age = Gauge(
        "rejoin_heartbeat_age_seconds",
        "Since a loop or feed last said that it lives",
        ["of"],
        registry=registry,
    )
    for of, name in (("worker", "worker"), ("feed", f"feed:{program_id}")):
        if name in ages:
            age.labels(of).set(max(0.0, ages[name]))
    Gauge(
        "rejoin_policy_violations",
        "What browsers refused on pages of this installation, yesterday and today",
        registry=registry,
    ).set(csp_reports.counted(store, now))
    Gauge(
        "rejoin_set_aside",
        "Rows that chores can't work on and have set aside",
        registry=registry,
    ).set(set_aside.count(store, program_id))
    Gauge("rejoin_chores_failing", "Chores that keep failing", registry=registry).set(
        len(set_aside.failing(store, now))
    )
    return generate_latest(registry)


def _seat_metrics(
    registry: CollectorRegistry, store: Store, program_id: int, now: datetime
) -> None:
    due = (
        select(func.count())
        .select_from(Seat)
        .join(Session, Session.id == Seat.session_id)
        .where(Session.program_id == program_id, Seat.next_look_at <= now)
    )
    Gauge(
        "rejoin_seats_due",
        "Seats the ladder has not looked at though it is time",
        registry=registry,
    ).set(store.scalar(due) or 0)


def _notice_metrics(
    registry: CollectorRegistry, store: Store, program_id: int, now: datetime
) -> None:
    mine = and_(Person.id == Notification.person_id, Person.program_id == program_id)
    queue = Gauge("rejoin_notices_queued", "Notices to be sent", ["when"], registry=registry)
    waiting = (
        select(func.count())
        .select_from(Notification)
        .join(Person, mine)
        .where(Notification.is_open)
    )
    queue.labels("due").set(store.scalar(waiting.where(Notification.due_at <= now)) or 0)
    queue.labels("later").set(store.scalar(waiting.where(Notification.due_at > now)) or 0)
    sent = Gauge(
        "rejoin_notices_sent", "Notices accepted by a provider", ["channel"], registry=registry
    )
    counted = (
        select(Notification.channel, func.count())
        .join(Person, mine)
        .where(Notification.sent_at.is_not(None))
        .group_by(Notification.channel)
    )
    for channel, count in store.execute(counted):
        sent.labels(channel).set(count)


def _task_and_inbox_metrics(
    registry: CollectorRegistry, store: Store, program_id: int, now: datetime
) -> None:
    tasks = Gauge("rejoin_tasks_open", "Tasks that are not done", ["when"], registry=registry)
    still = (
        select(func.count()).select_from(Task).where(Task.program_id == program_id, Task.is_open)
    )
    tasks.labels("overdue").set(store.scalar(still.where(Task.due_at < now)) or 0)
    tasks.labels("waiting").set(store.scalar(still.where(Task.due_at >= now)) or 0)
    letters = Gauge(
        "rejoin_inbox", "Webhook letters not turned into evidence", ["state"], registry=registry
    )
    left = (
        select(func.count())
        .select_from(ReceivedWebhook)
        .where(ReceivedWebhook.program_id == program_id)
    )
    letters.labels("waiting").set(store.scalar(left.where(~ReceivedWebhook.is_settled)) or 0)
    letters.labels("unmatched").set(store.scalar(left.where(ReceivedWebhook.why.is_not(None))) or 0)
