"""What the two answers to a reminder do, whichever way they come: by a notice's button, an e-mail's link, or a text (rule 16)."""

from datetime import datetime

from sqlalchemy import Select, select

from webapp.care.attendance import absences
from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import contacts, tasks
from webapp.care.make_ups import make_ups
from webapp.care.schedule.sessions import Seat
from webapp.db import Store
from webapp.notify.kinds import Action
from webapp.refusals import N_, Conflict

GIVEN = (Tag.ABSENCE_REPORTED, Tag.ABSENCE_WITHDRAWN, Tag.COMING_CONFIRMED)
"""The events of an answer, however it is given."""


def give(
    store: Store, seat: Seat, answer: Action, *, now: datetime, asked_at: datetime | None = None
) -> None:
    """Answer for the client of `seat`: `Action.ABSENCE` reports the absence; `Action.CONFIRM` says that they come, and takes a report
    back that stands. Raises Cancelled, TooLate, and Conflict when another time was booked instead meanwhile: that one would be
    lost, so it is for people to sort out. `asked_at`: that of the notice whose link or button it is. The client sees on the seat's page
    that it was answered from a reminder."""
    if answer is Action.ABSENCE:
        new = absences.report(store, seat, by=seat.client, now=now).received_at == now
    else:
        new = _take_back(store, seat, now)
        new = contacts.confirm_coming(store, seat, by=seat.client, now=now) or new
    if new:
        events.record(
            store, Tag.ANSWERED_FROM_NOTICE, seat=seat, by=seat.client, now=now, asked_at=asked_at
        )


def _take_back(store: Store, seat: Seat, now: datetime) -> bool:
    """Withdraw the report that stands, if one does; returns whether."""
    if report := store.scalar(absences.of(seat.id)):
        if store.scalar(make_ups.standing_for([seat.id]).limit(1)) is not None:
            raise Conflict(N_("Another time is booked instead. Open the app to change that."))
        report.withdraw(store, by=seat.client, now=now)
        tasks.call_again(store, seat, by=seat.client, now=now)
    return report is not None


def answered_since(store: Store, seat: Seat, asked_at: datetime) -> bool:
    """Whether the client has answered for this seat after `asked_at`, other than from that very notice: in the app, by a text, or from
    a later one. An older notice then changes nothing: whoever reads their mail could undo what they said (S9). Grows with the
    client's events, like every look into their history."""
    since = _events(seat, *GIVEN, Tag.ANSWERED_FROM_NOTICE).where(Event.at > asked_at)
    found = store.scalars(since).all()
    same = asked_at.isoformat()
    from_this = {
        each.at
        for each in found
        if each.tag == Tag.ANSWERED_FROM_NOTICE and each.fields["asked_at"] == same
    }
    return any(each.tag in GIVEN and each.at not in from_this for each in found)


def last_from_notice(store: Store, seat: Seat) -> datetime | None:
    """When the client's last answer for this seat was given, if it came from a reminder; None if it was given in the app, or none was."""
    last = _events(seat, *GIVEN, Tag.ANSWERED_FROM_NOTICE).order_by(Event.id.desc()).limit(1)
    found = store.scalar(last)
    return found.at if found and found.tag == Tag.ANSWERED_FROM_NOTICE else None


def _events(seat: Seat, *tags: Tag) -> Select[Event]:
    of_seat = select(Event).where(Event.client_id == seat.client_id, Event.seat_id == seat.id)
    return of_seat.where(Event.tag.in_(tags))
