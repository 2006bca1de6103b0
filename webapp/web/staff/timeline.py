"""The chart as a timeline for staff: entries by day, newest first, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask_babel import gettext

from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.db import Store
from webapp.protocol.ladder.rungs import TAKEN, Rung
from webapp.web import chart
from webapp.web.chart import Chart, ChartEntry
from webapp.web.page.filters import day_and_time, zone
from webapp.web.staff.wording.vocabulary import Word
from webapp.web.staff.wording.words import word

SHORT = 60
"""Entries shown at first; the whole chart is one click away."""
RUNGS = frozenset(Rung)
MISSES = frozenset({
    Tag.ABSENCE_REPORTED, Tag.ABSENCE_WITHDRAWN, Tag.ABSENCE_EXCUSED, Tag.PRESENCE_CORRECTED,
    Tag.SESSION_CANCELLED, Tag.SESSION_CONFIRMED, Tag.SESSION_UNKNOWN, Tag.TASK_JOINED,
    Tag.MAKE_UP_BOOKED, Tag.MAKE_UP_COMPLETED, Rung.OUTREACH, Rung.ESCALATION,
})  # fmt: skip
CONTACT = frozenset({
    Tag.CONTACT_MADE, Tag.MESSAGE_SENT, Tag.TASK_ATTEMPTED, Tag.TASK_DONE, Tag.COMING_CONFIRMED,
    Tag.TROUBLE_REPORTED, Tag.JOIN_TAPPED, Tag.PLAN_MADE, Tag.ABSENCE_REPORTED, chart.UNSENT,
})  # fmt: skip
PARTS: dict[str, frozenset[str]] = {"misses": MISSES, "contact": CONTACT, "steps": RUNGS}
VIEWS = ("all", *PARTS)
KINDS = {
    "task:": "task", "resource:": "resource", "client:accommodation:": "need", "seat:make_up:": "way",
}  # fmt: skip
"""Which vocabulary table a `kind` belongs to, by the start of the event's tag; else `notice`."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry as the page shows it."""

    at: datetime
    shown: Word
    where: str
    """The session it is about, with its time."""
    detail: list[str]
    said: list[str]
    """Quotes: what people wrote."""
    by: str


@dataclass(frozen=True, slots=True)
class ChartTimeline:
    days: list[tuple[datetime, list[TimelineEntry]]]
    more: int
    """How many older entries are not shown."""


def view(asked: str) -> str:
    """The part of the chart to show; an unknown one is the first."""
    return asked if asked in VIEWS else VIEWS[0]


def of(store: Store, client: Person, asked: str, *, whole: bool = False) -> ChartTimeline:
    """The client's chart, or one part of it; the latest entries only unless `whole`."""
    whole_chart = chart.of(store, client)
    wanted = PARTS.get(view(asked))
    entries = [e for e in reversed(whole_chart.entries) if wanted is None or e.what in wanted]
    shown = entries if whole else entries[:SHORT]
    shown_entries = [_timeline_entry(entry, whole_chart) for entry in shown]
    days = [(each[0].at, each) for each in _by_day(shown_entries)]
    return ChartTimeline(days, len(entries) - len(shown))


def _by_day(entries: list[TimelineEntry]) -> Iterator[list[TimelineEntry]]:
    for _, each in groupby(entries, _day):
        yield list(each)


def _day(entry: TimelineEntry) -> date:
    return entry.at.astimezone(zone()).date()


def _timeline_entry(entry: ChartEntry, whole_chart: Chart) -> TimelineEntry:
    session = whole_chart.sessions.get(entry.session or 0)
    by = whole_chart.people.get(entry.by or entry.detail.get("spoke") or 0)
    return TimelineEntry(
        entry.at,
        _word(entry),
        f"{session.title}, {day_and_time(session.starts_at)}" if session else "",
        [each for each in _details(entry, whole_chart) if each],
        [str(entry.detail[key]) for key in ("barrier", "reason", "note") if _is_quote(entry, key)],
        by.name if by else "",
    )


def _is_quote(entry: ChartEntry, key: str) -> bool:
    """Whether this detail is in somebody's own words: an absence's `reason` is one of a list, any other is a sentence."""
    return bool(entry.detail.get(key)) and not (
        key == "reason" and entry.what == Tag.ABSENCE_REPORTED
    )


def _word(entry: ChartEntry) -> Word:
    if entry.what in RUNGS:
        rung = word(entry.what, "rung")
        return Word(rung.words, "help" if entry.detail.get("result") == TAKEN else "", rung.icon)
    if entry.what == chart.UNSENT:
        return Word(gettext("Notice not sent"), "", "send")
    tag = Tag(entry.what)
    return Word(gettext(tag.words), tag.look, tag.icon)


def _kind_of(what: str) -> str:
    """The vocabulary table with the words for an entry's `kind`."""
    return next((of for start, of in KINDS.items() if what.startswith(start)), "notice")


def _details(entry: ChartEntry, whole_chart: Chart) -> Iterator[str]:
    """The entry's other details, in the console's words."""
    detail: dict[str, Any] = entry.detail
    if entry.what in RUNGS and detail.get("result") != TAKEN:
        yield str(word(detail.get("why"), "why").words)
    for key, of in (("type", "evidence"), ("outcome", "outcome"), ("channel", "channel")):
        if key in detail and entry.what != Tag.TASK_OPENED:
            yield str(word(detail[key], of).words)
    if "kind" in detail:
        yield str(word(detail["kind"], _kind_of(entry.what)).words)
    if entry.what == Tag.ABSENCE_REPORTED:
        yield str(word(detail.get("reason"), "reason").words)
    if entry.what == chart.UNSENT:
        yield str(word(detail.get("result"), "unsent").words)
    if owner := whole_chart.people.get(detail.get("owner") or 0):
        yield owner.name
