"""`POST /absences`: staff or another system report on a client's behalf that they can't come."""

from typing import Annotated

from webapp import clock
from webapp.care.attendance import absences
from webapp.care.attendance.absences import NOTE_LENGTH, Reason
from webapp.care.contact import crises
from webapp.care.contact.crises import Where
from webapp.care.directory.people import Kind
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import Id, Instant, OneOf, Ref, RequestBody, ResponseBody, Text
from webapp.web.page.unit_of_work import store


class AbsenceIn(RequestBody):
    session: Ref
    client: Ref
    reason: Annotated[str, OneOf(Reason)]
    reported_at: Instant | None = None
    note: Annotated[str, Text(NOTE_LENGTH)] | None = None


class AbsenceOut(ResponseBody):
    id: Id
    session: str
    client: str
    reason: Annotated[str, OneOf(Reason)]
    reported_at: Instant
    notice_hours: float


@call(
    "POST", "/absences", scope="care", responses={200: AbsenceOut, 201: AbsenceOut}, tag="Care",
    example={"session": "evening", "client": "maya", "reason": "illness"},
)  # fmt: skip
def post_absence(body: AbsenceIn):  # type: ignore[no-untyped-def]
    """Report that a client can't come. 201; or 200 with the report that was made before.

    `reported_at` may lie up to twelve hours back: when the client said it. No reminders and no outreach follow for this seat. Words of
    self-harm or crisis in `note` open an urgent task (rule 16).
    """
    now = clock.now()
    client = lookups.person(body.client, Kind.CLIENT, field="client")
    seat = lookups.seat(lookups.session(body.session, field="session"), client, field="client")
    report = absences.report(
        store, seat, reason=body.reason, note=body.note, reported_at=body.reported_at,
        by=tokens.actor(), now=now,
    )  # fmt: skip
    crises.heed(store, client, body.note, where=Where.SYSTEM, by=tokens.actor(), now=now)
    body_out = {
        "id": report.id, "session": body.session, "client": body.client, "reason": report.reason,
        "reported_at": report.reported_at.isoformat(), "notice_hours": report.notice_hours,
    }  # fmt: skip
    return body_out, 201 if report.received_at == now else 200
