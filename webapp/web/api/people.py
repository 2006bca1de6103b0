"""`PUT /people/{ref}`: adds or changes clients, supporters and staff."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import select

from webapp import clock
from webapp.care import leaving
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory import people
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

    All fields are replaced; `roles` and `status` left out stay as they are. An e-mail address may be used from then on; a client's
    phone only once the client has agreed to text messages.
    """
    now, by = clock.now(), tokens.actor()
    person, new = people.put(
        store, tokens.program(), path.ref, kind=body.kind, name=body.name, time_zone=body.time_zone,
        email=body.email, phone=body.phone, language=body.language, roles=body.roles,
        by=by, now=now,
    )  # fmt: skip
    leaving.change_status(store, person, body.status or person.status, by=by, now=now)
    for channel, value in ((Channel.EMAIL, person.email), (Channel.SMS, person.phone)):
        _update_address(person, channel, value, now)
    return shown(person), 201 if new else 200


def _update_address(person: Person, channel: Channel, value: str | None, now) -> None:  # type: ignore[no-untyped-def]
    """Make the person's address of this channel the roster's. An address they stopped stays stopped (P9): only one never seen
    before is added."""
    addresses_so_far = list(
        store.scalars(
            select(Address).where(Address.person_id == person.id, Address.channel == channel)
        )
    )
    for address in addresses_so_far:
        if address.value != value and address.label == "roster":
            address.stop(store, "replaced", by=tokens.actor(), now=now)
    if value and value not in {address.value for address in addresses_so_far}:
        agreed = channel == Channel.EMAIL or person.kind == Kind.STAFF
        addresses.add(
            store, person, channel, value, label="roster", opted_in=agreed, by=tokens.actor(), now=now
        )  # fmt: skip


def shown(person: Person) -> dict[str, object]:
    return {
        "ref": person.ref, "kind": person.kind, "name": person.name, "email": person.email,
        "phone": person.phone, "time_zone": person.time_zone, "language": person.language,
        "roles": sorted(person.role_names), "status": person.status,
    }  # fmt: skip
