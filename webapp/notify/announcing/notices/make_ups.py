"""Notices of make-ups: a place is held, a time was booked, cancelled, or has passed.

Nobody is told what they did themselves. A partner is told of a joint make-up because a seat in it is theirs, and only of
that seat: never why they have it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.care.directory.teams import couple_of
from webapp.care.make_ups.make_ups import ENDED_WITH_COUPLE, FOR_BOTH, MakeUp
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.care.privacy.consents import Category, covers
from webapp.care.schedule.kinds import JOINT
from webapp.db import Store
from webapp.notify.announcing.notices.planned_notice import NEWS_LAST, PlannedNotice
from webapp.notify.kinds import NoticeKind

GIVEN_UP = ("session_cancelled", "place_taken_back", "partner", "cancelled", ENDED_WITH_COUPLE)
"""The reasons for the end of a make-up of which its client may not know."""


def place_held(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A freed place is held: the client it is held for learns until when."""
    entry = (
        select(WaitlistEntry.client_id, WaitlistEntry.seat_id)
        .join(HeldPlace, HeldPlace.entry_id == WaitlistEntry.id)
        .where(HeldPlace.id == fields["held"])
    )
    until = datetime.fromisoformat(fields["until"])
    for client_id, seat_id in store.execute(entry):
        yield PlannedNotice(
            event, client_id, NoticeKind.PLACE_HELD, until, until, client_id=client_id,
            seat_id=seat_id, about_id=fields["held"],
        )  # fmt: skip


def booked(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A make-up was booked: to everyone who has a seat by it and did not book it themselves."""
    made = store.get(MakeUp, fields["make_up"])
    if made is None or made.by_seat is None or _second_of_a_couple(store, made):
        return
    old = store.get(MakeUp, made.instead_of_id) if made.instead_of_id else None
    moved = old is not None and old.by_seat_id is not None
    kind = NoticeKind.SESSION_MOVED if moved else NoticeKind.MAKE_UP_BOOKED
    starts_at, session_id = made.by_seat.session.starts_at, made.by_seat.session_id
    for seat in (made.by_seat, made.partner_seat):
        if seat is not None and seat.client_id != event.by_id:
            yield PlannedNotice(
                event, seat.client_id, kind, starts_at, starts_at, client_id=seat.client_id,
                seat_id=seat.id, session_id=session_id,
            )  # fmt: skip
    for partner in _consented_partner(store, event, made):
        yield PlannedNotice(
            event, partner, kind, starts_at, starts_at, client_id=made.seat.client_id,
            seat_id=made.by_seat_id, session_id=session_id, consent=Category.MAKE_UPS,
        )  # fmt: skip


def _second_of_a_couple(store: Store, made: MakeUp) -> bool:
    """Whether this is the later of a couple's two rows: the first led to notices for both."""
    other = select(MakeUp.id).where(MakeUp.by_seat_id == made.partner_seat_id, MakeUp.id < made.id)
    return made.partner_seat_id is not None and store.scalar(other.limit(1)) is not None


def _consented_partner(store: Store, event: Any, made: MakeUp) -> Iterator[int]:
    """The partner who comes along without a place, when the client allowed them to know of make-ups."""
    client_id = made.seat.client_id
    couple = store.scalar(couple_of(client_id))
    if couple is None or made.partner_seat_id is not None or made.seat.session.kind not in JOINT:
        return
    partner = couple.partner_of(client_id)
    if partner.id != event.by_id and store.scalar(
        select(covers(client_id, partner.id, Category.MAKE_UPS, event.at))
    ):
        yield partner.id


def cancelled(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A booked time was cancelled: to the client unless they did it, and to a partner who had a seat only by it."""
    made = store.get(MakeUp, fields["make_up"])
    if made is None or made.by_seat is None or fields["why"] == "moved":
        return
    session, client_id = made.by_seat.session, made.seat.client_id
    if fields["why"] in GIVEN_UP and client_id != event.by_id:
        yield PlannedNotice(
            event, client_id, NoticeKind.MAKE_UP_CANCELLED, event.at + NEWS_LAST, session.starts_at,
            client_id=client_id, seat_id=made.seat_id,
        )  # fmt: skip
    other = made.partner_seat if fields["why"] in FOR_BOTH else None
    own = select(MakeUp.id).where(MakeUp.by_seat_id == made.partner_seat_id).limit(1)
    if other is not None and other.client_id != event.by_id and store.scalar(own) is None:
        yield PlannedNotice(
            event, other.client_id, NoticeKind.SESSION_CANCELLED, session.ends_at,
            session.starts_at, client_id=other.client_id,
        )  # fmt: skip


def lapsed(store: Store, event: Any, fields: dict[str, Any]) -> Iterator[PlannedNotice]:
    """A booked time passed without the client: they are told of other times."""
    yield PlannedNotice(
        event, event.client_id, NoticeKind.MAKE_UP_LAPSED, event.at + NEWS_LAST,
        client_id=event.client_id, seat_id=event.seat_id,
    )  # fmt: skip
