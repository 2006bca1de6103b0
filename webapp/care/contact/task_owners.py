"""Who owns a task: the client's staff member of a role, or their cover; for one client or for many at once (rule 9)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, or_, select

from webapp.bulk import among
from webapp.care.directory.people import Kind, Person, Role, RoleName, Status
from webapp.care.directory.teams import CareTeam, Couple, Cover
from webapp.db import Store

TEAM = (RoleName.COUNSELOR, RoleName.SUPERVISOR, RoleName.COORDINATOR)


@dataclass(slots=True)
class Owners:
    """Care teams, couples and covers of some clients as of one instant."""

    store: Store
    teams: dict[int, dict[str, int | None]]
    couples: dict[int, tuple[int, int, int | None]]
    """client → (couple, partner, therapist)."""
    covers: dict[int, int]
    absent: frozenset[int]
    """Staff who are paused or have left: they get no tasks."""
    anyone: dict[tuple[int, str], int | None] = field(default_factory=dict)

    def of(self, client_id: int | None, program_id: int, role: str) -> int | None:
        """The id of who has this role for the client, or of their cover while they are away. When nobody is named, or that one is not
        active any more, of anyone in the program with the role, so that no task is without an owner (rule 9)."""
        named = None
        if client_id is not None and role == RoleName.COUPLES_THERAPIST:
            named = self.couples[client_id][2] if client_id in self.couples else None
        elif client_id is not None:
            named = self.teams.get(client_id, {}).get(role)
        return self.with_cover(named) or self.one_of(program_id, role)

    def one_of(self, program_id: int, role: str) -> int | None:
        """The longest-serving active staff member with the role, or their cover if that one is active; None if nobody has it."""
        key = (program_id, role)
        if key not in self.anyone:
            self.anyone[key] = self.store.scalar(anyone_with(program_id, role))
        return self.with_cover(self.anyone[key]) or self.anyone[key]

    def with_cover(self, person_id: int | None) -> int | None:
        """The person, or who covers for them; None when that one is not active."""
        if person_id is None:
            return None
        holder = self.covers.get(person_id, person_id)
        return None if holder in self.absent else holder


def read(store: Store, client_ids: Collection[int], now: datetime) -> Owners:
    """The owners for these clients, in four statements."""
    store.flush()
    team = select(
        CareTeam.client_id, CareTeam.counselor_id, CareTeam.supervisor_id, CareTeam.coordinator_id
    ).where(among(store, CareTeam.client_id, client_ids))
    connection = store.connection()
    teams: dict[int, dict[str, int | None]] = {
        client_id: dict(zip(TEAM, ids, strict=True)) for client_id, *ids in connection.execute(team)
    }
    pair = select(Couple.id, Couple.a_id, Couple.b_id, Couple.therapist_id).where(
        Couple.is_current,
        or_(among(store, Couple.a_id, client_ids), among(store, Couple.b_id, client_ids)),
    )
    couples: dict[int, tuple[int, int, int | None]] = {}
    for couple_id, a, b, therapist in connection.execute(pair):
        couples |= {a: (couple_id, b, therapist), b: (couple_id, a, therapist)}
    gone = select(Person.id).where(Person.kind == Kind.STAFF, Person.status != Status.ACTIVE)
    absent = frozenset(connection.scalars(gone))
    return Owners(store, teams, couples, _covers(store, now), absent)


def _covers(store: Store, now: datetime) -> dict[int, int]:
    """Staff away at `now` → who covers for them."""
    away = select(Cover.person_id, Cover.covered_by_id).where(
        Cover.starts_at <= now, Cover.ends_at > now
    )
    rows = store.connection().execute(away.order_by(Cover.id))
    return {row.person_id: row.covered_by_id for row in rows}


def owner_for(store: Store, client: Person, role: str, now: datetime) -> int | None:
    """`Owners.of` for one client. Four statements."""
    return read(store, [client.id], now).of(client.id, client.program_id, role)


def anyone_with(program_id: int, role: str) -> Select[int]:
    """The longest-serving active staff member with a role."""
    return (
        select(Person.id)
        .join(Role, Role.person_id == Person.id)
        .where(Person.program_id == program_id, Person.status == "active", Role.name == role)
        .order_by(Person.id)
        .limit(1)
    )
