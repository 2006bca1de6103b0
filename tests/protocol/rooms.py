"""One evening in the tests' world: a room, its people, and the engine walking through time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.care.attendance import presence
from webapp.care.attendance.presence import Sighting
from webapp.care.contact import contacts
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.demo import cast
from webapp.protocol.engine import engine
from webapp.protocol.facts.steps import Step


@dataclass
class Evening:
    """A session, told in minutes from its start. Times before it began are negative."""

    database: Database
    store: Store
    world: cast.World
    session: Session

    def at(self, minutes: float) -> datetime:
        return self.session.starts_at + timedelta(minutes=minutes)

    def look(self, minutes: float) -> int:
        """The engine looks at this minute, until nothing is due."""
        self.store.commit()
        found = 0
        while more := engine.look(self.database, self.at(minutes)):
            found += more
        self.store.expire_all()
        return found

    def walk(self, *minutes: float) -> None:
        for minute in minutes:
            self.look(minute)

    def seat(self, client: Person) -> Seat:
        found = select(Seat).where(Seat.session_id == self.session.id, Seat.client_id == client.id)
        return self.store.scalars(found).one()

    def steps(self, client: Person) -> dict[str, str]:
        """rung → result, or why it was not taken; of the seat's whole history."""
        found = select(Step).where(Step.seat_id == self.seat(client).id)
        rows = self.store.scalars(found.order_by(Step.due_at, Step.rung))
        return {row.rung: row.why or row.result for row in rows}

    def tasks(self, client: Person | None = None, *, open_only: bool = False) -> dict[str, Task]:
        """kind → task, of this client (None: of nobody in particular)."""
        found = select(Task).where(Task.client_id == (client and client.id)).order_by(Task.id)
        tasks = self.store.scalars(found)
        return {task.kind: task for task in tasks if not open_only or task.is_open}

    def sees(self, person: Person, minutes: float, kind: str = "joined", **more: Any) -> None:
        """The platform says so."""
        source_id = f"{kind}-{person.id}-{minutes}"
        sighting = Sighting(
            source_id, self.session, person, kind, self.at(minutes), "platform", **more
        )
        presence.record(self.store, [sighting], by=None, now=self.at(minutes))

    def reaches(self, client: Person, minutes: float, outcome: str = "reached") -> None:
        contacts.record(
            self.store, client, channel="call", outcome=outcome, by=self.world.carla,
            now=self.at(minutes),
        )  # fmt: skip


def evening(
    database: Database, store: Store, world: cast.World, starts_at: datetime, **more: Any
) -> Evening:
    """A room of Carla's with Maya and Gus, planned two days before; Carla is there from the start."""
    clients = more.pop("clients", None) or [world.maya, world.gus]
    host_comes = more.pop("host_comes", True)
    session = cast.open_room(
        store, world.carla, clients, starts_at, now=starts_at - timedelta(days=2), **more
    )
    found = Evening(database, store, world, session)
    if host_comes:
        found.sees(world.carla, -2)
    store.commit()
    return found
