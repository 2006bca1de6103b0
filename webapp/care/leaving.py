"""Taking part, pausing, leaving, and being taken up again."""

from datetime import datetime

from sqlalchemy import select

from webapp.care.accounts import logins
from webapp.care.audit.tags import Tag
from webapp.care.contact import task_owners
from webapp.care.contact.tasks import Task
from webapp.care.directory import people
from webapp.care.directory.people import Kind, Person, Status
from webapp.care.privacy import consents
from webapp.db import Store


def change(store: Store, person: Person, status: str, *, by: Person | None, now: datetime) -> None:
    """Pause, discharge or take up again. Reminders stop by the fact alone (rule 3). With a discharge every login, every link
    and every consent of theirs is over for good: whoever is taken up again comes in anew (S2), and is asked anew (P2). What
    staff who pause or leave had still to do is handed over at once, and its new owner told (rule 9, P8)."""
    if status == person.status:
        return
    person.status, person.status_at = Status(status), now
    people.about(store, Tag.PERSON_STATUS_CHANGED, person, by=by, now=now, status=status)
    if person.status == Status.DISCHARGED:
        logins.end_all(store, person, "discharged", by=by, now=now)
        consents.stop_all(store, person, by=by, now=now)
    if person.kind == Kind.STAFF and not person.active:
        _hand_over_work(store, person, by, now)


def _hand_over_work(store: Store, person: Person, by: Person | None, now: datetime) -> None:
    """To whoever has each task's role now."""
    theirs = select(Task).where(Task.owner_id == person.id, Task.done_at.is_(None))
    open_ones = store.scalars(theirs.order_by(Task.id)).all()
    known = task_owners.read(store, {task.client_id for task in open_ones if task.client_id}, now)
    for task in open_ones:
        owner = known.of(task.client_id, task.program_id, task.role)
        task.hand_over(store, owner, by=by, now=now)
