"""The standing of a seat (attended, missed, excused …), computed from its facts; the only definition.

Pure: the standard library, the policy and the tally; no rows. `protocol/facts/facts.py` makes `Facts` from rows, and the
selects there are tested against `standing()`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from webapp.care.attendance.tally import NOTHING, TAP, Evidence, Tally, tally
from webapp.care.directory.policy import Policy

WEAK_PRESENCE_HOLDS = timedelta(minutes=15)
"""How long a tap on *Join* delays the ladder (rule 7)."""
FEED_IS_SILENT_AFTER = timedelta(minutes=10)
"""A feed with heartbeats that has sent none for longer can't say who was there (rule 7)."""


class Standing(StrEnum):
    """The standings of docs/protocol.md, *Facts, then standing*."""

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
class SessionFacts:
    """The facts that all seats of one session share. Instants are aware UTC."""

    starts_at: datetime
    ends_at: datetime
    policy: Policy
    cancelled: bool = False
    moved_at: datetime | None = None
    """The last instant at which the start was changed."""
    platform_fed: bool = False
    """The platform tells who is there; else staff mark it by hand."""
    anyone_seen: bool = True
    """There is evidence, taps aside, that anybody (host included) was there."""
    program_id: int = 0
    feed_heard_at: datetime | None = None
    """Last heartbeat of the feed; None when the feed sends none."""
    looked_at: datetime | None = None
    """When somebody last marked a seat or said that nobody else was there; None while nobody has."""

    guests: tuple[datetime, ...] = ()
    """When each guest whom nobody has named was first there; those of before somebody said that nobody else was there left out."""
    knocks: tuple[datetime, ...] = ()
    """When guests whom nobody has named were in the waiting room."""

    doors_open_at: datetime = field(init=False)
    first_check_at: datetime = field(init=False)
    """When the ladder first asks who is there; before that, missing evidence means nothing."""
    second_check_at: datetime = field(init=False)
    outreach_at: datetime = field(init=False)
    """The outreach instant: the policy's offset, or the end if that comes sooner."""

    def __post_init__(self) -> None:
        """Compute the policy's instants once for all seats of the session."""
        policy, start = self.policy, self.starts_at
        for name in ("doors_open", "first_check", "second_check"):
            object.__setattr__(self, f"{name}_at", start + getattr(policy, name))
        object.__setattr__(self, "outreach_at", min(start + policy.outreach, self.ends_at))

    def silent(self, now: datetime) -> bool:
        """Whether the evidence says nothing about people it does not name (rule 7): nobody of staff has looked, and the platform shows
        nobody or is not asked; or the platform's feed has stopped, and nobody has looked since."""
        looked, heard = self.looked_at, self.feed_heard_at
        if looked is None and not (self.platform_fed and self.anyone_seen):
            return True
        if not self.platform_fed or heard is None or (looked is not None and looked > heard):
            return False
        return min(now, self.ends_at) - heard > FEED_IS_SILENT_AFTER

    def has_guest(self, now: datetime) -> bool:
        """Whether somebody was there whom nobody has named: it may be anyone who is waited for (rule 7)."""
        return any(at <= now for at in self.guests)


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """The facts that all seats of one client share. `contact_at` and `spoken_at`: the latest two-way contact, and the latest
    conversation."""

    inactive: str = ""
    """`paused` or `discharged`; empty for an active client."""
    zone: str = "UTC"
    quiet_hours: tuple[time, time] | tuple[()] | None = None
    """The person's own, empty for none at all; None means the policy's."""
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
    """The absence report in force. `notice` is the time from the report to the session's start."""

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

    room: SessionFacts
    life: ClientFacts
    given_at: datetime
    """When the client got this seat."""
    evidence: tuple[Evidence, ...] = ()
    absence: Absence | None = None
    excused: bool = False
    """Excused by staff with a reason."""
    excused_before: int = 0
    """Earlier absences of this client that were reported early, cancelled sessions aside (rule 11)."""
    set_aside: bool = False
    """The client was paused or discharged when the session began, which counts as excused."""
    made_up: bool = False
    """A make-up for this seat was completed."""
    earlier: tuple[Earlier, ...] = ()
    """Latest first."""
    open_tasks: tuple[tuple[str, bool], ...] = ()
    """Open tasks about this seat: (kind, whether anybody has acknowledged it)."""

    def tally(self, now: datetime) -> Tally:
        if not self.evidence:
            return NOTHING
        return tally(self.evidence, self.room.starts_at, self.room.ends_at, now)

    def held_until(self) -> datetime | None:
        """Until when weak presence (taps on *Join*, the waiting room) delays the ladder; None without any. That after the outreach
        instant doesn't."""
        weak = [e.at for e in self.evidence if e.source == TAP]
        weak = [at for at in (*weak, *self.room.knocks) if at < self.room.outreach_at]
        return max(weak) + WEAK_PRESENCE_HOLDS if weak else None

    def missed_at(self) -> datetime:
        """The instant from which an unseen client has missed the session."""
        held = self.held_until() if self.evidence or self.room.knocks else None
        return max(self.room.outreach_at, held) if held else self.room.outreach_at


def standing(facts: Facts, now: datetime) -> Standing:
    """The standing of a seat at `now` (aware UTC)."""
    plain = without_make_up(facts, now)
    return Standing.MADE_UP if facts.made_up and plain in CAN_BE_MADE_UP else plain


def without_make_up(facts: Facts, now: datetime) -> Standing:
    """What the standing of a seat would be if nothing had made up for it."""
    room = facts.room
    if room.cancelled:
        return Standing.CANCELLED
    seen = facts.tally(now)
    if seen.seen and now >= room.starts_at:
        share = _share(room, seen, now)
        if share >= room.policy.attended_share:
            return Standing.ATTENDED
        return Standing.EXCUSED if facts.excused else Standing.PARTIAL
    if facts.excused or facts.set_aside:
        return Standing.EXCUSED
    if facts.absence is not None:
        return _of_report(facts.absence, facts.excused_before, room.policy)
    if now < room.starts_at:
        return Standing.EXPECTED
    if unknown(facts, seen, now):
        return Standing.UNKNOWN
    return Standing.WAITING if now < facts.missed_at() else Standing.MISSED


def _share(room: SessionFacts, seen: Tally, now: datetime) -> float:
    """The share of the session that somebody was there for; who is there now is assumed to stay to the end."""
    there = seen.present_for + (room.ends_at - now if seen.here else timedelta(0))
    return there / (room.ends_at - room.starts_at)


def _of_report(absence: Absence, excused_before: int, policy: Policy) -> Standing:
    early = absence.notice >= policy.early_notice
    within = excused_before < policy.excused_allowance
    return Standing.EXCUSED if early and within else Standing.ABSENT_TOLD


def unknown(facts: Facts, seen: Tally, now: datetime) -> bool:
    """Whether nobody can tell (rule 7): the room is silent or has a guest whom nobody has named, and staff have not marked this
    seat."""
    room = facts.room
    if seen.word or now < room.first_check_at:
        return False
    return room.silent(now) or room.has_guest(now)
