"""What an import changes of a person, in sentences: fields, addresses that stay closed, and whom it costs what when staff leave."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select

from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory import people
from webapp.care.directory.people import Person, RoleName
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.schedule.sessions import Session
from webapp.db import Store

ADDRESSES = "written to at"
"""The field that says where notices go."""


def fields(store: Store, person: Person) -> dict[str, str]:
    """Each field of a roster's row, by the word for it, as it stands for this person now. Two statements."""
    store.flush()
    mine = addresses.of(person.id).where(Address.usable, Address.channel != Channel.PUSH)
    return {
        "name": person.name,
        "e-mail": person.email or "none",
        "telephone": person.phone or "none",
        "time zone": people.home_zone(person),
        "language": people.home_language(person),
        "status": person.status,
        "roles": " ".join(sorted(person.role_names)) or "none",
        ADDRESSES: " ".join(sorted(each.value for each in store.scalars(mine))) or "nothing",
    }


def difference(person: Person, before: dict[str, str], after: dict[str, str]) -> str:
    """A sentence naming each field that differs, with what it was."""
    changed = (
        f"{field} {before[field]} → {after[field]}"
        for field in after
        if before[field] != after[field]
    )
    return f"{person.name} ({person.ref}): {', '.join(changed)}."


def closed_addresses(store: Store, person: Person) -> Iterator[str]:
    """A sentence for each address of the roster at which this person is not written to although they agreed: stopped, unsafe or
    switched off (P9, rule 15)."""
    who = f"{person.name} ({person.ref})"
    for channel, what, value in (
        (Channel.EMAIL, "e-mails", person.email),
        (Channel.SMS, "texts", person.phone),
    ):
        theirs = select(Address).where(Address.person_id == person.id, Address.value == value)
        newest = theirs.where(Address.channel == channel).order_by(Address.id.desc()).limit(1)
        address = store.scalar(newest)
        why = address and _why_closed(address)
        if why:
            yield f"{who} gets no {what}: {why}."


def _why_closed(address: Address) -> str | None:
    value = address.value
    if address.is_unsafe:
        calls = " or calls" if address.channel == Channel.SMS else ""
        return f"{value} is marked unsafe, and nobody writes{calls} there"
    if address.stopped_why == addresses.STOP_WORD:
        return f"STOP came from {value}, and only START from there undoes it"
    if address.is_stopped:
        return f"{value} was stopped ({address.stopped_why})"
    if address.switched_off_at:
        return "they switched that off, and no file switches it on"
    return None


def left_behind(store: Store, person: Person, now: datetime) -> str:
    """What hangs on a member of staff who pauses or leaves: `12 sessions to come have no host; …`. Empty if nothing does. Three
    statements."""
    to_come = select(func.count(Session.id)).where(
        Session.host_id == person.id, Session.is_on, Session.starts_at > now
    )
    hosted = store.scalar(to_come) or 0
    parts = [f"{hosted} {'session' if hosted == 1 else 'sessions'} to come without a host"] * (
        hosted > 0
    )
    parts += _couples_of(store, person)
    for role in (RoleName.COUNSELOR, RoleName.SUPERVISOR, RoleName.COORDINATOR):
        parts += _clients_of(store, person, role)
    return "; ".join(parts)


def lost_with_roles(store: Store, person: Person, roles: set[str]) -> str:
    """The same, for roles that somebody loses: their clients and couples in these roles."""
    parts = _couples_of(store, person) if RoleName.COUPLES_THERAPIST in roles else []
    for role in (RoleName.COUNSELOR, RoleName.SUPERVISOR, RoleName.COORDINATOR):
        parts += _clients_of(store, person, role) if role in roles else []
    return "; ".join(parts)


def _couples_of(store: Store, person: Person) -> list[str]:
    theirs = select(Couple).where(Couple.therapist_id == person.id, Couple.ended_at.is_(None))
    return [
        f"{couple.a.name} and {couple.b.name} without a couples therapist"
        for couple in store.scalars(theirs.order_by(Couple.id))
    ]


def _clients_of(store: Store, person: Person, role: RoleName) -> list[str]:
    column = getattr(CareTeam, f"{role}_id")
    named = (
        select(Person).join(CareTeam, CareTeam.client_id == Person.id).where(column == person.id)
    )
    active = named.where(Person.status != people.Status.DISCHARGED)
    names = [f"{each.name} ({each.ref})" for each in store.scalars(active.order_by(Person.name))]
    return [f"{', '.join(names)} without their {role}"] if names else []
