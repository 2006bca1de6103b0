"""Calls for technical help: one open call a seat, seen by technicians, with the latest connection test (M15)."""

import pytest
from sqlalchemy import select

from tests.care.evenings import DAY, HOUR, room, seat_of
from webapp.care.attendance import absences
from webapp.care.contact import connection_tests, help_calls
from webapp.care.contact.contacts import Contact
from webapp.care.contact.tasks import TaskKind
from webapp.care.directory.people import RoleName
from webapp.refusals import Invalid


class TestHelpCalls:
    @pytest.fixture
    def seat(self, store, world, clock):
        group = room(store, world.carla, [world.maya], clock.now() - HOUR / 6, clock.now() - HOUR)
        return seat_of(store, group, world.maya)

    def test_it_opens_a_task_for_the_technician_with_the_connection_test(
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

    def test_it_is_contact_and_reporting_twice_is_one_call(self, store, world, clock, seat):
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

    def test_an_old_connection_test_is_not_added(self, store, world, clock, seat):
        connection_tests.keep(store, {"network": "good"}, by=world.maya, now=clock.now() - 2 * HOUR)
        assert help_calls.report(store, seat, by=world.maya, now=clock.now()).brief == {}

    def test_technicians_see_the_open_calls_of_their_program(self, store, world, clock, seat):
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
    def test_unknown_checks_and_results_are_refused(self, store, world, clock, results):
        with pytest.raises(Invalid):
            connection_tests.keep(store, results, by=world.maya, now=clock.now())
