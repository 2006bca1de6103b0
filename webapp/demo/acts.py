"""What people do in the story: come, leave, report, call; each as an act for the stage, by the verbs of `care/`.

A fate is a word and its figures: `late M` comes M minutes after the start · `leaves M` goes after M minutes · `told H REASON`
reported H hours before · `trouble` falls out of the room after a quarter of an hour and says so · `missed` is not heard of.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.care.attendance import absences, presence
from webapp.care.attendance.presence import EvidenceType, Sighting
from webapp.care.contact import reengagement_plans, tasks
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.directory.policy import Policy
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.demo.cast import World
from webapp.demo.rooms import PastSession, remind
from webapp.demo.stage import Act, Stage
from webapp.protocol.ladder.rungs import Rung

VIDEO = "video"
"""The platform's name as the source of evidence."""


def come_and_go(stage: Stage, world: World, room: PastSession, now: datetime) -> None:
    """Who was there, from when to when, as the video platform saw it; and those who told us."""
    starts, ends = room.starts_at, room.ends_at
    stays = {room.host: (starts - timedelta(minutes=4), ends)}
    for number, name in enumerate(room.clients):
        client, (word, *figures) = getattr(world, name), room.fate(name)
        joined = starts - timedelta(seconds=20 + 15 * number)
        match word:
            case "comes":
                stays[name] = (joined, ends)
            case "late":
                stays[name] = (starts + timedelta(minutes=int(figures[0])), ends)
            case "leaves":
                stays[name] = (joined, starts + timedelta(minutes=int(figures[0])))
            case "trouble":
                stays[name] = (joined, starts + timedelta(minutes=15))
                told = starts + timedelta(minutes=18)
                stage.at(told, telling(client, room.session.id, "technical"), look_round=False)
            case "told":
                told = starts - timedelta(hours=int(figures[0]))
                stage.at(told, telling(client, room.session.id, figures[1]), look_round=False)
    _check(stage, room)
    _see(stage, world, room, stays, now)


def _check(stage: Stage, room: PastSession) -> None:
    """After the start the worker looks round where somebody has not been seen."""
    for rung in (Rung.FIRST_CHECK, Rung.SECOND_CHECK, Rung.OUTREACH):
        instant = min(room.starts_at + getattr(Policy(), rung), room.ends_at)
        if any(room.unseen_at(name, instant) for name in room.clients):
            stage.at(instant)


def _see(
    stage: Stage,
    world: World,
    room: PastSession,
    stays: dict[str, tuple[datetime, datetime]],
    now: datetime,
) -> None:
    """Evidence of stays: what happened at the start and at the end comes in together, the rest as it happens."""
    starts, ends = room.starts_at, room.ends_at
    moments: dict[datetime, list[Sighting]] = {}
    for name, (joined, left) in stays.items():
        for type_, at in ((EvidenceType.JOINED, joined), (EvidenceType.LEFT, left)):
            known = max(at, starts) if at < ends else ends
            key, person = f"{name}:{type_}", getattr(world, name)
            sighting = Sighting(key, room.session, person, type_, at, VIDEO, connection=name)
            moments.setdefault(known, []).append(sighting)
    for instant, sightings in moments.items():
        late = starts + Policy().outreach < instant < ends
        stage.at(instant, seeing(sightings), look_round=late)
    if ends < now:
        stage.at(ends, confirming(room.session.id), look_round=False)


def seeing(sightings: list[Sighting]) -> Act:
    """The platform reports who came or went."""
    return lambda store, instant: presence.record(store, sightings, by=None, now=instant)


def confirming(session_id: int) -> Act:
    """The platform's list is complete."""

    def act(store: Store, instant: datetime) -> None:
        session = store.get_one(Session, session_id)
        session.confirm(store, "platform", by=None, now=instant)

    return act


def telling(client: Person, session_id: int, reason: str) -> Act:
    """The client reports that they can't make it."""

    def act(store: Store, instant: datetime) -> None:
        mine = select(Seat).where(Seat.session_id == session_id, Seat.client_id == client.id)
        seat = store.scalars(mine).one()
        absences.report(store, seat, by=client, now=instant, reason=reason)

    return act


def answer(
    stage: Stage, by: Person, client: Person, instant: datetime, task: str, outcome: str, note: str
) -> None:
    """A staff member does something about a client's open task; `plan` writes the plan and ends the task with it."""

    def act(store: Store, now: datetime) -> None:
        open_one = select(Task).where(Task.client_id == client.id, Task.kind == task, Task.is_open)
        found = store.scalars(open_one.order_by(Task.id.desc())).first()
        if found is None:
            return
        if outcome == "plan":
            reengagement_plans.make(
                store,
                client,
                by=by,
                now=now,
                seat=found.seat,
                note=note,
                steps=["make_up", "check_ins"],
            )
        if found.is_open:
            ended = "reached" if outcome == "plan" else outcome
            tasks.attempt(store, found, ended, by=by, now=now, note=note)

    stage.at(instant - timedelta(minutes=6), acknowledging(by, client, task), look_round=False)
    stage.at(instant, act, look_round=outcome == "reached" and task != "relational")


def acknowledging(by: Person, client: Person, task: str) -> Act:
    """Somebody takes up the open tasks of this kind."""

    def act(store: Store, instant: datetime) -> None:
        mine = select(Task).where(Task.client_id == client.id, Task.kind == task, Task.is_open)
        for found in store.scalars(mine):
            found.acknowledge(store, by=by, now=instant)

    return act


def cancel(stage: Stage, world: World, room: PastSession) -> None:
    """The program calls a session off, five hours before."""
    called_off = room.starts_at - timedelta(hours=5)

    def act(store: Store, instant: datetime) -> None:
        session = store.get_one(Session, room.session.id)
        session.cancel(store, "The host is ill.", by=world.cody, now=instant)

    remind(stage, world, room, until=called_off)
    stage.at(called_off, act)


def move(stage: Stage, world: World, room: PastSession) -> None:
    """The program moves a session half an hour back, two days before."""
    was_at, later = room.starts_at, timedelta(minutes=30)
    room.starts_at, room.ends_at = was_at + later, room.ends_at + later

    def act(store: Store, instant: datetime) -> None:
        session = store.get_one(Session, room.session.id)
        session.move(store, room.starts_at, room.ends_at, by=world.cody, now=instant)

    stage.at(was_at - timedelta(days=2), act)
