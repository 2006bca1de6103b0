"""The ladder of docs/protocol.md: what is to be done for one seat at one instant.

Pure: the standard library, `standing.py`, `policy.py` and the table in `rungs.py`. Nothing here is told anything; it looks at
facts. A *look* is one rung with its due instant, its state and why; `next_look` and `due_rungs` are read off the looks.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from webapp.care.attendance.standing import Facts, Standing, standing, unknown
from webapp.protocol.ladder.rungs import (
    LADDER,
    MENDED,
    STEPPED_OVER,
    TAKEN,
    WRITTEN,
    Line,
    Look,
    Rung,
    State,
)

NEAR = timedelta(hours=2)
"""Reminders this close to the start are exempt from quiet hours (rule 6)."""
HISTORY = timedelta(hours=24)
"""A seat written down longer than this after its session ended is history; nobody is chased for it."""


def survey(facts: Facts, taken: Mapping[str, str], now: datetime) -> list[Look]:
    """Every rung of the ladder for one seat at `now`. `taken`: rung → result, of this occurrence."""
    stops = stopping(facts, now)
    looks = []
    for line, due in zip(LADDER, timetable(facts, taken, now), strict=True):
        rung = line.rung
        look = Look(rung, State.LATER, due)
        looks.append(look)
        if rung in taken:
            look.state, look.why = State.TAKEN, taken[rung]
        elif stops and not line.blockers.isdisjoint(stops):
            look.why = next(name for name in line.stops if name in stops)
            look.state = State.SKIP if _set_aside(look, stops, now) else State.STOPPED
        elif line.conditional and (why := _needless(rung, due, facts, now)):
            look.state, look.why = State.NOT_NEEDED, why
        elif due is not None and due <= now:
            _fall_due(look, line, facts, now)
        elif rung in facts.life.leads:
            look.why = "own_lead"
    _leave_only_the_last_reminder(looks, now)
    return looks


def due_rungs(facts: Facts, taken: Mapping[str, str], now: datetime) -> list[Look]:
    """What is to be written down at `now`: rungs to take (`DUE`), and rungs that came too late (`SKIP`)."""
    return [look for look in survey(facts, taken, now) if look.state in WRITTEN]


def next_look(
    facts: Facts, taken: Mapping[str, str], now: datetime, looks: list[Look] | None = None
) -> datetime | None:
    """When this seat is to be looked at next; None when nothing can follow by time alone.

    In the past only while something is due. `looks`: the survey, if the caller has it.
    """
    looks = survey(facts, taken, now) if looks is None else looks
    due = ahead = None
    for look in looks:
        state, at = look.state, look.due_at
        if at is None or state is State.TAKEN:
            continue
        if state in WRITTEN:
            due = at if due is None or at < due else due
        at = look.until or at
        if at > now and (ahead is None or at < ahead):
            ahead = at
    if due is not None:
        return due
    if facts.room.cancelled or looks[0].why == "history":
        return None
    if _unsettled(facts, taken, looks, now) and (again := look_again_at(facts, now)):
        return again if ahead is None else min(again, ahead)
    return ahead


def explain(facts: Facts, taken: Mapping[str, str], now: datetime) -> list[Look]:
    """What happens next for a seat and why, rung by rung: the survey, for `rejoin ladder explain` and the staff page."""
    return survey(facts, taken, now)


def timetable(facts: Facts, taken: Mapping[str, str], now: datetime) -> tuple[datetime | None, ...]:
    """When each rung of `LADDER` falls due for this seat; None for one that hangs on no instant yet."""
    room, life = facts.room, facts.life
    quiet = life.quiet_hours or room.policy.quiet_hours
    heads_up = life.leads.get(Rung.HEADS_UP, room.policy.heads_up)
    soon = life.leads.get(Rung.SOON, room.policy.soon)
    return (
        awake(room.starts_at, heads_up, quiet, life.zone),
        awake(room.starts_at, soon, quiet, life.zone),
        awake(room.starts_at, room.policy.doors_open, quiet, life.zone),
        room.first_check_at,
        room.second_check_at,
        room.first_check_at,
        room.outreach_at,
        room.outreach_at,
        contact_after_miss(facts, taken, now) if now >= room.outreach_at else None,
    )


@lru_cache(maxsize=4096)
def awake(
    starts_at: datetime, offset: timedelta, quiet: tuple[time, time] | None, zone: str
) -> datetime:
    """`starts_at + offset`, moved to the last minute before the recipient's quiet hours (rule 6)."""
    due = starts_at + offset
    if quiet is None or offset >= -NEAR:
        return due
    local = due.astimezone(ZoneInfo(zone))
    begin, end = quiet
    clock = local.time()
    asleep = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not asleep:
        return due
    evening = local.date() if clock >= begin else local.date() - timedelta(days=1)
    begins = datetime.combine(evening, begin, tzinfo=ZoneInfo(zone)).astimezone(due.tzinfo)
    return min(due, begins - timedelta(minutes=1))


def stopping(facts: Facts, now: datetime) -> set[str]:
    """The facts that stop rungs, as far as they hold at `now`."""
    room, life = facts.room, facts.life
    found = {life.inactive} if life.inactive else set()
    if room.cancelled:
        found.add("cancelled")
    if facts.given_at > room.ends_at + HISTORY:
        found.add("history")
    if facts.excused or facts.set_aside:
        found.add("excused")
    if facts.made_up:
        found.add("made_up")
    if facts.absence is not None:
        found.add("reported")
    if facts.evidence:
        seen = facts.tally(now)
        if seen.seen or seen.here:
            found.add("joined")
    if life.open_plan or (life.planned_at is not None and life.planned_at >= room.starts_at):
        found.add("plan")
    if life.contact_at is not None and life.contact_at >= room.starts_at + room.policy.doors_open:
        found.add("contact")
        if life.contact_at >= room.starts_at:
            found.add("contact_since_start")
    if life.spoken_at is not None and life.spoken_at >= room.starts_at:
        found.add("spoken")
    return found


def misses_in_row(facts: Facts) -> int:
    """How many misses in a row without contact this seat makes, if it is one (rule 1)."""
    count, contact = 1, facts.life.contact_at
    for seat in facts.earlier:
        if seat.standing in STEPPED_OVER:
            continue
        if seat.standing is not Standing.MISSED or (contact and contact >= seat.starts_at):
            break
        count += 1
    return count


def contact_after_miss(facts: Facts, taken: Mapping[str, str], now: datetime) -> datetime | None:
    """When there was contact after this seat was missed; None if it was not, or there was none."""
    life, missed_at = facts.life, facts.missed_at()
    if now < missed_at or life.contact_at is None:
        return None
    spoken = life.spoken_at is not None and life.spoken_at >= facts.room.starts_at
    if not spoken and life.contact_at < missed_at:
        return None
    if taken.get(Rung.OUTREACH) != TAKEN and standing(facts, now) is not Standing.MISSED:
        return None
    return max(missed_at, life.contact_at)


def look_again_at(facts: Facts, now: datetime) -> datetime | None:
    """When to look again at a seat that waits for a fact and not for an instant; None once that is hopeless."""
    room = facts.room
    if now < room.ends_at:
        return now + timedelta(minutes=1)
    if now < room.ends_at + HISTORY:
        return now + timedelta(minutes=15)
    return now + HISTORY / 4 if now < room.ends_at + room.policy.make_up_within else None


def _needless(rung: Rung, due: datetime | None, facts: Facts, now: datetime) -> str:
    """Why the condition of a rung has not arisen; empty if it has, or hangs on time alone."""
    if rung is Rung.MARK_ROOM and not unknown(facts, facts.tally(now), now):
        return "room_known"
    if rung is Rung.ESCALATION and misses_in_row(facts) < facts.room.policy.escalate_after:
        return "too_few_misses"
    return "no_contact_after_miss" if rung is Rung.REENGAGEMENT and due is None else ""


def _fall_due(look: Look, line: Line, facts: Facts, now: datetime) -> None:
    """Decide about a rung whose instant has come and which nothing stops."""
    room = facts.room
    look.state = State.DUE
    if line.reminder and now >= room.ends_at:
        look.state, look.why = State.SKIP, "expired"
    elif line.rung in (Rung.HEADS_UP, Rung.SOON) and look.due_at and look.due_at < _born(facts):
        look.state, look.why = State.SKIP, "seat_is_newer"
    elif line.held and (held := facts.held_until()) and now < held:
        look.state, look.why, look.until = State.HELD, "tapped", held
    elif line.held and unknown(facts, facts.tally(now), now):
        look.state, look.why, look.until = State.HELD, "room_silent", look_again_at(facts, now)


def _born(facts: Facts) -> datetime:
    """Since when the client has this seat at this time of day: given, or moved there."""
    moved = facts.room.moved_at
    return max(facts.given_at, moved) if moved else facts.given_at


def _set_aside(look: Look, stops: set[str], now: datetime) -> bool:
    """The outreach of a paused or discharged client is written down, so that the seat is not held against them later."""
    due = look.rung is Rung.OUTREACH and look.due_at is not None and look.due_at <= now
    return due and look.why in ("paused", "discharged") and "joined" not in stops


def _leave_only_the_last_reminder(looks: list[Look], now: datetime) -> None:
    """Of reminders due together (after an outage, say) only the last one still says something new."""
    reminders = [look for look in looks[:5] if look.due_at]
    for look, following in pairwise(reminders):
        if look.state is State.DUE and following.due_at and following.due_at <= now:
            look.state, look.why = State.SKIP, "superseded"


def _unsettled(facts: Facts, taken: Mapping[str, str], looks: list[Look], now: datetime) -> bool:
    """A miss that may still be mended by a late join, a contact or a report."""
    if any(kind in MENDED for kind, _ in facts.open_tasks):
        return True
    plan = looks[-1].state
    if plan in (State.TAKEN, State.STOPPED):
        return False
    missed = now >= facts.room.outreach_at and standing(facts, now) is Standing.MISSED
    return missed or taken.get(Rung.OUTREACH) == TAKEN
