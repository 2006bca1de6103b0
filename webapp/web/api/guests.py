"""`GET /guests`: lists the people in a session whom nobody knows yet; `POST …/match` says who one is, `DELETE …/match` takes it back."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, selectinload

from webapp import clock
from webapp.care.attendance import guests
from webapp.care.attendance.guests import Guest, Identification
from webapp.care.directory.people import Kind
from webapp.care.privacy.record_views import What
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import N_, Unknown
from webapp.web.api.contract import lookups, paging, readings, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.paging import Page
from webapp.web.api.contract.shapes import (
    Id,
    Instant,
    Path,
    Ref,
    RequestBody,
    ResponseBody,
)
from webapp.web.page.unit_of_work import store


class GuestId(Path):
    id: Id


class GuestQuery(Page):
    session: Ref | None = Field(None, description="Left out: of all sessions")


class MatchIn(RequestBody):
    person: Ref | None = Field(
        description="A client of the session, a supporter or a staff member; null: nobody who is waited for"
    )
    remember: bool = Field(
        True,
        description="Whether their account, address or telephone is recognized in later sessions",
    )
    by: Ref | None = Field(
        None, description="The staff member who says so; left out: the token's own person"
    )


class GuestOut(ResponseBody):
    id: Id
    session: str
    name: str | None = Field(description="As they showed it last; anybody may show any")
    phone: str | None
    device: str | None
    person: str | None
    matched_at: Instant | None = Field(description="Null: nobody knows yet who this is")


class GuestList(ResponseBody):
    items: list[GuestOut]
    next: int | None


@call("GET", "/guests", scope="read", responses={200: GuestList}, tag="Presence")
def get_guests(query: GuestQuery):  # type: ignore[no-untyped-def]
    """People in a room whom the platform did not identify, in the order in which they were first heard of. Tasks of kind `match_guest`
    ask for them. A client can see that somebody read of them."""
    found = _guests().where(Guest.id > paging.number(query.after)).order_by(Guest.id)
    if query.session is not None:
        session = lookups.session(query.session, field="session")
        found = found.where(Guest.session_id == session.id)
    rows = store.scalars(found.limit(query.limit + 1)).all()
    page, after = paging.cut(rows, query.limit, lambda guest: guest.id)
    items = [shown(guest) for guest in page]
    readings.record_apart(What.ROOM, _clients(page))
    return paging.paged(items, after)


@call(
    "POST", "/guests/<int:id>/match", scope="care", responses={200: GuestOut},
    tag="Presence", example={"person": "maya", "by": "carla"},
)  # fmt: skip
def match_guest(path: GuestId, body: MatchIn):  # type: ignore[no-untyped-def]
    """Say who a guest is: what was seen of them is that person's from its first instant on. Another person takes the place of the one
    named before; repeating it changes nothing.

    What the guest showed is null unless the token may `read` too; then clients can see that it was read.
    """
    guest = _guest(path.id)
    person = lookups.optional_person(
        body.person, Kind.CLIENT, Kind.SUPPORTER, Kind.STAFF, field="person"
    )
    by = lookups.person(body.by, Kind.STAFF, field="by") if body.by else tokens.actor()
    guests.identify(store, guest, person, by=by, now=clock.now(), remember=body.remember)
    return _told(guest)


@call(
    "DELETE",
    "/guests/<int:id>/match",
    scope="care",
    responses={200: GuestOut},
    tag="Presence",
)
def take_match_back(path: GuestId):  # type: ignore[no-untyped-def]
    """Take back who a guest is: what was seen of them is nobody's again, and they are no longer recognized. Repeating it changes
    nothing."""
    guest = _guest(path.id)
    guests.undo(store, guest, by=tokens.actor(), now=clock.now())
    return _told(guest)


def shown(guest: Guest) -> dict[str, Any]:
    named = guest.identified
    return {
        "id": guest.id, "session": guest.session.ref, "name": guest.name, "phone": guest.phone,
        "device": guest.device,
        "person": named.person.ref if named and named.person else None,
        "matched_at": named and named.at.isoformat(),
    }  # fmt: skip


def _guests() -> Select[Guest]:
    """Those of the token's program."""
    return (
        select(Guest)
        .join(Guest.session)
        .where(Session.program_id == tokens.program_id())
        .options(
            contains_eager(Guest.session),
            selectinload(Guest.identifications).joinedload(Identification.person),
        )
    )


def _told(guest: Guest) -> dict[str, Any]:
    """The guest; what they showed is for a token that may `read` too, and leaves its trace."""
    if "read" in tokens.token().scopes:
        readings.record(What.ROOM, _clients([guest]))
        return shown(guest)
    return shown(guest) | {"name": None, "phone": None, "device": None}


def _clients(listed: Sequence[Guest]) -> set[int]:
    """The clients whose names and numbers these may be (P7): who the guest is, or while nobody knows all clients of the session."""
    named = [guest.identified.person for guest in listed if guest.identified]
    known = {person.id for person in named if person is not None and person.kind == Kind.CLIENT}
    unknown = {guest.session_id for guest in listed if guest.identified is None}
    seated = select(Seat.client_id).where(Seat.session_id.in_(unknown), Seat.is_given)
    return known | set(store.scalars(seated) if unknown else ())


def _guest(number: int) -> Guest:
    """The guest of this number in the token's program. Raises Unknown."""
    guest = store.scalar(_guests().where(Guest.id == paging.number(number)))
    if guest is None:
        raise Unknown(N_("There is no guest of this number."))
    return guest
