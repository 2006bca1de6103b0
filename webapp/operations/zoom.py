"""Turns Zoom's meeting events into evidence of presence (M32).

Each event is interpreted from its own instants, so that any order and any repetition give the same presence (R8). The session is
found by the meeting's number, in its join link or as its reference, and the nearest in time is taken. The person is found by e-mail,
then by `customer_key`, then by `registrant_id`, both being the person's reference, then by the connection that was theirs before. Who
is not exactly one person is a guest of the session until staff say who it is (rule 7). That a meeting was started says nothing about
its planned host, since another may have started it; that it ended closes every connection in it, and so does its starting anew.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

from sqlalchemy import or_, select

from webapp import batches
from webapp.batches import Batch
from webapp.bulk import insert_or_ignore
from webapp.care.attendance import guests, presence
from webapp.care.attendance.guests import Guest, Shown
from webapp.care.attendance.presence import EvidenceType, Meeting, Presence, Sighting
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.operations import inbox
from webapp.operations.inbox import ReceivedWebhook
from webapp.times import in_this_century

SOURCE = "zoom"
RUN = ":"
"""Between the parts of a connection: the run of the meeting, the stay, the breakout room."""
NEAR = timedelta(hours=12)
"""How long before or after a session an event of its meeting may still be about it."""
ADJOINING = timedelta(minutes=30)
"""Sessions of one meeting with no longer break than this between them: people may stay from one to the next."""
AROUND = timedelta(hours=2)
"""How long before or after a session somebody unknown in its meeting may be a guest of it."""
BATCH = 100
LONGEST = 400
EVENTS = {
    "meeting.participant_joined": (EvidenceType.JOINED, "join_time"),
    "meeting.participant_left": (EvidenceType.LEFT, "leave_time"),
    "meeting.participant_joined_breakout_room": (EvidenceType.JOINED, "join_time"),
    "meeting.participant_left_breakout_room": (EvidenceType.LEFT, "leave_time"),
    "meeting.participant_joined_waiting_room": (EvidenceType.WAITING, "date_time"),
    "meeting.participant_put_in_waiting_room": (EvidenceType.WAITING, "date_time"),
    "meeting.participant_jbh_waiting": (EvidenceType.WAITING, "date_time"),
    "meeting.started": (None, "start_time"),
    "meeting.ended": (EvidenceType.ENDED, "end_time"),
}
"""Event → what it is evidence of, and the field of its instant, in the participant or in the meeting itself. Where that is missing, the
event's own instant is taken."""


WEBHOOKS = Batch("digest", "letter", ReceivedWebhook.id, inbox.program_of, BATCH)


class Unmatched(Exception):
    """It is not evidence; the message is a value of `ReceivedWebhook.why`."""


@dataclass(frozen=True, slots=True)
class MeetingEvent:
    """One event, parsed."""

    type: EvidenceType | None
    """None: it only tells that the meeting runs."""
    at: datetime
    meeting: str
    uuid: str
    """One run of the meeting; started anew, it is another."""
    connection: str
    """One stay of one participant, in the meeting or in one of its breakout rooms; a rejoin is another."""
    keys: tuple[str, str, str] | None
    """E-mail, customer key, registrant; None for the meeting itself."""
    shown: Shown | None = None
    """What the platform shows of the participant."""


def digest(database: Database, now: datetime) -> int:
    """Chore: turn waiting webhooks into evidence. Returns how many it looked at."""

    def act(store: Store, webhooks: Sequence[ReceivedWebhook]) -> int:
        for webhook in webhooks:
            try:
                why = interpret(store, webhook, now)
            except Unmatched as reason:
                webhook.settle(str(reason), now, final=str(reason) == "malformed")
            else:
                webhook.settle(why, now)
        return len(webhooks)

    return batches.run_batch(database, now, WEBHOOKS, inbox.waiting(SOURCE, now), act)


def interpret(store: Store, webhook: ReceivedWebhook, now: datetime) -> str | None:
    """Store the evidence in a webhook. Returns why it is to be tried again: the participant is a guest, and the roster may still name
    them. Raises Unmatched."""
    event = read(webhook.body)
    if event is None:
        return None
    sessions = _sessions(store, webhook.program_id, event)
    if not sessions:
        raise Unmatched("unknown_session")
    why, found = None, list[Sighting]()
    if event.keys is None:
        theirs = [*_around(sessions, event.at)]
    else:
        try:
            person, placed = _person(store, webhook.program_id, event.keys, sessions)
        except Unmatched as reason:
            why = str(reason)
            theirs, found = _of_guest(store, event, sessions, why, now)
        else:
            theirs = [*_around(placed, event.at)]
            found = [_sighting(event, session, person) for session in theirs]
            _name_guests(store, event, theirs, person, now)
    presence.record(store, found, by=None, now=now)
    for session in theirs:
        _keep_meeting(store, event, session)
        presence.record(store, _closed(store, session), by=None, now=now)
    named = all(sighting.person for sighting in found)
    return why if why and any(event.keys or ()) and not named else None


def _of_guest(
    store: Store, event: MeetingEvent, sessions: Sequence[Session], why: str, now: datetime
) -> tuple[list[Session], list[Sighting]]:
    """The sessions that a participant who is no person for sure may be in, and the evidence: of the person whose connection it is, else
    of a guest. Raises Unmatched for somebody who is known and has no place, and for who was there long before or after."""
    assert event.shown is not None
    near = [
        session
        for session in _around(sessions, event.at)
        if session.starts_at - AROUND <= event.at <= session.ends_at + AROUND
    ]
    if why == "no_seat" or not near:
        raise Unmatched(why)
    found = []
    for session in near:
        person = _with_connection(store, session, event)
        if person is not None:
            found.append(_sighting(event, session, person))
            continue
        guest = guests.seen(store, session, SOURCE, event.shown, now=now)
        person = guest.identified.person if guest.identified else None
        found.append(_sighting(event, session, person, guest))
    return near, found


def _with_connection(store: Store, session: Session, event: MeetingEvent) -> Person | None:
    """Who was named by another event of the same connection."""
    assert event.shown is not None
    theirs = (
        select(Person)
        .join(Presence, Presence.person_id == Person.id)
        .where(
            Presence.session_id == session.id, Presence.source == SOURCE,
            Presence.connection.in_(event.shown.connections), Presence.guest_id.is_(None),
        )
    )  # fmt: skip
    return store.scalar(theirs.limit(1))


def _name_guests(
    store: Store, event: MeetingEvent, sessions: Sequence[Session], person: Person, now: datetime
) -> None:
    """A guest whose connection is this person's is that person, unless staff have said otherwise."""
    assert event.shown is not None
    for session in sessions:
        guest = guests.with_connection(store, session, SOURCE, event.shown.connections)
        if guest is not None and not guest.identifications:
            guests.identify(store, guest, person, by=None, now=now)


def _keep_meeting(store: Store, event: MeetingEvent, session: Session) -> None:
    """Note the run of the meeting that this event is about, its beginning and its end."""
    row = {
        "session_id": session.id, "source": SOURCE, "uuid": event.uuid, "first_at": event.at,
    }  # fmt: skip
    store.execute(insert_or_ignore(store, Meeting).values(row))
    found = select(Meeting).where(
        Meeting.session_id == session.id, Meeting.source == SOURCE, Meeting.uuid == event.uuid
    )
    meeting = store.scalars(found.with_for_update()).one()
    meeting.first_at = min(meeting.first_at, event.at)
    if event.type is EvidenceType.ENDED:
        meeting.ended_at = max(meeting.ended_at or event.at, event.at)
    store.flush()


def _closed(store: Store, session: Session) -> list[Sighting]:
    """That a run of the meeting is over, for every connection of it: at its end, or when the meeting was started anew."""
    runs = select(Meeting).where(Meeting.session_id == session.id, Meeting.source == SOURCE)
    meetings = store.scalars(runs.order_by(Meeting.first_at, Meeting.id)).all()
    ends = {
        meeting.uuid: meeting.ended_at or (later.first_at if later else None)
        for meeting, later in zip_longest(meetings, meetings[1:])
        if meeting is not None
    }
    if not any(ends.values()):
        return []
    theirs = (
        select(Presence.connection, Presence.guest_id, Person)
        .outerjoin(Person, Person.id == Presence.person_id)
        .where(
            Presence.session_id == session.id, Presence.source == SOURCE,
            Presence.type.in_((EvidenceType.JOINED, EvidenceType.LEFT)),
        )
    )  # fmt: skip
    found = {}
    for connection, guest_id, person in store.execute(theirs):
        at = ends.get((connection or "").split(RUN)[0])
        if at is not None:
            id = f"{connection}{RUN}{EvidenceType.ENDED}{RUN}{at.isoformat()}"
            found[id] = Sighting(
                id, session, person, EvidenceType.ENDED, at, SOURCE, connection, None, guest_id
            )
    return [*found.values()]


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
        at = _instant(meeting if who is None else who, instant, payload)
        uuid = _plain(str(meeting["uuid"]))
        room = str(meeting.get("breakout_room_uuid") or "") if "breakout" in name else ""
        stay = "meeting" if who is None else str(who.get("user_id") or who["participant_uuid"])
        connection = _plain(f"{uuid}{RUN}{stay}{RUN + room if room else ''}")
        return MeetingEvent(
            kind,
            at,
            _plain(re.sub(r"\s", "", str(meeting["id"]))),
            uuid,
            connection,
            None if who is None else _keys(who),
            None if who is None else _shown(who, at, uuid, connection, meeting.get("host_id")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise Unmatched("malformed") from error


def _shown(
    who: dict[str, Any], at: datetime, uuid: str, connection: str, host: str | None
) -> Shown:
    names = ("user_name", "email", "phone_number", "device")
    name, email, phone, device = (_plain(str(who.get(each) or "")).strip() for each in names)
    account = _plain(str(who.get("id") or who.get("participant_user_id") or ""))
    others = (who.get("user_id"), who.get("parent_user_id"), who.get("participant_uuid"))
    same = (connection, *(_plain(f"{uuid}{RUN}{each}") for each in others if each))
    return Shown(
        at, tuple(dict.fromkeys(same)), name, account, email.lower(), phone, device,
        is_host=bool(account) and account == host,
    )  # fmt: skip


def _instant(source: dict[str, Any], field: str, payload: dict[str, Any]) -> datetime:
    """The instant in this field (or in `date_time`), else the event's own."""
    text = source.get(field) or source.get("date_time")
    if text is None and isinstance(payload.get("event_ts"), int):
        at = datetime.fromtimestamp(payload["event_ts"] / 1000, UTC)
    else:
        at = datetime.fromisoformat(text or "")
    if at.tzinfo is None or not in_this_century(at):
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


def _sighting(
    event: MeetingEvent, session: Session, person: Person | None, guest: Guest | None = None
) -> Sighting:
    assert event.type is not None
    id = f"{event.connection}:{event.type}:{event.at.isoformat()}"
    return Sighting(
        id, session, person, event.type, event.at, SOURCE, connection=event.connection,
        guest_id=guest.id if guest is not None else None,
    )  # fmt: skip
