"""The API's people, couples, care teams, series, sessions and policy, by the caller's own references."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.schedule import recurrences, series
from webapp.care.schedule.recurrences import Recurrence
from webapp.care.schedule.sessions import Session

NEW_YORK = "America/New_York"
SAM = {"kind": "client", "name": "Sam Reed", "time_zone": NEW_YORK, "email": "Sam@example.org"}
LATER = {
    "kind": "group", "title": "Evening group", "starts_at": "2026-03-05T18:00:00-05:00",
    "ends_at": "2026-03-05T21:00:00-05:00", "time_zone": NEW_YORK, "host": "carla", "capacity": 3,
    "seats": ["maya", "ben"], "presence": "staff",
}  # fmt: skip
WEEKLY = {
    "kind": "group", "title": "Mondays", "local_start": "2026-03-09T18:00", "duration": "PT3H",
    "time_zone": NEW_YORK, "rrule": "FREQ=WEEKLY;BYDAY=MO", "host": "carla", "capacity": 8,
    "seats": ["maya"],
}  # fmt: skip


def test_a_person_is_added_and_then_changed(call) -> None:
    added, again = call("PUT", "/people/sam", SAM), call("PUT", "/people/sam", SAM | {"name": "S."})
    assert (added.status_code, again.status_code) == (201, 200)
    assert added.json == {
        "ref": "sam", "kind": "client", "name": "Sam Reed", "email": "sam@example.org",
        "phone": None, "time_zone": NEW_YORK, "language": "en", "roles": [], "status": "active",
    }  # fmt: skip
    assert again.json["name"] == "S."


def test_the_roster_opts_a_client_in_to_e_mail_but_not_to_text_messages(call, store) -> None:
    call("PUT", "/people/sam", SAM | {"phone": "+12125550177"})
    with_sam = addresses.live(Channel.EMAIL, "sam@example.org")
    assert store.scalar(with_sam).usable
    assert not store.scalar(addresses.live(Channel.SMS, "+12125550177")).usable


def test_a_stopped_address_is_not_used_again_by_the_next_roster(call, database, clock) -> None:
    call("PUT", "/people/sam", SAM)
    with database.writing() as store:
        store.scalar(addresses.live(Channel.EMAIL, "sam@example.org")).stop(
            store, "stop_word", by=None, now=clock.now()
        )
        store.commit()
    call("PUT", "/people/sam", SAM)
    with database.reading() as store:
        assert store.scalar(addresses.live(Channel.EMAIL, "sam@example.org")) is None


def test_a_couples_therapist_may_not_be_a_partners_counselor(call, recorded) -> None:
    call("PUT", "/people/tessa", {
        "kind": "staff", "name": "Tessa", "time_zone": NEW_YORK,
        "roles": ["couples_therapist", "counselor"],
    })  # fmt: skip
    call("PUT", "/care-teams/ivy", {"counselor": "tessa", "supervisor": None, "coordinator": None})
    before = recorded()
    no = call("PUT", "/couples/ivy_and_gus", {"partners": ["ivy", "gus"], "therapist": "tessa"})
    assert no.status_code == 409
    assert no.json["errors"][0]["pointer"] == "#/therapist"
    assert recorded() == before


def test_two_people_become_a_couple(call) -> None:
    body = {"partners": ["ivy", "gus"], "therapist": "tessa"}
    made = call("PUT", "/couples/ivy_and_gus", body)
    assert made.status_code == 201
    assert made.json == {"ref": "ivy_and_gus"} | body


def test_a_couple_ends_and_each_may_be_in_another(call, neighbour, recorded) -> None:
    assert neighbour("DELETE", "/couples/maya_and_ben").status_code == 404
    ended = call("DELETE", "/couples/maya_and_ben")
    assert (ended.status_code, ended.json["ref"]) == (200, "maya_and_ben")
    before = recorded()
    assert call("DELETE", "/couples/maya_and_ben").json == ended.json
    assert call("DELETE", "/couples/nobodys").status_code == 404
    assert recorded() == before
    assert call("PUT", "/couples/new", {"partners": ["maya", "zoe"]}).status_code == 201


def test_a_care_team_is_set(call) -> None:
    team = {"counselor": "colin", "supervisor": "susan", "coordinator": "cody"}
    assert call("PUT", "/care-teams/maya", team).json == {"client": "maya"} | team
    no = call("PUT", "/care-teams/maya", team | {"supervisor": "colin"})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/supervisor")


def test_a_session_is_planned_moved_and_cancelled(call) -> None:
    planned = call("PUT", "/sessions/thursday", LATER)
    assert planned.status_code == 201
    assert planned.json["starts_at"] == "2026-03-05T23:00:00+00:00"
    assert planned.json["seats"] == ["maya", "ben"]
    moved = call("PUT", "/sessions/thursday", LATER | {"ends_at": "2026-03-05T22:00:00-05:00"})
    assert (moved.status_code, moved.json["ends_at"]) == (200, "2026-03-06T03:00:00+00:00")
    off = call("POST", "/sessions/thursday/cancellation", {"reason": "Carla is ill."})
    assert off.json["cancelled_at"]
    again = call("POST", "/sessions/thursday/cancellation", {"reason": "Still."})
    assert again.json == off.json
    assert call("PUT", "/sessions/thursday", LATER).status_code == 409


def test_a_cancelled_session_is_reinstated_with_the_places_it_had(call, neighbour) -> None:
    call("PUT", "/sessions/thursday", LATER)
    call("POST", "/sessions/thursday/cancellation", {"reason": "Carla is ill."})
    assert neighbour("DELETE", "/sessions/thursday/cancellation").status_code == 404
    for _ in range(2):
        back = call("DELETE", "/sessions/thursday/cancellation")
        assert (back.json["cancelled_at"], back.json["seats"]) == (None, ["maya", "ben"])


def test_a_session_that_has_begun_stays_where_it_is(call, clock) -> None:
    """Rule 14; the same times again are no move."""
    call("PUT", "/sessions/thursday", LATER)
    past = {"starts_at": "2026-03-03T18:00:00-05:00", "ends_at": "2026-03-03T21:00:00-05:00"}
    assert call("PUT", "/sessions/thursday", LATER | past).status_code == 409
    clock.set(datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    no = call("PUT", "/sessions/thursday", LATER | {"starts_at": "2026-03-06T18:00:00-05:00", "ends_at": "2026-03-06T21:00:00-05:00"})  # fmt: skip
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/starts_at")
    assert call("PUT", "/sessions/thursday", LATER | {"title": "Evening"}).status_code == 200


def test_what_was_changed_on_one_evening_stands_until_the_series_names_it(call) -> None:
    """Rule 13."""
    call("PUT", "/series/mondays", WEEKLY)
    evening = "/sessions/mondays:2026-03-09T18:00"
    moved = {
        "starts_at": "2026-03-10T18:00:00-04:00", "ends_at": "2026-03-10T21:00:00-04:00",
        "host": "colin", "presence": "platform",
    }  # fmt: skip
    call("PUT", evening, LATER | {"title": "Mondays", "capacity": 8, "seats": ["maya"]} | moved)
    changed = call("PUT", "/series/mondays", WEEKLY | {"title": "Evenings"})
    [left] = changed.json["changed_by_hand"]
    assert left == {"session": "mondays:2026-03-09T18:00", "what": ["host", "time"]}
    again = {"title": "Evenings", "take_back": ["mondays:2026-03-09T18:00"]}
    assert call("PUT", "/series/mondays", WEEKLY | again).json["changed_by_hand"] == []
    elsewhere = call("PUT", "/series/mondays", WEEKLY | {"take_back": ["nobodys"]})
    assert (elsewhere.status_code, elsewhere.json["errors"][0]["pointer"]) == (404, "#/take_back")


def test_a_full_session_refuses_one_more(call, recorded) -> None:
    before = recorded()
    no = call("PUT", "/sessions/small", LATER | {"capacity": 1})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/seats")
    assert recorded() == before


def test_a_series_says_which_kinds_its_sessions_make_up_for(call, store) -> None:
    made = call("PUT", "/series/mondays", WEEKLY | {"makes_up": ["group", "individual"]})
    assert made.json["makes_up"] == ["group", "individual"]
    coming = store.scalars(select(Session).where(Session.ref.startswith("mondays:"))).all()
    assert {tuple(each.makes_up) for each in coming} == {("group", "individual")}
    assert call("PUT", "/series/mondays", WEEKLY).json["makes_up"] == []
    assert call("PUT", "/series/mondays", WEEKLY | {"makes_up": ["party"]}).status_code == 422


def test_a_series_makes_sessions_at_its_local_time(call) -> None:
    made = call("PUT", "/series/mondays", WEEKLY)
    assert made.status_code == 201
    assert made.json["duration"] == "PT3H"
    seats = call("GET", "/seats?client=maya").json["items"]
    assert [seat["session"] for seat in seats][:2] == [
        "mondays:2026-03-09T18:00", "mondays:2026-03-16T18:00",
    ]  # fmt: skip
    assert len(seats) == 8


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("FREQ=SECONDLY", "FREQ=SECONDLY"),
        ("FREQ=SOMETIMES", "FREQ=SOMETIMES"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX"),
        ("FREQ=DAILY;BYHOUR=9,18", "BYHOUR=9,18"),
        ("FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2", "BYMONTHDAY=30"),
        ("FREQ=WEEKLY;COUNT=0", "COUNT=0"),
        ("FREQ=WEEKLY; BYDAY=MO", "BYDAY=MO"),
        ("FREQ=WEEKLY;BYEASTER=1", "BYEASTER=1"),
    ],
)
def test_a_recurrence_rule_that_cannot_be_kept_is_refused_by_its_part(
    call, recorded, rule, part
) -> None:
    before = recorded()
    no = call("PUT", "/series/odd", WEEKLY | {"rrule": rule})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/rrule")
    assert part in no.text
    assert recorded() == before


def test_a_rule_is_checked_before_and_not_under_a_lock(call) -> None:
    """S17: its days are counted before the verb runs, which takes the lock and finds the pattern ready."""
    recurrences.checked.cache_clear()
    entered: list[str] = []

    def notice(frame, event, _):
        if event == "call" and frame.f_code in (Recurrence.check.__code__, series.put.__code__):
            entered.append(frame.f_code.co_name)

    sys.setprofile(notice)
    try:
        call("PUT", "/series/mondays", WEEKLY)
    finally:
        sys.setprofile(None)
    assert entered == ["check", "put"]


def test_a_rule_is_returned_in_the_form_in_which_it_is_kept(call) -> None:
    made = call("PUT", "/series/mondays", WEEKLY | {"rrule": "RRULE:FREQ=WEEKLY;BYDAY=WE,MO"})
    assert made.json["rrule"] == "FREQ=WEEKLY;BYDAY=MO,WE"


@pytest.mark.parametrize("zone", ["EST", "localtime", "Factory", "Etc/GMT+5", "GMT+0"])
def test_a_zone_that_is_no_place_is_refused(call, recorded, zone) -> None:
    before = recorded()
    for address, body in (("/series/odd", WEEKLY), ("/sessions/odd", LATER), ("/people/sam", SAM)):
        no = call("PUT", address, body | {"time_zone": zone})
        assert (no.status_code, no.json["errors"][0]["pointer"]) == (422, "#/time_zone")
    assert recorded() == before


def test_a_zone_by_its_name_in_windows_is_translated(call) -> None:
    windows = {"time_zone": "Eastern Standard Time"}
    for address, body in (("/series/odd", WEEKLY), ("/sessions/odd", LATER), ("/people/sam", SAM)):
        assert call("PUT", address, body | windows).json["time_zone"] == NEW_YORK


def test_the_policy_is_read_changed_and_versioned(call, store, world) -> None:
    before = call("GET", "/policy").json
    assert before["second_check"] == "PT20M"
    after = call("PUT", "/policy", {"second_check": "PT15M"}).json
    assert after == before | {"second_check": "PT15M"}
    call("PUT", "/policy", {"second_check": "PT15M"})
    assert call("GET", "/policy").json == after
    assert len(world.harbor.policies) == 2


def test_policy_instants_out_of_order_are_refused_by_name(call, recorded) -> None:
    before = recorded()
    no = call("PUT", "/policy", {"second_check": "PT2M"})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/second_check")
    odd = call("PUT", "/policy", {"patterns": {"misses": 0}})
    assert (odd.status_code, odd.json["errors"][0]["pointer"]) == (422, "#/patterns/misses")
    assert recorded() == before


def test_a_moved_session_is_at_the_new_instant_whatever_the_offset(call, clock) -> None:
    starts_at = clock.now() + timedelta(days=1)
    body = LATER | {
        "starts_at": starts_at.isoformat().replace("+00:00", "Z"),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
    }
    assert call("PUT", "/sessions/z", body).json["starts_at"] == starts_at.isoformat()


def test_a_session_and_a_series_can_be_joined_by_telephone(call) -> None:
    session = {
        "kind": "group", "title": "Evening group", "starts_at": "2026-03-05T18:00:00-05:00",
        "ends_at": "2026-03-05T21:00:00-05:00", "time_zone": "America/New_York", "host": "carla",
        "capacity": 3, "seats": ["maya"], "dial_in": "+12125550100,,93412#",
    }  # fmt: skip
    made = call("PUT", "/sessions/by-phone", session)
    assert (made.status_code, made.json["dial_in"]) == (201, "+12125550100,,93412#")
    assert call("PUT", "/sessions/by-phone", session | {"dial_in": None}).json["dial_in"] is None
    wrong = call("PUT", "/sessions/by-phone", session | {"dial_in": "212 555 0100"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "#/dial_in")
    series = {
        "kind": "group", "title": "Evenings", "local_start": "2026-03-06T18:00", "duration": "PT3H",
        "time_zone": "America/New_York", "rrule": "FREQ=WEEKLY", "host": "carla", "capacity": 3,
        "seats": [], "dial_in": "+12125550100",
    }  # fmt: skip
    assert call("PUT", "/series/by-phone", series).json["dial_in"] == "+12125550100"
