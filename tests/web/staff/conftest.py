"""Fixtures: a session of Carla's that has just begun, the ladder, and her console."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.care.evenings import looked_into
from tests.visiting import Visit
from webapp.care.attendance import presence
from webapp.care.attendance.presence import Sighting
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast
from webapp.operations import heartbeats
from webapp.protocol.engine import engine


@pytest.fixture
def room(store, world, clock) -> Callable[..., Session]:
    """`room([world.maya], minutes=-10)`: a room of Carla's that starts then (negative: began); marked by its host unless
    `presence_from="platform"`, and she has looked once who is there unless `looked=False`."""

    def made(
        clients: list[Person],
        minutes: float,
        host: Person | None = None,
        looked: bool = True,
        **more,
    ) -> Session:
        now = clock.now()
        planned = cast.open_room(
            store, host or world.carla, clients, now + timedelta(minutes=minutes),
            now=now - timedelta(days=9),
            **({"presence_from": "staff", "ref": f"room{minutes}"} | more),
        )  # fmt: skip
        if looked and planned.presence_from == "staff":
            looked_into(store, planned)
        store.commit()
        return planned

    return made


@pytest.fixture
def record_presence(store) -> Callable[..., None]:
    """`record_presence(session, person, at)`: the platform says that they joined (or `type="left"`) then."""

    def record(session: Session, person: Person, at: datetime, type: str = "joined") -> None:
        one = Sighting(f"{person.id}:{type}:{at}", session, person, type, at, "zoom")
        presence.record(store, [one], by=None, now=at)
        store.commit()

    return record


@pytest.fixture
def ladder(database, clock) -> Callable[[], None]:
    """`ladder()`: the engine has looked at everything that is due by now."""

    def walked() -> None:
        while engine.look(database, clock.now()):
            pass

    return walked


@pytest.fixture
def awake(store, clock) -> Callable[[], None]:
    """`awake()`: the worker has just been heard."""

    def beaten() -> None:
        heartbeats.beat(store, "worker", clock.now())
        store.commit()

    return beaten


@pytest.fixture
def carla(visit, world) -> Visit:
    """The counselor's browser, signed in."""
    return visit(world.carla)


@pytest.fixture
def seat_of() -> Callable[[Session, Person], Seat]:
    """`seat_of(session, person)`: their place in it."""

    def found(session: Session, person: Person) -> Seat:
        return next(seat for seat in session.seats if seat.client_id == person.id)

    return found
