"""STOP, sent back to a text message, ends text messages to that phone at once; START takes that back, and nothing else (P9)."""

from datetime import datetime

from sqlalchemy import select

from webapp.care.contact import addresses, task_owners, tasks
from webapp.care.contact.addresses import Address, Channel
from webapp.care.contact.tasks import TaskKind
from webapp.care.directory.people import Kind, RoleName
from webapp.db import Store

WRONG_NUMBER = "wrong_number"
"""Why a number was stopped: it belongs to somebody else."""
CORRECT_WITHIN = tasks.NEXT_ATTEMPT * 12
"""A day to find the right number."""


def stop(store: Store, phone: str, now: datetime) -> int:
    """Stop text messages to `phone` (E.164), whoever it belongs to; returns how many addresses were stopped. One that the roster has
    replaced is stopped too, in case it names it again.

    Notifications already waiting are cancelled when the worker claims them.
    """
    ended = 0
    for address in store.scalars(addresses.live(Channel.SMS, phone, replaced=True)):
        address.stop(store, addresses.STOP_WORD, by=None, now=now)
        ended += 1
    return ended


def start(store: Store, phone: str, now: datetime) -> int:
    """Send text messages to `phone` again where a stop word had ended them, and nothing else: not where staff or the provider
    stopped it, and an unsafe mark is kept. Whoever has another number in the roster by now gets no texts at this one. Returns how
    many people get texts there again."""
    resumed = 0
    seen: set[int] = set()
    rows = select(Address).where(Address.channel == Channel.SMS, Address.value == phone)
    for address in store.scalars(rows.order_by(Address.id.desc())):
        newest = address.person_id not in seen
        seen.add(address.person_id)
        if address.stopped_why != addresses.STOP_WORD:
            continue
        if newest and address.person.phone in (phone, None):
            address.resume(store, by=None, now=now)
            resumed += 1
        else:
            address.stopped_why = addresses.REPLACED
    return resumed


def belongs_to_another(store: Store, phone: str, now: datetime) -> int:
    """Somebody wrote that the number is not that of whom we write to: stop texts to it, mark it unsafe, so that nobody calls there
    either, and open a task for the coordinator of each person who had it. Returns how many people had it."""
    had = 0
    for address in store.scalars(addresses.live(Channel.SMS, phone)):
        address.stop(store, WRONG_NUMBER, by=None, now=now)
        address.unsafe_at = address.unsafe_at or now
        person = address.person
        known = task_owners.read(store, [person.id], now)
        tasks.open_one(
            store, key=f"{TaskKind.WRONG_NUMBER}:{address.id}", kind=TaskKind.WRONG_NUMBER,
            program_id=person.program_id, due_at=now + CORRECT_WITHIN, now=now, brief={"person": person.id},
            client=person if person.kind == Kind.CLIENT else None,
            owner_id=known.of(person.id, person.program_id, RoleName.COORDINATOR),
        )  # fmt: skip
        had += 1
    return had
