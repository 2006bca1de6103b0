"""What helps me, and the backup plan: written by the client, shown to the host (M25, M26)."""

import pytest
from sqlalchemy import select

from webapp.care.preferences import accommodations, backup_plans
from webapp.care.preferences.accommodations import Accommodation
from webapp.care.preferences.backup_plans import BackupPlan


def standing(store, person):
    store.expire_all()
    return {each.kind: each.detail for each in store.scalars(accommodations.of(person.id))}


def test_exactly_what_is_switched_on_holds(maya, store, world):
    form = {"need": ["captions", "interpreter"], "detail_interpreter": "ASL"}
    assert "Saved" in maya.post("/me/needs", form, htmx=True).text
    assert standing(store, world.maya) == {"captions": None, "interpreter": "ASL"}
    maya.post("/me/needs", {"need": ["support_animal"]})
    assert standing(store, world.maya) == {"support_animal": None}


def test_a_support_animal_is_simply_welcome(maya):
    assert "Nobody has to approve it" in maya.get("/me/needs").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"need": ["dragon"]},
        {"need": ["captions", "other"], "detail_other": " "},
        {"need": ["captions", "interpreter"], "detail_interpreter": "x" * 501},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(maya, store, world, wrong):
    """R12: neither the wrong one nor the right one beside it is kept; what was typed is."""
    answer = maya.post("/me/needs", wrong)
    assert answer.status_code == 422
    assert wrong.get("detail_interpreter", "") in answer.text
    assert standing(store, world.maya) == {}


def test_the_host_reads_it_in_the_room_and_nobody_else_does(maya, visit, world, store, seat_in):
    """M25: beside the seat, for who hosts; a counselor of somebody else in that room does not see it."""
    seat = seat_in(hours=3)
    maya.post("/me/needs", {"need": ["captions", "other"], "detail_other": "A quiet start"})
    room = f"/staff/sessions/{seat.session_id}"
    page = visit(world.carla).get(room).text
    assert "Captions" in page
    assert "A quiet start" in page
    assert visit(world.nora).get(room).status_code == 404


def test_the_place_says_what_the_host_knows(maya, seat_in):
    seat = seat_in(hours=3)
    maya.post("/me/needs", {"need": ["captions"]})
    page = maya.get(f"/seats/{seat.id}").text
    assert "knows what helps you" in page
    assert "Captions" in page


def test_the_plan_is_kept_in_versions(maya, store, world):
    for place in ("The car", "The car", "My sister"):
        maya.post("/me/backup-plan", {"place": place, "dial_in": "555 0107"})
    found = store.scalars(select(BackupPlan).order_by(BackupPlan.id)).all()
    assert [plan.place for plan in found] == ["The car", "My sister"]
    page = maya.get("/me/backup-plan").text
    assert "My sister" in page
    assert "555 0107" in page


def test_a_plan_that_is_too_long_comes_back_with_its_words(maya, store, world):
    answer = maya.post("/me/backup-plan", {"place": "x" * 1001, "note": "the blue door"})
    assert answer.status_code == 422
    assert 'id="place-error"' in answer.text
    assert "the blue door" in answer.text
    assert store.scalar(backup_plans.of(world.maya.id)) is None


def test_staff_who_look_after_them_read_both(maya, visit, world):
    maya.post("/me/needs", {"need": ["interpreter"], "detail_interpreter": "ASL"})
    maya.post("/me/backup-plan", {"childcare": "Nana comes over"})
    page = visit(world.carla).get(f"/staff/people/{world.maya.id}").text
    assert "Interpreter: ASL" in page
    assert "Nana comes over" in page


def test_one_persons_needs_are_not_anothers(maya, visit, world, store):
    maya.post("/me/needs", {"need": ["captions"]})
    visit(world.ben).post("/me/needs", {"need": []})
    assert standing(store, world.maya) == {"captions": None}
    assert store.scalars(select(Accommodation)).one().client_id == world.maya.id
