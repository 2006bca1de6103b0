"""My data: one tap, one file, all that is one's own, at any time (P10)."""

import io
import json
import zipfile
from datetime import timedelta

from sqlalchemy import select

from tests import rows
from webapp.care import leaving
from webapp.care.attendance import absences, presence
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import messages
from webapp.care.preferences import accommodations, availability, backup_plans, contact_preferences
from webapp.care.privacy import consents, own_copy, record_views
from webapp.care.privacy.record_views import What
from webapp.web.client.me.own_copy import readable


def unpacked(answer):
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
        return {name: folder.read(name).decode() for name in folder.namelist()}


def test_the_copy_holds_the_same_in_three_forms(maya, store, world, clock, seat_in):
    seat = seat_in(days=-1)
    presence.mark(store, seat, "absent", by=world.carla, now=clock.now(), id="m1")
    messages.send(store, world.maya, "The <lighthouse> & me", by=world.maya, now=clock.now())
    store.commit()
    files = unpacked(maya.post("/me/my-data"))
    assert set(files) == {"my-data.html", "my-data.json", "my-data.fhir.json"}
    record, bundle = json.loads(files["my-data.json"]), json.loads(files["my-data.fhir.json"])
    assert [each["standing"] for each in record["sessions"]] == ["missed"]
    assert record["writings"][0]["text"] == "The <lighthouse> & me"
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["Patient", "Appointment", "Communication"]
    assert "The &lt;lighthouse&gt; &amp; me" in files["my-data.html"]
    assert "We didn't see you" in files["my-data.html"].replace("&#39;", "'")


def test_a_missed_session_that_was_made_up_for_is_told_as_missed_and_as_held(
    maya, store, world, clock, seat_in
):
    """M33: FHIR's Appointment says that nobody came, an Encounter that something made up for it."""
    missed = seat_in(days=-3)
    presence.mark(store, missed, "absent", by=world.carla, now=clock.now(), id="m1")
    made_up = seat_in(days=-1, ref="made-up")
    presence.mark(store, made_up, "present", by=world.carla, now=clock.now(), id="m2")
    rows.put(
        store, "make_up", clock.now(), seat_id=missed.id, by_seat_id=made_up.id, kind="session",
        completed_at=clock.now(),
    )  # fmt: skip
    store.commit()
    files = unpacked(maya.post("/me/my-data"))
    assert [each["standing"] for each in json.loads(files["my-data.json"])["sessions"]] == [
        "made_up", "attended",
    ]  # fmt: skip
    assert "We didn't see you · " in " ".join(files["my-data.html"].replace("&#39;", "'").split())
    told = [each["resource"] for each in json.loads(files["my-data.fhir.json"])["entry"]]
    appointments = {each["id"]: each for each in told if each["resourceType"] == "Appointment"}
    assert [each["status"] for each in appointments.values()] == ["noshow", "fulfilled"]
    [encounter] = [each for each in told if each["resourceType"] == "Encounter"]
    assert encounter["status"] == "finished"
    assert [each["reference"] for each in encounter["appointment"]] == [
        f"urn:uuid:{number}" for number in appointments
    ]


class Watched(dict):
    """A record that remembers what was read of it."""

    def __init__(self, told, read, path=""):
        super().__init__({key: watched(part, read, f"{path}/{key}") for key, part in told.items()})
        self.read, self.path = read, path

    def __getitem__(self, key):
        self.read.add(f"{self.path}/{key}")
        return super().__getitem__(key)

    def items(self):
        return [(key, self[key]) for key in self]


def watched(told, read, path=""):
    if isinstance(told, list):
        return [watched(each, read, path) for each in told]
    return Watched(told, read, path) if isinstance(told, dict) else told


def keys_of(told, path=""):
    if isinstance(told, list):
        return {key for each in told for key in keys_of(each, path)}
    if not isinstance(told, dict):
        return set()
    mine = {f"{path}/{key}": part for key, part in told.items()}
    return mine.keys() | {deep for key, part in mine.items() for deep in keys_of(part, key)}


def a_full_life(store, world, seat_in, now):
    """Something of Maya's for every list of the copy."""
    maya, seat, hers = world.maya, seat_in(hours=30), {"person_id": world.maya.id}
    absences.report(store, seat, by=maya, now=now, reason="illness", note="Flu.")
    accommodations.ask(store, maya, "other", by=maya, now=now, detail="A break.")
    backup_plans.write(store, maya, {"place": "The car."}, by=maya, now=now)
    availability.put(store, maya, [(0, "09:00", "12:00")], by=maya, now=now)
    messages.send(store, maya, "Hello.", by=maya, now=now)
    contact_preferences.set_reminders(
        store, maya, first="email", off={"soon"}, quiet_hours=("22:00", "07:00"), lead={"heads_up": 2880}, by=maya, now=now,
    )  # fmt: skip
    consents.grant(
        store, maya, world.ben, "schedule", purpose="So that we can plan", signature="Maya",
        expires_at=now + timedelta(days=9), by=maya, now=now,
    )  # fmt: skip
    record_views.record(
        store, What.CHART, [maya], by=world.carla.id, now=now, program_id=maya.program_id
    )
    rows.put(store, "make_up", now, seat_id=seat.id, kind="recording")
    rows.put(store, "address", now, channel="email", value="maya@example.org", **hers)
    rows.put(store, "self_test", now, results={"network": "good"}, **hers)
    rows.put(store, "calendar_feed", now, **hers)
    rows.put(store, "login", now, way="password", **hers)
    store.commit()


def test_the_readable_page_leaves_out_nothing_of_the_json(app, store, world, clock, seat_in):
    """P10: whoever opens the page alone has the whole copy."""
    now, read = clock.now(), set()
    a_full_life(store, world, seat_in, now)
    sent = dict.fromkeys(("to", "kind", "description", "purpose", "channel"), "x")
    record = own_copy.assemble(
        store, world.maya, {}, now, [{"at": now, "category": "schedule", **sent}]
    )
    assert [name for name, part in record.items() if not part] == []
    with app.test_request_context():
        page = readable(watched(record, read))
    assert keys_of(record) - read == set()
    for said in ("Not well", "Monday", "network: good", "2880 min", "Carla Reyes (counselor)"):
        assert said in page


def test_file_names_and_headers_say_nothing(maya):
    """P5, S6: a neutral name, and kept in no cache."""
    answer = maya.post("/me/my-data")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_readable_page_loads_nothing_from_anywhere(maya):
    """S16: it opens without a network."""
    page = unpacked(maya.post("/me/my-data"))["my-data.html"]
    assert "http" not in page
    assert "<script" not in page
    assert "src=" not in page


def test_each_copy_leaves_a_trace(maya, store):
    """P7"""
    for _ in range(2):
        maya.post("/me/my-data")
    read = store.scalars(select(Event).where(Event.tag == Tag.CHART_READ)).all()
    assert [each.fields["what"] for each in read] == ["own_copy", "own_copy"]


def test_it_is_given_out_only_by_a_form_of_ours(maya):
    """S8: no other site can make a phone download it."""
    assert maya.post("/me/my-data", forged=True).status_code == 403
    assert maya.get("/me/my-data").mimetype == "text/html"


def test_a_paused_client_takes_theirs_too(maya, store, world, clock):
    """P10: at any time."""
    leaving.change_status(store, world.maya, "paused", by=world.cody, now=clock.now())
    store.commit()
    assert maya.post("/me/my-data").status_code == 200


def test_copies_are_made_only_so_often(maya):
    """S12: each reads everything there is of a person."""
    assert [maya.post("/me/my-data").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_taking_a_copy_asks_for_a_fresh_proof_of_who_one_is(maya, clock):
    """Whoever holds an unlocked phone for a minute takes nothing with them."""
    unpacked(maya.post("/me/my-data"))
    clock.forward(minutes=11)
    answer = maya.post("/me/my-data")
    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/account/confirm")
