"""A program's policy: every timing and threshold of the missed-session protocol.

Written as JSON with ISO 8601 durations (docs/protocol.md, *Policy*), kept in versions, and held in
memory as a frozen `Policy`. Pure, so that the ladder may read it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from webapp.durations import format_duration, parse_duration
from webapp.refusals import N_
from webapp.times import clock_time

LONGEST = timedelta(days=366)
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
"""Money, in ASCII digits: `Decimal` reads other scripts' digits, exponents and infinity too."""
OFFSETS = ("heads_up", "soon", "doors_open", "first_check", "second_check", "outreach")
"""The rungs that hang on the start of a session, in the order in which they come."""


class PolicyError(ValueError):
    """A policy that cannot be used: which field, and a sentence for people."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Patterns:
    """Thresholds of docs/protocol.md, *Patterns*: how often before somebody takes a look."""

    misses: int = 3
    misses_within: timedelta = timedelta(days=14)
    same_slot: int = 3
    same_slot_of: int = 4
    technical: int = 2
    technical_within: timedelta = timedelta(days=14)
    falling_weeks: int = 3
    short_notice: int = 3
    together: int = 2
    under_plan_weeks: int = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules one seat is kept under. Offsets count from the session's start, in elapsed time."""

    heads_up: timedelta = timedelta(hours=-24)
    soon: timedelta = timedelta(hours=-1)
    doors_open: timedelta = timedelta(minutes=-10)
    first_check: timedelta = timedelta(minutes=5)
    second_check: timedelta = timedelta(minutes=20)
    outreach: timedelta = timedelta(minutes=60)
    """Offset of the outreach; the session's end if that comes sooner."""
    outreach_due: timedelta = timedelta(minutes=60)
    """How long staff have for a task after it appears."""
    escalate_after: int = 2
    """Misses in a row without contact before a supervisor reviews."""
    early_notice: timedelta = timedelta(hours=24)
    excused_allowance: int = 4
    """Absences told early that count as excused, per program."""
    attended_share: float = 0.5
    """Present for at least this share of the session is `attended`; 0 < share ≤ 1."""
    make_up_within: timedelta = timedelta(days=14)
    weekly_hours: float = 9
    quiet_hours: tuple[time, time] | None = (time(21), time(8))
    """From and to in the recipient's local time; None for no quiet hours."""
    corrections_within: timedelta = timedelta(days=90)
    missed_fee: Decimal | None = None
    """What a miss costs the client, in the program's currency. Default: nothing."""
    patterns: Patterns = field(default_factory=Patterns)

    @classmethod
    def from_json(cls, written: Mapping[str, Any], base: "Policy | None" = None) -> "Policy":
        """Read a policy as JSON gives it. What is not written keeps `base` (default: the defaults).

        Raises PolicyError naming the field.
        """
        policy: Policy = _read(cls, written, base or cls(), "")
        refuse_disorder(policy, written)
        return policy

    def to_json(self) -> dict[str, Any]:
        """The policy as JSON, in the shape `from_json` reads."""
        return _write(self)

    def warnings(self) -> list[tuple[str, str]]:
        """(field, sentence) of what is allowed but outside the published protocols."""
        found = []
        if not timedelta(minutes=15) <= self.second_check <= timedelta(minutes=30):
            found.append(
                (
                    "second_check",
                    N_("Published protocols send this reminder 15 to 30 minutes after the start."),
                )
            )
        return found


def refuse_disorder(policy: Policy, written: Collection[str]) -> None:
    """Raise PolicyError when the parts contradict each other or make no sense.

    Of two steps in the wrong order the one among `written` is named.
    """
    zero = timedelta(0)
    for name in OFFSETS[:3]:
        if getattr(policy, name) > zero:
            raise PolicyError(name, N_("This comes before the start: write it with a minus."))
    if policy.first_check < zero:
        raise PolicyError("first_check", N_("This step comes after the start, so it has no minus."))
    for earlier, later in pairwise(OFFSETS):
        if getattr(policy, earlier) > getattr(policy, later):
            named = later if later in written else earlier
            raise PolicyError(named, N_("The steps must come in the order of the ladder."))
    for name in ("outreach", "outreach_due", "make_up_within", "corrections_within"):
        if getattr(policy, name) <= zero:
            raise PolicyError(name, N_("This must be longer than nothing."))
    if policy.early_notice < zero:
        raise PolicyError(
            "early_notice", N_("Notice is a time before the start; write it without a minus.")
        )
    _refuse_numbers_out_of_range(policy)


def _refuse_numbers_out_of_range(policy: Policy) -> None:
    if not 0 < policy.attended_share <= 1:
        raise PolicyError("attended_share", N_("Write a share above 0 and at most 1, like 0.5."))
    if not 0 < policy.weekly_hours <= 168:
        raise PolicyError("weekly_hours", N_("Write the hours of a week, above 0 and at most 168."))
    if policy.escalate_after < 1:
        raise PolicyError("escalate_after", N_("Write a whole number, 1 or more."))
    if policy.missed_fee is not None and not Decimal(0) <= policy.missed_fee < Decimal(100_000):
        raise PolicyError("missed_fee", N_("Write an amount of 0 or more, or null for no fee."))
    for part in fields(Patterns):
        if getattr(policy.patterns, part.name) <= type(getattr(policy.patterns, part.name))(0):
            raise PolicyError(f"patterns.{part.name}", N_("This must be more than nothing."))
    if policy.patterns.same_slot > policy.patterns.same_slot_of:
        raise PolicyError(
            "patterns.same_slot", N_("This cannot be more than the number it is taken of.")
        )


def _duration(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise TypeError
    length = parse_duration(value)
    if abs(length) > LONGEST:
        raise ValueError
    return length


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        raise ValueError
    return value


def _quiet_hours(value: Any) -> tuple[time, time] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError
    if not all(isinstance(part, str) for part in value):
        raise TypeError
    begin, end = (clock_time(part) for part in value)
    return None if begin == end else (begin, end)


def _amount(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    if not AMOUNT.fullmatch(str(value)):
        raise ValueError
    return Decimal(str(value))


READERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "quiet_hours": (_quiet_hours, N_('Write two times like ["21:00", "08:00"], or null for none.')),
    "missed_fee": (_amount, N_("Write an amount of 0 or more, or null for no fee.")),
}
BY_TYPE: dict[type, tuple[Callable[[Any], Any], str]] = {
    timedelta: (
        _duration,
        N_("Write an ISO 8601 duration of at most 366 days, like PT20M or P14D."),
    ),
    int: (_count, N_("Write a whole number from 0 to 1000.")),
    float: (_number, N_("Write a number.")),
}


def _read(kind: type, written: Any, base: Any, within: str) -> Any:
    """Read one JSON object into the dataclass `kind`; `within` is the path to name in an error."""
    if not isinstance(written, Mapping):
        raise PolicyError(within.rstrip(".") or "policy", N_("Write a JSON object."))
    types = {part.name: part.type for part in fields(kind)}
    values = {name: getattr(base, name) for name in types}
    for name, value in written.items():
        if name not in types:
            raise PolicyError(f"{within}{name}"[:80], N_("A policy has no field of this name."))
        if name == "patterns":
            values[name] = _read(Patterns, value, base.patterns, "patterns.")
            continue
        read, sentence = READERS.get(name) or BY_TYPE[types[name]]  # type: ignore[index]
        try:
            values[name] = read(value)
        except (TypeError, ValueError, OverflowError):
            raise PolicyError(f"{within}{name}", sentence) from None
    return kind(**values)


def _write(part: Any) -> dict[str, Any]:
    """A dataclass of policy as JSON."""
    return {f.name: _written(getattr(part, f.name)) for f in fields(part)}


def _written(value: Any) -> Any:
    match value:
        case timedelta():
            return format_duration(value)
        case Decimal():
            return str(value)
        case (time() as begin, time() as end):
            return [f"{begin:%H:%M}", f"{end:%H:%M}"]
        case Patterns():
            return _write(value)
        case _:
            return value
