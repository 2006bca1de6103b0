"""Today: the next session and when, whether it can still be made, and what needs attention."""

from datetime import timedelta
from html import unescape

from sqlalchemy import event

from tests.care.evenings import looked_into
from tests.counting import statements
from webapp.care.attendance import presence
from webapp.care.contact import messages, reengagement_plans
from webapp.care.materials import homework
from webapp.protocol.facts.steps import Step, occurrence_of


def test_the_next_session_stands_first_with_its_countdown(maya, seat_in):
    seat_in(hours=30, ref="later")
    seat_in(minutes=84, seconds=30)
    page = maya.get("/").text
    assert "1 h 25 min" in page
    assert page.index("1 h 25 min") < page.index("Coming up")


def test_while_the_room_is_open_join_is_the_main_thing(maya, seat_in):
    seat_in(minutes=-3)
    page = maya.get("/").text
    assert "Trouble connecting?" in page
    assert 'class="button button--main" href="https://video.example.org/j/7"' in page


def test_a_session_one_reported_makes_room_for_the_next(maya, seat_in):
    first, second = seat_in(hours=2), seat_in(hours=5, ref="second")
    maya.post(f"/seats/{first.id}/absence", {})
    page = maya.get("/").text
    assert page.index(f"/seats/{second.id}/absence") < page.index("You told us")


def test_a_day_without_sessions_says_so_kindly(maya):
    assert "Nothing planned this week" in maya.get("/").text


def test_htmx_gets_the_card_alone(maya, seat_in):
    seat_in(hours=2)
    answer = maya.get("/", htmx=True).text
    assert answer.lstrip().startswith('<section id="next"')
    assert "thumb-bar" not in answer


def test_a_supporter_reads_that_these_pages_say_nothing_of_somebody_elses_week(visit, world):
    """An empty week must not look like June's."""
    for path in ("/schedule", "/schedule?view=today"):
        page = visit(world.henry).get(path).text
        assert "No sessions of your own" in page
        assert 'href="/together"' in page
        assert "Free" not in page


def test_another_clients_session_is_not_on_my_day(visit, world, seat_in):
    seat_in(hours=2)
    assert "Evening group" not in visit(world.charlie).get("/").text


def test_the_page_needs_few_statements_however_much_is_planned(maya, seat_in, app):
    for hours in range(1, 12):
        seat_in(hours=hours)
    seen = []
    engine = app.extensions["database"].engine
    event.listen(engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    maya.get("/")
    selects = [each for each in seen if each.lstrip().upper().startswith("SELECT")]
    assert len(selects) <= 4, "\n".join(selects)


def test_the_first_visit_fits_into_the_first_packets(maya, seat_in, app):
    import brotli

    for hours in range(1, 6):
        seat_in(hours=hours)
    page = brotli.compress(maya.get("/").data, quality=4)
    css = app.extensions["static_files"].files["app.css"]
    assert len(page) + len(brotli.compress(css)) <= 14_600


def test_a_miss_of_the_last_days_waits_with_a_kind_next_step(maya, seat_in, store, clock, world):
    seat = seat_in(days=-1)
    presence.mark(store, seat, "absent", by=world.carla, now=clock.now(), id="m1")
    reached_out(store, seat)
    page = maya.get("/").text
    assert "Yesterday: we didn't see you" in unescape(page)
    maya.post(f"/seats/{seat.id}/absence", {"reason": "technical"})
    assert "we didn't see you" not in unescape(maya.get("/").text)


def test_who_came_after_all_is_not_asked_why_they_did_not(maya, seat_in, store, clock, world):
    seat = seat_in(days=-1)
    presence.mark(store, seat, "present", by=world.carla, now=clock.now(), id="m1")
    reached_out(store, seat)
    assert "we didn't see you" not in unescape(maya.get("/").text)


def test_what_waits_is_said_in_short_lines_before_the_rest_of_the_day(
    maya, seat_in, store, clock, world
):
    seat_in(hours=2)
    seat_in(hours=4, ref="also")
    over = seat_in(days=-1, ref="over")
    over.session.presence_from = "staff"
    looked_into(store, over.session)
    task, _ = homework.put(store, world.harbor, "hw", title="A list", session=over.session, by=world.carla, now=clock.now())  # fmt: skip
    messages.send(store, world.maya, "Hello.", by=world.carla, now=clock.now())
    reengagement_plans.make(store, world.maya, by=world.carla, now=clock.now(), steps=["make_up"])
    store.commit()
    page = maya.get("/").text
    for words, href in (("1 session to catch up on", "/catch-up"), ("Homework to do", f"/homework/{task.id}"), ("1 new message", "/messages"), ("A plan we made together", "/catch-up#plan")):  # fmt: skip
        assert page.index("Waiting for you") < page.index(words) < page.index("Also today")
        assert f'href="{href}"' in page


def test_it_all_costs_no_statement_more(maya, seat_in, store, clock, world, app):
    over = seat_in(days=-1, ref="over")
    over.session.presence_from = "staff"
    looked_into(store, over.session)
    seat_in(hours=3)
    messages.send(store, world.maya, "Hello.", by=world.carla, now=clock.now())
    store.commit()
    with statements(app.extensions["database"]) as asked:
        assert "1 session to catch up on" in maya.get("/").text
    selects = [each for each in asked if each.lstrip().upper().startswith("SELECT")]
    assert len(selects) <= 4, "\n".join(selects)


def reached_out(store, seat):
    """The ladder has asked the counselor to call."""
    due = seat.session.starts_at + timedelta(hours=1)
    occurrence = occurrence_of(seat.session.starts_at)
    store.add(Step(seat_id=seat.id, rung="outreach", occurrence=occurrence, due_at=due, taken_at=due, result="taken"))  # fmt: skip
    store.commit()
