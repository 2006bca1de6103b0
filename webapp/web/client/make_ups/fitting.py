"""What a client's pages show about making up for one seat: its state, what is booked, what could be."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from webapp import clock
from webapp.care.attendance import absences
from webapp.care.attendance.standing import CAN_BE_MADE_UP
from webapp.care.directory.people import Person
from webapp.care.directory.teams import CareTeam
from webapp.care.make_ups import double_bookings, eligibility, make_ups, offers, waitlist
from webapp.care.make_ups.double_bookings import DoubleBooking
from webapp.care.make_ups.eligibility import party_of
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.offers import Offer, Why
from webapp.care.make_ups.reflections import Reflection
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.care.privacy import consents
from webapp.care.privacy.consents import Category
from webapp.care.schedule.sessions import Seat
from webapp.refusals import N_
from webapp.web.client import histories, my_seats
from webapp.web.client.my_seats import SeatView
from webapp.web.page.unit_of_work import store

SHOWN = 5
"""Offers on a page: enough to choose from, few enough to read."""
WORDS = {
    Why.SAME_HOST: N_("same host"),
    Why.SAME_GROUP: N_("same group"),
    Why.FITS_BOTH: N_("fits both of you"),
    Why.ANY_TIME: N_("any time"),
}
"""The words for each reason for an offer."""


@dataclass(frozen=True)
class MakingUp:
    """One seat, what is booked to make up for it, and what could be."""

    place: SeatView
    state: str
    """As `state_of` returns it."""
    deadline: datetime
    made: MakeUp | None = None
    partner: Person | None = None
    """Who comes along to a couple's session."""
    known_until: datetime | None = None
    """Up to when the partner's calendar may be read for times that fit both."""
    offers: list[Offer] = field(default_factory=list)
    full: list[Offer] = field(default_factory=list)
    """Full sessions that the client could wait for."""
    line: list[WaitlistEntry] = field(default_factory=list)
    """Full sessions for which the client waits and no place is held yet. Not how many wait before them: that is others' (P11)."""
    held: list[HeldPlace] = field(default_factory=list)
    double: DoubleBooking | None = None
    """Another place that the client has at the time of what is booked."""
    reflection: Reflection | None = None
    counselor: str = ""
    changing: bool = False

    @property
    def seat(self) -> Seat:
        return self.place.seat

    @property
    def over(self) -> bool:
        """What is booked has taken place; who was there is not settled yet."""
        return self.made is not None and self.made.is_over(self.place.now)

    @property
    def by_seat(self) -> Seat | None:
        """The place that is booked."""
        return self.made.by_seat if self.made else None


def of(place: SeatView, *, changing: bool = False) -> MakingUp:
    """What a page shows about making up for this seat. `changing`: offers too when something is booked."""
    now = clock.now()
    made = store.scalar(make_ups.standing_for([place.seat.id]))
    state = state_of(place, made, now)
    deadline = eligibility.deadline_of(store, place.seat)
    known = known_until(place.seat, now)
    about = MakingUp(
        place, state, deadline, made, party_of(store, place.seat).partner, known, counselor=counselor(),
        changing=changing and state == "booked",
    )  # fmt: skip
    if made is not None:
        about = _with_booked(about, made, now)
    return _with_choice(about, made, now) if state == "open" or about.changing else about


def known_until(seat: Seat, now: datetime) -> datetime | None:
    """Up to when the calendar of a partner who comes along may be read: as far as they let the client know their schedule."""
    partner = party_of(store, seat).partner
    if partner is None:
        return None
    return consents.known_until(store, partner.id, seat.client_id, Category.SCHEDULE, now)


def made_up_by(place: SeatView) -> SeatView:
    """The missed seat for which `place` was booked; `place` itself when it was for none."""
    made = store.scalar(select(MakeUp).where(MakeUp.by_seat_id == place.seat.id, MakeUp.is_open))
    return my_seats.view_of(made.seat_id) if made else place


def counselor() -> str:
    """The name of the client's counselor; empty when there is none."""
    team = store.get(CareTeam, my_seats.person().id)
    return team.counselor.name if team and team.counselor else ""


def state_of(place: SeatView, made: MakeUp | None, now: datetime) -> str:
    """What the pages show, and whether anything can be booked. `made`: the make-up that stands for the seat.

    ahead (still to come, nothing reported) · cancelled · whole (nothing to make up) · done · booked · open (nothing booked,
    or only what its client can't come to either) · closed (the policy's time is over). Booking is possible when it is open or
    booked. At most the statements of one standing and of the deadline; none that look for offers.
    """
    if place.session.cancelled_at:
        return "cancelled"
    if made is not None and made.completed_at:
        return "done"
    if made is not None and not (made.by_seat and store.scalar(absences.of(made.by_seat.id))):
        return "booked"
    if place.state != "over":
        can_be = place.report is not None
    else:
        can_be = histories.with_standing([place])[0].standing in CAN_BE_MADE_UP
    if not can_be:
        return "whole" if place.state == "over" else "ahead"
    return "open" if now < eligibility.deadline_of(store, place.seat) else "closed"


def _with_booked(about: MakingUp, made: MakeUp, now: datetime) -> MakingUp:
    doubles = double_bookings.of(store, made, now) if made.is_open and made.by_seat else []
    own = (each for each in doubles if each.seat.client_id == about.seat.client_id)
    return replace(about, double=next(own, None), reflection=store.get(Reflection, made.id))


def _with_choice(about: MakingUp, made: MakeUp | None, now: datetime) -> MakingUp:
    seat, booked = about.seat, made.by_seat if made else None
    but_sessions = [booked.session_id] if booked else []
    but_resources = [made.resource_id] if made and made.resource_id else []
    everywhere = store.scalars(waitlist.waiting(seat.client)).all()
    entries = [entry for entry in everywhere if entry.seat_id == seat.id]
    of_seat = waitlist.held_for(seat.client_id, now).where(WaitlistEntry.seat_id == seat.id)
    held = list(store.scalars(of_seat))
    waiting_for = {entry.session_id for entry in everywhere}
    served = {each.entry_id for each in held}
    waitable = [
        each
        for each in offers.waitable(store, seat, now, known_until=about.known_until)
        if each.session
    ]
    could_wait = {each.session.id for each in waitable if each.session}
    entries += [
        each for each in everywhere if each not in entries and each.session_id in could_wait
    ]
    return replace(
        about,
        offers=offers.find(
            store,
            seat,
            now,
            limit=SHOWN,
            but_sessions=but_sessions,
            but_resources=but_resources,
            known_until=about.known_until,
        ),
        full=[each for each in waitable if each.session and each.session.id not in waiting_for],
        line=[each for each in entries if each.id not in served],
        held=held,
    )
