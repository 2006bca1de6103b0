"""Now: today's rooms, who is in them, who is waited for, and what the ladder does next."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from htmx_flask import request
from sqlalchemy import Select

from webapp import clock
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Session
from webapp.web.page.filters import zone
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff import room_overviews
from webapp.web.staff.console import me, page
from webapp.web.staff.room_overviews import RoomOverview

NEAR = timedelta(hours=4)
"""Around midnight, what has just ended and what begins soon still belong to the day."""


PAGE = "staff/now.html"


@needs(Permission.CONSOLE)
def show() -> ResponseReturnValue:
    """Today's rooms. htmx asks for the same page every few seconds and gets its live part; a page that looks by itself
    is nobody using it, so it does not keep the login awake (S3)."""
    if request.htmx:
        g.pop("seen", None)
    return page(PAGE, **picture())


def picture(open_room: int = 0) -> dict[str, Any]:
    """The board as it stands; `open_room` keeps that room's marking unfolded."""
    now = clock.now()
    day = TodaysRooms.of(room_overviews.of_sessions(store, todays(me(), now), me(), now), now)
    return {"place": "now", "day": day, "open_room": open_room}


def todays(person: Person, now: datetime) -> Select[Session]:
    """Sessions of the reader's own day, as far as they may see them, by start."""
    local = now.astimezone(zone())
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    ends = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    return (
        sessions.visible_to(person)
        .where(
            Session.ends_at > min(midnight, now - NEAR), Session.starts_at < max(ends, now + NEAR)
        )
        .order_by(Session.starts_at, Session.id)
    )


@dataclass(frozen=True, slots=True)
class TodaysRooms:
    """Rooms by where they stand in the day, and the figures above them."""

    on: list[RoomOverview]
    """Doors are open, or it ended and nobody has said yet who was there."""
    ahead: list[RoomOverview]
    past: list[RoomOverview]

    @classmethod
    def of(cls, rooms: list[RoomOverview], now: datetime) -> "TodaysRooms":
        on = [room for room in rooms if room.calls_for_eyes(now)]
        on.sort(key=lambda room: not room.open(now))
        rest = [room for room in rooms if room not in on]
        ahead = [room for room in rest if room.session.starts_at > now]
        return cls(on, ahead, [room for room in reversed(rest) if room not in ahead])

    @property
    def seats(self) -> int:
        return sum(room.total for room in self.on)

    @property
    def there(self) -> int:
        return sum(room.there for room in self.on)

    @property
    def waited_for(self) -> int:
        return sum(room.waited_for for room in self.on)
