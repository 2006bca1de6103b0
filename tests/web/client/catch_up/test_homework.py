"""Homework: saved while typing, handed in, answered, reopened; no text is ever lost."""

from html import unescape

import pytest
from sqlalchemy import select

from tests.web.client.catch_up import hostile
from webapp.care.accounts.logins import Login
from webapp.care.materials import drafts, homework
from webapp.care.materials.drafts import Draft
from webapp.care.materials.homework import HandIn


def draft(maya, task, body, edition=0, **more):
    return maya.post(
        "/drafts", {"about": task.about, "body": body, "edition": edition}, htmx=True, **more
    )


def page_of(visitor, task) -> str:
    return unescape(visitor.get(f"/homework/{task.id}").text)


def test_what_is_typed_is_kept_and_comes_back_on_any_device(maya, task, visit, world):
    first = draft(maya, task, "Bed")
    second = draft(maya, task, "Bed, book", first.json["edition"])
    assert (first.status_code, second.json["edition"]) == (200, 2)
    assert second.json["saved"] == "1:00\u202fPM"
    page = page_of(visit(world.maya), task)
    assert "Bed, book</textarea>" in page
    assert "Saved Mar 4, 1:00" in page


def test_another_device_s_text_is_never_overwritten(maya, task, store):
    """R7: a conflict is shown, never last-write-wins."""
    draft(maya, task, "from the phone")
    behind = draft(maya, task, "from the tablet", edition=0)
    assert behind.status_code == 409
    assert behind.json == {"edition": 1, "body": "from the phone"}
    assert store.scalars(select(Draft.body)).all() == ["from the phone"]


def test_a_draft_is_ones_own(visit, world, maya, task):
    draft(maya, task, "for nobody else")
    for other in (world.ben, world.carla, world.charlie):
        answer = draft(visit(other), task, "mine", edition=1)
        assert "for nobody else" not in answer.text


@pytest.mark.parametrize(
    "about", ["", "homework", "homework:x", "a" * 30 + ":1", "homework:1:2:3", "../:1"]
)
def test_a_draft_is_about_something(maya, about, store):
    """R12: bad input changes nothing."""
    answer = maya.post("/drafts", {"about": about, "body": "x", "edition": "0"}, htmx=True)
    assert answer.status_code == 404
    assert store.scalars(select(Draft)).all() == []


def test_too_long_a_text_is_told_before_it_is_lost(maya, task):
    answer = draft(maya, task, "a" * 20_001)
    assert answer.status_code == 422
    assert "20000" in answer.json["said"]


def test_handing_in_ends_the_draft_and_says_thank_you(maya, task, store):
    draft(maya, task, "Bed")
    answer = maya.post(f"/homework/{task.id}", {"body": "Bed, book, **lamp**."}, htmx=True)
    assert f'data-sent="homework-{task.id}"' in answer.text
    assert "Thank you." in answer.text
    assert "<strong>lamp</strong>" in answer.text
    assert store.scalars(select(Draft)).all() == []
    assert store.scalars(select(HandIn.body)).one() == "Bed, book, **lamp**."


def test_it_works_without_any_script(maya, task):
    kept = maya.post(f"/homework/{task.id}", {"body": "Bed", "then": "later", "edition": "0"})
    assert kept.status_code == 303
    assert "Bed</textarea>" in page_of(maya, task)
    assert maya.post(f"/homework/{task.id}", {"body": "Bed, book"}).location == f"/homework/{task.id}"  # fmt: skip
    assert "What you wrote" in page_of(maya, task)


def test_without_script_too_both_versions_are_shown(maya, task):
    draft(maya, task, "from the phone")
    answer = maya.post(f"/homework/{task.id}", {"body": "typed here", "then": "later", "edition": "0"})  # fmt: skip
    assert answer.status_code == 409
    assert "typed here</textarea>" in answer.text
    assert "from the phone" in answer.text


def test_an_empty_page_is_not_handed_in(maya, task, store):
    answer = maya.post(f"/homework/{task.id}", {"body": "  "}, htmx=True)
    assert answer.status_code == 422
    assert "Write a few words first." in answer.text
    assert store.scalars(select(HandIn)).all() == []


def test_handing_in_twice_is_once(maya, task, store):
    for words in ("Bed", "Lamp"):
        maya.post(f"/homework/{task.id}", {"body": words})
    assert store.scalars(select(HandIn.body)).all() == ["Bed"]


def test_another_text_handed_in_from_a_second_tab_is_kept_as_a_draft(maya, task, store):
    """R7: words typed in a tab that had fallen behind are neither handed in unseen nor lost."""
    maya.post(f"/homework/{task.id}", {"body": "Bed."})
    page = maya.post(f"/homework/{task.id}", {"body": "Lamp."}, htmx=True).text
    assert "You handed this in from another page already" in unescape(page)
    assert "data-sent" not in page or "Thank you" not in page
    assert store.scalars(select(HandIn.body)).all() == ["Bed."]
    page = maya.post(f"/homework/{task.id}/reopening", htmx=True).text
    assert "Lamp.</textarea>" in page


def test_feedback_stands_above_what_one_wrote(maya, task, store, world, clock):
    made = homework.hand_in(store, task, "Bed.", by=world.maya, now=clock.now())
    homework.give_feedback(store, made, "A *good* list.", by=world.carla, now=clock.now())
    store.commit()
    page = page_of(maya, task)
    assert page.index("<em>good</em>") < page.index("Bed.")
    assert "Take it back" not in page


def test_it_can_be_taken_back_until_somebody_has_answered(maya, task, store, world, clock):
    maya.post(f"/homework/{task.id}", {"body": "Bed."})
    page = maya.post(f"/homework/{task.id}/reopening", htmx=True).text
    assert "Go on where you left off." in page
    assert "Bed.</textarea>" in page
    maya.post(f"/homework/{task.id}", {"body": "Bed, lamp."})
    [made] = store.scalars(homework.current_hand_in(task, world.maya.id))
    homework.give_feedback(store, made, "Yes.", by=world.carla, now=clock.now())
    store.commit()
    maya.post(f"/homework/{task.id}/reopening")
    store.refresh(made)
    assert made.reopened_at is None


def test_what_staff_opened_again_goes_on_with_its_feedback(maya, task, store, world, clock):
    made = homework.hand_in(store, task, "Bed.", by=world.maya, now=clock.now())
    homework.give_feedback(store, made, "What of the lamp?", by=world.carla, now=clock.now())
    homework.reopen(store, made, by=world.carla, now=clock.now())
    store.commit()
    page = page_of(maya, task)
    assert "What of the lamp?" in page
    assert "Bed.</textarea>" in page


def test_an_expired_token_brings_the_text_back(maya, task, store, visit, world):
    """S8: the form comes back with its text; while typing, nothing is thrown away and htmx is told to load anew."""
    form = {"body": "Bed, book, lamp.", "csrf_token": visit(world.maya).csrf_token()}
    again = maya.post(f"/homework/{task.id}", form, forged=True)
    assert again.status_code == 403
    assert "Bed, book, lamp." in again.text
    typing = draft(maya, task, "Bed", forged=True)
    assert (typing.status_code, typing.is_json) == (403, False)
    assert store.scalars(select(HandIn)).all() == []


def test_an_ended_sign_in_leads_to_the_door_and_back(maya, task, store, world, clock):
    """S8: never a sign-in page inside a fragment; the draft that was kept before is still there afterwards."""
    draft(maya, task, "Bed")
    for login in store.scalars(select(Login)):
        login.end(store, "expired", by=None, now=clock.now())
    store.commit()
    answer = draft(maya, task, "Bed, book", edition=1)
    assert (answer.status_code, answer.is_json) == (204, False)
    assert answer.headers["HX-Redirect"].startswith("/sign-in")
    assert drafts.of(store, world.maya, task.about).body == "Bed"


def test_homework_of_others_does_not_exist(visit, world, task):
    """S1: strangers get 404, whatever they try."""
    for stranger in (world.charlie, world.ben, world.aiko, world.henry, world.carla):
        guest = visit(stranger)
        assert guest.get(f"/homework/{task.id}").status_code == 404
        assert guest.post(f"/homework/{task.id}", {"body": "x"}).status_code == 404
        assert guest.post(f"/homework/{task.id}/reopening").status_code == 404


@pytest.mark.parametrize("wrote", hostile.CORPUS, ids=range(len(hostile.CORPUS)))
def test_nothing_but_reading_comes_of_what_anybody_writes(maya, task, wrote, store, world, clock):
    """S11: the task, the client's own words and the feedback, all through the page."""
    task.body = wrote
    made = homework.hand_in(store, task, wrote, by=world.maya, now=clock.now())
    homework.give_feedback(store, made, wrote, by=world.carla, now=clock.now())
    store.commit()
    hostile.check(maya.get(f"/homework/{task.id}").text)
    homework.reopen(store, made, by=world.carla, now=clock.now())
    store.commit()
    hostile.check(maya.get(f"/homework/{task.id}").text)
