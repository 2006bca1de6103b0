"""Reads the `Facts` of seats in bulk: a handful of statements for any number of seats, never one a seat.

One seat is read the same way, so that a page, the command line and the engine see the same facts. Cost: each statement goes
by an index over the seats or clients named; what only matters after a miss is read only for seats that are that far.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, case, cast, func, select

from webapp.bulk import among, rows
from webapp.care.attendance import attended
from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.attendance.standing import (
    Absence,
    ClientFacts,
    Facts,
    SessionFacts,
    Standing,
    standing,
)
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person, Status
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.preferences.contact_preferences import own_quiet_hours
from webapp.care.schedule.sessions import Seat
from webapp.db import Store
from webapp.protocol.facts import contact, history, rooms
from webapp.protocol.facts.picture import Picture, SeatRow
from webapp.protocol.facts.steps import Step, occurrence_of
from webapp.protocol.ladder.rungs import TAKEN, Rung
from webapp.times import QuietHours

NOTHING_TAKEN: Mapping[str, str] = {}
Preferences = tuple[QuietHours | tuple[()] | None, Mapping[str, timedelta]]


def of_seat(store: Store, seat: Seat, now: datetime) -> Picture:
    """The picture of one seat; the walk of rule 1 is always in it, so that what may come can be explained."""
    row = SeatRow(seat.id, seat.session_id, seat.client_id, seat.given_at)
    return of_seats(store, [row], now, walk_all=True)[0]


def of_seats(
    store: Store, seats: Sequence[SeatRow], now: datetime, *, walk_all: bool = False
) -> list[Picture]:
    """The pictures of these seats at `now`, in their order."""
    pictures = _pictures(store, seats, now)
    walkers = [picture for picture in pictures if walk_all or _needs_earlier(picture, now)]
    if walkers:
        earlier = history.before(store, walkers, now, of_earlier)
        for picture in walkers:
            picture.facts = replace(picture.facts, earlier=earlier[picture.seat.id])
    return pictures


def _needs_earlier(picture: Picture, now: datetime) -> bool:
    """Whether earlier seats (rule 1) matter for this one now."""
    late = now >= picture.facts.room.outreach_at and Rung.ESCALATION not in picture.taken
    return late and standing(picture.facts, now) is Standing.MISSED


def of_earlier(store: Store, seats: Sequence[SeatRow], now: datetime) -> list[Picture]:
    """Pictures without their own past: what the walk of rule 1 needs of earlier seats."""
    return _pictures(store, seats, now)


def _pictures(store: Store, seats: Sequence[SeatRow], now: datetime) -> list[Picture]:
    """Seats with the same facts share one `Facts` object, so that the ladder is asked once for all of them."""
    by_session = rooms.of(store, {seat.session_id for seat in seats}, now)
    ids = [seat.id for seat in seats]
    late = [seat for seat in seats if now >= by_session[seat.session_id].outreach_at]
    lives = _lives(store, seats, late, now)
    evidence, taken = attended.evidence(store, ids), _taken(store, ids)
    absences, excused = _absences(store, ids), _ids(store, select(Excusal.seat_id), ids)
    made_up, tasks = _after_a_miss(store, [seat.id for seat in late])
    before = _excused_before(store, seats, absences, by_session)
    occurrences = {id: occurrence_of(room.starts_at) for id, room in by_session.items()}
    same: dict[tuple[Any, ...], Facts] = {}
    pictures = []
    for seat in seats:
        room, (life, inactive_at) = by_session[seat.session_id], lives[seat.client_id]
        occurrence, absence = occurrences[seat.session_id], absences.get(seat.id)
        steps = taken.get((seat.id, occurrence), NOTHING_TAKEN)
        key = (
            id(room), id(life), id(steps), seat.given_at, inactive_at, absence,
            tuple(evidence.get(seat.id, ())), seat.id in excused, before.get(seat.id, 0),
            seat.id in made_up, tuple(tasks.get(seat.id, ())),
        )  # fmt: skip
        facts = same.get(key)
        if facts is None:
            reported = Absence(absence[1], room.starts_at - absence[1]) if absence else None
            facts = same[key] = Facts(
                room, life, seat.given_at, key[6], reported, excused=key[7], excused_before=key[8],
                set_aside=_set_aside(room, inactive_at, steps), made_up=key[9], open_tasks=key[10],
            )  # fmt: skip
        pictures.append(Picture(seat, facts, steps, occurrence))
    return pictures


def _excused_before(
    store: Store,
    seats: Sequence[SeatRow],
    absences: Mapping[int, tuple[int, datetime]],
    by_session: Mapping[int, SessionFacts],
) -> dict[int, int]:
    reported = []
    for seat in seats:
        if seat.id in absences:
            early = by_session[seat.session_id].policy.early_notice
            reported.append(history.ReportedSeat(seat, *absences[seat.id], early))
    return history.excused_before(store, reported)


def _set_aside(room: SessionFacts, inactive_at: datetime | None, taken: Mapping[str, str]) -> bool:
    if inactive_at is not None and inactive_at <= room.starts_at:
        return True
    return taken.get(Rung.OUTREACH) in (Status.PAUSED, Status.DISCHARGED)


def _lives(
    store: Store, seats: Sequence[SeatRow], late: Sequence[SeatRow], now: datetime
) -> dict[int, tuple[ClientFacts, datetime | None]]:
    """Each client's `ClientFacts`, and since when they are paused or discharged."""
    clients = {seat.client_id for seat in seats}
    after_miss = {seat.client_id for seat in late}
    signs = contact.signs(store, clients, after_miss, now)
    work = contact.open_work(store, after_miss)
    since = case((Person.status != Status.ACTIVE, Person.status_at))
    preferences = cast(Person.preferences, Text)
    query = select(Person.id, Person.status, since, Person.time_zone, preferences)
    found = {}
    for person_id, status, status_at, zone, text in rows(
        store, query.where(among(store, Person.id, clients))
    ):
        contact_at, spoken_at = signs.get(person_id, (None, None))
        plan, planned_at = work.get(person_id, (False, None))
        inactive = status if status_at else ""
        life = _life(inactive, zone, text, contact_at, spoken_at, plan, planned_at)
        found[person_id] = (life, status_at)
    return found


@lru_cache(maxsize=4096)
def _life(inactive: str, zone: str, preferences: str | None, *signs_and_work: Any) -> ClientFacts:
    """Most clients of a batch share one: no contact, no open work, no preferences of their own."""
    quiet, leads = _preferences(preferences)
    return ClientFacts(inactive, zone, quiet, leads, *signs_and_work)


@lru_cache(maxsize=1024)
def _preferences(text: str | None) -> Preferences:
    """A person's own quiet hours and lead times (care/preferences/contact_preferences), from the JSON text of their preferences."""
    kept = json.loads(text or "null") or {}
    leads = kept.get("lead") or {}
    before = {rung: timedelta(minutes=-lead) for rung, lead in leads.items()}
    return own_quiet_hours(kept), before


def _taken(store: Store, ids: Collection[int]) -> dict[tuple[int, int], Mapping[str, str]]:
    """(seat, occurrence) → its steps. Each seat's are one row, and most seats share one text."""
    outcome = case((Step.result == TAKEN, TAKEN), else_=func.coalesce(Step.why, Step.result))
    steps = func.aggregate_strings(Step.rung + "=" + outcome, ",")
    query = select(Step.seat_id, Step.occurrence, steps).group_by(Step.seat_id, Step.occurrence)
    return {
        (seat_id, occurrence): _steps(text)
        for seat_id, occurrence, text in rows(store, query.where(among(store, Step.seat_id, ids)))
    }


@lru_cache(maxsize=1024)
def _steps(text: str) -> Mapping[str, str]:
    return dict(one.split("=") for one in text.split(","))


def _absences(store: Store, ids: Collection[int]) -> dict[int, tuple[int, datetime]]:
    """seat → (id, when it was reported) of its absence report that was not withdrawn."""
    query = select(AbsenceReport.seat_id, AbsenceReport.id, AbsenceReport.reported_at).where(
        among(store, AbsenceReport.seat_id, ids), ~AbsenceReport.is_withdrawn
    )
    return {seat_id: (report, at) for seat_id, report, at in rows(store, query)}


def _ids(store: Store, query: Select[Any], ids: Collection[int]) -> set[int]:
    column = query.selected_columns[0]
    return {row[0] for row in rows(store, query.where(among(store, column, ids)))}


def _after_a_miss(
    store: Store, ids: Collection[int]
) -> tuple[set[int], dict[int, list[tuple[str, bool]]]]:
    """Seats made up for, and the open tasks about each seat."""
    if not ids:
        return set(), {}
    done = MakeUp.completed_at.is_not(None) & ~MakeUp.is_cancelled
    tasks: dict[int, list[tuple[str, bool]]] = defaultdict(list)
    query = select(Task.seat_id, Task.kind, Task.acknowledged_at).where(
        among(store, Task.seat_id, ids), Task.is_open
    )
    for seat_id, kind, acknowledged_at in rows(store, query.order_by(Task.id)):
        tasks[seat_id or 0].append((kind, acknowledged_at is not None))
    return _ids(store, select(MakeUp.seat_id).where(done), ids), tasks
