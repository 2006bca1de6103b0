"""Series: a weekly pattern in local time, unfolded into sessions for the next eight weeks (rule 12, R10)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import JSON, ForeignKey, Index, Select, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.batches import Batch, BatchRun
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program, known_zone
from webapp.care.schedule import dial_ins, planning, recurrences
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.recurrences import Recurrence
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Base, Database, Store, claim
from webapp.refusals import N_, Full, Invalid

HORIZON = timedelta(weeks=8)
SHORTEST, LONGEST = timedelta(minutes=1), planning.LONGEST_SESSION


class Series(Base):
    """A recurring pattern. `local_start` is the first local time (naive, ISO 8601); `rrule` the text of a `recurrences.Rule`, in
    whose form alone it is stored. Both are read in one place, `recurrence`."""

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

    @property
    def recurrence(self) -> Recurrence:
        """When it takes place. Raises Invalid for what an older version stored and this one can't keep."""
        try:
            first = datetime.fromisoformat(self.local_start)
            return recurrences.checked(first, self.time_zone, self.rrule)
        except (KeyError, ValueError) as error:
            raise Invalid(N_("This series can't be planned as it is."), field="rrule") from error

    def occurrences(self, after: datetime, until: datetime) -> tuple[tuple[str, datetime], ...]:
        """As `Recurrence.occurrences`. Raises Invalid as `recurrence` does."""
        return self.recurrence.occurrences(after, until)

    def occurrences_or_none(self, after: datetime, until: datetime) -> dict[str, datetime]:
        """The same by local start; none for a series that can't be planned as it is."""
        try:
            return dict(self.occurrences(after, until))
        except Invalid:
            return {}


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
    recurrence = recurrences.checked(local_start, known_zone(time_zone), rrule)
    if not SHORTEST <= duration <= LONGEST:
        raise Invalid(N_("Between a minute and a day."), field="duration")
    clients, makes_up = list(clients), list(makes_up)
    planning.check(
        program.id, kind=kind, title=title, host=host, capacity=capacity, makes_up=makes_up,
        presence_from=presence_from,
    )  # fmt: skip
    for client in clients:
        planning.check_client(program.id, client)
    series = store.scalar(select(Series).where(Series.program_id == program.id, Series.ref == ref))
    new = series is None
    if series is None:
        series = Series(program_id=program.id, ref=ref, members=[])
        store.add(series)
    before = {} if new else series.occurrences_or_none(now, now + HORIZON)
    series.kind, series.title = kind, title
    series.join_url = dial_ins.checked_join_url(join_url)
    series.dial_in = dial_ins.parse(dial_in) if dial_in else None
    series.local_start = local_start.isoformat(timespec="seconds")
    series.minutes = duration.total_seconds() / 60
    series.time_zone, series.rrule, series.host = recurrence.zone, str(recurrence.rule), host
    series.capacity, series.presence_from = capacity, presence_from
    series.makes_up = makes_up
    dropped = set_members(series, clients)
    changed = store.is_modified(series)
    store.flush()
    if new or changed:
        tag = Tag.SERIES_PLANNED if new else Tag.SERIES_CHANGED
        events.record(store, tag, by=by, now=now, program_id=program.id, series=series.id)
    release_coming_seats(store, series, dropped, by=by, now=now)
    unfold_one(store, series, by=by, now=now, before=before)
    return series, new


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
    full: list[Full] | None = None,
) -> int:
    """Make the coming sessions of `series` match its pattern, up to the horizon; returns how many were touched.

    `before`: the occurrences of the pattern before it was changed (local start → instant), if it was. A changed time moves
    the occurrence of that day; an occurrence the pattern no longer has is cancelled; a session that was moved or cancelled
    by hand stays so.

    A member for whom there is no place raises Full; with `full` that is only noted there, and the rest is planned.
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
        _apply_pattern(
            store, series, session, on, starts_at, clients, before or wanted, by, now, full
        )
        touched += 1
    for day in by_day.keys() - {on[:10] for on in wanted}:
        if not by_day[day].cancelled_at:
            by_day[day].cancel(store, "The series no longer has this session.", by=by, now=now)
            touched += 1
    if not full:
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
    full: list[Full] | None,
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
        try:
            planning.give_seat(store, made, client, by=by, now=now)
        except Full as refusal:
            if full is None:
                raise
            full.append(refusal)


def _program_of(series_id: int) -> Select[int]:
    return select(Series.program_id).where(Series.id == series_id)


SERIES = Batch("unfold", "series", Series.id, _program_of)


def unfold(database: Database, now: datetime, limit: int = 50) -> int:
    """Chore: keep every series unfolded up to the horizon. Commits each by itself, so that one which can't be planned holds up no
    other: it is set aside (R15). One with a member whom a full session has no place for is planned as far as there are places,
    and set aside as well. Returns how many sessions it touched."""
    due = unfinished(now)

    def run(store: Store, ids: Sequence[int]) -> int:
        series = store.scalar(claim(due.where(Series.id.in_(ids))))
        full: list[Full] = []
        touched = unfold_one(store, series, by=None, now=now, full=full) if series else 0
        if series and full:
            one_by_one.incomplete[series.id] = full[0]
        return touched

    _expand_ahead(database, due, now)
    one_by_one = BatchRun(database, SERIES, now, run)
    one_by_one.retry_set_aside()
    with database.reading() as store:
        ids = store.scalars(SERIES.without_set_aside(due).with_only_columns(SERIES.id).limit(limit))
        coming = list(ids)
    for each in coming:
        one_by_one.isolate([each])
    return one_by_one.found


def _expand_ahead(database: Database, due: Select[Series], now: datetime) -> None:
    """Expand the rules of these series without holding a lock; `unfold_one` then finds their occurrences ready (S17)."""
    with database.reading() as store:
        for each in store.scalars(due):
            each.occurrences_or_none(now, now + HORIZON)


def unfinished(as_of: datetime) -> Select[Series]:
    """Series whose unfolded part has come a day nearer than the horizon."""
    soon = as_of + HORIZON - timedelta(days=1)
    behind = or_(Series.unfolded_until.is_(None), Series.unfolded_until < soon)
    return select(Series).where(behind).order_by(Series.id)
