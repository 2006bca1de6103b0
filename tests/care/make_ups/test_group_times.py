"""Another time of the same group, once or for good."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from tests.care.evenings import HOUR, room
from webapp.care.make_ups import group_times
from webapp.care.schedule import series
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import Clash, Full, Invalid


class TestOtherTimes:
    @pytest.fixture
    def groups(self, store, world, clock):
        def plan(ref, day, clients, capacity=2):
            return series.put(
                store, world.harbor, ref, kind="group", title="Evening group",
                local_start=datetime(2026, 3, day, 18), duration=timedelta(hours=3),
                time_zone="America/New_York", rrule="FREQ=WEEKLY", host=world.carla,
                capacity=capacity, clients=clients, by=None, now=clock.now(),
            )[0]  # fmt: skip

        return plan("thursdays", 5, [world.maya]), plan("fridays", 6, [world.gus])

    def coming(self, store, client, clock):
        found = (
            select(Session.series_id)
            .join(Seat, Seat.session_id == Session.id)
            .where(Seat.client_id == client.id, Seat.is_given)
        )
        return set(store.scalars(found))

    def test_moving_for_good_takes_every_coming_session(self, store, world, clock, groups):
        thursdays, fridays = groups
        assert store.scalars(group_times.other_times(thursdays)).all() == [fridays]
        group_times.change(store, world.maya, thursdays, fridays, by=world.maya, now=clock.now())
        store.flush()
        assert self.coming(store, world.maya, clock) == {fridays.id}
        assert {m.client_id for m in fridays.members} == {world.maya.id, world.gus.id}

    def test_a_full_group_is_refused(self, store, world, clock, groups):
        thursdays, fridays = groups
        group_times.change(store, world.maya, thursdays, fridays, by=world.maya, now=clock.now())
        store.flush()
        series.set_members(thursdays, [world.zoe])
        store.flush()
        with pytest.raises(Full):
            group_times.change(store, world.zoe, thursdays, fridays, by=None, now=clock.now())

    def test_a_clash_with_ones_other_sessions_is_refused(self, store, world, clock, groups):
        thursdays, fridays = groups
        friday = store.scalars(
            select(Session).where(Session.series_id == fridays.id).order_by(Session.starts_at)
        ).first()
        room(store, world.colin, [world.maya], friday.starts_at + HOUR, clock.now(), title="Own")
        with pytest.raises(Clash):
            group_times.change(store, world.maya, thursdays, fridays, by=None, now=clock.now())

    def test_another_group_is_not_another_time(self, store, world, clock, groups):
        thursdays, _ = groups
        thursdays.title = "Something else"
        store.flush()
        with pytest.raises(Invalid):
            group_times.change(store, world.maya, thursdays, groups[1], by=None, now=clock.now())
