"""Facts other than reminders: whom each is told to, as which notice, and until when that is of use."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from webapp.care.addresses import Address
from webapp.care.consents import Category
from webapp.care.sessions import Seat, Session
from webapp.care.tags import Tag
from webapp.care.tasks import TaskKind
from webapp.db import Store
from webapp.notify.audience import Listener
from webapp.notify.kinds import CHECKS, REMINDERS, NoticeKind
from webapp.notify.outbox import Notification, is_open

TASK_NEWS_LASTS = timedelta(days=1)
"""After its due; a task itself never goes away (rule 9)."""
TEST_LASTS = timedelta(minutes=10)
TELLS_A_TIME = (*REMINDERS, *CHECKS, NoticeKind.PARTNER_REMINDER, NoticeKind.SESSION_MOVED)


@dataclass(frozen=True, slots=True)
class Wish:
    """Tell `person_id` of an event. `address`: that one (channel, id) alone; else as the person likes it."""

    event: Any
    person_id: int
    kind: NoticeKind
    not_after: datetime
    about_at: datetime | None = None
    client_id: int | None = None
    seat_id: int | None = None
    session_id: int | None = None
    task_id: int | None = None
    consent: str | None = None
    address: tuple[str, int] | None = None

    def rows(self, listener: Listener | None) -> Iterator[tuple[Any, ...]]:
        """Rows for the outbox, as `INSERTED` has them; none when the person cannot be told."""
        if listener is None or self.kind.value in listener.off:
            return
        for channel, address in [self.address] if self.address else listener.first_working():
            yield (
                self.event.id, self.person_id, channel, address, self.kind.value, self.client_id,
                self.seat_id, self.session_id, self.task_id, self.consent, self.about_at,
                self.event.at, self.event.at, self.not_after, 0,
            )  # fmt: skip


def wishes(store: Store, event: Any, fields: dict[str, Any]) -> list[Wish]:
    """Whom `event` (a row of the chain; `fields` its declared fields) is told to."""
    return list(_TELLERS[Tag(event.tag)](store, event, fields))


def partner_reminder(
    event: Any, recipient_id: int, starts_at: datetime, not_after: datetime
) -> Wish:
    """The same reminder for somebody the client's consent names; the consent is asked again when it leaves (P1)."""
    return Wish(
        event, recipient_id, NoticeKind.PARTNER_REMINDER, not_after, starts_at,
        client_id=event.client_id, seat_id=event.seat_id, session_id=event.session_id,
        consent=Category.REMINDERS,
    )  # fmt: skip


def _moved(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[Wish]:
    starts_at, ends_at = (datetime.fromisoformat(fields[name]) for name in ("starts_at", "ends_at"))
    return _change(store, event, NoticeKind.SESSION_MOVED, starts_at, ends_at)


def _cancelled(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[Wish]:
    ends_at = store.scalar(select(Session.ends_at).where(Session.id == event.session_id))
    starts_at = datetime.fromisoformat(fields["starts_at"])
    return _change(store, event, NoticeKind.SESSION_CANCELLED, starts_at, ends_at or starts_at)


def _change(
    store: Store, event: Any, kind: NoticeKind, about_at: datetime, not_after: datetime
) -> Iterator[Wish]:
    """One notice to everybody who had been told a time of this session that holds no more (rule 4).

    A row that a worker has in hand counts as told: it may be on its way already.
    """
    told = (
        select(Notification.person_id, Seat.id, Seat.client_id, Notification.consent_category)
        .join(Seat, Seat.id == Notification.seat_id)
        .where(Seat.session_id == event.session_id, Seat.released_at.is_(None))
        .where(Notification.kind.in_(TELLS_A_TIME))
        .where(or_(Notification.sent_at.is_not(None), is_open() & (Notification.attempts > 0)))
        .distinct()
    )
    for person_id, seat_id, client_id, consent in store.execute(told):
        yield Wish(
            event, person_id, kind, not_after, about_at, client_id=client_id, seat_id=seat_id,
            session_id=event.session_id, consent=consent,
        )  # fmt: skip


def _task_opened(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[Wish]:
    room = fields["kind"] == TaskKind.MARK_ROOM
    kind = NoticeKind.MARK_ROOM if room else NoticeKind.TASK_OPENED
    return _task(event, kind, fields.get("owner"), fields.get("due_at"))


def _task_overdue(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[Wish]:
    whom = fields.get("supervisor") or fields.get("owner")
    return _task(event, NoticeKind.TASK_OVERDUE, whom, None)


def _task(event: Any, kind: NoticeKind, whom: int | None, due: str | None) -> Iterator[Wish]:
    """Staff learn that there is work, and not about whom. Nobody's task stands on everybody's list instead."""
    if whom is None:
        return
    due_at = datetime.fromisoformat(due) if due else event.at
    yield Wish(
        event, whom, kind, due_at + TASK_NEWS_LASTS, due_at, client_id=event.client_id,
        task_id=event.task_id,
    )  # fmt: skip


def _tested(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[Wish]:
    """A person asked for a test notice, at that very address and no other."""
    channel = store.scalar(select(Address.channel).where(Address.id == fields["address"]))
    if channel:
        yield Wish(
            event, fields["person"], NoticeKind.TEST_NOTICE, event.at + TEST_LASTS,
            address=(channel, fields["address"]),
        )  # fmt: skip


_TELLERS: dict[Tag, Callable[[Store, Any, dict[str, Any]], Iterator[Wish]]] = {
    Tag.SESSION_MOVED: _moved,
    Tag.SESSION_CANCELLED: _cancelled,
    Tag.TASK_OPENED: _task_opened,
    Tag.TASK_HANDED_OVER: _task_opened,
    Tag.TASK_NUDGED: _task_overdue,
    Tag.TASK_RAISED: _task_overdue,
    Tag.ADDRESS_TESTED: _tested,
}
TOLD = tuple(_TELLERS)
