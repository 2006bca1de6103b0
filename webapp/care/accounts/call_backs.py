"""The way back in for somebody who lost theirs: a link, issued by staff who called them back on a number on file (S3).

Whoever calls and says they are a client may be anyone; who answers the client's own phone most likely is. The number they
called from, or a new one they name, therefore never counts.
"""

from datetime import datetime

from sqlalchemy import select

from webapp.care.accounts import logins
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.people import Person
from webapp.db import Store
from webapp.refusals import N_, Invalid


def numbers_of(store: Store, person: Person) -> list[str]:
    """Where to call them back: what is on file and not marked unsafe (P9)."""
    known = select(Address.value, Address.unsafe_at).where(
        Address.person_id == person.id, Address.channel == Channel.SMS
    )
    marked = dict(store.execute(known).all())
    found = dict.fromkeys([person.phone, *marked])
    return [number for number in found if number and not marked.get(number)]


def issue_link(store: Store, person: Person, number: str, *, by: Person, now: datetime) -> str:
    """A recovery link's secret. `number`: the one they were called back on. Raises Invalid unless it is on file."""
    if number not in numbers_of(store, person):
        raise Invalid(
            N_("Call back first, on a number that is on file, and say which."), field="number"
        )
    events.record(store, Tag.CALLED_BACK, person=person, by=by, now=now)
    return logins.issue_link(store, person, "recovery", by=by, now=now)
