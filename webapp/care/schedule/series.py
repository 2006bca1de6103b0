"""Series: a weekly pattern in local time, unfolded into sessions for the next eight weeks (rule 12, R10)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, ForeignKey, Index, Select, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.batches import Batch, BatchRun
from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program, known_zone
from webapp.care.schedule import dial_ins, planning, recurrences
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.recurrences import Recurrence
from webapp.care.schedule.sessions import LONGEST_SESSION, PlaceReason, Seat, Session
from webapp.db import Base, Database, Store, claim
from webapp.refusals import N_, Full, Invalid

HORIZON = timedelta(weeks=8)
FULL_EVENING = N_("%(evening)s has no free place. Give that one more places, or take somebody out of it.")  # fmt: skip
FEWER_THAN_TAKEN = N_("%(taken)s places of %(evening)s are taken. Keep as many, or take somebody out of it.")  # fmt: skip
SHORTEST, LONGEST = timedelta(minutes=1), LONGEST_SESSION


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
    applies_from: Mapped[datetime | None]
    """Since when the pattern is as it is: its evenings before that are left as they were."""

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

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """From when until when it is unfolded: from the day before, so that an evening whose hour has passed is still known."""
        return window(now, self.applies_from)

    def occurrences_or_none(self, after: datetime, until: datetime) -> dict[str, datetime]:
        """The same by local start; none for a series that can't be planned as it is."""
        try:
            return dict(self.occurrences(after, until))
        except Invalid:
            return {}


def window(now: datetime, applies_from: datetime | None = None) -> tuple[datetime, datetime]:
    """From when until when a series is unfolded at `now`, whose pattern is for evenings from `applies_from` on."""
    return max(now, applies_from or now) - timedelta(days=1), now + HORIZON


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
    applies_from: datetime | None = None,
    take_back: Iterable[Session] = (),
    also_changed: bool = False,
) -> tuple[Series, bool]:
    """Plan a series or change it, with its coming sessions; returns (series, whether new). Raises Invalid naming the field.

    What a person changed on one evening stands (rule 13), but for the evenings of `take_back`, or with `also_changed` all that are
    to come: these follow the series again.
    `applies_from`: the change is for this instant's evening and the following ones; None: for all that are to come,
    also those that an earlier change with it left as they were.
    """
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
    if applies_from and not new:
        _unfold_as_it_was(store, series, applies_from, by=by, now=now)
    if not new:
        series.applies_from = applies_from
    series.kind, series.title = kind, title
    series.join_url = dial_ins.checked_join_url(join_url)
    series.dial_in = dial_ins.parse(dial_in) if dial_in else None
    series.local_start = local_start.isoformat(timespec="seconds")
    series.minutes = duration.total_seconds() / 60
    series.time_zone, series.rrule, series.host = recurrence.zone, str(recurrence.rule), host
    series.capacity, series.presence_from = capacity, presence_from
    series.makes_up = makes_up
    had = {member.client_id for member in series.members}
    set_members(series, clients)
    changed = store.is_modified(series) or had != {client.id for client in clients}
    store.flush()
    if new or changed:
        tag = Tag.SERIES_PLANNED if new else Tag.SERIES_CHANGED
        events.record(store, tag, by=by, now=now, program_id=program.id, series=series.id)
    joined = {client.id for client in clients} - had
    again = coming_changed_by_hand(store, series, now) if also_changed else take_back
    unfold_one(store, series, by=by, now=now, take_back={each.id for each in again}, joined=joined)
    return series, new


def _unfold_as_it_was(
    store: Store, series: Series, until: datetime, *, by: Person | None, now: datetime
) -> None:
    """Plan the evenings before a change that is for later ones only. Raises Invalid for a change beyond the horizon."""
    if not now < until <= now + HORIZON:
        raise Invalid(N_("Between now and eight weeks from now."), field="applies_from")
    if series.occurrences_or_none(now, until):
        unfold_one(store, series, by=by, now=now, full=[])


def set_members(series: Series, clients: Iterable[Person]) -> None:
    """Make these clients the members. Raises Invalid when there are too many."""
    wanted = {client.id: client for client in clients}
    if len(wanted) > series.capacity:
        raise Invalid(N_("More clients than places."), field="seats")
    had = {member.client_id for member in series.members}
    series.members = [m for m in series.members if m.client_id in wanted]
    series.members += [Member(client=c, client_id=i) for i, c in wanted.items() if i not in had]


# --- unfolding ----------------------------------------------------------------------------------------------------------
#
# `Session.as_planned` holds what the series last made of one evening. Whatever of it is otherwise on the session was changed there
# by somebody, and stands: the series changes neither it nor what `as_planned` says of it.

FIELDS = (
    "kind", "title", "time_zone", "host_id", "join_url", "dial_in", "capacity", "presence_from",
    "makes_up",
)  # fmt: skip
"""What an evening has from its series, beside its time, its places and whether it takes place."""
TIME, OFF, SEATS = ("starts_at", "ends_at"), "off", "seats"
BY_HAND = (
    *(name.removesuffix("_id") for name in FIELDS),
    "time",
    "called_off",
    "reinstated",
    "seats",
)
"""What somebody may have changed on one evening: `changed_by_hand`."""


def unfold_one(
    store: Store,
    series: Series,
    *,
    by: Person | None,
    now: datetime,
    full: list[Full] | None = None,
    take_back: Collection[int] = (),
    joined: Collection[int] = (),
) -> int:
    """Make the coming sessions of `series` match its pattern, up to the horizon; returns how many were touched (rule 13).

    An evening is known by its day in the pattern, wherever it was moved to. One that the pattern no longer has is called off, and
    takes place again when the pattern has it again. What a person changed on one evening stands, but for those of `take_back`
    (ids). One that has begun is left alone. `joined`: clients (ids) who became members just now. A member for whom there is no place raises Full; with `full` that is only noted
    there, and the rest is planned.
    """
    begin = max(now, series.applies_from or now)
    found = series.occurrences(*series.window(now))
    wanted = [(on, instant) for on, instant in found if instant >= begin]
    days = {on[:10] for on, _ in found}
    first_day = begin.astimezone(ZoneInfo(series.time_zone)).date().isoformat()
    by_day = _sessions_by_day(store, series, first_day, now)
    touched = 0
    for on, starts_at in wanted:
        session = by_day.get(on[:10]) or _adopted(store, series, on)
        if session is None:
            session = _plan(store, series, on, starts_at, by, now)
            touched += 1
        elif session.starts_at > now:
            again = session.id in take_back
            touched += _follow(store, series, session, on, starts_at, again, by, now)
        by_day[on[:10]] = session
    for day, session in by_day.items():
        if day < first_day or day in days or session.starts_at <= now or session.cancelled_at:
            continue
        if session.id in take_back or not changed_by_hand(session):
            session.cancel(store, "The series no longer has this session.", by=by, now=now)
            session.as_planned = _as_it_stands(series, session) | {OFF: True}
            touched += 1
    store.flush()
    since = first_day if begin > now else ""
    coming = [each for day, each in by_day.items() if each.starts_at > now and day >= since]
    known_until = series.unfolded_until or now
    follow_members(
        store, series, coming, by=by, now=now, full=full, take_back=take_back, joined=joined,
        added={each.id for each in coming if each.starts_at > known_until},
    )  # fmt: skip
    if not full:
        series.unfolded_until = now + HORIZON
    return touched


def changed_by_hand(session: Session) -> list[str]:
    """What of an evening is otherwise than its series made it: names of `BY_HAND` (`seats`: a member's
    place was taken away). Empty for a session without a series."""
    planned = session.as_planned
    if planned is None:
        return []
    found = [name.removesuffix("_id") for name in FIELDS if getattr(session, name) != planned[name]]
    if any(getattr(session, name).isoformat() != planned[name] for name in TIME):
        found.append("time")
    if bool(session.cancelled_at) != planned[OFF]:
        found.append("called_off" if session.cancelled_at else "reinstated")
    if set(planned[SEATS]) - {seat.client_id for seat in session.seats if seat.is_given}:
        found.append("seats")
    return found


def reinstate(store: Store, session: Session, *, by: Person | None, now: datetime) -> None:
    """Let a cancelled session take place after all. One that is to come follows its series as that is now, but for what somebody changed
    there by hand (rule 13); clients who became members meanwhile get a place while there are any. Raises TooLate; Invalid
    naming `capacity`."""
    session.reinstate(store, by=by, now=now)
    if session.series_id is None or session.starts_at <= now:
        return
    series = store.get_one(Series, session.series_id)
    begin = max(now, series.applies_from or now)
    for on, starts_at in series.occurrences_or_none(*series.window(now)).items():
        if on[:10] == str(session.occurs_on)[:10] and starts_at > begin:
            _follow(store, series, session, on, starts_at, False, by, now)
    follow_members(store, series, [session], by=by, now=now, full=[])


def coming(series: Series, now: datetime) -> Select[Session]:
    """The sessions of `series` that are to come and take place, the soonest first."""
    found = select(Session).where(Session.series_id == series.id, Session.starts_at > now)
    return found.where(Session.is_on).order_by(Session.starts_at)


def coming_changed_by_hand(store: Store, series: Series, now: datetime) -> list[Session]:
    """The coming evenings of `series` on which somebody changed something, the soonest first: those that a change of the series
    leaves as they are."""
    coming = select(Session).where(Session.series_id == series.id, Session.starts_at > now)
    found = store.scalars(coming.order_by(Session.starts_at))
    return [session for session in found if changed_by_hand(session)]


def follow_members(
    store: Store,
    series: Series,
    sessions: Iterable[Session] | None = None,
    *,
    by: Person | None,
    now: datetime,
    full: list[Full] | None = None,
    take_back: Collection[int] = (),
    why: PlaceReason = PlaceReason.STAFF,
    added: Collection[int] = (),
    joined: Collection[int] = (),
) -> None:
    """Give the members of `series` their places in these sessions (None: all that are to come), and release those of clients who
    no longer are members. A place that somebody gave or took away on one evening stays as it is. `added`: sessions (ids) that have only now come into the horizon, where a place is
    news for those alone who `joined` (ids). Raises Full, or notes it."""
    if sessions is None:
        coming = select(Session).where(Session.series_id == series.id, Session.starts_at > now)
        sessions = store.scalars(coming.order_by(Session.starts_at)).all()
    members = {member.client_id: member.client for member in series.members}
    active = [client for client in members.values() if client.active]
    for session in sessions:
        planned = session.as_planned or _as_it_stands(series, session)
        given = {seat.client_id: seat for seat in planning.taken(store, session)}
        known = [client_id for client_id in planned[SEATS] if client_id in members]
        for client_id in set(planned[SEATS]) - members.keys() & given.keys():
            given[client_id].release(store, by=by, now=now, why=why)
        if session.id in take_back:
            _take_back_places(store, given.values(), planned[SEATS], members, by=by, now=now)
        for client in active if session.is_on else ():
            if client.id in given or (client.id in known and session.id not in take_back):
                continue
            try:
                expected = session.id in added and client.id not in joined
                reason = PlaceReason.PATTERN if expected else why
                planning.give_seat(store, session, client, by=by, now=now, why=reason)
            except Full as refusal:
                named = Full(FULL_EVENING, field=refusal.field, evening=session.ref)
                if full is None:
                    raise named from refusal
                full.append(named)
            else:
                known = [*(each for each in known if each != client.id), client.id]
        if known != planned[SEATS] or session.as_planned is None:
            session.as_planned = planned | {SEATS: known}


def _take_back_places(
    store: Store,
    given: Iterable[Seat],
    planned: Collection[int],
    members: Collection[int],
    *,
    by: Person | None,
    now: datetime,
) -> None:
    """Release the places that staff gave on one evening to clients who are no members; make-ups and changes of group times stay."""
    others = {s.id: s for s in given if s.client_id not in planned and s.client_id not in members}
    if not others:
        return
    clients = {seat.client_id for seat in others.values()}
    why = select(Event).where(Event.client_id.in_(clients), Event.tag == Tag.SEAT_GIVEN)
    why = why.where(Event.seat_id.in_(others))
    last = {one.seat_id: one.fields.get("why") for one in store.scalars(why.order_by(Event.id))}
    for seat_id, seat in others.items():
        if last.get(seat_id) == PlaceReason.STAFF:
            seat.release(store, by=by, now=now)
    store.flush()


def _sessions_by_day(
    store: Store, series: Series, first_day: str, now: datetime
) -> dict[str, Session]:
    """Its sessions that are to come, by their time or by their place in the pattern: day in the pattern → session."""
    ahead = or_(Session.starts_at > now, Session.occurs_on >= first_day)
    found = select(Session).where(Session.series_id == series.id, ahead)
    return {str(session.occurs_on)[:10]: session for session in store.scalars(found)}


def _adopted(store: Store, series: Series, on: str) -> Session | None:
    """A session that was planned under this evening's reference without a series."""
    where = (Session.program_id == series.program_id, Session.ref == f"{series.ref}:{on}")
    session = store.scalar(select(Session).where(*where, Session.series_id.is_(None)))
    if session:
        session.series_id, session.occurs_on = series.id, on
    return session


def _values(series: Series, starts_at: datetime) -> dict[str, Any]:
    """What the series makes of the evening that begins then, but for its places."""
    ends_at = starts_at + series.duration
    times = {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    return {name: getattr(series, name) for name in FIELDS} | times | {OFF: False}


def _as_it_stands(series: Series, session: Session) -> dict[str, Any]:
    """The session as if the series had made it so, in its members' places too."""
    members = {member.client_id for member in series.members}
    seats = [s.client_id for s in session.seats if s.is_given and s.client_id in members]
    planned = session.as_planned
    return (
        {name: getattr(session, name) for name in FIELDS}
        | {name: getattr(session, name).isoformat() for name in TIME}
        | {OFF: bool(session.cancelled_at and planned and planned[OFF])}
        | {SEATS: planned[SEATS] if planned else seats}
    )


def _plan(
    store: Store, series: Series, on: str, starts_at: datetime, by: Person | None, now: datetime
) -> Session:
    values = _values(series, starts_at)
    made, _ = planning.put(
        store, series.program_id, f"{series.ref}:{on}", host=series.host, by=by, now=now,
        **{name: values[name] for name in FIELDS if name != "host_id"},
        starts_at=starts_at, ends_at=starts_at + series.duration,
    )  # fmt: skip
    made.series_id, made.occurs_on, made.as_planned = series.id, on, values | {SEATS: []}
    return made


def _follow(
    store: Store,
    series: Series,
    session: Session,
    on: str,
    starts_at: datetime,
    take_back: bool,
    by: Person | None,
    now: datetime,
) -> bool:
    """Bring one evening in line with its series, but for what was changed there by hand; whether anything changed."""
    as_it_is = _as_it_stands(series, session)
    before = as_it_is if take_back or session.as_planned is None else session.as_planned
    if session.cancelled_at and not before[OFF] and not take_back:
        return False
    wanted, sequence = _values(series, starts_at), session.sequence
    planned = before | {name: wanted[name] for name in FIELDS if before[name] == as_it_is[name]}
    session.reinstate(store, by=by, now=now)
    for name in FIELDS:
        if before[name] == as_it_is[name] != wanted[name] and name != "capacity":
            setattr(
                session, *(("host", series.host) if name == "host_id" else (name, wanted[name]))
            )
    changed = store.is_modified(session)
    if before["capacity"] == session.capacity != wanted["capacity"]:
        try:
            planning.resize(store, session, wanted["capacity"])
        except Invalid as refusal:
            named = refusal.values | {"evening": session.ref}
            raise Invalid(FEWER_THAN_TAKEN, field=refusal.field, **named) from refusal
        changed = True
    if changed:
        planning.record_change(store, session, as_it_is["host_id"], by=by, now=now)
    if all(before[name] == as_it_is[name] for name in TIME):
        session.move(store, starts_at, starts_at + series.duration, by=by, now=now)
        planned |= {name: wanted[name] for name in TIME}
    session.occurs_on, planned[OFF] = on, False
    if session.as_planned != planned:
        session.as_planned = planned
    return changed or session.sequence != sequence


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
            each.occurrences_or_none(*each.window(now))


def unfinished(as_of: datetime) -> Select[Series]:
    """Series whose unfolded part has come a day nearer than the horizon."""
    soon = as_of + HORIZON - timedelta(days=1)
    behind = or_(Series.unfolded_until.is_(None), Series.unfolded_until < soon)
    return select(Series).where(behind).order_by(Series.id)
