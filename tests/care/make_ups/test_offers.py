"""Offers: what may make up for a client's missed seat, the best first."""

import pytest

from tests.care.evenings import COUPLES, DAY, HOUR, missed, room
from tests.counting import statements
from webapp.care import leaving
from webapp.care.attendance import absences
from webapp.care.make_ups import bookings, offers
from webapp.care.make_ups.make_ups import MakeUpKind
from webapp.care.make_ups.offers import Why
from webapp.care.materials import resources
from webapp.care.preferences import availability


@pytest.fixture
def seat(store, world, clock):
    return missed(store, world.carla, world.maya, clock.now())


def titles(store, seat, clock, limit=5):
    return [offer.title for offer in bookings.offered(store, seat, clock.now(), limit)]


def make_room(store, world, clock, after, title, host=None, clients=(), **more):
    more.setdefault("makes_up", ("group",))
    host = host or world.colin
    return room(store, host, list(clients), clock.now() + after, clock.now(), title=title, **more)


def test_only_sessions_that_make_up_for_that_kind_are_offered(store, world, clock, seat):
    make_room(store, world, clock, DAY, "Skills")
    make_room(store, world, clock, 2 * DAY, "Doctor", makes_up=("medication",))
    make_room(store, world, clock, 3 * DAY, "Support", makes_up=("support_group",))
    make_room(store, world, clock, 4 * DAY, "Plain", makes_up=())
    assert titles(store, seat, clock) == ["Skills"]


def test_another_time_of_the_same_group_is_offered_without_staff_naming_it(
    store, world, clock, seat
):
    make_room(store, world, clock, DAY, "Evening group", makes_up=())
    [offer] = bookings.offered(store, seat, clock.now())
    assert offer.why == (Why.SAME_GROUP,)


@pytest.mark.parametrize("kind", ["individual", "couples", "family", "medication"])
def test_a_session_for_one_person_or_couple_is_never_offered_to_others(store, world, clock, kind):
    """P5: another couple's session of the same title is not another time of one's own, neither with places nor full."""
    mine = missed(store, world.carla, world.gus, clock.now(), kind=kind, title="Our hour")
    theirs = {"clients": [world.ivy], "kind": kind, "makes_up": ()}
    make_room(store, world, clock, DAY, "Our hour", host=world.carla, capacity=3, **theirs)
    make_room(store, world, clock, 2 * DAY, "Our hour", host=world.carla, capacity=1, **theirs)
    assert titles(store, mine, clock) == []
    assert offers.waitable(store, mine, clock.now()) == []


def test_the_soonest_comes_first_but_a_known_host_ranks_higher(store, world, clock, seat):
    make_room(store, world, clock, DAY, "Tomorrow")
    make_room(store, world, clock, 2 * DAY, "With Carla", host=world.carla)
    make_room(store, world, clock, 5 * DAY, "With Carla, later", host=world.carla)
    make_room(store, world, clock, 4 * DAY, "In four days")
    assert titles(store, seat, clock) == [
        "With Carla", "Tomorrow", "With Carla, later", "In four days"
    ]  # fmt: skip


def test_nothing_beyond_the_policys_time_is_offered(store, world, clock, seat):
    make_room(store, world, clock, 14 * DAY, "Too long after")
    make_room(store, world, clock, 13 * DAY, "Just in time")
    assert titles(store, seat, clock) == ["Just in time"]


def test_a_full_session_is_not_offered(store, world, clock, seat):
    make_room(store, world, clock, DAY, "Full", clients=[world.gus], capacity=1)
    assert titles(store, seat, clock) == []


def test_sessions_that_overlap_the_clients_own_seats_are_not_offered(store, world, clock, seat):
    make_room(store, world, clock, DAY, "Own", clients=[world.maya], makes_up=())
    make_room(store, world, clock, DAY + 2 * HOUR, "Overlapping")
    make_room(store, world, clock, DAY + 3 * HOUR, "Right after")
    assert titles(store, seat, clock) == ["Right after"]


def test_only_sessions_within_the_clients_availability_are_offered(store, world, clock, seat):
    make_room(store, world, clock, DAY, "Thursday at one")
    make_room(store, world, clock, 2 * DAY, "Friday at one")
    availability.put(store, world.maya, [(4, "12:00", "17:00")], by=world.maya, now=clock.now())
    assert titles(store, seat, clock) == ["Friday at one"]


def test_a_cancelled_or_foreign_session_is_not_offered(store, world, clock, seat):
    gone = make_room(store, world, clock, DAY, "Gone")
    gone.cancel(store, "ill", by=world.cody, now=clock.now())
    make_room(store, world, clock, DAY, "Of Sunrise", host=world.nora)
    assert titles(store, seat, clock) == []


def test_a_session_missed_in_advance_may_be_made_up_before_it(store, world, clock):
    coming = room(
        store, world.carla, [world.maya], clock.now() + 5 * DAY, clock.now(), title="Skills"
    )
    seat = coming.seats[0]
    absences.report(store, seat, by=world.maya, now=clock.now())
    make_room(store, world, clock, DAY, "Sooner")
    assert titles(store, seat, clock) == ["Sooner"]


def test_a_paused_client_is_offered_nothing(store, world, clock, seat):
    make_room(store, world, clock, DAY, "Skills")
    leaving.change_status(store, world.maya, "paused", by=world.susan, now=clock.now())
    assert titles(store, seat, clock) == []


def test_a_full_list_keeps_one_place_for_a_recording(store, world, clock, seat):
    for day in range(1, 7):
        make_room(store, world, clock, day * DAY, f"Day {day}")
    resources.put(
        store, world.harbor, "rec", kind="recording", title="Recording", minutes=50,
        makes_up=["group"], by=world.carla, now=clock.now(),
    )  # fmt: skip
    found = bookings.offered(store, seat, clock.now(), 3)
    assert [offer.title for offer in found] == ["Day 1", "Day 2", "Recording"]
    assert found[-1].kind is MakeUpKind.RECORDING


def test_a_recording_for_somebody_else_is_not_offered(store, world, clock, seat):
    resources.put(
        store, world.harbor, "rec", kind="recording", title="Recording", makes_up=["group"],
        clients=[world.gus], by=world.carla, now=clock.now(),
    )  # fmt: skip
    assert titles(store, seat, clock) == []


class TestCouples:
    @pytest.fixture
    def seat(self, store, world, clock):
        return missed(
            store, world.tessa, world.maya, clock.now(), kind=COUPLES, title="Couple", capacity=2
        )

    def test_a_couples_session_is_offered_when_it_fits_both(self, store, world, clock, seat):
        make_room(store, world, clock, DAY, "Ben can't", makes_up=(COUPLES,), capacity=2)
        make_room(store, world, clock, DAY, "Ben's own", clients=[world.ben], host=world.carla)
        make_room(store, world, clock, 2 * DAY, "Both", makes_up=(COUPLES,), capacity=2)
        make_room(store, world, clock, 3 * DAY, "One place", makes_up=(COUPLES,), capacity=1)
        [offer] = bookings.offered(store, seat, clock.now())
        assert (offer.title, offer.partner, offer.why) == ("Both", world.ben, (Why.FITS_BOTH,))

    def test_the_partners_availability_counts_too(self, store, world, clock, seat):
        make_room(store, world, clock, DAY, "Thursday", makes_up=(COUPLES,), capacity=2)
        availability.put(store, world.ben, [(0, "08:00", "20:00")], by=world.ben, now=clock.now())
        assert titles(store, seat, clock) == []

    def test_a_supporter_needs_no_place(self, store, world, clock):
        seat = missed(
            store, world.tessa, world.june, clock.now(), kind=COUPLES, title="Couple", capacity=1
        )
        make_room(store, world, clock, DAY, "One place", makes_up=(COUPLES,), capacity=1)
        [offer] = bookings.offered(store, seat, clock.now())
        assert offer.partner is None


def test_offers_are_read_in_few_statements(store, world, clock, seat, database):
    for day in range(1, 9):
        make_room(store, world, clock, day * DAY, f"Day {day}")
    store.flush()
    with statements(database) as asked:
        found = bookings.offered(store, seat, clock.now())
    assert len(found) == 5
    assert len(asked) <= 6, asked
