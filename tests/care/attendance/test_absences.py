"""M3 and R7: saying "I can't make it" is easy, happens once, and keeps its notice."""

import threading
import uuid
from datetime import timedelta

import pytest

from webapp.care.attendance import absences
from webapp.care.attendance.absences import CLOCK_TOLERANCE, AbsenceReport
from webapp.care.schedule.sessions import Seat
from webapp.demo import cast
from webapp.refusals import Cancelled, Conflict, Forbidden, Invalid


@pytest.fixture
def seat(store, world, clock):
    room = cast.open_room(
        store, world.carla, [world.maya], clock.now() + timedelta(hours=26), now=clock.now()
    )
    return room.seats[0]


def reports(store):
    return store.query(AbsenceReport).count()


def test_a_report_needs_no_reason_and_knows_its_notice(store, world, clock, seat):
    made = absences.report(store, seat, by=world.maya, now=clock.now())
    assert (made.reason, made.note) == ("prefer_not_to_say", None)
    assert made.notice_hours == pytest.approx(26, abs=0.01)


def test_the_same_request_id_is_the_same_report(store, world, clock, seat):
    request_id = str(uuid.uuid4())
    first, again = (
        absences.report(store, seat, by=world.maya, now=clock.now(), request_id=request_id)
        for _ in range(2)
    )
    assert first is again
    assert reports(store) == 1


def test_the_same_request_id_after_it_was_taken_back_reports_nothing_anew(
    store, world, clock, seat
):
    """R7: what a phone sends a second time, long after, is the report it was."""
    request_id, now = str(uuid.uuid4()), clock.now()
    first = absences.report(store, seat, by=world.maya, now=now, request_id=request_id)
    first.withdraw(store, by=world.maya, now=now)
    again = absences.report(store, seat, by=world.maya, now=now, request_id=request_id)
    assert again is first
    assert again.withdrawn_at is not None


def test_two_reports_at_once_are_one(fresh_database, clock):
    """R7: an open page and the phone's outbox send the same tap."""
    request_id, begun, found = str(uuid.uuid4()), threading.Event(), []
    with fresh_database.writing() as store:
        people = cast.plant(store, clock.now())
        at = clock.now() + timedelta(hours=26)
        [seat] = cast.open_room(store, people.carla, [people.maya], at, now=clock.now()).seats
        store.commit()
        seat_id = seat.id

    def report(wait):
        with fresh_database.writing() as store:
            seat = store.get_one(Seat, seat_id)
            made = absences.report(
                store, seat, by=seat.client, now=clock.now(), request_id=request_id
            )
            wait()
            store.commit()
            found.append(made.id)

    other = threading.Thread(target=report, args=(begun.set,))
    report(lambda: (other.start(), begun.wait(0.5)))
    other.join(60)
    assert len(found) == 2
    assert len(set(found)) == 1


def test_a_second_report_is_the_first_one_with_what_it_lacked(store, world, clock, seat):
    absences.report(store, seat, by=world.maya, now=clock.now())
    made = absences.report(
        store, seat, by=world.maya, now=clock.now(), reason="illness", note="Fever"
    )
    assert (made.reason, made.note, reports(store)) == ("illness", "Fever", 1)


def test_the_tap_made_offline_counts_within_the_tolerance(store, world, clock, seat):
    tapped = clock.now() - timedelta(hours=3)
    made = absences.report(store, seat, by=world.maya, now=clock.now(), reported_at=tapped)
    assert made.reported_at == tapped


@pytest.mark.parametrize("hours", [-30, 5])
def test_a_reported_time_that_is_far_off_is_moved_to_the_bound(store, world, clock, seat, hours):
    now = clock.now()
    made = absences.report(
        store, seat, by=world.maya, now=now, reported_at=now + timedelta(hours=hours)
    )
    assert made.reported_at == (now if hours > 0 else now - CLOCK_TOLERANCE)


def test_after_withdrawing_one_may_report_again(store, world, clock, seat):
    absences.report(store, seat, by=world.maya, now=clock.now()).withdraw(
        store, by=world.maya, now=clock.now()
    )
    store.flush()
    absences.report(store, seat, by=world.maya, now=clock.now())
    assert reports(store) == 2


def test_reporting_has_the_engine_look_at_once(store, world, clock, seat):
    seat.next_look_at = None
    store.flush()
    absences.report(store, seat, by=world.maya, now=clock.now())
    store.refresh(seat)
    assert seat.next_look_at is not None


def test_a_partner_cannot_report_for_the_other(store, world, clock, seat):
    with pytest.raises(Forbidden):
        absences.report(store, seat, by=world.ben, now=clock.now())


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("reason", {"reason": "no_show"}),
        ("note", {"note": "x" * 2001}),
        ("request_id", {"request_id": "not-a-uuid"}),
    ],
)
def test_what_cannot_be_used_is_refused_and_changes_nothing(
    store, world, clock, seat, field, wrong
):
    with pytest.raises(Invalid) as refused:
        absences.report(store, seat, by=world.maya, now=clock.now(), **wrong)
    assert refused.value.field == field
    assert reports(store) == 0


def test_nobody_needs_to_report_for_a_cancelled_session(store, world, clock, seat):
    seat.session.cancel(store, "Host ill", by=world.cody, now=clock.now())
    with pytest.raises(Cancelled):
        absences.report(store, seat, by=world.maya, now=clock.now())


def test_staff_excuse_with_a_reason(store, world, clock, seat):
    with pytest.raises(Invalid):
        absences.excuse(store, seat, " ", by=world.carla, now=clock.now())
    with pytest.raises(Forbidden):
        absences.excuse(store, seat, "please", by=world.maya, now=clock.now())
    made = absences.excuse(store, seat, "Funeral", by=world.carla, now=clock.now())
    assert made is absences.excuse(store, seat, "Again", by=world.carla, now=clock.now())


def test_what_was_tapped_before_it_was_taken_back_is_not_put_above_it(store, world, clock, seat):
    """R7: written offline, then withdrawn elsewhere: a conflict, not the last one to arrive. A new tap counts again."""
    tapped = clock.now()
    clock.forward(minutes=10)
    absences.report(store, seat, by=world.maya, now=clock.now()).withdraw(
        store, by=world.maya, now=clock.now()
    )
    with pytest.raises(Conflict):
        absences.report(store, seat, by=world.maya, now=clock.forward(hours=1), reported_at=tapped)
    again = absences.report(
        store, seat, by=world.maya, now=clock.now(), reported_at=clock.now() - timedelta(minutes=5)
    )
    assert again.withdrawn_at is None
