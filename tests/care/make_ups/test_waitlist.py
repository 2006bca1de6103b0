"""The waitlist: a place that comes free is held for the first in line, then for the next."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select

from tests.care.evenings import COUPLES, DAY, HOUR, missed, room, seat_of
from webapp.care import leaving
from webapp.care.attendance import absences
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.make_ups import bookings, held_places, offers, settlement, waitlist
from webapp.care.make_ups.held_places import held_until
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Seat, occupied
from webapp.refusals import Full, Invalid, TooLate


@pytest.fixture
def full(store, world, clock):
    return room(
        store, world.colin, [world.zoe], clock.now() + 3 * DAY, clock.now(), title="Skills",
        makes_up=("group",), capacity=1,
    )  # fmt: skip


@pytest.fixture
def line(store, world, clock, full):
    """Gus waits first, then Maya."""
    entries = []
    for client in (world.gus, world.maya):
        seat = missed(store, world.carla, client, clock.now(), ref=f"missed-{client.ref}")
        clock.forward(minutes=1)
        entries.append(waitlist.join(store, seat, full, by=client, now=clock.now()))
    store.commit()
    return entries


def free_the_place(store, full, world, clock):
    seat_of(store, full, world.zoe).release(store, by=world.cody, now=clock.now())
    store.commit()


def run_chore(database, clock):
    return held_places.offer_freed(database, clock.now())


def held(store):
    return [place.entry.client.ref for place in store.scalars(waitlist.live())]


def test_no_place_is_held_while_the_session_is_full(store, database, clock, line):
    run_chore(database, clock)
    assert held(store) == []


def test_a_freed_place_is_held_for_the_first_in_line(store, database, world, clock, full, line):
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    assert held(store) == ["gus"]
    tags = store.scalars(select(Event.tag).where(Event.tag == Tag.PLACE_HELD)).all()
    assert len(tags) == 1


def test_the_held_place_is_a_seat_nobody_else_can_have(store, database, world, clock, full, line):
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    with pytest.raises(Full):
        bookings.book(store, line[1].seat, full, by=world.maya, now=clock.now())


def test_the_chore_holds_no_place_twice(store, database, world, clock, full, line):
    free_the_place(store, full, world, clock)
    assert run_chore(database, clock) > 0
    assert run_chore(database, clock) == 0


def test_taking_a_held_place_books_the_make_up(store, database, world, clock, full, line):
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    place = store.scalars(waitlist.held_for(world.gus.id)).one()
    made = bookings.accept(store, place, by=world.gus, now=clock.now())
    assert made.by_seat.session is full
    assert (place.ended_why, line[0].left_why) == ("booked", "booked")
    store.commit()
    clock.forward(hours=5)
    run_chore(database, clock)
    assert made.by_seat.released_at is None


def test_declining_a_held_place_passes_it_on(store, database, world, clock, full, line):
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    place = store.scalars(waitlist.held_for(world.gus.id)).one()
    waitlist.let_go(store, place, by=world.gus, now=clock.now())
    store.commit()
    run_chore(database, clock)
    assert held(store) == ["maya"]


def test_a_hold_that_runs_out_passes_it_on_and_cannot_be_taken_any_more(
    store, database, world, clock, full, line
):
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    place = store.scalars(waitlist.held_for(world.gus.id)).one()
    clock.set(place.until + timedelta(seconds=1))
    with pytest.raises(TooLate):
        bookings.accept(store, place, by=world.gus, now=clock.now())
    run_chore(database, clock)
    store.expire_all()
    assert held(store) == ["maya"]
    assert place.ended_why == "expired"


def test_a_client_whom_the_time_no_longer_suits_leaves_the_line(
    store, database, world, clock, full, line
):
    room(store, world.carla, [world.gus], full.starts_at + HOUR, clock.now(), title="Gus's own")
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    assert held(store) == ["maya"]


def test_a_newcomer_does_not_overtake_the_line(store, world, clock, full, line):
    free_the_place(store, full, world, clock)
    june = missed(store, world.carla, world.june, clock.now(), ref="missed-june")
    with pytest.raises(Full):
        bookings.book(store, june, full, by=world.june, now=clock.now())


def test_whoever_is_first_in_line_books_without_waiting_for_the_chore(
    store, world, clock, full, line
):
    free_the_place(store, full, world, clock)
    made = bookings.book(store, line[0].seat, full, by=world.gus, now=clock.now())
    assert made.is_open
    assert line[0].left_why == "booked"


def test_reporting_an_absence_from_the_make_up_frees_the_place(
    store, database, world, clock, full, line
):
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    place = store.scalars(waitlist.held_for(world.gus.id)).one()
    made = bookings.accept(store, place, by=world.gus, now=clock.now())
    absences.report(store, made.by_seat, by=world.gus, now=clock.forward(hours=1))
    store.commit()
    settlement.settle(database, clock.now())
    run_chore(database, clock)
    store.expire_all()
    assert made.cancel_why == "told"
    assert held(store) == ["maya"]


def test_a_session_that_is_called_off_ends_its_line(store, database, world, clock, full, line):
    full.cancel(store, "ill", by=world.cody, now=clock.now())
    store.commit()
    run_chore(database, clock)
    store.expire_all()
    assert {entry.left_why for entry in line} == {"over"}


def test_shortly_before_the_start_a_free_place_is_not_held(
    store, database, world, clock, full, line
):
    clock.set(full.starts_at - timedelta(minutes=20))
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    assert held(store) == []
    june = missed(store, world.carla, world.june, clock.now(), ref="missed-june")
    assert bookings.book(store, june, full, by=world.june, now=clock.now()).is_open


def test_joining_twice_returns_one_entry_and_leaving_ends_it(store, world, clock, full, line):
    again = waitlist.join(store, line[1].seat, full, by=world.maya, now=clock.now())
    assert again is line[1]
    waitlist.leave(store, again, by=world.maya, now=clock.now())
    assert store.scalars(waitlist.waiting(world.maya)).all() == []


def test_a_client_cannot_wait_for_what_could_not_be_booked(store, world, clock, line):
    """Not for the session one missed, nor what somebody has to themselves (S1), nor beyond the policy's time."""
    alone = room(
        store, world.carla, [world.maya], clock.now() + DAY, clock.now(),
        kind=SessionKind.INDIVIDUAL, capacity=1,
    )  # fmt: skip
    late = room(
        store, world.colin, [world.zoe], clock.now() + 40 * DAY, clock.now(), makes_up=("group",)
    )
    for session, refusal in ((line[0].seat.session, TooLate), (alone, Invalid), (late, TooLate)):
        with pytest.raises(refusal):
            waitlist.join(store, line[0].seat, session, by=world.gus, now=clock.now())


def test_a_place_that_no_longer_makes_up_for_theirs_is_held_for_nobody(
    store, database, world, clock, full, line
):
    """S1: an entry that was allowed once gives no place that could not be booked now."""
    full.makes_up = []
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    assert held(store) == []


def test_a_released_place_that_is_held_counts_as_taken(store, database, world, clock, full, line):
    free_the_place(store, full, world, clock)
    run_chore(database, clock)
    taken = select(Seat).where(Seat.session_id == full.id, occupied())
    assert [seat.client.ref for seat in store.scalars(taken)] == ["gus"]


class TestHowLongAPlaceIsHeld:
    def until(self, clock, quiet, hours=0, zone="America/New_York", ahead=3 * DAY):
        now = clock.forward(hours=hours)
        return held_until(now, now + ahead, zone, quiet) - now

    def test_two_hours_by_day(self, clock):
        assert self.until(clock, None).total_seconds() == pytest.approx(7200, abs=1)

    def test_not_into_the_night(self, clock):
        """It is nine in the evening in New York: the hold lasts until an hour after eight."""
        lasts = self.until(clock, (time(21), time(8)), hours=8)
        assert lasts.total_seconds() == pytest.approx(12 * 3600, abs=1)

    def test_never_past_the_last_call(self, clock):
        lasts = self.until(clock, None, ahead=HOUR)
        assert lasts.total_seconds() == pytest.approx(1800, abs=1)


class TestCouples:
    """A joint session needs two places: they are held together, or not at all."""

    @pytest.fixture
    def joint(self, store, world, clock):
        return room(
            store, world.tessa, [world.rosa, world.leo], clock.now() + 3 * DAY, clock.now(),
            title="Couples slot", makes_up=("couples", "group"), capacity=2,
        )  # fmt: skip

    @pytest.fixture
    def both(self, store, world, clock, joint):
        hour = room(
            store, world.tessa, [world.maya, world.ben], clock.now() - DAY, clock.now() - 3 * DAY,
            title="Couples hour", kind=COUPLES,
        )  # fmt: skip
        seat = seat_of(store, hour, world.maya)
        entry = waitlist.join(store, seat, joint, by=world.maya, now=clock.now())
        store.commit()
        return entry

    def leave(self, store, joint, client, world, clock):
        seat_of(store, joint, client).release(store, by=world.cody, now=clock.now())
        store.commit()

    def test_they_wait_for_two_places(self, both):
        assert both.places == 2

    def test_one_place_is_not_held_two_are(self, store, database, world, clock, joint, both):
        self.leave(store, joint, world.rosa, world, clock)
        assert run_chore(database, clock) == 0
        self.leave(store, joint, world.leo, world, clock)
        assert run_chore(database, clock) == 1
        place = store.scalars(waitlist.live()).one()
        assert (place.seat.client_id, place.partner_seat.client_id) == (world.maya.id, world.ben.id)
        assert run_chore(database, clock) == 0

    def test_taking_them_books_both(self, store, database, world, clock, joint, both):
        for client in (world.rosa, world.leo):
            self.leave(store, joint, client, world, clock)
        run_chore(database, clock)
        place = store.scalars(waitlist.live()).one()
        made = bookings.accept(store, place, by=world.maya, now=clock.now())
        assert made.partner_seat_id == place.partner_seat_id
        store.commit()
        clock.forward(hours=5)
        run_chore(database, clock)
        store.expire_all()
        assert (made.by_seat.released_at, made.partner_seat.released_at) == (None, None)

    @pytest.mark.parametrize("how", ["let go", "run out"])
    def test_letting_them_go_gives_both_back(self, store, database, world, clock, joint, both, how):
        for client in (world.rosa, world.leo):
            self.leave(store, joint, client, world, clock)
        run_chore(database, clock)
        place = store.scalars(waitlist.live()).one()
        if how == "let go":
            waitlist.let_go(store, place, by=world.maya, now=clock.now())
            store.commit()
        else:
            clock.set(place.until + timedelta(seconds=1))
            run_chore(database, clock)
            store.expire_all()
        assert place.seat.released_at is not None
        assert place.partner_seat.released_at is not None

    def test_a_couple_keeps_its_turn_while_a_client_who_needs_one_place_goes_first(
        self, store, database, world, clock, joint, both
    ):
        seat = missed(store, world.carla, world.gus, clock.now(), ref="of-gus")
        clock.forward(minutes=1)
        waitlist.join(store, seat, joint, by=world.gus, now=clock.now())
        self.leave(store, joint, world.rosa, world, clock)
        run_chore(database, clock)
        assert held(store) == ["gus"]
        assert both.left_at is None

    def test_a_newcomer_does_not_take_the_places_they_wait_for(
        self, store, world, clock, joint, both
    ):
        self.leave(store, joint, world.rosa, world, clock)
        seat = missed(store, world.carla, world.gus, clock.now(), ref="of-gus")
        with pytest.raises(Full):
            bookings.book(store, seat, joint, by=world.gus, now=clock.now())

    @pytest.mark.parametrize("why", ["something else then", "paused"])
    def test_what_became_of_the_partner_neither_ends_a_clients_wait_nor_keeps_the_place_from_them(
        self, store, database, world, clock, joint, both, why
    ):
        """P11: from how a wait ends nobody learns what the other has at that time."""
        if why == "paused":
            leaving.change_status(store, world.ben, why, by=None, now=clock.now())
        else:
            room(store, world.colin, [world.ben], joint.starts_at, clock.now(), title="Ben's own")
        for client in (world.rosa, world.leo):
            self.leave(store, joint, client, world, clock)
        run_chore(database, clock)
        store.expire_all()
        assert both.left_why is None
        made = bookings.accept(
            store, store.scalars(waitlist.live()).one(), by=world.maya, now=clock.now()
        )
        assert made.by_seat.released_at is None
        assert (made.partner_seat_id is None) == (why == "paused")

    def test_a_couple_that_staff_put_in_line_leaves_it_when_the_partner_has_something_else(
        self, store, database, world, clock, joint, both
    ):
        both.joined_by = world.tessa
        room(store, world.colin, [world.ben], joint.starts_at, clock.now(), title="Ben's own")
        for client in (world.rosa, world.leo):
            self.leave(store, joint, client, world, clock)
        run_chore(database, clock)
        store.expire_all()
        assert both.left_why == "clash"

    def test_a_place_held_beside_the_one_who_waits_takes_no_time_of_the_others(
        self, store, database, world, clock, joint, both
    ):
        """P11: Ben can't tell from his own bookings that Maya waits, or that two places are held."""
        for client in (world.rosa, world.leo):
            self.leave(store, joint, client, world, clock)
        run_chore(database, clock)
        seat = missed(store, world.carla, world.ben, clock.now(), ref="of-ben")
        same_time = room(
            store,
            world.colin,
            [],
            joint.starts_at,
            clock.now(),
            title="Skills",
            makes_up=("group",),
        )
        offered = [each.session for each in offers.find(store, seat, clock.now())]
        assert same_time in offered
        bookings.book(store, seat, same_time, by=world.ben, now=clock.now())
