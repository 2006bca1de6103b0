"""Another time of the same group: once, or from now on, and a calm refusal when that is not possible (M27)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from webapp.care.attendance import absences
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule import series
from webapp.care.schedule.series import Member, Series
from webapp.care.schedule.sessions import Seat, Session


@pytest.fixture
def group(store, world, clock):
    """`group("TH", [people])`: the skills group on that day at noon in New York."""

    def made(
        day, clients, title="Skills and tools", kind="psychoeducation", capacity=3, at="12:00"
    ):
        planned, _ = series.put(
            store, world.harbor, f"{title}-{day}", kind=kind, title=title, capacity=capacity,
            local_start=datetime.fromisoformat(f"{clock.now().date()}T{at}"), host=world.colin,
            time_zone="America/New_York", duration=timedelta(minutes=90), by=None, now=clock.now(),
            rrule=f"FREQ=WEEKLY;BYDAY={day}", clients=clients,
        )  # fmt: skip
        store.commit()
        return planned

    return made


def first(store, planned):
    found = select(Session).where(Session.series_id == planned.id).order_by(Session.starts_at)
    return store.scalars(found).first()


def seat_of(store, session, person):
    mine = select(Seat).where(Seat.session_id == session.id, Seat.client_id == person.id)
    return store.scalars(mine.where(Seat.is_given)).one_or_none()


@pytest.fixture
def fridays(group, world):
    return group("FR", [world.maya])


@pytest.fixture
def mondays(group, world, fridays):
    return group("MO", [world.gus])


def test_once_gives_a_place_there_and_tells_the_usual_group(
    maya, store, world, fridays, mondays, clock
):
    usual, other = first(store, fridays), first(store, mondays)
    here = f"/seats/{seat_of(store, usual, world.maya).id}"
    assert f"{here}/other-times" in maya.get(here).text
    page = maya.get(f"{here}/other-times").text
    assert "Just this once" in page
    answer = maya.post(f"{here}/other-times", {"session": other.id})
    store.expire_all()
    new = seat_of(store, other, world.maya)
    assert answer.location == f"/seats/{new.id}"
    assert "knows you come another time" in maya.follow(answer).text
    assert store.scalar(absences.of(seat_of(store, usual, world.maya).id)) is not None
    assert store.scalars(select(MakeUp)).one().by_seat_id == new.id


@pytest.mark.parametrize("spoilt", [{"local_start": "soon"}, {"time_zone": "No/Where"}, {"rrule": "FREQ=DAILY;BYHOUR=1"}])  # fmt: skip
def test_a_time_that_cannot_be_planned_is_left_out(maya, store, world, fridays, mondays, spoilt):
    seat = seat_of(store, first(store, fridays), world.maya)
    store.execute(update(Series).where(Series.id == mondays.id).values(**spoilt))
    store.commit()
    page = maya.get(f"/seats/{seat.id}/other-times")
    assert page.status_code == 200
    assert "Mon · 12:00" not in page.text


def test_for_good_moves_every_coming_place(maya, store, world, fridays, mondays, clock):
    seat = seat_of(store, first(store, fridays), world.maya)
    page = maya.get(f"/seats/{seat.id}/other-times").text
    assert "Mon · 12:00" in page
    answer = maya.post(f"/seats/{seat.id}/other-times/for-good", {"series": mondays.id})
    assert answer.location.endswith("/schedule?view=all")
    coming = select(Session.series_id).join(Seat).where(
        Seat.client_id == world.maya.id, Seat.is_given, Session.starts_at > clock.now()
    )  # fmt: skip
    assert set(store.scalars(coming)) == {mondays.id}


def test_full_is_said_calmly_and_the_usual_place_is_kept(maya, store, world, fridays, group):
    full = group("MO", [world.gus, world.ivy], capacity=2)
    seat = seat_of(store, first(store, fridays), world.maya)
    page = maya.get(f"/seats/{seat.id}/other-times").text
    assert "Full" in page
    for path, form in (
        ("", {"session": first(store, full).id}),
        ("/for-good", {"series": full.id}),
    ):
        answer = maya.post(f"/seats/{seat.id}/other-times{path}", form)
        assert answer.status_code == 409
        assert "Your usual place is kept" in answer.text
    store.expire_all()
    assert store.scalar(absences.of(seat.id)) is None
    assert store.get(Member, (fridays.id, world.maya.id)) is not None


def test_another_couples_hour_is_not_another_time_of_ones_own(maya, store, world, group):
    """P10, S1: couples' sessions of the same title are different sessions; nobody gets into another couple's."""
    ours = group("FR", [world.maya, world.ben], title="Couples hour", kind="couples")
    theirs = group("MO", [world.rosa, world.leo], title="Couples hour", kind="couples", capacity=9)
    seat = seat_of(store, first(store, ours), world.maya)
    assert "other-times" not in maya.get(f"/seats/{seat.id}").text
    for path, form in (
        ("", {"session": first(store, theirs).id}),
        ("/for-good", {"series": theirs.id}),
    ):
        assert maya.post(f"/seats/{seat.id}/other-times{path}", form).status_code == 404
    assert seat_of(store, first(store, theirs), world.maya) is None


def test_a_session_of_something_else_is_refused(maya, store, world, fridays, group):
    other = group("MO", [], title="Evening group", kind="group")
    seat = seat_of(store, first(store, fridays), world.maya)
    answer = maya.post(f"/seats/{seat.id}/other-times", {"session": first(store, other).id})
    assert answer.status_code == 404


def test_a_session_that_has_begun_is_no_longer_exchanged(
    visit, store, world, fridays, mondays, clock
):
    usual, other = first(store, fridays), first(store, mondays)
    seat = seat_of(store, usual, world.maya)
    clock.set(usual.starts_at + timedelta(minutes=1))
    answer = visit(world.maya).post(f"/seats/{seat.id}/other-times", {"session": other.id})
    assert answer.status_code == 409
    assert seat_of(store, other, world.maya) is None


@pytest.mark.parametrize("form", [{}, {"session": "x"}, {"session": 999999}, {"series": "9" * 30}])
def test_a_time_that_does_not_exist_is_404(maya, store, world, fridays, form):
    """R12"""
    seat = seat_of(store, first(store, fridays), world.maya)
    for path in ("other-times", "other-times/for-good"):
        assert maya.post(f"/seats/{seat.id}/{path}", form).status_code == 404


def test_strangers_get_404(visit, store, world, fridays, mondays):
    """S1"""
    seat = seat_of(store, first(store, fridays), world.maya)
    for person in (world.charlie, world.gus, world.aiko, world.henry):
        other = visit(person)
        assert other.get(f"/seats/{seat.id}/other-times").status_code == 404
        for path in ("other-times", "other-times/for-good"):
            answer = other.post(f"/seats/{seat.id}/{path}", {"session": 1, "series": mondays.id})
            assert answer.status_code == 404
