"""The make-up ledger: each missed seat, what made up for it, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import joinedload

from webapp.care.attendance.standing import CAN_BE_MADE_UP, Standing
from webapp.care.catch_up.cards import MissedSeat
from webapp.care.directory import programs
from webapp.care.make_ups import make_ups
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat
from webapp.db import Store


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One missed seat in the ledger. Instants are aware UTC."""

    seat: Seat
    standing: Standing
    make_up: MakeUp | None
    """The make-up that is booked or done, if there is one."""
    deadline: datetime
    """Until when a make-up may begin."""

    @property
    def made_up_at(self) -> datetime | None:
        return self.make_up.completed_at if self.make_up else None

    @property
    def planned_for(self) -> datetime | None:
        """When the booked session begins; None for a recording or an assignment, which are done at any time."""
        seat = self.make_up.by_seat if self.make_up else None
        return seat.session.starts_at if seat else None

    @property
    def by_what(self) -> str:
        """The title of the session, recording or assignment; empty when staff only noted that it was made up for."""
        if self.make_up is None:
            return ""
        if self.make_up.by_seat is not None:
            return self.make_up.by_seat.session.title
        return self.make_up.resource.title if self.make_up.resource else ""

    def open_for_booking(self, as_of: datetime) -> bool:
        """No make-up stands for it, and the deadline lies ahead."""
        can_be = self.standing in CAN_BE_MADE_UP
        return can_be and self.make_up is None and as_of < self.deadline


def entries(store: Store, missed: Iterable[MissedSeat]) -> list[LedgerEntry]:
    """The ledger of one client's missed seats, in the order given. Two statements."""
    missed = list(missed)
    if not missed:
        return []
    ids = [each.seat.id for each in missed]
    whole = (joinedload(MakeUp.by_seat), joinedload(MakeUp.resource))
    found = {
        made.seat_id: made
        for made in store.scalars(make_ups.standing_for(ids).options(*whole)).unique()
    }
    within = _within(store, missed)
    return [
        LedgerEntry(seat, standing, found.get(seat.id), seat.session.ends_at + within[seat.id])
        for seat, standing in missed
    ]


def _within(store: Store, missed: list[MissedSeat]) -> dict[int, timedelta]:
    program = missed[0].seat.session.program_id
    policies = programs.policies_of(store, [program])[program]
    return {
        seat.id: programs.in_force(policies, seat.session.starts_at).policy.make_up_within
        for seat, _ in missed
    }
