"""Finds patterns in a client's past seats and proposes what could be tried (docs/protocol.md, *Patterns*).

Pure: the standard library, policy and standings. Times of day are the session's own wall time, weeks begin on its Monday.
A pattern carries its evidence and proposals; it decides nothing. Staff accept, adapt or dismiss it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from webapp.care.attendance.standing import Standing
from webapp.care.directory.policy import Policy

ABSENT = frozenset({Standing.MISSED, Standing.ABSENT_TOLD, Standing.EXCUSED, Standing.MADE_UP})
TECHNICAL = "technical"


@dataclass(frozen=True, slots=True)
class PastSeat:
    """One seat that is over. `starts_at` is local to the session; `present` is the time there, or made up."""

    seat_id: int
    starts_at: datetime
    standing: Standing
    present: timedelta
    reason: str = ""
    notice: timedelta | None = None
    partner_missed: bool = False

    @property
    def week(self) -> date:
        return self.starts_at.date() - timedelta(days=self.starts_at.weekday())


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern that was found. `name` and `proposals` are keys, put into words by the page; `seats` are the ids of the evidence."""

    name: str
    seats: tuple[int, ...]
    proposals: tuple[str, ...]


PROPOSALS = {
    "misses": ("one_to_one", "motivational_interviewing", "commitment_review"),
    "same_slot": ("other_times",),
    "technical": ("technical_check",),
    "falling_minutes": ("motivational_interviewing", "level_of_care_review"),
    "short_notice": ("other_times", "commitment_review"),
    "together": ("family_support",),
    "under_plan": ("other_times", "level_of_care_review"),
}


def find(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[Pattern]:
    """The patterns in a client's past seats (oldest first). `now` is local to the program."""
    found = []
    for name, detect in DETECTORS.items():
        if evidence := detect(past, policy, now):
            found.append(Pattern(name, tuple(p.seat_id for p in evidence), PROPOSALS[name]))
    return found


def misses(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[PastSeat]:
    """The seats missed within the policy's time, if they are enough; else none."""
    since = now - policy.patterns.misses_within
    missed = [p for p in past if p.standing is Standing.MISSED and p.starts_at >= since]
    return missed if len(missed) >= policy.patterns.misses else []


def same_slot(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[PastSeat]:
    """Absences on one weekday or at one hour; none where all of the client's sessions are then."""
    absent = [p for p in past if p.standing in ABSENT][-policy.patterns.same_slot_of :]
    slots: tuple[Callable[[PastSeat], int], ...] = (
        lambda p: p.starts_at.weekday(),
        lambda p: p.starts_at.hour,
    )
    for slot in slots:
        (value, count), *_ = Counter(map(slot, absent)).most_common(1) or [(0, 0)]
        if count >= policy.patterns.same_slot and {slot(p) for p in past} != {value}:
            return [p for p in absent if slot(p) == value]
    return []


def technical(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[PastSeat]:
    """Absences put down to technology within the policy's time, if they are enough."""
    since = now - policy.patterns.technical_within
    found = [p for p in past if p.reason == TECHNICAL and p.starts_at >= since]
    return found if len(found) >= policy.patterns.technical else []


def falling_minutes(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[PastSeat]:
    """Each of the last whole weeks with sessions brought fewer minutes than the one before it."""
    weeks = _whole_weeks(past, now)
    last = sorted(weeks)[-(policy.patterns.falling_weeks + 1) :]
    if len(last) <= policy.patterns.falling_weeks:
        return []
    minutes = [sum((p.present for p in weeks[week]), timedelta(0)) for week in last]
    fell = all(later < earlier for earlier, later in pairwise(minutes))
    return [p for week in last for p in weeks[week]] if fell else []


def short_notice(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[PastSeat]:
    """Absences told later than early notice, if they are enough; technical ones, which nobody foresees, are counted apart
    (M15)."""
    told = [p for p in past if p.reason != TECHNICAL]
    short = [p for p in told if p.notice is not None and p.notice < policy.early_notice]
    return short if len(short) >= policy.patterns.short_notice else []


def together(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[PastSeat]:
    """Seats that both partners missed in one session, if they are enough."""
    both = [p for p in past if p.partner_missed and p.standing is Standing.MISSED]
    return both if len(both) >= policy.patterns.together else []


def under_plan(past: Sequence[PastSeat], policy: Policy, now: datetime) -> list[PastSeat]:
    """The last whole weeks, if each brought fewer hours than planned; hours made up count."""
    weeks = _whole_weeks(past, now)
    last = sorted(weeks)[-policy.patterns.under_plan_weeks :]
    if len(last) < policy.patterns.under_plan_weeks:
        return []
    plan = timedelta(hours=policy.weekly_hours)
    under = all(sum((p.present for p in weeks[w]), timedelta(0)) < plan for w in last)
    return [p for week in last for p in weeks[week]] if under else []


def _whole_weeks(past: Sequence[PastSeat], now: datetime) -> dict[date, list[PastSeat]]:
    """Weeks that are over, with their seats."""
    this_week = now.date() - timedelta(days=now.weekday())
    weeks: dict[date, list[PastSeat]] = defaultdict(list)
    for seat in past:
        if seat.week < this_week and seat.standing is not Standing.CANCELLED:
            weeks[seat.week].append(seat)
    return weeks


DETECTORS: dict[str, Callable[[Sequence[PastSeat], Policy, datetime], list[PastSeat]]] = {
    "misses": misses,
    "same_slot": same_slot,
    "technical": technical,
    "falling_minutes": falling_minutes,
    "short_notice": short_notice,
    "together": together,
    "under_plan": under_plan,
}
