"""A notice that is to go to one person, before it is known by which channels."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.notify.announcing.audience import Recipient
from webapp.notify.kinds import SECURITY, NoticeKind
from webapp.notify.outbox import NewNotification

NEWS_LAST = timedelta(days=3)
"""How long news is of use when nothing else ends it; what it is about stays where it is."""


@dataclass(frozen=True, slots=True)
class PlannedNotice:
    """Tell `person_id` of an event. `address`: at that one (channel, id) alone; else at those that the person prefers."""

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
    """How long it is held back, so that something newer can take its place."""
    change: bool = False
    """It tells a client of a change of their own times: held for ten minutes and folded with others (folding.py, rule 4), not to be
    switched off, and somebody's task when there is no way to tell it."""
    everywhere: bool = False
    """Goes out by every channel that the person allows, not by the first alone."""

    def notifications(self, recipient: Recipient | None) -> Iterator[NewNotification]:
        """Rows for the outbox, one an address; none when the person cannot be told. Of their sign-in they are told while paused, too (S3)."""
        for channel, address in self._addresses(recipient):
            yield NewNotification(
                event_id=self.event.id, person_id=self.person_id, channel=channel,
                address_id=address, kind=self.kind.value, decided_at=self.event.at,
                due_at=self.event.at + self.wait, not_after=self.not_after,
                client_id=self.client_id, seat_id=self.seat_id, session_id=self.session_id,
                task_id=self.task_id, about_id=self.about_id, consent_category=self.consent,
                about_at=self.about_at,
            )  # fmt: skip

    def _addresses(self, recipient: Recipient | None) -> list[tuple[str, int]]:
        """Where to tell it: (channel, address id)."""
        if self.address and self.kind in SECURITY:
            return [self.address]
        if recipient is None or (self.kind.value in recipient.off and not self.change):
            return []
        if self.address:
            return [self.address]
        return recipient.all_working() if self.everywhere else recipient.first_working()
