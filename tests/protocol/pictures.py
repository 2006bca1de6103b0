"""Pictures of seats for the tests of the pure rules: minutes count from the session's start."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from webapp.care.attendance.standing import (
    Absence,
    ClientFacts,
    Earlier,
    Facts,
    SessionFacts,
    Standing,
)
from webapp.care.attendance.tally import Evidence
from webapp.care.directory.policy import Policy

START = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
"""Six in the evening in New York."""


def at(minutes: float) -> datetime:
    """The instant `minutes` after (or, negative, before) the start."""
    return START + timedelta(minutes=minutes)


def room(*, length: float = 180, policy: Policy | None = None, **more: Any) -> SessionFacts:
    """A session that a platform tells of, unless `more` says otherwise."""
    return SessionFacts(START, at(length), policy or Policy(), **({"platform_fed": True} | more))


def seat(*, length: float = 180, policy: Policy | None = None, **more: Any) -> Facts:
    """A seat given a week before; `more` may be fields of Facts, SessionFacts or ClientFacts."""
    rooms = {k: more.pop(k) for k in list(more) if k in SessionFacts.__dataclass_fields__}
    lives = {k: more.pop(k) for k in list(more) if k in ClientFacts.__dataclass_fields__}
    life = ClientFacts(**({"zone": "America/New_York"} | lives))
    facts = Facts(room(length=length, policy=policy), life, given_at=at(-7 * 24 * 60))
    return replace(facts, room=replace(facts.room, **rooms), **more)


def joined(minutes: float, **more: Any) -> Evidence:
    return Evidence("joined", at(minutes), **more)


def left(minutes: float, **more: Any) -> Evidence:
    return Evidence("left", at(minutes), **more)


def said(word: str, minutes: float, recorded: float | None = None) -> Evidence:
    """A word of staff about the whole session."""
    return Evidence(word, at(minutes), "staff", at(minutes if recorded is None else recorded))


def tap(minutes: float) -> Evidence:
    return Evidence("joined", at(minutes), "tap")


def reported(minutes: float) -> Absence:
    return Absence(at(minutes), START - at(minutes))


def earlier(*standings: Standing, every_days: int = 2) -> tuple[Earlier, ...]:
    """Earlier seats, the latest first."""
    return tuple(
        Earlier(START - timedelta(days=every_days * (n + 1)), one)
        for n, one in enumerate(standings)
    )
