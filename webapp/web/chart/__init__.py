"""A client's chart: every miss, message, step, answer and decision in one timeline (M13), for the staff page and the API.

Assembled from the events of the client, with the words that stand beside them, from what became of notices that were not
sent, and from what happened to the sessions themselves. Reading it is clinical: the caller leaves `looked_at` (P7). Cost: a
fixed number of statements by index; grows with the client's own history only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import lazyload

from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.contacts import Contact
from webapp.care.contact.reengagement_plans import Plan
from webapp.care.contact.tasks import Attempt, Task
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.notify.outbox import Notification

NOT_TREATMENT = frozenset(
    {Tag.CHART_READ, Tag.SIGNED_IN, Tag.SIGNED_OUT, Tag.LINK_ISSUED, Tag.ADDRESS_TESTED}
)
"""Facts about a client's account; they are in the audit log, not in the chart."""
UNSENT = "notice:unsent"


@dataclass(slots=True)
class ChartEntry:
    """One line. `what` is an event's tag, a rung, or `UNSENT`; `by` and `session` are ids of rows in `Chart`."""

    at: datetime
    what: str
    by: int | None = None
    session: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    order: int = 0
    """Among entries of one instant: the event's place in the chain."""


@dataclass(slots=True)
class Chart:
    """Entries, oldest first, with the people and sessions that they name."""

    entries: list[ChartEntry]
    people: dict[int, Person]
    sessions: dict[int, Session]


def of(store: Store, client: Person) -> Chart:
    """The whole chart of `client`. Whoever shows it has checked that its reader may see this client."""
    entries = [*_told(store, client), *_rooms(store, client), *_unsent(store, client)]
    entries.sort(key=lambda entry: (entry.at, entry.order))
    people = {entry.by for entry in entries} | {entry.detail.get("person") for entry in entries}
    people |= {entry.detail.get(name) for entry in entries for name in ("owner", "spoke")}
    alone = (lazyload(Person.program), lazyload(Person.roles))
    rows = select(Person).where(Person.id.in_(people - {None})).options(*alone)
    named = select(Session).where(Session.id.in_({e.session for e in entries} - {None}))
    return Chart(
        entries,
        {row.id: row for row in store.scalars(rows)},
        {row.id: row for row in store.scalars(named)},
    )


def looked_at(store: Store, client: Person, *, by: int | None, now: datetime) -> None:
    """Someone reads the chart: one event a reading, shown to its owner (P7). The caller commits."""
    events.record(
        store, Tag.CHART_READ, by=by, now=now, program_id=client.program_id, client=client.id,
        what="chart",
    )  # fmt: skip


def _told(store: Store, client: Person) -> Iterator[ChartEntry]:
    facts = store.scalars(
        select(Event)
        .where(Event.client_id == client.id, Event.tag.not_in(NOT_TREATMENT))
        .order_by(Event.id)
    ).all()
    words = _words(store, client)
    for event in facts:
        detail = event.fields
        what = detail.pop("rung") if event.tag == Tag.STEP_TAKEN else event.tag
        for key in _keys(event, detail):
            detail |= words.get(key, {})
        if event.task_id is not None:
            detail["task"] = event.task_id
        yield ChartEntry(event.at, what, event.by_id, event.session_id, detail, event.id)


def _keys(event: Event, detail: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Where the words beside an event may stand."""
    for name in ("report", "contact", "plan"):
        if name in detail:
            yield name, detail[name]
    if event.tag == Tag.ABSENCE_EXCUSED:
        yield "excusal", event.seat_id
    if event.tag in (Tag.TASK_ATTEMPTED, Tag.TASK_DONE):
        yield "attempt", (event.task_id, event.at)
    if event.tag == Tag.TASK_OPENED:
        yield "task", event.task_id


def _words(store: Store, client: Person) -> dict[tuple[str, Any], dict[str, Any]]:
    """What people wrote or said, by what it belongs to."""
    seats = select(Seat.id).where(Seat.client_id == client.id)
    tasks = select(Task.id).where(Task.client_id == client.id)
    reports = select(AbsenceReport.id, AbsenceReport.note).where(AbsenceReport.seat_id.in_(seats))
    excusals = select(Excusal.seat_id, Excusal.reason).where(Excusal.seat_id.in_(seats))
    spoken = select(Contact.id, Contact.note, Contact.by_id).where(Contact.client_id == client.id)
    plans = select(Plan.id, Plan.note, Plan.barrier).where(Plan.client_id == client.id)
    tries = select(Attempt.task_id, Attempt.at, Attempt.note).where(Attempt.task_id.in_(tasks))
    told: dict[tuple[str, Any], dict[str, Any]] = {}
    told |= {("report", i): _said(note=n) for i, n in store.execute(reports)}
    told |= {("excusal", i): _said(reason=r) for i, r in store.execute(excusals)}
    told |= {("contact", i): _said(note=n, spoke=b) for i, n, b in store.execute(spoken)}
    told |= {("plan", i): _said(note=n, barrier=b) for i, n, b in store.execute(plans)}
    told |= {("attempt", (i, at)): _said(note=n) for i, at, n in store.execute(tries)}
    return told


def _said(**words: Any) -> dict[str, Any]:
    return {name: word for name, word in words.items() if word is not None}


def _rooms(store: Store, client: Person) -> Iterator[ChartEntry]:
    """What happened to sessions in which the client had a place at that time."""
    theirs = select(Seat.session_id, Seat.given_at, Seat.released_at).where(
        Seat.client_id == client.id
    )
    had = {row.session_id: row for row in store.execute(theirs)}
    rooms: Select[Session] = select(Session).where(
        Session.id.in_(select(Seat.session_id).where(Seat.client_id == client.id))
    )
    for room in store.scalars(rooms):
        place = had[room.id]
        for entry in _changes(room):
            if place.given_at <= entry.at and (place.released_at or entry.at) >= entry.at:
                yield entry


def _changes(room: Session) -> Iterable[ChartEntry]:
    if room.moved_at:
        now_at = {"starts_at": room.starts_at.isoformat(), "ends_at": room.ends_at.isoformat()}
        yield ChartEntry(room.moved_at, Tag.SESSION_MOVED, None, room.id, now_at)
    if room.confirmed_at:
        yield ChartEntry(room.confirmed_at, Tag.SESSION_CONFIRMED, None, room.id)
    if room.cancelled_at:
        why = _said(reason=room.cancel_reason)
        yield ChartEntry(
            room.cancelled_at, Tag.SESSION_CANCELLED, room.cancelled_by_id, room.id, why
        )


def _unsent(store: Store, client: Person) -> Iterator[ChartEntry]:
    """Notices about the client that ended unsent, with why. Those that were sent are events."""
    row = Notification
    about = and_(
        row.seat_id.in_(select(Seat.id).where(Seat.client_id == client.id)),
        row.client_id == client.id, row.sent_at.is_(None), ~Notification.is_open,
    )  # fmt: skip
    for notice in store.scalars(select(row).where(about)):
        ended = {
            "expired": notice.expired_at, "cancelled": notice.cancelled_at,
            "failed": notice.failed_at,
        }  # fmt: skip
        result, at = next((word, at) for word, at in ended.items() if at)
        told = {"kind": notice.kind, "channel": notice.channel, "person": notice.person_id}
        yield ChartEntry(
            at, UNSENT, None, notice.session_id, told | {"result": result} | _said(why=notice.why)
        )
