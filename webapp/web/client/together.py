"""Together: what partners let each other know, side by side, and what oneself shares with whom (M8, M30, P3, P6).

Everything about somebody else comes from `privacy/shared.py` alone, and everything about oneself from one's own rows. What both take
part in stands in both columns by the reader's own place, so that it tells nothing of the other's (P11).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance import one_device
from webapp.care.attendance.one_device import Agreement
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.couples.pictures import (
    BEHIND,
    Part,
    SharedAbsence,
    SharedHomework,
    SharedTime,
    SharedWeek,
)
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.care.directory.teams import Couple
from webapp.care.privacy import consents, shared, shared_notes
from webapp.care.privacy.consents import (
    DESCRIPTIONS,
    REDISCLOSURE,
    Category,
    Consent,
)
from webapp.care.privacy.shared import SharedWith
from webapp.care.privacy.shared_notes import ShownNote
from webapp.care.schedule.kinds import JOINT
from webapp.protocol.reports import today_counts
from webapp.web.client import my_seats
from webapp.web.client.my_seats import SeatView
from webapp.web.client.sharing.consents import NAMES, possible_recipients
from webapp.web.client.today import WaitingItem
from webapp.web.page.filters import language, time_of, zone
from webapp.web.page.guard import needs
from webapp.web.page.identity import current_person
from webapp.web.page.unit_of_work import separate_transaction, store

pages = Blueprint("together", __name__)

AHEAD = timedelta(days=7)
"""How far the two columns of times reach."""
OWN_AHEAD = timedelta(weeks=9)
"""A little longer than series are unfolded ahead: times of the reader's own sessions are theirs, wherever they moved to."""
REMINDED_BEFORE, REMINDED_AFTER = timedelta(hours=24), timedelta(minutes=15)
"""When a time to be reminded of is named, counted from the session's start."""
HOURS_BACK = timedelta(weeks=5)


@dataclass(frozen=True, slots=True)
class BoardTime:
    """One time in a column."""

    starts_at: datetime
    ends_at: datetime
    called_off: bool = False
    moved: bool = False
    seat_id: int | None = None
    """The reader's own place, to open."""


@dataclass(frozen=True, slots=True)
class BoardDay:
    """One day in the reader's zone in which one of the two has something."""

    on: date
    mine: list[BoardTime]
    theirs: list[BoardTime]

    @property
    def words(self) -> str:
        """Today, Tomorrow, or Fri, Mar 6."""
        days = (self.on - clock.now().astimezone(zone()).date()).days
        near = {0: _("Today"), 1: _("Tomorrow")}.get(days)
        return near or str(format_skeleton("MMMEd", self.on, locale=language()))


@dataclass(frozen=True, slots=True)
class Known:
    """What one person lets the reader know, ready for the page. None: not shared, which is never said."""

    name: str
    person_id: int
    days: list[BoardDay] | None = None
    reminders: list[SharedTime] = field(default_factory=list)
    absences: list[SharedAbsence] = field(default_factory=list)
    booked: list[SharedTime] | None = None
    homework: list[SharedHomework] | None = None
    weeks: list[SharedWeek] | None = None
    reminded: bool = False
    """The reader is reminded of their sessions."""
    scope: Sequence[str] = ()
    """The categories that are shared, by the names that the client gave them (P6)."""
    partner: bool = False
    """They are the reader's partner, for whom the reader can write notes."""
    own: frozenset[int] = frozenset()
    """Sessions that the reader has a place in too."""

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Switch:
    """One category that can be shared with one person. `consent`: the one that stands and lasts longest."""

    category: Category
    name: str
    words: str
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the reader shares with one person."""

    person: Person
    switches: list[Switch]
    parted: bool
    """They were a couple and are no longer."""

    @property
    def shares(self) -> bool:
        return any(each.consent for each in self.switches)


@pages.get("/together")
@needs(Permission.OWN_DAY)
def show() -> ResponseReturnValue:
    """What others let the reader know, and what the reader shares. Each opening leaves its trace with whoever shares (P7), whether
    their consent still counts or not, so that the page takes the same steps (P3)."""
    me, now = my_seats.person(), clock.now()
    found = shared.shown_to(store, me, now)
    own = {each.session.id: each for each in my_seats.between(now, now + OWN_AHEAD)}
    couple = store.scalar(teams.couple_of(me.id))
    partner = couple.partner_of(me.id) if couple else None
    known = [
        known_of(each, own, now, joint=partner is not None and each.client.id == partner.id)
        for each in found
    ]
    mine = sharing_of(me, partner, now) if me.kind == Kind.CLIENT else []
    notes = shared_notes.of(store, me, now)
    leave_trace(me, [each.client for each in found], now)
    return render_template(
        "client/together/show.html", place="together", near=my_seats.approaching(), known=known,
        mine=mine, partner=partner, one_device=_one_device(me, couple), redisclosure=_(REDISCLOSURE),
        notes=notes, waiting=waiting_items(me, notes, now),
    )  # fmt: skip


@pages.get("/together/as/<row:person_id>")
@needs(Permission.OWN_CARE)
def preview(person_id: int) -> ResponseReturnValue:
    """What that person sees on their page of what the reader shares with them, as the reader may know: a pause does not show (P3)."""
    me, now = my_seats.person(), clock.now()
    whom = next((each for each in recipients_of(me, now) if each.id == person_id), None)
    if whom is None:
        abort(404)
    found = shared.preview(store, me, whom.id, now)
    return render_template(
        "client/together/preview.html", place="together", near=my_seats.approaching(), whom=whom,
        known=known_of(found, {}, now, joint=False), redisclosure=_(REDISCLOSURE),
        ended=store.scalar(select(consents.ended_early(me.id, whom.id, now))),
    )  # fmt: skip


@pages.post("/together/one-device")
@needs(Permission.OWN_CARE)
def say_one_device() -> ResponseReturnValue:
    """Say that the two of us join couples hours on one device; it counts once both have (rule 7)."""
    me = _partnered()
    one_device.say(store, me, by=me, now=clock.now())
    store.commit()
    return redirect(url_for("client.together.show", _anchor="one-device"), 303)


@pages.post("/together/one-device/end")
@needs(Permission.OWN_CARE)
def end_one_device() -> ResponseReturnValue:
    """Take it back: one tap, no reason, effective at once, for both."""
    me = _partnered()
    one_device.take_back(store, me, by=me, now=clock.now())
    store.commit()
    return redirect(url_for("client.together.show", _anchor="one-device"), 303)


def waiting_items(me: Person, notes: Sequence[ShownNote], now: datetime) -> list[WaitingItem]:
    """What waits for the reader here: new notes, a place that is held for them, a plan to read."""
    found = [
        WaitingItem(
            _("%(name)s wrote to you", name=each.note.other_than(me.id).name.split()[0]),
            url_for("client.notes.show", note_id=each.note.id),
            "mail",
        )
        for each in notes
        if not each.read_at
    ]
    if me.kind != Kind.CLIENT:
        return found
    counts = today_counts.of(store, me.id, now)
    if counts.held_seat and counts.held_until:
        words = _("A place is held for you until %(time)s", time=time_of(counts.held_until))
        found.append(
            WaitingItem(words, url_for("client.make_ups.show", seat_id=counts.held_seat), "chair")
        )
    if counts.plan_at:
        found.append(
            WaitingItem(
                _("A plan we made together"),
                url_for("client.catch_up.show", _anchor="plan"),
                "care",
            )
        )
    return found


def _one_device(me: Person, couple: Couple | None) -> Agreement | None:
    """How far the two are with joining on one device; None for who has no partner with places of their own."""
    if couple is None or not one_device.can(couple):
        return None
    return one_device.of(store, me, couple)


def _partnered() -> Person:
    """The signed-in client; 404 for who has no partner with places of their own."""
    me = my_seats.person()
    if _one_device(me, store.scalar(teams.couple_of(me.id))) is None:
        abort(404)
    return me


def has_place() -> bool:
    """Whether *Together* is among the reader's places: they support somebody, or are or were in a couple. No statement."""
    me = current_person()
    return me is not None and (me.kind == Kind.SUPPORTER or me.was_in_couple)


def leave_trace(me: Person, clients: Iterable[Person], now: datetime) -> None:
    """Record that the reader was shown what these clients share, committed before anything is shown (P7)."""
    by, theirs = me.id, [each.id for each in clients]
    if theirs:
        with separate_transaction() as writing:
            for client_id in theirs:
                events.record(
                    writing, Tag.SHARED_READ, client=client_id, by=by, now=now,
                    program_id=me.program_id,
                )  # fmt: skip


def recipients_of(me: Person, now: datetime) -> list[Person]:
    """Whom the reader may share with, and with whom they do."""
    given = store.scalars(consents.given_by(me.id, now))
    people = [*possible_recipients(), *(each.recipient for each in given)]
    return list({each.id: each for each in people}.values())


def sharing_of(me: Person, partner: Person | None, now: datetime) -> list[Sharing]:
    """What the reader shares with each: one switch a category."""
    given: dict[tuple[int, str], Consent] = {}
    people = {partner.id: partner} if partner else {}
    for each in store.scalars(consents.given_by(me.id, now)):
        key = (each.recipient_id, each.category)
        given[key] = max(given.get(key, each), each, key=lambda one: one.expires_at)
        people.setdefault(each.recipient_id, each.recipient)
    parted = teams.former_partners(store, me.id)
    return [
        Sharing(
            person,
            [
                Switch(category, _(NAMES[category]), _(DESCRIPTIONS[category]), given.get((person.id, category)))
                for category in Category
            ],
            person.id in parted,
        )
        for person in people.values()
    ]  # fmt: skip


def known_of(
    found: SharedWith, own: Mapping[int, SeatView], now: datetime, *, joint: bool
) -> Known:
    """What `found` shows at `now`. `own`: the reader's own places by session id. `joint`: the two are a couple, and hours of couples are
    both's."""
    parts = found.parts
    times = _timed(parts.get(Category.REMINDERS, []), now)
    return Known(
        found.client.name,
        found.client.id,
        _days(parts.get(Category.SCHEDULE), own, now, joint=joint),
        [each for each in times if _is_reminded(each, now) and each.session_id not in own],
        [each for each in parts.get(Category.MISSED_SESSION, []) if each.ends_at > now - BEHIND],
        _optional(parts.get(Category.MAKE_UPS), lambda rows: _timed(rows, now)),
        _optional(parts.get(Category.HOMEWORK), lambda rows: _lately(rows, now)),
        _optional(
            parts.get(Category.HOURS),
            lambda rows: [each for each in rows if each.monday > (now - HOURS_BACK).date()],
        ),
        Category.REMINDERS in parts,
        [_(NAMES[Category(category)]) for category in parts],
        joint,
        frozenset(own),
    )


def _optional(part: Part | None, shown: Any) -> Any:
    return None if part is None else shown(part)


def _is_reminded(each: SharedTime, now: datetime) -> bool:
    near = each.starts_at - REMINDED_BEFORE <= now < each.starts_at + REMINDED_AFTER
    return near and not each.called_off


def _lately(rows: Sequence[SharedHomework], now: datetime) -> list[SharedHomework]:
    return [each for each in rows if each.done_at is None or each.done_at > now - BEHIND]


def _timed(rows: Iterable[SharedTime], now: datetime) -> list[Any]:
    """Those that are not over, soonest first."""
    return sorted((each for each in rows if each.ends_at > now), key=lambda each: each.starts_at)


def _days(
    part: Part | None, own: Mapping[int, SeatView], now: datetime, *, joint: bool
) -> list[BoardDay] | None:
    """The days of the coming week in which one of the two has something; None when the schedule is not shared.

    Of other sessions that both are in only the reader's own place is shown: one that both were given after a consent had ended would
    stand in one column and not in the other, though they meet there (P3)."""
    if part is None:
        return None
    both = [each for each in own.values() if joint and each.session.kind in JOINT]
    alone = [each for each in part if each.session_id not in own]
    mine = [_slot(each) for each in own.values()]
    theirs = [*_timed(alone, now), *(_slot(each, opens=False) for each in both)]
    days: dict[date, BoardDay] = {}
    for column, slots in (("mine", mine), ("theirs", theirs)):
        for each in sorted(slots, key=lambda slot: slot.starts_at):
            if now - AHEAD < each.starts_at < now + AHEAD:
                on = each.starts_at.astimezone(zone()).date()
                getattr(days.setdefault(on, BoardDay(on, [], [])), column).append(each)
    return [days[on] for on in sorted(days)]


def _slot(each: SeatView, *, opens: bool = True) -> BoardTime:
    session = each.session
    return BoardTime(
        session.starts_at, session.ends_at, session.cancelled_at is not None, each.moved,
        each.seat.id if opens else None,
    )  # fmt: skip
