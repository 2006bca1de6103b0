"""What a client needs: accommodations, the backup plan, technical help, another time of the group for good."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from tests.care.evenings import DAY, HOUR, room, seat_of
from webapp.care.attendance import absences
from webapp.care.contact import connection_tests, help_calls
from webapp.care.contact.contacts import Contact
from webapp.care.contact.tasks import TaskKind
from webapp.care.directory.people import RoleName
from webapp.care.make_ups import group_times
from webapp.care.preferences import accommodations, backup_plans
from webapp.care.preferences.accommodations import Accommodation
from webapp.care.preferences.backup_plans import BackupPlan
from webapp.care.schedule import series
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import Clash, Forbidden, Full, Invalid


class TestAccommodations:
    def test_the_host_sees_what_each_seat_needs(self, store, world, clock):
        group = room(store, world.carla, [world.maya, world.gus], clock.now() + DAY, clock.now())
        now, maya = clock.now(), world.maya
        accommodations.ask(store, maya, "support_animal", by=maya, now=now)
        accommodations.ask(store, maya, "interpreter", by=maya, now=now, detail="ASL")
        seat = seat_of(store, group, maya)
        found = accommodations.in_sessions(store, [group.id])
        assert {k: [(a.kind, a.detail) for a in v] for k, v in found.items()} == {
            seat.id: [("support_animal", None), ("interpreter", "ASL")]
        }

    def test_other_words_replace_the_old_ones(self, store, world, clock):
        for detail in ("ASL", "ASL", "Spanish"):
            accommodations.ask(
                store, world.maya, "interpreter", by=world.maya, now=clock.now(), detail=detail
            )
        assert [a.detail for a in store.scalars(accommodations.of(world.maya.id))] == ["Spanish"]
        assert len(store.scalars(select(Accommodation)).all()) == 2

    def test_what_is_no_longer_needed_ends(self, store, world, clock):
        made = accommodations.ask(store, world.maya, "captions", by=world.maya, now=clock.now())
        accommodations.end(store, made, by=world.maya, now=clock.now())
        assert store.scalars(accommodations.of(world.maya.id)).all() == []
        with pytest.raises(Forbidden):
            accommodations.ask(store, world.maya, "captions", by=world.ben, now=clock.now())

    @pytest.mark.parametrize(("kind", "field"), [("tea", "kind"), ("other", "detail")])
    def test_what_nobody_could_act_on_is_refused(self, store, world, clock, kind, field):
        with pytest.raises(Invalid) as refused:
            accommodations.ask(store, world.maya, kind, by=world.maya, now=clock.now())
        assert refused.value.field == field


class TestBackupPlan:
    def test_the_newest_version_holds_and_the_same_words_make_none(self, store, world, clock):
        for device in ("phone", "phone", "tablet"):
            backup_plans.write(
                store,
                world.maya,
                {"device": device, "place": "car"},
                by=world.maya,
                now=clock.now(),
            )
        assert store.scalar(backup_plans.of(world.maya.id)).parts == {
            "place": "car",
            "device": "tablet",
        }
        assert len(store.scalars(select(BackupPlan)).all()) == 2

    def test_it_is_the_clients_own(self, store, world, clock):
        with pytest.raises(Forbidden):
            backup_plans.write(store, world.maya, {"place": "x"}, by=world.ben, now=clock.now())
        with pytest.raises(Invalid) as refused:
            backup_plans.write(
                store, world.maya, {"dial_in": "1" * 1001}, by=world.maya, now=clock.now()
            )
        assert refused.value.field == "dial_in"


class TestTrouble:
    @pytest.fixture
    def seat(self, store, world, clock):
        group = room(store, world.carla, [world.maya], clock.now() - HOUR / 6, clock.now() - HOUR)
        return seat_of(store, group, world.maya)

    def test_it_opens_a_call_for_the_technician_with_what_the_phone_found(
        self, store, world, clock, seat
    ):
        connection_tests.keep(
            store, {"network": "weak", "camera": "blocked"}, by=world.maya, now=clock.now(), round_trip=812
        )  # fmt: skip
        task = help_calls.report(store, seat, by=world.maya, now=clock.now())
        assert (task.kind, task.role, task.owner) == (
            TaskKind.TECH_HELP,
            RoleName.TECHNICIAN,
            world.theo,
        )
        assert task.brief == {
            "self_test": {"network": "weak", "camera": "blocked"}, "round_trip": 812
        }  # fmt: skip

    def test_it_is_contact_and_asked_twice_it_is_one_call(self, store, world, clock, seat):
        first = help_calls.report(store, seat, by=world.maya, now=clock.now())
        assert help_calls.report(store, seat, by=world.maya, now=clock.forward(minutes=1)) is first
        assert [each.two_way for each in store.scalars(select(Contact))] == [True]

    def test_after_a_call_has_ended_a_new_one_can_be_made(self, store, world, clock, seat):
        first = help_calls.report(store, seat, by=world.maya, now=clock.now())
        help_calls.finish(store, first, "video", by=world.theo, now=clock.now())
        second = help_calls.report(store, seat, by=world.maya, now=clock.forward(minutes=2))
        assert (first.is_open, second.is_open) == (False, True)
        assert help_calls.report(store, seat, by=world.maya, now=clock.now()) is second

    @pytest.mark.parametrize(
        "facts", [{"name": "Maya"}, {"kbit": "fast"}, {"round_trips": [1] * 21}, {"screen": "<b>"}]
    )
    def test_facts_we_do_not_know_are_refused(self, store, world, clock, facts):
        with pytest.raises(Invalid) as refused:
            connection_tests.keep(
                store, {"network": "good"}, by=world.maya, now=clock.now(), facts=facts
            )
        assert refused.value.field == "facts"

    def test_an_old_self_test_says_nothing_any_more(self, store, world, clock, seat):
        connection_tests.keep(store, {"network": "good"}, by=world.maya, now=clock.now() - 2 * HOUR)
        assert help_calls.report(store, seat, by=world.maya, now=clock.now()).brief == {}

    def test_the_desk_is_the_technicians(self, store, world, clock, seat):
        task = help_calls.report(store, seat, by=world.maya, now=clock.now())
        assert store.scalars(help_calls.open_calls(world.theo)).all() == [task]
        for stranger in (world.kit, world.colin, world.maya):
            assert store.scalars(help_calls.open_calls(stranger)).all() == []

    def test_technical_absences_are_counted_apart(self, store, world, clock, seat):
        absences.report(store, seat, by=world.maya, now=clock.now(), reason="technical")
        other = room(store, world.colin, [world.maya], clock.now() - DAY, clock.now() - 2 * DAY)
        absences.report(
            store, seat_of(store, other, world.maya), by=None, now=clock.now(), reason="work"
        )
        until = clock.now() + HOUR
        assert help_calls.technical_absences(store, world.maya.id, until - 14 * DAY, until) == 1

    @pytest.mark.parametrize("results", [{"network": "fine"}, {"smell": "good"}])
    def test_words_we_do_not_know_are_refused(self, store, world, clock, results):
        with pytest.raises(Invalid):
            connection_tests.keep(store, results, by=world.maya, now=clock.now())


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
