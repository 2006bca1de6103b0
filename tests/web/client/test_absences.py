"""*I can't make it*: two taps, an answer on the same screen, exactly once (M3)."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.care.attendance.absences import AbsenceReport


def reports(store):
    store.expire_all()
    return list(store.scalars(select(AbsenceReport).order_by(AbsenceReport.id)))


def test_from_today_the_form_is_one_tap_away_and_nothing_needs_typing(maya, seat_in, store):
    seat = seat_in(hours=26)
    assert f"/seats/{seat.id}/absence" in maya.get("/").text
    assert "Send" in maya.get(f"/seats/{seat.id}/absence").text
    maya.post(f"/seats/{seat.id}/absence", {})
    assert [(r.seat_id, r.reason, r.note) for r in reports(store)] == [
        (seat.id, "prefer_not_to_say", None)
    ]


def test_the_thanks_name_how_far_ahead_it_was(maya, seat_in):
    seat = seat_in(hours=26, minutes=1)
    answer = maya.post(f"/seats/{seat.id}/absence", {"reason": "illness"}, htmx=True)
    assert answer.status_code == 200
    assert "Thanks for telling us 26 hours ahead" in answer.text
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ({"days": 3, "hours": 1}, "3 days ahead"),
        ({"minutes": 20, "seconds": 30}, "20 minutes ahead"),
    ],
)
def test_far_and_near_are_said_in_their_own_units(maya, seat_in, ahead, words):
    seat = seat_in(**ahead)
    assert words in maya.post(f"/seats/{seat.id}/absence", {}, htmx=True).text


def test_without_javascript_the_form_leads_to_the_same_thanks(maya, seat_in):
    seat = seat_in(hours=26)
    answer = maya.post(f"/seats/{seat.id}/absence", {"reason": "work"})
    assert answer.status_code == 303
    assert "Thanks for telling us" in maya.follow(answer).text


def test_who_to_ask_about_another_time_is_named(maya, seat_in):
    seat = seat_in(hours=26)
    assert "ask Carla Reyes" in maya.post(f"/seats/{seat.id}/absence", {}, htmx=True).text


def test_the_same_request_twice_is_one_report_and_one_answer(maya, seat_in, store):
    seat = seat_in(hours=26)
    form = {"reason": "family", "request_id": str(uuid.uuid4())}
    first = maya.post(f"/seats/{seat.id}/absence", form, htmx=True)
    second = maya.post(f"/seats/{seat.id}/absence", form, htmx=True)
    assert len(reports(store)) == 1
    assert "Thanks for telling us" in first.text
    assert "Thanks for telling us" in second.text


def test_the_instant_of_the_tap_counts_as_notice(maya, seat_in, store, clock):
    seat = seat_in(hours=20)
    tapped = clock.now() - timedelta(hours=6)
    maya.post(f"/seats/{seat.id}/absence", {"reported_at": tapped.isoformat()})
    assert reports(store)[0].reported_at == tapped


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"reason": "because"}, 422),
        ({"note": "x" * 2001}, 422),
        ({"reported_at": "yesterday"}, 422),
        ({"reported_at": "0001-01-01T00:00:00+23:59"}, 422),
        ({"reported_at": "2026-03-04T10:00:00"}, 422),
        ({"request_id": "7"}, 422),
    ],
)
def test_what_cannot_be_used_is_said_and_typed_text_stays(maya, seat_in, store, form, status):
    seat = seat_in(hours=26)
    answer = maya.post(f"/seats/{seat.id}/absence", {"note": "my own words"} | form, htmx=True)
    assert answer.status_code == status
    assert (form.get("note") or "my own words") in answer.text
    assert reports(store) == []


def test_a_cancelled_session_needs_no_report(maya, seat_in, store, clock):
    seat = seat_in(hours=26)
    seat.session.cancel(store, "host ill", by=None, now=clock.now())
    store.commit()
    answer = maya.post(f"/seats/{seat.id}/absence", {}, htmx=True)
    assert answer.status_code == 409
    assert "called this session off" in answer.text
    assert reports(store) == []


def test_one_can_come_after_all(maya, seat_in, store):
    seat = seat_in(hours=26)
    maya.post(f"/seats/{seat.id}/absence", {})
    answer = maya.post(f"/seats/{seat.id}/absence/withdrawal", htmx=True)
    assert "Your place is kept" in answer.text
    assert reports(store)[0].withdrawn_at is not None
    assert maya.post(f"/seats/{seat.id}/absence/withdrawal").status_code == 303


def test_somebody_elses_seat_is_not_there(visit, world, seat_in, store):
    seat = seat_in(hours=26)
    charlie, ben = visit(world.charlie), visit(world.ben)
    for stranger in (charlie, ben):
        assert stranger.get(f"/seats/{seat.id}/absence").status_code == 404
        assert stranger.post(f"/seats/{seat.id}/absence", {}).status_code == 404
        assert stranger.post(f"/seats/{seat.id}/absence/withdrawal").status_code == 404
    assert reports(store) == []


def test_a_form_from_another_site_changes_nothing(maya, seat_in, store):
    seat = seat_in(hours=26)
    assert maya.post(f"/seats/{seat.id}/absence", {}, forged=True).status_code == 403
    assert reports(store) == []


def test_a_form_from_an_older_page_comes_back_with_its_text(maya, seat_in, store):
    seat = seat_in(hours=26)
    older = maya.csrf_token()
    maya.enter()
    form = {"csrf_token": older, "note": "my own words", "reason": "work"}
    answer = maya.post(f"/seats/{seat.id}/absence", form, forged=True)
    assert answer.status_code == 403
    assert f'action="/seats/{seat.id}/absence"' in answer.text
    assert 'value="my own words"' in answer.text
    assert older not in answer.text
    assert reports(store) == []


def test_htmx_on_an_older_page_is_told_to_load_it_anew(maya, seat_in):
    seat = seat_in(hours=26)
    answer = maya.post(f"/seats/{seat.id}/absence", {"csrf_token": "old"}, htmx=True, forged=True)
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (403, "true")


def test_an_expired_sign_in_leads_htmx_to_sign_in_and_back(app, seat_in, visit):
    seat = seat_in(hours=26)
    stranger = visit()
    here = f"/seats/{seat.id}/absence"
    answer = stranger.post(here, {}, htmx=True, headers={"Referer": f"http://localhost{here}"})
    assert answer.headers["HX-Redirect"] == f"/sign-in?next={here}"
    assert answer.data == b""
