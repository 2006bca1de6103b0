"""What stands with a session for afterwards, without a word of what is in it: for the room's page and the person's."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from webapp.care.catch_up import cards
from webapp.care.catch_up.cards import Card
from webapp.care.catch_up.follow_ups import FollowUp
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.materials import hand_ins
from webapp.care.materials.hand_ins import HandIn
from webapp.care.materials.homework import Homework
from webapp.care.materials.resources import Resource
from webapp.care.materials.summaries import Summary
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.reports import misses
from webapp.web.staff.console import me


@dataclass(frozen=True, slots=True)
class After:
    """`summaries`: client in the reader's care (0: everyone) → the newest published version's number."""

    summaries: dict[int, int]
    homework: list[tuple[Homework, int, int]]
    """Each with how many handed it in, and how many of these wait for a word, as far as the reader may know."""
    resources: list[Resource]
    talked: set[int]
    """Seats of which it was said that it is talked through."""


def after(store: Store, session: Session) -> After:
    """Four statements."""
    published = (
        select(Summary.client_id, func.max(Summary.version))
        .where(Summary.session_id == session.id, Summary.is_published)
        .where(or_(Summary.client_id.is_(None), teams.in_care_of(me(), Summary.client_id)))
        .group_by(Summary.client_id)
    )
    shelf = select(Resource).where(Resource.session_id == session.id, ~Resource.is_withdrawn)
    seats = select(Seat.id).where(Seat.session_id == session.id)
    talked = select(FollowUp.seat_id).where(FollowUp.seat_id.in_(seats))
    return After(
        {client_id or 0: version for client_id, version in store.execute(published)},
        _homework(store, session),
        list(store.scalars(shelf.order_by(Resource.id))),
        set(store.scalars(talked)),
    )


def cards_of(store: Store, client: Person, now: datetime) -> list[Card]:
    """How far a client has come with what they were not there for."""
    return cards.catch_up(store, client, misses.of(store, client, now), now)


def handed_in_by(store: Store, client: Person) -> list[HandIn]:
    """What a client handed in, as far as the reader may see it, what waits for a word first."""
    mine = hand_ins.visible_to(me()).where(
        HandIn.client_id == client.id, HandIn.reopened_at.is_(None)
    )
    ordered = mine.order_by(HandIn.feedback_at.is_not(None), HandIn.handed_in_at.desc()).limit(8)
    return list(store.scalars(ordered))


def _homework(store: Store, session: Session) -> list[tuple[Homework, int, int]]:
    mine = hand_ins.visible_to(me()).where(HandIn.reopened_at.is_(None)).subquery()
    waits = func.count(mine.c.id).filter(mine.c.feedback_at.is_(None))
    query = (
        select(Homework, func.count(mine.c.id), waits)
        .outerjoin(mine, mine.c.homework_id == Homework.id)
        .where(Homework.session_id == session.id, ~Homework.is_withdrawn)
        .group_by(Homework.id)
        .order_by(Homework.id)
    )
    return [(task, made, waiting) for task, made, waiting in store.execute(query)]
