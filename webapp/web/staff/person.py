"""What a client's page shows: care team and partner, current seats and next steps, tasks, plans, and the chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.standing import Standing
from webapp.care.contact import addresses, help_calls, reengagement_plans, tasks, thread_members
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.contact.tasks import Task, TaskKind
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
from webapp.web.staff.wording.vocabulary import CHANNEL, OUTCOME, PLAN_STEP, REASON, STEP
from webapp.web.staff.writing import room as materials

LOOK_AHEAD, LOOK_BACK = 2, 4
"""How many seats *What happens next* explains: upcoming ones, and those that have begun."""
FOUR_WEEKS = timedelta(weeks=4)
CONTACT_OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.CALL_BACK_AT)
"""Outcomes of a contact that can be recorded here; calling back belongs to a task."""
EXCUSABLE = frozenset({Standing.MISSED, Standing.ABSENT_TOLD, Standing.PARTIAL, Standing.UNKNOWN})


@dataclass(frozen=True, slots=True)
class CareCircle:
    """The client's care team, couple and partner."""

    team: CareTeam | None
    couple: Couple | None
    partner: Person | None
    partner_visible: bool


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """What a re-engagement plan starts from: the missed seat, what was in the way, and steps (keys of `STEP`)."""

    seat: Seat
    barrier: str
    steps: list[str]


def context(
    store: Store, client: Person, reader: Person, now: datetime, part: str = "", whole: bool = False
) -> dict[str, Any]:
    """Everything that the page shows; `part` and `whole` choose what of the chart. The number of statements does not grow with the
    chart's length."""
    places, current = what_next(store, client, reader, now), _tasks(store, client, reader)
    return {
        "reading": Reading(What.CHART, [client.id]),
        "place": "people",
        "client": client,
        "known": addresses.known(store, client),
        "writes": store.scalar(_if_thread_visible(reader, client, now)) is not None,
        "technical": help_calls.technical_absences(store, client.id, now - FOUR_WEEKS, now),
        "around_them": care_circle(store, client, reader),
        "places": places,
        "coming": next((p for p in reversed(places) if p.seat.session.starts_at > now), None),
        "latest": next((p for p in places if p.seat.session.starts_at <= now), None),
        "excusable": EXCUSABLE,
        "reports": _reports(store, client),
        "cards": materials.cards_of(store, client, now),
        "handed_in": materials.handed_in_by(store, client),
        "tasks": current,
        "plans": _plans(store, client),
        "planned_for": _planned_for(store, current, places),
        "needs": store.scalars(accommodations.of(client.id)).all(),
        "backup": store.scalar(backup_plans.of(client.id)),
        "plan_steps": list(STEP.items()),
        "ways": [(key, CHANNEL[key].words) for key in ContactChannel],
        "outcomes": [(key, OUTCOME[key].words) for key in CONTACT_OUTCOMES],
        "chart": timeline.of(store, client, part, whole=whole),
        "views": timeline.VIEWS,
        "view": timeline.view(part),
    }


def what_next(store: Store, client: Person, reader: Person, now: datetime) -> list[SeatOverview]:
    """Upcoming and recent seats, latest first, each with its ladder explained."""
    mine = sessions.seats_visible_to(reader).where(Seat.client_id == client.id)
    mine = mine.with_only_columns(Seat.id)
    ahead = mine.where(Session.starts_at > now, Session.is_on).order_by(Session.starts_at)
    begun = mine.where(Session.starts_at <= now).order_by(Session.starts_at.desc())
    ids = [*store.scalars(ahead.limit(LOOK_AHEAD)), *store.scalars(begun.limit(LOOK_BACK))]
    places = room_overviews.of_seats(store, select(Seat).where(Seat.id.in_(ids)), now)
    return sorted(places, key=lambda place: place.seat.session.starts_at, reverse=True)


def care_circle(store: Store, client: Person, reader: Person) -> CareCircle:
    """The client's care team and couple; a partner who is a client is named only if the reader may see them."""
    team = store.scalar(
        select(CareTeam)
        .where(CareTeam.client_id == client.id)
        .options(
            joinedload(CareTeam.counselor),
            joinedload(CareTeam.supervisor),
            joinedload(CareTeam.coordinator),
        )
    )
    people = (joinedload(Couple.a), joinedload(Couple.b), joinedload(Couple.therapist))
    couple = store.scalar(teams.couple_of(client.id).options(*people))
    partner = couple.partner_of(client.id) if couple else None
    visible = partner is not None and partner.kind == Kind.CLIENT
    if partner and visible:
        seen = teams.visible_to(reader).where(Person.id == partner.id)
        visible = store.scalar(seen) is not None
    return CareCircle(team, couple, partner, visible)


def _if_thread_visible(reader: Person, client: Person, now: datetime) -> Select[Person]:
    """The client, if `reader` may see their message thread; administrators see the page but not the thread."""
    return thread_members.clients_of(reader, now).where(Person.id == client.id)


def _reports(store: Store, client: Person) -> list[AbsenceReport]:
    reports = (
        select(AbsenceReport)
        .join(Seat, Seat.id == AbsenceReport.seat_id)
        .where(Seat.client_id == client.id)
        .options(joinedload(AbsenceReport.seat))
        .order_by(AbsenceReport.reported_at.desc())
        .limit(8)
    )
    return list(store.scalars(reports))


def _tasks(store: Store, client: Person, reader: Person) -> list[Task]:
    """Open tasks first, then the latest."""
    of_client = (
        tasks.visible_to(reader)
        .where(Task.client_id == client.id)
        .options(joinedload(Task.owner), joinedload(Task.session))
        .order_by(~Task.is_open, Task.created_at.desc())
        .limit(8)
    )
    return list(store.scalars(of_client))


def _planned_for(
    store: Store, current: Sequence[Task], places: list[SeatOverview]
) -> PlanDraft | None:
    """What a new plan starts from: the open task's miss and draft, else the latest miss. None when nothing was missed."""
    wanted = (task for task in current if task.is_open and task.kind == TaskKind.REENGAGEMENT)
    asked = next(wanted, None)
    if asked and (seat := reengagement_plans.missed_of(store, asked)):
        draft = asked.brief.get("draft") or {}
        fitting = {"make_up": draft.get("make_ups"), "other_times": draft.get("other_times")}
        steps = [step for step, those in fitting.items() if those]
        steps += [PLAN_STEP[key] for key in draft.get("resources") or [] if key in PLAN_STEP]
        barrier = str(REASON.get(draft.get("barrier") or "", ""))
        return PlanDraft(seat, barrier, list(dict.fromkeys(steps)))
    missed = next((p.seat for p in places if p.standing in EXCUSABLE), None)
    return PlanDraft(missed, "", []) if missed else None


def _plans(store: Store, client: Person) -> list[Plan]:
    plans = select(Plan).where(Plan.client_id == client.id).order_by(Plan.made_at.desc())
    return list(store.scalars(plans.limit(3)))
