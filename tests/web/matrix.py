"""The access matrix (S1): who requests which route about which rows, and the response."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from tests import rows
from tests.conftest import THAT_DAY
from tests.visiting import Caller, Visit
from webapp import clock
from webapp.care import leaving
from webapp.care.directory import people
from webapp.care.directory.people import Person, Status
from webapp.care.directory.programs import Program
from webapp.care.schedule import series
from webapp.care.schedule.sessions import Session
from webapp.db import Database, Store
from webapp.demo import cast
from webapp.web.page.guard import CHECKS_ACCESS_ITSELF, guard_of

DAY = timedelta(days=1)
ACTORS = (
    "nobody", "maya", "ben", "henry", "zoe", "charlie", "gus", "ivy", "aiko",
    "carla", "colin", "tessa", "susan", "cody", "theo", "ada", "rita", "nora", "greta",
)  # fmt: skip
"""Maya owns every object; Ben is her partner, Zoe was once (she knocks too). Gus is paused, Ivy discharged; Rita left the program."""

LET_IN, TURNED_AWAY, SENT_TO_SIGN_IN = "in", "404", "sign-in"


@dataclass(frozen=True)
class Door:
    """One route and one method, and what its form holds where a bare request would say nothing."""

    endpoint: str
    method: str
    path: str
    form: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path} ({self.endpoint})"


def plant_doors(database: Database) -> dict[str, Any]:
    """The cast, some of whom have come and gone, and one of everything that is Maya's; answers path parameter → value. One
    resource may have an object of its own: `client.group_times seat_id`; `forms` holds what is written at a door."""
    with clock.running_from(THAT_DAY), database.writing() as store:
        cast.plant(store, now=THAT_DAY)
        world = cast.find(store)
        _come_and_go(store, world)
        objects = _objects(store, world)
        store.commit()
    return objects


def _come_and_go(store: Store, world: Any) -> None:
    now = THAT_DAY
    leaving.change_status(store, world.gus, Status.PAUSED, by=None, now=now)
    leaving.change_status(store, world.ivy, Status.DISCHARGED, by=None, now=now)
    rita, _ = people.put(
        store, world.harbor, "rita", kind="staff", name="Rita Gone", time_zone="America/New_York",
        roles=["counselor", "supervisor"], by=None, now=now,
    )  # fmt: skip
    leaving.change_status(store, rita, Status.DISCHARGED, by=None, now=now)
    rows.put(
        store, "couple", now - 90 * DAY, program_id=world.harbor.id, ref="once",
        a_id=world.maya.id, b_id=world.zoe.id, therapist_id=world.tessa.id, ended_at=now - 3 * DAY,
    )  # fmt: skip


def _objects(store: Store, world: Any) -> dict[str, Any]:
    now, maya, harbor = THAT_DAY, world.maya.id, world.harbor.id
    room = cast.open_room(
        store, world.carla, [world.maya, world.ivy], now + timedelta(hours=3),
        now=now - 2 * DAY, ref="tonight", presence_from="staff",
    )  # fmt: skip
    seat = next(each for each in room.seats if each.client_id == maya)
    held = cast.open_room(
        store, world.carla, [world.maya], now + 2 * DAY, now=now - 2 * DAY, ref="later", presence_from="staff"
    )  # fmt: skip
    client = {"client_id": maya}
    hers = {"person_id": maya}

    def one(table: str, **given: Any) -> Any:
        made = rows.put(store, table, now - DAY, **given)
        return made.get("id")

    one("absence_report", seat_id=seat.id, reason="work")
    homework = one("homework", program_id=harbor, session_id=room.id, for_everyone=True, title="Read", ref="h1", by_id=world.carla.id, withdrawn_at=None)  # fmt: skip
    resource = one("resource", program_id=harbor, session_id=room.id, ref="r1", title="Breathing", by_id=world.carla.id)  # fmt: skip
    make_up = one("make_up", seat_id=seat.id, resource_id=resource, kind="recording")
    one("reflection", make_up_id=make_up, body="I thought about it.", handed_in_at=now - DAY)
    partner_note = one("partner_note", author_id=maya, reader_id=world.ben.id, session_id=room.id)
    usual, other = _group_times(store, world, now)
    slot = cast.open_room(
        store, world.carla, [], now + 3 * DAY, now=now - 2 * DAY, ref="slot", presence_from="staff"
    )
    slot.makes_up = ["group"]
    held.seats[0].released_at, held.seats[0].held_until = now - DAY, now + DAY
    entry = one("waitlist_entry", session_id=held.id, seat_id=seat.id, **client)
    return {
        "seat_id": seat.id, "session_id": room.id, "person_id": maya, "homework_id": homework, "resource_id": resource,
        "make_up_id": make_up, "entry_id": entry, "guest_id": one("guest", session_id=room.id, source="zoom", is_host=False),
        "held_id": one("held_place", entry_id=entry, seat_id=held.seats[0].id, held_at=now - DAY, until=now + DAY),
        "hand_in_id": one("hand_in", homework_id=homework, body="Done.", **client),
        "consent_id": one("consent", recipient_id=world.ben.id, category="schedule", signed_at=now - DAY, expires_at=now + 90 * DAY, **client),
        "passkey_id": one("passkey", **hers),
        "device_id": one("address", channel="push", value="https://push.example/1", **hers),
        "login_id": one("login", ended_at=None, made_at=now, seen_at=now, **hers),
        "note_id": one("counseling_note", author_id=world.carla.id, body="Mine.", **client),
        "access_id": one("emergency_access", staff_id=world.colin.id, reason="Over.", began_at=now - DAY, ends_at=now - DAY / 2, **client),
        "task_id": one("task", program_id=harbor, key="tech", kind="tech_help", role="technician", seat_id=seat.id, session_id=room.id, owner_id=None, done_at=None, withdrawn=False, **client),
        "id": 1, "digest": "0", "name": "app.css", "token": "x", "secret": "x", "feed": "harbor",
        "client.notes note_id": partner_note, "client.together person_id": world.ben.id,
        "text_id": one("note_text", note_id=partner_note, by_id=maya, kind="note", body="What helped me", taken_back_at=None),
        "client.group_times seat_id": next(each.id for each in usual.seats if each.client_id == maya),
        "staff.make_ups session_id": slot.id,
        "forms": {
            "client.group_times.once": {"session": str(other.id)},
            "client.group_times.for_good": {"series": str(other.series_id)},
            "drafts.save": {"about": f"homework:{homework}", "edition": "0", "body": "So far."},
            "staff.make_ups.cancel": {"reason": "The room is being painted."},
            "staff.reflections.confirm": {"feedback": "Thank you."},
        },
    }  # fmt: skip


def _group_times(store: Store, world: Any, now: datetime) -> tuple[Session, Session]:
    """One group at two weekly times, and a coming session of each; Maya belongs to the first."""
    made = [
        series.put(
            store, world.harbor, ref, kind="group", title="Skills group", local_start=start, duration=timedelta(hours=1),
            time_zone="America/New_York", rrule="FREQ=WEEKLY", host=world.carla, capacity=8, clients=clients,
            by=world.carla, now=now,
        )[0]
        for ref, start, clients in (
            ("mornings", datetime(2026, 3, 6, 9), [world.maya]), ("noons", datetime(2026, 3, 6, 12), []),
        )
    ]  # fmt: skip
    coming = [select(Session).where(Session.series_id == one.id).order_by(Session.starts_at) for one in made]  # fmt: skip
    first, second = (store.scalars(each.limit(1)).one() for each in coming)
    return first, second


def doors(app: Flask, objects: dict[str, Any]) -> list[Door]:
    """Every page of the URL map, each method apart. The API's doors are another test's."""
    found = []
    with app.app_context():
        for rule in app.url_map.iter_rules():
            if guard_of(rule.endpoint) == CHECKS_ACCESS_ITSELF:
                continue
            resource = rule.endpoint.rpartition(".")[0]
            own = {
                name: objects.get(f"{resource} {name}", objects.get(name))
                for name in rule.arguments
            }
            path = re.sub(r"<(?:[^:<>]+:)?([a-z_]+)>", lambda m, own=own: str(own[m[1]]), rule.rule)  # type: ignore[misc]
            found += [
                Door(rule.endpoint, method, path, objects["forms"].get(rule.endpoint, {}))
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            ]
    return sorted(found, key=lambda door: door.name)


class Actor:
    """Somebody, signed in where that is possible, who knocks without leaving a trace."""

    def __init__(self, app: Flask, database: Any, name: str):
        self._connection = database.readers
        with database.reading() as store:
            person = store.scalar(select(Person).where(Person.ref == name))
        visit = Visit(app, person.id) if person else Visit(app)
        self._token = visit.csrf_token()
        jar = [
            visit.client.get_cookie(app.config[name]) for name in ("LOGIN_COOKIE", "VISIT_COOKIE")
        ]
        self._cookies = "; ".join(f"{each.key}={each.value}" for each in jar if each)
        self._browser = app.test_client(use_cookies=False)

    def knock(self, door: Door) -> str:
        """What comes of asking; whatever it changed is undone."""
        with self.undone():
            return outcome(self.open(door, **({"data": door.form} if door.form else {})))

    def open(
        self, door: Door, *, path: str = "", headers: dict[str, str] | None = None, **given: Any
    ) -> Any:
        """The answer at a door, with the token a page of ours would carry."""
        sent = {"Cookie": self._cookies} | (headers or {})
        if door.method != "GET":
            sent |= {"X-CSRFToken": self._token, "Sec-Fetch-Site": "same-origin"}
        return self._browser.open(path or door.path, method=door.method, headers=sent, **given)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is changed meanwhile is taken back."""
        nested = self._connection.begin_nested()
        try:
            yield
        finally:
            if nested.is_active:
                nested.rollback()


def outcome(answer: Any) -> str:
    """In one word. A refusal inside (a form without its fields, say) is let in: the door is what is asked about."""
    where = urlsplit(answer.location or answer.headers.get("HX-Redirect") or "").path
    if answer.status_code == 404:
        return TURNED_AWAY
    if answer.status_code == 401 or (where == "/sign-in" and answer.status_code in (204, 303)):
        return SENT_TO_SIGN_IN
    return (
        LET_IN
        if answer.status_code < 500 and answer.status_code != 403
        else str(answer.status_code)
    )


def caller(app: Flask, database: Any, program: str, *scopes: str) -> Caller:
    """Somebody with a token of that program and these scopes."""
    with database.reading() as store:
        home = store.scalars(select(Program).where(Program.ref == program)).one()
    return Caller(app, home, *scopes, name=f"{program} {' '.join(scopes)}")


def ask(call: Caller, operation: Any, objects: dict[str, Any], **headers: str) -> Any:
    """The answer to the operation's own example."""
    named = "guest_id" if operation.path.startswith("/guests/") else "task_id"
    return call(operation.method, operation.address(objects[named]), operation.example, **headers)
