"""`POST /presence`: evidence of attendance, in batches, in any order; repeats change nothing (R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance import guests
from webapp.care.attendance import presence as evidence
from webapp.care.attendance.guests import Shown
from webapp.care.attendance.presence import Sighting
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.operations import heartbeats
from webapp.protocol.facts.rooms import PULSE
from webapp.web.api.contract import tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import (
    MOST_IN_A_BATCH,
    Instant,
    OneOf,
    Ref,
    RequestBody,
    ResponseBody,
    Text,
)
from webapp.web.page.unit_of_work import store

STORED, DUPLICATE, REJECTED = "stored", "duplicate", "rejected"
REASONS = (
    "unknown_session",
    "unknown_person",
    "no_seat",
    "session_cancelled",
    "not_your_source",
    "person_or_guest",
    "guest_not_marked",
)
TYPES = (
    evidence.EvidenceType.JOINED, evidence.EvidenceType.LEFT, evidence.EvidenceType.PRESENT,
    evidence.EvidenceType.ABSENT, evidence.EvidenceType.WAITING,
)  # fmt: skip


class GuestIn(RequestBody):
    """A participant whom the platform does not identify: what it shows of them. `id` is the platform's, of one connection."""

    id: Annotated[str, Text(200)]
    name: Annotated[str, Text(200)] | None = None
    account: Annotated[str, Text(200)] | None = None
    address: Annotated[str, Text(200)] | None = None
    phone: Annotated[str, Text(200)] | None = None
    device: Annotated[str, Text(200)] | None = None

    def shown(self, at: datetime) -> Shown:
        """The same for `guests.seen`."""
        return Shown(
            at, (self.id,), self.name or "", self.account or "", self.address or "",
            self.phone or "", self.device or "",
        )  # fmt: skip


class PresenceEventIn(RequestBody):
    """One piece of evidence, about a person or about a guest whom staff may name later (rule 7). `id` is the source's own, so that a
    repeat is recognised."""

    id: Annotated[str, Text(200)]
    session: Ref
    person: Ref | None = None
    guest: GuestIn | None = None
    type: Annotated[str, OneOf(TYPES)]
    at: Instant
    source: Annotated[str, Text(60, pattern="^[A-Za-z0-9_.:-]+$")]


class PresenceIn(RequestBody):
    events: list[PresenceEventIn] = Field(
        max_length=MOST_IN_A_BATCH, description="Empty: a heartbeat of the feed"
    )


class PresenceEventOut(ResponseBody):
    id: str
    result: Annotated[str, OneOf((STORED, DUPLICATE, REJECTED))]
    reason: Annotated[str, OneOf(REASONS)] | None = None


class PresenceOut(ResponseBody):
    items: list[PresenceEventOut]


@call(
    "POST", "/presence", scope="presence", responses={200: PresenceOut}, tag="Presence",
    example={
        "events": [{
            "id": "e-1", "session": "evening", "person": "maya", "type": "joined",
            "at": "2026-03-04T18:02:11-05:00", "source": "zoom",
        }]
    },
)  # fmt: skip
def post_presence(body: PresenceIn):  # type: ignore[no-untyped-def]
    """Send who joined and left. Each item has its own result, in the order of the request.

    `rejected` items say why: `unknown_session`, `unknown_person`, `no_seat` (a client who has no seat in that session),
    `session_cancelled`, or `not_your_source`: `staff`, `app` and `tap` are what people do on our own pages. A feed that posts an empty batch at least every ten minutes is reported when it falls silent.
    """
    now = clock.now()
    references = BatchReferences.of(body.events)
    checked = [references.check(event) for event in body.events]
    sightings = [sighting for sighting, _ in checked if sighting]
    new = iter(evidence.record(store, sightings, by=tokens.actor(), now=now))
    items: list[dict[str, str | None]] = []
    for event, (sighting, why) in zip(body.events, checked, strict=True):
        if sighting is None:
            items.append({"id": event.id, "result": REJECTED, "reason": why})
        else:
            items.append(
                {"id": event.id, "result": STORED if next(new) else DUPLICATE, "reason": None}
            )
    _record_heartbeat(now, only_alive=not body.events)
    return {"items": items}


@dataclass(frozen=True, slots=True)
class BatchReferences:
    """The sessions, people and seats that a batch refers to: three statements for any number of items."""

    sessions: dict[str, Any]
    people: dict[str, Any]
    seats: set[tuple[int, int]]

    @classmethod
    def of(cls, events: Sequence[PresenceEventIn]) -> "BatchReferences":
        """Selects columns instead of whole objects, because this is the most frequent call."""
        program_id = tokens.program_id()
        of_sessions = select(
            Session.ref, Session.id, Session.kind, Session.program_id, Session.cancelled_at
        ).where(
            Session.program_id == program_id, Session.ref.in_({event.session for event in events})
        )
        of_people = select(Person.ref, Person.id, Person.kind).where(
            Person.program_id == program_id,
            Person.ref.in_({event.person for event in events if event.person}),
        )
        sessions = {row.ref: row for row in store.execute(of_sessions)}
        people = {row.ref: row for row in store.execute(of_people)}
        of_seats = select(Seat.session_id, Seat.client_id).where(
            Seat.session_id.in_([row.id for row in sessions.values()]),
            Seat.client_id.in_([row.id for row in people.values()]),
            Seat.is_given,
        )
        seats = {(row[0], row[1]) for row in store.execute(of_seats)}
        return cls(sessions, people, seats)

    def check(self, event: PresenceEventIn) -> tuple[Sighting | None, str]:
        """The evidence, or None and the reason why it is rejected."""
        if event.source.lower() in evidence.OUR_OWN:
            return None, "not_your_source"
        if (event.person is None) == (event.guest is None):
            return None, "person_or_guest"
        if event.guest is not None and event.type in evidence.MARKS:
            return None, "guest_not_marked"
        session, person = self.sessions.get(event.session), self.people.get(event.person or "")
        if session is None:
            return None, "unknown_session"
        if event.guest is not None and not session.cancelled_at:
            return _of_guest(event, event.guest, session), ""
        if event.guest is None and (person is None or person.kind == Kind.INTEGRATION):
            return None, "unknown_person"
        if person and person.kind == Kind.CLIENT and (session.id, person.id) not in self.seats:
            return None, "no_seat"
        if session.cancelled_at:
            return None, "session_cancelled"
        return Sighting(event.id, session, person, event.type, event.at, event.source), ""


def _of_guest(event: PresenceEventIn, shown: GuestIn, row: Any) -> Sighting:
    """The evidence about somebody whom nobody knows yet, or whom staff have named."""
    session = store.get_one(Session, row.id)
    guest = guests.seen(store, session, event.source, shown.shown(event.at), now=clock.now())
    person = guest.identified.person if guest.identified else None
    return Sighting(
        event.id, session, person, event.type, event.at, event.source, shown.id, guest_id=guest.id
    )


def _record_heartbeat(now: datetime, *, only_alive: bool) -> None:
    """Record the feed's heartbeat. Only an empty batch promises heartbeats while nobody joins or leaves (`rooms.PULSE`)."""
    feed, pulse = (f"{name}{tokens.program_id()}" for name in ("feed:", PULSE))
    if only_alive:
        heartbeats.beat(store, pulse, now)
    heartbeats.beat(store, feed, now, *([] if only_alive else [pulse]))
