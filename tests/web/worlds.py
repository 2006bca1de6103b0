"""Two worlds that differ in one fact about somebody, and everything that somebody else can fetch, receive or cause there (P11)."""

import io
import random
import re
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from tests import rows
from tests.care.evenings import DAY, HOUR, room, seat_of, shares, was_there
from tests.conftest import THAT_DAY
from tests.counting import statements
from tests.memory_channel import MemoryChannel
from tests.pages import constant
from tests.web.matrix import Actor, Door
from webapp import clock
from webapp.care import leaving
from webapp.care.accounts import logins, passwords
from webapp.care.attendance import absences, guests, one_device, presence
from webapp.care.attendance.presence import EvidenceType, Sighting
from webapp.care.catch_up import follow_ups
from webapp.care.contact import (
    addresses,
    connection_tests,
    contacts,
    crises,
    help_calls,
    messages,
    reengagement_plans,
    tasks,
)
from webapp.care.couples import partner_notes
from webapp.care.couples.partner_notes import NoteText, PartnerNote
from webapp.care.directory.people import Person
from webapp.care.directory.teams import Couple
from webapp.care.make_ups import (
    bookings,
    group_times,
    held_places,
    make_ups,
    reflections,
    settlement,
    waitlist,
)
from webapp.care.make_ups.waitlist import HeldPlace, WaitlistEntry
from webapp.care.materials import drafts, homework, resources, summaries
from webapp.care.materials.homework import Homework
from webapp.care.materials.resources import Resource
from webapp.care.preferences import (
    accommodations,
    availability,
    backup_plans,
    contact_preferences,
)
from webapp.care.privacy import counseling_notes, emergency_access
from webapp.care.privacy.consents import Category, Consent
from webapp.care.schedule import calendar_feeds, planning, series
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.series import Series
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.demo import cast
from webapp.notify.announcing import announce, partner_reminders
from webapp.notify.delivery.deliver import Courier
from webapp.notify.delivery.parcels import Packer
from webapp.notify.delivery.wording import Wording
from webapp.notify.outbox import Notification
from webapp.protocol.engine.engine import look
from webapp.protocol.engine.overdue_tasks import tend
from webapp.protocol.engine.reconcile import watch
from webapp.refusals import Refusal

PAIRS = {
    "partner": ("maya", "ben"),
    "former partner": ("maya", "zoe"),
    "member of the same group": ("maya", "gus"),
    "supporter": ("june", "henry"),
    "client of another program": ("maya", "aiko"),
}
"""Who a fact is about, and who must not learn of it."""
COUPLES = SessionKind.COUPLES
WORDS = "What stayed with me is that asking early is easier than explaining later."


def plant_worlds(database: Database) -> None:
    """The cast, and two weeks around THAT_DAY: rooms that are over and ahead, places to make up in, a full room, something to read."""
    with clock.running_from(THAT_DAY), database.writing() as store:
        cast.plant(store, now=THAT_DAY - 10 * DAY)
        world = cast.find(store)
        rows.put(
            store, "couple", THAT_DAY - 90 * DAY, program_id=world.harbor.id, ref="once", a_id=world.maya.id,
            b_id=world.zoe.id, therapist_id=world.tessa.id, ended_at=THAT_DAY - 9 * DAY,
        )  # fmt: skip
        _plan(store, world, THAT_DAY)
        announce.skip_past_events(store)
        store.commit()


def _plan(store: Store, world: Any, now: datetime) -> None:
    planned = now - 9 * DAY
    group = [world.gus, world.maya, world.ben, world.zoe, world.june]

    def open_one(ref: str, ahead: timedelta, clients: list[Person], **more: Any) -> Session:
        host = more.pop("host", world.carla)
        return room(store, host, clients, now + ahead, planned, ref=ref, **more)

    couples: dict[str, Any] = {"kind": COUPLES, "host": world.tessa}
    for ref, ahead in (("past-group", -DAY), ("tonight", 3 * HOUR), ("next-group", 26 * HOUR)):
        open_one(ref, ahead, group, title="Evening group")
    open_one("fed", -2 * DAY, group, title="Morning group", presence_from="platform")
    for ref, ahead in (("past-hour", -3 * DAY), ("next-hour", 2 * DAY)):
        open_one(ref, ahead, [world.maya, world.ben], title="Couples hour", **couples)
        open_one(f"june-{ref}", ahead, [world.june], title="Hour", **couples)
    for client in (world.maya, world.june):
        open_one(f"own-{client.ref}", 30 * HOUR, [client], title="One to one", kind=SessionKind.INDIVIDUAL)  # fmt: skip
    open_one("slot", 74 * HOUR, [], title="Skills", makes_up=("group",), host=world.colin)
    open_one("slot-2", 98 * HOUR, [], title="Skills", makes_up=("group",), host=world.colin)
    open_one("joint", 5 * DAY, [], title="Couples slot", makes_up=("couples",), capacity=8, **couples)  # fmt: skip
    open_one("joint-2", 6 * DAY, [], title="Couples slot", makes_up=("couples",), capacity=8, **couples)  # fmt: skip
    open_one("full", 4 * DAY, [world.rosa], title="Skills", makes_up=("group", "couples"), capacity=1)  # fmt: skip
    for ref, hour in (("mornings", 9), ("noons", 12)):
        series.put(
            store, world.harbor, ref, kind="group", title="Skills group", local_start=datetime(2026, 3, 9, hour),
            duration=HOUR, time_zone="America/New_York", rrule="FREQ=WEEKLY", host=world.carla, capacity=12,
            clients=[world.maya, world.ben, world.june] if ref == "mornings" else [], by=world.carla, now=planned,
        )  # fmt: skip
    past, fed = _session(store, "past-group"), _session(store, "fed")
    was_there(store, seat_of(store, past, world.gus), world.carla, now - DAY)
    for who in (world.carla, world.gus):
        seen = [Sighting(f"{who.ref} in", fed, who, "joined", fed.starts_at, "zoom")]
        presence.record(store, seen, by=None, now=fed.starts_at)
    homework.put(
        store, world.harbor, "h1", title="Read", session=past, by=world.carla, now=now - DAY,
    )  # fmt: skip
    for client in (world.maya, world.june):
        homework.put(
            store, world.harbor, f"h-{client.ref}", title="Write", clients=[client], by=world.carla, now=now - DAY
        )  # fmt: skip
    resources.put(
        store, world.harbor, "r1", kind="recording", title="Breathing", url="https://video.example.org/9",
        makes_up=["group"], by=world.carla, now=now - DAY,
    )  # fmt: skip
    summaries.write(store, past, "We talked about mornings.", by=world.carla, now=now - DAY)
    for who in (world.ben, world.zoe, world.henry, world.aiko):
        keys = {"p256dh": "p", "auth": "a"}
        addresses.add(store, who, "push", f"https://push.example/{who.ref}", by=None, now=planned, keys=keys)  # fmt: skip
    messages.send(store, world.ben, "How is your week?", by=world.colin, now=now - DAY)


def _session(store: Store, ref: str) -> Session:
    return store.scalars(select(Session).where(Session.ref == ref)).one()


# --- what happens -----------------------------------------------------------------------------------------------------


@dataclass
class Scene:
    """One world while it lasts: the people by their names, and the database."""

    store: Store
    cast: Any
    about: Person
    """Whom the fact is about."""
    viewer: Person
    now: datetime

    def seat(self, ref: str, who: Person | None = None) -> Seat:
        return seat_of(self.store, _session(self.store, ref), who or self.about)

    def hour(self, ref: str) -> str:
        """A couple's hour of theirs."""
        return ref if self.about.ref == "maya" else f"june-{ref}"

    def by(self, who: Person | None) -> dict[str, Any]:
        return {"by": who, "now": self.now}


Act = Callable[[Scene], Any]


@dataclass(frozen=True)
class Fact:
    """What one of the two worlds holds and the other doesn't: `b` happens there, `a` (nothing, or its counterpart) here. `first`
    happens in both. `covered`: consents that let the viewer know of it. `ends`: it ends what consents let through, and no more than
    that shows."""

    name: str
    b: Act
    a: Act = lambda scene: None
    first: Act = lambda scene: None
    covered: frozenset[Category] = frozenset()
    ends: bool = False
    pairs: tuple[str, ...] = tuple(PAIRS)


def _report(ref: str) -> Act:
    return lambda s: absences.report(s.store, s.seat(s.hour(ref) if "hour" in ref else ref), **s.by(s.about))  # fmt: skip


def _mark(ref: str, type: str) -> Act:
    def act(s: Scene) -> None:
        seat = s.seat(s.hour(ref) if "hour" in ref else ref)
        presence.mark(s.store, seat, type, id=str(uuid.uuid4()), reason="seen", **s.by(seat.session.host))  # fmt: skip

    return act


def _book(ref: str, missed: str = "past-group", by: bool = True) -> Act:
    def act(s: Scene) -> Any:
        seat = s.seat(s.hour(missed) if "hour" in missed else missed)
        session, who = _session(s.store, ref), s.about if by else s.cast.carla
        if (made := s.store.scalar(make_ups.standing_for([seat.id]))) is not None:
            return bookings.move(s.store, made, session, **s.by(who))
        return bookings.book(s.store, seat, session, **s.by(who))

    return act


def _give_up(missed: str) -> Act:
    def act(s: Scene) -> None:
        seat = s.seat(s.hour(missed) if "hour" in missed else missed)
        s.store.scalars(make_ups.standing_for([seat.id])).one().cancel(s.store, **s.by(s.about))

    return act


def _each(*acts: Act) -> Act:
    def act(s: Scene) -> None:
        for each in acts:
            each(s)

    return act


def _joint_report(s: Scene) -> None:
    absences.report(s.store, s.seat("joint"), **s.by(s.about))


def _withdraw(s: Scene) -> None:
    report = s.store.scalars(absences.of(s.seat("next-group").id)).one()
    report.withdraw(s.store, **s.by(s.about))


def _reminders(**more: Any) -> Act:
    chosen: dict[str, Any] = {"first": "sms", "off": (), "quiet_hours": ("21:00", "08:00")} | more
    return lambda s: contact_preferences.set_reminders(s.store, s.about, **chosen, **s.by(s.about))


def _address(how: str) -> Act:
    def act(s: Scene) -> None:
        [first, *_] = s.store.scalars(addresses.of(s.about.id))
        if how == "unsafe":
            addresses.mark(s.store, s.about, first.value, unsafe=True, **s.by(s.cast.carla))
        elif how == "stopped":
            first.stop(s.store, "stop_word", **s.by(None))
        else:
            addresses.add(s.store, s.about, "email", "new@example.org", **s.by(s.about))

    return act


def _status(status: str) -> Act:
    return lambda s: leaving.change_status(s.store, s.about, status, **s.by(s.cast.cody))


def _hand_in(s: Scene) -> Any:
    mine = s.store.scalars(select(Homework).where(Homework.ref == f"h-{s.about.ref}")).one()
    return homework.hand_in(s.store, mine, "Done.", **s.by(s.about))


def _recording(s: Scene) -> Resource:
    return s.store.scalars(select(Resource).where(Resource.ref == "r1")).one()


def _reflection(s: Scene) -> None:
    made = bookings.book(s.store, s.seat("past-group"), _recording(s), **s.by(s.about))
    reflections.hand_in(s.store, made, WORDS, **s.by(s.about))


def _told(s: Scene) -> None:
    made = bookings.book(s.store, s.seat("past-group"), _recording(s), **s.by(s.about))
    reflections.confirm(s.store, made, feedback="Well done.", **s.by(s.cast.carla))


def _gets(what: str, whose: str) -> Act:
    """Something of somebody's own: in both worlds there is one more, here it is a third's."""

    def act(s: Scene) -> None:
        more: dict[str, Any] = {"clients": [s.about if whose == "about" else s.cast.rosa], **s.by(s.cast.carla)}  # fmt: skip
        if what == "homework":
            homework.put(s.store, s.cast.harbor, f"own-{s.about.ref}", title="Breathe", **more)
        else:
            reading: dict[str, Any] = {"kind": "reading", "body": "Sleep well.", "makes_up": ["group"]}  # fmt: skip
            resources.put(s.store, s.cast.harbor, f"own-{s.about.ref}", title="On sleep", **reading, **more)  # fmt: skip

    return act


def _named(who: str) -> Act:
    """A guest of the room that the platform feeds; who it was, or that it was nobody who is waited for."""

    def act(s: Scene) -> None:
        session = _session(s.store, "fed")
        shown = guests.Shown(session.starts_at, ("c1",), name="iPad", account="a1")
        guest = guests.seen(s.store, session, "zoom", shown, now=s.now)
        joined = Sighting("g1", session, None, EvidenceType.JOINED, session.starts_at, "zoom", "c1", guest_id=guest.id)  # fmt: skip
        presence.record(s.store, [joined], **s.by(None))
        guests.identify(s.store, guest, s.about if who == "about" else None, **s.by(s.cast.carla))

    return act


def _wait(ref: str = "past-group") -> Act:
    return lambda s: waitlist.join(s.store, s.seat(s.hour(ref) if "hour" in ref else ref), _session(s.store, "full"), **s.by(s.about))  # fmt: skip


def _leave(s: Scene) -> None:
    for entry in s.store.scalars(waitlist.waiting(s.about)).all():
        waitlist.leave(s.store, entry, **s.by(s.about))


def _once(s: Scene) -> None:
    usual, other = (_coming(s, ref) for ref in ("mornings", "noons"))
    group_times.once(s.store, seat_of(s.store, usual, s.about), other, **s.by(s.about))


def _coming(s: Scene, ref: str) -> Session:
    of = select(Session).join(Series, Series.id == Session.series_id).where(Series.ref == ref)
    return s.store.scalars(of.where(Session.starts_at > s.now + 2 * DAY).order_by(Session.starts_at).limit(1)).one()  # fmt: skip


def _own(s: Scene) -> Session:
    return _session(s.store, f"own-{s.about.ref}")


def _parts(s: Scene) -> None:
    either = (Couple.a_id == s.about.id) | (Couple.b_id == s.about.id)
    couple = s.store.scalars(select(Couple).where(either, Couple.ended_at.is_(None))).one()
    leaving.end_couple(s.store, couple, **s.by(s.cast.cody))


def _other_time(s: Scene) -> None:
    groups = {each.ref: each for each in s.store.scalars(select(Series))}
    group_times.change(s.store, s.about, groups["mornings"], groups["noons"], **s.by(s.about))


def _to_viewer(how: str) -> Act:
    def act(s: Scene) -> None:
        given = select(Consent).where(Consent.client_id == s.about.id, Consent.recipient_id == s.viewer.id)  # fmt: skip
        for each in s.store.scalars(given):
            if how == "revoked":
                each.revoke(s.store, **s.by(s.about))
            else:
                each.pause(s.store, **s.by(s.cast.carla))

    return act


def _note(s: Scene) -> None:
    partner_notes.write(s.store, s.about, _session(s.store, "past-group"), WORDS, **s.by(s.about))


def _viewers_note(s: Scene) -> None:
    shares(s.store, s.viewer, s.about, Category.CATCH_UP, s.now)
    partner_notes.write(s.store, s.viewer, _session(s.store, "past-group"), WORDS, **s.by(s.viewer))


def _between(s: Scene) -> PartnerNote:
    mine = select(PartnerNote).where(PartnerNote.author_id == s.viewer.id, PartnerNote.reader_id == s.about.id)  # fmt: skip
    return s.store.scalars(mine).one()


def _note_answered(s: Scene) -> None:
    partner_notes.answer(s.store, _between(s), WORDS, **s.by(s.about))


def _note_read(s: Scene) -> None:
    partner_notes.mark_read(s.store, _between(s).id, **s.by(s.about))


def _note_taken_back(s: Scene) -> None:
    mine = select(NoteText).where(NoteText.by_id == s.about.id).order_by(NoteText.id).limit(1)
    partner_notes.take_back(s.store, s.store.scalars(mine).one(), **s.by(s.about))


def _task(s: Scene) -> None:
    tasks.open_one(
        s.store, key=f"x {s.now}", kind="outreach", program_id=s.about.program_id, due_at=s.now + HOUR, client=s.about, **s.by(None)
    )  # fmt: skip


WAS_THERE = frozenset({Category.MISSED_SESSION, Category.HOURS})
NOTES = frozenset({Category.CATCH_UP})
HOMEWORK_SET = frozenset({Category.HOMEWORK})
BOOKS = frozenset({Category.SCHEDULE, Category.REMINDERS, Category.MAKE_UPS})
KNOWN = frozenset({Category.SCHEDULE, Category.REMINDERS})
MISSED = frozenset({Category.MISSED_SESSION})
JOINT = _each(_mark("past-hour", "absent"), _report("next-hour"))
WITHOUT_PARTNER = ("former partner", "member of the same group", "client of another program")

FACTS = [
    *(Fact(f"reports absent from {ref}", _report(ref), covered=MISSED) for ref in ("tonight", "next-group", "next-hour")),
    Fact("reports absent from their own", lambda s: absences.report(s.store, s.seat(f"own-{s.about.ref}"), **s.by(s.about)), covered=MISSED),
    Fact("comes after all", _withdraw, first=_report("next-group"), covered=MISSED),
    *(Fact(f"was there in {ref}", _mark(ref, "present"), _mark(ref, "absent"), covered=WAS_THERE) for ref in ("past-group", "past-hour", "tonight")),
    Fact("was there after all", _mark("past-hour", "present"), first=_mark("past-hour", "absent"), covered=WAS_THERE),
    Fact("sits at another's device", lambda s: guests.together(s.store, s.seat("past-group"), s.seat("past-group", s.cast.gus), **s.by(s.cast.carla)), covered=WAS_THERE),
    Fact("says that they join on one device", lambda s: one_device.say(s.store, s.about, **s.by(s.about)), pairs=WITHOUT_PARTNER),
    Fact("is who a guest was", _named("about"), _named("nobody"), covered=WAS_THERE),
    Fact("joined", lambda s: presence.record(s.store, [Sighting("in", _session(s.store, "fed"), s.about, EvidenceType.JOINED, _session(s.store, "fed").starts_at, "zoom")], **s.by(None)), covered=WAS_THERE),
    Fact("taps Join", lambda s: presence.tap_join(s.store, s.seat("tonight"), **s.by(s.about))),
    Fact("says they come", lambda s: contacts.confirm_coming(s.store, s.seat("tonight"), **s.by(s.about))),
    Fact("is excused", lambda s: absences.excuse(s.store, s.seat("past-group"), "Ill.", **s.by(s.cast.carla)), covered=MISSED),
    Fact("has trouble connecting", lambda s: help_calls.report(s.store, s.seat("tonight"), **s.by(s.about))),
    Fact("books a make-up", _book("slot"), covered=BOOKS),
    Fact("moves a make-up", _book("slot-2"), first=_book("slot"), covered=BOOKS),
    Fact("gives up a make-up", _give_up("past-group"), first=_book("slot"), covered=BOOKS),
    Fact("makes up by a recording", _reflection, covered=frozenset({Category.HOURS})),
    Fact("made up, as staff were told", _told, covered=BOOKS | {Category.HOURS}),
    Fact("reads to the end", lambda s: resources.finish(s.store, _recording(s), s.about, **s.by(s.about))),
    Fact("stops halfway", lambda s: resources.keep_place(s.store, _recording(s), s.about, 90, **s.by(s.about))),
    Fact("waits in a line", _wait(), covered=BOOKS),
    Fact("waits in a line for both", _wait("past-hour"), covered=BOOKS),
    Fact("leaves a line", _leave, first=_wait(), covered=BOOKS),
    Fact("leaves a line for both", _leave, first=_wait("past-hour"), covered=BOOKS),
    Fact("changes the time of a group", _other_time, covered=KNOWN),
    Fact("goes to another time of a group once", _once, covered=BOOKS | MISSED),
    Fact("is given a place by staff", lambda s: planning.give_seat(s.store, _session(s.store, "slot"), s.about, **s.by(s.cast.carla)), covered=KNOWN),
    Fact("has a place taken away", lambda s: s.seat("tonight").release(s.store, **s.by(s.cast.carla)), covered=KNOWN),
    Fact("has their own hour moved", lambda s: _own(s).move(s.store, s.now + 2 * DAY, s.now + 2 * DAY + HOUR, **s.by(s.cast.carla)), covered=KNOWN),
    Fact("has their own hour called off", lambda s: _own(s).cancel(s.store, reason="Painting", **s.by(s.cast.carla)), covered=KNOWN),
    Fact("books a joint make-up for this hour and not for that", _book("joint", "next-hour"), _book("joint", "past-hour"), JOINT, MISSED),
    Fact("moves a joint make-up of this hour and not of that", _each(_book("joint", "next-hour"), _book("joint-2", "next-hour")),
      _each(_book("joint", "past-hour"), _book("joint-2", "past-hour")), JOINT, MISSED),
    Fact("gives up a joint make-up of this hour and not of that", _each(_book("joint", "next-hour"), _give_up("next-hour")),
      _each(_book("joint", "past-hour"), _give_up("past-hour")), JOINT, MISSED),
    Fact("can't come to a joint make-up", _joint_report, first=_each(JOINT, _book("joint", "past-hour")), covered=MISSED),
    Fact("is told by staff of a joint make-up", _book("joint", "next-hour", by=False), _book("joint", "past-hour", by=False), JOINT, MISSED),
    Fact("gets homework", _gets("homework", "about"), _gets("homework", "rosa"), covered=HOMEWORK_SET),
    Fact("gets something to read", _gets("reading", "about"), _gets("reading", "rosa")),
    Fact("hands in homework", _hand_in, covered=HOMEWORK_SET),
    Fact("gets feedback", lambda s: homework.give_feedback(s.store, _hand_in(s), "Good.", **s.by(s.cast.carla)), first=_hand_in),
    Fact("writes a draft", lambda s: drafts.save(s.store, "message", "So far", **s.by(s.about))),
    Fact("writes a message", lambda s: messages.send(s.store, s.about, "Hello", **s.by(s.about))),
    Fact("writes a note", _note, covered=NOTES),
    Fact("changes a note", _note, first=_note, covered=NOTES),
    Fact("takes a note back", _note_taken_back, first=_note, covered=NOTES),
    Fact("asks about a note", _note_answered, first=_viewers_note, covered=NOTES, pairs=("partner",)),
    Fact("reads a note", _note_read, first=_viewers_note, pairs=("partner",)),
    Fact("is written to", lambda s: messages.send(s.store, s.about, "Hello", **s.by(s.cast.carla))),
    Fact("writes a text message", lambda s: messages.send_text(s.store, s.about, "I can't make it", now=s.now)),
    Fact("writes words of crisis", lambda s: crises.tell(s.store, s.about, where=crises.Where.APP, **s.by(s.about))),
    Fact("is reached", lambda s: contacts.record(s.store, s.about, channel="call", outcome="reached", **s.by(s.cast.carla))),
    Fact("has a plan", lambda s: reengagement_plans.make(s.store, s.about, note="Start again.", **s.by(s.cast.carla))),
    Fact("is somebody's task", _task),
    Fact("was talked to", lambda s: follow_ups.sign_off(s.store, s.seat("past-group"), **s.by(s.cast.carla))),
    Fact("reads a summary of their own", lambda s: summaries.write(s.store, _session(s.store, "past-group"), "For you.", client=s.about, **s.by(s.cast.carla))),
    Fact("has needs", lambda s: accommodations.ask(s.store, s.about, "captions", **s.by(s.about))),
    Fact("has a backup plan", lambda s: backup_plans.write(s.store, s.about, {"place": "The car"}, **s.by(s.about))),
    Fact("tests the connection", lambda s: connection_tests.keep(s.store, {}, **s.by(s.about))),
    Fact("has hours that suit", lambda s: availability.put(s.store, s.about, [(0, "08:00", "09:00")], **s.by(s.about)), covered=KNOWN),
    Fact("has quiet hours", _reminders(quiet_hours=("12:00", "20:00"))),
    Fact("is reminded earlier", _reminders(lead={"heads_up": 2880, "soon": 240})),
    Fact("wants no reminders", _reminders(off=("heads_up", "soon", "doors_open"))),
    *(Fact(f"has an address {how}", _address(how)) for how in ("unsafe", "stopped", "added")),
    Fact("moves to another zone", lambda s: contact_preferences.set_zone(s.store, s.about, "America/Denver", **s.by(s.about))),
    Fact("speaks another language", lambda s: setattr(s.about, "language", "es")),
    Fact("is paused", _status("paused"), ends=True),
    Fact("is discharged", _status("discharged"), ends=True),
    Fact("came back", _status("active"), first=_status("paused"), ends=True),
    Fact("signs in", lambda s: logins.sign_in(s.store, s.about, "passkey", now=s.now, device="phone")),
    Fact("has a password", lambda s: passwords.set_password(s.store, s.about, "correct horse battery staple", **s.by(s.about))),
    Fact("has a calendar link", lambda s: calendar_feeds.open_feed(s.store, s.about, **s.by(s.about))),
    Fact("is read about", lambda s: counseling_notes.write(s.store, s.about, "Mine.", **s.by(s.cast.carla))),
    Fact("is looked up in an emergency", lambda s: emergency_access.begin(s.store, s.about, "They called the desk in tears.", **s.by(s.cast.theo))),
    Fact("lets a third know", lambda s: shares(s.store, s.about, s.cast.susan, Category.SCHEDULE, s.now)),
    Fact("is a couple no more", _parts, pairs=WITHOUT_PARTNER),
    Fact("takes consents back", _to_viewer("revoked"), ends=True),
    Fact("is kept safe by a pause", _to_viewer("paused"), ends=True),
]  # fmt: skip


def _viewers(act: Act) -> Act:
    """The same, done by the one who looks, when that is somebody in the group."""

    def done(s: Scene) -> None:
        act(Scene(s.store, s.cast, s.viewer, s.about, s.now))

    return done


HISTORY: list[tuple[str, Act]] = [
    *((fact.name, _each(fact.first, fact.b)) for fact in FACTS if not fact.ends),
    *((f"viewer: {fact.name}", _viewers(_each(fact.first, fact.b))) for fact in FACTS if not fact.ends),
    ("a session is moved", lambda s: _session(s.store, "next-group").move(s.store, s.now + 2 * DAY, s.now + 2 * DAY + HOUR, **s.by(s.cast.carla))),
    ("a session is called off", lambda s: _session(s.store, "tonight").cancel(s.store, reason="Painting", **s.by(s.cast.carla))),
]  # fmt: skip
"""What else happens, in both worlds alike."""


def beside(fact: Fact) -> list[tuple[str, Act]]:
    """What may happen beside a fact. Of joint make-ups one at a time: with another, the two worlds would differ in what both may know,
    whether a joint time moved or one came to the other. And what ends what the two let each other know also ends that they are counted
    together: either is to know that it is over, and not why."""
    left_out = {"joint": "joint" in fact.name, "one device": fact.ends}
    apart = [word for word, is_left_out in left_out.items() if is_left_out]
    return [each for each in HISTORY if not any(word in each[0] for word in apart)]


# --- what can be seen -------------------------------------------------------------------------------------------------

OWN_KEYS = "one's own keys and devices, which no one else's care touches"
PUBLIC = "the same for everyone, whoever asks"
CALLED = "for programs, with keys of their own"
STAFF = "for staff"
SEAT, HOMEWORK, RESOURCE, CONSENT, HELD, ENTRY = "seat_id", "homework_id", "resource_id", "consent_id", "held_id", "entry_id"  # fmt: skip

FETCHED: dict[str, tuple[str, ...]] = {
    "account.orientation": ("",),
    "account.show": ("",),
    "client.absences.show": ("",),
    "client.approach.show": ("",),
    "client.backup_plan.show": ("",),
    "client.calendar.show": ("",),
    "client.catch_up.show": ("",),
    "client.connecting.show": ("",),
    "client.devices.show": ("",),
    "client.group_times.show": ("",),
    "client.homework.show": ("",),
    "client.hours.show": ("",),
    "client.language.show": ("",),
    "client.looks.show": ("",),
    "client.looks.told": ("",),
    "client.make_ups.show": ("", "?change=yes"),
    "client.me.show": ("",),
    "client.messages.news": ("?after=0",),
    "client.messages.show": ("",),
    "client.needs.show": ("",),
    "client.notes.index": ("",),
    "client.notes.new": ("",),
    "client.notes.show": ("",),
    "client.offline.schedule": ("",),
    "client.offline.token": ("",),
    "client.own_copy.show": ("",),
    "client.reminders.show": ("",),
    "client.resources.show": ("",),
    "client.schedule.show": ("?view=today", "?view=week", "?view=all", "?view=earlier"),
    "client.seats.show": ("",),
    "client.sharing.copy": ("",),
    "client.sharing.new": ("",),
    "client.sharing.show": ("",),
    "client.sign_ins.show": ("",),
    "client.summaries.show": ("",),
    "client.today.show": ("",),
    "client.together.preview": ("",),
    "client.together.show": ("",),
    "client.windows.show": ("",),
    "feeds.download": ("",),
    "feeds.show": ("",),
}
"""Pages, fragments and files that are fetched: endpoint → query strings. Where an address has a row's number, it is fetched for each
such row of the viewer's, and for one that is not theirs."""

TRIED: dict[str, tuple[dict[str, str], ...]] = {
    "account.acknowledge": ({},),
    "client.absences.report": ({}, {"reason": "work"}),
    "client.absences.withdraw": ({},),
    "client.backup_plan.save": ({"place": "The car"},),
    "client.calendar.end": ({},),
    "client.connecting.ask": ({},),
    "client.group_times.for_good": ({"series": "SERIES"},),
    "client.group_times.once": ({"session": "SESSION"},),
    "client.homework.hand_in": ({"body": "Done."},),
    "client.homework.reopen": ({},),
    "client.make_ups.book": ({"session": "SESSION"}, {"session": "SESSION"}, {"session": "SESSION"}, {"resource": "RESOURCE"}),
    "client.make_ups.cancel": ({},),
    "client.make_ups.reflect": ({"body": WORDS},),
    "client.messages.read": ({},),
    "client.messages.send": ({"body": "Hello"},),
    "client.needs.save": ({"need": "captions"},),
    "client.notes.answer": ({"body": WORDS},),
    "client.notes.show_to_team": ({},),
    "client.notes.take_back": ({},),
    "client.notes.write": ({"session": "SESSION", "body": WORDS}, {"session": "SESSION", "body": WORDS}),
    "client.own_copy.take": ({},),
    "client.reminders.save": ({"first": "sms"},),
    "client.resources.finish": ({},),
    "client.resources.keep_place": ({"at": "3"},),
    "client.seats.coming": ({},),
    "client.seats.join": ({},),
    "client.sharing.end": ({},),
    "client.sharing.give": ({"category": "schedule", "term": "90", "purpose": "times", "signature": "Me"},),
    "client.together.end_one_device": ({},),
    "client.together.say_one_device": ({},),
    "client.waiting.accept": ({},),
    "client.waiting.join": ({"session": "SESSION"}, {"session": "SESSION"}),
    "client.waiting.leave": ({},),
    "client.waiting.let_go": ({},),
    "client.windows.save": ({"times": "0-evening"},),
    "drafts.save": ({"about": "message", "edition": "0", "body": "So far."},),
}  # fmt: skip
"""Changes that are tried, each undone afterwards: endpoint → forms. A word in capitals is any row of that kind."""

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        (
            "account.add", "account.ask_to_register", "account.authenticator", "account.confirm",
            "account.confirm_authenticator", "account.give_proof", "account.make_codes", "account.password",
            "account_changes.dismiss", "account.remove", "account.remove_authenticator", "account.rename", "account.set_password", "account.welcome",
            "client.devices.add", "client.devices.remove", "client.devices.remove_by_form", "client.devices.test",
            "client.language.go_by", "client.language.speak", "client.reminders.mark", "client.sign_ins.end",
            "client.sign_ins.end_others", "sign_in.give_second", "sign_in.second_step", "sign_in.sign_out",
            "client.calendar.make", "client.answers.ask", "client.answers.send", "client.offline.phone_key",
        ),
        OWN_KEYS,
    ),
    **dict.fromkeys(
        (
            "assets.show", "client.connecting.pulse", "client.connecting.sample", "health.alive", "health.ready",
            "pwa.crisis", "pwa.install", "pwa.manifest", "pwa.offline", "pwa.push_key", "pwa.service_worker",
            "policy_reports.take", "sign_in.ask_to_sign_in", "sign_in.come_in", "sign_in.link", "sign_in.show",
            "sign_in.send_own_link", "sign_in.someone_else", "sign_in.spend", "sign_in.unlock", "sign_in.with_password",
        ),
        PUBLIC,
    ),
    **dict.fromkeys(("sms.take", "health.metrics"), CALLED),
    "client.answers.answer": "a button of one's own notice, which the notices are compared with",
}  # fmt: skip
"""Routes at which nobody's care shows: endpoint → why."""


def routes(app: Flask) -> dict[str, tuple[str, str]]:
    """Every route that is neither for staff nor for programs: endpoint → (method, rule)."""
    with app.app_context():
        return {
            rule.endpoint: (min((rule.methods or set()) - {"HEAD", "OPTIONS"}), rule.rule)
            for rule in app.url_map.iter_rules()
            if not rule.endpoint.startswith("staff.") and not rule.rule.startswith("/api/")
        } | {"sms.take": ("POST", "/api/v1/hooks/sms")}


NUMBERS = re.compile(
    r"""(/(?:seats|homework|resources|held-places|waiting|sharing|devices|logins|passkeys|messages|notes|texts)/
    |(?:session|resource|series|seat|shown|up_?to|address)"\s*value="
    |data-[a-z]+="[a-z_-]+[-:]
    |"(?:seat|by_seat|id)":\s*
    |(?:id|for|aria-labelledby|data-(?:keep|sent|kept|after|seat|up-to|device))="[a-z_-]*
    |\#card-|[a-z/-]*[?&;](?:after|before|shown)=)(\d+)""",
    re.VERBOSE,
)
PLACE = re.compile(r"""(Your place is number |"place": |Place )\d+""")
"""The number of one's own place says how many had one before: like a full room, everybody's (SECURITY.md)."""
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Names:
    """Renames row numbers, and ids made of them, in the order in which they appear: a number counts the rows of the installation."""

    known: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def rename(self, text: str) -> str:
        text = NUMBERS.sub(
            lambda m: m[1] + self._name(f"{m[1].replace(' ', '')} {m[2]}"),
            PLACE.sub(r"\1…", constant(text)),
        )
        return UUIDS.sub(lambda m: self._name(f"uuid {m[0]}"), text)

    def _name(self, what: str) -> str:
        kind = what.partition(" ")[0]
        if what not in self.known:
            self.counts[kind] += 1
            self.known[what] = f"n{self.counts[kind]:05}"
        return self.known[what]


Seen = list[tuple[str, Any]]


class World:
    """One world on a borrowed database: what happens there, and what the viewer sees of it. Undone at its end."""

    def __init__(self, app: Flask, database: Any, pair: str, began: datetime):
        self.app, self.database = app, database
        self.about, self.viewer = PAIRS[pair]
        self.now = began
        self.names = Names()
        self.channels = {each: MemoryChannel() for each in ("push", "email", "sms")}
        wording = Wording("My Day", "https://day.example", ["k" * 32])
        self.courier = Courier(self.channels, Packer(wording, "k" * 32))
        self.received: Seen = []

    def act(self, act: Act) -> str:
        """What comes of it, a second later: nothing, or the name of the refusal."""
        self.now += timedelta(seconds=1)
        with self.database.writing() as store:
            world = cast.find(store)
            scene = Scene(store, world, getattr(world, self.about), getattr(world, self.viewer), self.now)  # fmt: skip
            try:
                act(scene)
                store.commit()
            except (Refusal, NoResultFound) as refusal:
                store.rollback()
                return type(refusal).__name__
        return ""

    def walk(self) -> None:
        """Every chore that tells somebody something, or decides what is told."""
        for chore in (look, tend, watch, settlement.settle, held_places.offer_freed, look, partner_reminders.remind_partners, announce.announce):  # fmt: skip
            chore(self.database, self.now)
        self.courier.deliver(self.database, self.now, seconds=None)
        with self.database.reading() as store:
            mine = select(Notification).join(Person, Person.id == Notification.person_id)
            mine = mine.where(Person.ref == self.viewer, Notification.sent_at.is_not(None))
            sent = {str(each.id): each for each in store.scalars(mine)}
        came = [
            (row, name, parcel)
            for name, channel in self.channels.items()
            for parcel in channel.sent
            if (row := sent.get(parcel.key.partition("-")[0]))
        ]
        for row, name, parcel in sorted(came, key=lambda each: (each[0].kind, str(each[0].about_at))):  # fmt: skip
            kind = "shared notice" if row.consent_category else "notice"
            self.received.append((f"{kind} at {self.now}", self._parcel(name, parcel, kind)))
        for channel in self.channels.values():
            channel.sent.clear()

    def _parcel(self, channel: str, parcel: Any, kind: str) -> Any:
        content = parcel.content if isinstance(parcel.content, str | bytes) else repr(parcel.content)  # fmt: skip
        text = content.decode() if isinstance(content, bytes) else content
        text = re.sub(r"/(answers|reply)/[\w.-]+", r"/\1/…", text)
        topic = self.names._name(f"{kind.replace(' ', '-')} {parcel.topic}")
        tag = re.sub(r'"tag":\s*"[^"]*"', '"tag"', text)
        return channel, self.names.rename(tag), parcel.ttl, parcel.urgency, topic

    def pass_by(self, ahead: timedelta) -> None:
        """Time goes on, in a few steps, and the chores with it."""
        until, step = self.now + ahead, max(ahead / 6, 2 * HOUR)
        while self.now < until:
            self.now = min(self.now + step, until)
            with stopped(self.now):
                self.walk()

    def look(self, dice: random.Random, fetches: int, tries: int) -> Seen:
        """What the viewer fetches and what comes of what they try, in an order of its own."""
        person = Actor(self.app, self.database, self.viewer)
        doors = sorted(self._doors(), key=lambda door: (door.endpoint, door.rank))
        found: Seen = []
        places = self._places(doors)
        for door, query in _chosen(dice, places, fetches):
            found.append((door.endpoint + query, self._fetched(person, door, query)))
        for door, form in _chosen(dice, self._forms(doors), tries):
            with person.undone():
                answer = person.open(door, data=self._filled(dice, form))
                found.append((f"{door.endpoint} {door.rank} {form}", self._answer(answer)))
        return found

    def _fetched(self, person: Actor, door: "Row", query: str) -> Any:
        with statements(self.database) as asked:
            answer = person.open(door, path=door.path + query)
        return self._answer(answer), len(asked)

    def _answer(self, answer: Any) -> Any:
        headers = {
            name: self.names.rename(value) for name, value in answer.headers.items()
            if name not in ("Date", "Set-Cookie", "ETag", "Content-Length")
        }  # fmt: skip
        if answer.mimetype == "application/zip":
            with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
                body = {name: self.names.rename(folder.read(name).decode()) for name in sorted(folder.namelist())}  # fmt: skip
            return answer.status_code, headers, body
        return answer.status_code, headers, self.names.rename(answer.get_data(as_text=True))

    def _places(self, doors: list["Row"]) -> list[tuple["Row", str]]:
        return [(door, query) for door in doors for query in FETCHED.get(door.endpoint, ())]

    def _forms(self, doors: list["Row"]) -> list[tuple["Row", dict[str, str]]]:
        return [(door, form) for door in doors for form in TRIED.get(door.endpoint, ())]

    def _filled(self, dice: random.Random, form: dict[str, str]) -> dict[str, str]:
        with self.database.reading() as store:
            of = {"SESSION": Session, "SERIES": Series, "RESOURCE": Resource}
            return {
                name: str(dice.choice(store.scalars(select(of[value].id).where(of[value].ref.is_not(None)).order_by(of[value].ref)).all())) if value in of else value  # type: ignore[attr-defined]
                for name, value in form.items()
            }  # fmt: skip

    def _doors(self) -> Iterator["Row"]:
        rows_of = self._rows()
        for endpoint, (method, rule) in routes(self.app).items():
            if endpoint not in FETCHED and endpoint not in TRIED:
                continue
            kind = re.search(r"<(?:[^:<>]+:)?([a-z_]+)>", rule)
            if kind is None:
                yield Row(endpoint, method, rule)
                continue
            for rank, number in enumerate(rows_of[kind[1]]):
                yield Row(endpoint, method, rule.replace(kind[0], str(number)), rank=rank)

    def _rows(self) -> dict[str, list[Any]]:
        """Numbers of the viewer's rows by the name they have in addresses, and one that is not theirs at the end."""
        with self.database.writing() as store:
            me = store.scalars(select(Person).where(Person.ref == self.viewer)).one()
            other = store.scalars(select(Person).where(Person.ref == self.about)).one()

            def of(query: Any, foreign: Any = None) -> list[int]:
                return [*store.scalars(query), 10**6 if foreign is None else foreign]

            theirs = select(Seat.id).where(Seat.client_id == other.id).order_by(Seat.id).limit(1)
            mine = select(Seat.id).join(Session, Session.id == Seat.session_id)
            seats = mine.where(Seat.client_id == me.id).order_by(Session.starts_at, Seat.id)
            held = select(HeldPlace.id).join(WaitlistEntry, WaitlistEntry.id == HeldPlace.entry_id)
            feed = calendar_feeds.open_feed(store, me, by=me, now=self.now)
            store.commit()
            return {
                SEAT: of(seats, store.scalar(theirs)),
                HOMEWORK: of(select(Homework.id).order_by(Homework.id)),
                RESOURCE: of(select(Resource.id).order_by(Resource.id)),
                CONSENT: of(select(Consent.id).where(Consent.client_id == me.id).order_by(Consent.id)),
                HELD: of(held.where(WaitlistEntry.client_id == me.id).order_by(HeldPlace.id)),
                ENTRY: of(select(WaitlistEntry.id).where(WaitlistEntry.client_id == me.id).order_by(WaitlistEntry.id)),
                "person_id": [other.id, 10**6],
                "note_id": of(
                    select(PartnerNote.id).where(PartnerNote.author_id == me.id).order_by(PartnerNote.id),
                    store.scalar(select(PartnerNote.id).where(PartnerNote.author_id == other.id).limit(1)),
                ),
                "text_id": of(
                    select(NoteText.id).where(NoteText.by_id == me.id).order_by(NoteText.id),
                    store.scalar(select(NoteText.id).where(NoteText.by_id == other.id).limit(1)),
                ),
                "token": [feed],
            }  # fmt: skip


@dataclass(frozen=True)
class Row(Door):
    """A door, and which of the viewer's rows it is about."""

    rank: int = 0


def _chosen(dice: random.Random, every: list[Any], most: int) -> list[Any]:
    return every if len(every) <= most else [every[at] for at in sorted(dice.sample(range(len(every)), most))]  # fmt: skip


@contextmanager
def stopped(instant: datetime) -> Iterator[None]:
    """The app's clock stands still: two worlds are compared at the same instant."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return instant

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "datetime", Stopped)
        patch.setattr(clock, "_offset", timedelta())
        yield


def differences(one: Seen, other: Seen) -> Iterator[str]:
    """Where two worlds differ, each in a line."""
    for (label, a), (name, b) in zip(one, other, strict=False):
        if (label, a) != (name, b):
            yield f"{label} / {name}: {_first_difference(str(a), str(b))}"
    if len(one) != len(other):
        longer = max(one, other, key=len)
        yield f"{len(one)} and {len(other)}; one has {str(longer[min(len(one), len(other))])[:300]}"


def _first_difference(a: str, b: str) -> str:
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))  # fmt: skip
    return f"…{a[max(0, at - 80) : at + 160]!r}… and …{b[max(0, at - 80) : at + 160]!r}…"


__all__ = ["FACTS", "FETCHED", "HISTORY", "LEFT_OUT", "PAIRS", "TRIED", "World", "beside", "differences", "plant_worlds", "routes", "stopped"]  # fmt: skip
