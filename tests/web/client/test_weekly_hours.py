"""Weekly hours against the plan, drawn and as a table, and the make-up ledger below (M28)."""

import re

import pytest

from tests.care.evenings import DAY, HOUR, missed, room, seat_of, was_there
from webapp.care.make_ups import bookings, settlement


@pytest.fixture
def there(store, world, clock):
    """`there(-2 * DAY, hours=3)`: Maya was in a group of so many hours then."""

    def made(after, hours=3, title="Group"):
        session = room(
            store, world.carla, [world.maya], clock.now() + after, clock.now() - 20 * DAY,
            title=title, minutes=60 * hours,
        )  # fmt: skip
        was_there(store, seat_of(store, session, world.maya), world.carla, session.ends_at)
        store.commit()
        return session

    return made


def row(page, week):
    """The cells of one week in the table."""
    found = re.search(rf'<th scope="row">{week}</th>(.*?)</tr>', page, re.DOTALL)
    return re.findall(r"<td>(.*?)</td>", found[1])


def test_this_week_is_told_in_one_sentence_and_as_a_table(maya, there, seat_in):
    there(-DAY)
    seat_in(hours=20)
    page = maya.get("/hours").text
    assert "3 of 9 h this week so far." in page
    assert "1.5 h are still planned." in page
    assert row(page, "This week") == ["3.0", "0.0", "1.5", "9"]
    assert row(page, "Last week") == ["0.0", "0.0", "0.0", "9"]


def test_a_full_week_is_well_done(maya, there):
    for hours in (1, 2, 3):
        there(-hours * 12 * HOUR, title=f"Group {hours}")
    assert "plan is full. Well done." in maya.get("/hours").text


def test_the_drawing_has_words_and_tells_parts_apart_without_colour(maya, there):
    there(-DAY)
    page = maya.get("/hours").text
    assert 'role="img" aria-labelledby="hours-plot-name"' in page
    assert page.count('class="hours-rest"') == 4
    assert 'id="made-up-lines"' in page


def test_no_week_at_all_is_drawn_without_trouble(visit, world):
    page = visit(world.charlie).get("/hours").text
    assert "0 of 9 h this week so far." in page
    assert "You were there for everything." in page


def test_the_ledger_says_by_what_and_when_each_was_made_up(visit, store, world, clock, database):
    seat = missed(store, world.carla, world.maya, clock.now())
    slot = room(
        store, world.colin, [], clock.now() + DAY, clock.now(), title="Skills", makes_up=("group",)
    )
    store.commit()
    here = f'href="/seats/{seat.id}/make-ups"'
    page = visit(world.maya).get("/hours").text
    assert here in page
    assert "Find a time" in page
    bookings.book(store, seat, slot, by=world.maya, now=clock.now())
    store.commit()
    assert "Skills is booked for Mar 5" in visit(world.maya).get("/hours").text
    clock.set(slot.ends_at + HOUR)
    was_there(store, seat_of(store, slot, world.maya), world.colin, clock.now())
    store.commit()
    settlement.settle(database, clock.now())
    page = visit(world.maya).get("/hours").text
    assert "by Skills, Mar 5" in page
    assert row(page, "This week")[1] == row(page, "This week")[0] != "0.0"


def test_the_page_says_nothing_that_shames_and_its_title_is_neutral(maya, there):
    """P5: the title is what an app switcher shows."""
    page = maya.get("/hours").text
    assert re.search(r"<title>\s*Hours", page)
    assert not re.search(r"\b(behind|only|short|lack|missing)\b", page, re.IGNORECASE)


def test_partners_and_staff_have_no_hours_of_their_own(visit, world):
    assert visit(world.henry).get("/hours").status_code == 404
    assert visit(world.carla).get("/hours").status_code == 404
