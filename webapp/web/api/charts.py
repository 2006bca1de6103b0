"""`GET /clients/{ref}/chart`: one client's whole chart as JSON, as an HL7 FHIR R4 Bundle (M33), and as a PDF."""

from collections.abc import Iterator
from typing import Any, Literal

from sqlalchemy import select

from webapp import clock
from webapp.care.attendance.standing import standing, without_make_up
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.privacy import fhir, own_copy
from webapp.care.privacy.fhir import FhirResource
from webapp.care.privacy.record_views import What
from webapp.care.schedule.sessions import Seat, ever_theirs
from webapp.protocol.facts.facts import of_seats
from webapp.protocol.facts.picture import SeatRow
from webapp.web import chart
from webapp.web.api.care_teams import ClientPath
from webapp.web.api.contract import lookups, readings
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import Instant, ResponseBody
from webapp.web.chart import Chart, ChartEntry, paper
from webapp.web.page.unit_of_work import store

PEOPLE = ("person", "owner", "supervisor", "spoke", "recipient", "counselor", "coordinator")
COMMUNICATIONS = {
    Tag.ABSENCE_REPORTED: "absence",
    Tag.CONTACT_MADE: "contact",
    Tag.MESSAGE_SENT: "notice",
}
"""Entries that become FHIR Communications, with their category."""
WORDS = ("reason", "note", "outcome", "barrier")
"""Details of an entry that are words for a reader."""


class EntryOut(ResponseBody):
    at: Instant
    what: str
    by: str | None
    session: str | None
    detail: dict[str, Any]


class ChartOut(ResponseBody):
    client: str
    entries: list[EntryOut]


@call("GET", "/clients/<client>/chart", scope="read", responses={200: ChartOut}, tag="Care")
def get_chart(path: ClientPath):  # type: ignore[no-untyped-def]
    """Every miss, message, step, reply and decision, oldest first. `what` is an event's tag or a rung of the ladder.

    Each reading is recorded and shown to the client.
    """
    client = lookups.person(path.client, Kind.CLIENT)
    whole = chart.of(store, client)
    body_out = {"client": client.ref, "entries": [_entry(each, whole) for each in whole.entries]}
    readings.record_apart(What.CHART, [client.id])
    return body_out


@call(
    "GET", "/clients/<client>/chart.pdf", scope="read", responses={200: None}, tag="Care",
    media="application/pdf",
)  # fmt: skip
def get_printed_chart(path: ClientPath):  # type: ignore[no-untyped-def]
    """The chart to print or file: the same entries in words, with the times of the program's zone.

    Each reading is recorded and shown to the client.
    """
    client = lookups.person(path.client, Kind.CLIENT)
    pdf = paper.printed(client, chart.of(store, client), clock.now())
    readings.record_apart(What.CHART, [client.id])
    return paper.response(pdf, clock.now())


def _entry(entry: ChartEntry, whole: Chart) -> dict[str, Any]:
    by, session = whole.people.get(entry.by or 0), whole.sessions.get(entry.session or 0)
    people = {
        name: person.ref
        for name in PEOPLE
        if name in entry.detail and (person := whole.people.get(entry.detail[name]))
    }
    return {
        "at": entry.at.isoformat(), "what": entry.what, "by": by and by.ref,
        "session": session and session.ref, "detail": entry.detail | people,
    }  # fmt: skip


class BundleOut(ResponseBody):
    resourceType: Literal["Bundle"]  # noqa: N815 - the standard's own name
    type: Literal["collection"]
    timestamp: Instant
    entry: list[dict[str, Any]]


@call(
    "GET", "/clients/<client>/chart.fhir.json", scope="read", responses={200: BundleOut}, tag="Care"
)
def get_fhir_chart(path: ClientPath):  # type: ignore[no-untyped-def]
    """The chart as a FHIR R4 Bundle: Patient, Appointment, Encounter, Communication, Task, CarePlan.

    Each reading is recorded and shown to the client.
    """
    client, now = lookups.person(path.client, Kind.CLIENT), clock.now()
    theirs = select(Seat).where(Seat.client_id == client.id, ever_theirs()).order_by(Seat.id)
    seats = list(store.scalars(theirs))
    attended = own_copy.sessions(store, seats, _standings(seats), now)
    ref = f"{client.program.ref}/{client.ref}"
    made_up = own_copy.make_ups(store, client, [seat.id for seat in seats])
    resources = _resources(client, ref, attended, made_up, chart.of(store, client))
    bundle = fhir.collection(now, resources)
    readings.record_apart(What.CHART, [client.id])
    return bundle


def _standings(seats: list[Seat]) -> own_copy.SeatStandings:
    now = clock.now()
    rows = [
        SeatRow(seat.id, seat.session_id, seat.client_id, seat.given_at)
        for seat in seats
        if seat.released_at is None
    ]
    pictures = of_seats(store, rows, now) if rows else []
    return {
        each.seat.id: (standing(each.facts, now), without_make_up(each.facts, now))
        for each in pictures
    }


def _resources(
    client: Person,
    ref: str,
    seats: list[dict[str, Any]],
    made_up: list[dict[str, Any]],
    whole: Chart,
) -> Iterator[FhirResource]:
    identity = {
        "name": client.name, "email": client.email, "phone": client.phone,
        "language": client.language,
    }  # fmt: skip
    patient, subject = fhir.patient_of(identity, ref)
    yield patient
    yield from (fhir.appointment(each, ref, subject) for each in seats)
    yield from fhir.encounters(made_up, ref, subject)
    tasks: dict[int, FhirResource] = {}
    for n, entry in enumerate(whole.entries):
        if entry.what in COMMUNICATIONS:
            yield _communication(entry, whole, f"{ref}/{n}", subject)
        elif entry.what == Tag.PLAN_MADE:
            yield _care_plan(entry, f"{ref}/{n}", subject)
        elif "task" in entry.detail:
            _add_to_task(tasks, entry, ref, subject)
    yield from tasks.values()


def _communication(
    entry: ChartEntry, whole: Chart, key: str, subject: FhirResource
) -> FhirResource:
    made = fhir.communication(
        key, COMMUNICATIONS[Tag(entry.what)], entry.at, _words(entry), subject
    )
    by = whole.people.get(entry.by or 0)
    if entry.what != Tag.ABSENCE_REPORTED:
        made["sender"] = {"display": by.name} if by else {}
    made["medium"] = [{"text": entry.detail["channel"]}] if entry.detail.get("channel") else []
    return made


def _care_plan(entry: ChartEntry, key: str, subject: FhirResource) -> FhirResource:
    return {
        "resourceType": "CarePlan",
        "id": fhir.made_id("CarePlan", key),
        "status": "active",
        "intent": "plan",
        "subject": subject,
        "created": fhir.instant(entry.at),
        "description": "\n".join(_words(entry)),
    }


def _add_to_task(
    tasks: dict[int, FhirResource], entry: ChartEntry, ref: str, subject: FhirResource
) -> None:
    """Add an entry (opened, tried, done or withdrawn) to the FHIR Task it is about."""
    number = entry.detail["task"]
    made = tasks.setdefault(
        number,
        {
            "resourceType": "Task",
            "id": fhir.made_id("Task", f"{ref}/{number}"),
            "status": "requested",
            "intent": "order",
            "code": {"text": entry.detail.get("kind") or "task"},
            "for": subject,
            "authoredOn": fhir.instant(entry.at),
            "note": [],
        },
    )
    made["lastModified"] = fhir.instant(entry.at)
    states = {
        Tag.TASK_ACKNOWLEDGED: "accepted", Tag.TASK_ATTEMPTED: "in-progress",
        Tag.TASK_DONE: "completed", Tag.TASK_WITHDRAWN: "cancelled",
    }  # fmt: skip
    made["status"] = states.get(Tag(entry.what), made["status"])
    made["note"] += [{"text": words} for words in _words(entry)]


def _words(entry: ChartEntry) -> list[str]:
    return [str(entry.detail[name]) for name in WORDS if entry.detail.get(name)]
