"""Enters a person as a roster has them: their row, their addresses, and the end of links that went to a replaced address."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.care.accounts import sign_in_links
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.programs import Program
from webapp.db import Store


def enroll(
    store: Store,
    program: Program,
    ref: str,
    *,
    kind: str,
    agreed: Collection[str] | None = None,
    by: Person | None,
    now: datetime,
    **more: Any,
) -> tuple[Person, bool]:
    """Add or change a person by the calling system's own reference; returns (person, whether new). The API, the import of a file and
    the command line call this, so that the same facts leave the same rows.

    `agreed`: the channels by which they agreed to be written to (P9); None where the roster does not say: e-mail. Staff are written
    to at every address until they say no, since who must act can be told (rule 18). `more`: as `people.put` takes it. A link that was sent to an e-mail address which the roster replaces
    signs nobody in any more (S3). Raises Invalid.
    """
    known = select(Person.email).where(Person.program_id == program.id, Person.ref == ref)
    before = store.scalar(known)
    person, new = people.put(store, program, ref, kind=kind, by=by, now=now, **more)
    if before and before != person.email:
        sign_in_links.void(store, person, now=now)
    if kind == Kind.STAFF:
        agreed = (Channel.EMAIL, Channel.SMS)
    elif agreed is None:
        agreed = (Channel.EMAIL,)
    addresses.follow_roster(store, person, agreed, by=by, now=now)
    return person, new
