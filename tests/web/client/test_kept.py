"""What a phone may keep and send later: neutral (P5), only signed in, never cached (S6), with a response in words (R7)."""

import json
import uuid
from datetime import timedelta

import pytest

from tests.visiting import Visit
from webapp.care.attendance import absences
from webapp.care.attendance.absences import AbsenceReport


def test_the_kept_schedule_holds_times_and_links_and_no_names(maya, seat_in, clock):
    """P5, S6: no titles, hosts or kinds; never in a cache."""
    seat = seat_in(hours=26)
    answer = maya.get("/me/kept-schedule")
    assert answer.headers["Cache-Control"] == "no-store"
    [each] = answer.get_json()["sessions"]
    assert each["join_url"] == "https://video.example.org/j/7"
    assert each["url"] == f"/seats/{seat.id}/absence"
    assert each.keys() == {"url", "day", "span", "starts_at", "ends_at", "join_url", "told"}
    telling = ("evening", "group", "carla", "harbor", "maya")
    assert not [word for word in telling if word in json.dumps(answer.get_json()).lower()]


def test_it_reaches_two_weeks_and_leaves_out_what_was_called_off(
    maya, seat_in, world, store, clock
):
    seat_in(hours=26)
    seat_in(days=20)
    gone = seat_in(hours=50)
    gone.session.cancel(store, "snow", by=world.carla, now=clock.now())
    store.commit()
    assert len(maya.get("/me/kept-schedule").get_json()["sessions"]) == 1


@pytest.mark.parametrize("path", ["/me/kept-schedule", "/me/token"])
def test_without_a_login_a_script_is_sent_to_the_door(app, world, path):
    assert Visit(app).get(path).status_code == 303


def test_the_token_says_whose_it_is_and_sends_as_nobody_else(app, maya, seat_in, world, store):
    """R7, S8: Maya's token is refused from Ben's login, so her note can't be sent as his."""
    seat = seat_in(hours=26)
    told = maya.get("/me/token")
    assert told.headers["Cache-Control"] == "no-store"
    assert told.get_json()["person"] == world.maya.id
    answer = Visit(app, world.ben).post(
        f"/seats/{seat.id}/absence", {}, forged=True,
        headers={"X-CSRFToken": told.get_json()["token"], "Accept": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 403
    assert store.query(AbsenceReport).count() == 0


def test_a_note_sent_again_by_script_is_answered_in_json(maya, seat_in, store, clock):
    """R7: twice the same id is one report; the instant of the tap counts."""
    seat = seat_in(hours=26)
    form = {
        "request_id": str(uuid.uuid4()),
        "reported_at": clock.now().isoformat(),
        "reason": "work",
    }
    clock.forward(minutes=50)
    for _ in range(2):
        answer = maya.post(
            f"/seats/{seat.id}/absence", form, headers={"Accept": "application/json"}
        )
        assert (answer.status_code, answer.get_json()) == (200, {"taken": True})
    [report] = store.query(AbsenceReport)
    assert report.received_at - report.reported_at >= timedelta(minutes=50)


def test_a_refusal_comes_with_its_sentence(maya, seat_in, world, store, clock):
    """R7: a conflict is shown, never swallowed."""
    seat = seat_in(hours=26)
    tapped = clock.now()
    clock.forward(minutes=5)
    absences.report(store, seat, by=world.maya, now=clock.now()).withdraw(
        store, by=world.maya, now=clock.now()
    )
    store.commit()
    form = {"request_id": str(uuid.uuid4()), "reported_at": tapped.isoformat()}
    answer = maya.post(f"/seats/{seat.id}/absence", form, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.get_json()["detail"] == "Since then you told us that you can make it."
