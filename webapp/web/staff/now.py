"""The Now page: today's sessions, who is in them, who is expected, and the ladder's next steps."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from htmx_flask import request
from sqlalchemy import Select

from webapp import clock
from webapp.care import leaving
from webapp.care.contact import addresses
from webapp.care.directory import teams
from webapp.care.directory.people import Person, RoleName
from webapp.care.directory.permissions import Permission
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Session
from webapp.operations import set_aside
from webapp.web.page.filters import zone
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff import room_overviews
from webapp.web.staff.console import me, page
from webapp.web.staff.room_overviews import RoomOverview

NEAR = timedelta(hours=4)
"""Sessions that ended or start within this time belong to today even across midnight."""


PAGE = "staff/now.html"
PLANS = (RoleName.COORDINATOR, RoleName.SUPERVISOR, RoleName.ADMIN)
"""Who is shown what still names staff who have left."""


@needs(Permission.CONSOLE)
def show() -> ResponseReturnValue:
    """Today's sessions. htmx polls this page every few seconds and gets its live part; polling is not use, so it does not extend the
    login (S3)."""
    if request.htmx:
        g.pop("seen", None)
    return page(PAGE, **page_context())


def page_context(open_room: int = 0) -> dict[str, Any]:
    """What the page shows now; `open_room` keeps the form of that session (id) unfolded."""
    now = clock.now()
    day = TodaysRooms.of(
        room_overviews.of_sessions(store, todays_sessions(me(), now), me(), now), now
    )
    aside = set_aside.count(store, me().program_id)
    found = addresses.unreachable(me().program_id)
    untold = store.scalars(found.where(Person.id.in_(_visible_ids()))).all()
    left = leaving.left_behind(store, me().program_id, now) if me().has_role(*PLANS) else []
    return {
        "place": "now", "day": day, "open_room": open_room, "aside": aside, "untold": untold,
        "left": left,
    }  # fmt: skip


def _visible_ids() -> Select[int]:
    return teams.visible_to(me()).with_only_columns(Person.id)


def todays_sessions(person: Person, now: datetime) -> Select[Session]:
    """The sessions of the reader's own day (in their zone) that they may see, by start."""
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
    """Today's rooms, divided into running, coming and past, and their totals."""

    on: list[RoomOverview]
    """Open now, or ended without anybody having marked who was there."""
    ahead: list[RoomOverview]
    past: list[RoomOverview]

    @classmethod
    def of(cls, rooms: list[RoomOverview], now: datetime) -> "TodaysRooms":
        on = [room for room in rooms if room.needs_attention(now)]
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
