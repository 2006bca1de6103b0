"""A client's thread with their care team as a page shows it, to either side: by day, who wrote and what they are, what is
new, what was read (M18)."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask_babel import lazy_gettext as _

from webapp.care.contact import messages, thread_members
from webapp.care.contact.messages import Message
from webapp.care.directory.people import Person, RoleName
from webapp.db import Store
from webapp.spellings import whole_number
from webapp.web.page.filters import zone

MOST = 40
"""Messages on one page; older ones are one tap further."""
ROLES: dict[str, Any] = {
    RoleName.COUNSELOR: _("counselor"),
    RoleName.COUPLES_THERAPIST: _("couples therapist"),
    RoleName.SUPERVISOR: _("supervisor"),
    RoleName.COORDINATOR: _("coordinator"),
}
TEAM = _("care team")


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message. `name` is empty where the one before is by the same person on the same day."""

    message: Message
    mine: bool
    name: str
    role: Any
    new: bool
    """The first that its reader has not seen yet."""
    seen: bool
    """The last of the reader's own that the other side has read."""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A page of a thread, the newest at the bottom."""

    client: Person
    days: list[tuple[datetime, list[ThreadMessage]]]
    readers: list[tuple[str, Any]]
    """Name and role of those who read here."""
    last: int
    """The newest message shown; 0 for none."""
    seen: int
    """How far the other side has read."""
    unread: bool
    older: int
    """Messages before this one are on the next page back; 0 when there are none."""
    newest: bool
    """This is the end of the thread: here one writes."""

    @property
    def stamp(self) -> str:
        """What a page that looks for news already shows."""
        return f"{self.last}-{self.seen}"


def of(store: Store, client: Person, me: Person, before: int | None = None) -> ThreadPage:
    """A page of `client`'s thread for `me`, who may see it. Six statements, however long it is."""
    found = store.scalars(messages.said(client.id, before).limit(MOST + 1)).unique().all()
    shown = list(reversed(found[:MOST]))
    team = thread_members.readers(store, client.id)
    mark = messages.last_read(store, client.id, me)
    seen = messages.read_by_others(store, client, me)
    own_seen = max((m.id for m in shown if m.by_id == me.id and m.id <= seen), default=0)
    new = next((m.id for m in shown if m.by_id != me.id and m.id > mark), 0)
    roles = {person.id: ROLES[role] for role, person in reversed(team)}
    lines = list(_lines(shown, me, roles, new, own_seen))
    return ThreadPage(
        client,
        [(each[0].message.sent_at, each) for each in _by_day(lines)],
        [(person.name, ROLES[role]) for role, person in team],
        shown[-1].id if shown else 0,
        seen,
        new > 0,
        shown[0].id if len(found) > MOST else 0,
        before is None,
    )


def _lines(
    shown: list[Message], me: Person, roles: dict[int, Any], new: int, seen: int
) -> Iterator[ThreadMessage]:
    last: tuple[int, date] | None = None
    for message in shown:
        day = message.sent_at.astimezone(zone()).date()
        said_before, last = last == (message.by_id, day), (message.by_id, day)
        name = "" if said_before or message.by_id == me.id else message.by.name
        role = "" if message.by_id == message.client_id else roles.get(message.by_id, TEAM)
        mine = message.by_id == me.id
        yield ThreadMessage(message, mine, name, role, message.id == new, message.id == seen)


def _by_day(lines: list[ThreadMessage]) -> Iterator[list[ThreadMessage]]:
    for _day, each in groupby(lines, lambda line: line.message.sent_at.astimezone(zone()).date()):
        yield list(each)


def stamp(store: Store, client: Person, me: Person) -> str:
    """The newest `Talk.stamp` there is, without reading a word: for pages that look by themselves."""
    last = store.scalar(messages.said(client.id).with_only_columns(Message.id).limit(1)) or 0
    return f"{last}-{messages.read_by_others(store, client, me)}"


def page_of(asked: str | None) -> int | None:
    """`?before=` as a number; anything else is the newest page."""
    return whole_number(asked or "", most=2**31 - 1)


def fresh_id() -> str:
    """The id of a message still to be written: sent twice, it is one."""
    return str(uuid.uuid4())
