"""Taking part, pausing, leaving, and being taken up again."""

from datetime import datetime

from webapp.care import accounts, consents, people
from webapp.care.people import Person, Status
from webapp.care.tags import Tag
from webapp.db import Store


def change(store: Store, person: Person, status: str, *, by: Person | None, now: datetime) -> None:
    """Pause, discharge or take up again. Reminders stop by the fact alone (rule 3). With a discharge every login, every link
    and every consent of theirs is over for good: whoever is taken up again comes in anew (S2), and is asked anew (P2)."""
    if status == person.status:
        return
    person.status, person.status_at = Status(status), now
    people.about(store, Tag.PERSON_STATUS_CHANGED, person, by=by, now=now, status=status)
    if person.status == Status.DISCHARGED:
        accounts.end_all(store, person, "discharged", by=by, now=now)
        consents.stop_all(store, person, by=by, now=now)
