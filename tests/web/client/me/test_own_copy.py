"""My data: one tap, one file, all that is one's own, at any time (P10)."""

import io
import json
import zipfile

from sqlalchemy import select

from webapp.care import messages, presence, statuses
from webapp.care.events import Event
from webapp.care.tags import Tag


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
    statuses.change(store, world.maya, "paused", by=world.cody, now=clock.now())
    store.commit()
    assert maya.post("/me/my-data").status_code == 200


def test_copies_are_made_only_so_often(maya):
    """S12: each reads everything there is of a person."""
    assert [maya.post("/me/my-data").status_code for _ in range(4)] == [200, 200, 200, 429]
