"""The place *Catch up*: one card a session, with a ring that fills; and what else there is to do, read or look at."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, or_, select

from webapp import clock
from webapp.care.catch_up import ledger
from webapp.care.catch_up.cards import CatchUpCard, catch_up
from webapp.care.catch_up.ledger import LedgerEntry
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.directory.permissions import Permission
from webapp.care.materials import homework, resources
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.materials.resources import Resource, ResourceUse
from webapp.care.schedule.sessions import Session
from webapp.protocol.reports import misses
from webapp.refusals import N_
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("catch_up", __name__)

RECENT = timedelta(days=14)
"""How long feedback stands on the list, and for how long back a session's reading is offered."""
PLAN_STANDS = timedelta(days=30)
MOST = 12
STEPS = {
    "make_up": N_("Make up the session"),
    "other_times": N_("Times that suit you better"),
    "one_to_one": N_("Time one to one"),
    "resources": N_("Something to help you along at home"),
    "check_ins": N_("Short check-ins between sessions"),
    "tech_check": N_("A look at your connection"),
    "family_support": N_("Help for your family"),
    "transport": N_("Practical help"),
}
"""The steps of a plan, said to the client."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A card, what of it is made up, and how the session is called toward the client."""

    card: CatchUpCard
    line: LedgerEntry
    can_book: bool

    @property
    def words(self) -> str:
        return my_seats.WORDS[self.card.standing]

    @property
    def look(self) -> str:
        return my_seats.LOOKS.get(self.card.standing, "")


@dataclass(frozen=True, slots=True)
class Work:
    """Homework that stands on no card: still to do, or with new feedback."""

    homework: Homework
    answered: bool


@pages.get("/catch-up")
@needs(Permission.CATCH_UP)
def show() -> ResponseReturnValue:
    """Open cards first, the latest on top; those that are done below. A fixed number of statements."""
    person, now = my_seats.person(), clock.now()
    missed = misses.of(store, person, now)
    lines = {line.seat.id: line for line in ledger.entries(store, missed)}
    shown = [
        Shown(card, line, line.open_for_booking(now))
        for card in catch_up(store, person, missed, now)
        if (line := lines[card.seat.id])
    ]
    on_cards = {each.card.seat.session_id for each in shown}
    return widget(
        "client/catch_up/show.html", "cards", place="catch-up", near=my_seats.near(), steps=STEPS,
        open=[each for each in shown if not each.card.whole],
        done=[each for each in shown if each.card.whole],
        work=_work(on_cards, now), shelf=_shelf(on_cards, now), plan=_plan(now),
    )  # fmt: skip


def _work(on_cards: Collection[int], now: datetime) -> list[Work]:
    """Homework beside the cards: not handed in, or answered in the last days. The one that is due first stands first."""
    query = (
        homework.visible_to(my_seats.person())
        .outerjoin(HandIn, HandIn.is_current_of(my_seats.person().id))
        .where(or_(Homework.session_id.is_(None), Homework.session_id.not_in(on_cards)))
        .where(or_(HandIn.id.is_(None), HandIn.feedback_at > now - RECENT))
        .order_by(Homework.due_at.is_(None), Homework.due_at, Homework.id.desc())
        .add_columns(HandIn.feedback_at)
        .limit(MOST)
    )
    return [Work(task, answered_at is not None) for task, answered_at in store.execute(query)]


def _shelf(on_cards: Collection[int], now: datetime) -> list[tuple[Resource, datetime | None]]:
    """What else may be read or watched, the newest first, with when the client was through with it."""
    used = and_(
        ResourceUse.resource_id == Resource.id, ResourceUse.client_id == my_seats.person().id
    )
    recently = select(Session.id).where(Session.ends_at > now - RECENT)
    query = (
        resources.visible_to(my_seats.person(), now)
        .outerjoin(ResourceUse, used)
        .where(or_(Resource.session_id.is_(None), Resource.session_id.not_in(on_cards)))
        .where(or_(Resource.session_id.is_(None), Resource.session_id.in_(recently)))
        .order_by(ResourceUse.is_finished, Resource.published_at.desc())
        .add_columns(ResourceUse.finished_at)
        .limit(MOST)
    )
    return [(resource, finished_at) for resource, finished_at in store.execute(query)]


def _plan(now: datetime) -> Plan | None:
    """The latest plan written with them, as long as it is fresh."""
    mine = select(Plan).where(
        Plan.client_id == my_seats.person().id, Plan.made_at > now - PLAN_STANDS
    )
    return store.scalar(mine.order_by(Plan.made_at.desc()).limit(1))
