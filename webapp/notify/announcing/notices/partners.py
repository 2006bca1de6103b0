"""Notices to a person whom a client lets know that they can't come, or were not there (rule 8, P4), or to whom they wrote. The words say that there is
something new, and no more (P5); what it is stands on Together."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from webapp.care.attendance import attended
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.privacy.consents import Category, Consent, covers, valid
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import NEWS_LAST, PlannedNotice
from webapp.notify.kinds import NoticeKind


def absence_reported(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A client reported that they can't come: at once, to whom they let know."""
    allowed = select(Consent.recipient_id).where(
        Consent.client_id == event.client_id, Consent.category == Category.MISSED_SESSION
    )
    for recipient in store.scalars(allowed.where(valid(event.at)).distinct()):
        yield _news(event, event.client_id, recipient)


def confirmed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """It is certain who was in a session that is over: for each client who was not, to whom they let know. A client who reported was
    told of before. Two statements, where somebody shares it."""
    told = select(AbsenceReport.seat_id).where(~AbsenceReport.is_withdrawn)
    query = (
        select(Seat, Consent.recipient_id)
        .join(Session, Session.id == Seat.session_id)
        .join(Consent, Consent.client_id == Seat.client_id)
        .where(Seat.session_id == event.session_id, Seat.is_given, Seat.id.not_in(told))
        .where(Session.is_on, Session.ends_at <= event.at)
        .where(Consent.category == Category.MISSED_SESSION, valid(event.at))
        .order_by(Seat.id, Consent.recipient_id)
    )
    found = list(dict.fromkeys((seat, whom) for seat, whom in store.execute(query)))
    there = attended.present(store, [seat for seat, _ in found], event.at) if found else {}
    for seat, recipient in found:
        if not there[seat.id]:
            yield _news(event, seat.client_id, recipient)


def note_written(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """One of a couple wrote to the other: under the writer's consent when the writer is a client, whose words they are."""
    recipient = fields["recipient"]
    if event.client_id == recipient:  # by a supporter
        yield _news(event, event.client_id, recipient, None)
    elif store.scalar(select(covers(event.client_id, recipient, Category.CATCH_UP, event.at))):
        yield _news(event, event.client_id, recipient, Category.CATCH_UP)


def _news(
    event: Any,
    client_id: int,
    recipient_id: int,
    consent: Category | None = Category.MISSED_SESSION,
) -> PlannedNotice:
    return PlannedNotice(
        event, recipient_id, NoticeKind.PARTNER_NEWS, event.at + NEWS_LAST, client_id=client_id,
        consent=consent,
    )  # fmt: skip
