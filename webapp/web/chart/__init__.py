"""A client's chart: every miss, message, step, reply and decision in one timeline (M13), for the staff page and the API.

Assembled from the client's events and the texts of the rows they are about, from notices that were not sent, and from changes of
the sessions. Whoever shows it records the reading (`privacy/record_views`, P7). Cost: a fixed number of indexed statements; grows with
the client's own history only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import lazyload

from webapp.care.attendance.absences import AbsenceReport, Excusal
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
"""Events about a client's account; they are in the audit log, not in the chart."""
UNSENT = "notice:unsent"


@dataclass(slots=True)
class ChartEntry:
    """One entry of the chart. `what` is an event's tag, a rung, or `UNSENT`; `by` and `session` are ids of rows in `Chart`."""

    at: datetime
    what: str
    by: int | None = None
    session: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    order: int = 0
    """Orders entries of the same instant: the event's id."""


@dataclass(slots=True)
class Chart:
    """Entries, oldest first, with the people and sessions that they name."""

    entries: list[ChartEntry]
    people: dict[int, Person]
    sessions: dict[int, Session]


def of(store: Store, client: Person) -> Chart:
    """The whole chart of `client`. The caller has checked that the reader may see this client."""
    entries = [*_events(store, client), *_session_changes(store, client), *_unsent(store, client)]
    entries.sort(key=lambda entry: (entry.at, entry.order))
    people = {entry.by for entry in entries} | {entry.detail.get("person") for entry in entries}
    people |= {entry.detail.get(name) for entry in entries for name in ("owner", "spoke")}
    without_relations = (lazyload(Person.program), lazyload(Person.roles))
    rows = select(Person).where(Person.id.in_(people - {None})).options(*without_relations)
    named = select(Session).where(Session.id.in_({e.session for e in entries} - {None}))
    return Chart(
        entries,
        {row.id: row for row in store.scalars(rows)},
        {row.id: row for row in store.scalars(named)},
    )


def _events(store: Store, client: Person) -> Iterator[ChartEntry]:
    recorded = store.scalars(
        select(Event)
        .where(Event.client_id == client.id, Event.tag.not_in(NOT_TREATMENT))
        .order_by(Event.id)
    ).all()
    texts = _texts(store, client)
    for event in recorded:
        detail = event.fields
        what = detail.pop("rung") if event.tag == Tag.STEP_TAKEN else event.tag
        for key in _keys(event, detail):
            detail |= texts.get(key, {})
        if event.task_id is not None:
            detail["task"] = event.task_id
        yield ChartEntry(event.at, what, event.by_id, event.session_id, detail, event.id)


def _keys(event: Event, detail: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys of `_texts` under which an event's texts may be."""
    for name in ("report", "contact", "plan"):
        if name in detail:
            yield name, detail[name]
    if event.tag == Tag.ABSENCE_EXCUSED:
        yield "excusal", event.seat_id
    if event.tag in (Tag.TASK_ATTEMPTED, Tag.TASK_DONE):
        yield "attempt", (event.task_id, event.at)
    if event.tag == Tag.TASK_OPENED:
        yield "task", event.task_id


def _texts(store: Store, client: Person) -> dict[tuple[str, Any], dict[str, Any]]:
    """What people wrote, by the kind and id of the row it belongs to."""
    seats = select(Seat.id).where(Seat.client_id == client.id)
    tasks = select(Task.id).where(Task.client_id == client.id)
    reports = select(AbsenceReport.id, AbsenceReport.note).where(AbsenceReport.seat_id.in_(seats))
    excusals = select(Excusal.seat_id, Excusal.reason).where(Excusal.seat_id.in_(seats))
    spoken = select(Contact.id, Contact.note, Contact.by_id).where(Contact.client_id == client.id)
    plans = select(Plan.id, Plan.note, Plan.barrier).where(Plan.client_id == client.id)
    tries = select(Attempt.task_id, Attempt.at, Attempt.note).where(Attempt.task_id.in_(tasks))
    texts: dict[tuple[str, Any], dict[str, Any]] = {}
    texts |= {("report", i): _without_none(note=n) for i, n in store.execute(reports)}
    texts |= {("excusal", i): _without_none(reason=r) for i, r in store.execute(excusals)}
    texts |= {("contact", i): _without_none(note=n, spoke=b) for i, n, b in store.execute(spoken)}
    texts |= {("plan", i): _without_none(note=n, barrier=b) for i, n, b in store.execute(plans)}
    texts |= {("attempt", (i, at)): _without_none(note=n) for i, at, n in store.execute(tries)}
    return texts


def _without_none(**words: Any) -> dict[str, Any]:
    return {name: word for name, word in words.items() if word is not None}


def _session_changes(store: Store, client: Person) -> Iterator[ChartEntry]:
    """Changes of sessions in which the client had a seat at that time."""
    of_client = select(Seat.session_id, Seat.given_at, Seat.released_at).where(
        Seat.client_id == client.id
    )
    seats = {row.session_id: row for row in store.execute(of_client)}
    sessions: Select[Session] = select(Session).where(
        Session.id.in_(select(Seat.session_id).where(Seat.client_id == client.id))
    )
    for session in store.scalars(sessions):
        seat = seats[session.id]
        for entry in _changes(session):
            if seat.given_at <= entry.at and (seat.released_at or entry.at) >= entry.at:
                yield entry


def _changes(session: Session) -> Iterable[ChartEntry]:
    if session.moved_at:
        now_at = {
            "starts_at": session.starts_at.isoformat(),
            "ends_at": session.ends_at.isoformat(),
        }
        yield ChartEntry(session.moved_at, Tag.SESSION_MOVED, None, session.id, now_at)
    if session.confirmed_at:
        yield ChartEntry(session.confirmed_at, Tag.SESSION_CONFIRMED, None, session.id)
    if session.cancelled_at:
        why = _without_none(reason=session.cancel_reason)
        yield ChartEntry(
            session.cancelled_at, Tag.SESSION_CANCELLED, session.cancelled_by_id, session.id, why
        )


def _unsent(store: Store, client: Person) -> Iterator[ChartEntry]:
    """Notices about the client that were not sent, with the reason. Those that were sent are events."""
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
        detail = {"kind": notice.kind, "channel": notice.channel, "person": notice.person_id}
        yield ChartEntry(
            at,
            UNSENT,
            None,
            notice.session_id,
            detail | {"result": result} | _without_none(why=notice.why),
        )
