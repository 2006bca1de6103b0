"""`PUT /people/{ref}`: adds or changes clients, supporters and staff."""

from typing import Annotated

from pydantic import Field

from webapp import clock
from webapp.care import leaving
from webapp.care.accounts import enrolling
from webapp.care.contact.addresses import Channel
from webapp.care.directory.people import LANGUAGES, Kind, Person, RoleName, Status
from webapp.web.api.contract import tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.shapes import (
    Email,
    Name,
    OneOf,
    Path,
    Phone,
    Ref,
    RequestBody,
    ResponseBody,
    Zone,
)  # fmt: skip
from webapp.web.page.unit_of_work import store

PersonKind = Annotated[str, OneOf((Kind.CLIENT, Kind.SUPPORTER, Kind.STAFF))]


class PersonRef(Path):
    ref: Ref


class PersonIn(RequestBody):
    kind: PersonKind
    name: Name
    time_zone: Zone
    email: Email | None = None
    phone: Phone | None = None
    language: Annotated[str, OneOf(LANGUAGES)] = "en"
    roles: list[Annotated[str, OneOf(RoleName)]] | None = Field(
        None, max_length=10, description="Staff only; left out: as they are"
    )
    status: Annotated[str, OneOf(Status)] | None = None
    opted_in: list[Annotated[str, OneOf((Channel.EMAIL, Channel.SMS))]] | None = Field(
        None, max_length=2,
        description="The channels they agreed to be written to; left out: e-mail, for staff sms too",
    )  # fmt: skip


class PersonOut(ResponseBody):
    ref: str
    kind: PersonKind
    name: str
    email: str | None
    phone: str | None
    time_zone: str
    language: str
    roles: list[str]
    status: Annotated[str, OneOf(Status)]


@call(
    "PUT", "/people/<ref>", scope="roster", responses={200: PersonOut, 201: PersonOut}, tag="Roster",
    example={
        "kind": "client", "name": "Maya Torres", "email": "maya@example.org",
        "time_zone": "America/New_York", "language": "en",
    },
)  # fmt: skip
def put_person(path: PersonRef, body: PersonIn):  # type: ignore[no-untyped-def]
    """Add a person, or change the one of that reference.

    All fields are replaced; `roles` and `status` left out stay as they are. An address in place of another takes over from it. What
    the person said themselves stays: an address they stopped, switched off or marked unsafe, and the language and time zone
    they chose.
    """
    now, by = clock.now(), tokens.actor()
    person, new = enrolling.enroll(
        store, tokens.program(), path.ref, kind=body.kind, name=body.name, time_zone=body.time_zone,
        email=body.email, phone=body.phone, language=body.language, roles=body.roles,
        agreed=body.opted_in, by=by, now=now,
    )  # fmt: skip
    leaving.change_status(store, person, body.status or person.status, by=by, now=now)
    return shown(person), 201 if new else 200


def shown(person: Person) -> dict[str, object]:
    return {
        "ref": person.ref, "kind": person.kind, "name": person.name, "email": person.email,
        "phone": person.phone, "time_zone": person.time_zone, "language": person.language,
        "roles": sorted(person.role_names), "status": person.status,
    }  # fmt: skip
