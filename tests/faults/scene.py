"""The scenario during which processes are killed: sessions begin all the time, nobody joins, some clients report an absence."""

import http.client
import re
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from tests.care.evenings import looked_into
from tests.push_service import PushService
from webapp.care.accounts import logins
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people, programs, teams
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule import planning
from webapp.care.schedule.kinds import PresenceFrom, SessionKind
from webapp.db import Database, Store

SECONDS = {
    "heads_up": "-PT6S", "soon": "-PT4S", "doors_open": "-PT2S",
    "first_check": "PT2S", "second_check": "PT4S", "outreach": "PT6S",
    "quiet_hours": None,
}  # fmt: skip
CLIENTS = 24
SEATS = 6
EVERY = timedelta(seconds=2)
"""How often a session begins."""


@dataclass
class Scene:
    """The people and seats, and what the clients were told about their reports."""

    program_id: int
    logins: dict[int, str] = field(default_factory=dict)
    """Client → the secret in their cookie."""
    seats: dict[int, int] = field(default_factory=dict)
    """Seat → its client."""
    subscriptions: dict[int, str] = field(default_factory=dict)
    """Client → the name of their browser at the push service."""


def plant(database: Database, pushes: PushService, begins: datetime, lasts: timedelta) -> Scene:
    """A program with a ladder in seconds, and sessions that begin from `begins` on for as long as it `lasts`."""
    with database.writing() as store:
        program = programs.create(
            store, "Faults", ref="faults", time_zone="UTC", policy=SECONDS, now=begins
        )
        scene = Scene(program.id)
        host = _person(store, scene, "host", Kind.STAFF, begins, roles=["counselor"])
        lead = _person(
            store, scene, "lead", Kind.STAFF, begins, roles=["supervisor", "coordinator"]
        )
        clients = [_person(store, scene, f"client{n}", Kind.CLIENT, begins) for n in range(CLIENTS)]
        for client in clients:
            teams.set_care_team(
                store,
                client,
                counselor=host,
                supervisor=lead,
                coordinator=lead,
                by=None,
                now=begins,
            )
            subscription = pushes.subscribe()
            addresses.add(
                store, client, Channel.PUSH, subscription["endpoint"], keys=subscription["keys"],
                by=None, now=begins,
            )  # fmt: skip
            scene.subscriptions[client.id] = subscription["endpoint"].rpartition("/")[2]
            _, scene.logins[client.id] = logins.sign_in(store, client, "link", now=begins)
        for number in range(int(lasts / EVERY)):
            starts_at = begins + timedelta(seconds=8) + number * EVERY
            _session(store, scene, number, host, clients, starts_at, begins)
        store.commit()
    return scene


def _person(
    store: Store, scene: Scene, ref: str, kind: Kind, now: datetime, roles: list[str] | None = None
) -> Person:
    program = store.get_one(programs.Program, scene.program_id)
    person, _ = people.put(
        store, program, ref, kind=kind, name=ref, time_zone="UTC", by=None, now=now,
        **({"roles": roles} if roles else {}),
    )  # fmt: skip
    return person


def _session(
    store: Store,
    scene: Scene,
    number: int,
    host: Person,
    clients: list[Person],
    starts_at: datetime,
    now: datetime,
) -> None:
    invited = [clients[(number * SEATS + place) % CLIENTS] for place in range(SEATS)]
    session, _ = planning.put(
        store, scene.program_id, f"session{number}", kind=SessionKind.GROUP, title="Group",
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), time_zone="UTC", host=host,
        capacity=SEATS, presence_from=PresenceFrom.STAFF, seats=invited, by=None, now=now,
    )  # fmt: skip
    looked_into(store, session, 0)
    scene.seats |= {seat.id: seat.client_id for seat in planning.taken(store, session)}


class Reporter(threading.Thread):
    """Clients who say that they can't come: every report is sent again, with the same id, until it is accepted."""

    def __init__(self, scene: Scene, port: int, seats: list[int]):
        super().__init__(daemon=True)
        self.accepted: dict[int, str] = {}
        """Seat → the id of the report that the server said it has."""
        self.unsure: list[int] = []
        """Seats whose report may or may not have come in: the last answer was cut off."""
        self.tries = 0
        self.refused: list[str] = []
        self._scene, self._port, self._seats = scene, port, seats
        self._stopping = threading.Event()

    def run(self) -> None:
        for seat_id in self._seats:
            request_id = str(uuid.uuid4())
            while not self._stopping.is_set() and seat_id not in self.accepted:
                self.tries += 1
                try:
                    self._report(seat_id, request_id)
                except (OSError, http.client.HTTPException):
                    self._stopping.wait(0.05)
            if self._stopping.wait(0.02):
                self.unsure += [seat_id] if seat_id not in self.accepted else []
                return

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def _report(self, seat_id: int, request_id: str) -> None:
        cookie = f"login={self._scene.logins[self._scene.seats[seat_id]]}"
        path = f"/seats/{seat_id}/absence"
        page = self._ask("GET", path, {"Cookie": cookie})
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        if token is None:
            self.refused.append(f"no form at {path}: {page[:300]}")
            self._stopping.set()
            return
        form = {"csrf_token": token[1], "request_id": request_id, "reason": "illness"}
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        self._ask("POST", path, headers, urlencode(form))
        self.accepted[seat_id] = request_id

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str | None = None) -> str:
        """The answer's text. Raises OSError for anything but success, so that it is tried again."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status not in (200, 201, 303):
            self.refused.append(f"{method} {path}: {answer.status}")
            raise ConnectionError(answer.status)
        return text
