"""Whose a new task is, for many clients at once: the care team's, the couple's, or anyone's with the role (rule 9)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select

from webapp.care.owners import anyone_with
from webapp.care.people import RoleName
from webapp.care.teams import CareTeam, Couple, Cover
from webapp.db import Store
from webapp.protocol.reading.among import among, rows

TEAM = (RoleName.COUNSELOR, RoleName.SUPERVISOR, RoleName.COORDINATOR)


@dataclass(slots=True)
class Owners:
    """Care teams, couples and covers of some clients as of one instant."""

    store: Store
    teams: dict[int, dict[str, int | None]]
    couples: dict[int, tuple[int, int, int | None]]
    """client → (couple, partner, therapist)."""
    covers: dict[int, int]
    anyone: dict[tuple[int, str], int | None] = field(default_factory=dict)

    def of(self, client_id: int, program_id: int, role: str) -> int | None:
        """Who has this role for the client; their cover when they are away; else anyone in the program with it."""
        if role == RoleName.COUPLES_THERAPIST:
            named = self.couples[client_id][2] if client_id in self.couples else None
        else:
            named = self.teams.get(client_id, {}).get(role)
        if named is None:
            key = (program_id, role)
            if key not in self.anyone:
                self.anyone[key] = self.store.scalar(anyone_with(program_id, role))
            named = self.anyone[key]
        return self.covers.get(named, named) if named is not None else None


def read(store: Store, client_ids: Collection[int], now: datetime) -> Owners:
    """The owners for these clients, in three statements."""
    team = select(
        CareTeam.client_id, CareTeam.counselor_id, CareTeam.supervisor_id, CareTeam.coordinator_id
    ).where(among(store, CareTeam.client_id, client_ids))
    teams: dict[int, dict[str, int | None]] = {
        client_id: dict(zip(TEAM, ids, strict=True)) for client_id, *ids in rows(store, team)
    }
    pair = select(Couple.id, Couple.a_id, Couple.b_id, Couple.therapist_id).where(
        Couple.ended_at.is_(None),
        or_(among(store, Couple.a_id, client_ids), among(store, Couple.b_id, client_ids)),
    )
    couples: dict[int, tuple[int, int, int | None]] = {}
    for couple_id, a, b, therapist in rows(store, pair):
        couples |= {a: (couple_id, b, therapist), b: (couple_id, a, therapist)}
    away = select(Cover.person_id, Cover.covered_by_id).where(
        Cover.starts_at <= now, Cover.ends_at > now
    )
    covers = dict(rows(store, away.order_by(Cover.id)))
    return Owners(store, teams, couples, covers)
