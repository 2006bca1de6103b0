"""A client's places: their seats as they themselves see them at one instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, cast

from flask import abort
from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.orm import aliased, contains_eager

from webapp import clock
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.attendance.standing import Standing
from webapp.care.directory import programs
from webapp.care.directory.people import Person
from webapp.care.schedule import dial_ins
from webapp.care.schedule.sessions import Seat, Session
from webapp.protocol.facts.steps import Step
from webapp.protocol.ladder.rungs import TAKEN, Rung
from webapp.refusals import N_
from webapp.web.page.filters import zone_of
from webapp.web.page.identity import me
from webapp.web.page.unit_of_work import store

HOUR = timedelta(hours=1)
MOST = 200
"""Places on one page."""
WORDS = {
    Standing.EXPECTED: N_("Your place is kept"),
    Standing.WAITING: N_("Your place is kept"),
    Standing.ATTENDED: N_("You were there"),
    Standing.PARTIAL: N_("You were there for a part"),
    Standing.EXCUSED: N_("You told us"),
    Standing.ABSENT_TOLD: N_("You told us"),
    Standing.MISSED: N_("We didn't see you"),
    Standing.MADE_UP: N_("Made up"),
    Standing.CANCELLED: N_("Called off by the program"),
    Standing.UNKNOWN: N_("We're checking who was there"),
}
"""What a standing is called toward the client."""
LOOKS = {
    Standing.ATTENDED: "help",
    Standing.MADE_UP: "help",
    Standing.EXCUSED: "help",
    Standing.ABSENT_TOLD: "help",
    Standing.MISSED: "wait",
    Standing.PARTIAL: "",
}


@dataclass(frozen=True)
class Place:
    """One seat, its session, who hosts it, and what its client said about it. Instants are aware UTC."""

    seat: Seat
    host: str
    report: AbsenceReport | None
    doors_open_at: datetime
    now: datetime
    called_after: bool = False
    """Somebody was asked to reach out because nobody was seen here; who came after all may still have been there."""
    standing: Standing | None = None
    """For a session that is over, when the page asked for it."""

    @property
    def session(self) -> Session:
        return self.seat.session

    @cached_property
    def state(self) -> str:
        """cancelled · told · over · open (from the doors' opening to the end) · ahead."""
        if self.session.cancelled_at:
            return "cancelled"
        if self.now >= self.session.ends_at:
            return "over"
        if self.report:
            return "told"
        return "open" if self.now >= self.doors_open_at else "ahead"

    @property
    def started(self) -> bool:
        return self.now >= self.session.starts_at

    @property
    def near(self) -> bool:
        """Within the hour: from here on Join is what the page is about."""
        return self.state in ("ahead", "open") and self.now >= self.session.starts_at - HOUR

    @property
    def moved(self) -> bool:
        """It is still to come, at another time than when this place was given."""
        moved_at = self.session.moved_at
        return (
            moved_at is not None
            and moved_at > self.seat.given_at
            and self.state in ("ahead", "open")
        )

    @property
    def elsewhere(self) -> bool:
        """The session was planned in a zone whose clocks show another time than its client's."""
        start = self.session.starts_at
        here = start.astimezone(zone_of(self.seat.client.time_zone)).utcoffset()
        try:
            there = zone_of(self.session.time_zone)
        except (ValueError, KeyError, OSError):  # a zone that can't be read: theirs is shown alone
            return False
        return start.astimezone(there).utcoffset() != here

    @property
    def where(self) -> str:
        """The city the session's time was planned in: America/New_York → New York."""
        return self.session.time_zone.rpartition("/")[2].replace("_", " ")

    @property
    def by_phone(self) -> tuple[str, str, str] | None:
        """The room by telephone: a link to dial, the number and its code to read."""
        dial_in = self.session.dial_in
        return (dial_ins.link(dial_in), *dial_ins.spoken(dial_in)) if dial_in else None

    @property
    def words(self) -> str:
        return WORDS[self.standing] if self.standing else ""

    @property
    def look(self) -> str:
        return LOOKS.get(self.standing, "") if self.standing else ""


def between(start: datetime, end: datetime) -> list[Place]:
    """The signed-in person's places in sessions that end after `start` and begin before `end`, soonest first.

    Two statements, by ix_seat_client; grows with the places in that time.
    """
    span = {"client": person().id, "start": start, "end": end}
    return seen(store.execute(BETWEEN, span).all())


def near() -> Place | None:
    """The place whose door opens next, today: for the alert inside the app (M17). None while they are in the room."""
    now = clock.now()
    found = next_of(between(now, now + 12 * HOUR))
    return None if found is not None and found.state == "open" and _inside(found) else found


def _inside(place: Place) -> bool:
    """The last that was seen of them in this room is that they joined."""
    seen = select(Presence.type).where(
        Presence.session_id == place.seat.session_id, Presence.person_id == place.seat.client_id,
        Presence.type.in_((EvidenceType.JOINED, EvidenceType.LEFT)), Presence.at <= place.now,
    )  # fmt: skip
    return store.scalar(seen.order_by(Presence.at.desc()).limit(1)) == EvidenceType.JOINED


def next_of(found: Sequence[Place]) -> Place | None:
    """The first that can still be joined."""
    return next((each for each in found if each.state in ("ahead", "open")), None)


def one(seat_id: int) -> Place:
    """One place of the signed-in person; anyone else's is 404 (S1)."""
    row = store.execute(ONE, {"client": person().id, "seat": seat_id}).first()
    if row is None:
        abort(404)
    return seen([row])[0]


def seat(seat_id: int) -> Seat:
    """One seat of the signed-in person, for a verb; anyone else's is 404 (S1)."""
    me = person()
    asked = {"client": me.id, "program": me.program_id, "seat": seat_id}
    return store.scalar(OWN, asked) or abort(404)


def person() -> Person:
    """The signed-in person; the guard has let nobody else in."""
    return cast(Person, me())


def seen(rows: Sequence[Any]) -> list[Place]:
    """Rows of `MINE` as places of this instant."""
    now = clock.now()
    if not rows:
        return []
    mine = person().program_id
    policies = programs.policies_of(store, [mine])[mine]
    made = []
    for taken, host, report, called_after in rows:
        starts_at = taken.session.starts_at
        doors_open_at = starts_at + programs.in_force(policies, starts_at).policy.doors_open
        made.append(Place(taken, host, report, doors_open_at, now, called_after))
    return made


def _mine() -> Select[Seat, str, AbsenceReport, bool]:
    """Seat, the host's name, the report that stands, and whether somebody reached out, of one client's seats."""
    host = aliased(Person)
    stands = and_(AbsenceReport.seat_id == Seat.id, ~AbsenceReport.is_withdrawn)
    called_after = (
        select(Step.seat_id)
        .where(Step.seat_id == Seat.id, Step.rung == Rung.OUTREACH, Step.result == TAKEN)
        .exists()
    )
    return (
        select(Seat, host.name, AbsenceReport, called_after)
        .join(Session, Session.id == Seat.session_id)
        .join(host, host.id == Session.host_id)
        .outerjoin(AbsenceReport, stands)
        .options(contains_eager(Seat.session))
        .where(Seat.client_id == bindparam("client"), Seat.is_given)
    )


MINE = _mine()
"""Built once: putting a statement together costs as much as running it."""
OWN = (
    select(Seat)
    .join(Seat.session)
    .options(contains_eager(Seat.session))
    .where(Seat.id == bindparam("seat"), Seat.client_id == bindparam("client"))
    .where(Session.program_id == bindparam("program"), Seat.is_given)
)
"""`sessions.seats_visible_to`, for a client."""
BETWEEN = (
    MINE.where(Session.ends_at > bindparam("start"), Session.starts_at < bindparam("end"))
    .order_by(Session.starts_at, Seat.id)
    .limit(MOST)
)
ONE = MINE.where(Seat.id == bindparam("seat"))
