"""What a person changed on one evening of a series stands, and what was held stays where it was held (rules 13 and 14)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.care.schedule.test_series import coming, weekly
from webapp.care.schedule import planning, series
from webapp.care.schedule.sessions import Session
from webapp.refusals import Invalid, TooLate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


def everything(store, made):
    store.expire_all()
    found = select(Session).where(Session.series_id == made.id).order_by(Session.occurs_on)
    return store.scalars(found).all()


def on(store, made, day):
    return next(each for each in everything(store, made) if each.occurs_on.startswith(day))


def move(store, session, by, now, **how):
    starts_at = session.starts_at + timedelta(**how)
    session.move(store, starts_at, starts_at + (session.ends_at - session.starts_at), by=by, now=now)  # fmt: skip


@pytest.fixture
def made(store, world, clock):
    """Mondays and Wednesdays at six; today is Wednesday, the 4th of March, one o'clock."""
    return weekly(store, world, clock.now())


@pytest.fixture
def unfold(store, database, made):
    def at(instant):
        made.unfolded_until = None
        store.commit()
        series.unfold(database, instant)
        store.expire_all()
        assert made.unfolded_until == instant + series.HORIZON, "it was set aside"

    return at


def test_mondays_group_that_moved_to_friday_takes_place_on_friday(
    store, world, clock, made, unfold
):
    monday = on(store, made, "2026-03-09")
    move(store, monday, world.cody, clock.now(), days=4)
    friday = monday.starts_at
    unfold(clock.set(datetime(2026, 3, 10, 15, tzinfo=NEW_YORK)))
    monday = on(store, made, "2026-03-09")
    assert (monday.starts_at, monday.cancelled_at) == (friday, None)


def test_wednesdays_group_held_on_monday_stays_held_and_wednesday_free(
    store, world, clock, made, unfold
):
    wednesday = on(store, made, "2026-03-11")
    move(store, wednesday, world.cody, clock.now(), days=-2, hours=-3)
    held = wednesday.starts_at
    unfold(clock.set(held + 5 * HOUR))
    assert on(store, made, "2026-03-11").starts_at == held
    assert len([s for s in everything(store, made) if s.occurs_on.startswith("2026-03-11")]) == 1
    weekly(store, world, clock.now(), local_start=datetime(2026, 3, 2, 19))
    assert on(store, made, "2026-03-11").starts_at == held


def test_a_group_that_was_moved_and_then_called_off_stays_called_off(
    store, world, clock, made, unfold
):
    monday = on(store, made, "2026-03-09")
    move(store, monday, world.cody, clock.now(), hours=2)
    monday.cancel(store, "snow", by=world.cody, now=clock.now())
    unfold(clock.now())
    weekly(store, world, clock.now(), local_start=datetime(2026, 3, 2, 19))
    assert on(store, made, "2026-03-09").cancel_reason == "snow"


def test_a_place_that_was_taken_away_and_a_stand_in_do_not_come_back_overnight(
    store, world, clock, made, unfold
):
    monday = on(store, made, "2026-03-09")
    planning.taken(store, monday)[0].release(store, by=world.cody, now=clock.now())
    planning.give_seat(store, monday, world.zoe, by=world.cody, now=clock.now())
    monday.host, monday.title, monday.join_url = world.colin, "Snow evening", "https://v.example/9"
    planning.resize(store, monday, 5)
    store.commit()
    for local in (18, 19):
        weekly(store, world, clock.now(), local_start=datetime(2026, 3, 2, local), title="Evenings")
        unfold(clock.now())
        monday = on(store, made, "2026-03-09")
        assert {seat.client_id for seat in planning.taken(store, monday)} == {world.gus.id, world.zoe.id}  # fmt: skip
        assert (monday.host_id, monday.title, monday.join_url, monday.capacity) == (
            world.colin.id, "Snow evening", "https://v.example/9", 5,
        )  # fmt: skip
        assert monday.starts_at.astimezone(NEW_YORK).hour == local
    other = on(store, made, "2026-03-11")
    assert (other.title, other.host_id) == ("Evenings", world.carla.id)


def test_evenings_that_a_series_called_off_itself_it_takes_back(store, world, clock, made):
    snow = on(store, made, "2026-03-18")
    snow.cancel(store, "snow", by=world.cody, now=clock.now())
    store.commit()
    weekly(store, world, clock.now(), rrule="FREQ=WEEKLY;BYDAY=MO")
    assert len(coming(store, clock.now())) == 8
    weekly(store, world, clock.now(), rrule="FREQ=WEEKLY;BYDAY=MO,WE")
    assert len(coming(store, clock.now())) == 15
    assert on(store, made, "2026-03-18").cancel_reason == "snow"
    assert on(store, made, "2026-03-11").sequence == 2


def test_an_evening_changed_by_hand_follows_again_when_it_is_named(store, world, clock, made):
    first, second = on(store, made, "2026-03-09"), on(store, made, "2026-03-11")
    for each in (first, second):
        move(store, each, world.cody, clock.now(), hours=1)
    second.cancel(store, "snow", by=world.cody, now=clock.now())
    planning.taken(store, first)[0].release(store, by=world.cody, now=clock.now())
    store.commit()
    listed = {
        each.id: set(series.changed_by_hand(each))
        for each in series.coming_changed_by_hand(store, made, clock.now())
    }
    assert listed == {first.id: {"time", "seats"}, second.id: {"time", "called_off"}}
    weekly(store, world, clock.now(), take_back=[first, second])
    assert series.coming_changed_by_hand(store, made, clock.now()) == []
    for each in (first, second):
        assert each.starts_at.astimezone(NEW_YORK).hour == 18
        assert (each.is_on, len(planning.taken(store, each))) == (True, 2)


def test_an_evening_reinstated_by_hand_takes_place_although_the_series_has_it_no_more(
    store, world, clock, made, unfold
):
    weekly(store, world, clock.now(), rrule="FREQ=WEEKLY;BYDAY=MO")
    wednesday = on(store, made, "2026-03-11")
    series.reinstate(store, wednesday, by=world.cody, now=clock.now())
    unfold(clock.now())
    assert on(store, made, "2026-03-11").is_on
    assert not on(store, made, "2026-03-18").is_on


def test_whoever_became_a_member_meanwhile_has_a_place_in_a_reinstated_evening(
    store, world, clock, made
):
    monday = on(store, made, "2026-03-09")
    monday.cancel(store, "snow", by=world.cody, now=clock.now())
    weekly(store, world, clock.now(), clients=[world.maya, world.zoe])
    series.reinstate(store, monday, by=world.cody, now=clock.now())
    assert {seat.client_id for seat in planning.taken(store, monday)} == {world.maya.id, world.zoe.id}  # fmt: skip


def test_this_evening_and_the_following_ones_change_and_the_earlier_ones_stay(
    store, world, clock, made, unfold
):
    since = datetime(2026, 3, 23, tzinfo=NEW_YORK)
    weekly(
        store, world, clock.now(), rrule="FREQ=WEEKLY;BYDAY=TU", applies_from=since,
        local_start=datetime(2026, 3, 3, 17), clients=[world.maya],
    )  # fmt: skip
    for _ in range(2):
        unfold(clock.now())
        days = {(s.starts_at.astimezone(NEW_YORK).strftime("%a %H"), s.starts_at >= since) for s in coming(store, clock.now())}  # fmt: skip
        assert days == {("Mon 18", False), ("Wed 18", False), ("Tue 17", True)}
        seats = {(len(planning.taken(store, s)), s.starts_at >= since) for s in coming(store, clock.now())}  # fmt: skip
        assert seats == {(2, False), (1, True)}


def test_a_change_from_later_than_is_planned_is_refused(store, world, clock, made):
    with pytest.raises(Invalid) as refused:
        weekly(store, world, clock.now(), applies_from=clock.now() + 9 * 7 * DAY)
    assert refused.value.field == "applies_from"


# --- what was held ------------------------------------------------------------------------------------------------------


def test_a_session_that_has_begun_is_not_moved_nor_any_into_the_past(store, world, clock, made):
    monday = on(store, made, "2026-03-09")
    with pytest.raises(Invalid):
        move(store, monday, world.cody, clock.now(), days=-8)
    clock.set(monday.starts_at + timedelta(minutes=1))
    with pytest.raises(TooLate):
        move(store, monday, world.cody, clock.now(), hours=1)
    weekly(store, world, clock.now(), local_start=datetime(2026, 3, 2, 20))
    assert monday.starts_at.astimezone(NEW_YORK).hour == 18


def test_this_evening_is_not_called_off_when_its_hour_becomes_one_that_has_passed(
    store, world, clock, made
):
    clock.set(datetime(2026, 3, 9, 17, tzinfo=NEW_YORK))
    weekly(store, world, clock.now(), local_start=datetime(2026, 3, 2, 16))
    monday = on(store, made, "2026-03-09")
    assert (monday.is_on, monday.starts_at.astimezone(NEW_YORK).hour) == (True, 18)


# --- any sequence -------------------------------------------------------------------------------------------------------

changes = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 15), st.integers(1, 60)),
    st.tuples(st.just("cancel"), st.integers(0, 15)),
    st.tuples(st.just("reinstate"), st.integers(0, 15)),
    st.tuples(st.just("title"), st.integers(0, 15), st.sampled_from(["A", "B"])),
    st.tuples(st.just("host"), st.integers(0, 15)),
    st.tuples(st.just("take seat"), st.integers(0, 15)),
    st.tuples(st.just("give seat"), st.integers(0, 15)),
    st.tuples(st.just("days"), st.sampled_from(["MO,WE", "MO", "WE,FR", "TU", "MO,TU,WE"])),
    st.tuples(st.just("hour"), st.integers(8, 21)),
    st.tuples(st.just("members"), st.sets(st.sampled_from(["maya", "gus", "zoe"]), min_size=1)),
    st.tuples(st.just("unfold"), st.integers(1, 40)),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(changes, max_size=12))
def test_any_sequence_keeps_what_was_changed_by_hand_and_what_was_held(
    store, world, clock, database, sequence
):
    began = clock.now()
    nested = store.begin_nested()
    try:
        asked = {"clients": [world.maya, world.gus], "rrule": "FREQ=WEEKLY;BYDAY=MO,WE", "local_start": datetime(2026, 3, 2, 18)}  # fmt: skip
        made = weekly(store, world, began, **asked)
        by_hand: dict[int, dict[str, object]] = {}
        now = began
        for what, *how in sequence:
            now = clock.now()
            ahead = store.scalars(select(Session).where(Session.series_id == made.id, Session.starts_at > now + HOUR).order_by(Session.starts_at)).all()  # fmt: skip
            session = ahead[how[0] % len(ahead)] if ahead and isinstance(how[0], int) else None
            if what in ("days", "hour", "members"):
                asked |= {
                    "days": lambda each: {"rrule": f"FREQ=WEEKLY;BYDAY={each}"},
                    "hour": lambda each: {"local_start": datetime(2026, 3, 2, each)},
                    "members": lambda each: {"clients": [getattr(world, name) for name in sorted(each)]},
                }[what](how[0])  # fmt: skip
                weekly(store, world, now, **asked)
            elif what == "unfold":
                now = clock.set(now + how[0] * HOUR)
                series.unfold_one(store, made, by=None, now=now)
            elif session is not None:
                _by_hand(store, world, session, what, how, by_hand.setdefault(session.id, {}), now)
            store.flush()
            for number, kept in by_hand.items():
                _stands(store, store.get_one(Session, number), kept)
        held = select(Session).where(Session.series_id == made.id, Session.starts_at <= now)
        for session in store.scalars(held.where(Session.cancelled_at.is_not(None))):
            assert session.cancelled_at < session.starts_at
    finally:
        nested.rollback()
        store.expire_all()
        clock.set(began)


def _by_hand(store, world, session, what, how, kept, now):
    """Change one evening as a person does, and note what must stand from now on."""
    if what == "reinstate" or session.is_on:
        if what == "move":
            move(store, session, world.cody, now, hours=how[1])
            kept["starts_at"] = session.starts_at
        elif what == "cancel":
            session.cancel(store, "by hand", by=world.cody, now=now)
            kept["off"] = True
        elif what == "reinstate" and session.cancelled_at:
            session.reinstate(store, by=world.cody, now=now)
            kept["off"] = False
        elif what == "title":
            session.title = kept["title"] = how[1]
        elif what == "host":
            session.host, kept["host_id"] = world.colin, world.colin.id
        elif what == "take seat":
            for seat in planning.taken(store, session)[:1]:
                seat.release(store, by=world.cody, now=now)
                kept["guests"] = kept.get("guests", set()) - {seat.client_id}
        elif what == "give seat":
            planning.give_seat(store, session, world.june, by=world.cody, now=now)
            kept["guests"] = kept.get("guests", set()) | {world.june.id}


def _stands(store, session, kept):
    store.refresh(session)
    for name in ("starts_at", "title", "host_id"):
        assert name not in kept or getattr(session, name) == kept[name], name
    if "off" in kept:
        assert bool(session.cancelled_at) == kept["off"]
    given = {seat.client_id for seat in planning.taken(store, session)}
    assert kept.get("guests", set()) <= given
