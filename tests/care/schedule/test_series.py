"""Rule 12 and R10: a series keeps its local time through every clock change, and its sessions follow its pattern."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.care.schedule.test_recurrences import counted
from webapp.care.schedule import planning, recurrences, series
from webapp.care.schedule.recurrences import Recurrence
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


def test_no_rule_is_expanded_under_a_lock(store, world, clock, database, monkeypatch):
    """S17: the chore finds the days ready when it begins to write. What is asked for the first time is examined there and then,
    so counting the days that are examined while the write lock is held says it."""
    weekly(store, world, clock.now())
    store.commit()
    recurrences._expanded.cache_clear()
    locked = [0]
    meant = database.writing

    @contextmanager
    def counting():
        with counted(Recurrence._means) as steps, meant() as opened:
            yield opened
        locked[0] += steps[0]

    monkeypatch.setattr(database, "writing", counting)
    assert series.unfold(database, clock.forward(days=7)) == 2
    assert locked == [0]


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


def test_a_zone_by_its_name_in_windows_is_the_place_it_means(store, world, clock):
    assert weekly(store, world, clock.now(), time_zone="Eastern Standard Time").time_zone == "America/New_York"  # fmt: skip


@pytest.mark.parametrize("who", ["tom", "colin", "nora"])
def test_a_series_is_hosted_by_staff_and_attended_by_clients_of_its_program(
    store, world, clock, who
):
    """Also one whose first session is too far ahead to be planned yet."""
    stranger = getattr(world, who, world.nora)
    far = datetime(2027, 3, 1, 18)
    with pytest.raises(Invalid) as refused:
        weekly(store, world, clock.now(), local_start=far, clients=[world.carla])
    assert refused.value.field == "seats"
    if stranger.kind != "staff" or stranger.program_id != world.harbor.id:
        with pytest.raises(Invalid) as refused:
            weekly(store, world, clock.now(), local_start=far, host=stranger)
        assert refused.value.field == "host"


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
        ("kind", {"kind": "detention", "local_start": datetime(2027, 3, 2, 18)}),
        ("makes_up", {"makes_up": ["group", "detention"]}),
        ("presence", {"presence_from": "rumour"}),
        ("title", {"title": " \u200b"}),
        ("title", {"title": "a" * 201}),
        ("capacity", {"capacity": 0}),
        ("capacity", {"capacity": 1001}),
        ("duration", {"duration": timedelta(hours=25)}),
        ("time_zone", {"time_zone": "EST"}),
        ("time_zone", {"time_zone": "Etc/GMT+5"}),
        ("local_start", {"local_start": datetime(9999, 12, 31, 18)}),
        ("seats", {"capacity": 1}),
    ],
)
def test_an_invalid_series_is_refused_naming_the_field(store, world, clock, field, wrong):
    with pytest.raises(Invalid) as refused:
        weekly(store, world, clock.now(), **wrong)
    assert refused.value.field == field
