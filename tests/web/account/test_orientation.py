"""M11: the attendance policy in plain words, acknowledged by version, asked again only when it changes."""

import pytest
from sqlalchemy import select

from tests.web.account.conftest import WORDS
from webapp.care.directory import programs
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.care.preferences import policy_acknowledgements
from webapp.care.preferences.policy_acknowledgements import Acknowledgement
from webapp.demo import cast


@pytest.fixture
def new_policy(database, world, clock):
    """`new_policy(early_notice="PT12H")`: from now on."""

    def made(**changed):
        with database.writing() as store:
            program = store.get_one(Program, world.harbor.id)
            body = program.policies[-1].body | changed
            programs.change_policy(store, program, body, by=None, now=clock.now())
            store.commit()
        clock.forward(seconds=1)

    return made


@pytest.fixture
def newcomer(database, world):
    """Maya has not read it yet."""
    with database.writing() as store:
        store.query(Acknowledgement).filter_by(person_id=world.maya.id).delete()
        store.commit()
    return world.maya


def test_m11_the_first_sign_in_leads_past_the_policy(newcomer, door, with_passkey):
    phone = with_passkey(newcomer)
    assert door().come_in(phone).json["to"] == "/orientation"


def test_m11_so_does_an_invitation(newcomer, door, link_for):
    maya = door()
    page = maya.follow(maya.post(link_for(newcomer))).text
    assert 'href="/orientation"' in page
    assert 'data-next="/orientation"' in page


def test_m11_and_the_app_opened_at_its_start(newcomer, door, with_password):
    with_password(newcomer)
    maya = door()
    assert maya.get("/").headers["Location"] == "/sign-in?next=/"
    typed = {"email": "maya@example.org", "password": WORDS, "next": "/"}
    assert maya.post("/sign-in", typed).headers["Location"] == "/orientation"


def test_m11_it_says_the_programs_own_numbers_without_threats(newcomer, door, new_policy):
    new_policy(weekly_hours=12, excused_allowance=3, early_notice="PT36H", make_up_within="P10D")
    page = door(newcomer).get("/orientation").text
    for told in ("12 hours a week", "3 absences", "36 hours ahead", "10 days", "costs you nothing"):
        assert told in page, told
    new_policy(missed_fee="25")
    assert "25.00" in door(newcomer).get("/orientation").text


def test_m11_reading_it_is_kept_with_version_and_instant_once(newcomer, door, database, clock):
    maya = door(newcomer)
    for _ in range(2):
        assert maya.post("/orientation", {"version": "1"}).headers["Location"] == "/"
    with database.reading() as store:
        [kept] = store.scalars(
            select(Acknowledgement).where(Acknowledgement.person_id == newcomer.id)
        )
        assert (kept.version.version, kept.made_at.date()) == (1, clock.now().date())
        assert not policy_acknowledgements.due(
            store, store.get_one(Person, newcomer.id), clock.now()
        )
    assert "You read this" in maya.get("/orientation").text


def test_m11_a_version_that_came_meanwhile_is_shown_first(newcomer, door, new_policy, database):
    maya = door(newcomer)
    new_policy(weekly_hours=11)
    assert maya.post("/orientation", {"version": "1"}).headers["Location"] == "/orientation"
    with database.reading() as store:
        assert not store.scalars(
            select(Acknowledgement).where(Acknowledgement.person_id == newcomer.id)
        ).all()


@pytest.mark.parametrize(
    ("changed", "due"),
    [
        ({"early_notice": "PT12H"}, True), ({"excused_allowance": 2}, True),
        ({"weekly_hours": 12}, True), ({"missed_fee": "10"}, True),
        ({"second_check": "PT25M"}, False), ({"outreach_due": "PT30M"}, False), ({}, False),
    ],
)  # fmt: skip
def test_m11_it_is_shown_again_only_when_something_they_were_told_changes(
    world, door, with_passkey, new_policy, changed, due
):
    phone = with_passkey(world.maya)
    new_policy(**changed)
    assert door().come_in(phone).json["to"] == ("/orientation" if due else "/")


def test_m11_it_stands_in_nobodys_way(newcomer, door, with_passkey, store, world, clock):
    """988, a session's page and telling us go before it; only a sign-in that wants nothing else passes by it."""
    from datetime import timedelta

    room = cast.open_room(
        store, world.carla, [world.maya], clock.now() + timedelta(hours=30), now=clock.now()
    )
    store.commit()
    absence, phone, maya = f"/seats/{room.seats[0].id}/absence", with_passkey(newcomer), door()
    assert maya.come_in(phone, absence).json["to"] == absence
    for path in (absence, "/crisis", "/schedule", "/"):
        assert maya.inside(path)
    told = maya.post(absence, {"reason": "illness"})
    assert told.status_code in (200, 303)


def test_m11_staff_and_supporters_have_no_attendance_to_read_of(world, door, with_passkey):
    for person, home in ((world.carla, "/staff"), (world.henry, "/")):
        assert door().come_in(with_passkey(person)).json["to"] == home
    assert door(world.carla).get("/orientation").status_code == 404


def test_m11_it_can_be_read_again_from_me(world, door):
    assert 'href="/orientation"' in door(world.maya).get("/me").text
