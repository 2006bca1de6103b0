"""Which materials a session or a client has, without their contents: for the session's and the client's page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from webapp.care.catch_up import cards
from webapp.care.catch_up.cards import CatchUpCard
from webapp.care.catch_up.follow_ups import FollowUp
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.materials import homework
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.materials.resources import Resource
from webapp.care.materials.summaries import Summary
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.reports import misses
from webapp.web.staff.console import me


@dataclass(frozen=True, slots=True)
class After:
    """A session's materials. `summaries`: client id in the reader's care (0: everyone) → number of the newest published version."""

    summaries: dict[int, int]
    homework: list[tuple[Homework, int, int]]
    """Each with how many handed it in, and how many of these have no feedback yet, as far as the reader may see."""
    resources: list[Resource]
    talked: set[int]
    """Ids of seats with a follow-up signed off."""


def after(store: Store, session: Session) -> After:
    """The session's materials, in four statements."""
    published = (
        select(Summary.client_id, func.max(Summary.version))
        .where(Summary.session_id == session.id, Summary.is_published)
        .where(or_(Summary.client_id.is_(None), teams.may_read(me(), Summary.client_id)))
        .group_by(Summary.client_id)
    )
    resources = select(Resource).where(
        Resource.session_id == session.id, ~Resource.is_withdrawn, Resource.readable_by(me())
    )
    seats = select(Seat.id).where(Seat.session_id == session.id)
    talked = select(FollowUp.seat_id).where(FollowUp.seat_id.in_(seats))
    return After(
        {client_id or 0: version for client_id, version in store.execute(published)},
        _homework(store, session),
        list(store.scalars(resources.order_by(Resource.id))),
        set(store.scalars(talked)),
    )


def cards_of(store: Store, client: Person, now: datetime) -> list[CatchUpCard]:
    """The client's catch-up cards, one per missed seat."""
    return cards.catch_up(store, client, misses.of(store, client, now), now)


def handed_in_by(store: Store, client: Person) -> list[HandIn]:
    """What a client handed in, as far as the reader may see it, hand-ins without feedback first."""
    mine = homework.hand_ins_visible_to(me()).where(
        HandIn.client_id == client.id, HandIn.is_current
    )
    ordered = mine.order_by(HandIn.has_feedback, HandIn.handed_in_at.desc()).limit(8)
    return list(store.scalars(ordered))


def _homework(store: Store, session: Session) -> list[tuple[Homework, int, int]]:
    mine = homework.hand_ins_visible_to(me()).where(HandIn.is_current).subquery()
    waits = func.count(mine.c.id).filter(mine.c.feedback_at.is_(None))
    query = (
        select(Homework, func.count(mine.c.id), waits)
        .outerjoin(mine, mine.c.homework_id == Homework.id)
        .where(Homework.session_id == session.id, ~Homework.is_withdrawn)
        .where(Homework.readable_by(me()))
        .group_by(Homework.id)
        .order_by(Homework.id)
    )
    return [(task, made, waiting) for task, made, waiting in store.execute(query)]
