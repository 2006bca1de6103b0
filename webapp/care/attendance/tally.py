"""Adds up how long somebody was there, from evidence that may overlap, repeat or contradict itself.

Pure: standard library only. The same evidence in any order, with any repetition, gives the same result.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

TAP = "tap"
"""Source of a person's own tap on *Join*: weak evidence (rule 7)."""
STAFF = "staff"
CLOSING = {"left": 1, "ended": 2}
"""What ends a stay; at one instant `ended` comes last."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence about one person in one session.

    `kind` is joined, left, ended, present or absent; the last two are marks about the whole session. `ended` closes a connection
    that is open, and says nothing about one that is not.
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
    """Was there at some instant of the session, or is there now, before its start."""
    here: bool
    """Is there at this instant."""
    word: str
    """The last mark about the whole session: `present`, `absent`, or empty."""


NOTHING = Tally(timedelta(0), seen=False, here=False, word="")
Span = tuple[datetime, datetime]


def tally(evidence: Iterable[Evidence], begins: datetime, ends: datetime, now: datetime) -> Tally:
    """Add up evidence for the session from `begins` to `ends` as of `now` (all aware UTC).

    Overlapping evidence is merged, never added twice. A later mark overrules all marks and evidence before it, and
    somebody who joins after being marked absent is there after all.
    """
    counted = {piece for piece in evidence if piece.at <= now and piece.source != TAP}
    if not counted:
        return NOTHING
    spans, here = _spans(_overruled(counted, ends), begins, min(now, ends))
    here = here and now < ends
    inside = merged((max(a, begins), min(b, ends)) for a, b in spans if a < ends and b >= begins)
    return Tally(
        sum((b - a for a, b in inside), timedelta(0)),
        seen=bool(inside) or here,
        here=here,
        word=last_mark(counted, ends),
    )


def counted_stays(evidence: Iterable[Evidence], begins: datetime, ends: datetime) -> list[Span]:
    """When somebody was there as the tally counts it, marks included, not clipped to the session; up to its end while they are there."""
    strong = {piece for piece in evidence if piece.source != TAP}
    return merged(_spans(_overruled(strong, ends), begins, ends)[0])


def last_mark(evidence: Iterable[Evidence], ends: datetime) -> str:
    """The last mark about the whole session: `present`, `absent`, or empty."""
    marks = _marks(evidence, ends)
    return marks[-1][2] if marks else ""


def _marks(evidence: Iterable[Evidence], ends: datetime) -> list[tuple[datetime, datetime, str]]:
    """(from when it counts, when it was said of, which) of each mark, the last one last."""
    return sorted(
        (_counts_from(piece, ends), piece.at, piece.kind)
        for piece in evidence
        if piece.kind in ("present", "absent")
    )


def _overruled(counted: set[Evidence], ends: datetime) -> set[Evidence]:
    """The evidence without what later marks overrule."""
    marks = _marks(counted, ends)
    if not marks:
        return counted
    if marks[-1][2] == "present":
        return {piece for piece in counted if piece.kind != "absent"}
    absent_from = marks[-1][0]
    return {piece for piece in counted if piece.kind != "present" and piece.at > absent_from}


def _counts_from(piece: Evidence, ends: datetime) -> datetime:
    """From when a mark counts. Staff who mark after the session mean all of it, whatever `at` they name."""
    if piece.source == STAFF and piece.recorded_at is not None and piece.recorded_at >= ends:
        return max(piece.recorded_at, piece.at)
    return piece.at


def _spans(
    evidence: Iterable[Evidence], begins: datetime, until: datetime
) -> tuple[list[Span], bool]:
    """(spans of presence, not clipped to the session and counted apart for each source and connection; whether one is still
    open)."""
    tracks: dict[tuple[str, str], set[tuple[datetime, int]]] = {}
    for piece in evidence:
        at = begins if piece.kind == "present" else piece.at
        key = (piece.source, piece.connection)
        tracks.setdefault(key, set()).add((at, CLOSING.get(piece.kind, 0)))
    spans: list[Span] = []
    still_open = False
    for moves in tracks.values():
        depth, since = 0, begins
        for at, closing in sorted(moves):
            if not closing:
                since = at if depth == 0 else since
                depth += 1
            elif closing == CLOSING["ended"]:
                if depth:
                    spans.append((since, at))
                depth = 0
            elif depth <= 1:
                spans.append((since if depth else at, at))
                depth = 0
            else:
                depth -= 1
        if depth:
            still_open = True
            spans.append((since, max(since, until)))
    return spans, still_open


def stays(evidence: Iterable[Evidence], now: datetime) -> list[tuple[datetime, datetime | None]]:
    """When somebody was there, not clipped to the session: (from, until), in order; the last one without an end while they are there
    (all aware UTC)."""
    counted = {piece for piece in evidence if piece.at <= now and piece.source != TAP}
    spans, here = _spans(counted, now, now)
    union: list[tuple[datetime, datetime | None]] = [*merged(spans)]
    return [*union[:-1], (union[-1][0], None)] if here and union else union


def merged(spans: Iterable[Span]) -> list[Span]:
    """The union of spans, in order and without overlaps."""
    union: list[Span] = []
    for begin, end in sorted(spans):
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((begin, end))
    return union
