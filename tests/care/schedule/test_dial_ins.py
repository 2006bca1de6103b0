"""Dial-in numbers: what people write, what a telephone dials, what is read aloud."""

from datetime import timedelta

import pytest

from webapp.care.schedule import dial_ins, planning, series
from webapp.demo import cast
from webapp.refusals import Invalid


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+12125550100,,93412#", "+12125550100,,93412#"),
        ("(212) 555-0100", "+12125550100"),
        ("212-555-0100, 93412#", "+12125550100,93412#"),
        ("+44 20 7946 0000,,1*2#,77#", "+442079460000,,1*2#,77#"),
    ],
)
def test_what_people_write_is_kept_as_a_telephone_dials_it(written, kept):
    assert dial_ins.parse(written) == kept
    assert dial_ins.parse(kept) == kept


@pytest.mark.parametrize(
    "written", ["", "soon", "12", "+1212555010x", "212-555-0100;ext=3", ",,1#"]
)
def test_what_is_no_number_is_refused(written):
    """R12."""
    with pytest.raises(Invalid) as refused:
        dial_ins.parse(written)
    assert refused.value.field == "dial_in"


def test_the_link_dials_by_itself_and_the_words_can_be_read_aloud():
    assert dial_ins.link("+12125550100,,93412#") == "tel:+12125550100,,93412%23"
    assert dial_ins.spoken("+12125550100,,93412#") == ("+1 212-555-0100", "93412 #")
    assert dial_ins.spoken("+12125550100,,93412#,77#") == ("+1 212-555-0100", "93412 #, 77 #")
    assert dial_ins.spoken("+12125550100") == ("+1 212-555-0100", "")


def test_the_sessions_of_a_series_have_its_number(store, world, clock):
    def plan(dial_in):
        made, _ = series.put(
            store, world.harbor, "evenings", kind="group", title="Evening group",
            local_start=clock.now().replace(hour=18, minute=0, tzinfo=None), rrule="FREQ=WEEKLY",
            duration=timedelta(hours=3), time_zone="America/New_York", host=world.carla, capacity=9,
            clients=[world.maya], by=None, now=clock.now(), dial_in=dial_in,
        )  # fmt: skip
        coming = store.query(planning.Session).filter_by(series_id=made.id)
        return {session.dial_in for session in coming}

    assert plan("(212) 555-0100,,1#") == {"+12125550100,,1#"}
    assert plan(None) == {None}


def test_a_wrong_number_plans_nothing(store, world, clock):
    with pytest.raises(Invalid):
        cast.open_room(
            store, world.carla, [world.maya], clock.now() + timedelta(hours=1), now=clock.now(),
            dial_in="soon",
        )  # fmt: skip
