"""Notices of something new to read: summaries, homework, resources, hand-ins, messages.

A session's summary, homework and recordings are announced to clients who were not in it, and to nobody else.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from webapp.care.audit.tags import Tag
from webapp.care.contact.task_owners import owner_for
from webapp.care.directory.people import Person, RoleName
from webapp.care.materials.summaries import Summary
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import NEWS_LAST, PlannedNotice
from webapp.notify.kinds import NoticeKind
from webapp.protocol.reports import misses

TOGETHER_WITHIN = timedelta(minutes=10)
"""What is published within this time of each other is announced once."""


def summary_published(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A summary was published: announced the first time, not when a new version follows."""
    same = Summary.client_id.is_(None)
    if event.client_id is not None:
        same = Summary.client_id == event.client_id
    before = select(Summary.id).where(
        Summary.session_id == event.session_id, same, Summary.is_published,
        Summary.version < fields["version"],
    )  # fmt: skip
    if store.scalar(before.limit(1)) is None:
        yield from _catch_up(store, event)


def published(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Homework was set or a resource published, for one client or for all it is for."""
    yield from _catch_up(store, event)


def _catch_up(store: Store, event: Any) -> Iterator[PlannedNotice]:
    """To the clients who were not in that session; if the event names one, to that one of them."""
    if event.session_id is None:
        return
    for seat in misses.in_session(store, event.session_id, event.at):
        if event.client_id in (None, seat.client_id):
            yield PlannedNotice(
                event, seat.client_id, NoticeKind.CATCH_UP, event.at + TOGETHER_WITHIN + NEWS_LAST,
                client_id=seat.client_id, seat_id=seat.id, wait=TOGETHER_WITHIN,
            )  # fmt: skip


def homework_back(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Staff gave feedback on a hand-in, or opened it again: to the client."""
    answered = event.tag == Tag.HOMEWORK_ANSWERED
    kind = NoticeKind.HOMEWORK_ANSWERED if answered else NoticeKind.HOMEWORK_REOPENED
    if event.by_id != event.client_id:
        yield PlannedNotice(
            event, event.client_id, kind, event.at + NEWS_LAST, client_id=event.client_id,
            about_id=fields["hand_in"],
        )  # fmt: skip


def reflection_back(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """Staff answered a reflection that the client wrote to make up for a session: to the client."""
    yield PlannedNotice(
        event, event.client_id, NoticeKind.REFLECTION_ANSWERED, event.at + NEWS_LAST,
        client_id=event.client_id, seat_id=event.seat_id, about_id=fields["make_up"],
    )  # fmt: skip


def handed_in(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A client handed something in: to their counselor, or whoever covers for them."""
    homework = event.tag == Tag.HOMEWORK_HANDED_IN
    kind = NoticeKind.HOMEWORK_HANDED_IN if homework else NoticeKind.REFLECTION_HANDED_IN
    about = fields["hand_in"] if homework else fields["make_up"]
    yield from _to_counselor(store, event, kind, about)


def message_written(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A message was written: to the counselor when the client wrote it, to the client when staff did."""
    if event.by_id == event.client_id:
        yield from _to_counselor(store, event, NoticeKind.MESSAGE, fields["message"])
        return
    yield PlannedNotice(
        event, event.client_id, NoticeKind.MESSAGE, event.at + NEWS_LAST, client_id=event.client_id,
        about_id=fields["message"],
    )  # fmt: skip


def _to_counselor(
    store: Store, event: Any, kind: NoticeKind, about: int
) -> Iterator[PlannedNotice]:
    client = store.get_one(Person, event.client_id)
    owner_id = owner_for(store, client, RoleName.COUNSELOR, event.at)
    if owner_id is not None and owner_id != event.by_id:
        yield PlannedNotice(
            event, owner_id, kind, event.at + NEWS_LAST, client_id=client.id, about_id=about
        )  # fmt: skip
