"""Template filters for instants, durations and texts, in the reader's time zone and language (house rule 16)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import structlog
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from flask import Flask, g, request
from flask_babel import Babel
from flask_babel import gettext as _
from markupsafe import Markup

from webapp import clock, languages
from webapp.refusals import Refusal
from webapp.web.page.identity import current_person
from webapp.web.page.line_breaks import LineBreaks

log = structlog.get_logger()


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone() -> ZoneInfo:
    """The reader's time zone; UTC when nobody is signed in."""
    person = current_person()
    return zone_of(person.time_zone if person else "UTC")


def language() -> str:
    """The reader's language: the person's own, before sign-in the browser's. Texts and dates are always in the same one."""
    person = current_person()
    if person is not None:
        return languages.spoken(person.language)
    return request.accept_languages.best_match(languages.offered()) or languages.SOURCE


def minutes_ahead() -> int:
    """How many minutes the reader's clock is ahead of UTC now."""
    local = clock.now().astimezone(zone())
    return (local.replace(tzinfo=UTC) - local) // timedelta(minutes=1)


def time_of(instant: datetime, time_zone: str | None = None) -> str:
    """6:00 PM"""
    return format_time(_local(instant, time_zone), "short", locale=language())


def day_of(instant: datetime, time_zone: str | None = None) -> str:
    """Today, Tomorrow, Yesterday, or Monday, November 23; with its year when that is another one."""
    local = _local(instant, time_zone)
    today = clock.now().astimezone(local.tzinfo).date()
    days = (local.date() - today).days
    near = {0: _("Today"), 1: _("Tomorrow"), -1: _("Yesterday")}.get(days)
    if near:
        return near
    weekday = format_date(local, "EEEE", locale=language())
    parts = "MMMMd" if local.year == today.year else "yMMMd"
    return f"{weekday}, {format_skeleton(parts, local, locale=language())}"


def day_and_time(instant: datetime, time_zone: str | None = None) -> str:
    """Nov 23, 6:00 PM"""
    local = _local(instant, time_zone)
    return format_datetime(
        local, "MMM d, h:mm a" if language() == "en" else "d MMM, H:mm", locale=language()
    )


def ago(instant: datetime) -> str:
    """in 3 hours · 5 minutes ago"""
    return format_timedelta(
        instant - clock.now(), add_direction=True, locale=language(), threshold=1.2
    )


def lasting(span: timedelta) -> str:
    """3 hours"""
    return format_timedelta(span, locale=language(), threshold=1.2)


def iso(instant: datetime) -> str:
    """For <time datetime>: RFC 3339."""
    return instant.isoformat(timespec="seconds")


def time_tag(instant: datetime, how: str = "day_and_time", time_zone: str | None = None) -> Markup:
    """<time datetime="…">…</time>; `how` names one of the functions above."""
    show = {"time": time_of, "day": day_of, "day_and_time": day_and_time}
    words = ago(instant) if how == "ago" else show[how](instant, time_zone)
    return Markup('<time datetime="{}">{}</time>').format(iso(instant), words)


def local_field(instant: datetime) -> str:
    """The value of a browser's date-and-time field, in the reader's zone."""
    return f"{_local(instant, None):%Y-%m-%dT%H:%M}"


def sentence(refusal: Refusal) -> str:
    """A refusal's sentence in the reader's language."""
    return (
        str(_(refusal.sentence, **refusal.values)) if refusal.values else str(_(refusal.sentence))
    )


def shown(caller: Callable[[], str]) -> str:
    """`{% call shown() %}…{% endcall %}` around one row of a list: a row that can't be rendered is replaced by a
    sentence that says so, and the others are shown (R13)."""
    try:
        return caller()
    except Exception as error:
        log.error("row can't be shown", exc_info=error)
        return Markup('<span class="soft">{}</span>').format(_("This can't be shown right now."))


def _local(instant: datetime, time_zone: str | None) -> datetime:
    return instant.astimezone(zone_of(time_zone) if time_zone else zone())


def init_app(app: Flask) -> None:
    Babel(
        app,
        default_locale=languages.SOURCE,
        default_translation_directories="translations",
        locale_selector=language,
        timezone_selector=lambda: str(zone()),
    )
    app.jinja_env.filters.update(
        time=time_of, day=day_of, day_and_time=day_and_time, ago=ago, lasting=lasting, iso=iso,
        time_tag=time_tag, sentence=sentence, local_field=local_field,
    )  # fmt: skip
    app.jinja_env.globals.update(now=clock.now, minutes_ahead=minutes_ahead, shown=shown)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension(LineBreaks)
    app.context_processor(lambda: {"me": current_person(), "place": g.get("place")})
