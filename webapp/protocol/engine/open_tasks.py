"""Opens the tasks that rungs call for, in bulk: their owner, due instant and brief (docs/protocol.md, *The ladder*).

A task's key makes a repeat harmless. One review and one plan is open for a client at a time: the client's row is held while
that is decided, so that two workers cannot open two.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from webapp.bulk import among, insert_or_ignore, rows
from webapp.care.attendance.standing import Standing, standing
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import task_owners
from webapp.care.contact.task_owners import Owners
from webapp.care.contact.tasks import ABOUT_ROOMS, ROLE_FOR, Task, TaskKind
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.care.directory.teams import Couple
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.protocol.engine import plan_drafts
from webapp.protocol.facts.picture import Picture, SeatRow
from webapp.protocol.facts.steps import occurrence_of
from webapp.protocol.ladder.rungs import Rung

PROMPTS = {
    TaskKind.OUTREACH: ["place_is_kept", "what_got_in_the_way", "another_time"],
    TaskKind.RELATIONAL: ["tension", "miscommunication", "practical_load"],
    TaskKind.ESCALATION: ["treatment_plan", "risk_factors", "extra_check_in"],
    TaskKind.MARK_ROOM: ["who_was_there"],
    TaskKind.MATCH_GUEST: ["who_is_this"],
}
"""What to think of during the call or review, as keys; the page puts them into words."""
TIME_TO_PLAN = timedelta(hours=24)
HOST_ANSWERS_WITHIN = timedelta(minutes=10)
"""How long the host has to say who is in the room before the coordinator is asked (rule 7)."""
ONE_A_CLIENT = (TaskKind.ESCALATION, TaskKind.REENGAGEMENT)
ONE_A_SEAT = (TaskKind.OUTREACH, *ONE_A_CLIENT)


@dataclass(slots=True)
class PlannedTask:
    """A task that a rung calls for, not opened yet."""

    kind: TaskKind
    picture: Picture
    key: str
    due_at: datetime
    brief: dict[str, Any]


def planned_task(picture: Picture, rung: Rung, now: datetime) -> PlannedTask:
    """The task that `rung` calls for, for this seat."""
    kind, seat = TaskKind(rung.value), picture.seat
    subject = _subject(kind, seat)
    within = {
        TaskKind.REENGAGEMENT: TIME_TO_PLAN, TaskKind.MARK_ROOM: HOST_ANSWERS_WITHIN,
    }.get(kind, picture.facts.room.policy.outreach_due)  # fmt: skip
    brief: dict[str, Any] = {"prompts": PROMPTS.get(kind, [])}
    if kind in ONE_A_CLIENT:
        brief["seats"] = [seat.id]
    return PlannedTask(kind, picture, f"{kind}:{subject}:{picture.occurrence}", now + within, brief)


def open_all(store: Store, calls: list[PlannedTask], now: datetime) -> set[tuple[int, str]]:
    """Open these tasks; returns the (seat, kind) pairs that were added to a task that was open already."""
    if not calls:
        return set()
    _lock(store, calls)
    calls = _not_asked_for(store, calls)
    if not calls:
        return set()
    clients = {call.picture.seat.client_id for call in calls}
    known = task_owners.read(store, clients, now)
    joined = _join(store, calls, clients, now)
    fresh = [c for c in calls if (c.picture.seat.id, c.kind.value) not in joined]
    fresh += _relational(store, calls, known, now)
    _fill_drafts(store, [c for c in fresh if c.kind is TaskKind.REENGAGEMENT], known, now)
    _insert(store, fresh, known, now)
    return joined


def _not_asked_for(store: Store, calls: list[PlannedTask]) -> list[PlannedTask]:
    """These but for those whose seat or room has such a task by another time of its session, which was corrected meanwhile: one miss
    makes one of each. After one that ended because the client was there, or that was withdrawn, a miss is a new one."""
    seats = {c.picture.seat.id for c in calls if c.kind in ONE_A_SEAT}
    in_rooms = {c.picture.seat.session_id for c in calls if c.kind is TaskKind.MARK_ROOM}
    settled = or_(Task.withdrawn, Task.outcome == "joined")
    columns = (Task.kind, Task.seat_id, Task.session_id)
    asked = set[tuple[str, int | None]]()
    if seats:
        query = select(*columns).where(among(store, Task.seat_id, seats), Task.kind.in_(ONE_A_SEAT))
        found = rows(store, query.where(or_(Task.is_open, ~settled)))
        asked |= {(kind, seat_id) for kind, seat_id, _ in found}
    if in_rooms:
        query = select(*columns).where(
            among(store, Task.session_id, in_rooms), Task.is_open, Task.kind == TaskKind.MARK_ROOM
        )
        asked |= {(kind, session_id) for kind, _, session_id in rows(store, query)}
    return [c for c in calls if (c.kind.value, _subject(c.kind, c.picture.seat)) not in asked]


def _subject(kind: TaskKind, seat: SeatRow) -> int:
    """What a task of a rung is about: the session, or the seat."""
    return seat.session_id if kind is TaskKind.MARK_ROOM else seat.id


def ask_who_guests_are(store: Store, pictures: Iterable[Picture], now: datetime) -> None:
    """Open one task for each session in which somebody is waited for and somebody is whom nobody has named (rule 7). A guest who comes
    after it was done is asked about anew."""
    held = {
        picture.seat.session_id: picture
        for picture in pictures
        if picture.facts.room.has_guest(now) and standing(picture.facts, now) is Standing.UNKNOWN
    }
    if not held:
        return
    kind, calls = TaskKind.MATCH_GUEST, []
    for session_id, picture in held.items():
        newest = occurrence_of(max(picture.facts.room.guests))
        key = f"{kind}:{session_id}:{newest}"
        due_at, brief = now + HOST_ANSWERS_WITHIN, {"prompts": PROMPTS[kind]}
        calls.append(PlannedTask(kind, picture, key, due_at, brief))
    _lock(store, calls)
    open_ones = select(Task.session_id).where(
        among(store, Task.session_id, held), Task.is_open, Task.kind == kind
    )
    asked = set(store.scalars(open_ones))
    calls = [call for call in calls if call.picture.seat.session_id not in asked]
    clients = {call.picture.seat.client_id for call in calls}
    _insert(store, calls, task_owners.read(store, clients, now), now)


def _relational(
    store: Store, calls: Iterable[PlannedTask], known: Owners, now: datetime
) -> list[PlannedTask]:
    """The tasks for the couples therapist, one for a couple and an evening in the program's zone (rule 8). A miss of the other partner
    joins the open one. After one that ended by itself a new one is opened; after one that a person ended, none."""
    missed = [
        c
        for c in calls
        if c.kind is TaskKind.OUTREACH and c.picture.seat.client_id in known.couples
    ]
    if not missed:
        return []
    couples = {known.couples[call.picture.seat.client_id][0] for call in missed}
    locked = select(Couple.id).where(among(store, Couple.id, couples)).order_by(Couple.id)
    store.execute(locked.with_for_update(key_share=True)).all()
    zones = dict(store.execute(select(Program.id, Program.time_zone)).all())
    by_key: dict[str, list[PlannedTask]] = defaultdict(list)
    for call in missed:
        room, couple = call.picture.facts.room, known.couples[call.picture.seat.client_id][0]
        evening = room.starts_at.astimezone(ZoneInfo(zones[room.program_id])).date()
        by_key[f"{TaskKind.RELATIONAL}:{couple}:{evening}"].append(call)
    same = select(Task).where(Task.kind == TaskKind.RELATIONAL, Task.key.in_(by_key))
    there = {task.key: task for task in store.scalars(same.with_for_update(key_share=True))}
    planned = []
    for key, calls_ in by_key.items():
        task, seats = there.get(key), [call.picture.seat.id for call in calls_]
        if task is not None and task.is_open:
            for call in calls_:
                _add_miss(store, task, call.picture.seat, now)
        elif task is None or task.done_by_id is None:
            key = f"{key}:{seats[0]}" if task else key
            brief = {"prompts": PROMPTS[TaskKind.RELATIONAL], "seats": seats}
            first = calls_[0]
            planned.append(
                PlannedTask(TaskKind.RELATIONAL, first.picture, key, first.due_at, brief)
            )
    return planned


def _lock(store: Store, calls: Iterable[PlannedTask]) -> None:
    """Lock the clients and sessions that may have only one such task, in order, so that workers cannot deadlock."""
    clients = {c.picture.seat.client_id for c in calls if c.kind in ONE_A_CLIENT}
    rooms = {c.picture.seat.session_id for c in calls if c.kind in ABOUT_ROOMS}
    for column, ids in ((Person.id, clients), (Session.id, rooms)):
        if ids:
            query = select(column).where(among(store, column, ids)).order_by(column)
            store.execute(query.with_for_update(key_share=True)).all()


def _join(
    store: Store, calls: Iterable[PlannedTask], clients: Collection[int], now: datetime
) -> set[tuple[int, str]]:
    """Add misses to the reviews and plans that are open, those of this batch included; returns what was added."""
    single = [call for call in calls if call.kind in ONE_A_CLIENT]
    if not single:
        return set()
    query = select(Task).where(
        among(store, Task.client_id, clients), Task.is_open, Task.kind.in_(ONE_A_CLIENT)
    )
    open_ones: dict[tuple[int | None, str], Task | PlannedTask] = {
        (task.client_id, task.kind): task for task in store.scalars(query)
    }
    joined = set()
    for call in single:
        seat = call.picture.seat
        other = open_ones.setdefault((seat.client_id, call.kind.value), call)
        if other is call:
            continue
        joined.add((seat.id, call.kind.value))
        _add_miss(store, other, seat, now)
    return joined


def _add_miss(store: Store, to: Task | PlannedTask, seat: SeatRow, now: datetime) -> None:
    """Add a missed seat to a task that is open, or about to be opened. Twice is the same."""
    seats = to.brief.get("seats", [])
    if seat.id in seats:
        return
    to.brief = to.brief | {"seats": [*seats, seat.id]}
    if isinstance(to, Task):
        events.record(
            store, Tag.TASK_JOINED, by=None, now=now, program_id=to.program_id,
            client=seat.client_id, seat=seat.id, session=seat.session_id, task=to.id, kind=to.kind,
        )  # fmt: skip


def _insert(
    store: Store, calls: list[PlannedTask], known: task_owners.Owners, now: datetime
) -> None:
    by_key = {call.key: call for call in calls}
    rooms = {c.picture.seat.session_id for c in calls if c.kind in ABOUT_ROOMS}
    hosts = _hosts(store, rooms)
    made_of = []
    for call in by_key.values():
        seat, program_id, role = (
            call.picture.seat,
            call.picture.facts.room.program_id,
            ROLE_FOR[call.kind],
        )
        room = call.kind in ABOUT_ROOMS
        host = known.with_cover(hosts[seat.session_id]) if room else None
        made_of.append(
            {
                "program_id": program_id, "key": call.key, "kind": call.kind.value, "role": role.value,
                "client_id": None if room else seat.client_id, "seat_id": None if room else seat.id,
                "session_id": seat.session_id, "created_at": now, "due_at": call.due_at,
                "owner_id": host or known.of(None if room else seat.client_id, program_id, role),
                "withdrawn": False,
                "brief": call.brief,
            }
        )  # fmt: skip
    made = insert_or_ignore(store, Task).returning(Task.id, Task.key, Task.owner_id)
    for task_id, key, owner_id in store.execute(made, made_of) if made_of else ():
        _record(store, by_key[key], task_id, owner_id, now)


def _hosts(store: Store, session_ids: Collection[int]) -> dict[int, int]:
    """session → its host."""
    if not session_ids:
        return {}
    query = select(Session.id, Session.host_id).where(among(store, Session.id, session_ids))
    return dict(rows(store, query))


def _record(
    store: Store, call: PlannedTask, task_id: int, owner_id: int | None, now: datetime
) -> None:
    seat, room = call.picture.seat, call.picture.facts.room
    alone = call.kind in ABOUT_ROOMS
    if alone:
        events.record(
            store, Tag.SESSION_UNKNOWN, by=None, now=now, program_id=room.program_id,
            session=seat.session_id,
        )  # fmt: skip
    events.record(
        store, Tag.TASK_OPENED, by=None, now=now, program_id=room.program_id, task=task_id,
        client=None if alone else seat.client_id, seat=None if alone else seat.id,
        session=seat.session_id, kind=call.kind.value, owner=owner_id, due_at=call.due_at,
    )  # fmt: skip


def _fill_drafts(store: Store, calls: Iterable[PlannedTask], known: Owners, now: datetime) -> None:
    """Put a draft into each call's brief. A few statements each, and rare: only contact after a miss calls for one."""
    for call in calls:
        seat = call.picture.seat
        partner = known.couples.get(seat.client_id, (0, 0, None))[1]
        within = call.picture.facts.room.policy.make_up_within
        call.brief["draft"] = plan_drafts.draft(
            store, seat.id, seat.client_id, partner, within, now
        )
