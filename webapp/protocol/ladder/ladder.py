"""The ladder (docs/protocol.md): which reminders, checks and tasks are due for one seat at one instant.

Pure: the standard library, `standing.py`, `policy.py`, `times.py` and the table in `rungs.py`. Everything is decided from the
facts of that instant and nothing else. `survey` gives the status of every rung; `next_look` and `due_rungs` follow from it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from webapp.care.attendance.standing import Facts, Standing, standing, unknown
from webapp.protocol.ladder.rungs import (
    ENDED_BY_LATE_FACTS,
    LADDER,
    STEPPED_OVER,
    TAKEN,
    WRITTEN,
    Rung,
    RungRule,
    RungStatus,
    State,
)
from webapp.times import QuietHours, quiet_around

NEAR = timedelta(hours=2)
"""Reminders this close to the start are exempt from quiet hours (rule 6)."""
HISTORY = timedelta(hours=24)
"""A seat written down longer than this after its session ended is history; nobody is contacted about it."""


def survey(facts: Facts, taken: Mapping[str, str], now: datetime) -> list[RungStatus]:
    """The status of every rung for one seat at `now`. `taken`: rung → result of the steps of this occurrence."""
    stops = stopping(facts, now)
    statuses = []
    for rule, due in zip(LADDER, timetable(facts, taken, now), strict=True):
        rung = rule.rung
        status = RungStatus(rung, State.LATER, due)
        statuses.append(status)
        if rung in taken:
            status.state, status.why = State.TAKEN, taken[rung]
        elif stops and not rule.blockers.isdisjoint(stops):
            status.why = next(name for name in rule.stops if name in stops)
            status.state = State.SKIP if _records_inactive(status, stops, now) else State.STOPPED
        elif rule.conditional and (why := _not_needed(rung, due, facts, now)):
            status.state, status.why = State.NOT_NEEDED, why
        elif due is not None and due <= now:
            _decide_due(status, rule, facts, now)
        elif rung in facts.life.leads:
            status.why = "own_lead"
    _leave_only_the_last_reminder(statuses, now)
    return statuses


def due_rungs(facts: Facts, taken: Mapping[str, str], now: datetime) -> list[RungStatus]:
    """The rungs to write down at `now`: those to take (`DUE`) and those that came too late (`SKIP`)."""
    return [status for status in survey(facts, taken, now) if status.state in WRITTEN]


def next_look(
    facts: Facts, taken: Mapping[str, str], now: datetime, statuses: list[RungStatus] | None = None
) -> datetime | None:
    """When the engine must look at this seat next (UTC); None when time alone can make nothing due.

    In the past only while something is due. `statuses`: the survey, if the caller has it.
    """
    statuses = survey(facts, taken, now) if statuses is None else statuses
    due = ahead = None
    for status in statuses:
        state, at = status.state, status.due_at
        if at is None or state is State.TAKEN:
            continue
        if state in WRITTEN:
            due = at if due is None or at < due else due
        at = status.until or at
        if at > now and (ahead is None or at < ahead):
            ahead = at
    if due is not None:
        return due
    if facts.room.cancelled or statuses[0].why == "history":
        return None
    if _unsettled(facts, taken, statuses, now) and (again := look_again_at(facts, now)):
        return again if ahead is None else min(again, ahead)
    return ahead


def explain(facts: Facts, taken: Mapping[str, str], now: datetime) -> list[RungStatus]:
    """The status of every rung and why, for `rejoin ladder explain` and the staff page: the same survey."""
    return survey(facts, taken, now)


def timetable(facts: Facts, taken: Mapping[str, str], now: datetime) -> tuple[datetime | None, ...]:
    """When each rung of `LADDER` falls due for this seat, in its order; None for one that has no due instant yet."""
    room, life = facts.room, facts.life
    own = life.quiet_hours
    quiet = room.policy.quiet_hours if own is None else own or None
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


def awake(starts_at: datetime, offset: timedelta, quiet: QuietHours | None, zone: str) -> datetime:
    """`starts_at + offset`, moved to the last minute before the recipient's quiet hours (rule 6)."""
    due = starts_at + offset
    if quiet is None or offset >= -NEAR:
        return due
    around = quiet_around(quiet, zone, due)
    return around[0] - timedelta(minutes=1) if around else due


def stopping(facts: Facts, now: datetime) -> set[str]:
    """The names of the facts that stop rungs (`RungRule.stops`) and are true at `now`."""
    room, life = facts.room, facts.life
    stops = {life.inactive} if life.inactive else set()
    if room.cancelled:
        stops.add("cancelled")
    if facts.given_at > room.ends_at + HISTORY:
        stops.add("history")
    if facts.excused or facts.set_aside:
        stops.add("excused")
    if facts.made_up:
        stops.add("made_up")
    if facts.absence is not None:
        stops.add("reported")
    if facts.evidence:
        seen = facts.tally(now)
        if seen.seen or seen.here:
            stops.add("joined")
    if life.open_plan or (life.planned_at is not None and life.planned_at >= room.starts_at):
        stops.add("plan")
    if life.contact_at is not None and life.contact_at >= room.starts_at + room.policy.doors_open:
        stops.add("contact")
        if life.contact_at >= room.starts_at:
            stops.add("contact_since_start")
    if life.spoken_at is not None and life.spoken_at >= room.starts_at:
        stops.add("spoken")
    return stops


def misses_in_row(facts: Facts) -> int:
    """How many misses in a row without contact there are when this seat is counted as one (rule 1)."""
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
    """When to look again at a seat that waits for a fact and not for an instant; None once no fact can change anything."""
    room = facts.room
    if now < room.ends_at:
        return now + timedelta(minutes=1)
    if now < room.ends_at + HISTORY:
        return now + timedelta(minutes=15)
    return now + HISTORY / 4 if now < room.ends_at + room.policy.make_up_within else None


def _not_needed(rung: Rung, due: datetime | None, facts: Facts, now: datetime) -> str:
    """Why a conditional rung is not needed; empty when it is, or when its condition is not known to be false."""
    if rung is Rung.MARK_ROOM and not (
        facts.room.silent(now) and unknown(facts, facts.tally(now), now)
    ):
        return "room_known"
    if rung is Rung.ESCALATION and misses_in_row(facts) < facts.room.policy.escalate_after:
        return "too_few_misses"
    return "no_contact_after_miss" if rung is Rung.REENGAGEMENT and due is None else ""


def _decide_due(status: RungStatus, rule: RungRule, facts: Facts, now: datetime) -> None:
    """Set the status of a rung that is due and that nothing stops: due, skipped or held."""
    room = facts.room
    status.state = State.DUE
    if rule.reminder and now >= room.ends_at:
        status.state, status.why = State.SKIP, "expired"
    elif (
        rule.rung in (Rung.HEADS_UP, Rung.SOON)
        and status.due_at
        and status.due_at < _at_this_time_since(facts)
    ):
        status.state, status.why = State.SKIP, "seat_is_newer"
    elif rule.held and (held := facts.held_until()) and now < held:
        status.state, status.why, status.until = State.HELD, "tapped", held
    elif rule.held and unknown(facts, facts.tally(now), now):
        status.state, status.why, status.until = (
            State.HELD,
            "room_silent" if room.silent(now) else "guest_unnamed",
            look_again_at(facts, now),
        )


def _at_this_time_since(facts: Facts) -> datetime:
    """When the client got this seat at its present time: when it was given, or when the session was moved."""
    moved = facts.room.moved_at
    return max(facts.given_at, moved) if moved else facts.given_at


def _records_inactive(status: RungStatus, stops: set[str], now: datetime) -> bool:
    """Whether a stopped outreach is written down all the same: that of a paused or discharged client is, so that the seat does not
    count against them later."""
    due = status.rung is Rung.OUTREACH and status.due_at is not None and status.due_at <= now
    return due and status.why in ("paused", "discharged") and "joined" not in stops


def _leave_only_the_last_reminder(statuses: list[RungStatus], now: datetime) -> None:
    """Of reminders that are due together, after an outage for example, only the last one is still of use."""
    reminders = [status for status in statuses[:5] if status.due_at]
    for status, following in pairwise(reminders):
        if status.state is State.DUE and following.due_at and following.due_at <= now:
            status.state, status.why = State.SKIP, "superseded"


def _unsettled(
    facts: Facts, taken: Mapping[str, str], statuses: list[RungStatus], now: datetime
) -> bool:
    """Whether a late join, a contact or a report can still change what follows from this seat."""
    if any(kind in ENDED_BY_LATE_FACTS for kind, _ in facts.open_tasks):
        return True
    plan = statuses[-1].state
    if plan in (State.TAKEN, State.STOPPED):
        return False
    missed = now >= facts.room.outreach_at and standing(facts, now) is Standing.MISSED
    return missed or taken.get(Rung.OUTREACH) == TAKEN
