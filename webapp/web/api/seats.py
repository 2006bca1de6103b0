"""`GET /seats`: each seat's standing, attendance, steps taken and next step."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Select, select

from webapp import clock
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.standing import Standing, standing
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SEAT_COLUMNS, Picture, SeatRow
from webapp.protocol.facts.steps import Step
from webapp.protocol.ladder.ladder import explain
from webapp.protocol.ladder.rungs import State
from webapp.protocol.reports import standings
from webapp.web.api.changed import changed_after
from webapp.web.api.contract import paging, tokens
from webapp.web.api.contract.calls import call
from webapp.web.api.contract.paging import Page
from webapp.web.api.contract.shapes import Id, Instant, OneOf, Ref, ResponseBody
from webapp.web.page.unit_of_work import store

AHEAD = (State.DUE, State.HELD, State.LATER)


class SeatQuery(Page):
    session: Ref | None = Field(None, description="Only this session's")
    client: Ref | None = Field(None, description="Only this client's")
    standing: Annotated[str, OneOf(Standing)] | None = Field(
        None, description="Only those with this standing now"
    )
    changed_after: Instant | None = Field(None, description="Only those changed since")


class SeatPresence(ResponseBody):
    minutes: float
    seen: bool = Field(description="There at some instant of the session")
    here: bool = Field(description="There now")


class SeatAbsence(ResponseBody):
    reason: str
    reported_at: Instant
    notice_hours: float


class StepOut(ResponseBody):
    rung: str
    due_at: Instant
    taken_at: Instant | None
    result: str = Field(description="taken, stood_down or expired")


class NextOut(ResponseBody):
    rung: str
    due_at: Instant


class SeatOut(ResponseBody):
    id: Id
    session: str
    client: str
    number: int
    standing: Annotated[str, OneOf(Standing)]
    presence: SeatPresence | None = Field(description="Null: no evidence")
    absence: SeatAbsence | None
    steps: list[StepOut]
    next: NextOut | None


class SeatList(ResponseBody):
    items: list[SeatOut]
    next: int | None


@call("GET", "/seats", scope="read", responses={200: SeatList}, tag="Care")
def get_seats(query: SeatQuery):  # type: ignore[no-untyped-def]
    """Seats in the order in which they were given; one only held for somebody on a waitlist is not listed. With `standing` a page
    may be shorter than `limit`; only `next` says whether more may follow."""
    now = clock.now()
    seats = _matching(query)
    if query.standing is None:
        rows = _rows(seats, query.after, query.limit + 1)
        page, after = paging.cut(rows, query.limit, lambda row: row.id)
    else:
        wanted, limit = Standing(query.standing), query.limit
        page, after = standings.having(store, seats, wanted, now, after=query.after, limit=limit)
    return paging.paged(list(shown(page, now)), after)


def _matching(query: SeatQuery) -> Any:
    seats = (
        select(*SEAT_COLUMNS)
        .join(Session, Session.id == Seat.session_id)
        .where(Session.program_id == tokens.program_id(), Seat.is_given)
    )
    if query.session is not None:
        seats = seats.where(Session.ref == query.session)
    if query.client is not None:
        client = select(Person.id).where(
            Person.program_id == tokens.program_id(), Person.ref == query.client
        )
        seats = seats.where(Seat.client_id.in_(client))
    if query.changed_after is not None:
        seats = seats.where(changed_after(store, tokens.program_id(), query.changed_after))
    return seats


def _rows(seats: Select[Any], after: int, limit: int) -> list[SeatRow]:
    following = seats.where(Seat.id > paging.number(after)).order_by(Seat.id).limit(limit)
    return [SeatRow(*row) for row in store.execute(following)]


def shown(rows: Sequence[SeatRow], now: datetime) -> Iterator[dict[str, Any]]:
    """Seats as response bodies: a handful of statements for any number."""
    ids = [row.id for row in rows]
    names = {
        id: (number, session, client)
        for id, number, session, client in store.execute(
            select(Seat.id, Seat.number, Session.ref, Person.ref)
            .join(Session, Session.id == Seat.session_id)
            .join(Person, Person.id == Seat.client_id)
            .where(Seat.id.in_(ids))
        )
    }
    steps: dict[int, list[dict[str, Any]]] = {}
    for step in store.scalars(
        select(Step).where(Step.seat_id.in_(ids)).order_by(Step.due_at, Step.rung)
    ):
        steps.setdefault(step.seat_id, []).append(_step(step))
    absences = _absences(ids)
    for picture in facts.of_seats(store, rows, now, walk_all=True):
        number, session, client = names[picture.seat.id]
        yield {
            "id": picture.seat.id, "session": session, "client": client, "number": number,
            "standing": standing(picture.facts, now).value, "presence": _presence(picture, now),
            "absence": absences.get(picture.seat.id), "steps": steps.get(picture.seat.id, []),
            "next": _next(picture, now),
        }  # fmt: skip


def _step(step: Step) -> dict[str, Any]:
    return {
        "rung": step.rung, "due_at": step.due_at.isoformat(),
        "taken_at": step.taken_at and step.taken_at.isoformat(), "result": step.result,
    }  # fmt: skip


def _absences(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Seat id → the report in force. The client's own words are in the chart only, where reading is recorded (P7)."""
    reports = (
        select(
            AbsenceReport.seat_id,
            AbsenceReport.reason,
            AbsenceReport.reported_at,
            Session.starts_at,
        )
        .join(Seat, Seat.id == AbsenceReport.seat_id)
        .join(Session, Session.id == Seat.session_id)
        .where(AbsenceReport.seat_id.in_(ids), ~AbsenceReport.is_withdrawn)
    )
    return {
        seat_id: {
            "reason": reason, "reported_at": at.isoformat(),
            "notice_hours": round((starts_at - at).total_seconds() / 3600, 2),
        }
        for seat_id, reason, at, starts_at in store.execute(reports)
    }  # fmt: skip


def _presence(picture: Picture, now: datetime) -> dict[str, Any] | None:
    tally = picture.facts.tally(now)
    if not picture.facts.evidence:
        return None
    minutes = round(tally.present_for.total_seconds() / 60, 1)
    return {"minutes": minutes, "seen": tally.seen, "here": tally.here}


def _next(picture: Picture, now: datetime) -> dict[str, Any] | None:
    """The earliest rung that may still be taken."""
    looks = explain(picture.facts, picture.taken, now)
    ahead = [(look.due_at, look.rung) for look in looks if look.state in AHEAD and look.due_at]
    if not ahead:
        return None
    due_at, rung = min(ahead, key=lambda one: one[0])
    return {"rung": rung.value, "due_at": due_at.isoformat()}
