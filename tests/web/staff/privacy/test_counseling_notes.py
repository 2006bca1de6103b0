"""P7: counseling notes are readable by their author only."""

import pytest
from sqlalchemy import select

from webapp.care.audit.events import Event
from webapp.care.privacy.counseling_notes import CounselingNote
from webapp.refusals import Forbidden

CANARY = "Dreamt of the lighthouse again"


@pytest.fixture
def note(visit, store, world):
    visit(world.carla).post(f"/staff/people/{world.maya.id}/notes", {"body": CANARY})
    return store.scalars(select(CounselingNote)).one()


def test_the_author_reads_changes_and_deletes_a_note(note, visit, store, world):
    carla, here = visit(world.carla), f"/staff/people/{world.maya.id}/notes"
    assert CANARY in carla.get(here).text
    assert f'data-keep="note-changed-{note.id}"' in carla.get(here).text
    changed = carla.post(f"/staff/notes/{note.id}", {"body": "Something else"}, htmx=True)
    assert f'data-sent="note-changed-{note.id}"' in changed.text
    assert "Something else" in carla.get(here).text
    carla.post(f"/staff/notes/{note.id}/removal")
    store.expire_all()
    assert store.scalars(select(CounselingNote)).all() == []


@pytest.mark.parametrize(
    "who", ["tessa", "colin", "susan", "cody", "ada", "theo", "nora", "maya", "ben"]
)
def test_nobody_else_finds_a_note_anywhere(note, visit, world, who):
    other = visit(getattr(world, who))
    for path in (
        f"/staff/people/{world.maya.id}/notes",
        f"/staff/people/{world.maya.id}",
        "/me/looks",
        "/",
    ):
        assert CANARY not in other.get(path).text
    for path in (f"/staff/notes/{note.id}", f"/staff/notes/{note.id}/removal"):
        assert other.post(path, {"body": "x"}).status_code == 404


def test_emergency_access_does_not_open_the_notes_page(visit, world):
    colin = visit(world.colin)
    form = {"client": "Maya Torres", "reason": "Her sister called, she may be in danger."}
    colin.post("/staff/emergency-access", form)
    assert colin.get(f"/staff/people/{world.maya.id}/notes").status_code == 404


def test_a_note_is_in_no_chart_export_api_response_or_event(note, visit, caller, store, world):
    assert CANARY not in visit(world.carla).get(f"/staff/people/{world.maya.id}").text
    call = caller(world.harbor)
    assert CANARY not in call("GET", f"/clients/{world.maya.ref}/chart").text
    assert CANARY.encode() not in visit(world.maya).post("/me/my-data").data
    assert all(CANARY not in event.canonical for event in store.scalars(select(Event)))


def test_an_empty_note_is_refused_and_names_the_field(visit, store, world):
    answer = visit(world.carla).post(f"/staff/people/{world.maya.id}/notes", {"body": "  "})
    assert answer.status_code == 422
    assert "Write something first." in answer.text


def test_the_note_itself_can_be_changed_by_its_author_only(note, world, clock):
    with pytest.raises(Forbidden):
        note.change("Other words", by=world.susan, now=clock.now())
    assert note.body == CANARY
