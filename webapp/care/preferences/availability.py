"""Availability: the hours of the week at which a make-up suits a client, in their own local time (M6)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, Index, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.care.attendance.tally import merged
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.db import Base, Store
from webapp.refusals import N_, Forbidden, Invalid
from webapp.times import MIDNIGHT, instant_of, minute_of_day, time_at

MOST = 42
"""Six a day."""


class Window(NamedTuple):
    """`weekday` 0 is Monday; minutes since local midnight, `to_minute` at most 1440."""

    weekday: int
    from_minute: int
    to_minute: int


class AvailabilityWindow(Base):
    """One window of one person. A person without windows is available at any time."""

    __tablename__ = "availability_window"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint(
            "from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440",
            name="within_a_day",
        ),
        Index("ix_availability_window_person", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    weekday: Mapped[int]
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    """Minutes since local midnight."""
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
    """Replace the client's windows by these: weekday (0 is Monday), from and to as local `HH:MM`, the end at most `24:00`. No
    windows: any time. The same again changes nothing. Raises Invalid, Forbidden."""
    if by is not None and by.kind != Kind.STAFF and by.id != client.id:
        raise Forbidden()
    wanted = [read(*window) for window in dict.fromkeys(windows)]
    if len(wanted) > MOST:
        raise Invalid(N_("At most %(most)s windows."), field="windows", most=MOST)
    if sorted(wanted) == of(store, [client.id])[client.id]:
        return
    store.execute(delete(AvailabilityWindow).where(AvailabilityWindow.person_id == client.id))
    store.add_all(
        AvailabilityWindow(
            person_id=client.id, weekday=each.weekday, from_minute=each.from_minute,
            to_minute=each.to_minute, set_at=now, set_by_id=by and by.id,
        )
        for each in wanted
    )  # fmt: skip
    store.flush()
    events.record(store, Tag.AVAILABILITY_SET, client=client, by=by, now=now)


_OF = (
    select(
        AvailabilityWindow.person_id, AvailabilityWindow.weekday, AvailabilityWindow.from_minute,
        AvailabilityWindow.to_minute, AvailabilityWindow.set_at,
    )
    .where(AvailabilityWindow.person_id.in_(bindparam("people", expanding=True)))
    .order_by(AvailabilityWindow.weekday, AvailabilityWindow.from_minute)
)  # fmt: skip
"""Compiled once: compiling it takes longer than running it."""


def of(
    store: Store, person_ids: Iterable[int], until: Mapping[int, datetime | None] | None = None
) -> dict[int, list[Window]]:
    """Person id → their windows in the order of the week. `until`: of these people only what was set by then (aware). One statement."""
    found: dict[int, list[Window]] = {each: [] for each in person_ids}
    store.flush()
    rows = store.connection().execute(_OF, {"people": list(found)})
    for person_id, *window, set_at in rows:
        ends = until.get(person_id) if until else None
        if ends is None or set_at <= ends:
            found[person_id].append(Window(*window))
    return found


def fit(windows: Sequence[Window], zone: str, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the whole time from `starts_at` to `ends_at` (aware) lies within the windows, which are local in the IANA `zone`.

    Windows that touch, also across midnight, count as one. Where the clocks change, a start that does not exist moves forward
    (rule 12), and of an end that exists twice the later counts, so that a window is never cut short.
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
    return instant_of(datetime.combine(day, time_at(window.from_minute)), zone)


def _end(day: date, window: Window, zone: ZoneInfo) -> datetime:
    if window.to_minute == MIDNIGHT:
        return instant_of(datetime.combine(day + timedelta(days=1), time()), zone)
    wall = datetime.combine(day, time_at(window.to_minute), zone)
    return max(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def read(weekday: int, begins: str, ends: str) -> Window:
    """Parse a window: weekday (0 is Monday) and local times `HH:MM`, the end at most `24:00`. Raises Invalid."""
    if weekday not in range(7):
        raise Invalid(N_("Choose a day of the week."), field="windows")
    try:
        window = Window(weekday, minute_of_day(begins), minute_of_day(ends, until_midnight=True))
    except ValueError as error:
        raise Invalid(N_("Write a time like 18:00."), field="windows") from error
    if window.to_minute <= window.from_minute:
        raise Invalid(N_("The end comes after the beginning."), field="windows")
    return window
