"""`{{ value | word("standing") }}`: the word, look and icon for a value, whatever it is."""

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

OF: dict[str, Mapping[str, Any]] = {
    name.lower(): table
    for room in (vocabulary, chart_words)
    for name, table in vars(room).items()
    if name.isupper() and isinstance(table, dict)
}
"""Every table of the two vocabularies by its name in small letters."""


def word(value: Any, of: str) -> Word:
    """The word for `value` out of the table `of`. A value nobody gave a word to is shown as it is written."""
    if of == "why":
        sentence = WHY.get(str(value), "")
        return Word(gettext(sentence) if sentence else _plain(value))
    found = OF[of].get(value, _plain(value))
    return found if isinstance(found, Word) else Word(found)


def countdown(until: datetime) -> str:
    """1 h 24 min, at last 40 s: as static/js/countdown.js goes on writing it; from two days on in days."""
    left = until - clock.now()
    if left > timedelta(hours=48):
        return lasting(left)
    if left < timedelta(minutes=1):
        return gettext("%(seconds)s s", seconds=max(ceil(left.total_seconds()), 0))
    hours, minutes = divmod(ceil(max(left.total_seconds(), 0) / 60), 60)
    if not hours:
        return gettext("%(minutes)s min", minutes=minutes)
    told = gettext("%(hours)s h", hours=hours)
    return f"{told} {gettext('%(minutes)s min', minutes=minutes)}" if minutes else told


def lateness(late: timedelta) -> str:
    """Within 2 s · 45 s · 3 minutes: how long after its instant a step was taken."""
    seconds = late.total_seconds()
    if seconds <= 2:
        return gettext("within 2 s")
    return gettext("%(seconds)s s", seconds=round(seconds)) if seconds < 120 else lasting(late)


def wall(instant: datetime) -> str:
    """2026-03-04T18:00, as a date field wants it, where the reader is."""
    return instant.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")


def phone(number: str) -> str:
    """+1 212-555-0107, so that it can be read aloud."""
    try:
        return phonenumbers.format_number(
            phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )
    except phonenumbers.NumberParseException:
        return number


def _plain(value: Any) -> str:
    return str(value or "").replace("_", " ").capitalize()


def init(console: Blueprint) -> None:
    """Give templates the filters `word`, `countdown`, `lateness`, `phone` and `wall`."""
    console.add_app_template_filter(word, "word")
    console.add_app_template_filter(countdown, "countdown")
    console.add_app_template_filter(lateness, "lateness")
    console.add_app_template_filter(phone, "phone")
    console.add_app_template_filter(wall, "wall")
