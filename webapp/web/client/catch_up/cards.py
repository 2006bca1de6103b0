"""The page *Catch up*: one card for each missed session, other homework, other resources, and the latest plan."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, or_, select

from webapp import clock
from webapp.care.catch_up import ledger
from webapp.care.catch_up.cards import CatchUpCard, CatchUpPart, Item, catch_up
from webapp.care.catch_up.ledger import LedgerEntry
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.directory.permissions import Permission
from webapp.care.materials import homework, resources
from webapp.care.materials.homework import HandIn, Homework
from webapp.care.materials.resources import Resource, ResourceUse
from webapp.care.privacy import shared_notes
from webapp.care.schedule.sessions import Session
from webapp.protocol.reports import misses
from webapp.refusals import N_
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("catch_up", __name__)

RECENT = timedelta(days=14)
"""How long feedback stays on the list, and how long after a session its resources are offered."""
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
"""What the client's pages call the steps of a plan."""


@dataclass(frozen=True, slots=True)
class ShownCard:
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
class HomeworkItem:
    """Homework that is on no card: still to do, or with new feedback."""

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
        ShownCard(card, line, line.open_for_booking(now))
        for card in catch_up(store, person, missed, now, _notes(now))
        if (line := lines[card.seat.id])
    ]
    on_cards = {each.card.seat.session_id for each in shown}
    return widget(
        "client/catch_up/show.html", "cards", place="catch-up", near=my_seats.approaching(), steps=STEPS,
        open=[each for each in shown if not each.card.whole],
        done=[each for each in shown if each.card.whole],
        work=_work(on_cards, now), shelf=_shelf(on_cards, now), plan=_plan(now),
    )  # fmt: skip


def _notes(now: datetime) -> dict[int, list[Item]]:
    """Session id → notes that were written for the client about it, as far as they reached them."""
    found: dict[int, list[Item]] = {}
    for each in shared_notes.of(store, my_seats.person(), now):
        if each.text and not each.mine:
            name = each.note.author.name.split()[0]
            item = Item(CatchUpPart.NOTE, each.note.id, name, done_at=each.read_at)
            found.setdefault(each.note.session_id, []).append(item)
    return found


def _work(on_cards: Collection[int], now: datetime) -> list[HomeworkItem]:
    """Homework that is on no card: not handed in, or with feedback of the last days; what is due first comes first."""
    query = (
        homework.visible_to(my_seats.person())
        .outerjoin(HandIn, HandIn.is_current_of(my_seats.person().id))
        .where(or_(Homework.session_id.is_(None), Homework.session_id.not_in(on_cards)))
        .where(or_(HandIn.id.is_(None), HandIn.feedback_at > now - RECENT))
        .order_by(Homework.due_at.is_(None), Homework.due_at, Homework.id.desc())
        .add_columns(HandIn.feedback_at)
        .limit(MOST)
    )
    return [
        HomeworkItem(task, answered_at is not None) for task, answered_at in store.execute(query)
    ]


def _shelf(on_cards: Collection[int], now: datetime) -> list[tuple[Resource, datetime | None]]:
    """Resources that are on no card, the newest first, each with when the client finished it."""
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
    """The client's latest re-engagement plan, if it was made in the last 30 days."""
    mine = select(Plan).where(
        Plan.client_id == my_seats.person().id, Plan.made_at > now - PLAN_STANDS
    )
    return store.scalar(mine.order_by(Plan.made_at.desc()).limit(1))
