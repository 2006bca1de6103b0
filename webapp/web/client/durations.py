"""Template filters for durations and dates on client pages."""

from datetime import date as calendar_date
from datetime import datetime, timedelta

from babel.dates import format_date, format_interval, format_skeleton
from flask_babel import ngettext

from webapp import clock
from webapp.web.page.filters import language, lasting, zone

COUNTED = timedelta(hours=48)
"""Nearer than this a countdown shows hours and minutes; static/js/countdown.js spells them the same way."""


def minutes(span: timedelta) -> str:
    """1 h 30 min; the same letters in every language we speak."""
    whole = -int(-span.total_seconds() // 60)
    hours, rest = divmod(whole, 60)
    return " ".join(
        [*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])]
    )


def in_whole_units(span: timedelta) -> str:
    """1 hour, 90 minutes, 2 days: a duration in the largest unit that is exact."""
    seconds = int(span.total_seconds())
    if seconds % 86400 == 0 and seconds > 86400:
        return ngettext("%(num)d day", "%(num)d days", seconds // 86400)
    if seconds % 3600 == 0:
        return ngettext("%(num)d hour", "%(num)d hours", seconds // 3600)
    if seconds % 60 == 0:
        return ngettext("%(num)d minute", "%(num)d minutes", seconds // 60)
    return ngettext("%(num)d second", "%(num)d seconds", seconds)


def until(instant: datetime) -> str:
    """How long until `instant`: "1 h 24 min", from two days on "3 days"."""
    left = instant - clock.now()
    return minutes(left) if left < COUNTED else lasting(timedelta(days=left.days))


def date(instant: datetime) -> str:
    """Sunday, November 22, in the reader's time zone."""
    pattern = "EEEE, MMMM d" if language() == "en" else "EEEE, d 'de' MMMM"
    return format_date(instant.astimezone(zone()), pattern, locale=language())


def on_date(day: calendar_date) -> str:
    """November 23."""
    return format_skeleton("MMMMd", day, locale=language())


def between(start: datetime, end: datetime) -> str:
    """9:36 – 11:06 AM, in the reader's time zone."""
    return format_interval(start, end, "hm", tzinfo=zone(), locale=language())


def played(seconds: float) -> str:
    """12:40 or 1:02:40: a position in a recording."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


FILTERS = {
    "between": between,
    "minutes": minutes,
    "until": until,
    "date": date,
    "on_date": on_date,
    "played": played,
}
