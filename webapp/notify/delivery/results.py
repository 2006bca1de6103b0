"""Records the results of sends in batches: sent, to be tried again, or failed; and lets the next channel take over."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update

from webapp.bulk import among
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address
from webapp.db import Store
from webapp.notify.announcing import untold
from webapp.notify.announcing.audience import recipients
from webapp.notify.announcing.untold import Untold
from webapp.notify.channels.parcel import Undeliverable
from webapp.notify.delivery.leases import Leased
from webapp.notify.delivery.retry import after_failure
from webapp.notify.kinds import CHANGES, LINKS, NoticeKind
from webapp.notify.outbox import TABLE, NewNotification, Notification, insert_new

NO_CHANNEL = "no_channel"
"""This installation has no such channel; the address is not at fault."""
MOST_TROUBLES = 10
"""Refusals in a row after which an address is stopped."""
AT_ITS_OWN_ADDRESS = (*LINKS, NoticeKind.TEST_NOTICE)
"""Kinds that are never sent to another address."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """A leased row and the error of its send; None when the provider accepted it."""

    row: Leased
    error: Undeliverable | None = None


def record(store: Store, results: Sequence[SendResult], now: datetime) -> None:
    """Record the results of sends; the caller commits.

    A row that another worker has ended meanwhile stays as it is.
    """
    sent = [result.row for result in results if result.error is None]
    _sent(store, sent, now)
    astray = []
    for row, error in [(result.row, result.error) for result in results if result.error]:
        decision = after_failure(
            error, kind=row.kind, attempts=row.attempts + 1, waiting_since=row.decided_at,
            not_after=row.not_after, now=now,
        )  # fmt: skip
        _failed(store, row, error, decision.again_at, now)
        if error.permanent and error.reason != NO_CHANNEL:
            _count_refusal(store, row, error, now)
        if decision.next_channel:
            astray.append(row)
    send_on(store, astray, now)


def _sent(store: Store, rows: list[Leased], now: datetime) -> None:
    if not rows:
        return
    ours = update(TABLE).where(
        among(store, TABLE.c.id, [row.id for row in rows]), Notification.is_open
    )
    sent = {"sent_at": now, "leased_until": None, "link_path": None, "why": None}
    ended = set(store.connection().execute(ours.values(sent).returning(TABLE.c.id)).scalars())
    if stale := {row.address_id for row in rows if row.stale}:
        worked = update(Address).where(among(store, Address.id, stale))
        store.connection().execute(worked.values(worked_at=now, troubles=0))
    for row in [row for row in rows if row.id in ended]:
        events.record(
            store, Tag.MESSAGE_SENT, by=None, now=now, program_id=row.program_id,
            client=row.client_id, seat=row.seat_id, session=row.session_id, task=row.task_id,
            person=row.person_id, kind=row.kind, channel=row.channel,
        )  # fmt: skip


def _failed(
    store: Store, row: Leased, error: Undeliverable, again_at: datetime | None, now: datetime
) -> None:
    ended: dict[str, Any] = {"failed_at": now, "link_path": None}
    what = {"due_at": again_at} if again_at else ended
    store.execute(
        update(Notification)
        .where(Notification.id == row.id, Notification.is_open)
        .values(leased_until=None, why=error.reason, **what)
        .execution_options(synchronize_session=False)
    )


def _count_refusal(store: Store, row: Leased, error: Undeliverable, now: datetime) -> None:
    """Stop an address that is dead, or that was refused again and again (R6)."""
    address = store.get(Address, row.address_id)
    if address is None:
        return
    address.troubles += 1
    if error.gone:
        address.stop(store, "gone", by=None, now=now)
    elif address.troubles >= MOST_TROUBLES:
        address.stop(store, "refused", by=None, now=now)
    store.flush()


def send_on(store: Store, rows: Iterable[Leased], now: datetime) -> None:
    """Send notices that one channel does not get through by the next one, unless another device may still get them. A client whom
    no channel is left for, and whose times changed, is somebody's task (rule 4)."""
    lost = [r for r in rows if r.event_id is not None and r.kind not in AT_ITS_OWN_ADDRESS]
    if not lost:
        return
    hopeful = _hopeful(store, {row.event_id for row in lost if row.event_id})
    known = recipients(store, {row.person_id for row in lost})
    made, unreached = [], []
    for row in lost:
        recipient = known.get(row.person_id)
        if recipient is not None and not hopeful[row.event_id, row.person_id] - {row.id}:
            others = recipient.after(row.channel)
            made += [_at_another_address(row, *address, now) for address in others]
            if not others and row.kind in CHANGES and row.person_id == row.client_id:
                assert row.event_id is not None
                unreached.append(Untold(row.event_id, row.person_id, row.about_at))
    insert_new(store, made)
    untold.open_tasks(store, unreached, now)


def _at_another_address(
    row: Leased, channel: str, address_id: int, now: datetime
) -> NewNotification:
    """The same notice at another address."""
    assert row.event_id is not None
    return NewNotification(
        event_id=row.event_id, person_id=row.person_id, channel=channel, address_id=address_id,
        kind=row.kind, decided_at=row.decided_at, due_at=now, not_after=row.not_after,
        client_id=row.client_id, seat_id=row.seat_id, session_id=row.session_id,
        task_id=row.task_id, about_id=row.about_id, consent_category=row.consent_category,
        about_at=row.about_at,
    )  # fmt: skip


def _hopeful(store: Store, event_ids: set[int]) -> dict[Any, set[int]]:
    """(event, person) → ids of their rows that were accepted, or that wait and have not failed yet."""
    found: dict[Any, set[int]] = defaultdict(set)
    untroubled = and_(Notification.is_open, Notification.why.is_(None))
    rows = select(Notification.event_id, Notification.person_id, Notification.id).where(
        Notification.event_id.in_(event_ids), or_(Notification.sent_at.is_not(None), untroubled)
    )
    for event_id, person_id, row in store.execute(rows):
        found[event_id, person_id].add(row)
    return found
