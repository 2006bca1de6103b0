"""`PUT /sessions/{ref}`: plans or changes a session; `POST …/cancellation` cancels it, `…/reinstatement` lets it take place after all."""

from typing import Annotated, Any

from pydantic import Field

from webapp import clock
from webapp.care.attendance import presence
from webapp.care.directory.people import Kind
from webapp.care.schedule import planning, series
from webapp.care.schedule.kinds import PresenceFrom, SessionKind
from webapp.care.schedule.sessions import Session
from webapp.refusals import N_, Conflict
from webapp.web.api import effects
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import (
    DialIn,
    Instant,
    Link,
    Name,
    OneOf,
    Path,
    Ref,
    RequestBody,
    ResponseBody,
    Text,
    Whole,
    Zone,
)  # fmt: skip
from webapp.web.api.effects import DryRun, Effects
from webapp.web.page.unit_of_work import store


class SessionRef(Path):
    ref: Ref


class SessionIn(RequestBody):
    kind: Annotated[str, OneOf(SessionKind)]
    title: Name
    starts_at: Instant
    ends_at: Instant
    time_zone: Zone
    host: Ref
    capacity: Whole = Field(ge=1, le=1000)
    seats: list[Ref] = Field(max_length=1000, description="Exactly these clients have a seat")
    presence: Annotated[str, OneOf(PresenceFrom)] = Field(
        PresenceFrom.PLATFORM.value, description="Who reports attendance"
    )
    join_url: Link | None = None
    dial_in: DialIn | None = None
    makes_up: list[Annotated[str, OneOf(SessionKind)]] = Field(
        default=[], max_length=len(SessionKind)
    )


class SessionOut(ResponseBody):
    ref: str
    kind: str
    title: str
    starts_at: Instant
    ends_at: Instant
    time_zone: str
    host: str
    join_url: str | None
    dial_in: str | None
    capacity: int
    seats: list[str]
    presence: str
    makes_up: list[str]
    cancelled_at: Instant | None


class PlannedSession(SessionOut, Effects):
    pass


class CancellationIn(RequestBody):
    reason: Annotated[str, Text(500)]


@call(
    "PUT", "/sessions/<ref>", scope="roster", responses={200: PlannedSession, 201: PlannedSession},
    tag="Sessions", example={
        "kind": "group", "title": "Evening group", "starts_at": "2026-03-04T18:00:00-05:00",
        "ends_at": "2026-03-04T21:00:00-05:00", "time_zone": "America/New_York", "host": "carla",
        "join_url": "https://zoom.us/j/91234567890", "capacity": 10, "seats": ["maya", "ben"],
        "presence": "platform",
    },
)  # fmt: skip
def put_session(path: SessionRef, query: DryRun, body: SessionIn):  # type: ignore[no-untyped-def]
    """Plan a session, or change the one of that reference. Another start moves it, and everyone who was notified is notified again;
    one that has begun stays where it is. On an evening of a series this is a change by hand, and stands. `seats` are exactly those who have a place afterwards, and of one that has begun nobody is left out (409): `taken_away` says whom that costs what,
    `overlaps` what its people have at that time already; `dry_run=1` says both and changes nothing."""
    now = clock.now()
    session, new = planning.put(
        store, tokens.program_id(), path.ref, kind=body.kind, title=body.title,
        starts_at=body.starts_at, ends_at=body.ends_at, time_zone=body.time_zone,
        host=lookups.person(body.host, Kind.STAFF, field="host"), capacity=body.capacity,
        join_url=body.join_url, dial_in=body.dial_in, presence_from=body.presence,
        makes_up=list(dict.fromkeys(body.makes_up)),
        seats=lookups.people(body.seats, Kind.CLIENT, field="seats") if body.seats else [],
        by=tokens.actor(), now=now,
    )  # fmt: skip
    people = [session.host, *(seat.client for seat in planning.taken(store, session))]
    times = [(session.starts_at, session.ends_at)]
    answer = shown(session) | effects.of(people, times, [session.id], now)
    if query.dry_run:
        store.rollback()
    return answer, 201 if new else 200


@call(
    "POST", "/sessions/<ref>/cancellation", scope="roster", responses={200: SessionOut},
    tag="Sessions", example={"reason": "The host is ill."},
)  # fmt: skip
def cancel_session(path: SessionRef, body: CancellationIn):  # type: ignore[no-untyped-def]
    """Cancel a session: nobody is counted as absent. Repeating it changes nothing. One that is over, or has begun with somebody there, is
    refused (409): correct who was there, or its time."""
    session = lookups.session(path.ref)
    presence.call_off(store, session, body.reason, by=tokens.actor(), now=clock.now())
    return shown(session)


@call(
    "POST",
    "/sessions/<ref>/reinstatement",
    scope="roster",
    responses={200: SessionOut},
    tag="Sessions",
)
def reinstate_session(path: SessionRef):  # type: ignore[no-untyped-def]
    """Let a cancelled session take place after all, with the places it had, as long as its time lasts. One that is not cancelled is refused (409)."""
    session = lookups.session(path.ref)
    if not session.cancelled_at:
        raise Conflict(N_("This session is not cancelled."))
    series.reinstate(store, session, by=tokens.actor(), now=clock.now())
    return shown(session)


def shown(session: Session) -> dict[str, Any]:
    return {
        "ref": session.ref, "kind": session.kind, "title": session.title,
        "starts_at": session.starts_at.isoformat(), "ends_at": session.ends_at.isoformat(),
        "time_zone": session.time_zone, "host": session.host.ref, "join_url": session.join_url,
        "dial_in": session.dial_in,
        "capacity": session.capacity, "presence": session.presence_from,
        "seats": [seat.client.ref for seat in planning.taken(store, session)],
        "makes_up": session.makes_up,
        "cancelled_at": session.cancelled_at and session.cancelled_at.isoformat(),
    }  # fmt: skip
