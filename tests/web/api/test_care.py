"""The API's absences, contacts, tasks, seats, charts and events."""

from datetime import timedelta

from sqlalchemy import select

from tests.care import evenings
from tests.counting import statements
from tests.web.api.conftest import presence_event
from webapp.care.attendance import presence
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.contacts import Contact
from webapp.care.directory.people import Person
from webapp.care.make_ups import make_ups
from webapp.demo import cast

ILL = {"session": "evening", "client": "ben", "reason": "illness"}


def standings(call, query: str = "") -> dict[str, str]:
    return {s["client"]: s["standing"] for s in call("GET", f"/seats{query}").json["items"]}


def test_an_absence_reported_for_a_client_is_shown_with_the_seat(call, room, clock) -> None:
    body = ILL | {"reported_at": (clock.now() - timedelta(hours=2)).isoformat(), "note": "Fever."}
    made = call("POST", "/absences", body)
    assert made.status_code == 201
    assert made.json["notice_hours"] == 1.5
    ben = call("GET", "/seats?session=evening&client=ben").json["items"][0]
    assert ben["standing"] == "absent_told"
    assert ben["absence"]["reason"] == "illness"
    assert "Fever" not in str(ben)


def test_reporting_twice_returns_the_first_report(call, room) -> None:
    first, second = call("POST", "/absences", ILL), call("POST", "/absences", ILL)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json


def test_an_absence_of_someone_without_a_seat_names_the_client(call, room, recorded) -> None:
    before = recorded()
    no = call("POST", "/absences", ILL | {"client": "ivy"})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (404, "#/client")
    assert recorded() == before


def test_a_contact_names_the_staff_member_and_its_event_names_the_token(
    call, room, clock, database, world
) -> None:
    body = {
        "client": "maya", "at": clock.now().isoformat(), "by": "carla", "channel": "call",
        "outcome": "reached", "session": "evening", "note": "All well.",
    }  # fmt: skip
    made = call("POST", "/contacts", body)
    assert (made.status_code, made.json["by"], made.json["two_way"]) == (201, "carla", True)
    with database.reading() as store:
        assert store.scalar(select(Contact.by_id)) == world.carla.id
        event = store.scalar(select(Event).where(Event.tag == Tag.CONTACT_MADE))
        assert event.by_id != world.carla.id


def test_a_contact_in_the_future_is_refused(call, room, clock, recorded) -> None:
    before = recorded()
    body = {
        "client": "maya", "at": (clock.now() + timedelta(hours=1)).isoformat(), "by": "carla",
        "channel": "call", "outcome": "reached",
    }  # fmt: skip
    no = call("POST", "/contacts", body)
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/at")
    assert recorded() == before


def test_a_task_is_acknowledged_attempted_and_completed(call, task) -> None:
    (open_one,) = call("GET", "/tasks?state=open").json["items"]
    assert (open_one["kind"], open_one["client"], open_one["owner"]) == (
        "outreach",
        "maya",
        "carla",
    )
    assert open_one["acknowledged_at"] is None
    seen_by = call("POST", f"/tasks/{task}/acknowledgement", {"by": "carla"})
    assert seen_by.json["acknowledged_at"]
    tried = call("POST", f"/tasks/{task}/outcome", {"outcome": "no_answer"})
    assert (tried.json["outcome"], tried.json["done_at"]) == ("no_answer", None)
    done = call("POST", f"/tasks/{task}/outcome", {"outcome": "reached", "note": "Back soon."})
    assert (done.json["outcome"], done.json["note"]) == ("reached", "Back soon.")
    assert done.json["done_at"]
    assert call("GET", "/tasks?state=open").json["items"] == []
    assert len(call("GET", "/tasks?state=done").json["items"]) == 1
    assert call("POST", f"/tasks/{task}/outcome", {"outcome": "reached"}).status_code == 409


def test_a_task_may_be_acknowledged_without_a_body(call, task) -> None:
    assert call("POST", f"/tasks/{task}/acknowledgement").json["acknowledged_at"]


def test_closing_a_task_needs_a_note(call, task, recorded) -> None:
    before = recorded()
    no = call("POST", f"/tasks/{task}/outcome", {"outcome": "closed"})
    assert (no.status_code, no.json["errors"][0]["pointer"]) == (409, "#/note")
    assert recorded() == before


def test_seats_show_standing_presence_and_next_step(call, room) -> None:
    call("POST", "/presence", {"events": [presence_event(room)]})
    maya, ben = call("GET", "/seats?session=evening").json["items"]
    assert (maya["number"], maya["standing"]) == (1, "attended")
    assert maya["presence"] == {"minutes": 30.0, "seen": True, "here": True}
    assert (ben["standing"], ben["presence"], ben["steps"]) == ("waiting", None, [])
    assert ben["next"]["rung"] in ("first_check", "second_check")


def test_seats_are_found_by_session_client_and_standing(call, room) -> None:
    call("POST", "/presence", {"events": [presence_event(room)]})
    assert standings(call) == {"maya": "attended", "ben": "waiting"}
    assert standings(call, "?client=ben") == {"ben": "waiting"}
    assert standings(call, "?standing=attended") == {"maya": "attended"}
    assert standings(call, "?session=nothing") == {}


def test_seats_changed_after_an_instant_are_listed(call, room, clock) -> None:
    quiet = clock.forward(hours=1)
    clock.forward(minutes=1)
    call("POST", "/presence", {"events": [presence_event(room)]})
    after = quiet.isoformat().replace("+00:00", "Z")
    assert list(standings(call, f"?changed_after={after}")) == ["maya"]


def test_all_seats_of_a_session_that_was_called_off_are_listed_as_changed(
    call, room, clock
) -> None:
    after = clock.forward(hours=1).isoformat().replace("+00:00", "Z")
    clock.forward(minutes=1)
    call("POST", "/sessions/evening/cancellation", {"reason": "Power cut."})
    assert list(standings(call, f"?changed_after={after}")) == ["maya", "ben"]


def test_lists_are_read_page_by_page(call, room) -> None:
    first = call("GET", "/seats?limit=1").json
    second = call("GET", f"/seats?limit=1&after={first['next']}").json
    assert [first["items"][0]["client"], second["items"][0]["client"]] == ["maya", "ben"]
    assert second["next"] is None


def test_a_list_by_standing_is_read_page_by_page_too(call, room) -> None:
    first = call("GET", "/seats?standing=unknown&limit=1").json
    second = call("GET", f"/seats?standing=unknown&limit=1&after={first['next']}").json
    assert [first["items"][0]["client"], second["items"][0]["client"]] == ["maya", "ben"]


def test_sixty_seats_cost_as_many_statements_as_thirty(call, room, database, clock) -> None:
    def cost(rooms: range) -> int:
        with database.writing() as store:
            people = cast.find(store)
            everyone = [people.maya, people.ben, people.ivy, people.gus, people.zoe]
            for number in rooms:
                at = room + timedelta(minutes=number)
                cast.open_room(store, people.carla, everyone, at, now=at, ref=f"r{number}")
            store.commit()
        with statements(database) as asked:
            assert call("GET", "/seats").json["items"]
        return len(asked)

    assert cost(range(6)) == cost(range(6, 12))


def test_a_chart_tells_what_happened_and_reading_it_is_recorded(
    call, room, task, database, world, clock
) -> None:
    call("POST", "/absences", ILL | {"client": "maya", "note": "Migraine."})
    clock.forward(minutes=1)
    call("POST", f"/tasks/{task}/outcome", {"outcome": "reached", "note": "Calls again."})
    chart = call("GET", "/clients/maya/chart").json
    by_what = {entry["what"]: entry for entry in chart["entries"]}
    assert by_what["seat:absence:reported"]["detail"]["note"] == "Migraine."
    assert by_what["seat:absence:reported"]["session"] == "evening"
    assert by_what["task:done"]["detail"]["note"] == "Calls again."
    assert chart["entries"] == sorted(chart["entries"], key=lambda entry: entry["at"])
    with database.reading() as store:
        reads = store.scalars(select(Event).where(Event.tag == Tag.CHART_READ)).all()
        assert [(read.client_id, read.fields["what"]) for read in reads] == [
            (world.maya.id, "calls"), (world.maya.id, "chart"),
        ]  # fmt: skip


def test_a_chart_holds_nothing_of_another_client(call, room) -> None:
    call("POST", "/absences", ILL | {"note": "Migraine."})
    assert "Migraine" not in call("GET", "/clients/maya/chart").text


def test_the_chart_is_available_as_fhir_too(call, room, task, database, world, clock) -> None:
    """M33: the same facts as resources of the standard; reading it leaves a trace like any other (P7)."""
    call("POST", "/absences", ILL | {"client": "maya", "note": "Migraine."})
    clock.forward(minutes=1)
    call("POST", f"/tasks/{task}/outcome", {"outcome": "reached", "note": "Calls again."})
    bundle = call("GET", "/clients/maya/chart.fhir.json").json
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    by_type: dict[str, list[dict]] = {}
    for entry in bundle["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    assert by_type["Patient"][0]["name"] == [{"text": "Maya Torres"}]
    assert [each["status"] for each in by_type["Appointment"]] == ["cancelled"]
    texts = [part["contentString"] for each in by_type["Communication"] for part in each["payload"]]
    assert "Migraine." in texts
    assert [each["status"] for each in by_type["Task"]] == ["completed"]
    assert {"text": "Calls again."} in by_type["Task"][0]["note"]
    with database.reading() as store:
        reads = store.scalars(select(Event).where(Event.tag == Tag.CHART_READ)).all()
        assert [(read.client_id, read.fields["what"]) for read in reads] == [
            (world.maya.id, "calls"), (world.maya.id, "chart"),
        ]  # fmt: skip


def test_in_fhir_a_made_up_session_is_missed_and_held(call, room, database, world, clock) -> None:
    """M33."""
    with database.writing() as store:
        maya, carla = (store.get_one(Person, each.id) for each in (world.maya, world.carla))
        missed = evenings.missed(store, carla, maya, clock.now())
        presence.mark(store, missed, "absent", by=carla, now=clock.now(), id="away")
        noted = make_ups.note_down(store, missed, by=carla, now=clock.now())
        noted.complete(store, by=carla, now=clock.now())
        store.commit()
    told = call("GET", "/clients/maya/chart.fhir.json").json["entry"]
    statuses = {
        kind: [
            each["resource"]["status"] for each in told if each["resource"]["resourceType"] == kind
        ]
        for kind in ("Appointment", "Encounter")
    }
    assert "noshow" in statuses["Appointment"]
    assert "fulfilled" not in statuses["Appointment"]
    assert statuses["Encounter"] == ["finished"]


def test_a_chart_in_fhir_holds_nothing_of_another_client(call, room) -> None:
    call("POST", "/absences", ILL | {"note": "Migraine."})
    assert "Migraine" not in call("GET", "/clients/maya/chart.fhir.json").text


def test_the_event_feed_is_read_on_from_the_last_position(call, room, neighbour) -> None:
    call("POST", "/absences", ILL)
    everything = call("GET", "/events?limit=1000").json
    assert everything["next"] is None
    ids = [event["id"] for event in everything["items"]]
    assert ids == sorted(ids)
    last = everything["items"][-1]
    assert (last["tag"], last["client"], last["session"]) == (
        "seat:absence:reported", "ben", "evening",
    )  # fmt: skip
    assert call("GET", f"/events?after={ids[-2]}").json["items"] == [last]
    assert not set(ids) & {event["id"] for event in neighbour("GET", "/events").json["items"]}
