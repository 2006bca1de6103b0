"""The chart as a timeline: its entries by day, newest first, each in words that a colleague can read aloud."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.db import Store
from webapp.protocol.ladder.rungs import TAKEN, Rung
from webapp.web import chart
from webapp.web.chart import Chart, ChartEntry
from webapp.web.page.filters import day_and_time, zone
from webapp.web.staff.wording.chart_words import ENTRY
from webapp.web.staff.wording.vocabulary import Word
from webapp.web.staff.wording.words import word

SHORT = 60
"""Moments shown at first; the whole chart is one click further."""
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
"""What `kind` is a kind of, by the beginning of the event's tag; else of notice."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: datetime
    shown: Word
    where: str
    """The session it is about."""
    detail: list[str]
    said: list[str]
    """What people wrote, word for word."""
    by: str


@dataclass(frozen=True, slots=True)
class Timeline:
    days: list[tuple[datetime, list[Moment]]]
    more: int
    """Older moments that are not shown."""


def view(asked: str) -> str:
    """The part of the chart asked for."""
    return asked if asked in VIEWS else VIEWS[0]


def of(store: Store, client: Person, asked: str, *, whole: bool = False) -> Timeline:
    """The client's chart, or one part of it."""
    told = chart.of(store, client)
    wanted = PARTS.get(view(asked))
    entries = [e for e in reversed(told.entries) if wanted is None or e.what in wanted]
    shown = entries if whole else entries[:SHORT]
    moments = [_moment(entry, told) for entry in shown]
    days = [(each[0].at, each) for each in _by_day(moments)]
    return Timeline(days, len(entries) - len(shown))


def _by_day(moments: list[Moment]) -> Iterator[list[Moment]]:
    for _, each in groupby(moments, _day):
        yield list(each)


def _day(moment: Moment) -> date:
    return moment.at.astimezone(zone()).date()


def _moment(entry: ChartEntry, told: Chart) -> Moment:
    session = told.sessions.get(entry.session or 0)
    by = told.people.get(entry.by or entry.detail.get("spoke") or 0)
    return Moment(
        entry.at,
        _shown(entry),
        f"{session.title}, {day_and_time(session.starts_at)}" if session else "",
        [each for each in _details(entry, told) if each],
        [str(entry.detail[key]) for key in ("barrier", "reason", "note") if _written(entry, key)],
        by.name if by else "",
    )


def _written(entry: ChartEntry, key: str) -> bool:
    """Free words: an absence's `reason` is one of a list, everybody else's is a sentence."""
    return bool(entry.detail.get(key)) and not (
        key == "reason" and entry.what == Tag.ABSENCE_REPORTED
    )


def _shown(entry: ChartEntry) -> Word:
    if entry.what in RUNGS:
        rung = word(entry.what, "rung")
        return Word(rung.words, "help" if entry.detail.get("result") == TAKEN else "", rung.icon)
    return ENTRY[entry.what]


def _kind_of(what: str) -> str:
    """The table of the vocabulary in which an entry's `kind` has its words."""
    return next((of for start, of in KINDS.items() if what.startswith(start)), "notice")


def _details(entry: ChartEntry, told: Chart) -> Iterator[str]:
    """What else the entry says, in the words of this console."""
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
    if owner := told.people.get(detail.get("owner") or 0):
        yield owner.name
