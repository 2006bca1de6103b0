"""S9: a notification's button does one thing, for one seat, for a while, without signing in, and reads nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.presence import Presence
from webapp.care.audit.events import Event
from webapp.care.contact.tasks import Task
from webapp.notify.kinds import ANSWERS, REPLIES, Action


@pytest.fixture
def phone(app):
    """A service worker: no cookies, no token."""
    return app.test_client()


def count(store, row):
    return store.scalar(select(func.count()).select_from(row))


def test_cant_make_it_reports_the_absence_once_however_often_it_is_tapped(
    phone, seat_in, store, button
):
    where = button(seat_in(hours=3), Action.ABSENCE)
    for _ in range(3):
        answer = phone.post(where)
        assert (answer.status_code, answer.get_json()) == (200, {})
    assert count(store, AbsenceReport) == 1


def test_join_tells_the_ladder_and_where_the_room_is(phone, seat_in, store, button):
    answer = phone.post(button(seat_in(minutes=-3), Action.JOIN))
    assert answer.get_json() == {"room": "https://video.example.org/j/7"}
    assert count(store, Presence) == 1


def test_trouble_opens_one_task(phone, seat_in, store, button):
    where = button(seat_in(minutes=-3), Action.TROUBLE)
    assert [phone.post(where).status_code for _ in range(2)] == [200, 200]
    assert count(store, Task) == 1


def test_ill_be_there_is_written_down_once(phone, seat_in, store, button):
    where = button(seat_in(hours=3), Action.CONFIRM)
    assert [phone.post(where).status_code for _ in range(2)] == [200, 200]
    said = select(Event).where(Event.tag == "seat:coming:confirmed")
    assert len(store.scalars(said).all()) == 1


def test_after_its_time_it_does_nothing(phone, seat_in, store, button, clock):
    where = button(seat_in(hours=3), Action.ABSENCE, until=clock.now() + timedelta(minutes=5))
    clock.forward(minutes=6)
    assert phone.post(where).status_code == 410
    assert count(store, AbsenceReport) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-2] + ("A" if t[-2] != "A" else "B") + t[-1],
        lambda t: t.replace(".absence.", ".join."),
        lambda t: "x",
    ],
)
def test_a_changed_one_does_nothing(phone, seat_in, store, button, change):
    where = button(seat_in(hours=3), Action.ABSENCE)
    path, _, token = where.rpartition("/")
    assert phone.post(f"{path}/{change(token)}").status_code == 410
    assert count(store, AbsenceReport) == 0


def test_it_is_void_for_a_seat_that_is_no_longer_theirs(
    phone, seat_in, store, button, clock, world
):
    seat = seat_in(hours=3)
    assert phone.post(button(seat, Action.ABSENCE, person_id=world.ben.id)).status_code == 410
    seat.release(store, by=None, now=clock.now())
    store.commit()
    assert phone.post(button(seat, Action.ABSENCE)).status_code == 410
    assert count(store, AbsenceReport) == 0


def test_nothing_can_be_read_with_it(phone, seat_in, button):
    where = button(seat_in(hours=3), Action.ABSENCE)
    assert phone.get(where).status_code in (404, 405)
    told = phone.post(where).text
    assert not any(word in told for word in ("Maya", "Carla", "Evening", "Harbor", "2026"))


def test_a_session_called_off_says_no_plainly(phone, seat_in, store, button, clock):
    seat = seat_in(hours=3)
    seat.session.cancel(store, "host ill", by=None, now=clock.now())
    store.commit()
    answer = phone.post(button(seat, Action.ABSENCE))
    assert (answer.status_code, answer.get_json()) == (409, {"code": "cancelled"})


# --- links in e-mails -----------------------------------------------------------------------------------------------


@pytest.fixture
def link(button):
    """`link(seat, Action.ABSENCE)`: where an e-mail's link leads."""
    return lambda *about, **more: button(*about, **more).replace(ANSWERS, REPLIES)


@pytest.mark.parametrize("verb", [Action.CONFIRM, Action.ABSENCE])
def test_a_link_in_an_e_mail_asks_once_so_that_scanners_answer_nothing(
    visit, seat_in, store, link, verb
):
    where = link(seat_in(hours=3), verb)
    reader = visit()
    before = [count(store, each) for each in (AbsenceReport, Event)]
    for _ in range(3):
        page = reader.get(where)
        assert page.status_code == 200
        assert 'method="post"' in page.text
        assert reader.client.head(where).status_code == 200
    assert before == [count(store, each) for each in (AbsenceReport, Event)]
    for _ in range(2):
        assert "Thank you" in reader.client.post(where).text
    store.expire_all()
    coming = select(Event).where(Event.tag == "seat:coming:confirmed")
    said = count(store, AbsenceReport), len(store.scalars(coming).all())
    assert said == ((0, 1) if verb is Action.CONFIRM else (1, 0))


def test_the_page_of_a_link_names_nothing(visit, seat_in, link):
    where = link(seat_in(hours=3), Action.ABSENCE)
    for page in (visit().get(where), visit().client.post(where)):
        assert not any(
            word in page.text for word in ("Maya", "Carla", "Evening", "Harbor", "2026", "6:00")
        )


@pytest.mark.parametrize("verb", [Action.JOIN, Action.TROUBLE])
def test_a_link_gives_no_other_answer_than_the_two(visit, seat_in, store, link, verb):
    where = link(seat_in(minutes=-3), verb)
    assert visit().get(where).status_code == visit().client.post(where).status_code == 410
    assert count(store, Task) == count(store, Presence) == 0


def test_a_link_whose_time_is_over_says_so_and_does_nothing(visit, seat_in, store, link, clock):
    where = link(seat_in(hours=3), Action.ABSENCE, until=clock.now() + timedelta(minutes=5))
    clock.forward(minutes=6)
    for page in (visit().get(where), visit().client.post(where)):
        assert page.status_code == 410
        assert "be used any more" in page.text
    assert count(store, AbsenceReport) == 0


def test_the_second_link_takes_the_first_back(visit, seat_in, store, link):
    seat = seat_in(hours=3)
    visit().client.post(link(seat, Action.ABSENCE))
    visit().client.post(link(seat, Action.CONFIRM))
    store.expire_all()
    assert store.scalar(select(AbsenceReport)).withdrawn_at is not None


@pytest.mark.parametrize("in_between", [Action.ABSENCE, Action.CONFIRM])
@pytest.mark.parametrize("way", ["link", "button"])
def test_s9_a_link_from_before_ones_last_answer_in_the_app_changes_nothing(
    maya, visit, seat_in, store, link, button, clock, in_between, way
):
    """S9: whoever reads the mail would silently undo it. The page says what it says of a link whose time is over."""
    seat = seat_in(hours=3)
    other = Action.CONFIRM if in_between is Action.ABSENCE else Action.ABSENCE
    old = (link if way == "link" else button)(seat, other)
    clock.forward(minutes=5)
    to = "absence" if in_between is Action.ABSENCE else "coming"
    assert maya.post(f"/seats/{seat.id}/{to}", {}).status_code in (200, 303)
    before = count(store, Event)
    clock.forward(minutes=1)
    assert visit().client.get(old).status_code in (200, 404, 405), "opening it tells nothing"
    page = visit().client.post(old)
    assert page.status_code == 410
    store.expire_all()
    assert count(store, Event) == before
    newer = link(seat, other)
    assert "Thank you" in visit().client.post(newer).text


def test_s9_a_link_of_an_older_mail_does_not_undo_the_answer_from_a_newer_one(
    visit, seat_in, store, link, clock
):
    seat = seat_in(hours=3)
    old = link(seat, Action.CONFIRM)
    clock.forward(minutes=5)
    newer = [link(seat, verb) for verb in (Action.ABSENCE, Action.CONFIRM)]
    assert visit().client.post(newer[0]).status_code == 200
    assert visit().client.post(old).status_code == 410
    assert visit().client.post(newer[1]).status_code == 200


def test_s9_its_owner_sees_that_it_was_answered_from_a_reminder(maya, visit, seat_in, link, clock):
    seat = seat_in(hours=3)
    where = f"/seats/{seat.id}"
    assert "Answered from a reminder" not in maya.get(where).text
    visit().client.post(link(seat, Action.ABSENCE))
    assert "Answered from a reminder on Mar 4" in maya.get(where).text
    clock.forward(minutes=1)
    maya.post(f"{where}/absence/withdrawal")
    assert "Answered from a reminder" not in maya.get(where).text


def test_s17_links_for_one_seat_answer_a_few_times(visit, seat_in, store, link):
    """S17: whoever has the mail would fill the chart."""
    seat = seat_in(hours=3)
    links = [link(seat, verb) for verb in (Action.ABSENCE, Action.CONFIRM)]
    sent = [visit().client.post(links[n % 2]).status_code for n in range(12)]
    assert sent == [200] * 8 + [429] * 4
