"""What people do in the demo's three weeks: join, leave, report an absence, call; by the verbs of `care/`.

How a client attended is a word with figures (`story.ATTENDANCE`): `comes` is there throughout · `late M` joins M minutes after
the start · `leaves M` leaves after M minutes · `reports H REASON` reports an absence H hours before · `trouble` loses the
connection after 15 minutes and reports it · `missed` neither joins nor reports anything.
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
from webapp.demo.past_sessions import PastSession, remind
from webapp.demo.replay import Action, DemoTimeline
from webapp.protocol.ladder.rungs import Rung

VIDEO = "video"
"""The platform's name as the source of evidence."""


def attend(timeline: DemoTimeline, world: World, past: PastSession, now: datetime) -> None:
    """Add who was there from when to when, as the video platform reports it, and the absences that clients report."""
    starts, ends = past.starts_at, past.ends_at
    stays = {past.host: (starts - timedelta(minutes=4), ends)}
    for number, name in enumerate(past.clients):
        client, (word, *figures) = getattr(world, name), past.attended(name)
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
                reported_at = starts + timedelta(minutes=18)
                timeline.at(
                    reported_at,
                    reporting_absence(client, past.session.id, "technical"),
                    look_round=False,
                )
            case "reports":
                reported_at = starts - timedelta(hours=int(figures[0]))
                timeline.at(
                    reported_at,
                    reporting_absence(client, past.session.id, figures[1]),
                    look_round=False,
                )
    _check(timeline, past)
    _see(timeline, world, past, stays, now)


def _check(timeline: DemoTimeline, past: PastSession) -> None:
    """Have the worker look at each check after the start at which somebody has not been seen."""
    for rung in (Rung.FIRST_CHECK, Rung.SECOND_CHECK, Rung.OUTREACH):
        instant = min(past.starts_at + getattr(Policy(), rung), past.ends_at)
        if any(past.unseen_at(name, instant) for name in past.clients):
            timeline.at(instant)


def _see(
    timeline: DemoTimeline,
    world: World,
    past: PastSession,
    stays: dict[str, tuple[datetime, datetime]],
    now: datetime,
) -> None:
    """Add the platform's evidence: what happened before the start comes in at the start, what happened after the end at the
    end, the rest at its own instant."""
    starts, ends = past.starts_at, past.ends_at
    moments: dict[datetime, list[Sighting]] = {}
    for name, (joined, left) in stays.items():
        for type_, at in ((EvidenceType.JOINED, joined), (EvidenceType.LEFT, left)):
            known = max(at, starts) if at < ends else ends
            key, person = f"{name}:{type_}", getattr(world, name)
            sighting = Sighting(key, past.session, person, type_, at, VIDEO, connection=name)
            moments.setdefault(known, []).append(sighting)
    for instant, sightings in moments.items():
        late = starts + Policy().outreach < instant < ends
        timeline.at(instant, reporting_presence(sightings), look_round=late)
    if ends < now:
        timeline.at(ends, confirming(past.session.id), look_round=False)


def reporting_presence(sightings: list[Sighting]) -> Action:
    """The platform reports who joined or left."""
    return lambda store, instant: presence.record(store, sightings, by=None, now=instant)


def confirming(session_id: int) -> Action:
    """The platform confirms that its list of a session is complete."""

    def act(store: Store, instant: datetime) -> None:
        session = store.get_one(Session, session_id)
        session.confirm(store, "platform", by=None, now=instant)

    return act


def reporting_absence(client: Person, session_id: int, reason: str) -> Action:
    """The client reports that they can't make it."""

    def act(store: Store, instant: datetime) -> None:
        mine = select(Seat).where(Seat.session_id == session_id, Seat.client_id == client.id)
        seat = store.scalars(mine).one()
        absences.report(store, seat, by=client, now=instant, reason=reason)

    return act


def answer_task(
    timeline: DemoTimeline,
    by: Person,
    client: Person,
    instant: datetime,
    task: str,
    outcome: str,
    note: str,
) -> None:
    """Add a staff member's attempt at a client's open task, acknowledged six minutes earlier. The outcome `plan` writes a
    re-engagement plan and ends the task with it."""

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
        else:
            tasks.attempt(store, found, outcome, by=by, now=now, note=note)

    timeline.at(instant - timedelta(minutes=6), acknowledging(by, client, task), look_round=False)
    timeline.at(instant, act, look_round=outcome == "reached" and task != "relational")


def acknowledging(by: Person, client: Person, task: str) -> Action:
    """`by` acknowledges the client's open tasks of this kind."""

    def act(store: Store, instant: datetime) -> None:
        mine = select(Task).where(Task.client_id == client.id, Task.kind == task, Task.is_open)
        for found in store.scalars(mine):
            found.acknowledge(store, by=by, now=instant)

    return act


def cancel(timeline: DemoTimeline, world: World, past: PastSession) -> None:
    """Add that the program cancels a session, five hours before it starts."""
    called_off = past.starts_at - timedelta(hours=5)

    def act(store: Store, instant: datetime) -> None:
        session = store.get_one(Session, past.session.id)
        session.cancel(store, "The host is ill.", by=world.cody, now=instant)

    remind(timeline, world, past, until=called_off)
    timeline.at(called_off, act)


def move(timeline: DemoTimeline, world: World, past: PastSession) -> None:
    """Add that the program moves a session half an hour later, two days before it starts."""
    was_at, later = past.starts_at, timedelta(minutes=30)
    past.starts_at, past.ends_at = was_at + later, past.ends_at + later

    def act(store: Store, instant: datetime) -> None:
        session = store.get_one(Session, past.session.id)
        session.move(store, past.starts_at, past.ends_at, by=world.cody, now=instant)

    timeline.at(was_at - timedelta(days=2), act)
