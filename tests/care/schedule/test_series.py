"""Rule 12 and R10: a series keeps its local time through every clock change, and its sessions follow its pattern."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from webapp.care.schedule import planning, series
from webapp.care.schedule.series import check_rule
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import Invalid


def weekly(store, world, now, **changes):
    asked = {
        "kind": "group", "title": "Evening group", "local_start": datetime(2026, 3, 2, 18),
        "duration": timedelta(hours=3), "time_zone": "America/New_York",
        "rrule": "FREQ=WEEKLY;BYDAY=MO,WE", "host": world.carla, "capacity": 8,
        "clients": [world.maya, world.gus],
    } | changes  # fmt: skip
    made, _ = series.put(store, world.harbor, "evening", by=world.cody, now=now, **asked)
    return made


def coming(store, now):
    return store.scalars(
        select(Session).where(Session.starts_at > now, Session.is_on).order_by(Session.starts_at)
    ).all()


def test_a_series_is_unfolded_eight_weeks_ahead_at_the_same_wall_time(store, world, clock):
    weekly(store, world, clock.now())
    found = coming(store, clock.now())
    zone = ZoneInfo("America/New_York")
    assert len(found) == 16
    assert {s.starts_at.astimezone(zone).strftime("%H:%M") for s in found} == {"18:00"}
    assert {len(planning.taken(store, s)) for s in found} == {2}


def test_unfolding_again_changes_nothing(store, world, clock):
    made = weekly(store, world, clock.now())
    assert series.unfold_one(store, made, by=None, now=clock.now()) == 0


def test_the_horizon_rolls_on_with_time(store, world, clock, database):
    weekly(store, world, clock.now())
    store.commit()
    later = clock.forward(days=7)
    assert series.unfold(database, later) == 2
    assert series.unfold(database, later) == 0


def test_a_changed_hour_moves_the_sessions_and_a_dropped_day_cancels_them(store, world, clock):
    weekly(store, world, clock.now())
    first, second = coming(store, clock.now())[:2]
    weekly(
        store,
        world,
        clock.now(),
        local_start=datetime(2026, 3, 2, 19),
        rrule="FREQ=WEEKLY;BYDAY=WE",
    )
    assert first.starts_at.astimezone(ZoneInfo("America/New_York")).hour == 19
    assert first.sequence == 1
    assert second.cancelled_at is not None


def test_a_session_moved_by_hand_stays_where_it_was_put(store, world, clock):
    weekly(store, world, clock.now())
    first = coming(store, clock.now())[0]
    moved_to = first.starts_at + timedelta(hours=1)
    first.move(store, moved_to, moved_to + timedelta(hours=3), by=world.cody, now=clock.now())
    weekly(store, world, clock.now(), local_start=datetime(2026, 3, 2, 17))
    assert first.starts_at == moved_to


def test_a_client_who_leaves_the_series_gives_back_the_coming_places_only(store, world, clock):
    weekly(store, world, clock.now())
    past = coming(store, clock.now())[0]
    clock.set(past.starts_at + timedelta(minutes=1))
    weekly(store, world, clock.now(), clients=[world.maya])
    held = store.scalars(select(Seat).where(Seat.client_id == world.gus.id, Seat.is_given)).all()
    assert [seat.session_id for seat in held] == [past.id]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("rrule", {"rrule": "FREQ=SOMETIMES"}),
        ("rrule", {"rrule": "FREQ=SECONDLY"}),
        ("rrule", {"rrule": "FREQ=HOURLY"}),
        ("rrule", {"rrule": "FREQ=WEEKLY;BYDAY=MO;INTERVAL=0"}),
        ("rrule", {"rrule": "FREQ=WEEKLY;INTERVAL=-1"}),
        ("rrule", {"rrule": "FREQ=WEEKLY;INTERVAL=99999999999"}),
        ("join_url", {"join_url": "javascript:alert(1)"}),
        ("join_url", {"join_url": "not a url"}),
        ("duration", {"duration": timedelta(0)}),
        ("time_zone", {"time_zone": "Mars/Olympus"}),
        ("local_start", {"local_start": datetime(2026, 3, 2, 18, tzinfo=UTC)}),
        ("kind", {"kind": "detention"}),
        ("seats", {"capacity": 1}),
    ],
)
def test_an_invalid_series_is_refused_naming_the_field(store, world, clock, field, wrong):
    with pytest.raises(Invalid) as refused:
        weekly(store, world, clock.now(), **wrong)
    assert refused.value.field == field


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;INTERVAL=\uff12", "FREQ=DAILY;COUNT=\u0663", "FREQ=WEEKLY\nDTSTART:20260101"])  # fmt: skip
def test_a_rule_in_other_scripts_digits_is_refused(rule):
    with pytest.raises(Invalid) as refused:
        check_rule(rule, datetime(2026, 3, 5, 18))
    assert refused.value.field == "rrule"
