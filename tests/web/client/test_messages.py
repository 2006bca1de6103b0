"""The client's side of the thread: one page, nothing lost, nothing twice, and always 988."""

import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from tests.visiting import Visit
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import messages
from webapp.care.contact.messages import Message

NIGHT = "Nobody reads here at night. In danger?"


@pytest.fixture
def say(store, world, clock):
    """`say(world.carla, "Hello")`: a word in Maya's thread, a minute later."""

    def said(by, body, client=None, **more) -> Message:
        now = clock.forward(minutes=1)
        made = messages.send(store, client or world.maya, body, by=by, now=now, **more)
        store.commit()
        return made

    return said


def bodies(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<div class="said-words"><p>(.*?)</p>', page)]


def test_the_thread_reads_from_top_to_bottom_with_who_wrote(maya, say, world):
    say(world.maya, "Can we talk on Friday?")
    say(world.carla, "Yes, at four.")
    say(world.tessa, "I'll join you.")
    page = maya.get("/messages").text
    assert bodies(page) == ["Can we talk on Friday?", "Yes, at four.", "I'll join you."]
    assert "Carla Reyes <small>counselor</small>" in page
    assert "Tessa Moreau <small>couples therapist</small>" in page


def test_it_says_who_reads_along_and_that_nobody_does_at_night(maya, visit, world):
    page = maya.get("/messages").text
    assert "Carla Reyes (counselor), Tessa Moreau (couples therapist), Susan Okafor" in page
    assert NIGHT in page
    assert "Call or text 988" in page
    lonely = visit(world.charlie).get("/messages").text
    assert NIGHT in lonely
    assert "Nobody is named here yet" in lonely
    assert "<textarea" not in lonely


def test_days_are_divided_where_the_reader_is(visit, world, say, clock):
    clock.set(clock.now().replace(hour=4, minute=30))
    say(world.ivy, "Before midnight in Chicago", client=world.ivy)
    clock.set(clock.now() + timedelta(hours=2))
    say(world.ivy, "After it", client=world.ivy)
    clock.set(clock.now() + timedelta(days=3))
    page = visit(world.ivy).get("/messages").text
    assert len(re.findall(r'<h2 class="said-day">', page)) == 2
    assert page.index("Before midnight") < page.rindex('class="said-day"') < page.index("After it")


def test_what_is_sent_stands_there_and_the_line_is_empty_again(maya, store, world):
    answer = maya.post("/messages", {"body": " I'm a little late today. \r\nSorry! "}, htmx=True)
    assert bodies(answer.text.replace("\r\n", " ")) == ["I'm a little late today.  Sorry!"]
    assert 'data-sent="messages"' in answer.text
    assert "</textarea>" in answer.text
    assert re.search(r"<textarea[^>]*></textarea>", answer.text)


def test_without_javascript_one_comes_back_to_the_thread(maya):
    answer = maya.post("/messages", {"body": "Hello"})
    assert answer.status_code == 303
    assert "Hello" in maya.follow(answer).text


def test_the_same_sending_twice_is_one_message(maya, store, world):
    """R7: a double tap, or a second try after a lost answer."""
    form = {"body": "On my way", "request_id": str(uuid.uuid4())}
    for _ in range(3):
        maya.post("/messages", form, htmx=True)
    assert store.scalars(select(Message.body, Message.id)).all() == ["On my way"]


def test_words_changed_before_the_second_try_are_not_lost(maya, store):
    one = str(uuid.uuid4())
    for body in ("On my way", "On my way, five minutes"):
        maya.post("/messages", {"body": body, "request_id": one}, htmx=True)
    assert len(store.scalars(select(Message.id)).all()) == 2


@pytest.mark.parametrize("body", ["", "   ", "x" * 5001])
def test_what_is_refused_comes_back_with_its_text(maya, store, body):
    """R12."""
    answer = maya.post("/messages", {"body": body}, htmx=True)
    assert answer.status_code == 422
    assert "Write a few words, up to 5000 letters." in answer.text
    assert body.strip() in answer.text
    assert not store.scalars(select(Message.id)).all()


def test_an_expired_token_gives_the_text_back(maya, store):
    """S8."""
    old = {"body": "Kept words", "csrf_token": maya.csrf_token()}
    maya.enter()
    answer = maya.post("/messages", old, forged=True)
    assert answer.status_code == 403
    assert "Kept words" in answer.text


def test_anothers_words_from_a_page_that_stayed_open_are_not_given_back(maya, visit, world):
    """S8: a shared phone, two tabs."""
    hers, ben = {"body": "Kept words", "csrf_token": maya.csrf_token()}, visit(world.ben)
    answer = ben.post("/messages", hers, forged=True)
    assert answer.status_code == 403
    assert "Kept words" not in answer.text


def test_opening_the_thread_is_reading_it_and_looking_by_itself_is_not(
    maya, say, world, store, clock
):
    say(world.carla, "How are you?")
    waiting = lambda: messages.unread(store, world.maya, clock.now())  # noqa: E731
    shown = "0-0"
    assert "How are you?" in maya.get(f"/messages/news?shown={shown}", htmx=True).text
    assert waiting() == 1
    assert ">New<" in maya.get("/messages").text
    store.expire_all()
    assert waiting() == 0
    assert ">New<" not in maya.get("/messages").text


def test_a_touch_marks_what_came_in_as_read(maya, say, world, store, clock):
    first = say(world.carla, "One")
    say(world.carla, "Two")
    maya.post("/messages/read", {"up_to": str(first.id)})
    assert messages.unread(store, world.maya, clock.now()) == 1


def test_nothing_new_is_answered_with_nothing(maya, say, world):
    say(world.carla, "How are you?")
    page = maya.get("/messages").text
    stamp = re.search(r"/messages/news\?shown=([\d-]+)", page)[1]
    assert maya.get(f"/messages/news?shown={stamp}", htmx=True).status_code == 204
    say(world.carla, "Still there?")
    assert "Still there?" in maya.get(f"/messages/news?shown={stamp}", htmx=True).text


def test_the_writer_sees_that_the_team_has_seen_it_and_not_who(maya, say, world, store, clock):
    say(world.maya, "Hello")
    assert "· seen" not in maya.get("/messages").text
    messages.mark_read(store, world.maya, by=world.susan, now=clock.now())
    store.commit()
    page = maya.get("/messages").text
    assert "· seen" in page
    assert page.count("Susan") == 1, "only among those who may read"


def test_a_long_thread_shows_its_end_and_leads_back(maya, say, world):
    for number in range(45):
        say(world.carla, f"Word {number}")
    page = maya.get("/messages").text
    assert bodies(page)[0] == "Word 5"
    older = re.search(r'href="(/messages\?before=\d+)"', page)[1]
    earlier = maya.get(older).text
    assert bodies(earlier) == [f"Word {number}" for number in range(5)]
    assert "<textarea" not in earlier
    assert NIGHT in earlier


def test_markup_in_a_message_stays_text(maya, say, world):
    say(world.carla, "<b hx-get=/>bold</b>")
    assert "&lt;b hx-get=/&gt;bold&lt;/b&gt;" in maya.get("/messages").text


def test_nobody_but_the_client_has_this_page(visit, world):
    """S1: staff and supporters get 404, strangers are led to sign-in."""
    for person in (world.henry, world.carla, world.theo, world.ada):
        for path in ("/messages", "/messages/news"):
            assert visit(person).get(path).status_code == 404, person.ref
        assert visit(person).post("/messages", {"body": "x"}).status_code == 404
    assert visit().get("/messages").status_code == 303


def test_each_client_sees_their_own_thread_alone(visit, world, say):
    """S1."""
    say(world.maya, "Only for my team")
    for person in (world.ben, world.gus, world.charlie, world.aiko):
        page = visit(person).get("/messages")
        assert page.status_code == 200
        assert "Only for my team" not in page.text, person.ref


def test_ones_own_reading_leaves_no_trace_in_the_chart(maya, say, world, store):
    say(world.carla, "Hello")
    maya.get("/messages")
    assert not store.scalars(select(Event.id).where(Event.tag == Tag.CHART_READ)).all()


def test_writing_counts_as_a_sign_of_life(app, world, store, clock, seat_in):
    """A message after the start stops the checks; it is not having been spoken to (docs/protocol.md, *The ladder*)."""
    from webapp.protocol.facts.facts import of_seats
    from webapp.protocol.facts.picture import SeatRow
    from webapp.protocol.ladder.ladder import stopping

    seat = seat_in(minutes=-10)
    Visit(app, world.maya).post("/messages", {"body": "I can't get in"})
    row = SeatRow(seat.id, seat.session_id, seat.client_id, seat.given_at)
    [picture] = of_seats(store, [row], clock.now())
    assert "contact" in stopping(picture.facts, clock.now())
    assert "spoken" not in stopping(picture.facts, clock.now())


def test_s12_nobody_floods_the_care_team(maya):
    """S12: thirty at once, then one every two minutes; what was typed comes back."""
    sent = [maya.post("/messages", {"body": f"Line {n}"}).status_code for n in range(30)]
    assert set(sent) == {303}
    over = maya.post("/messages", {"body": "One more line"})
    assert over.status_code == 429
    assert "One more line" in over.text
