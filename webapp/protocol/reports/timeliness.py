"""Timeliness of the protocol: when each step was due and when it was taken, or why it was not (M29)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from webapp.bulk import among
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.protocol.facts import facts
from webapp.protocol.facts.picture import SEAT_COLUMNS, SeatRow
from webapp.protocol.facts.steps import Step
from webapp.protocol.ladder.ladder import survey
from webapp.protocol.ladder.rungs import TAKEN, Rung, State


@dataclass(frozen=True, slots=True)
class Proof:
    """One rung of one seat. `why` is a key of `rungs.WHY`; empty for a rung that was taken as planned or is still to come."""

    seat_id: int
    client_id: int
    session_id: int
    rung: str
    due_at: datetime | None
    taken_at: datetime | None
    state: State
    why: str

    @property
    def lateness(self) -> timedelta | None:
        """How long after it was due the step was taken; None when it was not taken."""
        return self.taken_at - self.due_at if self.taken_at and self.due_at else None


def missed(program_id: int, since: datetime, until: datetime) -> Select[int, int, int, datetime]:
    """Seats of a program in sessions begun in [since, until) that were missed at the outreach instant, also when later evidence
    shows that the client was there."""
    return (
        select(*SEAT_COLUMNS)
        .join(Session, Session.id == Seat.session_id)
        .join(Step, Step.seat_id == Seat.id)
        .where(
            Session.program_id == program_id,
            Session.starts_at >= since,
            Session.starts_at < until,
            Seat.is_given,
            Step.rung == Rung.OUTREACH.value,
            Step.result == TAKEN,
        )
        .order_by(Session.starts_at.desc(), Seat.id)
    )


def proofs(store: Store, seats: Sequence[SeatRow], now: datetime) -> list[Proof]:
    """Every rung of these seats for the present time of their sessions, in the ladder's order. A fixed number of statements."""
    written = {
        (step.seat_id, step.occurrence, step.rung): step
        for step in store.scalars(
            select(Step).where(among(store, Step.seat_id, [seat.id for seat in seats]))
        )
    }
    by_rung = []
    for picture in facts.of_seats(store, seats, now, walk_all=True):
        seat = picture.seat
        for look in survey(picture.facts, picture.taken, now):
            step = written.get((seat.id, picture.occurrence, look.rung.value))
            by_rung.append(
                Proof(
                    seat.id, seat.client_id, seat.session_id, look.rung.value,
                    step.due_at if step else look.due_at, step.taken_at if step else None,
                    look.state, (step.why or "") if step else look.why,
                )
            )  # fmt: skip
    return by_rung


@dataclass(frozen=True, slots=True)
class Punctuality:
    """How punctually a rung was taken over a period. `latest` is the worst lateness of a step that was taken."""

    rung: str
    taken: int
    not_taken: int
    on_time: int
    latest: timedelta


def summary(
    store: Store,
    program_id: int,
    since: datetime,
    until: datetime,
    on_time: timedelta = timedelta(minutes=1),
) -> list[Punctuality]:
    """Per rung, over the sessions of a program begun in [since, until): how often it was taken, how often not, and how
    punctually. `on_time`: lateness up to which a step counts as on time. One statement."""
    query = (
        select(Step.rung, Step.due_at, Step.taken_at, func.count())
        .join(Seat, Seat.id == Step.seat_id)
        .join(Session, Session.id == Seat.session_id)
        .where(
            Session.program_id == program_id, Session.starts_at >= since, Session.starts_at < until
        )
        .group_by(Step.rung, Step.due_at, Step.taken_at)
    )
    taken: dict[str, list[tuple[timedelta, int]]] = {}
    not_taken: dict[str, int] = {}
    for rung, due_at, taken_at, count in store.execute(query):
        if taken_at is None:
            not_taken[rung] = not_taken.get(rung, 0) + count
        else:
            taken.setdefault(rung, []).append((taken_at - due_at, count))
    return [
        Punctuality(
            rung,
            sum(count for _, count in taken.get(rung, ())),
            not_taken.get(rung, 0),
            sum(count for late, count in taken.get(rung, ()) if late <= on_time),
            max((late for late, _ in taken.get(rung, ())), default=timedelta(0)),
        )
        for rung in Rung
        if rung in taken or rung in not_taken
    ]
