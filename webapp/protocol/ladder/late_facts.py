"""Which open tasks about a seat end by themselves when a fact comes late, and how (rule 2).

Pure: the standard library and the ladder.
"""

from dataclasses import dataclass
from datetime import datetime

from webapp.care.attendance.standing import Facts
from webapp.protocol.ladder.ladder import stopping

CALLS = ("outreach", "relational")
"""Tasks to reach somebody who was not there."""


@dataclass(frozen=True, slots=True)
class TaskEnding:
    """End the open task of this kind: done with `outcome`, or withdrawn when `outcome` is empty."""

    kind: str
    why: str
    outcome: str = ""


def task_endings(facts: Facts, now: datetime) -> list[TaskEnding]:
    """The endings of open tasks that the facts of `now` call for. The tasks stay in the chart.

    A join or a report ends the calls; once the client was reached, the counselor's ends; an escalation nobody has touched is withdrawn
    when the client was there after all, or was in touch since; so is a plan to rejoin that nobody has touched, of a client who was there. A cancelled session ends all of them: nobody missed anything.
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
        elif kind == "escalation" and not touched:
            ends += [TaskEnding(kind, word) for word in _unsilenced(stops)]
        elif kind == "reengagement" and not touched and "joined" in stops:
            ends.append(TaskEnding(kind, "joined"))
    return ends


def _unsilenced(stops: set[str]) -> list[str]:
    """Why a review that silence alone had opened is not needed: the client was there after all, or was in touch since (rule 17)."""
    if "joined" in stops:
        return ["joined"]
    return ["contact"] if "contact_since_start" in stops else []


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
