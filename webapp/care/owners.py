"""Owners: whose a task is, and who covers for them (rule 9)."""

from datetime import datetime

from sqlalchemy import Select, or_, select

from webapp.care.people import Person, Role, RoleName
from webapp.care.teams import CareTeam, Couple, Cover
from webapp.db import Store


def owner_for(store: Store, client: Person, role: str, now: datetime) -> int | None:
    """Who has this role for `client`; their cover when they are away (rule 9); else anyone in the program with it."""
    team = store.get(CareTeam, client.id)
    named: int | None = None
    if role == RoleName.COUPLES_THERAPIST:
        couples = select(Couple.therapist_id).where(
            Couple.ended_at.is_(None), or_(Couple.a_id == client.id, Couple.b_id == client.id)
        )
        named = store.scalar(couples)
    elif team is not None and role in (
        RoleName.COUNSELOR, RoleName.SUPERVISOR, RoleName.COORDINATOR
    ):  # fmt: skip
        named = getattr(team, f"{role}_id")
    if named is None:
        named = store.scalar(anyone_with(client.program_id, role))
    return named and (cover_for(store, named, now) or named)


def anyone_with(program_id: int, role: str) -> Select[int]:
    """The longest-serving active staff member with a role."""
    return (
        select(Person.id)
        .join(Role, Role.person_id == Person.id)
        .where(Person.program_id == program_id, Person.status == "active", Role.name == role)
        .order_by(Person.id)
        .limit(1)
    )


def cover_for(store: Store, person_id: int, now: datetime) -> int | None:
    """Who covers for someone away at `now`."""
    return store.scalar(
        select(Cover.covered_by_id)
        .where(Cover.person_id == person_id, Cover.starts_at <= now, Cover.ends_at > now)
        .order_by(Cover.id.desc())
        .limit(1)
    )
