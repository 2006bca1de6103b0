"""Makes the parcel for a leased notification: its words, page and buttons, and what the channel needs."""

import json
from collections.abc import Callable
from datetime import datetime

from webapp import languages
from webapp.config import Settings
from webapp.notify.channels.parcel import EmailContent, Parcel, Subscription
from webapp.notify.delivery.leases import Leased
from webapp.notify.delivery.wording import Reader, Subject, Wording
from webapp.notify.kinds import HAND_INS, NEWS, STAFF, TRAITS, NoticeKind
from webapp.notify.outbox import topic

_MAKE_UPS = ("/seats/{seat}/make-ups", "/seats/{seat}")
PAGES: dict[NoticeKind, tuple[str, str]] = {
    NoticeKind.PLACE_HELD: _MAKE_UPS,
    NoticeKind.MAKE_UP_CANCELLED: _MAKE_UPS,
    NoticeKind.MAKE_UP_LAPSED: _MAKE_UPS,
    NoticeKind.REFLECTION_ANSWERED: _MAKE_UPS,
    NoticeKind.CATCH_UP: ("/catch-up", "/catch-up"),
    NoticeKind.HOMEWORK_ANSWERED: ("/catch-up", "/catch-up"),
    NoticeKind.HOMEWORK_REOPENED: ("/catch-up", "/catch-up"),
    NoticeKind.MESSAGE: ("/messages", "/messages"),
    NoticeKind.SCHEDULE_CHANGED: ("/schedule", "/schedule"),
    NoticeKind.PLACE_TAKEN: ("/schedule", "/schedule"),
    NoticeKind.PARTNER_NEWS: ("/together", "/together"),
}
"""Kind → the page it opens, and the page as an e-mail or text shows it: strangers may read an address (P5)."""
FOR_STAFF = {
    NoticeKind.MESSAGE: "/staff/people/{client}/messages",
    NoticeKind.HOMEWORK_HANDED_IN: "/staff/hand-ins/{about}",
    NoticeKind.REFLECTION_HANDED_IN: "/staff/people/{client}/make-ups",
}
SHARED_WITH_ME = "/together"
"""The page that opens from a reminder about somebody else: what is shared with them, and the rule about passing it on (P6)."""


class Packer:
    """Packs parcels. `key` (a secret) makes topics that say nothing to a push service."""

    def __init__(self, wording: Wording, key: str):
        self._wording = wording
        self._key = key

    @classmethod
    def from_settings(cls, settings: Settings) -> "Packer":
        wording = Wording(
            settings.app_name, settings.base_url, settings.secret_keys,
            replies_read=settings.reply_to is not None,
        )  # fmt: skip
        return cls(wording, settings.secret_keys[0])

    def packed(self, row: Leased, now: datetime, still: Callable[[], bool] | None = None) -> Parcel:
        """The parcel for one row. The same row gives the same key and topic, however often it is sent."""
        kind = NoticeKind(row.kind)
        tag = topic(self._key, _about(row), row.person_id)
        address: str | Subscription = row.address
        if row.channel == "push":
            keys = json.loads(row.keys or "null") or {}
            address = Subscription(row.address, keys.get("p256dh", ""), keys.get("auth", ""))
        return Parcel(
            key=f"{row.id}-{tag[:12]}",
            address=address,
            content=self._content(kind, row, tag),
            ttl=int((row.not_after - now).total_seconds()),
            urgency=TRAITS[kind].urgency,
            topic=tag,
            still=still,
        )

    def _content(self, kind: NoticeKind, row: Leased, tag: str) -> bytes | str | EmailContent:
        reader, subject = Reader(languages.spoken(row.language), row.zone), _subject(kind, row)
        match row.channel:
            case "push":
                return self._wording.payload(
                    kind, reader, subject, person_id=row.person_id, tag=tag
                )
            case "email":
                return self._wording.email(kind, reader, subject, person_id=row.person_id)
            case _:
                return self._wording.text(kind, reader, subject)


def _about(row: Leased) -> str:
    """What the notice is about, as text for its topic: of two about the same only the newer is shown."""
    if row.kind in NEWS:
        one_a_seat = row.seat_id is not None
        about = row.seat_id if one_a_seat else row.client_id
        return f"{row.kind} {about}" + (f" {row.about_id}" if row.kind in HAND_INS else "")
    if row.seat_id is not None:
        return f"seat {row.seat_id}"
    if row.task_id is not None:
        return f"task {row.task_id}"
    return f"{row.kind} {row.address_id}"


def _subject(kind: NoticeKind, row: Leased) -> Subject:
    """What the notice is about and the page it opens. Only clients themselves get buttons for their seat."""
    if row.link_path is not None:
        return Subject(path=row.link_path)
    if kind in STAFF:
        return Subject(row.about_at, "/staff/tasks")
    if kind in FOR_STAFF and row.person_id != row.client_id:
        path = FOR_STAFF[kind].format(client=row.client_id, about=row.about_id)
        return Subject(row.about_at, path)
    if kind in PAGES:
        path, printed = (each.format(seat=row.seat_id) for each in PAGES[kind])
        return Subject(row.about_at, path, printed=printed)
    if row.seat_id is None:
        return Subject(row.about_at, "/schedule" if row.about_at else "/me")
    if row.person_id != row.client_id:
        return Subject(row.about_at, SHARED_WITH_ME)
    return Subject(
        row.about_at, f"/seats/{row.seat_id}", row.seat_id, row.not_after, row.decided_at
    )
