"""A program's policy: every timing and threshold of the missed-session protocol, each with its default, bounds and meaning.

Written as JSON with ISO 8601 durations (docs/protocol.md, *Policy*), kept in versions, and held in memory as a frozen `Policy`.
Pure, so that the ladder may read it.
"""

import re
from collections.abc import Callable, Collection
from datetime import time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from webapp.refusals import N_, Invalid
from webapp.times import clock_time, format_duration, parse_duration

LONGEST = timedelta(days=366)
OFFSETS = ("heads_up", "soon", "doors_open", "first_check", "second_check", "outreach")
"""The rungs that hang on the start of a session, in the order in which they come."""
DURATION = (
    r"^-?P([0-9]{1,2}W|[0-9]{1,3}D|([0-9]{1,3}D)?"
    r"T([0-9]{1,4}H([0-9]{1,5}M)?([0-9]{1,7}(\.[0-9]{1,6})?S)?|[0-9]{1,6}M([0-9]{1,7}(\.[0-9]{1,6})?S)?|[0-9]{1,8}(\.[0-9]{1,6})?S))$"
)
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
AMOUNT = r"^[0-9]{1,5}(\.[0-9]{1,2})?$"
"""Money, in ASCII digits: `Decimal` reads other scripts' digits, exponents and infinity too."""


def _refused_with(sentence: str) -> pydantic.WrapValidator:
    """Whatever is wrong with a value, `sentence` says it."""

    def check(value: Any, validate: Callable[[Any], Any]) -> Any:
        try:
            return validate(value)
        except ValueError:
            raise PydanticCustomError("policy", sentence) from None

    return pydantic.WrapValidator(check)


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(DURATION.strip("^$"), value):
        raise ValueError
    return parse_duration(value)


def _quiet_hours(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    begin, end = (clock_time(str(each)) for each in value)
    return None if begin == end else (begin, end)


def _amount(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not re.fullmatch(AMOUNT.strip("^$"), str(value)):
        raise ValueError
    return Decimal(str(value))


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION, "maxLength": 40, "examples": ["PT20M"]}),
    _refused_with(N_("Write an ISO 8601 duration of at most 366 days, like PT20M or P14D.")),
]
Count = Annotated[
    int, Field(ge=0, le=1000), _refused_with(N_("Write a whole number from 0 to 1000."))
]
Times = Annotated[
    int, Field(ge=1, le=1000), _refused_with(N_("Write a whole number from 1 to 1000."))
]
Share = Annotated[
    float,
    Field(gt=0, le=1),
    _refused_with(N_("Write a share above 0 and at most 1, like 0.5.")),
]
Hours = Annotated[
    float,
    Field(gt=0, le=168),
    PlainSerializer(lambda hours: int(hours) if float(hours).is_integer() else hours),
    _refused_with(N_("Write the hours of a week, above 0 and at most 168.")),
]
QuietHours = Annotated[
    tuple[time, time] | None,
    BeforeValidator(_quiet_hours),
    PlainSerializer(lambda hours: hours and [f"{each:%H:%M}" for each in hours]),
    WithJsonSchema({
        "anyOf": [
            {"type": "array", "items": {"type": "string", "pattern": CLOCK}, "minItems": 2, "maxItems": 2},
            {"type": "null"},
        ]
    }),
    _refused_with(N_('Write two times like ["21:00", "08:00"], or null for none.')),
]  # fmt: skip
Amount = Annotated[
    Decimal | None,
    BeforeValidator(_amount),
    PlainSerializer(lambda amount: None if amount is None else str(amount)),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": AMOUNT}, {"type": "null"}]}),
    _refused_with(N_("Write an amount of 0 or more, or null for no fee.")),
]


class _Part(BaseModel):
    """Fields with defaults: frozen, none but these, and in the JSON schema as they are written."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        made = handler(schema)
        written = cls().model_dump(mode="json")
        for name, field in handler.resolve_ref_schema(made)["properties"].items():
            field["default"] = written[name]
        return made


class Patterns(_Part):
    """Thresholds of docs/protocol.md, *Patterns*: how often before somebody takes a look."""

    misses: Times = 3
    misses_within: Duration = timedelta(days=14)
    same_slot: Times = 3
    same_slot_of: Times = 4
    technical: Times = 2
    technical_within: Duration = timedelta(days=14)
    falling_weeks: Times = 3
    short_notice: Times = 3
    together: Times = 2
    under_plan_weeks: Times = 2


class Policy(_Part):
    """The rules one seat is kept under. Offsets count from the session's start, in elapsed time."""

    heads_up: Duration = timedelta(hours=-24)
    soon: Duration = timedelta(hours=-1)
    doors_open: Duration = timedelta(minutes=-10)
    first_check: Duration = timedelta(minutes=5)
    second_check: Duration = timedelta(minutes=20)
    outreach: Duration = timedelta(minutes=60)
    """Offset of the outreach; the session's end if that comes sooner."""
    outreach_due: Duration = timedelta(minutes=60)
    """How long staff have for a task after it appears."""
    escalate_after: Times = 2
    """Misses in a row without contact before a supervisor reviews."""
    early_notice: Duration = timedelta(hours=24)
    """From how long before the start a report counts as early."""
    excused_allowance: Count = 4
    """Absences reported early that count as excused, per program."""
    attended_share: Share = 0.5
    """Present for at least this share of the session is *attended*."""
    make_up_within: Duration = timedelta(days=14)
    """How long after a missed session a make-up may begin."""
    weekly_hours: Hours = 9
    """Hours of care planned for a week."""
    quiet_hours: QuietHours = (time(21), time(8))
    """From and to in the recipient's local time; null for no quiet hours."""
    corrections_within: Duration = timedelta(days=90)
    """How long after a session its attendance may be corrected."""
    missed_fee: Amount = None
    """What a miss costs the client, in the program's currency; null for nothing."""
    patterns: Patterns = Patterns()

    @classmethod
    def from_json(cls, written: Any) -> "Policy":
        """Read a policy as JSON gives it. What is not written has its default. Raises Invalid naming the field."""
        try:
            policy = cls.model_validate(written)
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))[:80] or "policy"
            raise Invalid(SENTENCES.get(first["type"], first["msg"]), field=where) from None
        refuse_disorder(policy, written)
        return policy

    def to_json(self) -> dict[str, Any]:
        """The policy as JSON, in the shape `from_json` reads."""
        return self.model_dump(mode="json")

    def warnings(self) -> list[tuple[str, str]]:
        """(field, sentence) of what is allowed but outside the published protocols."""
        if timedelta(minutes=15) <= self.second_check <= timedelta(minutes=30):
            return []
        sentence = N_("Published protocols send this reminder 15 to 30 minutes after the start.")
        return [("second_check", sentence)]


SENTENCES = {
    "extra_forbidden": N_("A policy has no field of this name."),
    "model_type": N_("Write a JSON object."),
}
"""What people read when it is not a value that is wrong, by pydantic's type of error."""


def refuse_disorder(policy: Policy, written: Collection[str]) -> None:
    """Raise Invalid when the parts contradict each other or make no sense.

    Of two steps in the wrong order the one among `written` is named.
    """
    zero = timedelta(0)
    for name, length in _durations(policy):
        if abs(length) > LONGEST:
            raise Invalid(N_("Write a duration of at most 366 days."), field=name)
    for name in OFFSETS[:3]:
        if getattr(policy, name) > zero:
            raise Invalid(N_("This comes before the start: write it with a minus."), field=name)
    if policy.first_check < zero:
        raise Invalid(
            N_("This step comes after the start, so it has no minus."), field="first_check"
        )
    for earlier, later in pairwise(OFFSETS):
        if getattr(policy, earlier) > getattr(policy, later):
            named = later if later in written else earlier
            raise Invalid(N_("The steps must come in the order of the ladder."), field=named)
    for name, length in _durations(policy):
        if name not in (*OFFSETS[:5], "early_notice") and length <= zero:
            raise Invalid(N_("This must be longer than nothing."), field=name)
    if policy.early_notice < zero:
        raise Invalid(
            N_("Notice is a time before the start; write it without a minus."), field="early_notice"
        )
    if policy.patterns.same_slot > policy.patterns.same_slot_of:
        raise Invalid(
            N_("This cannot be more than the number it is taken of."), field="patterns.same_slot"
        )


def _durations(policy: Policy) -> list[tuple[str, timedelta]]:
    """(field, value) of every duration, those of patterns by their path."""
    named = [*policy, *((f"patterns.{name}", value) for name, value in policy.patterns)]
    return [(name, value) for name, value in named if isinstance(value, timedelta)]
