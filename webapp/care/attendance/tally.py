"""How long somebody was there, added up from evidence that may overlap, repeat, or contradict itself.

Pure: standard library only. The same evidence in any order, with any repetition, gives the same answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

TAP = "tap"
"""Source of a person's own tap on *Join*: weak presence (rule 7)."""
STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence about one person in one session.

    `kind` is joined, left, present or absent; the last two are words about the whole session.
    `connection` tells a person's devices apart where the source can.
    """

    kind: str
    at: datetime
    source: str = "platform"
    recorded_at: datetime | None = None
    connection: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What the evidence adds up to at one instant."""

    present_for: timedelta
    seen: bool
    """There at some instant of the session (or there now, before its start)."""
    here: bool
    """There at this very instant."""
    word: str
    """The last word said about the whole session: present, absent, or nothing."""


NOTHING = Tally(timedelta(0), seen=False, here=False, word="")
Span = tuple[datetime, datetime]


def tally(evidence: Iterable[Evidence], begins: datetime, ends: datetime, now: datetime) -> Tally:
    """Add up evidence for the session from `begins` to `ends` as of `now` (all aware UTC).

    Overlapping evidence is merged, never added twice. Corrections append: a word said later wins over
    everything said or seen before it, and somebody who joins after *absent* was said is there after all.
    """
    known = {piece for piece in evidence if piece.at <= now and piece.source != TAP}
    if not known:
        return NOTHING
    words = sorted(
        (_said_at(piece, ends), piece.at, piece.kind)
        for piece in known
        if piece.kind in ("present", "absent")
    )
    silenced = max((said for said, _, kind in words if kind == "absent"), default=None)
    present = bool(words) and words[-1][2] == "present"
    if present:
        known = {piece for piece in known if piece.kind != "absent"}
    elif silenced is not None:
        known = {piece for piece in known if piece.kind != "present" and piece.at > silenced}
    spans, here = _spans(known, begins, min(now, ends))
    here = here and now < ends
    inside = merged((max(a, begins), min(b, ends)) for a, b in spans if a < ends and b >= begins)
    return Tally(
        sum((b - a for a, b in inside), timedelta(0)),
        seen=bool(inside) or here,
        here=here,
        word=words[-1][2] if words else "",
    )


def _said_at(piece: Evidence, ends: datetime) -> datetime:
    """When a word was said. Staff who say it after the session mean all of it, whatever `at` they name."""
    if piece.source == STAFF and piece.recorded_at is not None and piece.recorded_at >= ends:
        return max(piece.recorded_at, piece.at)
    return piece.at


def _spans(known: Iterable[Evidence], begins: datetime, until: datetime) -> tuple[list[Span], bool]:
    """Unclipped spans of presence, each source and connection counted for itself; and: still open?"""
    tracks: dict[tuple[str, str], set[tuple[datetime, bool]]] = {}
    for piece in known:
        at = begins if piece.kind == "present" else piece.at
        key = (piece.source, piece.connection)
        tracks.setdefault(key, set()).add((at, piece.kind == "left"))
    spans: list[Span] = []
    still_open = False
    for moves in tracks.values():
        depth, since = 0, begins
        for at, left in sorted(moves):
            if not left:
                since = at if depth == 0 else since
                depth += 1
            elif depth <= 1:
                spans.append((since if depth else at, at))
                depth = 0
            else:
                depth -= 1
        if depth:
            still_open = True
            spans.append((since, max(since, until)))
    return spans, still_open


def merged(spans: Iterable[Span]) -> list[Span]:
    """The union of spans, in order, none overlapping another."""
    union: list[Span] = []
    for begin, end in sorted(spans):
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((begin, end))
    return union
