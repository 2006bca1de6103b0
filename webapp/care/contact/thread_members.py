"""Who reads and writes in a client's thread: the client and their own care team (M18).

Narrower than other permissions: supervisors and coordinators of other clients, and administrators, see nothing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.teams import CareTeam, Couple, clients_of_team, couple_of, covered_by
from webapp.db import Store


def may_see(me: Person, client_id: Any, as_of: datetime) -> Any:
    """A condition on `client_id`: it is `me`'s own thread, or that of a client whose care team they are in or cover for, or whom
    they reach by emergency access (P8)."""
    if me.kind != Kind.STAFF:
        return client_id == me.id if me.kind == Kind.CLIENT else client_id.is_(None)
    away = covered_by(me.id, as_of)

    def mine(column: Any) -> Any:
        return or_(column == me.id, column.in_(away))

    return or_(client_id.in_(clients_of_team(mine)), client_id.in_(me.reaching))


def clients_of(me: Person, as_of: datetime) -> Select[Person]:
    """The clients whose thread `me` may read and write in, by name (S1)."""
    query = select(Person).where(
        Person.program_id == me.program_id,
        Person.kind == Kind.CLIENT,
        may_see(me, Person.id, as_of),
    )
    return query.order_by(Person.folded_name, Person.id)


def readers(store: Store, client_id: int) -> list[tuple[RoleName, Person]]:
    """Role and person of everybody who reads this client's thread; empty while nobody is named. Two statements."""
    team = store.scalar(
        select(CareTeam)
        .where(CareTeam.client_id == client_id)
        .options(
            joinedload(CareTeam.counselor),
            joinedload(CareTeam.supervisor),
            joinedload(CareTeam.coordinator),
        )
    )
    couple = store.scalar(couple_of(client_id).options(joinedload(Couple.therapist)))
    named = [
        (RoleName.COUNSELOR, team.counselor if team else None),
        (RoleName.COUPLES_THERAPIST, couple.therapist if couple else None),
        (RoleName.SUPERVISOR, team.supervisor if team else None),
        (RoleName.COORDINATOR, team.coordinator if team else None),
    ]
    return [(role, person) for role, person in named if person is not None]
