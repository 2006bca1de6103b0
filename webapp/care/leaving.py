"""Changes a person's status (active, paused, discharged), and ends a couple together with its joint bookings."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased

from webapp.care.accounts import logins
from webapp.care.attendance import one_device
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import task_owners
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.directory.programs import Program
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.make_ups import busy_slots, waitlist
from webapp.care.make_ups.make_ups import ENDED_WITH_COUPLE, MakeUp
from webapp.care.make_ups.waitlist import WaitlistEntry
from webapp.care.privacy import consents, emergency_access
from webapp.care.schedule.kinds import JOINT
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store


def change_status(
    store: Store, person: Person, status: str, *, by: Person | None, now: datetime
) -> None:
    """Pause, discharge or reactivate a person. Reminders stop because of the status alone (rule 3). A discharge ends all their
    logins, links, devices, calendar links, consents, lines and held places for good, whoever asks for it: somebody who returns
    gets a new link (S2), is asked for consent again (P2) and starts with fresh ones of the rest (S19). Open tasks of staff who pause or leave are handed over, and the new owner is notified (rule 9, P8). The same status again
    changes nothing."""
    if status == person.status:
        return
    person.status, person.status_at = Status(status), now
    events.record(store, Tag.PERSON_STATUS_CHANGED, person=person, by=by, now=now, status=status)
    if not person.active:
        one_device.end_of(store, person.id, by=by, now=now)
    if person.status == Status.DISCHARGED:
        logins.sign_out_everywhere(store, person, "discharged", by=by, now=now)
        consents.stop_all(store, person, by=by, now=now)
        emergency_access.end_all(store, person, by=by, now=now)
        for entry in store.scalars(waitlist.concerning(person.id)).all():
            waitlist.leave(store, entry, by=by, now=now, why="discharged")
    if person.kind == Kind.STAFF and not person.active:
        _hand_over_work(store, person, by, now)


def _hand_over_work(store: Store, person: Person, by: Person | None, now: datetime) -> None:
    """Give each open task to whoever has its role now."""
    theirs = select(Task).where(Task.owner_id == person.id, Task.is_open)
    open_ones = store.scalars(theirs.order_by(Task.id)).all()
    owners = task_owners.read(store, {task.client_id for task in open_ones if task.client_id}, now)
    for task in open_ones:
        owner = owners.of(task.client_id, task.program_id, task.role)
        task.hand_over(store, owner, by=by, now=now)


class LeftBehind(NamedTuple):
    """What still names a member of staff who has left: how many sessions to come they host, couples have them as their therapist, and
    clients have them in their care team."""

    person: Person
    sessions: int
    couples: int
    clients: int


def left_behind(store: Store, program_id: int, now: datetime) -> list[LeftBehind]:
    """The program's discharged staff whom something still names, by name. One statement; grows with the coming sessions."""
    hosted = select(func.count(Session.id)).where(
        Session.host_id == Person.id, Session.is_on, Session.starts_at > now
    )
    couples = select(func.count(Couple.id)).where(
        Couple.therapist_id == Person.id, Couple.ended_at.is_(None)
    )
    client = aliased(Person)
    named = (CareTeam.counselor_id, CareTeam.supervisor_id, CareTeam.coordinator_id)
    clients = (
        select(func.count(CareTeam.client_id))
        .join(client, client.id == CareTeam.client_id)
        .where(or_(*(each == Person.id for each in named)), client.status != Status.DISCHARGED)
    )
    counts = [each.correlate(Person).scalar_subquery() for each in (hosted, couples, clients)]
    left = select(Person, *counts).where(
        Person.program_id == program_id, Person.kind == Kind.STAFF,
        Person.status == Status.DISCHARGED, or_(*(each > 0 for each in counts)),
    )  # fmt: skip
    return [LeftBehind(*row) for row in store.execute(left.order_by(Person.folded_name))]


def put_couple(
    store: Store,
    program: Program,
    ref: str,
    a: Person,
    b: Person,
    *,
    therapist: Person | None,
    by: Person | None,
    now: datetime,
) -> tuple[Couple, bool]:
    """Form the couple of this reference, or change it; returns (couple, whether the reference is new). When it was another two's, they
    part first, with all that the end of a couple means, and their row keeps its history under another reference. Raises Invalid
    as `teams.form_couple` does; the caller then rolls back."""
    same_ref = select(Couple).where(Couple.program_id == program.id, Couple.ref == ref)
    known = store.scalar(same_ref)
    if known is not None and {known.a_id, known.b_id} != {a.id, b.id}:
        end_couple(store, known, by=by, now=now)
        known.ref = f"{ref}:ended:{known.id}"
        store.flush()
    couple, new = teams.form_couple(
        store, program, ref, a, b, therapist=therapist, by=by, now=now
    )  # fmt: skip
    return couple, new and known is None


def end_couple(store: Store, couple: Couple, *, by: Person | None, now: datetime) -> None:
    """End a couple; twice is the same. They are no longer in the care of the couple's therapist, and either may form another
    couple.

    Their future joint make-ups are cancelled, and they leave the waitlists of joint sessions: each may make up for the missed
    session alone. Open relational tasks are withdrawn. Seats that the roster gave them in the same session stay until the
    roster changes them. Consents for each other stay until the one who gave them revokes them (P3); the Sharing page says so.
    """
    if couple.ended_at is not None:
        return
    both = (couple.a_id, couple.b_id)
    busy_slots.lock(store, [couple.a, couple.b])
    couple.ended_at = now
    one_device.end(store, couple, by=by, now=now)
    for made in store.scalars(_joint_make_ups(both, now)).all():
        made.cancel(store, by=by, now=now, why=ENDED_WITH_COUPLE)
    for entry in store.scalars(_waitlist_entries(both)).all():
        waitlist.leave(store, entry, by=by, now=now, why=ENDED_WITH_COUPLE)
    for task in store.scalars(_relational_tasks(both)).all():
        task.withdraw(store, ENDED_WITH_COUPLE, by=None, now=now)
    store.flush()
    events.record(
        store, Tag.COUPLE_ENDED, by=by, now=now, program_id=couple.program_id, couple=couple.id
    )


def _joint_make_ups(both: tuple[int, int], now: datetime) -> Select[MakeUp]:
    """Open make-ups in which both have a seat in a session that has not begun."""
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


def _waitlist_entries(both: tuple[int, int]) -> Select[WaitlistEntry]:
    """Their entries in waitlists for joint sessions."""
    entries = waitlist.in_any_line().where(WaitlistEntry.client_id.in_(both))
    entries = entries.join(Seat, Seat.id == WaitlistEntry.seat_id)
    entries = entries.join(Session, Session.id == Seat.session_id).where(Session.kind.in_(JOINT))
    return entries.order_by(WaitlistEntry.id)


def _relational_tasks(both: tuple[int, int]) -> Select[Task]:
    """The couples therapist's open tasks with either of them."""
    theirs = select(Task).where(Task.client_id.in_(both), Task.kind == TaskKind.RELATIONAL)
    return theirs.where(Task.is_open).order_by(Task.id)
