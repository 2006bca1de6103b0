"""Base models and field types of requests and responses: bounded, strict, and the same in the document as in the code.

JSON Schema describes what a value looks like; validators add what a pattern cannot. A value refused here gets 422 and a pointer
before any other code sees it (R12).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from webapp.care.directory.policy import DURATION
from webapp.care.directory.programs import known_zone, zone_names
from webapp.care.schedule import dial_ins
from webapp.refusals import Invalid
from webapp.times import wall_time

MOST_IN_A_BATCH = 1000
LARGEST_ID = 2**63 - 1
DATE = (
    r"(20[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    r"|20([02468][048]|[13579][26])-02-29)"
)
"""A day of this century that exists in the calendar."""
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT = rf"^{DATE}[Tt]{CLOCK}:[0-5][0-9](\.[0-9]{{1,9}})?([Zz]|[+-]{CLOCK})$"
WALL_TIME = rf"^{DATE}T{CLOCK}(:[0-5][0-9])?$"
NOT_BLANK = r"^[^\u0000]*[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff][^\u0000]*$"
"""Not blank, by any regular expression engine's idea of white space."""
REF = r"^[A-Za-z0-9_][A-Za-z0-9_.:@+~-]{0,119}$"


class RequestBody(BaseModel):
    """A request body. An unknown field is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """Query parameters. `problems` tells by the title that an error is in the query."""

    model_config = ConfigDict(extra="forbid", title="query")


class Path(BaseModel):
    """Path parameters."""

    model_config = ConfigDict(extra="forbid", title="path")


class ResponseBody(BaseModel):
    """A response body, or a part of one."""

    model_config = ConfigDict(extra="forbid")


def _instant(value: Any) -> datetime:
    """An aware instant (UTC) from RFC 3339. Refused without an offset: it would be another moment for each reader."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, str) or not _matches(INSTANT, value):
        raise ValueError("Write an instant with its offset, like 2026-03-04T18:00:00-05:00.")
    return datetime.fromisoformat(_six_digits(value.upper())).astimezone(UTC)


def _six_digits(text: str) -> str:
    """RFC 3339 allows nanoseconds, a datetime holds microseconds."""
    return re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text) if "." in text else text


def _wall_time(value: Any) -> datetime:
    if not isinstance(value, str) or not _matches(WALL_TIME, value):
        raise ValueError("Write a local time without an offset, like 2026-03-04T18:00.")
    return wall_time(value)


def _matches(pattern: str, value: str) -> bool:
    """Match as JSON Schema does: `$` is the very end."""
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value) is not None


def whole(value: Any) -> Any:
    """JSON has one kind of number: 10.0 is a whole number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _zone(value: str) -> str:
    try:
        return known_zone(value)
    except Invalid as refusal:
        raise ValueError(str(refusal)) from refusal


def _printable(value: str) -> str:
    """Refuse a NUL, which PostgreSQL cannot store, and half a surrogate pair, which cannot be encoded."""
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("This holds a character that can't be stored.")
    return value


@dataclass(frozen=True, slots=True)
class Text:
    """Annotates a `str`: `least` to `most` characters; by default it must not be blank."""

    most: int
    least: int = 1
    pattern: str = NOT_BLANK

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        plain = core_schema.str_schema(
            min_length=self.least, max_length=self.most, pattern=self.pattern, strict=True
        )
        return core_schema.no_info_after_validator_function(_printable, plain)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Annotates a `str`: one of the values of an enum."""

    words: Iterable[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.literal_schema([str(word) for word in self.words])


Ref = Annotated[
    str,
    Field(pattern=REF, max_length=120, description="The caller's own reference", examples=["c-17"]),
]
Whole = Annotated[int, BeforeValidator(whole)]
# Bounds come before the validator: after it they would be checked but left out of the document.
Minutes = Annotated[int, Field(ge=1, le=24 * 60), BeforeValidator(whole)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Name = Annotated[str, Text(200)]
Note = Annotated[str, Text(2000)]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "pattern": INSTANT,
            "maxLength": 40,
            "examples": ["2026-03-04T18:00:00-05:00"],
        }  # fmt: skip
    ),
]
WallTime = Annotated[
    datetime,
    BeforeValidator(_wall_time),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": WALL_TIME,
            "maxLength": 19,
            "examples": ["2026-03-02T18:00"],
        }  # fmt: skip
    ),
]
Duration = Annotated[str, Field(pattern=DURATION, max_length=40, examples=["PT20M"])]
Zone = Annotated[
    str,
    AfterValidator(_zone),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 64,
            "enum": sorted(zone_names()),
            "examples": ["America/New_York"],
        }  # fmt: skip
    ),
]
Link = Annotated[
    str,
    Field(pattern=f"^{dial_ins.JOIN_URL}$", max_length=dial_ins.LONGEST_JOIN_URL,
          examples=["https://zoom.us/j/91234567890"]),
]  # fmt: skip
Email = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}$",
          max_length=254, examples=["maya@example.org"]),
]  # fmt: skip
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", examples=["+12125550123"])]
DialIn = Annotated[
    str,
    Field(pattern=rf"^{dial_ins.WRITTEN.pattern}$", max_length=80, examples=["+12125550100,,93412#"],
          description="The room by telephone: the number, then a comma for each pause and the code"),
]  # fmt: skip
