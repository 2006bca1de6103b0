"""Turns Zoom's meeting events into evidence of presence (M32).

Each event is interpreted by itself, from its own instants, so that any order and any repetition give the same presence (R8).
The session is found by the meeting's number, in its join link or as its reference, and the nearest in time is taken. The person
is found by e-mail, then by `customer_key`, then by `registrant_id`, both being the person's reference. An event that does not
identify exactly one person stays unmatched.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from webapp import batches
from webapp.batches import Batch
from webapp.care.attendance import presence
from webapp.care.attendance.presence import EvidenceType, Sighting
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.operations import inbox
from webapp.operations.inbox import ReceivedWebhook
from webapp.spellings import in_reach

SOURCE = "zoom"
NEAR = timedelta(hours=12)
"""How long before or after a session an event of its meeting may still be about it."""
ADJOINING = timedelta(minutes=30)
"""Sessions of one meeting with no longer break than this between them: people may stay from one to the next."""
BATCH = 100
LONGEST = 400
EVENTS = {
    "meeting.participant_joined": (EvidenceType.JOINED, "join_time"),
    "meeting.participant_left": (EvidenceType.LEFT, "leave_time"),
    "meeting.started": (EvidenceType.JOINED, "start_time"),
    "meeting.ended": (EvidenceType.LEFT, "end_time"),
}
"""Event → what it is evidence of, and the field of its instant, in the participant or in the meeting itself. That a meeting started
or ended is evidence of its host, without whom it does not run."""


WEBHOOKS = Batch("digest", "letter", ReceivedWebhook.id, inbox.program_of, BATCH)


class Unmatched(Exception):
    """It is not evidence; the message is a value of `ReceivedWebhook.why`."""


@dataclass(frozen=True, slots=True)
class MeetingEvent:
    """One event, parsed."""

    type: EvidenceType
    at: datetime
    meeting: str
    connection: str
    """One stay of one participant; a rejoin is another."""
    keys: tuple[str, str, str] | None
    """E-mail, customer key, registrant; None for the host."""


def digest(database: Database, now: datetime) -> int:
    """Chore: turn waiting webhooks into evidence. Returns how many it looked at."""

    def act(store: Store, webhooks: Sequence[ReceivedWebhook]) -> int:
        found: list[Sighting] = []
        for webhook in webhooks:
            try:
                found += sightings(store, webhook)
            except Unmatched as reason:
                webhook.settle(str(reason), now, final=str(reason) == "malformed")
            else:
                webhook.settle(None, now)
        presence.record(store, found, by=None, now=now)
        return len(webhooks)

    return batches.walk(database, now, WEBHOOKS, inbox.waiting(SOURCE, now), act)


def sightings(store: Store, webhook: ReceivedWebhook) -> list[Sighting]:
    """The evidence in a webhook; empty for kinds of event that say nothing about presence. Raises Unmatched."""
    event = read(webhook.body)
    if event is None:
        return []
    sessions = _sessions(store, webhook.program_id, event)
    if not sessions:
        raise Unmatched("unknown_session")
    if event.keys is None:
        return [_sighting(event, session, session.host) for session in _around(sessions, event.at)]
    person, theirs = _person(store, webhook.program_id, event.keys, sessions)
    return [_sighting(event, session, person) for session in _around(theirs, event.at)]


def read(body: str) -> MeetingEvent | None:
    """Parse an event's JSON; None for a kind that says nothing about presence. Raises Unmatched (malformed)."""
    try:
        payload = json.loads(body)
        name = payload["event"]
        if name not in EVENTS:
            return None
        kind, instant = EVENTS[name]
        meeting = payload["payload"]["object"]
        who = meeting["participant"] if "participant" in name else None
        stay = "meeting" if who is None else str(who.get("user_id") or who["participant_uuid"])
        return MeetingEvent(
            kind,
            _instant((meeting if who is None else who)[instant]),
            _plain(re.sub(r"\s", "", str(meeting["id"]))),
            _plain(f"{meeting['uuid']}:{stay}"),
            None if who is None else _keys(who),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise Unmatched("malformed") from error


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not in_reach(at):
        raise ValueError("not an instant")
    return at.astimezone(UTC)


def _keys(who: dict[str, Any]) -> tuple[str, str, str]:
    names = ("email", "customer_key", "registrant_id")
    email, key, registrant = (_plain(str(who.get(name) or "")) for name in names)
    return email.strip().lower(), key, registrant


def _plain(text: str) -> str:
    """The text, if a database can hold it. Raises ValueError for a NUL, half a surrogate pair, or more than LONGEST characters."""
    text.encode()
    if "\0" in text or len(text) > LONGEST:
        raise ValueError("not a text of Zoom's")
    return text


def _sessions(store: Store, program_id: int, event: MeetingEvent) -> Sequence[Session]:
    """The sessions that this meeting may be, by start."""
    named = or_(
        Session.ref == event.meeting, Session.join_url.contains(event.meeting, autoescape=True)
    )
    near = select(Session).where(
        Session.program_id == program_id, Session.is_on, named,
        Session.starts_at.between(event.at - NEAR - timedelta(hours=24), event.at + NEAR),
        Session.ends_at >= event.at - NEAR,
    )  # fmt: skip
    number = re.compile(rf"(?<![0-9]){re.escape(event.meeting)}(?![0-9])")
    found = store.scalars(near.order_by(Session.starts_at, Session.id)).all()
    return [
        session
        for session in found
        if session.ref == event.meeting or number.search(session.join_url or "")
    ]


def _person(
    store: Store, program_id: int, keys: tuple[str, str, str], sessions: Sequence[Session]
) -> tuple[Person, Sequence[Session]]:
    """The person, and those of `sessions` that they may be in. Raises Unmatched."""
    why = "unknown_person"
    for number, key in enumerate(keys):
        if not key:
            continue
        column = Person.email if number == 0 else Person.ref
        people = store.scalars(
            select(Person).where(
                Person.program_id == program_id, column == key, Person.kind != Kind.INTEGRATION
            )
        ).all()
        placed = [
            (person, theirs) for person in people if (theirs := _theirs(store, person, sessions))
        ]
        if len(placed) == 1:
            return placed[0]
        if people:
            why = "ambiguous_person" if placed else "no_seat"
    raise Unmatched(why)


def _theirs(store: Store, person: Person, sessions: Sequence[Session]) -> Sequence[Session]:
    """Those of `sessions` in which this client has a place; for a host their own, for other staff and supporters all."""
    if person.kind != Kind.CLIENT:
        return [session for session in sessions if session.host_id == person.id] or sessions
    seats = select(Seat.session_id).where(
        Seat.client_id == person.id, Seat.is_given,
        Seat.session_id.in_([session.id for session in sessions]),
    )  # fmt: skip
    mine = set(store.scalars(seats))
    return [session for session in sessions if session.id in mine]


def _around(sessions: Sequence[Session], at: datetime) -> Iterator[Session]:
    """The session nearest to an instant, with those that adjoin it: a stay may last over several, and each counts only the part
    within its own time."""
    nearest = min(
        sessions,
        key=lambda session: (
            max(session.starts_at - at, at - session.ends_at, timedelta()),
            session.id,
        ),
    )
    middle = sessions.index(nearest)
    first = middle
    while first and sessions[first].starts_at - sessions[first - 1].ends_at <= ADJOINING:
        first -= 1
    last = middle
    while (
        last + 1 < len(sessions)
        and sessions[last + 1].starts_at - sessions[last].ends_at <= ADJOINING
    ):
        last += 1
    yield from sessions[first : last + 1]


def _sighting(event: MeetingEvent, session: Session, person: Person) -> Sighting:
    id = f"{event.connection}:{event.type}:{event.at.isoformat()}"
    return Sighting(id, session, person, event.type, event.at, SOURCE, connection=event.connection)
