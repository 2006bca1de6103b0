"""A session's page: attendance and its evidence, moving and cancelling."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from webapp.care.attendance.presence import Presence, RoomLook
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.tasks import Task
from webapp.care.directory.teams import Cover
from webapp.care.schedule import planning
from webapp.care.schedule.sessions import TimeCorrection
from webapp.protocol.engine import engine


def test_the_room_shows_evidence_with_merged_minutes(carla, room, world, record_presence, clock):
    session = room([world.maya, world.gus], -40, presence_from="platform")
    began = session.starts_at
    record_presence(session, world.carla, began)
    record_presence(session, world.maya, began + timedelta(minutes=2))
    record_presence(session, world.maya, began + timedelta(minutes=12), "left")
    record_presence(session, world.maya, began + timedelta(minutes=20))
    page = carla.get(f"/staff/sessions/{session.id}").text
    assert "30 minutes there" in page
    assert "joined" in page
    assert "video platform" in page
    assert "No sign so far." in page
    assert page.count("What happens next") == 2


def test_the_attendance_shown_can_be_confirmed(carla, room, world, store):
    session = room([world.maya], -10)
    answer = carla.post(f"/staff/sessions/{session.id}/confirmation")
    assert answer.location.endswith(f"/staff/sessions/{session.id}")
    store.refresh(session)
    assert session.confirmed_at is not None
    assert store.scalars(select(Presence)).all() == []


ACTS = {
    "confirmation": {}, "presence": {}, "time": {"starts_at": "2026-03-06T18:30"},
    "cancellation": {"reason": "The room is being painted."},
}  # fmt: skip


def as_it_was(store, session) -> tuple:
    store.refresh(session)
    marks = store.scalars(select(Presence.id)).all()
    return session.starts_at, session.confirmed_at, session.cancelled_at, marks


def test_a_counselor_of_one_in_the_room_neither_marks_nor_moves_nor_cancels_it(visit, room, world, store):  # fmt: skip
    """S18: Colin counsels Ben and sees the room, which is Carla's."""
    session = room([world.maya, world.ben], -10)
    before, colin = as_it_was(store, session), visit(world.colin)
    for act, form in ACTS.items():
        assert colin.post(f"/staff/sessions/{session.id}/{act}", form).status_code == 403
    seat = next(each for each in session.seats if each.client_id == world.ben.id)
    assert colin.post(f"/staff/seats/{seat.id}/presence", {"type": "absent"}).status_code == 403
    assert as_it_was(store, session) == before
    page = colin.get(f"/staff/sessions/{session.id}").text
    assert "Ben Torres" in page
    for act in ACTS:
        assert f"/staff/sessions/{session.id}/{act}" not in page
    assert "Mark the room" not in colin.get("/staff").text


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["carla", "cody", "ada", "colin"])
def test_its_host_their_cover_and_a_lead_run_a_room(visit, room, world, store, clock, who, act):
    """S18; Colin covers for Carla, until her cover ends."""
    session, now = room([world.maya, world.ben], 30 if act == "time" else -10), clock.now()
    store.add(Cover(person_id=world.carla.id, covered_by_id=world.colin.id, starts_at=now - timedelta(days=1), ends_at=now + timedelta(hours=1)))  # fmt: skip
    store.commit()
    before, path = as_it_was(store, session), f"/staff/sessions/{session.id}/{act}"
    assert visit(getattr(world, who)).post(path, ACTS[act]).status_code == 303
    assert as_it_was(store, session) != before
    clock.forward(hours=1)
    assert visit(world.colin).post(path, ACTS[act]).status_code == 403


@pytest.mark.parametrize("act", ["presence", "confirmation", "looks"])
def test_s17_said_twice_of_a_room_nothing_new_is_recorded(carla, room, world, store, act):
    session = room([world.maya, world.ben], -10, looked=False)
    path = f"/staff/sessions/{session.id}/{act}"
    events = select(func.count(Event.id)).where(Event.tag != Tag.CHART_READ)
    counted = [store.scalar(events)]
    for _ in range(2):
        assert carla.post(path).status_code == 303
        store.expire_all()
        counted.append(store.scalar(events))
    assert counted[0] < counted[1] == counted[2]


def test_a_session_is_moved_in_the_readers_own_zone(carla, room, world, store):
    session = room([world.maya], 60 * 24)
    length = session.ends_at - session.starts_at
    answer = carla.post(f"/staff/sessions/{session.id}/time", {"starts_at": "2026-03-06T18:30"})
    assert answer.status_code == 303
    store.refresh(session)
    assert session.starts_at.isoformat() == "2026-03-06T23:30:00+00:00"
    assert session.ends_at - session.starts_at == length
    assert store.scalars(select(Event).where(Event.tag == Tag.SESSION_MOVED)).one()


@pytest.mark.parametrize("written", ["2026-03-08T01:30", "2026-03-08T02:30", "2026-11-01T01:30"])
def test_a_session_moved_to_the_night_the_clocks_change_keeps_its_length(
    carla, room, world, store, written
):
    """Rule 12."""
    session = room([world.maya], 60 * 24)
    length = session.ends_at - session.starts_at
    carla.post(f"/staff/sessions/{session.id}/time", {"starts_at": written})
    store.refresh(session)
    assert f"{session.starts_at:%Y-%m-%d}" == written[:10]
    assert session.ends_at - session.starts_at == length


@pytest.mark.parametrize("written", ["tomorrow", "9999-12-31T23:59:59Z", "0001-01-01T00:00"])
def test_an_invalid_time_moves_nothing(carla, room, world, store, written):
    session = room([world.maya], 60 * 24)
    began = session.starts_at
    answer = carla.post(f"/staff/sessions/{session.id}/time", {"starts_at": written})
    assert answer.status_code == 422
    assert "Choose a day and a time." in answer.text
    assert written in answer.text
    store.refresh(session)
    assert session.starts_at == began


def test_a_session_is_cancelled_with_a_reason(carla, room, world, store):
    session = room([world.maya], 60)
    path = f"/staff/sessions/{session.id}/cancellation"
    refused = carla.post(path, {"reason": ""}, htmx=True)
    assert refused.status_code == 422
    assert "Say why, for the record." in refused.text
    carla.post(path, {"reason": "Carla is ill."})
    store.refresh(session)
    assert session.cancelled_at is not None
    page = carla.get(f"/staff/sessions/{session.id}").text
    assert "Called off" in page
    assert "Carla is ill." in page
    assert "Mark the room" not in page


def test_what_was_called_off_takes_place_after_all_with_the_places_it_had(
    carla, room, world, store
):
    session = room([world.maya], 60)
    carla.post(f"/staff/sessions/{session.id}/cancellation", {"reason": "Carla is ill."})
    assert "It takes place after all" in carla.get(f"/staff/sessions/{session.id}").text
    answer = carla.post(f"/staff/sessions/{session.id}/reinstatement")
    assert answer.status_code == 303
    store.refresh(session)
    assert (session.cancelled_at, session.cancel_reason, session.sequence) == (None, None, 2)
    assert [seat.client_id for seat in planning.taken(store, session)] == [world.maya.id]
    assert store.scalars(select(Event).where(Event.tag == Tag.SESSION_REINSTATED)).one()


def test_a_running_session_called_off_by_mistake_takes_place_after_all_and_its_clients_are_told(
    visit, room, world, store, clock, record_presence, ladder
):
    """Rules 4 and 14: what is known of who was there is kept."""
    session = room([world.maya, world.gus], -2, presence_from="platform")
    carla, page = visit(world.carla), f"/staff/sessions/{session.id}"
    assert carla.post(f"{page}/cancellation", {"reason": "the wrong room"}).status_code == 303
    record_presence(session, world.maya, clock.now())
    assert "It takes place after all" in carla.get(page).text
    assert carla.post(f"{page}/reinstatement").status_code == 303
    store.refresh(session)
    assert session.is_on
    assert "1 of 2 there" in carla.get(page).text
    assert store.scalars(select(Event).where(Event.tag == Tag.SESSION_REINSTATED)).one()


def test_nobody_is_asked_who_was_in_a_room_that_was_called_off(carla, room, world, store, clock, ladder):  # fmt: skip
    session = room([world.zoe], -6, looked=False)
    ladder()
    asked = store.scalars(select(Task).where(Task.kind == "mark_room")).one()
    carla.post(f"/staff/sessions/{session.id}/cancellation", {"reason": "the host is ill"})
    ladder()
    store.refresh(asked)
    assert (asked.is_open, asked.withdrawn, asked.outcome) == (False, True, "cancelled")


def test_what_would_be_over_by_now_is_not_reinstated(visit, room, world, store, clock):
    session = room([world.maya], 60)
    session.cancel(store, "ill", by=world.carla, now=clock.now())
    store.commit()
    clock.set(session.ends_at)
    page = f"/staff/sessions/{session.id}"
    assert "It takes place after all" not in visit(world.carla).get(page).text
    answer = visit(world.carla).post(f"{page}/reinstatement", htmx=True)
    assert answer.status_code == 422
    assert "It would be over by now" in answer.text
    store.refresh(session)
    assert session.cancelled_at is not None


@pytest.mark.parametrize("held", ["over", "seen", "marked", "confirmed"])
def test_a_session_that_was_held_is_not_called_off(
    visit, room, world, store, clock, record_presence, held
):
    """Rule 14: nor does its page offer it."""
    session = room([world.maya, world.gus], -10, presence_from="platform")
    cody, page = visit(world.cody), f"/staff/sessions/{session.id}"
    assert "Call this session off" in cody.get(page).text
    match held:
        case "over":
            clock.set(session.ends_at)
        case "seen":
            record_presence(session, world.maya, clock.now())
        case "marked":
            cody.post(f"/staff/seats/{session.seats[0].id}/presence", {"type": "absent"})
        case "confirmed":
            cody.post(f"{page}/confirmation")
    assert "Call this session off" not in visit(world.cody).get(page).text
    answer = visit(world.cody).post(f"{page}/cancellation", {"reason": "wrong page"}, htmx=True)
    assert answer.status_code == 422
    assert "Correct who was there" in answer.text
    store.refresh(session)
    assert session.is_on


def test_a_session_that_has_begun_is_not_moved(carla, room, world, store):
    """Rule 14."""
    session = room([world.maya], -10)
    began = session.starts_at
    assert "Move to another time" not in carla.get(f"/staff/sessions/{session.id}").text
    answer = carla.post(f"/staff/sessions/{session.id}/time", {"starts_at": "2026-03-06T18:30"})
    assert answer.status_code == 422
    store.refresh(session)
    assert session.starts_at == began


def test_no_session_is_moved_into_the_past(carla, room, world, store):
    session = room([world.maya], 60)
    answer = carla.post(f"/staff/sessions/{session.id}/time", {"starts_at": "2026-03-03T18:30"})
    assert answer.status_code == 422
    assert "still to come" in answer.text
    store.refresh(session)
    assert session.sequence == 0


def test_what_people_have_at_the_new_time_is_listed_and_asked_about(carla, room, world, store):
    """By name for those in the reader's care, as a number for others."""
    session = room([world.maya, world.zoe], 60 * 24)
    room([world.maya], 60 * 48, host=world.tessa, ref="other", title="Couples hour")
    room([world.zoe], 60 * 48, host=world.colin, ref="third", title="Skills and tools")
    room([], 60 * 48, ref="own", title="Team talk")
    to = f"/staff/sessions/{session.id}/time"
    asked = carla.post(to, {"starts_at": "2026-03-06T13:30"}, htmx=True)
    assert asked.status_code == 422
    for words in ("Maya Torres", "Couples hour", "Carla", "Team talk", "1 more person"):
        assert words in asked.text
    assert "Skills and tools" not in asked.text
    store.refresh(session)
    assert session.sequence == 0
    carla.post(to, {"starts_at": "2026-03-06T13:30", "anyway": "yes"})
    store.refresh(session)
    assert session.sequence == 1


def test_a_lead_corrects_a_wrong_time_with_a_reason_and_attendance_is_kept(
    visit, carla, room, world, store
):
    """Rules 10 and 14."""
    session = room([world.maya], -60)
    seat = session.seats[0]
    carla.post(f"/staff/seats/{seat.id}/presence", {"type": "present"})
    marks = store.scalars(select(Presence.id)).all()
    to = f"/staff/sessions/{session.id}/correction"
    form = {"starts_at": "2026-03-04T11:00", "ends_at": "2026-03-04T12:30", "reason": "It was put in as noon."}  # fmt: skip
    assert carla.post(to, form).status_code == 403
    cody = visit(world.cody)
    assert cody.post(to, form | {"reason": " "}, htmx=True).status_code == 422
    assert cody.post(to, form | {"starts_at": "2026-03-05T11:00", "ends_at": "2026-03-05T12:00"}).status_code == 422  # fmt: skip
    assert "Correct its time" in cody.get(f"/staff/sessions/{session.id}").text
    assert cody.post(to, form).status_code == 303
    store.refresh(session)
    assert session.starts_at.isoformat() == "2026-03-04T16:00:00+00:00"
    assert session.ends_at.isoformat() == "2026-03-04T17:30:00+00:00"
    assert store.scalars(select(Presence.id)).all() == marks
    [said] = store.scalars(select(TimeCorrection)).all()
    assert (said.reason, said.by_id) == ("It was put in as noon.", world.cody.id)
    assert "1 of 1 there" in cody.get(f"/staff/sessions/{session.id}").text


def correct(cody, session, began, ended, **more):
    """Cody says when it really took place: wall times of New York."""
    form = {"starts_at": began, "ends_at": ended, "reason": "It was put in wrongly."}
    return cody.post(f"/staff/sessions/{session.id}/correction", form | more, htmx=True)


def calls(store, client):
    """(kind, whether open) of the tasks about this client, oldest first."""
    store.expire_all()
    found = store.scalars(select(Task).where(Task.client_id == client.id).order_by(Task.id))
    return [(task.kind, task.is_open) for task in found]


@pytest.mark.parametrize("ended", [False, True])
def test_corrected_times_open_no_second_call_for_the_same_miss(
    visit, room, world, store, clock, ladder, ended
):
    """Nor one after its call was ended by a person."""
    session, cody = room([world.zoe], -90), visit(world.cody)
    ladder()
    assert calls(store, world.zoe) == [("outreach", True)]
    if ended:
        call = store.scalars(select(Task).where(Task.kind == "outreach")).one()
        call.finish(store, "closed", by=world.carla, now=clock.now())
        store.commit()
    for minute in (31, 32):
        assert correct(cody, session, f"2026-03-04T11:{minute}", "2026-03-04T14:30").status_code == 200  # fmt: skip
        clock.forward(minutes=1)
        ladder()
        assert calls(store, world.zoe) == [("outreach", not ended)]


def test_a_corrected_time_asks_once_who_was_in_a_room_that_nobody_marked(
    visit, room, world, store, clock, ladder
):
    session, cody = room([world.zoe], -30, looked=False), visit(world.cody)
    ladder()
    correct(cody, session, "2026-03-04T12:31", "2026-03-04T14:30")
    clock.forward(minutes=1)
    ladder()
    [asked] = store.scalars(select(Task).where(Task.kind == "mark_room")).all()
    assert asked.is_open


def test_a_correction_that_leaves_people_outside_is_asked_about_and_what_it_opens_is_withdrawn_with_it(
    visit, room, world, store, clock, record_presence, ladder
):
    session = room([world.zoe, world.gus], -90, presence_from="platform")
    cody = visit(world.cody)
    record_presence(session, world.zoe, session.starts_at)
    right, wrong = ("2026-03-04T11:30", "2026-03-04T14:30"), ("2026-03-03T11:30", "2026-03-03T14:30")  # fmt: skip
    asked = correct(cody, session, *wrong)
    assert asked.status_code == 422
    live = asked.text[asked.text.index("would not have been at that time") :]
    assert "Zoe" in live[: live.index("Save it all the same")]
    assert "Gus" not in live[: live.index("Save it all the same")]
    store.refresh(session)
    assert session.sequence == 0
    assert correct(cody, session, *wrong, anyway="yes").status_code == 200
    clock.forward(minutes=1)
    ladder()
    assert calls(store, world.zoe) == [("outreach", True), ("reengagement", True)]
    clock.forward(minutes=1)
    assert correct(cody, session, *right).status_code == 200
    ladder()
    assert not [kind for kind, is_open in calls(store, world.zoe) if is_open]


def test_a_session_in_the_future_cannot_be_marked(carla, room, world, store):
    session = room([world.maya], 60)
    assert "Everyone was here" not in carla.get(f"/staff/sessions/{session.id}").text
    seat = session.seats[0]
    answer = carla.post(f"/staff/seats/{seat.id}/presence", {"type": "present"})
    assert answer.status_code == 422
    assert store.scalars(select(Presence)).all() == []


def test_an_old_session_cannot_be_corrected(visit, carla, room, world, store, clock):
    seat = room([world.maya], -10).seats[0]
    clock.forward(days=91)
    answer = visit(world.carla).post(f"/staff/seats/{seat.id}/presence", {"type": "present"})
    assert answer.status_code == 422
    assert "It is too long ago to correct this." in answer.text


def test_htmx_gets_the_live_part_of_the_page(carla, room, world):
    session = room([world.maya], -10)
    part = carla.get(f"/staff/sessions/{session.id}", htmx=True).text
    assert part.lstrip().startswith('<div class="stack" id="live">')
    seat = session.seats[0]
    answer = carla.post(f"/staff/seats/{seat.id}/presence", {"type": "present"}, htmx=True)
    assert 'id="live"' in answer.text
    assert "1 of 1 there" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "", "/presence", "/confirmation", "/time", "/cancellation", "/reinstatement", "/correction",
        "/looks", "/looks/undo",
    ],
)  # fmt: skip
def test_staff_who_may_not_see_a_session_do_not_find_it(visit, room, world, store, path):
    session = room([world.maya], -10)
    for stranger in (world.colin, world.greta, world.charlie, world.maya):
        other = visit(stranger)
        address = f"/staff/sessions/{session.id}{path}"
        form = {"reason": "x", "starts_at": "2026-03-06T18:30"}
        answer = other.post(address, form) if path else other.get(address)
        assert answer.status_code == 404
    store.refresh(session)
    assert (session.cancelled_at, session.confirmed_at, session.sequence) == (None, None, 0)


def test_staff_who_may_not_see_a_session_mark_nobody(visit, room, world, store):
    seat = room([world.maya], -10).seats[0]
    for stranger in (world.colin, world.greta, world.maya):
        path = f"/staff/seats/{seat.id}/presence"
        assert visit(stranger).post(path, {"type": "present"}).status_code == 404
    assert store.scalars(select(Presence)).all() == []


def test_the_host_says_with_one_tap_that_nobody_else_was_there_and_takes_it_back_with_one(
    carla, room, world, store, database, clock
):
    """Rule 7: the ladder waits for it, and goes on from it."""
    session = room([world.maya, world.gus], -61, looked=False)
    path = f"/staff/sessions/{session.id}"

    def called():
        while engine.look(database, clock.now()):
            pass
        return store.scalars(select(Task.client_id).where(Task.kind == "outreach")).all()

    assert called() == []
    page = carla.get(path).text
    assert page.count("Not known") == 2
    assert "I looked: nobody else was there" in page
    assert f"/staff/sessions/{session.id}" in carla.get("/staff/tasks").text
    assert carla.post(f"{path}/looks").status_code == 303
    page = carla.get(path).text
    assert "Nobody else was there, as of" in page
    assert "I looked" not in page
    carla.post(f"{path}/looks/undo")
    assert "I looked: nobody else was there" in carla.get(path).text
    assert called() == []
    carla.post(f"{path}/looks")
    assert set(called()) == {world.maya.id, world.gus.id}
    looks = store.scalars(select(RoomLook).order_by(RoomLook.id)).all()
    assert [(one.by_id, one.undone_by_id) for one in looks] == [
        (world.carla.id, world.carla.id), (world.carla.id, None),
    ]  # fmt: skip


def test_confirming_a_room_is_a_look_into_it(carla, room, world, store):
    session = room([world.maya], -70, looked=False)
    carla.post(f"/staff/sessions/{session.id}/confirmation")
    assert "Missed" in carla.get(f"/staff/sessions/{session.id}").text


def test_who_sees_only_some_of_the_seats_cannot_speak_for_the_room(visit, room, world, store):
    session = room([world.maya, world.ben], -10, looked=False)
    for path in ("looks", "looks/undo"):
        assert visit(world.colin).post(f"/staff/sessions/{session.id}/{path}").status_code == 403
    assert store.scalars(select(RoomLook)).all() == []
