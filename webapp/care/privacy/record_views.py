"""Who viewed which part of a client's record: one event a view, which the client can read (P7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select, true

from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.db import Store

EMERGENCY = "emergency_access"
"""The `what` of a view by emergency access, by somebody outside the care team (P8)."""


class What(StrEnum):
    """Which part of the record was viewed; none of its words."""

    CHART = "chart"
    """The record itself. Staff viewing a client's sharing is recorded as this too, so that the list does not tell when somebody
    looked at the sharing, perhaps to pause it (P3)."""
    MESSAGES = "messages"
    """What the client and their care team wrote to each other."""
    ROOM = "room"
    """What was asked for or noted about a client's place in a session: a need, the reason of a correction."""
    CALLS = "calls"
    """What staff noted when they tried to reach a client."""
    SUMMARY = "summary"
    """A client's own part of a session's summary."""
    HAND_IN = "hand_in"
    """What a client handed in, with the feedback to it."""
    ASSIGNED = "assigned"
    """Homework, or something to read or watch, that is for a client by name."""
    CATCH_UP = "catch_up"
    """How far a client has come with sessions they missed."""
    SHARED = "shared"
    """What the client lets a partner or supporter know, opened by that person."""


_BY_TAG = {Tag.EMERGENCY_ACCESS_BEGAN: EMERGENCY, Tag.SHARED_READ: What.SHARED.value}
"""The `what` of a view whose event has none of its own."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page shows that has to be recorded. `clients`: whose words, or words about whom, it shows; None among them: words
    for everyone in a session. Only clinical text counts, which is what is stored sealed (S15) and what is made of it; a name,
    a time or a number does not."""

    what: What
    clients: Iterable[int | None]
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class RecordView:
    """Somebody viewed something at `at` (aware UTC). `what`: a value of `What`, `own_copy`, or `EMERGENCY`. `who` is None for a
    connected system."""

    id: int
    """The event's id: pass it as `before` to get the views before this one."""
    at: datetime
    what: str
    who: Person | None


def record(
    store: Store,
    what: What,
    clients: Iterable[Person | int | None],
    *,
    by: Person | int | None,
    now: datetime,
    program_id: int,
    session_id: int | None = None,
) -> None:
    """Record that `by` viewed it: one event for each of `clients` (None: words for everyone in a session). The caller commits
    before anything is shown."""
    for client in clients:
        events.record(
            store, Tag.CHART_READ, by=by, now=now, program_id=program_id, client=client,
            session=session_id, what=what.value,
        )  # fmt: skip


def of(
    store: Store, client: Person, *, limit: int | None = None, before: int | None = None
) -> list[RecordView]:
    """Views of this client's record by others, latest first; `before`: only those before this `RecordView.id`. Two statements,
    by ix_event_client."""
    rows = (
        select(Event)
        .where(Event.client_id == client.id)
        .where(Event.tag.in_([Tag.CHART_READ, Tag.EMERGENCY_ACCESS_BEGAN, Tag.SHARED_READ]))
        .where(or_(Event.by_id.is_(None), Event.by_id != client.id))
        .where(Event.id < before if before is not None else true())
        .order_by(Event.id.desc())
        .limit(limit)
    )
    views = store.scalars(rows).all()
    viewers = select(Person).where(Person.id.in_({view.by_id for view in views} - {None}))
    people = {person.id: person for person in store.scalars(viewers)}
    return [
        RecordView(
            view.id,
            view.at,
            view.fields.get("what") or _BY_TAG[Tag(view.tag)],
            people.get(view.by_id or 0),
        )
        for view in views
    ]
