"""S12: while passwords are being checked, every page is answered and further tries are asked to come back in a moment."""

import re
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.visiting import Visit
from webapp.care.accounts import passwords
from webapp.operations.rate_limits import PASSWORD
from webapp.refusals import Busy
from webapp.turns import Turns

WORDS, WRONG = "three quiet blue boats", "fifteen letters and more"


class Held:
    """Stands in for the hasher: it takes until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.trying = threading.Thread(target=passwords.matches, args=(None, WRONG))

    def verify(self, known: str, typed: str) -> bool:
        self.begun.set()
        assert self.let_go.wait(60)
        return False

    def end(self) -> None:
        """Let it go, until its turn is over."""
        self.let_go.set()
        self.trying.join(60)


@pytest.fixture
def maya(app, world, database, clock) -> Visit:
    """She has a password."""
    with database.writing() as store:
        person = store.get_one(type(world.maya), world.maya.id)
        passwords.set_password(store, person, WORDS, by=person, now=clock.now())
        store.commit()
    return Visit(app, world.maya)


@pytest.fixture
def busy(maya, monkeypatch) -> Iterator[Held]:
    """As many tries as a process takes on have come, and none is answered yet."""
    held = Held()
    monkeypatch.setattr(passwords, "_hasher", held)
    monkeypatch.setattr(passwords, "_turns", Turns(waiting=0, patience=60.0))
    held.trying.start()
    assert held.begun.wait(60)
    yield held
    held.end()


def sign_in(app, email, password=WRONG):
    return Visit(app).post("/sign-in", {"email": email, "password": password})


def said(answer) -> str:
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "busy right now. Please try again in a moment." in answer.text
    return answer.text


def test_a_try_more_is_asked_to_come_back_and_keeps_its_address(app, busy):
    """S12: no different for an address that nobody has."""
    pages = []
    for email in ("maya@example.org", "nobody@example.org"):
        page = said(sign_in(app, email))
        assert f'value="{email}"' in page
        assert WRONG not in page
        pages.append(re.sub(r'name="csrf_token" value="[^"]+"', "", page.replace(email, "X")))
    assert pages[0] == pages[1]


def test_every_other_page_is_answered_meanwhile(app, world, maya, busy):
    for visitor, path in (
        (Visit(app), "/crisis"), (Visit(app), "/sign-in"), (Visit(app), "/healthz"), (maya, "/"),
        (Visit(app, world.cody), "/staff"),
    ):  # fmt: skip
        assert visitor.get(path).status_code == 200
    assert maya.post("/me/time-zone", {"time_zone": "America/Chicago"}).status_code == 303


def test_a_try_that_was_not_looked_at_is_no_failure(app, maya, busy):
    for _ in range(PASSWORD.burst + 2):
        assert sign_in(app, "maya@example.org").status_code == 503
        assert sign_in(app, "nobody@example.org").status_code == 503
    busy.end()
    assert sign_in(app, "maya@example.org").status_code == 422
    assert sign_in(app, "nobody@example.org").status_code == 422


def test_nor_is_one_that_unlocks(maya, busy, clock):
    clock.forward(hours=2)
    for _ in range(PASSWORD.burst + 2):
        assert maya.post("/sign-in/unlock", {"password": WRONG}).status_code == 503
    busy.end()
    assert maya.post("/sign-in/unlock", {"password": WRONG}).status_code == 422


def test_one_password_is_hashed_at_a_time(monkeypatch):
    """Two that are hashed at once would meet."""
    meeting = threading.Barrier(2, timeout=0.2)

    class Hasher:
        def verify(self, known: str, typed: str) -> bool:
            with suppress(threading.BrokenBarrierError):
                meeting.wait()
                met.append(typed)
            return False

    met: list[str] = []
    monkeypatch.setattr(passwords, "_hasher", Hasher())
    tries = [threading.Thread(target=passwords.matches, args=(None, WRONG)) for _ in range(2)]
    for each in tries:
        each.start()
    for each in tries:
        each.join(60)
    assert met == []


def test_who_waits_too_long_is_asked_to_come_back():
    turns = Turns(waiting=1, patience=0.001)
    with turns.one():
        with pytest.raises(Busy), turns.one():
            pass
        with pytest.raises(Busy), turns.one():  # whose place to wait is free again
            pass
    with turns.one():
        pass


def test_unlocking_and_confirming_come_back_with_the_form_that_waits(maya, busy, clock):
    form = {"category": "schedule", "signature": "Maya T", "csrf_token": maya.csrf_token()}
    clock.forward(minutes=20)
    page = maya.post("/me/sharing", form).text
    proof = {name: value for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', page) if name.startswith(("kept.", "onward"))}  # fmt: skip
    assert proof["kept.signature"] == "Maya T"
    page = said(maya.post("/account/confirm", proof | {"password": WRONG}))
    assert 'name="kept.signature" value="Maya T"' in page
    clock.forward(minutes=90)
    page = said(maya.post("/sign-in/unlock", proof | {"password": WRONG}))
    assert 'name="kept.signature" value="Maya T"' in page


def test_a_new_password_is_not_kept_while_it_can_not_be_hashed(app, world, busy, store):
    june = Visit(app, world.june)
    said(june.post("/account/password", {"password": WORDS + " too", "again": WORDS + " too"}))
    assert store.get_one(type(world.june), world.june.id).password_hash is None
