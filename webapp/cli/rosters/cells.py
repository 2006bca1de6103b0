"""Cells of a roster that are more than words: addresses, times, numbers. Each reader raises Invalid naming its column."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from webapp.care.schedule.kinds import SessionKind
from webapp.refusals import N_, Invalid
from webapp.spellings import in_reach, whole_number
from webapp.times import parse_duration


def email(text: str) -> str:
    """An e-mail address, normalised, in small letters."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid(N_("This is not an e-mail address."), field="email") from error


def phone(text: str) -> str:
    """E.164. A number without a country is taken for one of the United States."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException as error:
        raise Invalid(N_("This is not a telephone number."), field="phone") from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid(N_("This is not a telephone number."), field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def local_start(text: str) -> datetime:
    """A wall time without an offset."""
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        written = None
    if written is None or written.tzinfo is not None or not in_reach(written):
        raise Invalid(N_("Write a day and time like 2026-11-23T18:00."), field="local_start")
    return written


def duration(text: str) -> timedelta:
    """ISO 8601, like PT3H."""
    try:
        return parse_duration(text.upper())
    except ValueError as error:
        raise Invalid(N_("Write a length like PT3H or PT90M."), field="duration") from error


def capacity(text: str) -> int:
    """How many places, 1 to 1000."""
    places = whole_number(text, most=1000)
    if not places:
        raise Invalid(N_("Between 1 and 1000 places."), field="capacity")
    return places


def session_kind(text: str) -> str:
    """One of `SessionKind`."""
    if text not in list(SessionKind):
        raise Invalid(N_("Write one of: %(known)s."), field="kind", known=", ".join(SessionKind))
    return text


PATTERN: dict[str, Callable[[str], Any]] = {
    "kind": session_kind,
    "local_start": local_start,
    "duration": duration,
    "capacity": capacity,
}
"""The columns of a series that are more than words, and their readers."""
