"""A page of a client's message thread with their care team, for either side: messages by day with sender and role, what is
new, and what was read (M18)."""

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
from webapp.numbers import whole_number
from webapp.web.page.filters import zone

MOST = 40
"""Messages on one page; older ones are on the next page back."""
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
    """The first one the reader has not seen yet."""
    seen: bool
    """The reader's last own message that the other side has read."""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """One page of a thread, oldest message first."""

    client: Person
    days: list[tuple[datetime, list[ThreadMessage]]]
    readers: list[tuple[str, Any]]
    """Name and role of the staff who read this thread."""
    last: int
    """Id of the newest message shown; 0 for none."""
    seen: int
    """Id of the newest message the other side has read."""
    unread: bool
    older: int
    """Messages before this id are on the next page back; 0 when there are none."""
    newest: bool
    """This page is the end of the thread and has the form to write."""

    @property
    def stamp(self) -> str:
        """Identifies what this page shows, to compare when it asks for news."""
        return f"{self.last}-{self.seen}"


def of(store: Store, client: Person, me: Person, before: int | None = None) -> ThreadPage:
    """The page of `client`'s thread before the message `before` (None: the newest). The caller has checked that `me` may see it.
    Six statements, however long the thread is."""
    messages_before = (
        store.scalars(messages.newest_first(client.id, before).limit(MOST + 1)).unique().all()
    )
    shown = list(reversed(messages_before[:MOST]))
    team = thread_members.readers(store, client.id)
    read_up_to = messages.last_read(store, client.id, me)
    seen = messages.read_by_others(store, client, me)
    last_own_seen = max((m.id for m in shown if m.by_id == me.id and m.id <= seen), default=0)
    new = next((m.id for m in shown if m.by_id != me.id and m.id > read_up_to), 0)
    roles = {person.id: ROLES[role] for role, person in reversed(team)}
    rows = list(_thread_messages(shown, me, roles, new, last_own_seen))
    return ThreadPage(
        client,
        [(each[0].message.sent_at, each) for each in _by_day(rows)],
        [(person.name, ROLES[role]) for role, person in team],
        shown[-1].id if shown else 0,
        seen,
        new > 0,
        shown[0].id if len(messages_before) > MOST else 0,
        before is None,
    )


def _thread_messages(
    shown: list[Message], me: Person, roles: dict[int, Any], new: int, seen: int
) -> Iterator[ThreadMessage]:
    last: tuple[int, date] | None = None
    for message in shown:
        day = message.sent_at.astimezone(zone()).date()
        same_sender, last = last == (message.by_id, day), (message.by_id, day)
        name = "" if same_sender or message.by_id == me.id else message.by.name
        role = "" if message.by_id == message.client_id else roles.get(message.by_id, TEAM)
        mine = message.by_id == me.id
        yield ThreadMessage(message, mine, name, role, message.id == new, message.id == seen)


def _by_day(rows: list[ThreadMessage]) -> Iterator[list[ThreadMessage]]:
    for _day, each in groupby(rows, lambda row: row.message.sent_at.astimezone(zone()).date()):
        yield list(each)


def stamp(store: Store, client: Person, me: Person) -> str:
    """The current `ThreadPage.stamp`, without loading any text: for pages that poll."""
    last = (
        store.scalar(messages.newest_first(client.id).with_only_columns(Message.id).limit(1)) or 0
    )
    return f"{last}-{messages.read_by_others(store, client, me)}"


def message_id(asked: str | None) -> int | None:
    """`?before=` as a message id; None (the newest page) for anything else."""
    return whole_number(asked or "", most=2**31 - 1)


def new_request_id() -> str:
    """A request id for a message to be written, so that sending it twice makes one message."""
    return str(uuid.uuid4())
