"""Who read what of a client: every reading of clinical content leaves one event, shown to its owner (P7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.db import Store


class What(StrEnum):
    """What was read; nothing of its words."""

    CHART = "chart"
    """The record itself. So is called, too, what staff see of a client's sharing: that nobody learns from the list when
    somebody looked at it, which may be to pause it (P3)."""
    MESSAGES = "messages"
    """What the client and their care team wrote to each other."""
    ROOM = "room"
    """What was asked for or said about a client's place in a session: a need, the reason of a correction."""
    CALLS = "calls"
    """What staff noted when they tried to reach a client."""
    SUMMARY = "summary"
    """A client's own part of a session's summary."""
    HAND_IN = "hand_in"
    """What a client handed in, with the feedback to it."""
    CATCH_UP = "catch_up"
    """How far a client has come with what they were not there for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a screen shows of whom: `clients` are those whose words, or words about whom, stand on it (None: written for a whole
    room). Clinical is what lies sealed (S15) and what it is gathered into; a name, a time or a count is not."""

    what: What
    clients: Iterable[int | None]
    session_id: int | None = None


def note_down(
    store: Store,
    what: What,
    clients: Iterable[Person | int | None],
    *,
    by: Person | int | None,
    now: datetime,
    program_id: int,
    session_id: int | None = None,
) -> None:
    """`by` has read it: one event a reading and owner (None: written for a whole room). The caller commits before anything is
    shown."""
    for client in clients:
        events.record(
            store, Tag.CHART_READ, by=by, now=now, program_id=program_id, client=client,
            session=session_id, what=what.value,
        )  # fmt: skip
