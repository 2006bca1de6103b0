"""`POST /contacts`: records that staff spoke with a client, or tried to."""

from datetime import timedelta
from typing import Annotated

from webapp import clock
from webapp.care.contact import contacts
from webapp.care.contact.contacts import ContactChannel, Outcome
from webapp.care.directory.people import Kind
from webapp.web.api.contract import lookups, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import Id, Instant, Note, OneOf, Ref, RequestBody, ResponseBody
from webapp.web.page.unit_of_work import store

CLOCKS_DIFFER_BY = timedelta(minutes=2)
"""How far a caller's clock may be ahead of ours before `at` is refused."""


class ContactIn(RequestBody):
    client: Ref
    at: Instant
    by: Ref
    channel: Annotated[str, OneOf(ContactChannel)]
    outcome: Annotated[str, OneOf(Outcome)]
    session: Ref | None = None
    note: Note | None = None


class ContactOut(ResponseBody):
    id: Id
    client: str
    at: Instant
    by: str
    channel: Annotated[str, OneOf(ContactChannel)]
    outcome: Annotated[str, OneOf(Outcome)]
    session: str | None
    two_way: bool


@call(
    "POST", "/contacts", scope="care", responses={201: ContactOut}, tag="Care",
    example={
        "client": "maya", "at": "2026-03-04T12:50:00-05:00", "by": "carla", "channel": "call",
        "outcome": "reached", "session": "evening",
    },
)  # fmt: skip
def post_contact(body: ContactIn):  # type: ignore[no-untyped-def]
    """Record a contact, or an attempt. Only one in which the client was spoken to (`reached`, `declined`, `call_back_at`) ends
    reminders and a run of silence."""
    now = clock.now()
    client = lookups.person(body.client, Kind.CLIENT, field="client")
    staff = lookups.person(body.by, Kind.STAFF, field="by")
    seat = None
    if body.session is not None:
        seat = lookups.seat(lookups.session(body.session, field="session"), client, field="session")
    at = min(body.at, now) if body.at - now < CLOCKS_DIFFER_BY else body.at
    contact = contacts.record(
        store, client, at=at, channel=body.channel, outcome=body.outcome, seat=seat,
        note=body.note, by=tokens.actor(), now=now,
    )  # fmt: skip
    contact.by_id = (
        staff.id
    )  # the event says that the token's program recorded it; this says who spoke
    body_out = {
        "id": contact.id, "client": client.ref, "at": contact.at.isoformat(), "by": staff.ref,
        "channel": contact.channel, "outcome": contact.outcome, "session": body.session,
        "two_way": contact.two_way,
    }  # fmt: skip
    return body_out, 201
