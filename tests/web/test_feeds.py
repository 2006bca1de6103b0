"""The calendar feed: neutral, private, and updated with every move (M16, P5)."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from tests.care.evenings import DAY, HOUR, missed, room, seat_of
from webapp.care import leaving
from webapp.care.directory import teams
from webapp.care.directory.people import Kind
from webapp.care.make_ups import bookings, waitlist
from webapp.care.schedule import calendar_feeds, planning

CANARY = "Opioid relapse prevention with Dr. Zebra"


@pytest.fixture
def feed(store, world, clock, visit):
    """Maya's link: `feed()` fetches it as her calendar would, without a cookie."""
    secret = calendar_feeds.open_feed(store, world.maya, by=world.maya, now=clock.now())
    store.commit()

    def fetch(token=secret, **more):
        return visit().client.get(f"/calendar/{token}.ics", **more)

    fetch.secret = secret
    return fetch


@pytest.fixture
def session(store, world, clock):
    starts_at = clock.now().replace(microsecond=0) + DAY
    made = room(store, world.carla, [world.maya], starts_at, clock.now(), title=CANARY)
    store.commit()
    return made


def events(answer):
    assert answer.status_code == 200
    return Calendar.from_ical(answer.data).walk("VEVENT")


def test_a_feed_holds_the_time_and_nothing_else(feed, session, world):
    [event] = events(feed())
    assert event.decoded("dtstart") == session.starts_at
    assert event.decoded("dtend") == session.ends_at
    assert str(event["summary"]) == "Reserved time"
    assert set(event) == {
        "UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "CLASS",
        "STATUS", "TRANSP",
    }  # fmt: skip


def test_no_name_kind_place_or_product_is_in_a_feed(feed, session, world):
    text = feed().get_data(as_text=True).lower()
    words = (
        "opioid",
        "zebra",
        "maya",
        "carla",
        "reyes",
        "harbor",
        "group",
        "video",
        "rejoin",
        "iop",
    )
    assert [word for word in words if word in text] == []
    for word in ("attendee", "organizer", "location", "description", "url:"):
        assert word not in text


def test_a_feed_is_in_the_readers_language(store, world, clock, visit):
    room(store, world.carla, [world.rosa], clock.now() + DAY, clock.now())
    secret = calendar_feeds.open_feed(store, world.rosa, by=world.rosa, now=clock.now())
    store.commit()
    [event] = events(visit().client.get(f"/calendar/{secret}.ics"))
    assert str(event["summary"])


def test_a_move_keeps_the_uid_and_raises_the_sequence(feed, store, session, world, clock):
    [before] = events(feed())
    session.move(
        store,
        session.starts_at + HOUR,
        session.ends_at + HOUR,
        by=world.cody,
        now=clock.forward(hours=1),
    )
    store.commit()
    [after] = events(feed())
    assert after["uid"] == before["uid"]
    assert after["sequence"] == before["sequence"] + 1
    assert after.decoded("dtstart") == before.decoded("dtstart") + HOUR
    assert after.decoded("dtstamp") > before.decoded("dtstamp")


def test_a_cancelled_session_or_released_seat_is_cancelled_and_may_be_restored(
    feed, store, session, world, clock
):
    seat = seat_of(store, session, world.maya)
    versions = [events(feed())[0]]
    seat.release(store, by=world.cody, now=clock.forward(hours=1))
    store.commit()
    versions += events(feed())
    planning.give_seat(store, session, world.maya, by=world.cody, now=clock.forward(hours=1))
    store.commit()
    versions += events(feed())
    session.cancel(store, "ill", by=world.cody, now=clock.forward(hours=1))
    store.commit()
    versions += events(feed())
    assert [str(event["status"]) for event in versions] == [
        "CONFIRMED", "CANCELLED", "CONFIRMED", "CANCELLED"
    ]  # fmt: skip
    numbers = [int(event["sequence"]) for event in versions]
    assert numbers == sorted(set(numbers))
    assert len({str(event["uid"]) for event in versions}) == 1


def test_a_booked_make_up_is_in_the_feed_and_a_held_place_is_not(feed, store, world, clock):
    seat = missed(store, world.carla, world.maya, clock.now())
    other = room(
        store, world.colin, [], clock.now() + 2 * DAY, clock.now(), title="x", makes_up=("group",)
    )
    entry = waitlist.join(store, seat, other, by=world.maya, now=clock.now())
    until = clock.now() + HOUR
    place = planning.hold_seat(store, other, world.maya, until, now=clock.now())
    held = waitlist.HeldPlace(
        entry=entry, seat=place, held_at=clock.now(), until=until
    )  # fmt: skip
    store.add(held)
    store.commit()
    assert len(events(feed())) == 1
    bookings.accept(store, held, by=world.maya, now=clock.now())
    store.commit()
    assert len(events(feed())) == 2


def test_times_are_instants_so_a_clock_change_moves_nothing(feed, store, world, clock):
    """The evening after the spring change in New York: six o'clock is 22:00 UTC, and says so."""
    starts = clock.now().replace(day=9, hour=22, minute=0, second=0, microsecond=0)
    room(store, world.carla, [world.maya], starts, clock.now())
    store.commit()
    assert b"DTSTART:20260309T220000Z" in feed().data


def test_an_ended_link_and_an_unknown_one_get_the_same_response(feed, store, world, clock, session):
    never = feed("x" * 43)
    calendar_feeds.close_feed(store, world.maya, by=world.maya, now=clock.now())
    store.commit()
    ended = feed()
    assert (never.status_code, ended.status_code) == (404, 404)
    assert never.data == ended.data
    assert dict(never.headers).keys() == dict(ended.headers).keys()


def test_a_new_link_ends_the_previous_one(feed, store, world, clock, session):
    secret = calendar_feeds.open_feed(store, world.maya, by=world.maya, now=clock.now())
    store.commit()
    assert feed().status_code == 404
    assert feed(secret).status_code == 200


def test_the_link_is_kept_as_a_hash_of_256_bits(feed, store, world):
    kept = store.scalars(calendar_feeds.of(world.maya.id)).one()
    assert len(kept.secret_hash) == 32
    assert len(feed.secret) >= 43
    assert feed.secret.encode() not in kept.secret_hash


def test_a_discharged_client_has_no_calendar(feed, store, world, clock):
    leaving.change_status(store, world.maya, "discharged", by=world.susan, now=clock.now())
    store.commit()
    assert feed().status_code == 404


def test_an_unchanged_feed_is_not_sent_again(feed, session):
    tag = feed().headers["ETag"]
    assert feed(headers={"If-None-Match": tag}).status_code == 304


def test_lines_are_folded_and_ended_as_the_rfc_says(feed, session):
    text = feed().data
    assert text.count(b"\n") == text.count(b"\r\n")
    assert max(len(line) for line in text.split(b"\r\n")) <= 75


def test_one_time_can_be_downloaded_as_a_file_with_a_neutral_name(visit, session, store, world):
    seat = seat_of(store, session, world.maya)
    answer = visit(world.maya).client.get(f"/seats/{seat.id}/calendar")
    [event] = events(answer)
    assert event.decoded("dtstart") == session.starts_at
    assert "reserved-time.ics" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"  # S6


@pytest.mark.parametrize("who", ["ben", "charlie", "henry", "aiko"])
def test_nobody_elses_time_can_be_downloaded(visit, session, store, world, who):
    seat = seat_of(store, session, world.maya)
    assert visit(getattr(world, who)).client.get(f"/seats/{seat.id}/calendar").status_code == 404


def test_the_file_and_the_feed_have_the_same_event(feed, visit, session, store, world):
    seat = seat_of(store, session, world.maya)
    [one] = events(visit(world.maya).client.get(f"/seats/{seat.id}/calendar"))
    [other] = events(feed())
    assert one["uid"] == other["uid"]


def test_a_supporters_calendar_is_empty(store, world, clock, visit, session):
    assert world.henry.kind == Kind.SUPPORTER
    secret = calendar_feeds.open_feed(store, world.henry, by=world.henry, now=clock.now())
    store.commit()
    assert events(visit().client.get(f"/calendar/{secret}.ics")) == []
    assert store.scalar(teams.couple_of(world.henry.id)) is not None


def test_old_sessions_are_not_in_the_feed(feed, store, world, clock):
    room(store, world.carla, [world.maya], clock.now() - 40 * DAY, clock.now() - 41 * DAY)
    room(
        store,
        world.carla,
        [world.maya],
        clock.now() + timedelta(weeks=10),
        clock.now(),
        title="far",
    )
    store.commit()
    assert events(feed()) == []
