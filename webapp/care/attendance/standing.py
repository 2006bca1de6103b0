"""What a seat's facts add up to: the one definition, used by every page, query and rule.

Pure: the standard library, the policy and the merged minutes; no rows. `protocol/facts/facts.py` makes `Facts` from rows, and
the selects there are tested against `standing()`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from webapp.care.attendance.tally import NOTHING, TAP, Evidence, Tally, tally
from webapp.care.directory.policy import Policy

WEAK_PRESENCE_HOLDS = timedelta(minutes=15)
"""How long a tap on *Join* holds the ladder (rule 7)."""
FEED_IS_OLD_AFTER = timedelta(minutes=10)
"""A feed that sends a heartbeat and has been silent for longer cannot say who was there (rule 7)."""


class Standing(StrEnum):
    """The words of docs/protocol.md, *Facts, then standing*."""

    EXPECTED = "expected"
    WAITING = "waiting"
    ATTENDED = "attended"
    PARTIAL = "partial"
    EXCUSED = "excused"
    ABSENT_TOLD = "absent_told"
    MISSED = "missed"
    MADE_UP = "made_up"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


CAN_BE_MADE_UP = frozenset(
    {Standing.MISSED, Standing.PARTIAL, Standing.EXCUSED, Standing.ABSENT_TOLD}
)


@dataclass(frozen=True, slots=True)
class Room:
    """What all seats of one session share. Instants are aware UTC."""

    starts_at: datetime
    ends_at: datetime
    policy: Policy
    cancelled: bool = False
    moved_at: datetime | None = None
    """The last instant at which the start was changed."""
    platform_fed: bool = False
    anyone_seen: bool = True
    """Some evidence, taps aside, that anybody (host included) was there."""
    program_id: int = 0
    feed_heard_at: datetime | None = None
    """Last heartbeat of the feed; None when the feed sends none."""

    doors_open_at: datetime = field(init=False)
    first_check_at: datetime = field(init=False)
    """When the ladder first asks who is there; until then an empty room is only early."""
    second_check_at: datetime = field(init=False)
    outreach_at: datetime = field(init=False)
    """The outreach instant: the policy's offset, or the end if that comes sooner."""

    def __post_init__(self) -> None:
        """The instants of the policy, worked out once for all seats of the room."""
        policy, start = self.policy, self.starts_at
        for name in ("doors_open", "first_check", "second_check"):
            object.__setattr__(self, f"{name}_at", start + getattr(policy, name))
        object.__setattr__(self, "outreach_at", min(start + policy.outreach, self.ends_at))

    def silent(self, now: datetime) -> bool:
        """The room's evidence cannot say anything about those it does not name (rule 7)."""
        if not self.platform_fed:
            return False
        if not self.anyone_seen:
            return True
        heard = self.feed_heard_at
        return heard is not None and min(now, self.ends_at) - heard > FEED_IS_OLD_AFTER


@dataclass(frozen=True, slots=True)
class Life:
    """What all seats of one client share. Contacts are two-way signs of life, the latest of each kind."""

    inactive: str = ""
    """`paused` or `discharged`; empty for an active client."""
    zone: str = "UTC"
    quiet_hours: tuple[time, time] | None = None
    """The person's own; None means the policy's."""
    leads: Mapping[str, timedelta] = field(default_factory=dict)
    """Reminders whose offset from the start (negative) the client chose; the others follow the policy (M4)."""
    contact_at: datetime | None = None
    spoken_at: datetime | None = None
    open_plan: bool = False
    """A task to write a re-engagement plan is open."""
    planned_at: datetime | None = None
    """When the latest re-engagement plan was made."""


@dataclass(frozen=True, slots=True)
class Absence:
    """The report in force (not withdrawn). `notice` is the time between reporting and the start reported for."""

    reported_at: datetime
    notice: timedelta


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier seat of the same client, for the walk of rule 1."""

    starts_at: datetime
    standing: Standing


@dataclass(frozen=True, slots=True)
class Facts:
    """One seat at one instant."""

    room: Room
    life: Life
    given_at: datetime
    """When the client got this seat."""
    evidence: tuple[Evidence, ...] = ()
    absence: Absence | None = None
    excused: bool = False
    """Excused by staff with a reason."""
    excused_before: int = 0
    """Absences of this client told early before this one, cancelled sessions aside (rule 11)."""
    set_aside: bool = False
    """The client was paused or discharged when the session began: staff had excused them."""
    made_up: bool = False
    """A make-up for this seat was completed."""
    earlier: tuple[Earlier, ...] = ()
    """Latest first."""
    open_tasks: tuple[tuple[str, bool], ...] = ()
    """Open tasks about this seat: (kind, whether anybody has touched it)."""

    def tally(self, now: datetime) -> Tally:
        if not self.evidence:
            return NOTHING
        return tally(self.evidence, self.room.starts_at, self.room.ends_at, now)

    def held_until(self) -> datetime | None:
        """Until when taps on *Join* hold the ladder. Taps after the outreach instant hold nothing."""
        taps = [e.at for e in self.evidence if e.source == TAP and e.at < self.room.outreach_at]
        return max(taps) + WEAK_PRESENCE_HOLDS if taps else None

    def missed_at(self) -> datetime:
        """From when on nobody having been seen is a miss."""
        held = self.held_until() if self.evidence else None
        return max(self.room.outreach_at, held) if held else self.room.outreach_at


def standing(facts: Facts, now: datetime) -> Standing:
    """What the seat's facts add up to at `now` (aware UTC)."""
    if facts.room.cancelled:
        return Standing.CANCELLED
    found = _before_making_up(facts, now)
    return Standing.MADE_UP if facts.made_up and found in CAN_BE_MADE_UP else found


def _before_making_up(facts: Facts, now: datetime) -> Standing:
    room = facts.room
    seen = facts.tally(now)
    if seen.seen and now >= room.starts_at:
        share = _share(room, seen, now)
        if share >= room.policy.attended_share:
            return Standing.ATTENDED
        return Standing.EXCUSED if facts.excused else Standing.PARTIAL
    if facts.excused or facts.set_aside:
        return Standing.EXCUSED
    if facts.absence is not None:
        return _told(facts.absence, facts.excused_before, room.policy)
    if now < room.starts_at:
        return Standing.EXPECTED
    if unknown(facts, seen, now):
        return Standing.UNKNOWN
    return Standing.WAITING if now < facts.missed_at() else Standing.MISSED


def _share(room: Room, seen: Tally, now: datetime) -> float:
    """The share of the session somebody was there for; who is there now is taken to stay to the end."""
    there = seen.present_for + (room.ends_at - now if seen.here else timedelta(0))
    return there / (room.ends_at - room.starts_at)


def _told(absence: Absence, excused_before: int, policy: Policy) -> Standing:
    early = absence.notice >= policy.early_notice
    within = excused_before < policy.excused_allowance
    return Standing.EXCUSED if early and within else Standing.ABSENT_TOLD


def unknown(facts: Facts, seen: Tally, now: datetime) -> bool:
    """The blackout of rule 7: the room is silent, and nobody has said a word about this seat."""
    room = facts.room
    return not seen.word and now >= room.first_check_at and room.silent(now)
