"""The API's people, couples, care teams, series, sessions and policy, by the caller's own references."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import rows
from tests.care import evenings
from webapp.care.accounts import sign_in_links
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory import teams
from webapp.care.make_ups import held_places, waitlist
from webapp.care.privacy import emergency_access
from webapp.care.privacy.consents import Consent
from webapp.care.schedule import calendar_feeds, recurrences, series
from webapp.care.schedule.recurrences import Recurrence
from webapp.care.schedule.sessions import Session

NEW_YORK = "America/New_York"
SAM = {"kind": "client", "name": "Sam Reed", "time_zone": NEW_YORK, "email": "Sam@example.org"}
MAYA = {
    "kind": "client", "name": "Maya Torres", "time_zone": NEW_YORK, "email": "maya@example.org",
}  # fmt: skip
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
    assert neighbour("POST", "/sessions/thursday/reinstatement").status_code == 404
    back = call("POST", "/sessions/thursday/reinstatement")
    assert (back.json["cancelled_at"], back.json["seats"]) == (None, ["maya", "ben"])
    assert call("POST", "/sessions/thursday/reinstatement").status_code == 409


def test_a_session_that_was_held_is_not_called_off(call, clock) -> None:
    """Rule 14: one that is over, or in which somebody is."""
    call("PUT", "/sessions/thursday", LATER)
    seen = {"id": "1", "type": "joined", "source": "zoom", "session": "thursday", "person": "maya", "at": "2026-03-05T23:02:00Z"}  # fmt: skip
    for sent, instant in (([], (6, 2, 30)), ([seen], (5, 23, 5))):
        clock.set(datetime(2026, 3, *instant, tzinfo=UTC))
        call("POST", "/presence", {"events": sent})
        no = call("POST", "/sessions/thursday/cancellation", {"reason": "typo, meant December"})
        assert no.status_code == 409
        assert "Correct who was there" in no.text
        seats = call("GET", "/seats?session=thursday").json["items"]
        assert "cancelled" not in {seat["standing"] for seat in seats}


def test_a_running_session_called_off_by_mistake_is_reinstated_as_long_as_its_time_lasts(
    call, clock
) -> None:
    call("PUT", "/sessions/thursday", LATER)
    for minute, status in ((5, 200), (170, 200), (180, 409)):
        clock.set(datetime(2026, 3, 5, 23, tzinfo=UTC) + timedelta(minutes=minute - 1))
        assert call("POST", "/sessions/thursday/cancellation", {"reason": "slip"}).json["cancelled_at"]  # fmt: skip
        clock.set(datetime(2026, 3, 5, 23, tzinfo=UTC) + timedelta(minutes=minute))
        assert call("POST", "/sessions/thursday/reinstatement").status_code == status


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
    assert changed.json["kept"] == ["mondays:2026-03-09T18:00"]
    again = {"title": "Evenings", "take_back": ["mondays:2026-03-09T18:00"]}
    assert call("PUT", "/series/mondays", WEEKLY | again).json["changed_by_hand"] == []
    call("PUT", evening, LATER | {"title": "Mondays", "capacity": 8, "seats": ["maya"]} | moved)
    assert call("PUT", "/series/mondays", WEEKLY | {"also_changed": True}).json["kept"] == []
    elsewhere = call("PUT", "/series/mondays", WEEKLY | {"take_back": ["nobodys"]})
    assert (elsewhere.status_code, elsewhere.json["errors"][0]["pointer"]) == (404, "#/take_back")


def test_a_reinstated_evening_follows_its_series_as_it_is_now_but_for_what_was_changed_by_hand(
    call, clock
) -> None:
    call("PUT", "/series/mondays", WEEKLY)
    first, second = (f"/sessions/mondays:2026-03-{day}T18:00" for day in ("09", "16"))
    by_hand = {"starts_at": "2026-03-17T18:00:00-04:00", "ends_at": "2026-03-17T21:00:00-04:00", "title": "Mondays", "capacity": 8, "seats": ["maya"], "presence": "platform"}  # fmt: skip
    call("PUT", second, LATER | by_hand)
    for evening in (first, second):
        call("POST", f"{evening}/cancellation", {"reason": "snow"})
    changed = WEEKLY | {"local_start": "2026-03-09T17:30", "duration": "PT1H30M", "title": "Earlier", "seats": ["maya", "ben"]}  # fmt: skip
    call("PUT", "/series/mondays", changed)
    back, moved = (call("POST", f"{evening}/reinstatement").json for evening in (first, second))
    assert (back["starts_at"], back["ends_at"]) == ("2026-03-09T21:30:00+00:00", "2026-03-09T23:00:00+00:00")  # fmt: skip
    assert (moved["starts_at"], moved["ends_at"]) == ("2026-03-17T22:00:00+00:00", "2026-03-18T01:00:00+00:00")  # fmt: skip
    for each in (back, moved):
        assert (each["title"], each["seats"]) == ("Earlier", ["maya", "ben"])
    again = call("PUT", "/series/mondays", changed).json
    assert again["changed_by_hand"] == [{"session": "mondays:2026-03-16T18:00", "what": ["time"]}]


def test_a_change_without_applies_from_is_for_all_evenings_to_come_also_after_one_with_it(
    call, store
) -> None:
    call("PUT", "/series/mondays", WEEKLY | {"seats": ["maya", "gus"]})
    later = {"applies_from": "2026-03-30T00:00:00-04:00", "local_start": "2026-03-09T17:00"}
    call("PUT", "/series/mondays", WEEKLY | {"seats": ["maya", "gus"]} | later)
    all_to_come = {"local_start": "2026-03-09T19:00", "title": "All", "seats": ["maya", "zoe"]}
    answer = call("PUT", "/series/mondays", WEEKLY | all_to_come).json
    assert (answer["changed_by_hand"], answer["seats"]) == ([], ["maya", "zoe"])
    assert [(one["client"], one["places"]) for one in answer["taken_away"]] == [("gus", 8)]
    mine, theirs = (call("GET", f"/seats?client={who}").json["items"] for who in ("maya", "zoe"))
    assert [seat["session"] for seat in mine] == [seat["session"] for seat in theirs]
    evenings = store.scalars(select(Session).where(Session.ref.startswith("mondays:"))).all()
    assert {f"{each.starts_at:%a %H:%M}" for each in evenings} == {"Mon 23:00"}
    assert len(mine) == 8
    assert call("GET", "/seats?client=gus").json["items"] == []


def test_seats_of_a_session_that_has_begun_are_added_and_never_left_out(call, clock) -> None:
    """Rule 14: neither while it is on nor once it is over."""
    call("PUT", "/sessions/thursday", LATER)
    for hour in (1, 30):
        clock.set(datetime(2026, 3, 5, 23, tzinfo=UTC) + timedelta(hours=hour))
        for query in ("?dry_run=1", ""):
            no = call("PUT", f"/sessions/thursday{query}", LATER | {"seats": ["ben"]})
            assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/seats")
            assert "maya" in no.json["errors"][0]["detail"]
        seats = call("GET", "/seats?session=thursday").json["items"]
        assert {"maya", "ben"} <= {seat["client"] for seat in seats}
        more = call("PUT", "/sessions/thursday", LATER | {"seats": ["maya", "ben", "zoe"]})
        assert (more.status_code, more.json["taken_away"]) == (200, [])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"seats": ["maya", "ben"]}, "#/seats"), ({"capacity": 1}, "#/capacity")],
)
def test_an_evening_too_full_for_a_change_of_its_series_is_named_with_the_remedy(
    call, recorded, change, pointer
) -> None:
    call("PUT", "/series/mondays", WEEKLY | {"capacity": 2})
    at = {"starts_at": "2026-03-16T18:00:00-04:00", "ends_at": "2026-03-16T21:00:00-04:00", "title": "Mondays", "capacity": 2, "presence": "platform"}  # fmt: skip
    assert call("PUT", "/sessions/mondays:2026-03-16T18:00", LATER | at | {"seats": ["maya", "zoe"]}).status_code == 200  # fmt: skip
    before = recorded()
    no = call("PUT", "/series/mondays", WEEKLY | {"capacity": 2} | change)
    assert no.json["errors"][0]["pointer"] == pointer
    assert "mondays:2026-03-16T18:00" in no.json["errors"][0]["detail"]
    assert "take somebody out of it" in no.json["errors"][0]["detail"]
    assert recorded() == before


def test_an_evening_taken_back_gives_its_places_to_the_members_again(call) -> None:
    """Also one that staff had given from a member to somebody else: they are named in `taken_away`."""
    call("PUT", "/series/mondays", WEEKLY)
    at = {"starts_at": "2026-03-16T18:00:00-04:00", "ends_at": "2026-03-16T21:00:00-04:00", "title": "Mondays", "capacity": 8, "presence": "platform"}  # fmt: skip
    call("PUT", "/sessions/mondays:2026-03-16T18:00", LATER | at | {"seats": ["zoe"]})
    back = call("PUT", "/series/mondays", WEEKLY | {"take_back": ["mondays:2026-03-16T18:00"]}).json
    assert back["changed_by_hand"] == []
    assert [(one["client"], one["places"]) for one in back["taken_away"]] == [("zoe", 1)]
    seats = call("GET", "/seats?session=mondays:2026-03-16T18:00").json["items"]
    assert [seat["client"] for seat in seats] == ["maya"]


def test_a_full_session_refuses_one_more(call, recorded) -> None:
    before = recorded()
    no = call("PUT", "/sessions/small", LATER | {"capacity": 1})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/seats")
    assert recorded() == before


def test_an_answer_says_what_overlaps_the_plan_and_what_it_takes_away(call, recorded) -> None:
    call("PUT", "/sessions/thursday", LATER)
    other = LATER | {"starts_at": "2026-03-05T20:00:00-05:00", "host": "colin", "seats": ["maya"]}
    planned = call("PUT", "/sessions/late", other)
    assert planned.json["overlaps"] == [
        {
            "person": "maya", "session": "thursday", "starts_at": "2026-03-05T23:00:00+00:00",
            "ends_at": "2026-03-06T02:00:00+00:00",
        }
    ]  # fmt: skip
    before = recorded()
    asked = call("PUT", "/sessions/thursday?dry_run=1", LATER | {"seats": ["ben"]})
    assert (asked.status_code, asked.json["seats"]) == (200, ["ben"])
    lost = [{"client": "maya", "places": 1, "absence_reports": 0, "make_ups": 0}]
    assert asked.json["taken_away"] == lost
    assert recorded() == before
    assert call("PUT", "/sessions/thursday", LATER).json["taken_away"] == []
    assert call("PUT", "/sessions/thursday", LATER | {"seats": ["ben"]}).json["taken_away"] == lost


def test_a_series_is_not_given_a_host_who_has_left(call) -> None:
    """The field is named, and nothing changes."""
    cara = {"kind": "staff", "name": "Cara Holt", "time_zone": "America/New_York"}
    call("PUT", "/people/cara", cara | {"status": "discharged"})
    refused = call("PUT", "/series/mondays", WEEKLY | {"host": "cara"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "#/host")
    assert "Cara Holt has left the program" in refused.text


def test_overlaps_of_a_series_are_those_of_every_time_of_it(call, recorded) -> None:
    """Not of its first one alone."""
    at = {"starts_at": "2026-03-23T18:30:00-04:00", "ends_at": "2026-03-23T19:00:00-04:00"}
    call("PUT", "/sessions/alone", LATER | at | {"host": "colin", "seats": ["maya"]})
    before = recorded()
    asked = call("PUT", "/series/mondays?dry_run=1", WEEKLY)
    assert [each["session"] for each in asked.json["overlaps"]] == ["alone"]
    assert recorded() == before
    call("PUT", "/series/mondays", WEEKLY)
    gone = call("PUT", "/series/mondays?dry_run=1", WEEKLY | {"seats": ["ben"]})
    assert gone.json["taken_away"] == [
        {"client": "maya", "places": 8, "absence_reports": 0, "make_ups": 0}
    ]
    assert gone.json["overlaps"] == []


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


def consent(store, world, now, **more):
    """Maya's for Ben, `more` of its columns otherwise."""
    return rows.put(
        store, "consent", now - timedelta(days=90), client_id=world.maya.id, recipient_id=world.ben.id,
        category="schedule", revoked_at=None, paused_at=None, **more,
    )["id"]  # fmt: skip


def test_s19_a_discharge_by_the_api_ends_all_that_let_them_in_for_good(
    call, visit, store, world, clock
) -> None:
    """S19, P2: with consents, expired ones too; who comes back starts with fresh ones."""
    now, day = clock.now(), timedelta(days=1)
    signed = [
        consent(store, world, now, signed_at=now - 90 * day, expires_at=now + ahead)
        for ahead in (90 * day, -day)
    ]
    device = addresses.add(
        store, world.maya, Channel.PUSH, "https://push.example/1", by=None, now=now, keys={}
    )
    feed = calendar_feeds.open_feed(store, world.maya, by=world.maya, now=now)
    link = sign_in_links.issue(store, world.maya, "invitation", by=None, now=now)
    store.commit()
    maya, phone = visit(world.maya), visit()
    for status in ("discharged", "active"):
        body = MAYA | {"status": status}
        assert call("PUT", "/people/maya", body).json["status"] == status
    assert maya.get("/").location.startswith("/sign-in")
    assert phone.get(f"/calendar/{feed}.ics").status_code == 404
    assert phone.post(f"/sign-in/link/{link}").status_code == 410
    store.expire_all()
    assert device.stopped_why == "signed_out"
    assert all(store.get_one(Consent, each).revoked_at for each in signed)


@pytest.mark.parametrize("whose", ["maya", "ben"])
def test_s19_a_discharge_lets_go_of_the_line_and_the_place_held(
    call, store, database, world, clock, whose
) -> None:
    """S19: the next in line gets it; a partner's place beside theirs goes too."""
    now, day = clock.now(), timedelta(days=1)
    hour = evenings.room(
        store, world.tessa, [world.maya, world.ben], now - day, now - 3 * day,
        title="Couples hour", kind=evenings.COUPLES,
    )  # fmt: skip
    joint = evenings.room(
        store, world.tessa, [], now + 2 * day, now, title="Joint", makes_up=("couples",), capacity=2
    )
    seat = evenings.seat_of(store, hour, world.maya)
    entry = waitlist.join(store, seat, joint, by=world.maya, now=now)
    store.commit()
    assert held_places.offer_freed(database, now) == 1
    person = getattr(world, whose)
    facts = {"email": person.email, "phone": person.phone, "name": person.name}
    done = call("PUT", f"/people/{whose}", MAYA | facts | {"status": "discharged"})
    assert done.status_code == 200
    store.expire_all()
    assert entry.left_why == "discharged"
    assert [each.released_at is None for each in joint.seats] == [False, False]


def test_s19_emergency_access_of_staff_who_left_does_not_come_back_with_them(
    call, store, world, clock
) -> None:
    access = emergency_access.begin(
        store, world.maya, "She called the front desk twice.", by=world.colin, now=clock.now()
    )
    store.commit()
    for status in ("discharged", "active"):
        call("PUT", "/people/colin", {
            "kind": "staff", "name": "Colin", "time_zone": NEW_YORK, "status": status,
        })  # fmt: skip
    store.expire_all()
    assert access.ended_at


def test_another_partner_ends_the_couple_of_that_reference(call, recorded, database, world) -> None:
    """The one left behind is in no couple; what is refused has parted nobody."""
    before = recorded()
    for partners in (["maya", "rosa"], ["maya", "carla"], ["maya", "aiko"]):
        no = call("PUT", "/couples/maya_and_ben", {"partners": partners, "therapist": "tessa"})
        assert no.status_code in (404, 409)
    assert recorded() == before
    body = {"partners": ["maya", "zoe"], "therapist": "tessa"}
    assert call("PUT", "/couples/maya_and_ben", body).status_code == 200
    assert call("PUT", "/couples/maya_and_ben", body).json["partners"] == ["maya", "zoe"]
    with database.reading() as store:
        assert teams.former_partners(store, world.ben.id) == {world.maya.id}
        assert store.scalar(teams.couple_of(world.ben.id)) is None
    tags = [each["tag"] for each in call("GET", "/events?limit=1000").json["items"]]
    assert tags.count("couple:ended") == 1
