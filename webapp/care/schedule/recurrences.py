"""Recurrence rules (RFC 5545): parsed into values, bounded, and expanded into instants (rules 12 and 13, S17). Pure.

A rule repeats by whole days: daily, weekly or monthly. Expanding one examines days, one step each, and how many is known before it
is done: from the first day to the last that COUNT asks for, or else the days of the window asked about. A rule that needs more
than `MOST_STEPS` to be counted, or to happen once, is refused.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from webapp.numbers import whole_number
from webapp.refusals import N_, Invalid
from webapp.times import in_this_century, instant_of

LONGEST = 300
"""Characters of a rule."""
MOST_STEPS = 4000
"""The most days examined to count a rule's occurrences, or to find its first: eleven years of days, a few milliseconds."""
MOST_INTERVAL = 99
MOST_COUNT = 1000

DAILY, WEEKLY, MONTHLY = "DAILY", "WEEKLY", "MONTHLY"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FILTERS = ("BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS")
SHORTER_THAN_A_DAY = {
    "BYHOUR", "BYMINUTE", "BYSECOND", "FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY",
}  # fmt: skip
_SIGNED = re.compile(r"([+-]?)([0-9]{1,3})")
_DAY = re.compile(r"(?:([+-]?)([1-5]))?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as a value. `str` of it is the text that is stored: `parse` returns an equal one.

    `weekdays`: (which of the month, or 0 for each; 0 for Monday). `until`: a day (included), a local time, or an aware instant.
    """

    freq: str
    interval: int = 1
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0
    times: int | None = None
    until: date | None = None

    def __str__(self) -> str:
        parts = self.parts()
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)

    def parts(self) -> dict[str, str]:
        """The rule's parts as RFC 5545 has them; an empty one is left out."""
        days = (f"{nth or ''}{WEEKDAYS[day]}" for nth, day in self.weekdays)
        return {
            "FREQ": self.freq,
            "INTERVAL": "" if self.interval == 1 else str(self.interval),
            "BYMONTH": ",".join(map(str, self.months)),
            "BYMONTHDAY": ",".join(map(str, self.month_days)),
            "BYDAY": ",".join(days),
            "BYSETPOS": ",".join(map(str, self.positions)),
            "WKST": WEEKDAYS[self.week_start] if self.week_start else "",
            "COUNT": str(self.times or ""),
            "UNTIL": _until_text(self.until),
        }

    def is_over(self, local: datetime, instant: datetime) -> bool:
        """Whether UNTIL lies before this occurrence (naive local time, aware instant)."""
        if self.until is None:
            return False
        if not isinstance(self.until, datetime):
            return local.date() > self.until
        return (instant if self.until.tzinfo else local) > self.until


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule with its first local time (naive) and its zone (IANA): all there is to know about when a series takes place."""

    first: datetime
    zone: str
    rule: Rule

    def occurrences(self, after: datetime, until: datetime) -> tuple[tuple[str, datetime], ...]:
        """(local start as text, instant in aware UTC) of each occurrence in [after, until). Kept for the next who asks the same, so
        that a caller may expand before it takes a lock. Examines the days in between, and with COUNT all from the first."""
        return _expanded(self, after, until)

    def check(self) -> None:
        """Raises Invalid naming the part by which it never happens, ends before it begins, or can't be counted in `MOST_STEPS`."""
        zone, steps, found = ZoneInfo(self.zone), 0, 0
        for days in self._periods(0):
            steps += len(days)
            for day in self._matching(days):
                local = datetime.combine(day, self.first.time())
                if self.rule.is_over(local, instant_of(local, zone)):
                    if not found:
                        self._refuse("UNTIL", ENDS_FIRST)
                    return
                found += 1
                if found == (self.rule.times or 1):
                    return
            if steps > MOST_STEPS and found:
                self._refuse("COUNT", TOO_FAR)
            if steps > MOST_STEPS:
                self._refuse(None, NEVER)

    def _periods(self, number: int) -> Iterator[list[date]]:
        """The days of each period (a day, a week, a month) in which the rule looks, from that number on; 0 has the first time."""
        start, interval = self.first.date(), self.rule.interval
        if self.rule.freq == DAILY:
            for each in count(number):
                yield [start + timedelta(days=each * interval)]
        elif self.rule.freq == WEEKLY:
            monday = self._week_of(start)
            for each in count(number):
                yield [monday + timedelta(days=7 * each * interval + day) for day in range(7)]
        else:
            for each in count(number):
                year, month = divmod(start.year * 12 + start.month - 1 + each * interval, 12)
                last = monthrange(year, month + 1)[1]
                yield [date(year, month + 1, day) for day in range(1, last + 1)]

    def number_at(self, day: date) -> int:
        """The number of the last period that begins on `day` or before; 0 for all before the first."""
        start = self.first.date()
        if self.rule.freq == DAILY:
            periods = (day - start).days
        elif self.rule.freq == WEEKLY:
            periods = (day - self._week_of(start)).days // 7
        else:
            periods = (day.year - start.year) * 12 + day.month - start.month
        return max(periods // self.rule.interval, 0)

    def _week_of(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.rule.week_start) % 7)

    def _matching(self, days: list[date]) -> list[date]:
        """Those of one period's days that the rule means, not before the first."""
        found = [day for day in days if self._means(day)]
        if self.rule.positions:
            size = len(found)
            places = {at - 1 if at > 0 else size + at for at in self.rule.positions}
            found = [day for place, day in enumerate(found) if place in places]
        return [day for day in found if day >= self.first.date()]

    def _means(self, day: date) -> bool:
        rule, first = self.rule, self.first
        if rule.months and day.month not in rule.months:
            return False
        last = monthrange(day.year, day.month)[1]
        if rule.month_days and not {day.day, day.day - last - 1} & set(rule.month_days):
            return False
        if rule.weekdays:
            nth, from_end = (day.day - 1) // 7 + 1, -((last - day.day) // 7 + 1)
            return any(
                weekday == day.weekday() and which in (0, nth, from_end)
                for which, weekday in rule.weekdays
            )
        if rule.freq == WEEKLY:
            return day.weekday() == first.weekday()
        return rule.freq == DAILY or bool(rule.month_days) or day.day == first.day

    def _refuse(self, part: str | None, sentence: str) -> NoReturn:
        parts = self.rule.parts()
        named = [part] if part else [name for name in FILTERS if parts[name]] or ["FREQ"]
        _refuse(";".join(f"{name}={parts[name]}" for name in named), sentence)


NOT_A_PART = N_("“%(part)s” can't be read. Write a rule like FREQ=WEEKLY;BYDAY=MO,WE.")
BLANK = N_("There is a blank in “%(part)s”. Write the rule without blanks.")
TOO_LONG = N_("The rule is longer than %(most)s letters, from “%(part)s” on.")
TWICE = N_("“%(part)s” stands there twice.")
OFTENER = N_("“%(part)s”: a series takes place once a day at most, at the time of its first session.")  # fmt: skip
NOT_KEPT = N_("“%(part)s” can't be kept. A series repeats daily, weekly or monthly, with INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS and WKST.")  # fmt: skip
NUMBER = N_("“%(part)s”: write a whole number from 1 to %(most)s.")
NUMBERS = N_("“%(part)s”: write numbers from 1 to %(most)s, with commas between.")
DAYS = N_("“%(part)s”: write days like MO,WE; with monthly rules also 1MO or -1FR.")
NOT_TOGETHER = N_("“%(part)s” doesn't go with %(other)s.")
WRONG_UNTIL = N_("“%(part)s”: write a day or an instant that exists, like UNTIL=20261218 or UNTIL=20261218T230000Z.")  # fmt: skip
NEVER = N_("“%(part)s” never happens.")
ENDS_FIRST = N_("“%(part)s” lies before the first session.")
TOO_FAR = N_("“%(part)s” goes on for too long to be counted. Write an UNTIL instead.")
NO_FREQ = N_("“%(part)s” doesn't say how often. Begin like FREQ=WEEKLY.")


def parse(text: str) -> Rule:
    """Return the value of a rule as people and calendars write it, with or without `RRULE:`. Raises Invalid for `rrule` with the
    offending part in its sentence. Examines no day: `Recurrence.check` does."""
    written = re.sub(r"^RRULE:", "", text, flags=re.IGNORECASE)
    if len(text) > LONGEST:
        _refuse(text[LONGEST:], TOO_LONG, most=LONGEST)
    parts: dict[str, str] = {}
    for part in written.split(";"):
        if re.search(r"\s", part):
            _refuse(part, BLANK)
        name, _, value = part.upper().partition("=")
        if not value or not part.isascii():
            _refuse(part, NOT_A_PART)
        if name in SHORTER_THAN_A_DAY or f"{name}={value}" in SHORTER_THAN_A_DAY:
            _refuse(part, OFTENER)
        if name not in READERS:
            _refuse(part, NOT_KEPT)
        if name in parts:
            _refuse(part, TWICE)
        parts[name] = value
    if "FREQ" not in parts:
        _refuse(written, NO_FREQ)
    _check_together(parts)
    read = {READERS[name][0]: READERS[name][1](f"{name}={value}") for name, value in parts.items()}
    return Rule(**read)


def _check_together(parts: dict[str, str]) -> None:
    """Raises Invalid for two parts that RFC 5545 does not allow together, or that mean nothing together."""
    freq = f"FREQ={parts['FREQ']}"
    for name, other, wrong in (
        ("UNTIL", "COUNT", "COUNT" in parts),
        ("BYMONTHDAY", freq, parts["FREQ"] == WEEKLY),
        ("BYSETPOS", freq, parts["FREQ"] == DAILY),
        ("BYSETPOS", f"{freq} alone", not parts.keys() & set(FILTERS[:3])),
        ("BYDAY", freq, parts["FREQ"] != MONTHLY and re.search("[0-9]", parts.get("BYDAY", ""))),
    ):
        if name in parts and wrong:
            _refuse(f"{name}={parts[name]}", NOT_TOGETHER, other=other)


@lru_cache(maxsize=1024)
def checked(first: datetime, zone: str, rrule: str) -> Recurrence:
    """Return the recurrence of a first local time (naive), a zone and a rule's text, checked. Raises Invalid naming `local_start` or
    `rrule`. Kept for the next who asks, so that a caller may check before it takes a lock."""
    if first.tzinfo is not None:
        raise Invalid(
            N_("Give the wall time without an offset; the zone says the rest."), field="local_start"
        )
    if not in_this_century(first):
        raise Invalid(N_("Write a day and time like 2026-11-23T18:00."), field="local_start")
    found = Recurrence(first, zone, parse(rrule))
    found.check()
    return found


@lru_cache(maxsize=256)
def _expanded(
    recurrence: Recurrence, after: datetime, until: datetime
) -> tuple[tuple[str, datetime], ...]:
    rule, zone, found, seen = (
        recurrence.rule,
        ZoneInfo(recurrence.zone),
        list[tuple[str, datetime]](),
        0,
    )
    begin = after.astimezone(zone).date() - timedelta(days=1)
    last = until.astimezone(zone).date() + timedelta(days=1)
    for days in recurrence._periods(0 if rule.times else recurrence.number_at(begin)):
        if days[0] > last:
            break
        for day in recurrence._matching(days):
            local, seen = datetime.combine(day, recurrence.first.time()), seen + 1
            instant = instant_of(local, zone)
            if instant >= until or rule.is_over(local, instant) or seen > (rule.times or seen):
                return tuple(found)
            if instant >= after:
                found.append((local.isoformat(timespec="minutes"), instant))
    return tuple(found)


# --- readers of one part each, `NAME=VALUE` in capitals -----------------------------------------------------------------


def _freq(part: str) -> str:
    value = part.partition("=")[2]
    return value if value in (DAILY, WEEKLY, MONTHLY) else _refuse(part, NOT_KEPT)


def _whole(part: str, most: int) -> int:
    return whole_number(part.partition("=")[2], most=most) or _refuse(part, NUMBER, most=most)


def _interval(part: str) -> int:
    return _whole(part, MOST_INTERVAL)


def _times(part: str) -> int:
    return _whole(part, MOST_COUNT)


def _numbers(part: str, most: int, *, signed: bool = True) -> tuple[int, ...]:
    numbers = set()
    for item in part.partition("=")[2].split(","):
        found = _SIGNED.fullmatch(item)
        if not found or not 1 <= int(found[2]) <= most or (found[1] and not signed):
            _refuse(f"{part.partition('=')[0]}={item}", NUMBERS, most=most)
        numbers.add(int(found[2]) * (-1 if found[1] == "-" else 1))
    return tuple(sorted(numbers))


def _months(part: str) -> tuple[int, ...]:
    return _numbers(part, 12, signed=False)


def _places(part: str) -> tuple[int, ...]:
    return _numbers(part, 31)


def _weekdays(part: str) -> tuple[tuple[int, int], ...]:
    days = set()
    for item in part.partition("=")[2].split(","):
        found = _DAY.fullmatch(item) or _refuse(f"BYDAY={item}", DAYS)
        nth = int(found[2] or 0) * (-1 if found[1] == "-" else 1)
        days.add((nth, WEEKDAYS.index(found[3])))
    return tuple(sorted(days))


def _week_start(part: str) -> int:
    value = part.partition("=")[2]
    return WEEKDAYS.index(value) if value in WEEKDAYS else _refuse(part, DAYS)


def _until(part: str) -> date:
    found = _UNTIL.fullmatch(part.partition("=")[2]) or _refuse(part, WRONG_UNTIL)
    try:
        day = date(int(found[1][:4]), int(found[1][4:6]), int(found[1][6:]))
        if not found[2]:
            return day
        clock = time(int(found[2][:2]), int(found[2][2:4]), int(found[2][4:]))
    except ValueError:
        _refuse(part, WRONG_UNTIL)
    return datetime.combine(day, clock, tzinfo=UTC if found[3] else None)


def _until_text(until: date | None) -> str:
    if until is None:
        return ""
    if not isinstance(until, datetime):
        return f"{until:%Y%m%d}".zfill(8)
    return f"{until:%Y%m%d}".zfill(8) + f"{until:T%H%M%S}" + ("Z" if until.tzinfo else "")


def _refuse(part: str, sentence: str, **values: object) -> NoReturn:
    raise Invalid(sentence, field="rrule", part=part.strip()[:60], **values)


READERS: dict[str, tuple[str, Any]] = {
    "FREQ": ("freq", _freq),
    "INTERVAL": ("interval", _interval),
    "BYMONTH": ("months", _months),
    "BYMONTHDAY": ("month_days", _places),
    "BYDAY": ("weekdays", _weekdays),
    "BYSETPOS": ("positions", _places),
    "WKST": ("week_start", _week_start),
    "COUNT": ("times", _times),
    "UNTIL": ("until", _until),
}
"""Part → the field of `Rule` and its reader."""
