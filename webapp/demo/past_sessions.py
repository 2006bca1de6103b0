"""A session in the demo's past: how each client attended, and the reminders before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.directory.policy import Policy
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.demo.cast import World
from webapp.demo.replay import Action, Timeline
from webapp.protocol.facts import steps
from webapp.protocol.ladder.rungs import TAKEN, Rung


@dataclass
class PastSession:
    """One session. `clients` and `host` are short names; `attendance` (short name → words) for whoever was not simply there."""

    session: Session
    series: str
    number: int
    host: str
    clients: list[str]
    attendance: dict[str, str] = field(default_factory=dict)
    follow_up: Sequence[tuple[float, str, str, str, str, str]] = ()
    """What staff did about it later: see `story.FOLLOW_UPS`."""
    starts_at: datetime = field(init=False)
    ends_at: datetime = field(init=False)
    """When it takes place; moving it changes these."""

    def __post_init__(self) -> None:
        self.starts_at, self.ends_at = self.session.starts_at, self.session.ends_at

    def attended(self, name: str) -> list[str]:
        """How a client attended, as words (see actions.py)."""
        return self.attendance.get(name, "comes").split()

    def reported_at(self, name: str) -> datetime | None:
        """When a client reported beforehand that they could not come; None if they did not."""
        word, *figures = self.attended(name)
        return self.starts_at - timedelta(hours=int(figures[0])) if word == "reports" else None

    def unseen_at(self, name: str, instant: datetime) -> bool:
        """Whether the client had neither joined nor reported anything by `instant`."""
        word, *figures = self.attended(name)
        late = timedelta(minutes=int(figures[0])) if word == "late" else timedelta(0)
        return word == "missed" or self.starts_at + late > instant


def remind(
    timeline: Timeline, world: World, past: PastSession, until: datetime | None = None
) -> None:
    """Add the three reminders before the start, as the engine records them; `until`: none from then on (it was cancelled)."""
    policy, seats = Policy(), {seat.client_id: seat.id for seat in past.session.seats}
    for rung in (Rung.HEADS_UP, Rung.SOON, Rung.DOORS_OPEN):
        instant = past.starts_at + getattr(policy, rung)
        people = [
            getattr(world, name) for name in past.clients if _still_expected(past, name, instant)
        ]
        if past.session.planned_at <= instant and (until is None or instant < until):
            reminded = [(person, seats[person.id]) for person in people]
            timeline.at(instant, reminding(past, rung, reminded), look_round=False)


def _still_expected(past: PastSession, name: str, instant: datetime) -> bool:
    reported_at = past.reported_at(name)
    return reported_at is None or reported_at > instant


def reminding(past: PastSession, rung: Rung, people: list[tuple[Person, int]]) -> Action:
    """One reminder to everybody who is expected: the step, its event, and the event of the message sent."""
    occurrence = steps.occurrence_of(past.starts_at)

    def act(store: Store, now: datetime) -> None:
        rows = [(seat, rung.value, occurrence, now, now, TAKEN, None) for _, seat in people]
        steps.write(store, rows)
        for person, seat in people:
            about: dict[str, Any] = {
                "by": None,
                "now": now,
                "program_id": person.program_id,
                "client": person,
                "seat": seat,
            }
            about["session"] = past.session.id
            events.record(
                store, Tag.STEP_TAKEN, rung=rung.value, occurrence=occurrence, due_at=now,
                result=TAKEN, why=None, **about,
            )  # fmt: skip
            events.record(
                store, Tag.MESSAGE_SENT, person=person.id, kind=rung.value, channel="email", **about
            )

    return act
