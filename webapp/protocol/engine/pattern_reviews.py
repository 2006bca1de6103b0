"""Opens a pattern review, the counselor's task with evidence and proposals, when a pattern appears (the ladder's last rung).

Only clients of whom a session has ended since the last time are looked at, so the cost grows with the day's sessions and not
with the register. The same evidence opens no second review, also when the first was dismissed; new evidence does.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from webapp import batches
from webapp.batches import Batch, Walk
from webapp.bulk import among, rows
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.standing import Standing, standing
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import task_owners
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store, claim
from webapp.operations.heartbeats import Heartbeat, beat
from webapp.protocol.engine import open_tasks
from webapp.protocol.facts import facts, history, steps
from webapp.protocol.facts.picture import Picture
from webapp.protocol.ladder.patterns import PastSeat, find
from webapp.protocol.ladder.rungs import TAKEN, Rung

READER = "patterns"
EVERY = timedelta(minutes=15)
LONGEST = timedelta(hours=24)
"""No session is longer (sessions.py): where to look for those that ended."""
TIME_TO_REVIEW = timedelta(days=3)


def _program_of(client_id: int) -> Select[int]:
    return select(Person.program_id).where(Person.id == client_id)


CLIENTS = Batch("review patterns", "person", Person.id, _program_of)


def review(database: Database, now: datetime) -> int:
    """Open the reviews that are called for; returns how many. Does nothing when it was done within `EVERY`."""

    def of_clients(store: Store, clients: Sequence[int]) -> int:
        calls = [call for part in _parts(clients) for call in _calls(store, part, now)]
        _open(store, calls, now)
        return len(calls)

    def whole(store: Store) -> int:
        return of_clients(store, _clients(store, now))

    walking = Walk(database, CLIENTS, now, of_clients)
    return batches.guarded(walking, whole, lambda store: _clients(store, now))


def _clients(store: Store, now: datetime) -> list[int]:
    """The clients whose sessions have ended since this was last asked; none when that was within `EVERY`. Records that it was asked."""
    last = store.scalar(claim(select(Heartbeat).where(Heartbeat.name == READER)))
    if last is None:
        known = store.get(Heartbeat, READER)
        since = now - LONGEST
        if known is not None:
            return []  # another worker is at it
    elif now - last.beat_at < EVERY:
        return []
    else:
        since = last.beat_at
    beat(store, READER, now)
    ended = select(Seat.client_id).join(Session, Session.id == Seat.session_id).where(
        Session.starts_at > since - LONGEST, Session.ends_at > since, Session.ends_at <= now,
        Session.is_on, Seat.is_given,
    )  # fmt: skip
    clients = set(store.scalars(ended.distinct())) - _under_review(store)
    return sorted(clients - batches.aside(store, CLIENTS)) if clients else []


def _parts(ids: Sequence[int], size: int = 200) -> Iterable[list[int]]:
    return (list(ids[i : i + size]) for i in range(0, len(ids), size))


def _under_review(store: Store) -> set[int | None]:
    open_ones = select(Task.client_id).where(Task.kind == TaskKind.PATTERN_REVIEW, Task.is_open)
    return set(store.scalars(open_ones))


def _calls(store: Store, clients: list[int], now: datetime) -> list[open_tasks.PlannedTask]:
    """The reviews that these clients' past seats call for, but for those opened on the same evidence before."""
    pasts = read(store, clients, now)
    calls = {}
    for seats in pasts.values():
        last = seats[-1][0]
        local = now.astimezone(seats[-1][1].starts_at.tzinfo)
        found = find([past for _, past in seats], last.facts.room.policy, local)
        if not found:
            continue
        newest = max(seat_id for pattern in found for seat_id in pattern.seats)
        picture = next(picture for picture, _ in seats if picture.seat.id == newest)
        key = f"{TaskKind.PATTERN_REVIEW}:{picture.seat.client_id}:{newest}"
        brief = {"patterns": [asdict(pattern) for pattern in found]}
        calls[key] = open_tasks.PlannedTask(
            TaskKind.PATTERN_REVIEW, picture, key, now + TIME_TO_REVIEW, brief
        )
    known = set(store.scalars(select(Task.key).where(Task.key.in_(calls))))
    return [call for key, call in calls.items() if key not in known]


def _open(store: Store, calls: list[open_tasks.PlannedTask], now: datetime) -> None:
    if not calls:
        return
    open_tasks.open_all(store, calls, now)
    for call in calls:
        seat, room = call.picture.seat, call.picture.facts.room
        row = (
            seat.id, Rung.PATTERN_REVIEW.value, call.picture.occurrence, now, now, TAKEN, None
        )  # fmt: skip
        steps.write(store, [row])
        events.record(
            store, Tag.STEP_TAKEN, by=None, now=now, program_id=room.program_id,
            client=seat.client_id, seat=seat.id, session=seat.session_id,
            rung=Rung.PATTERN_REVIEW.value, occurrence=call.picture.occurrence, due_at=now,
            result=TAKEN, why=None,
        )  # fmt: skip


def read(
    store: Store, clients: Sequence[int], now: datetime
) -> dict[int, list[tuple[Picture, PastSeat]]]:
    """client → their seats of the last `REMEMBERED` that are over, oldest first, as patterns need them."""
    partners = task_owners.read(store, clients, now).couples
    people = {*clients, *(partner for _, partner, _ in partners.values())}
    seats = [row for found in history.rows_of(store, people, now).values() for _, row in found]
    pictures = facts.of_earlier(store, seats, now)
    zones = _zones(store, {seat.session_id for seat in seats})
    reasons = _reasons(store, [seat.id for seat in seats])
    missed = {
        (p.seat.client_id, p.seat.session_id)
        for p in pictures
        if standing(p.facts, now) is Standing.MISSED
    }
    found: dict[int, list[tuple[Picture, PastSeat]]] = defaultdict(list)
    wanted = set(clients)
    for picture in sorted(pictures, key=lambda p: (p.facts.room.starts_at, p.seat.id)):
        seat, room = picture.seat, picture.facts.room
        if seat.client_id in wanted and room.ends_at <= now:
            partner = partners.get(seat.client_id, (0, 0, None))[1]
            past = _past(
                picture, zones[seat.session_id], reasons.get(seat.id, ""),
                (partner, seat.session_id) in missed, now,
            )  # fmt: skip
            found[seat.client_id].append((picture, past))
    return found


def _past(
    picture: Picture, zone: str, reason: str, partner_missed: bool, now: datetime
) -> PastSeat:
    room, absence = picture.facts.room, picture.facts.absence
    word = standing(picture.facts, now)
    made_up = word is Standing.MADE_UP
    return PastSeat(
        picture.seat.id,
        room.starts_at.astimezone(ZoneInfo(zone)),
        word,
        room.ends_at - room.starts_at if made_up else picture.facts.tally(now).present_for,
        reason,
        absence.notice if absence else None,
        partner_missed,
    )


def _zones(store: Store, session_ids: Iterable[int]) -> dict[int, str]:
    query = select(Session.id, Session.time_zone)
    return dict(rows(store, query.where(among(store, Session.id, set(session_ids)))))


def _reasons(store: Store, seat_ids: Sequence[int]) -> dict[int, str]:
    """seat → the reason of its absence report that was not withdrawn."""
    query = select(AbsenceReport.seat_id, AbsenceReport.reason).where(
        among(store, AbsenceReport.seat_id, seat_ids), ~AbsenceReport.is_withdrawn
    )
    return dict(rows(store, query))
