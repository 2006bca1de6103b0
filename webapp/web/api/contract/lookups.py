"""Finds rows by the caller's own references, within the token's program only; other programs' rows do not exist here (S1)."""

from collections.abc import Iterable

from sqlalchemy import select

from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import N_, Unknown
from webapp.web.api.contract import tokens
from webapp.web.page.unit_of_work import store

NOBODY = N_("There is nobody here by that reference.")


def session(ref: str, *, field: str | None = None) -> Session:
    """The session of this reference. Raises Unknown naming `field`."""
    row = store.scalar(
        select(Session).where(Session.program_id == tokens.program_id(), Session.ref == ref)
    )
    if row is None:
        raise Unknown(N_("There is no session by that reference."), field=field)
    return row


def person(ref: str, *kinds: Kind, field: str | None = None) -> Person:
    """The person of this reference. Raises Unknown naming `field`."""
    return people([ref], *kinds, field=field)[0]


def optional_person(ref: str | None, *kinds: Kind, field: str) -> Person | None:
    return None if ref is None else person(ref, *kinds, field=field)


def people(refs: Iterable[str], *kinds: Kind, field: str | None = None) -> list[Person]:
    """The people of these references, in their order, in one statement. Raises Unknown naming the first one missing: `field`, or
    `field.3` for one of a list."""
    wanted = list(refs)
    query = select(Person).where(
        Person.program_id == tokens.program_id(), Person.ref.in_(set(wanted)),
        Person.kind.in_(kinds or (Kind.CLIENT, Kind.SUPPORTER, Kind.STAFF)),
    )  # fmt: skip
    by_ref = {row.ref: row for row in store.scalars(query)}
    for number, ref in enumerate(wanted):
        if ref not in by_ref:
            at = f"{field}.{number}" if field and len(wanted) > 1 else field
            raise Unknown(NOBODY, field=at)
    return [by_ref[ref] for ref in wanted]


def seat(of: Session, client: Person, *, field: str) -> Seat:
    """The client's seat in a session. Raises Unknown naming `field`."""
    row = store.scalar(
        select(Seat).where(Seat.session_id == of.id, Seat.client_id == client.id, Seat.is_given)
    )
    if row is None:
        raise Unknown(N_("This client has no place in that session."), field=field)
    return row
