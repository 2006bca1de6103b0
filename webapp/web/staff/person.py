"""A client's portrait: team and partner, how today stands, what happens next, tasks, plans, and the chart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.standing import Standing
from webapp.care.contact import addresses, help_calls, tasks, thread_members
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.contact.tasks import Task
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.preferences import accommodations, backup_plans
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.web.staff import room_overviews, timeline
from webapp.web.staff.room_overviews import SeatOverview
from webapp.web.staff.wording.vocabulary import CHANNEL, OUTCOME, STEP
from webapp.web.staff.writing import room as written

LOOK_AHEAD, LOOK_BACK = 2, 3
"""How many seats *What happens next* explains: those to come, and those just behind."""
FOUR_WEEKS = timedelta(weeks=4)
SPOKEN = tuple(outcome for outcome in Outcome if outcome is not Outcome.CALL_BACK_AT)
"""Outcomes of a contact somebody writes down here; calling back belongs to a task."""
EXCUSABLE = frozenset({Standing.MISSED, Standing.ABSENT_TOLD, Standing.PARTIAL, Standing.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Around:
    """Who looks after the client, and with whom they heal."""

    team: CareTeam | None
    couple: Couple | None
    partner: Person | None
    partner_visible: bool


def of(
    store: Store, client: Person, reader: Person, now: datetime, part: str = "", whole: bool = False
) -> dict[str, Any]:
    """Everything that the person page shows. The number of statements does not grow with the chart's length."""
    places = what_next(store, client, reader, now)
    return {
        "reading": Reading(What.CHART, [client.id]),
        "place": "people",
        "client": client,
        "known": addresses.known(store, client),
        "writes": store.scalar(_correspondent(reader, client, now)) is not None,
        "technical": help_calls.technical_absences(store, client.id, now - FOUR_WEEKS, now),
        "around_them": around_them(store, client, reader),
        "places": places,
        "coming": next((p for p in reversed(places) if p.seat.session.starts_at > now), None),
        "latest": next((p for p in places if p.seat.session.starts_at <= now), None),
        "excusable": EXCUSABLE,
        "reports": _reports(store, client),
        "cards": written.cards_of(store, client, now),
        "handed_in": written.handed_in_by(store, client),
        "tasks": _tasks(store, client, reader),
        "plans": _plans(store, client),
        "needs": store.scalars(accommodations.of(client.id)).all(),
        "backup": store.scalar(backup_plans.of(client.id)),
        "plan_steps": list(STEP.items()),
        "ways": [(key, CHANNEL[key].words) for key in ContactChannel],
        "outcomes": [(key, OUTCOME[key].words) for key in SPOKEN],
        "chart": timeline.of(store, client, part, whole=whole),
        "views": timeline.VIEWS,
        "view": timeline.view(part),
    }


def what_next(store: Store, client: Person, reader: Person, now: datetime) -> list[SeatOverview]:
    """The seats to come and those just behind, latest first, each with its ladder explained."""
    mine = sessions.seats_visible_to(reader).where(Seat.client_id == client.id)
    mine = mine.with_only_columns(Seat.id)
    ahead = mine.where(Session.ends_at > now).order_by(Session.starts_at).limit(LOOK_AHEAD)
    behind = mine.where(Session.ends_at <= now).order_by(Session.starts_at.desc()).limit(LOOK_BACK)
    ids = [*store.scalars(ahead), *store.scalars(behind)]
    places = room_overviews.of_seats(store, select(Seat).where(Seat.id.in_(ids)), now)
    return sorted(places, key=lambda place: place.seat.session.starts_at, reverse=True)


def around_them(store: Store, client: Person, reader: Person) -> Around:
    team = store.scalar(
        select(CareTeam)
        .where(CareTeam.client_id == client.id)
        .options(
            joinedload(CareTeam.counselor),
            joinedload(CareTeam.supervisor),
            joinedload(CareTeam.coordinator),
        )
    )
    all_three = (joinedload(Couple.a), joinedload(Couple.b), joinedload(Couple.therapist))
    couple = store.scalar(teams.couple_of(client.id).options(*all_three))
    partner = couple.partner_of(client.id) if couple else None
    visible = partner is not None and partner.kind == Kind.CLIENT
    if partner and visible:
        known = teams.visible_to(reader).where(Person.id == partner.id)
        visible = store.scalar(known) is not None
    return Around(team, couple, partner, visible)


def _correspondent(reader: Person, client: Person, now: datetime) -> Select[Person]:
    """The client, if `reader` may see their thread; administrators see the page and not the thread."""
    return thread_members.clients_of(reader, now).where(Person.id == client.id)


def _reports(store: Store, client: Person) -> list[AbsenceReport]:
    found = (
        select(AbsenceReport)
        .join(Seat, Seat.id == AbsenceReport.seat_id)
        .where(Seat.client_id == client.id)
        .options(joinedload(AbsenceReport.seat))
        .order_by(AbsenceReport.reported_at.desc())
        .limit(8)
    )
    return list(store.scalars(found))


def _tasks(store: Store, client: Person, reader: Person) -> list[Task]:
    """Open ones first, then the latest that ended."""
    found = (
        tasks.visible_to(reader)
        .where(Task.client_id == client.id)
        .options(joinedload(Task.owner), joinedload(Task.session))
        .order_by(~Task.is_open, Task.created_at.desc())
        .limit(8)
    )
    return list(store.scalars(found))


def _plans(store: Store, client: Person) -> list[Plan]:
    found = select(Plan).where(Plan.client_id == client.id).order_by(Plan.made_at.desc())
    return list(store.scalars(found.limit(3)))
