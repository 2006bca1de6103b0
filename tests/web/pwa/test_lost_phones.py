"""S19: a phone whose login was ended from elsewhere is told to forget, whatever it asks for; any other phone is not."""

import pytest
from sqlalchemy import select

from tests.visiting import Visit
from webapp.care import leaving
from webapp.care.accounts import logins, sign_in_links, sign_in_methods
from webapp.care.accounts.logins import Login
from webapp.care.accounts.phone_keys import PhoneKey

CONTACTS = ("/offline", "/sign-in", "/service-worker.js", "/manifest.webmanifest", "/me/token", "/")


def is_told(visitor: Visit, path: str) -> bool:
    """Whether this answer tells the phone to forget: by its header, and by a cookie that its next page reads."""
    answer = visitor.get(path)
    marked = visitor.client.get_cookie(visitor.app.config["LOST_COOKIE"]) is not None
    assert ("Phone-Lost" in answer.headers) == any(
        each.startswith(visitor.app.config["LOST_COOKIE"])
        for each in answer.headers.getlist("Set-Cookie")
    )
    return marked and "Phone-Lost" in answer.headers


def end_there(store, maya: Visit, elsewhere: Visit, world, now) -> None:
    login = store.scalars(select(Login).where(Login.person_id == world.maya.id)).first()
    elsewhere.post(f"/me/logins/{login.id}/end")


def end_everywhere(store, maya: Visit, elsewhere: Visit, world, now) -> None:
    elsewhere.post("/me/logins/end")


def recover(store, maya: Visit, elsewhere: Visit, world, now) -> None:
    sign_in_methods.recover(store, world.maya, by=world.maya, now=now)
    store.commit()


def discharge(store, maya: Visit, elsewhere: Visit, world, now) -> None:
    leaving.change_status(store, world.maya, "discharged", by=None, now=now)
    store.commit()


def disable(store, maya: Visit, elsewhere: Visit, world, now) -> None:
    logins.sign_out_everywhere(store, world.maya, "ended_by_operator", by=None, now=now)
    store.commit()


@pytest.mark.parametrize("end", [end_there, end_everywhere, recover, discharge, disable])
def test_every_contact_tells_a_phone_that_was_signed_out_from_elsewhere(
    app, store, visit, world, clock, end
):
    """S19: also when all it asks for is public."""
    lost, elsewhere = visit(world.maya), visit(world.maya)
    assert not any(is_told(lost, path) for path in CONTACTS)
    end(store, lost, elsewhere, world, clock.now())
    for path in CONTACTS:
        lost.client.delete_cookie(app.config["LOST_COOKIE"])
        assert is_told(lost, path), path
    assert lost.get("/me").location.startswith("/sign-in")


def test_a_phone_is_known_long_after_its_login_was_over(store, visit, world, clock):
    """S19: it was lost in a drawer; its cookie outlives the day of its login."""
    lost = visit()
    cookie = sign_in_cookie(lost, store, world, clock)
    assert "Max-Age=7776000" in cookie
    clock.forward(days=3)
    assert not is_told(lost, "/offline")
    logins.sign_out_everywhere(store, world.maya, "ended_elsewhere", by=None, now=clock.now())
    store.commit()
    assert is_told(lost, "/offline")


def sign_in_cookie(visitor: Visit, store, world, clock) -> str:
    """Sign in by a link; returns the header that sets the login's cookie."""
    now = clock.now()
    secret = sign_in_links.issue(store, world.maya, "invitation", by=None, now=now)
    store.commit()
    answer = visitor.post(f"/sign-in/link/{secret}")
    name = visitor.app.config["LOGIN_COOKIE"]
    return next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(name))


def test_who_signed_out_here_or_again_or_ran_out_of_time_is_told_nothing(visit, world, clock):
    """What was kept for them is theirs still."""
    maya = visit(world.maya)
    before = maya.client.get_cookie(maya.app.config["LOGIN_COOKIE"]).value
    maya.post("/sign-out")
    maya.client.set_cookie(maya.app.config["LOGIN_COOKIE"], before)
    assert not is_told(maya, "/offline")
    idle = visit(world.ben)
    clock.forward(days=2)
    assert not is_told(idle, "/sign-in")


def test_the_worker_of_a_lost_phone_differs_and_forgets_as_it_is_installed(
    store, visit, world, clock
):
    """A browser installs a worker whose script has changed, also when no page of ours is open."""
    maya, usual = visit(world.maya), visit().get("/service-worker.js").text
    assert maya.get("/service-worker.js").text == usual
    disable(store, maya, maya, world, clock.now())
    assert "waitUntil(lost.forget())" in maya.get("/service-worker.js").text
    assert "waitUntil(lost.forget())" not in usual


def test_a_phones_key_is_given_to_its_signed_in_person_alone_and_is_the_same_again(
    app, store, visit, world
):
    """S6: with it their unsent words open again; nobody else's do, and it is sealed in the database."""
    keys = [visit(who).post("/me/phone-key").json for who in (world.maya, world.maya, world.ben)]
    assert keys[0] == keys[1]
    assert keys[0]["person"] == world.maya.id
    assert keys[2]["key"] != keys[0]["key"]
    assert visit().post("/me/phone-key").location.startswith("/sign-in")
    assert visit(world.maya).post("/me/phone-key", forged=True).status_code == 403
    connection = store.connection()
    raw = connection.exec_driver_sql("SELECT * FROM phone_key").all()
    assert keys[0]["key"] not in repr(raw)
    assert len(store.scalars(select(PhoneKey)).all()) == 2
