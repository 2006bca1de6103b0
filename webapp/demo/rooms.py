"""A session that took place in the story, who did not simply come to it, and the reminders that went before it."""

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
from webapp.demo.stage import Act, Stage
from webapp.protocol.facts import steps
from webapp.protocol.ladder.rungs import TAKEN, Rung


@dataclass
class PastSession:
    """One session that had begun; `clients` and `host` by short name; `fates` of those who did not simply come."""

    session: Session
    series: str
    number: int
    host: str
    clients: list[str]
    fates: dict[str, str] = field(default_factory=dict)
    sequel: Sequence[tuple[float, str, str, str, str, str]] = ()
    """What staff did about it later: see story.py."""
    starts_at: datetime = field(init=False)
    ends_at: datetime = field(init=False)
    """When it took place, which a move may change."""

    def __post_init__(self) -> None:
        self.starts_at, self.ends_at = self.session.starts_at, self.session.ends_at

    def fate(self, name: str) -> list[str]:
        """What became of a client, as words (see acts.py)."""
        return self.fates.get(name, "comes").split()

    def told_at(self, name: str) -> datetime | None:
        """When a client said beforehand that they could not come."""
        word, *figures = self.fate(name)
        return self.starts_at - timedelta(hours=int(figures[0])) if word == "told" else None

    def unseen_at(self, name: str, instant: datetime) -> bool:
        """Whether a client had neither come nor told anything by `instant`."""
        word, *figures = self.fate(name)
        late = timedelta(minutes=int(figures[0])) if word == "late" else timedelta(0)
        return word == "missed" or self.starts_at + late > instant


def remind(stage: Stage, world: World, room: PastSession, until: datetime | None = None) -> None:
    """The three reminders before the start, as the engine writes them down; up to `until`, when it was called off."""
    policy, seats = Policy(), {seat.client_id: seat.id for seat in room.session.seats}
    for rung in (Rung.HEADS_UP, Rung.SOON, Rung.DOORS_OPEN):
        instant = room.starts_at + getattr(policy, rung)
        people = [
            getattr(world, name) for name in room.clients if _still_expected(room, name, instant)
        ]
        if room.session.planned_at <= instant and (until is None or instant < until):
            reminded = [(person, seats[person.id]) for person in people]
            stage.at(instant, reminding(room, rung, reminded), look_round=False)


def _still_expected(room: PastSession, name: str, instant: datetime) -> bool:
    told = room.told_at(name)
    return told is None or told > instant


def reminding(room: PastSession, rung: Rung, people: list[tuple[Person, int]]) -> Act:
    """One reminder to everybody who is expected: step, fact, and the message that went out."""
    occurrence = steps.occurrence_of(room.starts_at)

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
            about["session"] = room.session.id
            events.record(
                store, Tag.STEP_TAKEN, rung=rung.value, occurrence=occurrence, due_at=now,
                result=TAKEN, why=None, **about,
            )  # fmt: skip
            events.record(
                store, Tag.MESSAGE_SENT, person=person.id, kind=rung.value, channel="email", **about
            )

    return act
