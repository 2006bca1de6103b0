"""What the two answers to a reminder do, whichever way they come: by a notice's button, an e-mail's link, or a text (rule 16)."""

from datetime import datetime

from webapp.care.attendance import absences
from webapp.care.contact import contacts
from webapp.care.make_ups import make_ups
from webapp.care.schedule.sessions import Seat
from webapp.db import Store
from webapp.notify.kinds import Action
from webapp.refusals import N_, Conflict


def give(store: Store, seat: Seat, answer: Action, *, now: datetime) -> None:
    """Answer for the client of `seat`: `Action.ABSENCE` reports the absence; `Action.CONFIRM` says that they come, and takes a report
    back that stands. Raises Cancelled, TooLate, and Conflict when another time was booked instead meanwhile: that one would be
    lost, so it is for people to sort out."""
    if answer is Action.ABSENCE:
        absences.report(store, seat, by=seat.client, now=now)
        return
    if report := store.scalar(absences.of(seat.id)):
        if store.scalar(make_ups.standing_for([seat.id]).limit(1)) is not None:
            raise Conflict(N_("Another time is booked instead. Open the app to change that."))
        report.withdraw(store, by=seat.client, now=now)
    contacts.confirm_coming(store, seat, by=seat.client, now=now)
