"""The On time page: every miss with its steps, for those who run the program."""

import pytest


def test_a_miss_is_listed_with_every_step(visit, world, room, ladder, clock):
    room([world.maya], 1)
    for minutes in (7, 15, 41):
        clock.forward(minutes=minutes)
        ladder()
    page = visit(world.susan).get("/staff/timeliness").text
    assert "Maya Torres" in page
    assert "Counselor reaches out" in page
    assert "How punctually each step was taken" in page
    assert "Not enough misses in a row without contact." in page


def test_without_misses_it_says_so(visit, world):
    page = visit(world.susan).get("/staff/timeliness?days=30").text
    assert "Nobody was missed in this time" in page


@pytest.mark.parametrize("who", ["carla", "tessa", "theo", "maya"])
def test_it_is_for_those_who_lead(visit, world, who):
    assert visit(getattr(world, who)).get("/staff/timeliness").status_code == 404


def test_another_programs_misses_are_not_listed(visit, world, room, ladder, clock):
    room([world.maya], 1)
    clock.forward(minutes=63)
    ladder()
    assert "Maya" not in visit(world.greta).get("/staff/timeliness").text
