"""Series: a weekly pattern in local time, unfolded into sessions for the next eight weeks (rule 12, R10)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from sqlalchemy import JSON, ForeignKey, Index, Select, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp import batches
from webapp.batches import Batch
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program, known_zone
from webapp.care.schedule import dial_ins, planning
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Base, Database, Store
from webapp.numbers import whole_number
from webapp.refusals import N_, Invalid
from webapp.times import instant_of

HORIZON = timedelta(weeks=8)
MOST_IN_HORIZON = 400
"""More occurrences than this in a horizon are a mistake (FREQ=SECONDLY), not a schedule."""
MOST_INTERVAL = 99
"""The largest INTERVAL of a rule. Without a bound, and with 0, finding the next occurrence never ends or raises."""
RULE = re.compile(r"(RRULE:)?[A-Za-z]+=[A-Za-z0-9,+-]+(;[A-Za-z]+=[A-Za-z0-9,+-]+)*")
"""One rule's parts, in ASCII: what the parser makes of other scripts' digits today need not be what it makes of them tomorrow."""


class Series(Base):
    """A weekly pattern. `local_start` is the first local time (naive), `rrule` an RFC 5545 rule without DTSTART."""

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("program_id", "ref"),
        Index("ix_series_unfolded", "unfolded_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("program.id"))
    ref: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    local_start: Mapped[str]
    minutes: Mapped[float]
    time_zone: Mapped[str]
    rrule: Mapped[str]
    host_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    join_url: Mapped[str | None]
    dial_in: Mapped[str | None]
    capacity: Mapped[int]
    presence_from: Mapped[str] = mapped_column(default=PresenceFrom.PLATFORM)
    makes_up: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Kinds of missed sessions that its sessions may make up for."""
    unfolded_until: Mapped[datetime | None]

    host: Mapped[Person] = relationship()
    members: Mapped[list["Member"]] = relationship(cascade="all, delete-orphan")

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def occurrences(self, after: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """(local start as text, instant in aware UTC) of each occurrence in [after, until). Raises Invalid for a rule that repeats
        too often."""
        zone = ZoneInfo(self.time_zone)
        first = datetime.fromisoformat(self.local_start)
        rule = rrulestr(self.rrule, dtstart=first)
        found = []
        begin = after.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
        for local in rule.xafter(begin, inc=True):
            instant = instant_of(local, zone)
            if instant >= until:
                break
            if instant >= after:
                found.append((local.isoformat(timespec="minutes"), instant))
            if len(found) > MOST_IN_HORIZON:
                raise Invalid(N_("This rule repeats too often."), field="rrule")
        return found


class Member(Base):
    """A client with a place in every coming session of a series."""

    __tablename__ = "series_member"

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)

    client: Mapped[Person] = relationship()


def put(
    store: Store,
    program: Program,
    ref: str,
    *,
    kind: str,
    title: str,
    local_start: datetime,
    duration: timedelta,
    time_zone: str,
    rrule: str,
    host: Person,
    capacity: int,
    clients: Iterable[Person],
    by: Person | None,
    now: datetime,
    join_url: str | None = None,
    dial_in: str | None = None,
    presence_from: str = PresenceFrom.PLATFORM,
    makes_up: Iterable[str] = (),
) -> tuple[Series, bool]:
    """Plan a series or change it, with its coming sessions; returns (series, whether new). Raises Invalid naming the field."""
    known_zone(time_zone)
    if local_start.tzinfo is not None:
        raise Invalid(
            N_("Give the wall time without an offset; the zone says the rest."), field="local_start"
        )
    if not timedelta(minutes=1) <= duration <= timedelta(hours=24):
        raise Invalid(N_("Between a minute and a day."), field="duration")
    check_rule(rrule, local_start)
    series = store.scalar(select(Series).where(Series.program_id == program.id, Series.ref == ref))
    new = series is None
    if series is None:
        series = Series(program_id=program.id, ref=ref, members=[])
        store.add(series)
    before = {} if new else dict(series.occurrences(now, now + HORIZON))
    series.kind, series.title = kind, title
    series.join_url = dial_ins.checked_join_url(join_url)
    series.dial_in = dial_ins.parse(dial_in) if dial_in else None
    series.local_start = local_start.isoformat(timespec="seconds")
    series.minutes = duration.total_seconds() / 60
    series.time_zone, series.rrule, series.host = time_zone, rrule, host
    series.capacity, series.presence_from = capacity, presence_from
    series.makes_up = list(makes_up)
    dropped = set_members(series, clients)
    changed = store.is_modified(series)
    store.flush()
    if new or changed:
        tag = Tag.SERIES_PLANNED if new else Tag.SERIES_CHANGED
        events.record(store, tag, by=by, now=now, program_id=program.id, series=series.id)
    release_coming_seats(store, series, dropped, by=by, now=now)
    unfold_one(store, series, by=by, now=now, before=before)
    return series, new


def check_rule(rrule: str, local_start: datetime) -> None:
    """Raises Invalid unless `rrule` is one RFC 5545 rule for whole days or rarer."""
    try:
        if not RULE.fullmatch(rrule):
            raise ValueError
        parts = dict(part.upper().split("=", 1) for part in rrule.removeprefix("RRULE:").split(";"))
        if whole_number(parts.get("INTERVAL", "1"), most=MOST_INTERVAL) in (None, 0):
            raise ValueError
        rule = rrulestr(rrule, dtstart=local_start)
        if rule._freq > 3:  # type: ignore[union-attr]
            raise ValueError
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise Invalid(N_("Write a rule like FREQ=WEEKLY;BYDAY=MO,WE."), field="rrule") from error


def set_members(series: Series, clients: Iterable[Person]) -> set[int]:
    """Make these clients the members; returns the ids of those who no longer are. Raises Invalid when there are too many."""
    wanted = {client.id: client for client in clients}
    if len(wanted) > series.capacity:
        raise Invalid(N_("More clients than places."), field="seats")
    had = {member.client_id for member in series.members}
    series.members = [m for m in series.members if m.client_id in wanted]
    series.members += [Member(client=c, client_id=i) for i, c in wanted.items() if i not in had]
    return had - wanted.keys()


def release_coming_seats(
    store: Store, series: Series, clients: set[int], *, by: Person | None, now: datetime
) -> None:
    """Release these clients' places in the coming sessions of `series`."""
    coming = select(Seat).join(Session, Session.id == Seat.session_id)
    coming = coming.where(Session.series_id == series.id, Session.starts_at > now)
    for seat in store.scalars(coming.where(Seat.client_id.in_(clients))) if clients else ():
        seat.release(store, by=by, now=now)


def unfold_one(
    store: Store,
    series: Series,
    *,
    by: Person | None,
    now: datetime,
    before: dict[str, datetime] | None = None,
) -> int:
    """Make the coming sessions of `series` match its pattern, up to the horizon; returns how many were touched.

    `before`: the occurrences of the pattern before it was changed (local start → instant), if it was. A changed time moves
    the occurrence of that day; an occurrence the pattern no longer has is cancelled; a session that was moved or cancelled
    by hand stays so.
    """
    wanted = dict(series.occurrences(now, now + HORIZON))
    found = select(Session).where(Session.series_id == series.id, Session.starts_at > now)
    coming = {str(session.occurs_on): session for session in store.scalars(found)}
    by_day = {on[:10]: session for on, session in coming.items()}
    clients = [member.client for member in series.members if member.client.active]
    touched = 0
    for on, starts_at in wanted.items():
        session = by_day.get(on[:10])
        if session and (
            session.cancelled_at or _is_as_planned(session, series, on, clients, before)
        ):
            continue
        _apply_pattern(store, series, session, on, starts_at, clients, before or wanted, by, now)
        touched += 1
    for day in by_day.keys() - {on[:10] for on in wanted}:
        if not by_day[day].cancelled_at:
            by_day[day].cancel(store, "The series no longer has this session.", by=by, now=now)
            touched += 1
    series.unfolded_until = now + HORIZON
    return touched


def _is_as_planned(
    session: Session,
    series: Series,
    on: str,
    clients: list[Person],
    before: dict[str, datetime] | None,
) -> bool:
    """Whether the session needs no change: the pattern is the same, and every member has a place."""
    seated = {seat.client_id for seat in session.seats if seat.released_at is None}
    return not before and session.occurs_on == on and {c.id for c in clients} <= seated


def _apply_pattern(
    store: Store,
    series: Series,
    session: Session | None,
    on: str,
    starts_at: datetime,
    clients: list[Person],
    before: dict[str, datetime],
    by: Person | None,
    now: datetime,
) -> None:
    """Create or change the session of one occurrence. Guests of this session alone keep their places."""
    ends_at = starts_at + series.duration
    ref = session.ref if session else f"{series.ref}:{on}"
    if session and session.starts_at != before.get(str(session.occurs_on), session.starts_at):
        starts_at, ends_at = session.starts_at, session.ends_at
    made, _ = planning.put(
        store, series.program_id, ref,
        kind=series.kind, title=series.title, starts_at=starts_at, ends_at=ends_at,
        time_zone=series.time_zone, host=series.host, capacity=series.capacity,
        join_url=series.join_url, dial_in=series.dial_in,
        presence_from=series.presence_from,
        makes_up=series.makes_up, by=by, now=now,
    )  # fmt: skip
    made.series_id, made.occurs_on = series.id, on
    for client in clients:
        planning.give_seat(store, made, client, by=by, now=now)


def _program_of(series_id: int) -> Select[int]:
    return select(Series.program_id).where(Series.id == series_id)


SERIES = Batch("unfold", "series", Series.id, _program_of)


def unfold(database: Database, now: datetime, limit: int = 50) -> int:
    """Chore: keep every series unfolded up to the horizon. Returns how many sessions it touched."""

    def act(store: Store, due: Sequence[Series]) -> int:
        return sum(unfold_one(store, each, by=None, now=now) for each in due)

    return batches.run_batch(database, now, replace(SERIES, limit=limit), unfinished(now), act)


def unfinished(as_of: datetime) -> Select[Series]:
    """Series whose unfolded part has come a day nearer than the horizon."""
    soon = as_of + HORIZON - timedelta(days=1)
    return select(Series).where(or_(Series.unfolded_until.is_(None), Series.unfolded_until < soon))
