"""Windows: the hours of the week at which a make-up suits a client, in their own local time (M6)."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, Index, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.attendance.tally import merged
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.schedule.recurrence import instant_of
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid

MOST = 42
"""Six a day: more is a slip, not a week."""
MIDNIGHT = "24:00"
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Window(NamedTuple):
    """`weekday` 0 is Monday; local times `HH:MM`, the end may be `24:00`."""

    weekday: int
    from_local: str
    to_local: str


class AvailabilityWindow(Base):
    """One window of one person. None at all: any time suits."""

    __tablename__ = "availability_window"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("to_local > from_local", name="ends_later"),
        Index("ix_availability_window_person", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    weekday: Mapped[int]
    from_local: Mapped[str]
    to_local: Mapped[str]
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


def put(
    store: Store,
    client: Person,
    windows: Iterable[tuple[int, str, str]],
    *,
    by: Person | None,
    now: datetime,
) -> None:
    """Exactly these windows (weekday, from, to) suit `client`; none: any time. Raises Invalid, Forbidden."""
    if by is not None and by.kind != Kind.STAFF and by.id != client.id:
        raise Forbidden()
    wanted = [_checked(Window(*window)) for window in dict.fromkeys(windows)]
    if len(wanted) > MOST:
        raise Invalid(N_("At most %(most)s windows."), field="windows", most=MOST)
    store.execute(delete(AvailabilityWindow).where(AvailabilityWindow.person_id == client.id))
    store.add_all(
        AvailabilityWindow(
            person_id=client.id, weekday=each.weekday, from_local=each.from_local,
            to_local=each.to_local, set_at=now, set_by_id=by and by.id,
        )
        for each in wanted
    )  # fmt: skip
    store.flush()
    events.record(
        store, Tag.AVAILABILITY_SET, by=by, now=now, program_id=client.program_id, client=client
    )


_OF = (
    select(
        AvailabilityWindow.person_id, AvailabilityWindow.weekday, AvailabilityWindow.from_local,
        AvailabilityWindow.to_local,
    )
    .where(AvailabilityWindow.person_id.in_(bindparam("people", expanding=True)))
    .order_by(AvailabilityWindow.weekday, AvailabilityWindow.from_local)
)  # fmt: skip
"""Built once: putting it together costs more than running it."""


def of(store: Store, person_ids: Iterable[int]) -> dict[int, list[Window]]:
    """person → their windows, in the order of the week. One statement."""
    found: dict[int, list[Window]] = {each: [] for each in person_ids}
    store.flush()
    rows = store.connection().execute(_OF, {"people": list(found)})
    for person_id, weekday, from_local, to_local in rows:
        found[person_id].append(Window(weekday, from_local, to_local))
    return found


def fit(windows: Sequence[Window], zone: str, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the whole time from `starts_at` to `ends_at` (aware) lies in the windows, read in the IANA `zone`.

    Windows that touch, also across midnight, are one. Where the clocks change, a beginning that the spring gap skips moves
    forward (rule 12), and an end that the autumn overlap has twice is its second, so that a window is never cut short.
    """
    if not windows:
        return True
    local = ZoneInfo(zone)
    day, last = starts_at.astimezone(local).date(), ends_at.astimezone(local).date()
    spans = []
    while day <= last:
        for window in windows:
            if window.weekday == day.weekday():
                begins, ends = _begin(day, window, local), _end(day, window, local)
                spans += [(begins, ends)] if begins < ends else []
        day += timedelta(days=1)
    return any(begins <= starts_at and ends_at <= ends for begins, ends in merged(spans))


def _begin(day: date, window: Window, zone: ZoneInfo) -> datetime:
    return instant_of(datetime.combine(day, time.fromisoformat(window.from_local)), zone)


def _end(day: date, window: Window, zone: ZoneInfo) -> datetime:
    if window.to_local == MIDNIGHT:
        return instant_of(datetime.combine(day + timedelta(days=1), time()), zone)
    wall = datetime.combine(day, time.fromisoformat(window.to_local), zone)
    return max(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _checked(window: Window) -> Window:
    if window.weekday not in range(7):
        raise Invalid(N_("Choose a day of the week."), field="windows")
    if not _CLOCK.fullmatch(window.from_local):
        raise Invalid(N_("Write a time like 18:00."), field="windows")
    if window.to_local != MIDNIGHT and not _CLOCK.fullmatch(window.to_local):
        raise Invalid(N_("Write a time like 18:00."), field="windows")
    if window.to_local <= window.from_local:
        raise Invalid(N_("The end comes after the beginning."), field="windows")
    return window
