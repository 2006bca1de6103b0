"""`POST /presence`: batches in any order, a result per item, repeats change nothing."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from tests.visiting import Caller
from tests.web.api.conftest import presence_event
from webapp import create_app
from webapp.care.attendance import guests
from webapp.care.attendance.guests import Guest
from webapp.care.attendance.presence import Presence
from webapp.demo import cast
from webapp.operations.heartbeats import Heartbeat
from webapp.protocol.facts.rooms import PULSE


def results(answer) -> list[str]:
    return [item["reason"] or item["result"] for item in answer.json["items"]]


def test_each_item_is_stored_duplicate_or_rejected_with_a_reason(call, room) -> None:
    batch = [
        presence_event(room), presence_event(room), presence_event(room, "e2", session="nowhere"), presence_event(room, "e3", person="no"),
        presence_event(room, "e4", person="ivy"), presence_event(room, "e5", person="carla"),
    ]  # fmt: skip
    answer = call("POST", "/presence", {"events": batch})
    assert results(answer) == [
        "stored", "duplicate", "unknown_session", "unknown_person", "no_seat", "stored",
    ]  # fmt: skip
    assert results(call("POST", "/presence", {"events": batch[:1]})) == ["duplicate"]


def guest_event(at, id="g1", **other):
    """Somebody joined whom the platform does not name."""
    shown = {"guest": {"id": "c1", "name": "Galaxy S9", "phone": "+12125550142"}}
    return {key: value for key, value in presence_event(at, id, **shown | other).items() if key != "person"}  # fmt: skip


def test_a_guest_whom_nobody_knows_is_evidence_once_staff_name_them(
    call, room, database, world
) -> None:
    answer = call("POST", "/presence", {"events": [guest_event(room), guest_event(room)]})
    assert results(answer) == ["stored", "duplicate"]
    with database.writing() as store:
        people = cast.find(store)
        guest = store.scalars(select(Guest)).one()
        assert (guest.name, guest.phone) == ("Galaxy S9", "+12125550142")
        guests.identify(store, guest, people.maya, by=people.carla, now=room + timedelta(minutes=9))
        store.commit()
    later = guest_event(room + timedelta(minutes=20), "g2", type="left")
    assert results(call("POST", "/presence", {"events": [later]})) == ["stored"]
    (maya,) = call("GET", "/seats?client=maya").json["items"]
    assert maya["presence"] == {"minutes": 20.0, "seen": True, "here": False}


def test_somebody_in_the_waiting_room_is_not_there(call, room) -> None:
    waits = presence_event(room + timedelta(minutes=1), type="waiting")
    assert results(call("POST", "/presence", {"events": [waits]})) == ["stored"]
    (maya,) = call("GET", "/seats?client=maya").json["items"]
    assert maya["presence"] == {"minutes": 0.0, "seen": False, "here": False}


@pytest.mark.parametrize(
    ("other", "reason"),
    [({"guest": None}, "person_or_guest"), ({"type": "present"}, "guest_not_marked")],
)
def test_an_item_is_about_a_person_or_a_guest_who_comes_or_goes(call, room, other, reason) -> None:
    both = presence_event(room, "e9", guest={"id": "c1"})
    given = call("POST", "/presence", {"events": [guest_event(room, **other), both]}).json["items"]
    assert [(each["result"], each["reason"]) for each in given] == [
        ("rejected", reason), ("rejected", "person_or_guest"),
    ]  # fmt: skip


def test_a_guest_without_an_id_is_refused(call, room, recorded) -> None:
    before = recorded()
    nameless = guest_event(room, guest={"id": ""})
    assert call("POST", "/presence", {"events": [nameless]}).status_code == 422
    assert recorded() == before


def test_another_programs_session_is_unknown(call, room) -> None:
    theirs = presence_event(room, session="theirs", person="aiko")
    nowhere = presence_event(room, session="nowhere", person="aiko")
    answers = [call("POST", "/presence", {"events": [one]}).json for one in (theirs, nowhere)]
    assert answers[0] == answers[1]


def test_nobody_joins_a_cancelled_session(call, room) -> None:
    call("POST", "/sessions/evening/cancellation", {"reason": "Power cut."})
    assert results(call("POST", "/presence", {"events": [presence_event(room)]})) == [
        "session_cancelled"
    ]


def test_the_order_of_events_does_not_matter(call, room) -> None:
    left = presence_event(room + timedelta(minutes=20), "e2", type="left")
    call("POST", "/presence", {"events": [left, presence_event(room)]})
    (maya,) = call("GET", "/seats?client=maya").json["items"]
    assert maya["presence"] == {"minutes": 20.0, "seen": True, "here": False}


@pytest.mark.parametrize(("events", "pulse"), [([], 1), (["one"], 0)])
def test_only_a_feed_that_sent_heartbeats_is_reported_when_silent(
    call, room, database, world, events, pulse
) -> None:
    call("POST", "/presence", {"events": [presence_event(room) for _ in events]})
    with database.reading() as store:
        beats = set(store.scalars(select(Heartbeat.name)))
    assert f"feed:{world.harbor.id}" in beats
    assert (f"{PULSE}{world.harbor.id}" in beats) is bool(pulse)


def test_a_batch_too_large_is_refused_whole(call, room, recorded) -> None:
    before = recorded()
    no = call("POST", "/presence", {"events": [presence_event(room, f"e{n}") for n in range(1001)]})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (422, "#/events")
    assert recorded() == before


def test_one_malformed_item_is_pointed_at_and_nothing_is_stored(call, room, recorded) -> None:
    before = recorded()
    naive = presence_event(room, "e2") | {"at": "2026-03-04T18:00:00"}
    no = call("POST", "/presence", {"events": [presence_event(room), naive]})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (422, "#/events/1/at")
    assert recorded() == before


def test_the_same_batch_sent_in_parallel_is_stored_once(
    fresh_database, world, settings, clock
) -> None:
    from webapp.demo import cast

    with fresh_database.writing() as store:
        people = cast.find(store)
        room = cast.open_room(
            store, people.carla, [people.maya], clock.now(), now=clock.now(), ref="evening"
        ).starts_at
        store.commit()
    app = create_app(settings, fresh_database)
    callers = [Caller(app, world.harbor, name=f"c{n}") for n in range(8)]
    batch = {"events": [presence_event(room, f"e{n}") for n in range(50)]}
    gate, all_results = Barrier(8), []

    def post(call: Caller, order: int) -> None:
        gate.wait()
        mine = {"events": batch["events"][::order]}
        all_results.append(results(call("POST", "/presence", mine)))

    threads = [Thread(target=post, args=(c, 1 if n % 2 else -1)) for n, c in enumerate(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.count("stored") for one in all_results) == 50
    assert sum(one.count("duplicate") for one in all_results) == 350
    with fresh_database.reading() as store:
        assert store.scalar(select(func.count()).select_from(Presence)) == 50


@pytest.mark.parametrize("source", ["staff", "tap", "app", "Staff", "TAP"])
def test_a_feed_does_not_speak_as_staff_or_as_somebodys_own_tap(call, room, recorded, source) -> None:  # fmt: skip
    """S18: a token of `presence` says what a platform saw; what people say on our own pages is theirs."""
    before = recorded()
    batch = [
        presence_event(room, "e1", source=source), presence_event(room, "e2", source=source, type="absent"),
        presence_event(room, "e3", source="zoom"),
    ]  # fmt: skip
    answer = call("POST", "/presence", {"events": batch})
    assert results(answer) == ["not_your_source", "not_your_source", "stored"]
    assert recorded() == before + 1
