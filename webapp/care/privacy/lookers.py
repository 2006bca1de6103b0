"""Who looked: the readings of a client's record, shown to the one it is about (P7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, true

from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.db import Store

EMERGENCY = "emergency_access"
"""What was opened when somebody outside the care team took emergency access (P8)."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody read something at `at` (aware UTC). `what`: a word of `readings.What`, `chart`, or `EMERGENCY`. `who` is None
    for a connected system."""

    id: int
    """The event's: where an older page goes on."""
    at: datetime
    what: str
    who: Person | None


def of(
    store: Store, client: Person, *, limit: int | None = None, before: int | None = None
) -> list[Look]:
    """The latest first, of those before a `Look.id` if one is named; one's own reading is nobody's business and left out. Two
    statements, by ix_event_client."""
    rows = (
        select(Event)
        .where(Event.client_id == client.id)
        .where(Event.tag.in_([Tag.CHART_READ, Tag.EMERGENCY_ACCESS_BEGAN]))
        .where(or_(Event.by_id.is_(None), Event.by_id != client.id))
        .where(Event.id < before if before is not None else true())
        .order_by(Event.id.desc())
        .limit(limit)
    )
    found = store.scalars(rows).all()
    people = select(Person).where(Person.id.in_({each.by_id for each in found} - {None}))
    known = {person.id: person for person in store.scalars(people)}
    return [
        Look(each.id, each.at, each.fields.get("what", EMERGENCY), known.get(each.by_id or 0))
        for each in found
    ]
