"""The place *Catch up*: one card a session, in the order in which one would do it, with a ring that fills."""

from html import unescape

from tests.care.evenings import DAY, HOUR, missed, room, was_there
from tests.counting import statements
from webapp.care.catch_up import follow_ups
from webapp.care.contact import reengagement_plans
from webapp.care.make_ups import bookings
from webapp.care.materials import homework, resources


def page_of(visitor) -> str:
    return unescape(visitor.get("/catch-up").text)


def test_a_session_is_a_card_with_everything_in_order(maya, seat, summary, task, shelf):
    summary(seat, "We spoke about sleep.")
    shelf("recording", url="https://media.example.org/sleep.mp4", minutes=24)
    page = page_of(maya)
    assert "0 of 4" in page
    parts = ["Read what it was about", "Sleep and light", "A list for the night table", "Talk it through"]  # fmt: skip
    found = [page.index(part) for part in parts]
    assert found == sorted(found)
    assert f"/seats/{seat.id}/make-ups" in page
    assert "We didn't see you" in page


def test_the_ring_fills_with_what_is_done(maya, seat, summary, task, store, world, clock):
    summary(seat, "We spoke about sleep.")
    maya.get(f"/seats/{seat.id}/summary")
    maya.post(f"/homework/{task.id}", {"body": "Bed, book, lamp."})
    assert "2 of 3" in page_of(maya)
    follow_ups.sign_off(store, seat, by=world.carla, now=clock.now())
    store.commit()
    page = page_of(maya)
    assert "You're all caught up" in page
    assert "all 3 done" in page


def test_who_was_everywhere_is_told_so_warmly(maya, seat, store, world, clock):
    was_there(store, seat, world.carla, clock.now())
    store.commit()
    page = page_of(maya)
    assert "You're all caught up" in page
    assert "Open Schedule" in page


def test_a_booked_make_up_shows_on_its_card(maya, seat, store, world, clock):
    other = room(store, world.colin, [], clock.now() + 5 * HOUR, clock.now(), title="Skills", makes_up=("group",))  # fmt: skip
    bookings.book(store, seat, other, by=world.maya, now=clock.now())
    store.commit()
    page = page_of(maya)
    assert "Another time is booked" in page
    assert "Skills" in page
    assert "Find another time" not in page


def test_after_the_deadline_no_other_time_is_offered(maya, seat, clock):
    clock.forward(days=20)
    assert "Find another time" not in page_of(maya)


def test_homework_of_a_session_one_was_in_stands_below(maya, seat, task, store, world, clock):
    was_there(store, seat, world.carla, clock.now())
    store.commit()
    page = page_of(maya)
    assert page.index("You're all caught up") < page.index("A list for the night table")
    assert "by " in page
    homework.hand_in(store, task, "Bed.", by=world.maya, now=clock.now())
    store.commit()
    assert "A list for the night table" not in page_of(maya)


def test_feedback_is_announced_where_the_homework_stands(maya, seat, task, store, world, clock):
    made = homework.hand_in(store, task, "Bed.", by=world.maya, now=clock.now())
    homework.give_feedback(store, made, "Lovely.", by=world.carla, now=clock.now())
    store.commit()
    assert "There is feedback for you" in page_of(maya)


def test_where_a_recording_was_stopped_is_said(maya, shelf, store, world, clock):
    recording = shelf("recording", url="https://media.example.org/sleep.mp4")
    resources.keep_place(store, recording, world.maya, 760, by=world.maya, now=clock.now())
    store.commit()
    assert "You stopped at 12:40" in page_of(maya)


def test_a_plan_made_together_is_there_to_read(maya, store, world, clock):
    reengagement_plans.make(store, world.maya, by=world.carla, now=clock.now(), steps=["make_up", "check_ins"], note="Tuesdays for now.")  # fmt: skip
    store.commit()
    page = page_of(maya)
    assert "Short check-ins between sessions" in page
    assert "Tuesdays for now." in page


def test_nothing_of_another_client_is_on_it(visit, world, maya, seat, summary, task, shelf):
    """S1: Charlie, and Ben who was in the room next door, see nothing of Maya's."""
    summary(seat, "We spoke about sleep.")
    for stranger in (world.charlie, world.ben, world.aiko):
        page = page_of(visit(stranger))
        assert "Evening group" not in page
        assert "night table" not in page
        assert "Sleep and light" not in page


def test_supporters_and_staff_have_no_such_place(visit, world):
    assert visit(world.henry).get("/catch-up").status_code == 404
    assert visit(world.carla).get("/catch-up").status_code == 404
    assert "/catch-up" not in visit(world.henry).get("/").text


def test_ten_cards_cost_as_many_statements_as_two(maya, seat, task, store, world, clock, app):
    database = app.extensions["database"]
    missed(store, world.carla, world.maya, clock.now() - 11 * DAY, ref="m11")
    store.commit()
    with statements(database) as two:
        maya.get("/catch-up")
    for day in range(2, 10):
        other = missed(store, world.carla, world.maya, clock.now() - day * DAY, ref=f"m{day}")
        homework.put(store, world.harbor, f"hw{day}", title="x", session=other.session, by=world.carla, now=clock.now())  # fmt: skip
    store.commit()
    with statements(database) as ten:
        assert maya.get("/catch-up").text.count('class="ring ') >= 10
    assert len(ten) == len(two), "\n".join(ten)
