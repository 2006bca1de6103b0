"""A session's summary: the part for everyone and the client's own; opening it marks it as read."""

import pytest
from sqlalchemy import select

from tests.web.client.catch_up import hostile
from webapp.care.materials.summaries import SummaryRead


def test_the_general_part_stands_before_ones_own(maya, seat, summary, world):
    summary(seat, "We spoke about **sleep**.")
    summary(seat, "Your lamp idea helped.", client=world.maya)
    page = maya.get(f"/seats/{seat.id}/summary").text
    assert "<strong>sleep</strong>" in page
    assert page.index("sleep") < page.index("Your lamp idea")


def test_nobody_reads_what_was_written_for_another(visit, world, store, clock, summary):
    """S1: the personal part is one client's alone."""
    from tests.care.evenings import DAY, room, seat_of

    session = room(store, world.carla, [world.maya, world.gus], clock.now() - DAY, clock.now() - 3 * DAY)  # fmt: skip
    his = seat_of(store, session, world.gus)
    summary(his, "For Maya alone.", client=world.maya)
    assert "For Maya alone." not in visit(world.gus).get(f"/seats/{his.id}/summary").text
    hers = seat_of(store, session, world.maya)
    assert visit(world.gus).get(f"/seats/{hers.id}/summary").status_code == 404


def test_reading_is_kept_and_a_new_part_is_new_again(maya, seat, summary, store, world, clock):
    summary(seat, "We spoke about sleep.")
    maya.get("/catch-up")
    assert store.scalars(select(SummaryRead)).all() == []
    maya.get(f"/seats/{seat.id}/summary")
    assert "1 of 2" in maya.get("/catch-up").text
    clock.forward(minutes=5)
    summary(seat, "We spoke about sleep, and light.")
    assert "1 of 2" in maya.get("/catch-up").text, "a better wording is no news"
    summary(seat, "Your lamp idea helped.", client=world.maya)
    assert "0 of 2" in maya.get("/catch-up").text
    clock.forward(minutes=5)
    maya.get(f"/seats/{seat.id}/summary")
    assert "1 of 2" in maya.get("/catch-up").text


def test_before_anything_is_written_the_page_says_so(maya, seat):
    assert "Nothing written down yet" in maya.get(f"/seats/{seat.id}/summary").text


@pytest.mark.parametrize("wrote", hostile.CORPUS, ids=range(len(hostile.CORPUS)))
def test_nothing_but_reading_comes_of_what_anybody_writes(maya, seat, summary, wrote):
    """S11: through the very page that clients open."""
    summary(seat, wrote)
    hostile.check(maya.get(f"/seats/{seat.id}/summary").text)
