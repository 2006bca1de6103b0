"""A person pauses, is discharged or returns; a couple ends, and their joint bookings with it."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from webapp.care.accounts import logins
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import task_owners
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.teams import Couple
from webapp.care.make_ups import busy_slots, waitlist
from webapp.care.make_ups.eligibility import JOINT
from webapp.care.make_ups.make_ups import ENDED_WITH_COUPLE, MakeUp
from webapp.care.make_ups.waitlist import WaitlistEntry
from webapp.care.privacy import consents
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store


def change(store: Store, person: Person, status: str, *, by: Person | None, now: datetime) -> None:
    """Pause, discharge or take up again. Reminders stop by the fact alone (rule 3). With a discharge every login, every link
    and every consent of theirs is over for good: whoever is taken up again comes in anew (S2), and is asked anew (P2). What
    staff who pause or leave had still to do is handed over at once, and its new owner told (rule 9, P8)."""
    if status == person.status:
        return
    person.status, person.status_at = Status(status), now
    events.record(store, Tag.PERSON_STATUS_CHANGED, person=person, by=by, now=now, status=status)
    if person.status == Status.DISCHARGED:
        logins.end_all(store, person, "discharged", by=by, now=now)
        consents.stop_all(store, person, by=by, now=now)
    if person.kind == Kind.STAFF and not person.active:
        _hand_over_work(store, person, by, now)


def _hand_over_work(store: Store, person: Person, by: Person | None, now: datetime) -> None:
    """To whoever has each task's role now."""
    theirs = select(Task).where(Task.owner_id == person.id, Task.is_open)
    open_ones = store.scalars(theirs.order_by(Task.id)).all()
    known = task_owners.read(store, {task.client_id for task in open_ones if task.client_id}, now)
    for task in open_ones:
        owner = known.of(task.client_id, task.program_id, task.role)
        task.hand_over(store, owner, by=by, now=now)


def end_couple(store: Store, couple: Couple, *, by: Person | None, now: datetime) -> None:
    """They are a couple no longer; twice is the same. The couple's therapist has them in care no more, and either may form
    another couple.

    Joint make-ups that are still ahead are given up, and places waited or held for the two: each keeps the missed session
    to make up for, alone from now on. Open talks with the couple are withdrawn. Seats that the roster gave them in the
    same session stay until the roster says otherwise. What one allowed the other to know is that one's own (P3): it stands
    until they stop it, and their Sharing page says so.
    """
    if couple.ended_at is not None:
        return
    both = (couple.a_id, couple.b_id)
    busy_slots.lock(store, [couple.a, couple.b])
    couple.ended_at = now
    for made in store.scalars(_booked_for(both, now)).all():
        made.cancel(store, by=by, now=now, why=ENDED_WITH_COUPLE)
    for entry in store.scalars(_waiting(both)).all():
        waitlist.leave(store, entry, by=by, now=now, why=ENDED_WITH_COUPLE)
    for task in store.scalars(_talks(both)).all():
        task.withdraw(store, ENDED_WITH_COUPLE, by=None, now=now)
    store.flush()
    events.record(
        store, Tag.COUPLE_ENDED, by=by, now=now, program_id=couple.program_id, couple=couple.id
    )


def _booked_for(both: tuple[int, int], now: datetime) -> Select[MakeUp]:
    """Make-ups that give each of the two a place in a session that has not begun."""
    other = aliased(Seat)
    return (
        select(MakeUp)
        .join(Seat, Seat.id == MakeUp.by_seat_id)
        .join(other, other.id == MakeUp.partner_seat_id)
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id.in_(both), other.client_id.in_(both))
        .where(MakeUp.is_open, Session.starts_at > now)
        .order_by(MakeUp.id)
    )


def _waiting(both: tuple[int, int]) -> Select[WaitlistEntry]:
    """Their lines for two places at once."""
    lines = waitlist.in_any_line().where(WaitlistEntry.client_id.in_(both))
    lines = lines.join(Seat, Seat.id == WaitlistEntry.seat_id)
    lines = lines.join(Session, Session.id == Seat.session_id).where(Session.kind.in_(JOINT))
    return lines.order_by(WaitlistEntry.id)


def _talks(both: tuple[int, int]) -> Select[Task]:
    """What the couple's therapist was to talk through with them."""
    theirs = select(Task).where(Task.client_id.in_(both), Task.kind == TaskKind.RELATIONAL)
    return theirs.where(Task.is_open).order_by(Task.id)
