"""S5, S6: signing out without a network: the phone's mark ends the login and its reminders at the first request."""

import pytest
from sqlalchemy import select

from tests.visiting import Visit
from tests.web.client.me.test_devices import AUTH, P256DH
from webapp.care.accounts.logins import Login
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address


@pytest.fixture
def device(database, world, clock) -> int:
    """Maya's phone, which shows reminders."""
    with database.writing() as store:
        maya = store.get_one(type(world.maya), world.maya.id)
        made = addresses.add(
            store, maya, "push", "https://fcm.googleapis.com/x", keys={"p256dh": P256DH, "auth": AUTH},
            by=maya, now=clock.now(),
        )  # fmt: skip
        store.commit()
        return made.id


def leave(visitor: Visit, device: int | str) -> None:
    """What static/js/leave.js does when the server does not answer."""
    visitor.client.set_cookie(visitor.app.config["LEFT_COOKIE"], str(device))


def ended(database) -> list[bool]:
    with database.reading() as store:
        return [login.ended_at is not None for login in store.scalars(select(Login))]


def test_the_first_request_of_any_kind_ends_the_login_and_the_reminders(
    app, world, database, device
):
    maya = Visit(app, world.maya)
    leave(maya, device)
    answer = maya.get("/push-key")
    names = " ".join(answer.headers.getlist("Set-Cookie"))
    assert f"{app.config['LEFT_COOKIE']}=;" in names
    assert f"{app.config['LOGIN_COOKIE']}=;" in names
    assert ended(database) == [True]
    with database.reading() as store:
        assert store.get_one(Address, device).stopped_why == "signed_out"
    assert maya.get("/").headers["Location"].startswith("/sign-in")


def test_nothing_signed_in_is_shown_even_once(app, world, device):
    maya = Visit(app, world.maya)
    leave(maya, device)
    answer = maya.get("/")
    assert answer.status_code == 303
    assert "Maya" not in answer.text


def test_the_mark_takes_nobody_elses_reminders(app, world, database, device):
    """S5: the number is a stranger's word; only the person's own device stops."""
    ben = Visit(app, world.ben)
    leave(ben, device)
    ben.get("/")
    with database.reading() as store:
        assert store.get_one(Address, device).stopped_at is None


@pytest.mark.parametrize("words", ["0", "", "-1", "x" * 400, "99999999999999999999", "٣"])
def test_a_mark_that_says_nothing_of_use_still_ends_the_login(app, world, database, words):
    maya = Visit(app, world.maya)
    leave(maya, words or "0")
    assert maya.get("/").status_code == 303
    assert ended(database) == [True]


def test_who_signs_in_next_keeps_their_login(app, world, database, device):
    maya = Visit(app, world.maya)
    leave(maya, device)
    maya.get("/sign-in")
    assert not maya.client.get_cookie(app.config["LEFT_COOKIE"])
    maya._enter(world.ben.id)
    assert "Ben" in maya.get("/").text
