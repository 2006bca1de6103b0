"""Template filters of the console: words for values (`{{ value | word("standing") }}`), durations, phone numbers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import phonenumbers
from flask import Blueprint
from flask_babel import gettext

from webapp import clock
from webapp.protocol.ladder.rungs import WHY
from webapp.web.page.filters import lasting, zone
from webapp.web.staff.wording import chart_words, vocabulary
from webapp.web.staff.wording.vocabulary import Word

TABLES: dict[str, Mapping[str, Any]] = {
    name.lower(): table
    for module in (vocabulary, chart_words)
    for name, table in vars(module).items()
    if name.isupper() and isinstance(table, dict)
}
"""The tables of both vocabularies by name in lower case."""


def word(value: Any, of: str) -> Word:
    """The word for `value` in the table `of`. A value without a word is shown as it is."""
    if of == "why":
        sentence = WHY.get(str(value), "")
        return Word(gettext(sentence) if sentence else _plain(value))
    words = TABLES[of].get(value, _plain(value))
    return words if isinstance(words, Word) else Word(words)


def countdown(until: datetime) -> str:
    """1 h 24 min, below a minute 40 s, from two days on in days: the same format as static/js/countdown.js."""
    left = until - clock.now()
    if left > timedelta(hours=48):
        return lasting(left)
    if left < timedelta(minutes=1):
        return gettext("%(seconds)s s", seconds=max(ceil(left.total_seconds()), 0))
    hours, minutes = divmod(ceil(max(left.total_seconds(), 0) / 60), 60)
    if not hours:
        return gettext("%(minutes)s min", minutes=minutes)
    in_hours = gettext("%(hours)s h", hours=hours)
    return f"{in_hours} {gettext('%(minutes)s min', minutes=minutes)}" if minutes else in_hours


def lateness(late: timedelta) -> str:
    """How long after its due time a step was taken: within 2 s · 45 s · 3 minutes."""
    seconds = late.total_seconds()
    if seconds <= 2:
        return gettext("within 2 s")
    return gettext("%(seconds)s s", seconds=round(seconds)) if seconds < 120 else lasting(late)


def wall(instant: datetime) -> str:
    """2026-03-04T18:00 in the reader's zone, as the value of a date-and-time field."""
    return instant.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")


def phone(number: str) -> str:
    """+1 212-555-0107: grouped for reading aloud."""
    try:
        return phonenumbers.format_number(
            phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )
    except phonenumbers.NumberParseException:
        return number


def _plain(value: Any) -> str:
    return str(value or "").replace("_", " ").capitalize()


def init(console: Blueprint) -> None:
    """Add the template filters `word`, `countdown`, `lateness`, `phone` and `wall`."""
    console.add_app_template_filter(word, "word")
    console.add_app_template_filter(countdown, "countdown")
    console.add_app_template_filter(lateness, "lateness")
    console.add_app_template_filter(phone, "phone")
    console.add_app_template_filter(wall, "wall")
