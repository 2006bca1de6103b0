"""Couples hours on one device: each of the two says so on *Together*, and from then on one of them in the room counts for both (rule 7)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.care.evenings import COUPLES, DAY, HOUR, room, seat_of, shares
from tests.pages import constant
from webapp.care import leaving
from webapp.care.attendance import attended, guests, presence
from webapp.care.attendance.one_device import DeviceWish
from webapp.care.attendance.presence import Sighting
from webapp.care.attendance.standing import Standing, standing
from webapp.care.contact.tasks import Task
from webapp.care.privacy.consents import Category
from webapp.care.schedule.sessions import Seat, Session
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import Notification
from webapp.protocol.engine import engine, reconcile
from webapp.protocol.facts import facts
from webapp.protocol.reports import standings, today_counts

YES, NO = "/together/one-device", "/together/one-device/end"
BOTH, WAITS, NOT_SET = "You both said so", "Waits for Ben’s yes", "Not set"
SEATS = select(Seat).join(Session, Session.id == Seat.session_id)


class Hour:
    """A couples hour of Maya and Ben with Tessa in a room whose platform tells who is there, told in minutes from its start."""

    def __init__(self, database, store, world, clock, visit):
        self.database, self.store, self.world = database, store, world
        self.clock, self.visit = clock, visit
        self.session = self.open(ref="hour", kind=COUPLES)

    def open(self, **more):
        """One more room at the same time."""
        world, now = self.world, self.clock.now()
        both = more.pop("clients", [world.maya, world.ben])
        made = room(self.store, world.tessa, both, now + HOUR, now - DAY, presence_from="platform", **more)  # fmt: skip
        self.store.commit()
        self.began = made.starts_at
        return made

    def at(self, minutes):
        return self.began + timedelta(minutes=minutes)

    def say(self, who, path=YES):
        assert self.visit(who).post(path).status_code == 303
        self.store.expire_all()

    def both_say(self):
        self.say(self.world.maya)
        self.say(self.world.ben)

    def page(self, who):
        """*Together* as this person sees it, without the seconds of the page's own clock."""
        return re.sub(r":\d\d:\d\d", "", constant(self.visit(who).get("/together").text))

    def see(self, minutes, kind, who, session=None):
        """The platform shows that somebody came or went."""
        self.clock.set(self.at(minutes))
        session = session or self.session
        id = f"{who.ref} {kind} {minutes}"
        seen = [Sighting(id, session, who, kind, self.at(minutes), "zoom", who.ref)]
        presence.record(self.store, seen, by=None, now=self.at(minutes))
        self.store.commit()

    def mark(self, minutes, who, word):
        self.clock.set(self.at(minutes))
        presence.mark(
            self.store, seat_of(self.store, self.session, who), word, by=self.world.tessa,
            now=self.at(minutes), id=f"{who.ref} {word} {minutes}", reason="Looked.",
        )  # fmt: skip
        self.store.commit()

    def look(self, *minutes):
        for minute in minutes:
            self.clock.set(self.at(minute))
            while engine.look(self.database, self.at(minute)):
                pass
        self.store.expire_all()

    def picture(self, who, minutes, session=None):
        seat = seat_of(self.store, session or self.session, who)
        return facts.of_seat(self.store, seat, self.at(minutes)).facts

    def standings(self, minutes, session=None):
        both = (self.world.maya, self.world.ben)
        now = self.at(minutes)
        return [str(standing(self.picture(who, minutes, session), now)) for who in both]

    def minutes(self, who, minutes):
        there = self.picture(who, minutes).tally(self.at(minutes)).present_for
        return round(there / timedelta(minutes=1))

    def called(self):
        tasks = select(Task.client_id).where(Task.kind == "outreach", Task.is_open)
        return set(self.store.scalars(tasks))


@pytest.fixture
def hour(database, store, world, clock, visit):
    return Hour(database, store, world, clock, visit)


def test_each_says_so_for_themselves_and_it_counts_once_both_have(hour, world):
    assert NOT_SET in hour.page(world.maya)
    hour.say(world.maya)
    hour.say(world.maya)
    assert WAITS in hour.page(world.maya)
    hour.say(world.ben)
    assert BOTH in hour.page(world.maya)
    assert BOTH in hour.page(world.ben)
    rows = hour.store.scalars(select(DeviceWish)).all()
    assert {(one.person_id, one.ended_at) for one in rows} == {
        (world.maya.id, None), (world.ben.id, None)
    }  # fmt: skip


def test_who_has_not_said_so_is_not_shown_whether_the_other_has(hour, world, store):
    """P11: also when the other took it back again, and nobody is told."""
    before = hour.page(world.ben)
    announce(hour.database, hour.clock.now())
    told = store.scalar(select(func.count(Notification.id)))
    hour.say(world.maya)
    assert hour.page(world.ben) == before
    hour.say(world.maya, NO)
    assert hour.page(world.ben) == before
    announce(hour.database, hour.clock.now())
    assert store.scalar(select(func.count(Notification.id))) == told


def test_either_takes_it_back_for_both_at_once_and_neither_is_left_believing(hour, world):
    hour.both_say()
    hour.say(world.ben, NO)
    for who in (world.maya, world.ben):
        page = hour.page(who)
        assert NOT_SET in page
        assert BOTH not in page
        assert "Waits for" not in page


def test_without_a_yes_of_ones_own_taking_back_changes_nothing_for_the_other(hour, world):
    hour.say(world.maya)
    hour.say(world.ben, NO)
    assert WAITS in hour.page(world.maya)


@pytest.mark.parametrize("path", [YES, NO])
def test_only_one_of_two_clients_who_are_a_couple_can_say_so(world, visit, store, path):
    for who in (world.gus, world.june, world.henry, world.tessa):
        assert visit(who).post(path).status_code == 404
    assert store.scalars(select(DeviceWish)).all() == []


def test_one_of_them_in_the_room_counts_for_both_and_nobody_present_is_chased(hour, world):
    hour.both_say()
    hour.see(0, "joined", world.tessa)
    hour.see(2, "joined", world.ben)
    hour.look(5, 20, 60)
    assert hour.standings(60) == ["attended"] * 2
    hour.see(52, "left", world.ben)
    assert [hour.minutes(who, 60) for who in (world.maya, world.ben)] == [50, 50]
    assert hour.called() == set()
    reminders = select(Task).where(Task.client_id == world.maya.id)
    assert hour.store.scalars(reminders).all() == []


@pytest.mark.parametrize("said", [[], ["maya"], ["ben"]])
def test_until_both_have_said_so_each_counts_alone(hour, world, said):
    for name in said:
        hour.say(getattr(world, name))
    hour.see(0, "joined", world.tessa)
    hour.see(2, "joined", world.ben)
    hour.look(5, 20, 60)
    assert hour.standings(60) == ["missed", "attended"]
    assert hour.called() == {world.maya.id}


def test_it_never_counts_in_another_kind_of_session(hour, world):
    hour.both_say()
    group = hour.open(ref="group", kind="group")
    for who in (world.tessa, world.ben):
        hour.see(1, "joined", who, group)
    assert hour.standings(60, group) == ["missed", "attended"]


def test_it_never_counts_for_who_has_no_place_or_from_who_has_none(hour, world):
    hour.both_say()
    alone = hour.open(ref="alone", kind=COUPLES, clients=[world.maya])
    for who in (world.tessa, world.ben):
        hour.see(1, "joined", who, alone)
    assert standing(hour.picture(world.maya, 60, alone), hour.at(60)) is Standing.MISSED


def test_it_counts_from_when_both_said_so_and_ends_at_once(hour, world):
    hour.see(0, "joined", world.tessa)
    hour.see(2, "joined", world.ben)
    hour.say(world.ben)
    hour.clock.set(hour.at(20))
    hour.say(world.maya)
    hour.clock.set(hour.at(35))
    hour.say(world.ben, NO)
    assert hour.minutes(world.maya, 50) == 15
    assert hour.minutes(world.ben, 50) == 48
    assert not hour.picture(world.maya, 50).tally(hour.at(50)).here


def test_who_comes_late_on_one_device_ends_the_call_for_both(hour, world):
    """Rule 2: the ladder looks at both seats again as soon as one of them is seen."""
    hour.both_say()
    hour.see(0, "joined", world.tessa)
    hour.session.ends_at = hour.at(90)
    hour.look(5, 20, 60)
    assert hour.called() == {world.maya.id, world.ben.id}
    maya = seat_of(hour.store, hour.session, world.maya)
    maya.next_look_at = None
    hour.see(70, "joined", world.ben)
    hour.look(70)
    assert hour.called() == set()


def test_not_here_by_the_host_wins_whatever_the_device_does_after(hour, world):
    hour.both_say()
    hour.see(0, "joined", world.tessa)
    hour.see(2, "joined", world.ben)
    hour.mark(10, world.maya, "absent")
    hour.see(30, "left", world.ben)
    hour.see(31, "joined", world.ben)
    assert hour.standings(60) == ["missed", "attended"]
    hour.mark(40, world.maya, "present")
    assert hour.standings(60) == ["attended", "attended"]


def test_that_one_is_not_here_says_nothing_of_the_other(hour, world):
    hour.both_say()
    hour.see(0, "joined", world.tessa)
    hour.see(1, "joined", world.maya)
    hour.mark(10, world.ben, "absent")
    assert hour.standings(60) == ["attended", "missed"]


def test_a_tap_on_join_and_a_word_of_the_hosts_about_one_count_for_that_one_alone(hour, world):
    hour.both_say()
    hour.see(0, "joined", world.tessa)
    hour.see(2, "waiting", world.ben)
    assert hour.standings(20) == ["waiting", "waiting"]
    seats = [seat_of(hour.store, hour.session, who) for who in (world.ben, world.maya)]
    guests.together(hour.store, *seats, by=world.tessa, now=hour.at(20))
    assert hour.standings(60) == ["missed", "attended"]


def test_reports_lists_and_the_watch_read_the_same(hour, world, store):
    hour.both_say()
    hour.see(0, "joined", world.tessa)
    hour.see(2, "joined", world.ben)
    later = hour.at(26 * 60)
    seats = store.scalars(select(Seat).where(Seat.session_id == hour.session.id)).all()
    assert attended.attended(store, seats, later) == {seat.id for seat in seats}
    page, _ = standings.having(store, SEATS, Standing.ATTENDED, later, after=0, limit=100)
    assert {seat.id for seat in seats} <= {row.id for row in page}
    assert today_counts.of(store, world.maya.id, later).catch_up == 0
    for seat in seats:
        seat.next_look_at = None
    store.flush()
    assert not store.execute(reconcile.unaccounted(hour.at(120))).all()


@pytest.mark.parametrize("end", ["parts", "discharged", "paused", "kept_safe"])
def test_it_ends_with_the_couple_and_while_one_is_away_or_to_be_kept_safe(hour, world, store, end):
    hour.both_say()
    now, by = hour.clock.now(), {"by": world.cody}
    if end == "parts":
        leaving.end_couple(store, world.maya_and_ben, now=now, **by)
    elif end == "kept_safe":
        shares(store, world.maya, world.ben, Category.SCHEDULE, now).pause(store, by=world.susan, now=now)  # fmt: skip
    else:
        leaving.change_status(store, world.ben, end, now=now, **by)
    store.commit()
    rows = store.scalars(select(DeviceWish)).all()
    assert [one.ended_at for one in rows] == [now, now]
    assert BOTH not in hour.page(world.maya)


def test_the_rooms_page_says_that_they_join_on_one_device(hour, world):
    words = "One device, by their own wish"
    path = f"/staff/sessions/{hour.session.id}"
    hour.say(world.maya)
    assert words not in hour.visit(world.tessa).get(path).text
    hour.say(world.ben)
    assert hour.visit(world.tessa).get(path).text.count(words) == 2
    group = hour.open(ref="group", kind="group")
    assert words not in hour.visit(world.tessa).get(f"/staff/sessions/{group.id}").text
