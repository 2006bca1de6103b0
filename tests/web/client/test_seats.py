"""The page of one seat: Join, what helps, and the attendance afterwards, in supportive words."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.care.evenings import room
from webapp.care.attendance import absences, presence
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.make_ups import bookings


def taps(store):
    return store.scalar(
        select(func.count()).select_from(Presence).where(Presence.type == EvidenceType.TAPPED)
    )


def test_before_the_start_one_can_say_ill_be_there(maya, seat_in):
    seat = seat_in(hours=3)
    answer = maya.post(f"/seats/{seat.id}/coming")
    assert answer.status_code == 303
    assert "Thank you. See you then." in maya.follow(answer).text


def test_a_tap_on_join_is_told_once_a_minute(maya, seat_in, store, clock):
    seat = seat_in(minutes=-2)
    for _ in range(3):
        assert maya.post(f"/seats/{seat.id}/join").status_code == 204
    assert taps(store) == 1
    clock.forward(minutes=2)
    maya.post(f"/seats/{seat.id}/join")
    assert taps(store) == 2


def test_a_miss_is_told_in_words_of_help(maya, seat_in, store, clock, world):
    seat = seat_in(days=-1)
    presence.mark(store, seat, "absent", by=world.carla, now=clock.now(), id="m1")
    store.commit()
    page = maya.get(f"/seats/{seat.id}").text
    assert "We didn't see you" in page.replace("&#39;", "'")
    assert "Tell us what happened" in page


def test_having_been_there_is_told_too(maya, seat_in, store, clock, world):
    seat = seat_in(days=-1)
    presence.mark(store, seat, "present", by=world.carla, now=clock.now(), id="m1")
    store.commit()
    assert "Good that you were there" in maya.get(f"/seats/{seat.id}").text


def test_when_the_evidence_cannot_say_nobody_is_blamed(maya, seat_in):
    seat = seat_in(days=-1)
    assert "checking who was there" in maya.get(f"/seats/{seat.id}").text


@pytest.mark.parametrize("path", ["", "/join", "/coming", "/trouble"])
def test_strangers_find_nothing(visit, world, seat_in, path):
    seat = seat_in(hours=3)
    for person in (world.charlie, world.ben, world.aiko):
        other = visit(person)
        answer = other.post(f"/seats/{seat.id}{path}") if path else other.get(f"/seats/{seat.id}")
        assert answer.status_code == 404


def test_signed_in_pages_are_kept_in_no_cache(maya, seat_in):
    seat = seat_in(hours=3)
    for path in ("/", "/schedule", "/me", f"/seats/{seat.id}", f"/seats/{seat.id}/absence"):
        assert maya.get(path).headers["Cache-Control"] == "no-store"


def test_titles_in_the_app_switcher_name_places_and_nothing_else(maya, seat_in):
    seat = seat_in(hours=3)
    for path in ("/", "/schedule", "/me", f"/seats/{seat.id}", f"/seats/{seat.id}/absence"):
        title = maya.get(path).text.split("<title>")[1].split("</title>")[0]
        assert not any(word in title for word in ("Evening", "Carla", "Maya", "Harbor"))


def test_trouble_connecting_brings_one_task_for_the_technician(maya, seat_in, store, world):
    from webapp.care.contact.tasks import Task

    seat = seat_in(minutes=-2)
    for _ in range(2):
        assert "Help is on its way" in maya.post(f"/seats/{seat.id}/trouble", htmx=True).text
    found = [(t.kind, t.owner_id, t.seat_id) for t in store.scalars(select(Task))]
    assert found == [("tech_help", world.theo.id, seat.id)]


def test_help_and_crisis_are_there_without_signing_in(visit):
    stranger = visit()
    assert "Close the video app" in stranger.get("/help-connecting").text
    assert "tel:988" in stranger.get("/crisis").text


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_seat_for_which_another_time_is_booked_shows_it_instead_of_looking_for_one(
    maya, seat_in, store, world, clock, hours
):
    """As the list of what there is to catch up says; also when it was booked for both of a couple."""
    seat = seat_in(hours=hours)
    absences.report(store, seat, by=world.maya, now=clock.now())
    store.commit()
    assert "Find another time" in maya.get(f"/seats/{seat.id}").text
    slot = room(store, world.colin, [], clock.now() + timedelta(days=3), clock.now(), makes_up=("group",))  # fmt: skip
    bookings.book(store, seat, slot, by=world.maya, now=clock.now())
    store.commit()
    page = maya.get(f"/seats/{seat.id}").text
    assert "Find another time" not in page
    assert "Another time is booked." in page
    assert "See your other time" in page
