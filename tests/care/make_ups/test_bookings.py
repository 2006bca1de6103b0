"""Booking a make-up: what it changes, what is refused, and what the database itself refuses."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from tests.care.evenings import COUPLES, DAY, HOUR, missed, room, seat_of, was_there
from webapp.care import leaving
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.make_ups import bookings, busy_slots, double_bookings, make_ups, reflections
from webapp.care.make_ups.busy_slots import BusySlot, slots_of
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import resources
from webapp.care.schedule import planning
from webapp.care.schedule.sessions import Session
from webapp.demo import cast
from webapp.refusals import (
    AlreadyDone,
    Cancelled,
    Clash,
    Forbidden,
    Full,
    Invalid,
    TooLate,
)

WORDS = "What stayed with me is that asking early is easier than explaining later."


@pytest.fixture
def seat(store, world, clock):
    return missed(store, world.carla, world.maya, clock.now())


@pytest.fixture
def make_room(store, world, clock):
    def make(after, title="Skills", clients=(), **more):
        more.setdefault("makes_up", ("group",))
        host = more.pop("host", world.colin)
        return room(
            store, host, list(clients), clock.now() + after, clock.now(), title=title, **more
        )

    return make


@pytest.fixture
def recording(store, world, clock):
    made, _ = resources.put(
        store, world.harbor, "rec", kind="recording", title="Sleep", minutes=50,
        url="https://video.example.org/9", makes_up=["group"], by=world.carla, now=clock.now(),
    )  # fmt: skip
    return made


def book(store, seat, what, clock, by=None):
    return bookings.book(store, seat, what, by=by or seat.client, now=clock.now())


def test_booking_gives_a_seat_and_records_what_it_makes_up_for(
    store, world, clock, seat, make_room
):
    other = make_room(DAY)
    made = book(store, seat, other, clock)
    assert made.by_seat.session is other
    assert made.by_seat.client is world.maya
    store.commit()
    event = store.scalars(select(Event).where(Event.tag == Tag.MAKE_UP_BOOKED)).one()
    assert event.fields["by_seat"] == made.by_seat_id


def test_booking_the_same_twice_is_booking_it_once(store, clock, seat, make_room):
    other = make_room(DAY)
    assert book(store, seat, other, clock) is book(store, seat, other, clock)


def test_a_second_booking_for_one_seat_is_refused(store, clock, seat, make_room):
    book(store, seat, make_room(DAY), clock)
    with pytest.raises(AlreadyDone):
        book(store, seat, make_room(2 * DAY), clock)


def test_a_full_session_is_refused_with_the_next_best(store, world, clock, seat, make_room):
    full = make_room(DAY, clients=[world.gus], capacity=1)
    better = make_room(3 * DAY, "Better")
    with pytest.raises(Full) as refused:
        book(store, seat, full, clock)
    assert refused.value.next_best.session is better


def test_a_clash_is_refused_with_the_next_best(store, world, clock, seat, make_room):
    make_room(DAY, "Own", clients=[world.maya], makes_up=())
    overlapping, better = make_room(DAY + HOUR, "Overlaps"), make_room(3 * DAY, "Better")
    with pytest.raises(Clash) as refused:
        book(store, seat, overlapping, clock)
    assert refused.value.next_best.session is better


def test_a_refusal_offers_nothing_when_nothing_else_fits(store, world, clock, seat, make_room):
    full = make_room(DAY, clients=[world.gus], capacity=1)
    with pytest.raises(Full) as refused:
        book(store, seat, full, clock)
    assert refused.value.next_best is None


def test_what_ends_when_another_begins_does_not_clash(store, world, clock, seat, make_room):
    make_room(DAY, "Own", clients=[world.maya], makes_up=(), minutes=50)
    after = make_room(DAY + timedelta(minutes=50), "Right after", minutes=45)
    assert book(store, seat, after, clock).is_open


@pytest.mark.parametrize("after", [timedelta(0), -HOUR])
def test_a_session_that_has_begun_is_too_late(store, clock, seat, make_room, after):
    with pytest.raises(TooLate):
        book(store, seat, make_room(after), clock)


def test_beyond_the_policys_time_only_staff_book(store, world, clock, seat, make_room):
    far = make_room(15 * DAY)
    with pytest.raises(TooLate):
        book(store, seat, far, clock)
    assert book(store, seat, far, clock, by=world.carla).is_open


def test_only_staff_book_a_session_that_makes_up_for_another_kind(
    store, world, clock, seat, make_room
):
    other = make_room(DAY, makes_up=("medication",))
    with pytest.raises(Invalid):
        book(store, seat, other, clock)
    assert book(store, seat, other, clock, by=world.carla).is_open


def test_cancelled_and_foreign_sessions_are_refused(store, world, clock, seat, make_room):
    gone = make_room(DAY)
    gone.cancel(store, "ill", by=world.cody, now=clock.now())
    with pytest.raises(Cancelled):
        book(store, seat, gone, clock)
    with pytest.raises(Invalid):
        book(store, seat, make_room(DAY, host=world.nora), clock)


def test_nobody_books_for_another_client(store, world, clock, seat, make_room):
    with pytest.raises(Forbidden):
        book(store, seat, make_room(DAY), clock, by=world.ben)


def test_moving_keeps_the_old_place_until_the_new_one_is_certain(
    store, world, clock, seat, make_room
):
    first = make_room(DAY)
    made = book(store, seat, first, clock)
    full = make_room(2 * DAY, clients=[world.gus], capacity=1)
    with pytest.raises(Full):
        bookings.move(store, made, full, by=world.maya, now=clock.now())
    assert made.is_open
    assert made.by_seat.released_at is None


def test_moving_frees_the_old_place_even_for_a_time_that_overlaps_it(
    store, world, clock, seat, make_room
):
    made = book(store, seat, make_room(DAY), clock)
    moved = bookings.move(
        store, made, make_room(DAY + HOUR, "Later"), by=world.maya, now=clock.now()
    )
    assert (made.cancel_why, moved.instead_of_id) == ("moved", made.id)
    assert made.by_seat.released_at is not None
    taken = store.scalars(select(BusySlot.seat_id).distinct()).all()
    assert taken == [moved.by_seat_id]


def test_cancelling_frees_the_place_and_another_may_be_booked(store, world, clock, seat, make_room):
    made = book(store, seat, make_room(DAY), clock)
    made.cancel(store, by=world.maya, now=clock.now())
    assert made.by_seat.released_at is not None
    assert book(store, seat, make_room(2 * DAY, "Other"), clock).is_open
    made.cancel(store, by=world.maya, now=clock.now())
    store.commit()
    told = store.scalars(select(Event.tag).where(Event.tag == Tag.MAKE_UP_CANCELLED)).all()
    assert len(told) == 1


def test_a_recording_makes_up_with_a_short_reflection(store, world, clock, seat, recording):
    made = book(store, seat, recording, clock)
    with pytest.raises(Invalid) as refused:
        reflections.hand_in(store, made, "ok", by=world.maya, now=clock.now())
    assert refused.value.field == "body"
    reflections.hand_in(store, made, WORDS, by=world.maya, now=clock.now())
    assert made.completed_at is not None
    again = reflections.hand_in(
        store, made, "something else entirely", by=world.maya, now=clock.now()
    )
    assert again.body == WORDS


def test_staff_may_confirm_without_a_written_reflection(store, world, clock, seat, recording):
    made = book(store, seat, recording, clock)
    with pytest.raises(Forbidden):
        reflections.confirm(store, made, by=world.maya, now=clock.now())
    reflection = reflections.confirm(store, made, by=world.carla, now=clock.now())
    assert (reflection.confirmed_by_id, made.completed_by_id) == (world.carla.id, world.carla.id)


def test_a_reflection_on_a_cancelled_make_up_is_refused(store, world, clock, seat, recording):
    made = book(store, seat, recording, clock)
    made.cancel(store, by=world.maya, now=clock.now())
    with pytest.raises(AlreadyDone):
        reflections.hand_in(store, made, WORDS, by=world.maya, now=clock.now())


class TestCouples:
    @pytest.fixture
    def evening(self, store, world, clock):
        return room(
            store, world.tessa, [world.maya, world.ben], clock.now() - DAY, clock.now() - 3 * DAY,
            kind=COUPLES, title="Couple", capacity=2,
        )  # fmt: skip

    @pytest.fixture
    def joint(self, make_room):
        return make_room(DAY, "Joint", makes_up=(COUPLES,), capacity=2)

    def test_both_get_a_place_and_both_are_made_up(self, store, world, clock, evening, joint):
        made = book(store, seat_of(store, evening, world.maya), joint, clock)
        theirs = store.scalars(make_ups.standing_for([seat_of(store, evening, world.ben).id])).one()
        assert made.partner_seat_id == theirs.by_seat_id
        assert theirs.partner_seat_id == made.by_seat_id
        assert {made.by_seat.client_id, theirs.by_seat.client_id} == {world.maya.id, world.ben.id}

    def test_a_partner_who_was_there_comes_along_but_has_nothing_to_make_up(
        self, store, world, clock, evening, joint
    ):
        was_there(store, seat_of(store, evening, world.ben), world.tessa, clock.now())
        made = book(store, seat_of(store, evening, world.maya), joint, clock)
        assert made.partner_seat.client is world.ben
        assert store.scalars(select(MakeUp)).all() == [made]

    def test_when_one_cancels_it_is_cancelled_for_both(self, store, world, clock, evening, joint):
        made = book(store, seat_of(store, evening, world.maya), joint, clock)
        made.cancel(store, by=world.maya, now=clock.now())
        rows = store.scalars(select(MakeUp)).all()
        assert sorted(row.cancel_why for row in rows) == ["cancelled", "partner"]
        assert not [s for s in joint.seats if s.released_at is None]

    def test_it_moves_for_both(self, store, world, clock, evening, joint, make_room):
        made = book(store, seat_of(store, evening, world.maya), joint, clock)
        later = make_room(2 * DAY, "Later", makes_up=(COUPLES,), capacity=2)
        moved = bookings.move(store, made, later, by=world.maya, now=clock.now())
        standing = store.scalars(make_ups.standing_for([s.id for s in evening.seats])).all()
        assert {row.by_seat.session_id for row in standing} == {later.id}
        assert moved in standing

    def test_one_place_is_not_enough_for_two(self, store, world, clock, evening, make_room):
        narrow = make_room(DAY, "Narrow", makes_up=(COUPLES,), capacity=1)
        with pytest.raises(Full):
            book(store, seat_of(store, evening, world.maya), narrow, clock)

    def test_staff_book_for_one_while_the_other_is_paused(
        self, store, world, clock, evening, joint
    ):
        """The client's own page shows no difference to a time that suits one alone (tests/web/client/test_make_ups.py)."""
        leaving.change_status(store, world.ben, "paused", by=None, now=clock.now())
        seat = seat_of(store, evening, world.maya)
        assert [each.session for each in bookings.offered(store, seat, clock.now())] == [joint]
        made = book(store, seat, joint, clock, by=world.tessa)
        assert (made.by_seat.client_id, made.partner_seat_id) == (world.maya.id, None)

    def test_the_partners_own_calendar_clashes_for_staff_and_for_whom_it_is_known(
        self, store, world, clock, evening, joint, make_room
    ):
        make_room(DAY + HOUR, "Ben's", clients=[world.ben], makes_up=())
        seat, now = seat_of(store, evening, world.maya), clock.now()
        with pytest.raises(Clash):
            bookings.book(store, seat, joint, by=world.maya, now=now, known_until=now)
        with pytest.raises(Clash):
            book(store, seat, joint, clock, by=world.tessa)

    def test_a_calendar_that_nobody_may_know_hinders_no_booking_and_the_partner_sees_the_clash(
        self, store, world, clock, evening, joint, make_room
    ):
        """P11: also when the partner has booked a make-up of their own for that time."""
        other = make_room(DAY + HOUR, "Ben's", makes_up=("group",))
        own = missed(store, world.colin, world.ben, clock.now(), ref="of-ben")
        theirs = book(store, own, other, clock, by=world.ben)
        book(store, seat_of(store, evening, world.maya), joint, clock)
        assert seat_of(store, joint, world.ben).released_at is None
        [double] = double_bookings.of(store, theirs, clock.now())
        assert double.other.session_id == joint.id


class TestTheDatabaseItself:
    def test_refuses_one_clients_time_twice(self, store, world, clock, seat, make_room):
        made = book(store, seat, make_room(DAY), clock)
        slot = slots_of(made.by_seat.session.starts_at, made.by_seat.session.ends_at)[0]
        store.flush()
        with pytest.raises(IntegrityError):
            store.execute(
                text("INSERT INTO busy_slot (client_id, slot, seat_id) VALUES (:c, :s, :x)"),
                {"c": world.maya.id, "s": slot, "x": seat.id},
            )

    def test_refuses_two_make_ups_that_stand_for_one_seat(self, store, clock, seat, make_room):
        book(store, seat, make_room(DAY), clock)
        store.add(MakeUp(seat=seat, kind="recording", booked_at=clock.now()))
        with pytest.raises(IntegrityError):
            store.flush()

    def test_slots_follow_a_moved_session(self, store, world, clock, seat, make_room):
        made = book(store, seat, make_room(DAY), clock)
        session = made.by_seat.session
        session.move(
            store, session.starts_at + DAY, session.ends_at + DAY, by=world.cody, now=clock.now()
        )
        busy_slots.refresh(store, world.maya.id, clock.now())
        slots = store.scalars(select(BusySlot.slot).order_by(BusySlot.slot)).all()
        assert slots == list(slots_of(session.starts_at, session.ends_at))

    def test_a_session_that_is_over_takes_no_slots(self, store, world, clock, seat, make_room):
        book(store, seat, make_room(DAY), clock)
        busy_slots.refresh(store, world.maya.id, clock.forward(days=2))
        assert store.scalars(select(BusySlot)).all() == []


def test_a_slot_in_which_one_session_ends_and_another_begins_belongs_to_neither(clock):
    start = clock.now().replace(minute=0, second=0, microsecond=0)
    first = slots_of(start, start + timedelta(minutes=52))
    second = slots_of(start + timedelta(minutes=52), start + timedelta(minutes=100))
    assert not set(first) & set(second)
    assert (len(first), len(second)) == (10, 9)


def test_the_next_best_is_searched_after_the_refused_transaction_has_ended(
    fresh_database, world, clock
):
    """A refused client keeps nobody waiting: the search reads on its own, without the lock, and sees what is true by then."""
    now = clock.now()
    with fresh_database.writing() as store:
        here = cast.find(store)
        seat = missed(store, here.carla, here.maya, now)
        full, first, second = (
            room(
                store, here.colin, [here.gus] if title == "Full" else [], now + days * DAY, now,
                title=title, makes_up=("group",), capacity=1,
            )
            for title, days in (("Full", 1), ("First", 2), ("Second", 3))
        )  # fmt: skip
        store.commit()
        with pytest.raises(Full) as refused:
            bookings.book(store, seat, full, by=seat.client, now=now)
    with fresh_database.writing() as store:
        zoe = cast.find(store).zoe
        planning.give_seat(store, store.get_one(Session, first.id), zoe, by=None, now=now)
        store.commit()
    assert refused.value.next_best.session.id == second.id
    assert refused.value.next_best is refused.value.next_best
