"""Zoom's meeting events → evidence of presence (M32).

Every event is understood by itself, from its own instants, so any order and any repetition give the same presence (R8). Which
session: the meeting's number in the join link, or as the session's reference; nearest in time. Which person: by e-mail, then by
`customer_key`, then by `registrant_id`, both being the person's reference. Who is not surely one person is left in sight.
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
from webapp.care.attendance.presence import Evidence, Sighting
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.operations import inbox
from webapp.operations.inbox import ReceivedWebhook
from webapp.spellings import in_reach

SOURCE = "zoom"
NEAR = timedelta(hours=12)
"""How far from a session an event of its meeting may lie to be about it."""
ADJOINING = timedelta(minutes=30)
"""Sessions of one meeting with no longer a break between them: people stay in the room from one to the next."""
BATCH = 100
LONGEST = 400
EVENTS = {
    "meeting.participant_joined": (Evidence.JOINED, "join_time"),
    "meeting.participant_left": (Evidence.LEFT, "leave_time"),
    "meeting.started": (Evidence.JOINED, "start_time"),
    "meeting.ended": (Evidence.LEFT, "end_time"),
}
"""What each event says, and where its instant stands: in the participant, or in the meeting itself. That a meeting started or
ended is evidence of its host: without one it does not run."""


LETTERS = Batch("digest", "letter", ReceivedWebhook.id, inbox.program_of, BATCH)


class Unmatched(Exception):
    """Not evidence, with why (see `ReceivedWebhook.why`)."""


@dataclass(frozen=True, slots=True)
class Report:
    """One event, read."""

    type: Evidence
    at: datetime
    meeting: str
    connection: str
    """One stay of one participant; a rejoin is another."""
    keys: tuple[str, str, str] | None
    """E-mail, customer key, registrant; None for the host."""


def digest(database: Database, now: datetime) -> int:
    """Chore: turn waiting letters into evidence. Answers how many it looked at."""

    def act(store: Store, letters: Sequence[ReceivedWebhook]) -> int:
        found: list[Sighting] = []
        for letter in letters:
            try:
                found += sightings(store, letter)
            except Unmatched as reason:
                letter.settle(str(reason), now, final=str(reason) == "malformed")
            else:
                letter.settle(None, now)
        presence.record(store, found, by=None, now=now)
        return len(letters)

    return batches.walk(database, now, LETTERS, inbox.waiting(SOURCE, now), act)


def sightings(store: Store, letter: ReceivedWebhook) -> list[Sighting]:
    """The evidence in a letter; none when it is about nothing of ours. Raises Unmatched."""
    report = read(letter.body)
    if report is None:
        return []
    rooms = _rooms(store, letter.program_id, report)
    if not rooms:
        raise Unmatched("unknown_session")
    if report.keys is None:
        return [_sighting(report, room, room.host) for room in _around(rooms, report.at)]
    person, theirs = _person(store, letter.program_id, report.keys, rooms)
    return [_sighting(report, room, person) for room in _around(theirs, report.at)]


def read(body: str) -> Report | None:
    """One event from its JSON; None for a kind that says nothing about presence. Raises Unmatched (malformed)."""
    try:
        told = json.loads(body)
        event = told["event"]
        if event not in EVENTS:
            return None
        kind, instant = EVENTS[event]
        meeting = told["payload"]["object"]
        who = meeting["participant"] if "participant" in event else None
        stay = "meeting" if who is None else str(who.get("user_id") or who["participant_uuid"])
        return Report(
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
    """Text that a database can hold. Raises ValueError for a NUL, half a surrogate pair, or a flood."""
    text.encode()
    if "\0" in text or len(text) > LONGEST:
        raise ValueError("not a text of Zoom's")
    return text


def _rooms(store: Store, program_id: int, report: Report) -> Sequence[Session]:
    """The sessions that this meeting may be, in order."""
    named = or_(
        Session.ref == report.meeting, Session.join_url.contains(report.meeting, autoescape=True)
    )
    near = select(Session).where(
        Session.program_id == program_id, Session.is_on, named,
        Session.starts_at.between(report.at - NEAR - timedelta(hours=24), report.at + NEAR),
        Session.ends_at >= report.at - NEAR,
    )  # fmt: skip
    number = re.compile(rf"(?<![0-9]){re.escape(report.meeting)}(?![0-9])")
    found = store.scalars(near.order_by(Session.starts_at, Session.id)).all()
    return [
        room for room in found if room.ref == report.meeting or number.search(room.join_url or "")
    ]


def _person(
    store: Store, program_id: int, keys: tuple[str, str, str], rooms: Sequence[Session]
) -> tuple[Person, Sequence[Session]]:
    """Who it is, and which of the rooms are theirs. Raises Unmatched."""
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
            (person, theirs) for person in people if (theirs := _theirs(store, person, rooms))
        ]
        if len(placed) == 1:
            return placed[0]
        if people:
            why = "ambiguous_person" if placed else "no_seat"
    raise Unmatched(why)


def _theirs(store: Store, person: Person, rooms: Sequence[Session]) -> Sequence[Session]:
    """Those of the rooms in which this person has a place. Anyone but a client may look into any."""
    if person.kind != Kind.CLIENT:
        return [room for room in rooms if room.host_id == person.id] or rooms
    seats = select(Seat.session_id).where(
        Seat.client_id == person.id, Seat.is_given,
        Seat.session_id.in_([room.id for room in rooms]),
    )  # fmt: skip
    mine = set(store.scalars(seats))
    return [room for room in rooms if room.id in mine]


def _around(rooms: Sequence[Session], at: datetime) -> Iterator[Session]:
    """The room nearest to an instant, with those that adjoin it: a stay may last over several, and each counts for
    itself only the part within its own time."""
    nearest = min(
        rooms, key=lambda room: (max(room.starts_at - at, at - room.ends_at, timedelta()), room.id)
    )
    here = rooms.index(nearest)
    first = here
    while first and rooms[first].starts_at - rooms[first - 1].ends_at <= ADJOINING:
        first -= 1
    last = here
    while last + 1 < len(rooms) and rooms[last + 1].starts_at - rooms[last].ends_at <= ADJOINING:
        last += 1
    yield from rooms[first : last + 1]


def _sighting(report: Report, room: Session, person: Person) -> Sighting:
    id = f"{report.connection}:{report.type}:{report.at.isoformat()}"
    return Sighting(id, room, person, report.type, report.at, SOURCE, connection=report.connection)
