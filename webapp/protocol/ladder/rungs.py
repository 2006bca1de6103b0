"""The ladder's rungs as data: who each is for, what stops it, and why one is where it is, in words.

Pure: the standard library and `Standing`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from webapp.care.attendance.standing import Standing
from webapp.refusals import N_


class Rung(StrEnum):
    """A rung of the ladder. The values are stored and published."""

    HEADS_UP = "heads_up"
    SOON = "soon"
    DOORS_OPEN = "doors_open"
    FIRST_CHECK = "first_check"
    SECOND_CHECK = "second_check"
    MARK_ROOM = "mark_room"
    OUTREACH = "outreach"
    ESCALATION = "escalation"
    REENGAGEMENT = "reengagement"
    PATTERN_REVIEW = "pattern_review"
    """Taken by the chore *tend* when a pattern appears (patterns.py); never by time alone."""


@dataclass(frozen=True, slots=True)
class RungRule:
    """One row of the ladder's table: a rung, and the rules for it."""

    rung: Rung
    audience: str
    """`client`, or the role that gets the task."""
    stops: tuple[str, ...]
    """Facts that make it needless; the one to name first comes first."""
    held: bool = False
    """Waits while a tap on *Join*, a room without evidence or a guest without a name leaves open who is there (rule 7)."""
    conditional: bool = False
    """Needs more than its due instant to be taken."""
    blockers: frozenset[str] = field(init=False)
    reminder: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blockers", frozenset(self.stops))
        object.__setattr__(self, "reminder", self.audience == "client")


ALWAYS = ("cancelled", "history", "paused", "discharged", "excused", "made_up")
BEFORE = (*ALWAYS, "joined", "reported")
LADDER = (
    RungRule(Rung.HEADS_UP, "client", BEFORE),
    RungRule(Rung.SOON, "client", BEFORE),
    RungRule(Rung.DOORS_OPEN, "client", BEFORE),
    RungRule(Rung.FIRST_CHECK, "client", (*BEFORE, "contact"), held=True),
    RungRule(Rung.SECOND_CHECK, "client", (*BEFORE, "contact"), held=True),
    RungRule(Rung.MARK_ROOM, "coordinator", BEFORE, conditional=True),
    RungRule(Rung.OUTREACH, "counselor", (*BEFORE, "spoken"), held=True),
    RungRule(
        Rung.ESCALATION, "supervisor", (*BEFORE, "contact_since_start"), held=True, conditional=True
    ),
    RungRule(Rung.REENGAGEMENT, "counselor", (*ALWAYS, "joined", "plan"), conditional=True),
)
STEPPED_OVER = frozenset(
    {Standing.CANCELLED, Standing.UNKNOWN, Standing.EXPECTED, Standing.WAITING}
)
"""Standings that the walk of rule 1 skips: nothing is known or decided there."""
TAKEN = "taken"
"""The result of a step that was done; others say why it was not (`WHY`)."""


class State(StrEnum):
    """Where a rung is."""

    TAKEN = "taken"
    DUE = "due"
    SKIP = "skip"
    """Due, but useless by now; to be written down with why, and not done (rule 5)."""
    HELD = "held"
    STOPPED = "stopped"
    LATER = "later"
    NOT_NEEDED = "not_needed"
    """Its condition has not arisen."""


ENDED_BY_LATE_FACTS = ("outreach", "relational", "escalation")
"""Kinds of task that a fact which comes late may end (late_facts.py)."""
WRITTEN = (State.DUE, State.SKIP)


@dataclass(slots=True)
class RungStatus:
    """The status of one rung for one seat at one instant, and why. `due_at` is aware UTC."""

    rung: Rung
    state: State
    due_at: datetime | None
    why: str = ""
    """A key of `WHY`; empty when there is nothing to explain."""
    until: datetime | None = None
    """For a held rung: when to look again."""


WHY: dict[str, str] = {
    "cancelled": N_("The program cancelled this session."),
    "history": N_("The seat was written down after its session was over."),
    "paused": N_("The client is paused."),
    "discharged": N_("The client has left the program."),
    "excused": N_("Staff excused this seat."),
    "made_up": N_("The session was made up for."),
    "joined": N_("The client joined."),
    "reported": N_("The client told us."),
    "contact": N_("The client has been in touch."),
    "contact_since_start": N_("The client has been in touch since the session began."),
    "spoken": N_("Someone has spoken with the client."),
    "plan": N_("A plan to rejoin is being made."),
    "room_known": N_("Only when nothing tells us who was there."),
    "too_few_misses": N_("Not enough misses in a row without contact."),
    "no_contact_after_miss": N_("There has been no contact after a miss."),
    "expired": N_("It came too late to be of use: the session was over."),
    "superseded": N_("A later reminder says it better."),
    "seat_is_newer": N_("The seat did not exist, or was at another time, when this fell due."),
    "own_lead": N_("As long before as the client asked for."),
    "tapped": N_(
        "Somebody has just tapped Join or waits to be let in; we wait for them to appear."
    ),
    "room_silent": N_("Nothing tells us who is in the room; nobody is chased."),
    "guest_unnamed": N_("Somebody is in the room whom nobody knows yet; nobody is chased."),
    "joined_review": N_("A review is open; this miss was added to it."),
    "taken": N_("Done."),
    "stood_down": N_("It was no longer needed."),
}
"""Why a rung has its status, for people to read; also the results of steps. Every `why` of the ladder is a key here."""
