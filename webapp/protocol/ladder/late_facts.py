"""Facts that come late mend: which open tasks about a seat end by themselves, and how (rule 2).

Pure: standard library and the ladder's words.
"""

from dataclasses import dataclass
from datetime import datetime

from webapp.care.attendance.standing import Facts
from webapp.protocol.ladder.ladder import stopping

CALLS = ("outreach", "relational")
"""Tasks that are about reaching somebody who was not there."""


@dataclass(frozen=True, slots=True)
class TaskEnding:
    """End the open task of this kind: done with `outcome`, or withdrawn when `outcome` is empty."""

    kind: str
    why: str
    outcome: str = ""


def task_endings(facts: Facts, now: datetime) -> list[TaskEnding]:
    """What the facts of this instant put an end to. Everything stays in the chart.

    Joining or a report ends the calls, being reached ends the counselor's; an escalation nobody has touched is withdrawn
    when the client was there after all. A cancelled session ends all of them: nobody missed anything.
    """
    if not facts.open_tasks:
        return []
    stops = stopping(facts, now)
    ends = []
    for kind, touched in facts.open_tasks:
        if "cancelled" in stops:
            ends.append(TaskEnding(kind, "cancelled"))
        elif kind in CALLS:
            ends += _end_of_call(kind, stops)
        elif kind == "escalation" and not touched and "joined" in stops:
            ends.append(TaskEnding(kind, "joined"))
    return ends


def _end_of_call(kind: str, stops: set[str]) -> list[TaskEnding]:
    if "joined" in stops:
        return [TaskEnding(kind, "joined", outcome="joined")]
    if "reported" in stops:
        return [TaskEnding(kind, "reported", outcome="reported")]
    if "excused" in stops:
        return [TaskEnding(kind, "excused")]
    if kind == "outreach" and "spoken" in stops:
        return [TaskEnding(kind, "spoken", outcome="reached")]
    return []
