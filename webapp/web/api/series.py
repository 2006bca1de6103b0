"""`PUT /series/{ref}`: recurring sessions in local wall time."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from webapp import clock
from webapp.care.directory.people import Kind
from webapp.care.schedule import recurrences, series
from webapp.care.schedule.kinds import SessionKind
from webapp.times import format_duration, parse_duration
from webapp.web.api import effects
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import (
    DialIn,
    Duration,
    Instant,
    Link,
    Name,
    OneOf,
    Path,
    Ref,
    RequestBody,
    ResponseBody,
    Text,
    WallTime,
    Whole,
    Zone,
)  # fmt: skip
from webapp.web.api.effects import DryRun, Effects
from webapp.web.page.unit_of_work import store


class SeriesRef(Path):
    ref: Ref


class SeriesIn(RequestBody):
    kind: Annotated[str, OneOf(SessionKind)]
    title: Name
    local_start: WallTime
    duration: Duration
    time_zone: Zone
    rrule: Annotated[str, Text(recurrences.LONGEST)] = Field(
        description="An RFC 5545 rule that repeats daily, weekly or monthly",
        examples=["FREQ=WEEKLY;BYDAY=MO,WE"],
    )
    host: Ref
    capacity: Whole = Field(ge=1, le=1000)
    seats: list[Ref] = Field(max_length=1000)
    join_url: Link | None = None
    makes_up: list[Annotated[str, OneOf(SessionKind)]] = Field(
        default=[],
        max_length=9,
        description="Kinds of missed sessions its sessions may make up for",
    )
    dial_in: DialIn | None = None
    applies_from: Instant | None = Field(
        None,
        description="This evening and the following ones, within eight weeks; null: all to come, also those that an earlier change with it left as they were",
    )
    also_changed: bool = Field(
        False,
        description="Also the coming evenings that were changed by hand follow the series again",
    )
    take_back: list[Ref] = Field(
        default=[],
        max_length=100,
        description="The same for these evenings alone; all others stay as they were changed",
    )


class ChangedByHand(ResponseBody):
    session: str
    what: list[Annotated[str, OneOf(series.BY_HAND)]]


class SeriesOut(Effects):
    ref: str
    kind: str
    title: str
    local_start: str
    duration: str
    time_zone: str
    rrule: str
    host: str
    join_url: str | None
    dial_in: str | None
    capacity: int
    makes_up: list[str]
    seats: list[str]
    changed_by_hand: list[ChangedByHand] = Field(
        description="Coming evenings that somebody changed, and what; they stay so until taken back"
    )
    kept: list[str] = Field(description="Their references")


@call(
    "PUT", "/series/<ref>", scope="roster", responses={200: SeriesOut, 201: SeriesOut},
    tag="Sessions", example={
        "kind": "group", "title": "Evening group", "local_start": "2026-03-02T18:00",
        "duration": "PT3H", "time_zone": "America/New_York", "rrule": "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "host": "carla", "capacity": 10, "seats": ["maya", "ben"],
        "join_url": "https://zoom.us/j/91234567890",
    },
)  # fmt: skip
def put_series(path: SeriesRef, query: DryRun, body: SeriesIn):  # type: ignore[no-untyped-def]
    """Plan a series, or change the one of that reference; its sessions of the coming eight weeks follow.

    `local_start` is the first wall time, without an offset; `rrule` an RFC 5545 rule that repeats daily, weekly or monthly. `UNTIL` is
    a day, which is included, a wall time, or an instant in UTC. Its sessions are `{ref}:{local start}`. What somebody changed on one
    evening stands, and is listed in `kept` and `changed_by_hand`, until `take_back` names it or `also_changed` includes them all. `seats` are exactly its members afterwards: `taken_away`
    says whom that costs what, `overlaps` what its people have at any of its times already; `dry_run=1` says both and changes nothing.
    """
    # before the write lock is taken; the verb then finds it ready
    recurrences.checked(body.local_start, body.time_zone, body.rrule)
    now = clock.now()
    made, new = series.put(
        store, tokens.program(), path.ref, kind=body.kind, title=body.title,
        local_start=body.local_start, duration=parse_duration(body.duration),
        time_zone=body.time_zone, rrule=body.rrule, capacity=body.capacity, join_url=body.join_url,
        dial_in=body.dial_in, makes_up=list(dict.fromkeys(body.makes_up)),
        host=lookups.person(body.host, Kind.STAFF, field="host"),
        clients=lookups.people(body.seats, Kind.CLIENT, field="seats") if body.seats else [],
        applies_from=body.applies_from,
        take_back=[lookups.session(ref, field="take_back") for ref in body.take_back],
        also_changed=body.also_changed, by=tokens.actor(), now=now,
    )  # fmt: skip
    left = series.coming_changed_by_hand(store, made, now)
    coming = store.scalars(series.coming(made, now)).all()
    people = {made.host, *(each.host for each in coming), *(one.client for one in made.members)}
    times = [(each.starts_at, each.ends_at) for each in coming]
    body_out = {
        "ref": made.ref, "kind": made.kind, "title": made.title, "time_zone": made.time_zone,
        "local_start": datetime.fromisoformat(made.local_start).isoformat(timespec="minutes"),
        "duration": format_duration(made.duration), "rrule": made.rrule, "host": made.host.ref,
        "join_url": made.join_url, "dial_in": made.dial_in, "capacity": made.capacity,
        "makes_up": made.makes_up,
        "seats": sorted(member.client.ref for member in made.members),
        "changed_by_hand": [
            {"session": each.ref, "what": series.changed_by_hand(each)} for each in left
        ],
        "kept": [each.ref for each in left],
    } | effects.of(people, times, [each.id for each in coming], now)  # fmt: skip
    if query.dry_run:
        store.rollback()
    return body_out, 201 if new else 200
