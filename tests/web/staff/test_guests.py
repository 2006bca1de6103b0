"""Guests nobody knows yet: signed messages of Zoom come in, the ladder looks, and the host says on the session's page who they are."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.web.api import zoom
from webapp.care.attendance.guests import Guest, Identification
from webapp.care.attendance.presence import Presence
from webapp.care.attendance.standing import standing
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.tasks import Task
from webapp.care.schedule.sessions import Seat
from webapp.operations.zoom import digest
from webapp.protocol.engine import engine, reconcile
from webapp.protocol.engine.overdue_tasks import tend
from webapp.protocol.facts import facts

LINK = f"https://zoom.us/j/{zoom.MEETING}"


class Evening:
    """A room of Carla's with Maya, Ben and Gus, told in minutes from its start. Nobody has an e-mail at Zoom but Carla."""

    def __init__(self, app, database, store, world, room, clock, visit):
        self.app, self.database, self.store, self.world = app, database, store, world
        self.clock, self.visit = clock, visit
        self.session = room([world.maya, world.ben, world.gus], 0, presence_from="platform")
        self.began = self.session.starts_at
        self.session.join_url, self.session.ends_at = LINK, self.at(90)
        store.commit()

    def at(self, minutes):
        return self.began + timedelta(minutes=minutes)

    def hear(self, minutes, *bodies):
        """Zoom sends these, signed, and the worker takes them up; the engine looks until nothing is due."""
        self.clock.set(self.at(minutes))
        for body in bodies:
            answer = zoom.send(self.app, body)
            assert answer.status_code == 200, answer.text
        while digest(self.database, self.clock.now()):
            pass
        self.look(minutes)

    def look(self, *minutes):
        for minute in minutes:
            self.clock.set(self.at(minute))
            while engine.look(self.database, self.at(minute)):
                pass
        self.store.expire_all()

    def host_joins(self, minutes=0):
        self.hear(minutes, zoom.participant("joined", self.at(minutes), "carla", user_id="1"))

    def guest(self, kind, minutes, who="7", name="iPhone", **more):
        """One who shows no e-mail, as nearly all do."""
        shown = {"user_id": who, "user_name": name, "participant_uuid": f"P{who}", "email": ""}
        return zoom.participant(kind, self.at(minutes), "", **shown | more)

    def standing(self, person, minutes):
        seat = select(Seat).where(Seat.session_id == self.session.id, Seat.client_id == person.id)
        picture = facts.of_seat(self.store, self.store.scalars(seat).one(), self.at(minutes))
        return str(standing(picture.facts, self.at(minutes)))

    def standings(self, minutes):
        world = self.world
        return [self.standing(one, minutes) for one in (world.maya, world.ben, world.gus)]

    def present_for(self, person, minutes):
        seat = select(Seat).where(Seat.session_id == self.session.id, Seat.client_id == person.id)
        picture = facts.of_seat(self.store, self.store.scalars(seat).one(), self.at(minutes))
        return round(picture.facts.tally(self.at(minutes)).present_for / timedelta(minutes=1))

    def called(self):
        """Whom the ladder has somebody call about this session."""
        mine = Task.session_id == self.session.id
        tasks = select(Task.client_id).where(Task.kind == "outreach", mine)
        return {
            name
            for name in ("maya", "ben", "gus")
            if getattr(self.world, name).id in set(self.store.scalars(tasks))
        }

    def questions(self):
        asked = select(Task).where(Task.kind == "match_guest").order_by(Task.id)
        return self.store.scalars(asked).all()

    def guests(self):
        return self.store.scalars(select(Guest).order_by(Guest.id)).all()

    def page(self, person=None):
        """The session's page as its host sees it. Signed in anew, since the evening goes on for hours."""
        return self.visit(person or self.world.carla).get(f"/staff/sessions/{self.session.id}").text

    def says(self, guest, person=None):
        path = f"/staff/guests/{guest.id}/identification"
        form = {"person": str(person.id) if person else ""}
        answer = self.visit(self.world.carla).post(path, form)
        assert answer.status_code == 303, answer.text
        self.store.expire_all()

    def takes_back(self, guest):
        path = f"/staff/guests/{guest.id}/identification/undo"
        assert self.visit(self.world.carla).post(path).status_code == 303
        self.store.expire_all()


@pytest.fixture
def settings(settings):
    """The clinic's Zoom account is connected."""
    return settings.model_copy(update={"zoom_secrets": {"harbor": ("new-secret",)}})


@pytest.fixture
def evening(app, database, store, world, room, clock, visit):
    return Evening(app, database, store, world, room, clock, visit)


def test_while_a_guest_may_be_anyone_nobody_is_chased_and_the_host_is_asked_once(evening, world):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2))
    evening.look(5, 20, 60)
    assert evening.standings(60) == ["unknown"] * 3
    assert evening.called() == set()
    [asked] = evening.questions()
    assert (asked.owner_id, asked.due_at) == (world.carla.id, evening.at(15))
    tend(evening.database, evening.at(15))
    evening.store.expire_all()
    assert evening.questions()[0].owner_id == world.cody.id


def test_one_tap_says_who_it_is_their_minutes_count_from_the_first_and_the_others_are_found(
    evening, world, store
):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name="Galaxy S9", phone_number="+12125550142"))
    evening.look(5, 20)
    page = evening.page()
    assert "Guests nobody knows yet" in page
    assert "Galaxy S9" in page
    assert "+12125550142" in page
    assert "This is Gus Kowalski" in page
    evening.clock.set(evening.at(30))
    evening.says(evening.guests()[0], world.gus)
    evening.look(30, 60)
    assert evening.standings(60) == ["missed", "missed", "attended"]
    assert evening.present_for(world.gus, 60) == 58
    assert evening.called() == {"maya", "ben"}
    [asked] = evening.questions()
    assert asked.outcome == "named"
    page = evening.page()
    assert "Guests nobody knows yet" not in page
    assert "said Carla" in page


def test_a_slip_is_undone_by_one_tap_and_holds_the_others_again(evening, world, store):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2))
    evening.look(5)
    [guest] = evening.guests()
    evening.says(guest, world.gus)
    evening.look(6)
    evening.takes_back(guest)
    evening.look(7, 20, 60)
    assert evening.standings(60) == ["unknown"] * 3
    assert evening.called() == set()
    evening.says(guest, world.ben)
    evening.look(61)
    assert evening.called() == {"maya", "gus"}
    rows = store.scalars(select(Identification).order_by(Identification.id)).all()
    assert [(row.person_id, row.by_id, row.undone_by_id) for row in rows] == [
        (world.gus.id, world.carla.id, world.carla.id), (world.ben.id, world.carla.id, None),
    ]  # fmt: skip
    tags = store.scalars(select(Event.tag).where(Event.tag.startswith("session:guest")))
    assert list(tags) == [Tag.GUEST_IDENTIFIED, Tag.GUEST_UNKNOWN_AGAIN, Tag.GUEST_IDENTIFIED]


def test_somebody_who_is_nobody_we_wait_for_holds_nobody(evening, world):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name="Interpreter"))
    evening.look(5)
    evening.says(evening.guests()[0])
    evening.look(6, 20, 60)
    assert evening.called() == {"maya", "ben", "gus"}


def test_a_look_into_the_room_answers_for_the_guests_of_then_and_not_for_later_ones(evening, world):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2))
    evening.look(5)
    evening.visit(world.carla).post(f"/staff/sessions/{evening.session.id}/looks")
    evening.look(6)
    assert evening.standings(6) == ["waiting"] * 3
    evening.hear(30, evening.guest("joined", 30, who="8", name="Somebody"))
    evening.look(60)
    assert evening.called() == set()
    assert [task.is_open for task in evening.questions()] == [False, True]


@pytest.mark.parametrize(
    "mark", [{"id": "acc-gus"}, {"phone_number": "+12125550142"}, {"email": "gus@home.example"}]
)
def test_who_was_named_once_is_recognized_on_the_next_evening(
    evening, world, store, room, clock, mark
):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, **mark))
    evening.says(evening.guests()[0], world.gus)
    later = room([world.maya, world.gus], 3 * 24 * 60, presence_from="platform", ref="later")
    later.join_url = LINK
    store.commit()
    evening.session, evening.began = later, later.starts_at
    evening.host_joins()
    evening.hear(3, evening.guest("joined", 3, who="93", name="Another name", **mark))
    evening.look(5, 20, 60)
    assert (evening.standing(world.gus, 60), evening.standing(world.maya, 60)) == ("attended", "missed")  # fmt: skip
    assert "recognized from an earlier evening" in evening.page()
    assert evening.called() == {"maya"}
    evening.takes_back(evening.guests()[-1])
    assert evening.standing(world.gus, 60) == "unknown"


@pytest.mark.parametrize("name", ["Gus Kowalski", "gus", "Kowalski, Gus", "Gus’s iPhone", "Galaxy"])
def test_a_name_is_no_more_than_a_proposal(evening, world, store, room, name):
    """Anybody may show any name; one that was named before is proposed too."""
    evening.host_joins()
    if name == "Galaxy":
        evening.hear(1, evening.guest("joined", 1, who="5", name="Galaxy"))
        evening.says(evening.guests()[0], world.gus)
        later = room([world.maya, world.gus], 3 * 24 * 60, presence_from="platform", ref="later")
        later.join_url = LINK
        store.commit()
        evening.session, evening.began = later, later.starts_at
        evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name=name))
    evening.look(60)
    assert "Probably Gus Kowalski?" in evening.page()
    assert evening.standing(world.gus, 60) == "unknown"


def test_a_name_that_fits_two_is_not_proposed(evening, world, store):
    world.ben.name = "Gus Torres"
    store.commit()
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name="Gus"))
    assert "Probably" not in evening.page()


def test_no_e_mails_at_all_two_are_there_and_the_third_is_found(evening, world):
    """As nearly all real logs are: nobody but devices, the host's own account included."""
    host = {"id": "x7jk", "name": "Room 1"}
    evening.hear(
        0, evening.guest("joined", 0, who="1", **host), evening.guest("joined", 1, who="2")
    )
    evening.hear(4, evening.guest("joined", 4, who="3", name="Gal A"))
    evening.look(5, 20, 60)
    assert evening.called() == set()
    assert "Runs the meeting" in evening.page()
    for guest, person in zip(evening.guests(), (world.carla, world.maya, world.ben), strict=True):
        evening.says(guest, person)
    evening.look(61)
    assert evening.standings(61) == ["attended", "attended", "missed"]
    assert evening.called() == {"gus"}


def test_one_person_on_two_devices_is_counted_once(evening, world):
    evening.host_joins()
    evening.hear(
        50,
        evening.guest("joined", 0, who="2", name="Laptop"),
        evening.guest("joined", 5, who="3", name="", phone_number="+12125550142"),
        evening.guest("left", 40, who="2", name="Laptop"),
        evening.guest("left", 50, who="3", name="", phone_number="+12125550142"),
    )
    for guest in evening.guests():
        evening.says(guest, world.gus)
    assert evening.present_for(world.gus, 90) == 50
    assert evening.standing(world.gus, 90) == "attended"


def test_a_name_changed_midway_is_the_same_guest(evening, world, store):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name="iPhone"))
    evening.says(evening.guests()[0], world.gus)
    evening.hear(70, evening.guest("left", 70, name="Gus K"))
    [guest] = evening.guests()
    assert guest.name == "Gus K"
    assert evening.present_for(world.gus, 90) == 68
    evening.look(71)
    assert evening.called() == {"maya", "ben"}


def test_time_in_breakout_rooms_counts_for_the_guest_of_the_meeting(evening, world):
    evening.host_joins()
    evening.hear(
        61,
        evening.guest("joined", 0),
        evening.guest("left", 20),
        zoom.breakout(
            "joined", evening.at(20), "R1", user_id="70", parent_user_id="7", participant_uuid=""
        ),  # fmt: skip
        zoom.breakout(
            "left", evening.at(50), "R1", user_id="70", parent_user_id="7", participant_uuid=""
        ),  # fmt: skip
        evening.guest("joined", 50, who="71", participant_uuid="P7"),
        evening.guest("left", 60, who="71", participant_uuid="P7"),
    )
    guests = evening.guests()
    for guest in guests:
        evening.says(guest, world.gus)
    assert evening.present_for(world.gus, 90) == 60
    assert len(guests) <= 2


def test_the_waiting_room_holds_the_ladder_a_quarter_of_an_hour_and_the_host_hears_of_it(
    evening, world
):
    evening.host_joins()
    evening.hear(3, zoom.waiting(evening.at(3), "maya", user_id="5"), zoom.waiting(evening.at(3), "", user_id="6", participant_uuid="P6", user_name="Galaxy"))  # fmt: skip
    page = evening.page()
    assert page.count("In the waiting room") == 2
    evening.look(5, 17)
    assert evening.standings(17) == ["waiting"] * 3
    first_checks = select(Event).where(Event.tag == Tag.STEP_TAKEN)
    taken = [e for e in evening.store.scalars(first_checks) if e.fields["rung"] == "first_check"]
    assert taken == []
    evening.look(18, 20, 60)
    assert evening.called() == {"maya", "ben", "gus"}


def test_a_meeting_started_anew_closes_what_its_first_run_left_open(evening, world):
    evening.host_joins()
    evening.hear(
        30,
        evening.guest("joined", 0),
        evening.guest("joined", 0, who="8", name="Galaxy"),
        zoom.in_run("SecondRun==", evening.guest("joined", 30, who="17", name="iPhone")),
    )
    first, second, third = evening.guests()
    for guest, person in ((first, world.gus), (second, world.ben), (third, world.gus)):
        evening.says(guest, person)
    assert evening.present_for(world.gus, 90) == 90
    assert evening.present_for(world.ben, 90) == 30
    assert evening.standing(world.ben, 90) == "partial"


def test_the_end_of_the_meeting_closes_all_that_was_open_in_whatever_order_it_is_heard(
    evening, world
):
    """The `left` of everybody is lost."""
    evening.host_joins()
    evening.hear(41, zoom.meeting("ended", evening.at(40)))
    evening.hear(42, evening.guest("joined", 2), zoom.participant("joined", evening.at(1), "maya", user_id="4"))  # fmt: skip
    evening.says(evening.guests()[0], world.gus)
    assert [evening.present_for(who, 90) for who in (world.maya, world.gus)] == [39, 38]
    assert evening.standing(world.gus, 90) == "partial"
    assert "1:40" in evening.page()


def test_a_stand_in_is_not_the_planned_host(evening, world, store):
    evening.hear(0, zoom.meeting("started", evening.at(0)))
    evening.hear(0, zoom.participant("joined", evening.at(0), "", email="colin@example.org", id="x7jk", user_id="1"))  # fmt: skip
    seen = store.scalars(
        select(Presence.person_id).where(Presence.session_id == evening.session.id)
    )
    assert set(seen) == {world.colin.id}
    evening.look(5, 20, 60)
    assert evening.called() == {"maya", "ben", "gus"}


def test_an_unknown_account_that_runs_the_meeting_is_a_guest_only_while_the_host_is_missing(
    evening,
):
    evening.hear(0, evening.guest("joined", 0, who="1", id="x7jk", name="Room 1"))
    evening.look(5)
    assert evening.standings(5) == ["unknown"] * 3
    evening.host_joins(10)
    evening.look(20, 60)
    assert evening.called() == {"maya", "ben", "gus"}


def test_who_left_before_the_start_was_there_for_something_else(evening):
    evening.host_joins()
    evening.hear(1, evening.guest("joined", -40), evening.guest("left", -10))
    evening.look(5, 20, 60)
    assert evening.called() == {"maya", "ben", "gus"}


def test_a_room_with_an_unknown_guest_is_not_confirmed_by_itself(evening, database, world, store):
    """P4."""
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2))
    evening.look(110)
    reconcile.watch(database, evening.at(110))
    store.refresh(evening.session)
    assert evening.session.confirmed_at is None
    evening.says(evening.guests()[0], world.gus)
    reconcile.watch(database, evening.at(130))
    store.refresh(evening.session)
    assert evening.session.confirmed_at is not None


def test_once_nobody_is_waited_for_nobody_is_asked(evening, world):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2))
    evening.look(5)
    people = [("maya", "21"), ("ben", "22")]
    evening.hear(7, *(zoom.participant("joined", evening.at(7), who, user_id=id) for who, id in people))  # fmt: skip
    assert evening.questions()[0].is_open
    evening.hear(9, zoom.participant("joined", evening.at(9), "", customer_key="gus", user_id="23"))
    assert evening.questions()[0].outcome == "evidence"


def test_what_a_guest_shows_is_sealed_and_reading_it_leaves_a_trace(evening, world, store):
    """S15, P7."""
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name="Gustavo K", phone_number="+12125550142"))
    [row] = store.execute(text("SELECT name, phone, guest.key FROM guest"))
    assert not {"Gustavo", "12125550142"} & set(" ".join(map(str, row)).replace("+", " ").split())
    evening.page()
    read = select(Event).where(Event.tag == Tag.CHART_READ)
    assert [(e.client_id, e.fields["what"]) for e in store.scalars(read)] == [(None, "room")]
    evening.says(evening.guests()[0], world.gus)
    evening.page()
    assert world.gus.id in {event.client_id for event in store.scalars(read)}


def test_who_does_not_see_the_whole_room_sees_no_guests_and_names_none(
    evening, world, store, visit
):
    """S1."""
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name="Gustavo"))
    [guest] = evening.guests()
    assert "Gustavo" not in evening.page(world.colin)
    for path in ("identification", "identification/undo"):
        address = f"/staff/guests/{guest.id}/{path}"
        assert visit(world.colin).post(address, {"person": str(world.ben.id)}).status_code == 403
        for stranger in (world.charlie, world.maya, world.greta):
            assert visit(stranger).post(address, {"person": str(world.ben.id)}).status_code == 404
    assert store.scalars(select(Identification)).all() == []


@pytest.mark.parametrize("who", ["ivy", "x", "9999999", "-1"])
def test_a_guest_is_named_as_somebody_who_may_be_there_or_not_at_all(evening, world, store, who):
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2))
    [guest] = evening.guests()
    chosen = str(getattr(world, who).id) if who == "ivy" else who
    path = f"/staff/guests/{guest.id}/identification"
    answer = evening.visit(world.carla).post(path, {"person": chosen})
    assert answer.status_code == 422
    assert "Choose one of the people who may be in this session." in answer.text
    assert store.scalars(select(Identification)).all() == []


def test_a_word_of_a_guest_is_in_no_message_to_staff(evening, world):
    """P5: the question itself names nobody."""
    evening.host_joins()
    evening.hear(2, evening.guest("joined", 2, name="Gustavo"))
    evening.look(5)
    [asked] = evening.questions()
    assert "Gustavo" not in json.dumps(asked.brief)
    assert "Gustavo" not in evening.visit(world.carla).get("/staff/tasks").text


def test_two_on_one_device_are_both_there_with_one_tap_and_that_is_undone_by_one(evening, world):
    evening.host_joins()
    evening.hear(1, zoom.participant("joined", evening.at(1), "maya", user_id="4"))
    seats = {seat.client_id: seat.id for seat in evening.session.seats}
    assert "With Maya Torres, on one device" in evening.page()
    path = f"/staff/seats/{seats[world.ben.id]}/company"
    answer = evening.visit(world.carla).post(path, {"with": str(seats[world.maya.id])})
    assert answer.status_code == 303
    evening.store.expire_all()
    evening.look(5, 20, 60)
    assert evening.standings(60) == ["attended", "attended", "missed"]
    assert evening.called() == {"gus"}
    evening.takes_back(evening.guests()[0])
    evening.look(61)
    assert evening.standings(61) == ["attended", "missed", "missed"]
    assert evening.called() == {"gus", "ben"}


def test_what_staff_said_of_one_at_a_device_follows_nothing_of_the_other(evening, world):
    """P11."""
    evening.host_joins()
    evening.hear(1, zoom.participant("joined", evening.at(1), "maya", user_id="4"))
    seats = {seat.client_id: seat.id for seat in evening.session.seats}
    path = f"/staff/seats/{seats[world.ben.id]}/company"
    evening.visit(world.carla).post(path, {"with": str(seats[world.maya.id])})
    evening.store.expire_all()
    before = (evening.standing(world.ben, 90), evening.present_for(world.ben, 90))
    evening.hear(9, zoom.participant("left", evening.at(9), "maya", user_id="4"))
    assert (evening.standing(world.ben, 90), evening.present_for(world.ben, 90)) == before


@pytest.mark.parametrize("other", ["", "x", "0", "own"])
def test_somebody_sits_with_somebody_else_of_the_session_or_nothing_changes(evening, world, store, other):  # fmt: skip
    evening.host_joins(1)
    [ben] = [seat for seat in evening.session.seats if seat.client_id == world.ben.id]
    chosen = str(ben.id) if other == "own" else other
    answer = evening.visit(world.carla).post(f"/staff/seats/{ben.id}/company", {"with": chosen})
    assert answer.status_code == 422
    assert evening.guests() == []
