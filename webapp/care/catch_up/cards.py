"""Catch-up cards: one for each missed seat, with what there is to read, do and talk through (M5, M21)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select

from webapp.care.attendance.standing import Standing
from webapp.care.catch_up.follow_ups import FollowUp
from webapp.care.directory.people import Person
from webapp.care.make_ups import make_ups
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import homework, resources
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.materials.resources import Resource, ResourceUse
from webapp.care.materials.summaries import Summary, SummaryRead
from webapp.care.schedule.sessions import Seat
from webapp.db import Store


class MissedSeat(NamedTuple):
    """A seat whose client was not there, or not for long enough, and its standing (`protocol/reports/misses` finds them)."""

    seat: Seat
    standing: Standing


class CatchUpPart(StrEnum):
    SUMMARY = "summary"
    RESOURCE = "resource"
    HOMEWORK = "homework"
    NOTE = "note"
    """What a partner wrote for the client about the session."""
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True, slots=True)
class Item:
    """One item on a card. `id`: the session's for a summary, the seat's for a follow-up, else that of the resource, homework or note.
    `title`: of a note the name of who wrote it."""

    part: CatchUpPart
    id: int
    title: str = ""
    kind: str = ""
    """A resource's kind; else empty."""
    done_at: datetime | None = None
    due_at: datetime | None = None
    position: float = 0.0
    """Where a recording was stopped, in seconds."""
    minutes: float | None = None
    """How long a resource takes."""
    answered_at: datetime | None = None
    """When staff gave feedback on homework."""


@dataclass(frozen=True, slots=True)
class CatchUpCard:
    """What there is to catch up on for one seat, in the order in which a client would do it."""

    seat: Seat
    standing: Standing
    items: tuple[Item, ...]
    make_up: MakeUp | None
    """The make-up that is booked or done, if there is one."""

    @property
    def total(self) -> int:
        return len(self.items)

    @property
    def done(self) -> int:
        return sum(item.done_at is not None for item in self.items)

    @property
    def whole(self) -> bool:
        return self.done == self.total


def catch_up(
    store: Store,
    client: Person,
    missed: Iterable[MissedSeat],
    now: datetime,
    notes: "Mapping[int, Sequence[Item]]" = MappingProxyType({}),
) -> list[CatchUpCard]:
    """A card for each missed seat of `client`, in the order given. `notes`: session id → what a partner wrote about it, for the client's
    own pages alone. Five statements for any number of seats."""
    missed = list(missed)
    if not missed:
        return []
    seats = [each.seat for each in missed]
    session_ids = [seat.session_id for seat in seats]
    parts = [
        _summaries(store, client, session_ids),
        _resources(store, client, session_ids, now),
        _homework(store, client, session_ids),
    ]
    talked_at = _follow_ups(store, [seat.id for seat in seats])
    made = {
        each.seat_id: each
        for each in store.scalars(make_ups.standing_for([seat.id for seat in seats]))
    }
    return [
        CatchUpCard(
            seat,
            standing,
            (
                *(item for part in parts for item in part[seat.session_id]),
                *notes.get(seat.session_id, ()),
                Item(CatchUpPart.FOLLOW_UP, seat.id, done_at=talked_at.get(seat.id)),
            ),
            made.get(seat.id),
        )
        for seat, standing in missed
    ]


Items = dict[int, list[Item]]
"""Session id → its items."""


def _summaries(store: Store, client: Person, session_ids: Sequence[int]) -> Items:
    """Summaries. They count as read unless a general or a personal one was first published since; a new version of one that
    was there changes nothing."""
    first = (
        select(Summary.session_id, func.min(Summary.published_at).label("published_at"))
        .where(Summary.session_id.in_(session_ids), Summary.is_published)
        .where(or_(Summary.client_id.is_(None), Summary.client_id == client.id))
        .group_by(Summary.session_id, Summary.client_id)
        .subquery()
    )
    read = and_(SummaryRead.session_id == first.c.session_id, SummaryRead.client_id == client.id)
    query = (
        select(first.c.session_id, func.max(first.c.published_at), func.max(SummaryRead.read_at))
        .outerjoin(SummaryRead, read)
        .group_by(first.c.session_id)
    )
    found: Items = defaultdict(list)
    for session_id, published_at, read_at in store.execute(query):
        done_at = read_at if read_at and read_at >= published_at else None
        found[session_id].append(Item(CatchUpPart.SUMMARY, session_id, done_at=done_at))
    return found


def _resources(store: Store, client: Person, session_ids: Sequence[int], now: datetime) -> Items:
    used = and_(ResourceUse.resource_id == Resource.id, ResourceUse.client_id == client.id)
    query = (
        resources.visible_to(client, now)
        .outerjoin(ResourceUse, used)
        .where(Resource.session_id.in_(session_ids))
        .order_by(Resource.id)
        .add_columns(ResourceUse.finished_at, ResourceUse.position)
    )
    found: Items = defaultdict(list)
    for resource, finished_at, position in store.execute(query):
        item = Item(
            CatchUpPart.RESOURCE, resource.id, resource.title, resource.kind, finished_at,
            position=position or 0.0, minutes=resource.minutes,
        )  # fmt: skip
        found[resource.session_id].append(item)
    return found


def _homework(store: Store, client: Person, session_ids: Sequence[int]) -> Items:
    query = (
        homework.visible_to(client)
        .outerjoin(HandIn, HandIn.is_current_of(client.id))
        .where(Homework.session_id.in_(session_ids))
        .order_by(Homework.id)
        .add_columns(HandIn.handed_in_at, HandIn.feedback_at)
    )
    found: Items = defaultdict(list)
    for task, handed_in_at, answered_at in store.execute(query):
        item = Item(
            CatchUpPart.HOMEWORK, task.id, task.title, done_at=handed_in_at, due_at=task.due_at,
            answered_at=answered_at,
        )  # fmt: skip
        found[task.session_id].append(item)
    return found


def _follow_ups(store: Store, seat_ids: list[int]) -> dict[int, datetime]:
    query = select(FollowUp.seat_id, FollowUp.talked_at).where(FollowUp.seat_id.in_(seat_ids))
    return {seat_id: talked_at for seat_id, talked_at in store.execute(query)}  # noqa: C416
