"""A wish: tell one person one thing. What every teller comes to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.notify.announcing.audience import Listener
from webapp.notify.kinds import NoticeKind

NEWS_LAST = timedelta(days=3)
"""How long news are of use when nothing else ends them; the thing itself stays where it is."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Tell `person_id` of an event. `address`: that one (channel, id) alone; else as the person likes it."""

    event: Any
    person_id: int
    kind: NoticeKind
    not_after: datetime
    about_at: datetime | None = None
    client_id: int | None = None
    seat_id: int | None = None
    session_id: int | None = None
    task_id: int | None = None
    consent: str | None = None
    address: tuple[str, int] | None = None
    about_id: int | None = None
    """The message, hand-in or held place it is about."""
    wait: timedelta = timedelta()
    """How long to wait for something newer to say it better."""

    def rows(self, listener: Listener | None) -> Iterator[tuple[Any, ...]]:
        """Rows for the outbox, as `INSERTED` has them; none when the person cannot be told."""
        if listener is None or self.kind.value in listener.off:
            return
        for channel, address in [self.address] if self.address else listener.first_working():
            yield (
                self.event.id, self.person_id, channel, address, self.kind.value, self.client_id,
                self.seat_id, self.session_id, self.task_id, self.about_id, self.consent,
                self.about_at, self.event.at, self.event.at + self.wait, self.not_after, 0,
            )  # fmt: skip
