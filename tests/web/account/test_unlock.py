"""S2, S3: an idle login is locked, one proof unlocks it where the person was, and after a day a full sign-in is needed."""

import html
import re

import pytest

from tests.web.account.conftest import WORDS
from webapp.care.accounts.logins import Login
from webapp.care.contact import addresses
from webapp.care.directory.people import Person


def carried(page) -> dict[str, str]:
    """What a proof's form holds of the form before it."""
    found = re.findall(
        r'<input type="hidden" name="(kept\.[^"]+|onward)" value="([^"]*)"', page.text
    )
    return {name: html.unescape(value) for name, value in found}


@pytest.fixture
def idle(door, clock):
    """`idle(person, hours=2)`: that person's browser, left alone for that long."""

    def made(person, **long):
        visitor = door(person)
        assert visitor.inside()
        clock.forward(**long)
        return visitor

    return made


def test_s3_an_idle_client_opens_with_a_passkey_where_they_were(world, idle, with_passkey):
    """S3: idle 1 h, then a quick unlock."""
    phone, maya = with_passkey(world.maya), idle(world.maya, minutes=61)
    sent = maya.get("/schedule")
    assert sent.headers["Location"] == "/sign-in?next=/schedule"
    page = maya.follow(sent).text
    assert "Welcome back" in page
    assert "E-mail" not in page
    assert maya.come_in(phone, "/schedule").json["to"] == "/schedule"
    assert maya.inside("/schedule")


def test_s3_staff_idle_after_a_quarter_of_an_hour(world, idle, with_passkey):
    """S3: staff 15 min."""
    key, carla = with_passkey(world.carla), idle(world.carla, minutes=16)
    assert not carla.inside("/staff")
    assert carla.come_in(key, "/staff/tasks").json["to"] == "/staff/tasks"
    assert carla.inside("/staff")


def test_s3_a_password_opens_what_idled_and_a_wrong_one_does_not(world, idle, with_password):
    with_password(world.maya)
    maya = idle(world.maya, hours=2)
    assert (
        maya.post("/sign-in/unlock", {"password": "wrong words", "onward": "/me"}).status_code
        == 422
    )
    assert not maya.inside()
    opened = maya.post("/sign-in/unlock", {"password": WORDS, "onward": "/schedule"})
    assert opened.headers["Location"] == "/schedule"
    assert maya.inside()


def test_s3_after_a_day_it_takes_a_full_sign_in(world, door, clock, with_password):
    """S3: overall 24 h, however much it was used or unlocked."""
    with_password(world.maya)
    maya = door(world.maya)
    for _ in range(25):
        clock.forward(minutes=58)
        maya.get("/")
    assert "E-mail" in maya.follow(maya.get("/schedule")).text
    refused = maya.post("/sign-in/unlock", {"password": WORDS, "onward": "/"})
    assert refused.headers["Location"] == "/sign-in?next=/"
    assert not maya.inside()


def test_s2_unlocking_changes_the_cookie(world, idle, with_password, door):
    """S2: a cookie copied before is dead after."""
    with_password(world.maya)
    maya = idle(world.maya, hours=2)
    name = maya.app.config["LOGIN_COOKIE"]
    copied = maya.client.get_cookie(name).value
    maya.post("/sign-in/unlock", {"password": WORDS, "onward": "/"})
    thief = door()
    thief.client.set_cookie(name, copied)
    assert not thief.inside()
    assert maya.inside()


def test_s3_a_form_sent_too_late_comes_back_with_its_text(world, door, clock, with_password):
    """S3: expiry keeps every draft, without JavaScript too; a password on the way is not carried along."""
    with_password(world.maya)
    maya = door(world.maya)
    token = maya.csrf_token()
    clock.forward(hours=2)
    typed = {"csrf_token": token, "note": "the bus <was> full", "password": "secret"}
    page = maya.post("/me/language", typed, forged=True)
    assert page.status_code == 403
    assert "the bus &lt;was&gt; full" in page.text
    assert "secret" not in page.text
    kept = carried(page)
    assert kept["onward"] == "/me/language"
    again = maya.post("/sign-in/unlock", kept | {"password": "not the words"})
    assert "the bus &lt;was&gt; full" in again.text
    back = maya.post("/sign-in/unlock", kept | {"password": WORDS})
    assert 'action="/me/language"' in back.text
    assert "the bus &lt;was&gt; full" in back.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', back.text)[1]
    once_more = {"language": "en", "csrf_token": token}
    sent = maya.post("/me/language", once_more, headers={"X-CSRFToken": ""})
    assert sent.status_code == 303, "one more tap is one tap"


def test_s8_on_a_shared_phone_nobodys_words_go_out_as_anothers(
    world, door, clock, with_passkey, with_password
):
    """S8: Maya's message met an idle login; Ben, who opens the phone as himself, is neither shown it nor asked to send it."""
    bens, maya = with_passkey(world.ben), door(world.maya)
    with_password(world.ben)
    hers = {"body": "Ben scares me", "csrf_token": maya.csrf_token()}
    clock.forward(hours=2)
    kept = carried(maya.post("/messages", hers, forged=True))
    assert maya.come_in(bens, kept["onward"]).json["to"] == "/"
    sent = maya.post("/sign-in/unlock", kept)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/")
    clock.forward(hours=2)
    pages = [
        maya.post("/messages", hers, forged=True),
        maya.post("/sign-in/unlock", kept | {"password": "not the words"}),
        maya.post("/sign-in/unlock", kept | {"password": WORDS}),
    ]
    assert [page.status_code for page in pages] == [403, 422, 303]
    assert not any("Ben scares me" in page.text for page in pages)


def test_s8_htmx_is_led_to_the_unlock_never_given_it_as_a_fragment(world, idle):
    """S8: HX-Redirect."""
    maya = idle(world.maya, hours=2)
    answer = maya.get("/schedule", htmx=True)
    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/schedule"


def test_s2_an_idle_login_is_listed_and_can_be_ended(world, idle, door, database):
    """S2: what can be opened again stands on Me, and ending it there shuts it for good."""
    lost, here = idle(world.maya, hours=2), door(world.maya)
    with database.reading() as store:
        first = min(login.id for login in store.query(Login).filter_by(person_id=world.maya.id))
    assert f"/me/logins/{first}/end" in here.get("/me/sign-ins").text
    here.post(f"/me/logins/{first}/end")
    assert "E-mail" in lost.follow(lost.get("/me")).text


def test_somebody_elses_proof_does_not_open_it(world, idle, with_passkey, database):
    """Another person who holds the phone comes in as themselves; the idle login ends."""
    bens, shared = with_passkey(world.ben), idle(world.maya, hours=2)
    assert shared.come_in(bens).status_code == 200
    assert "Ben Torres" in shared.get("/me").text
    with database.reading() as store:
        mayas = store.query(Login).filter_by(person_id=world.maya.id).all()
    assert all(login.ended_at for login in mayas)


def test_s6_who_is_not_meant_may_start_over(world, idle, database, clock):
    """S5, S6: what the phone kept of the first goes, their reminders too, as when they sign out themselves."""
    shared, endpoint = idle(world.maya, hours=2), "https://fcm.googleapis.com/x"
    with database.writing() as store:
        maya = store.get_one(Person, world.maya.id)
        addresses.add(store, maya, "push", endpoint, by=maya, now=clock.now(), keys={})
        store.commit()
    assert 'data-sign-out="' in shared.get("/sign-in").text
    gone = shared.post("/sign-in/other", {"endpoint": endpoint})
    assert gone.headers["Clear-Site-Data"] == '"cache", "storage"'
    with database.reading() as store:
        assert store.scalars(addresses.live("push", endpoint)).all() == []
    assert "E-mail" in shared.get("/sign-in").text


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"]
)
def test_unlocking_leads_to_no_other_site(world, idle, with_password, elsewhere):
    with_password(world.maya)
    maya = idle(world.maya, hours=2)
    opened = maya.post("/sign-in/unlock", {"password": WORDS, "onward": elsewhere})
    assert opened.headers["Location"] == "/"


def test_s2_signing_out_needs_no_unlocking(world, door, clock, database):
    """S2: the page is older than the idling; its button still ends the login, for good."""
    maya = door(world.maya)
    token = maya.csrf_token()
    clock.forward(hours=2)
    out = maya.post("/sign-out", headers={"X-CSRFToken": token})
    assert out.headers["Location"] == "/sign-in"
    with database.reading() as store:
        assert all(
            login.ended_at for login in store.query(Login).filter_by(person_id=world.maya.id)
        )


def test_s8_another_logins_token_signs_nobody_out(world, door, clock):
    """S8: CSRF on every state change, at the door too."""
    maya, ben = door(world.maya), door(world.ben)
    token = ben.csrf_token()
    assert maya.post("/sign-out", forged=True, headers={"X-CSRFToken": token}).status_code == 403
    clock.forward(hours=2)
    assert maya.post("/sign-out", forged=True, headers={"X-CSRFToken": token}).status_code == 401
