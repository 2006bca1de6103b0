"""The signed-in client's seats, as their pages show them at one instant."""

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
from webapp.web.page.identity import current_person
from webapp.web.page.unit_of_work import store

HOUR = timedelta(hours=1)
MOST = 200
"""The most seats on one page."""
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
"""What the client's pages call each standing."""
LOOKS = {
    Standing.ATTENDED: "help",
    Standing.MADE_UP: "help",
    Standing.EXCUSED: "help",
    Standing.ABSENT_TOLD: "help",
    Standing.MISSED: "wait",
    Standing.PARTIAL: "",
}


@dataclass(frozen=True)
class SeatView:
    """One seat with its session, host and absence report. Instants are aware UTC."""

    seat: Seat
    host: str
    report: AbsenceReport | None
    doors_open_at: datetime
    now: datetime
    called_after: bool = False
    """The outreach rung was taken, since the client was not seen; they may have come afterwards."""
    standing: Standing | None = None
    """The attendance standing of a session that is over; set by `histories.with_standing`."""

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
        """Whether it starts within the hour or is on: then the page puts Join first."""
        return self.state in ("ahead", "open") and self.now >= self.session.starts_at - HOUR

    @property
    def moved(self) -> bool:
        """Whether its session was moved after the seat was given, and is still to come."""
        moved_at = self.session.moved_at
        return (
            moved_at is not None
            and moved_at > self.seat.given_at
            and self.state in ("ahead", "open")
        )

    @property
    def elsewhere(self) -> bool:
        """Whether the client's clock shows another time at the start than the zone in which the session was planned."""
        start = self.session.starts_at
        here = start.astimezone(zone_of(self.seat.client.time_zone)).utcoffset()
        try:
            there = zone_of(self.session.time_zone)
        except (
            ValueError,
            KeyError,
            OSError,
        ):  # the zone can't be read: only the client's time is shown
            return False
        return start.astimezone(there).utcoffset() != here

    @property
    def where(self) -> str:
        """The city of the zone in which the session was planned: America/New_York → New York."""
        return self.session.time_zone.rpartition("/")[2].replace("_", " ")

    @property
    def by_phone(self) -> tuple[str, str, str] | None:
        """The room's telephone access: a link to dial, the number and the code as text; None without."""
        dial_in = self.session.dial_in
        return (dial_ins.link(dial_in), *dial_ins.spoken(dial_in)) if dial_in else None

    @property
    def words(self) -> str:
        return WORDS[self.standing] if self.standing else ""

    @property
    def look(self) -> str:
        return LOOKS.get(self.standing, "") if self.standing else ""


def between(start: datetime, end: datetime) -> list[SeatView]:
    """The signed-in person's seats in sessions that end after `start` and begin before `end`, soonest first.

    Two statements, by ix_seat_client; grows with the seats in that time.
    """
    span = {"client": person().id, "start": start, "end": end}
    return views_of(store.execute(BETWEEN, span).all())


def approaching() -> SeatView | None:
    """The seat whose doors open next, within twelve hours, for the banner inside the app (M17). None while they are in the room."""
    now = clock.now()
    found = next_joinable(between(now, now + 12 * HOUR))
    return None if found is not None and found.state == "open" and _is_in_room(found) else found


def _is_in_room(place: SeatView) -> bool:
    """Whether the latest evidence from the room is that the client joined."""
    seen = select(Presence.type).where(
        Presence.session_id == place.seat.session_id, Presence.person_id == place.seat.client_id,
        Presence.type.in_((EvidenceType.JOINED, EvidenceType.LEFT, EvidenceType.ENDED)), Presence.at <= place.now,
    )  # fmt: skip
    return store.scalar(seen.order_by(Presence.at.desc()).limit(1)) == EvidenceType.JOINED


def next_joinable(found: Sequence[SeatView]) -> SeatView | None:
    """The first seat that can still be joined, or None."""
    return next((each for each in found if each.state in ("ahead", "open")), None)


def view_of(seat_id: int) -> SeatView:
    """One seat of the signed-in person as pages show it; 404 for anyone else's (S1)."""
    row = store.execute(ONE, {"client": person().id, "seat": seat_id}).first()
    if row is None:
        abort(404)
    return views_of([row])[0]


def seat(seat_id: int) -> Seat:
    """One seat of the signed-in person as a row, for a verb; 404 for anyone else's (S1)."""
    me = person()
    asked = {"client": me.id, "program": me.program_id, "seat": seat_id}
    return store.scalar(OWN, asked) or abort(404)


def person() -> Person:
    """The signed-in person. Call it only in views that require a permission."""
    return cast(Person, current_person())


def views_of(rows: Sequence[Any]) -> list[SeatView]:
    """Rows of `MINE` as seats at this instant."""
    now = clock.now()
    if not rows:
        return []
    mine = person().program_id
    policies = programs.policies_of(store, [mine])[mine]
    made = []
    for taken, host, report, called_after in rows:
        starts_at = taken.session.starts_at
        doors_open_at = starts_at + programs.in_force(policies, starts_at).policy.doors_open
        made.append(SeatView(taken, host, report, doors_open_at, now, called_after))
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
"""Built once, since building the statement costs as much as running it."""
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
