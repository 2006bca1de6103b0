"""The cast that the demo and every test share."""

from sqlalchemy import func, select

from webapp.care.audit import chain
from webapp.care.contact import tasks
from webapp.care.contact.addresses import Address
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person, RoleName
from webapp.care.directory.teams import CareTeam
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Session
from webapp.db import Database, Store
from webapp.demo import cast
from webapp.demo.cast import World


def test_everybody_is_there_under_their_short_name(world: World) -> None:
    for name, row in vars(world).items():
        assert row is not None, f"{name} was not planted"
        assert row.ref == name


def test_each_program_has_staff_in_every_role(store: Store, world: World) -> None:
    for program in (world.harbor, world.sunrise):
        staff = store.scalars(select(Person).where(Person.program_id == program.id))
        assert set().union(*(person.role_names for person in staff)) == set(RoleName)


def test_there_are_twelve_clients_and_three_couples_one_with_a_supporter(world: World) -> None:
    rows = list(vars(world).values())
    kinds = [row.kind for row in rows if isinstance(row, Person)]
    assert kinds.count(Kind.CLIENT) == 12
    couples = [row for row in rows if isinstance(row, teams.Couple)]
    assert sorted(couple.b.kind for couple in couples) == ["client", "client", "supporter"]


def test_nothing_has_happened_yet(store: Store, world: World) -> None:
    assert store.scalar(select(func.count(Session.id))) == 0
    assert list(chain.verify(store)) == []


def test_charlie_is_a_stranger_to_everyone(store: Store, world: World) -> None:
    cast.open_room(
        store,
        world.carla,
        [world.maya, world.ben],
        world.harbor.created_at,
        now=world.harbor.created_at,
    )
    assert store.get(CareTeam, world.charlie.id) is None
    assert store.scalars(teams.visible_to(world.charlie)).all() == [world.charlie]
    assert store.scalars(sessions.seats_visible_to(world.charlie)).all() == []
    assert store.scalars(sessions.visible_to(world.charlie)).all() == []
    assert store.scalars(tasks.visible_to(world.charlie)).all() == []
    assert world.charlie.id not in {p.id for p in store.scalars(teams.visible_to(world.carla))}


def test_addresses_are_fictional_and_belong_to_one_person_each(store: Store, world: World) -> None:
    values = store.scalars(select(Address.value)).all()
    assert len(values) == len(set(values)) == 2 * 26
    for value in values:
        assert value.endswith("@example.org") or value.startswith("+121255501")


def test_rows_belong_to_the_store_of_the_test(store: Store, world: World) -> None:
    assert world.maya in store


def test_without_a_store_the_world_is_loose(database: Database, world: World) -> None:
    with database.writing() as store:
        assert cast.find(store).maya.id == world.maya.id
        assert world.maya not in store
