"""A joint make-up says what both agreed to, and nothing that follows from the other's seat (P11): on pages, in notices, in copies."""

import io
import json
import zipfile

import pytest
from sqlalchemy import select

from tests.care.evenings import COUPLES, DAY, room, seat_of, was_there
from tests.pages import constant
from webapp.care import leaving
from webapp.care.attendance import absences
from webapp.care.make_ups import bookings, held_places, make_ups, settlement, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.notify.announcing.announce import announce, skip_past_events
from webapp.notify.outbox import Notification


@pytest.fixture
def ahead(store, world, clock):
    """A couples hour in two days, which both have a place in and Maya can't come to."""
    hour = room(
        store, world.tessa, [world.maya, world.ben], clock.now() + 2 * DAY, clock.now() - 3 * DAY,
        kind=COUPLES, title="Couples hour", ref="ahead",
    )  # fmt: skip
    absences.report(store, seat_of(store, hour, world.maya), by=world.maya, now=clock.now())
    store.commit()
    return hour


@pytest.fixture
def joint(slot, world):
    return slot(4 * DAY, "Couples slot", makes_up=("couples",), capacity=2, host=world.tessa)


@pytest.fixture
def book(store, world, clock):
    """`book(hour, joint)`: Maya makes up for her place in one couples hour by another, for both."""

    def booked(hour, session, by=None, who=None):
        seat = seat_of(store, hour, who or world.maya)
        made = bookings.book(store, seat, session, by=by or seat.client, now=clock.now())
        store.commit()
        return made

    return booked


def copy_of(visit, person):
    answer = visit(person).post("/me/my-data")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
        return json.loads(folder.read("my-data.json"))


def test_the_partners_page_of_an_hour_still_ahead_stays_as_it_was(
    visit, store, world, ahead, joint, book
):
    ben, his = visit(world.ben), seat_of(store, ahead, world.ben)
    pages = [f"/seats/{his.id}", f"/seats/{his.id}/make-ups"]
    before = [constant(ben.get(page).text) for page in pages]
    book(ahead, joint)
    assert [constant(ben.get(page).text) for page in pages] == before
    assert store.scalar(make_ups.standing_for([his.id])) is None


def test_the_partners_own_copy_names_no_make_up_of_theirs(visit, world, ahead, joint, book):
    book(ahead, joint)
    assert copy_of(visit, world.ben)["make_ups"] == []


def test_the_partners_notice_is_about_the_new_time_alone_and_ends_without_a_word_of_making_up(
    store, database, world, clock, ahead, joint, book
):
    """Whose place it makes up for shows in no row: neither when it is booked nor when it is given up."""
    skip_past_events(store)
    made = book(ahead, joint)
    announce(database, clock.now())
    made.cancel(store, by=world.maya, now=clock.now())
    store.commit()
    announce(database, clock.now())
    rows = store.scalars(select(Notification).where(Notification.person_id == world.ben.id)).all()
    assert [(each.kind, each.seat_id) for each in rows] == [
        ("make_up_booked", made.partner_seat_id), ("session_cancelled", None),
    ]  # fmt: skip


def test_what_the_partner_missed_themselves_is_made_up_for_by_it(
    store, world, clock, joint, book, ahead
):
    """Whichever hour the other makes up for: it follows from the partner's own rows alone."""
    past = room(
        store, world.tessa, [world.maya, world.ben], clock.now() - DAY, clock.now() - 3 * DAY,
        kind=COUPLES, title="Couples hour", ref="past",
    )  # fmt: skip
    was_there(store, seat_of(store, past, world.maya), world.tessa, clock.now())
    book(ahead, joint)
    [his] = store.scalars(select(MakeUp).where(MakeUp.seat.has(client_id=world.ben.id)))
    assert his.seat.session_id == past.id


@pytest.mark.parametrize("why", ["reported", "taken back"])
def test_one_who_cannot_come_leaves_the_other_their_place(
    visit, store, database, world, clock, ahead, joint, book, why
):
    """A report for the joint time is the one's own, like any other; so is a place that staff take back."""
    made = book(ahead, joint)
    skip_past_events(store)
    store.commit()
    ben, theirs = visit(world.ben), made.partner_seat_id
    before = constant(ben.get(f"/seats/{theirs}").text)
    if why == "reported":
        absences.report(store, made.by_seat, by=world.maya, now=clock.now())
    else:
        made.by_seat.release(store, by=world.tessa, now=clock.now())
    store.commit()
    settlement.settle(database, clock.now())
    announce(database, clock.now())
    store.expire_all()
    assert made.cancelled_at is not None
    assert constant(ben.get(f"/seats/{theirs}").text) == before
    told = select(Notification.kind).where(Notification.person_id == world.ben.id)
    assert store.scalars(told).all() == []


def test_the_one_who_booked_sees_nothing_of_what_became_of_the_others_place(
    visit, store, world, clock, ahead, joint, book
):
    made = book(ahead, joint)
    page = f"/seats/{made.seat_id}/make-ups"
    before = constant(visit(world.maya).get(page).text)
    assert "Booked for both of you" in before
    made.partner_seat.release(store, by=world.tessa, now=clock.now())
    leaving.change_status(store, world.ben, "paused", by=None, now=clock.now())
    store.commit()
    assert constant(visit(world.maya).get(page).text) == before


def test_a_make_up_of_the_one_who_cannot_come_keeps_the_others(
    store, database, world, clock, joint, book
):
    """Both missed an hour and both make up for it by one time; a report for that time ends the reporter's make-up alone."""
    past = room(
        store, world.tessa, [world.maya, world.ben], clock.now() - DAY, clock.now() - 3 * DAY,
        kind=COUPLES, title="Couples hour", ref="past",
    )  # fmt: skip
    made = book(past, joint)
    absences.report(store, made.by_seat, by=world.maya, now=clock.now())
    store.commit()
    settlement.settle(database, clock.now())
    store.expire_all()
    [his] = store.scalars(make_ups.standing_for([seat_of(store, past, world.ben).id]))
    assert (made.cancelled_at is not None, his.is_open) == (True, True)


def test_nobody_is_put_into_another_couples_hour_beside_one_of_them(
    visit, store, database, world, clock, ahead, joint, book
):
    """A free place there, because one of them gave it up, is offered to no stranger, held for none and booked by none."""
    book(ahead, joint)
    seat_of(store, joint, world.ben).release(store, by=world.ben, now=clock.now())
    hour = room(
        store, world.tessa, [world.rosa], clock.now() - DAY, clock.now() - 3 * DAY,
        kind=COUPLES, title="Another couples hour", ref="theirs",
    )  # fmt: skip
    leaving.end_couple(store, world.rosa_and_leo, by=world.tessa, now=clock.now())
    theirs = seat_of(store, hour, world.rosa)
    store.commit()
    rosa = visit(world.rosa)
    assert "Couples slot" not in rosa.get(f"/seats/{theirs.id}/make-ups").text
    assert rosa.post(f"/seats/{theirs.id}/make-ups", {"session": joint.id}).status_code == 409
    waitlist.join(store, theirs, joint, by=world.tessa, now=clock.now())
    store.commit()
    held_places.offer_freed(database, clock.now())
    store.expire_all()
    assert [seat.client_id for seat in joint.seats if seat.released_at is None] == [world.maya.id]
