"""Who owns a task: the client's staff member of a role, or their cover; for one client or for many at once (rule 9)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, or_, select

from webapp.bulk import among
from webapp.care.contact.addresses import has_working
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
    unreachable: frozenset[int]
    """Active staff without a working address: they get tasks only when nobody else has the role (rule 18)."""
    anyone: dict[tuple[int, str], Sequence[int]] = field(default_factory=dict)

    def of(self, client_id: int | None, program_id: int, role: str) -> int | None:
        """The id of who has this role for the client, or of their cover while they are away. When nobody is named, or that one is not
        active any more or cannot be told, of anyone in the program with the role, so that no task is without an owner (rule 9)."""
        named = None
        if client_id is not None and role == RoleName.COUPLES_THERAPIST:
            named = self.couples[client_id][2] if client_id in self.couples else None
        elif client_id is not None:
            named = self.teams.get(client_id, {}).get(role)
        return self.with_cover(named) or self.one_of(program_id, role, rather=named)

    def one_of(self, program_id: int, role: str, rather: int | None = None) -> int | None:
        """The longest-serving active staff member with the role who can be told, or their cover if that one is active. When nobody can
        be told: `rather` if active, else the longest-serving; None if nobody has the role."""
        key = (program_id, role)
        if key not in self.anyone:
            self.anyone[key] = self.store.scalars(everyone_with(program_id, role)).all()
        for person_id in self.anyone[key]:
            if holder := self.with_cover(person_id):
                return holder
        untold = [] if rather is None or rather in self.absent else [rather]
        return next(iter([*untold, *self.anyone[key]]), None)

    def with_cover(self, person_id: int | None) -> int | None:
        """The person, or who covers for them; None when that one is not active or cannot be told."""
        if person_id is None:
            return None
        holder = self.covers.get(person_id, person_id)
        return None if holder in self.absent or holder in self.unreachable else holder


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
    active = Person.status == Status.ACTIVE
    out = select(Person.id, active).where(Person.kind == Kind.STAFF, ~(active & has_working()))
    absent, unreachable = set[int](), set[int]()
    for person_id, is_active in connection.execute(out):
        (unreachable if is_active else absent).add(person_id)
    covers = _covers(store, now)
    return Owners(store, teams, couples, covers, frozenset(absent), frozenset(unreachable))


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


def everyone_with(program_id: int, role: str) -> Select[int]:
    """The active staff with a role, the longest-serving first."""
    return (
        select(Person.id)
        .join(Role, Role.person_id == Person.id)
        .where(Person.program_id == program_id, Person.status == Status.ACTIVE, Role.name == role)
        .order_by(Person.id)
    )
