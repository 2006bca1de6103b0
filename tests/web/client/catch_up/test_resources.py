"""To read, watch, open or do: places are kept, and a page plays from no other host than its own recording's."""

from html import unescape

import pytest
from sqlalchemy import select

from tests.web.client.catch_up import hostile
from webapp.care.materials.resources import ResourceUse

FILM = "https://media.example.org/sleep.mp4"


def policy(answer) -> str:
    return next(
        part
        for part in answer.headers["Content-Security-Policy"].split("; ")
        if "media-src" in part
    )


def test_a_reading_is_read_to_the_end_with_one_tap(maya, shelf, store):
    reading = shelf()
    page = maya.get(f"/resources/{reading.id}").text
    assert "<em>matters</em>" in page
    answer = maya.post(f"/resources/{reading.id}/end", htmx=True)
    assert "Done" in answer.text
    assert store.scalars(select(ResourceUse.finished_at)).one() is not None
    assert maya.post(f"/resources/{reading.id}/end").location == f"/resources/{reading.id}"


def test_a_recording_goes_on_where_it_was_stopped(maya, shelf, visit, world):
    film = shelf("recording", url=FILM)
    assert maya.post(f"/resources/{film.id}/place", {"seconds": "754.6"}).status_code == 204
    page = visit(world.maya).get(f"/resources/{film.id}").text
    assert 'data-position="754"' in page
    assert "12:34" in page


@pytest.mark.parametrize("seconds", ["", "x", "-1", "nan", "inf", "1e9", "86401"])
def test_a_place_is_a_second_of_a_day(maya, shelf, seconds, store):
    """R12: a clear no, and nothing changes."""
    film = shelf("recording", url=FILM)
    assert maya.post(f"/resources/{film.id}/place", {"seconds": seconds}).status_code == 422
    assert store.scalars(select(ResourceUse)).all() == []


def test_only_the_recordings_own_host_may_be_played_from(maya, shelf):
    """S7: media-src allows what this page needs, and no more; every other page plays nothing."""
    film = shelf("recording", url=FILM)
    assert policy(maya.get(f"/resources/{film.id}")) == "media-src https://media.example.org"
    assert policy(maya.get(f"/resources/{shelf().id}")) == "media-src 'none'"
    assert policy(maya.get("/catch-up")) == "media-src 'none'"


@pytest.mark.parametrize("url", ["https://a.example;script-src/x.mp4", "https://a.example,b/x.mp4", "https://me@a.example/x.mp4",
                                 "https://a.example\n/x.mp4", "https://*/x.mp4", "http://a.example/x.mp4", "https:///x.mp4"])  # fmt: skip
def test_an_address_that_would_widen_the_policy_is_refused(shelf, url):
    from webapp.refusals import Invalid

    with pytest.raises(Invalid) as refused:
        shelf("recording", url=url)
    assert refused.value.field == "url"


def test_what_is_no_media_file_opens_in_a_new_tab(maya, shelf):
    link = shelf("recording", url="https://video.example.org/watch?v=7")
    page = maya.get(f"/resources/{link.id}").text
    assert "<video" not in page
    assert 'target="_blank" rel="noopener noreferrer"' in page


def test_sound_gets_its_own_player(maya, shelf):
    sound = shelf("recording", url="https://media.example.org/breath.mp3")
    page = maya.get(f"/resources/{sound.id}").text
    assert "<audio" in page
    assert "heard it" in unescape(page)


def test_what_is_for_others_or_off_the_shelf_is_not_there(maya, visit, world, shelf, store, clock):
    """S1."""
    theirs = shelf("reading", ref="gus", session=None, clients=[world.gus])
    gone = shelf("link", url="https://x.example")
    gone.withdraw(store, by=world.carla, now=clock.now())
    store.commit()
    for found in (theirs, gone):
        assert maya.get(f"/resources/{found.id}").status_code == 404
        assert maya.post(f"/resources/{found.id}/end").status_code == 404
        assert maya.post(f"/resources/{found.id}/place", {"seconds": "1"}).status_code == 404
    assert visit(world.gus).get(f"/resources/{theirs.id}").status_code == 200


@pytest.mark.parametrize("wrote", hostile.CORPUS, ids=range(len(hostile.CORPUS)))
def test_nothing_but_reading_comes_of_what_anybody_writes(maya, shelf, wrote):
    """S11."""
    found = shelf(body=wrote, title="Plain")
    hostile.check(maya.get(f"/resources/{found.id}").text)
