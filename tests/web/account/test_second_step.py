"""S3: staff always two factors, whatever the first one is."""

import re

import pytest

from tests.passkey import SoftPasskey
from tests.web.account.conftest import WORDS
from webapp.care.accounts import recovery_codes
from webapp.care.directory.people import Person
from webapp.demo import cast

STAFF_PAGES = ["/staff", "/staff/tasks", "/staff/people", "/staff/timeliness", "/me", "/account"]


@pytest.fixture
def halfway(door, with_password):
    """`halfway(world.carla)`: she has typed her password, and nothing more."""

    def made(person, **form):
        with_password(person)
        visitor = door()
        form = {"email": person.email, "password": WORDS} | form
        visitor.first = visitor.post("/sign-in", form)
        return visitor

    return made


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_s3_a_password_alone_reaches_no_staff_page(world, halfway, path):
    """S3: it is led to the second step, htmx too."""
    carla = halfway(world.carla)
    where = f"/sign-in/second-step?next={path}"
    assert carla.get(path).headers["Location"] == where
    assert carla.get(path, htmx=True).headers["HX-Redirect"] == where


def test_s3_a_password_alone_changes_nothing(world, halfway):
    carla = halfway(world.carla)
    assert (
        carla.post("/me/language", {"language": "es"})
        .headers["Location"]
        .startswith("/sign-in/second-step")
    )


@pytest.mark.parametrize("purpose", ["invitation", "recovery"])
def test_s3_a_link_alone_reaches_no_staff_page(world, door, link_for, purpose):
    carla = door()
    carla.post(link_for(world.carla, purpose))
    assert not carla.inside("/staff")
    assert carla.follow(carla.get("/staff")).headers["Location"] == "/account/welcome"


def test_s3_password_and_code_reach_the_console(world, halfway, with_app, clock):
    """S3: password + TOTP."""
    code = with_app(world.carla)
    carla = halfway(world.carla, next="/staff/tasks")
    clock.forward(seconds=30)
    assert carla.post("/sign-in/second-step", {"code": "000000"}).status_code == 422
    assert not carla.inside("/staff")
    done = carla.post("/sign-in/second-step", {"code": code(), "next": "/staff/tasks"})
    assert done.headers["Location"] == "/staff/tasks"
    assert carla.inside("/staff")


def test_s3_a_code_is_good_once(world, halfway, with_app, clock):
    """S3: a code looked at over somebody's shoulder is worth nothing, neither is an older one."""
    code = with_app(world.carla)
    clock.forward(seconds=30)
    used, carla, thief = code(), halfway(world.carla), halfway(world.carla)
    assert carla.post("/sign-in/second-step", {"code": used}).status_code == 303
    assert thief.post("/sign-in/second-step", {"code": used}).status_code == 422
    assert not thief.inside("/staff")


def test_s3_a_phones_clock_may_be_half_a_minute_off_not_more(world, halfway, with_app, clock):
    """S3: ±1 step."""
    code = with_app(world.carla)
    clock.forward(minutes=3)
    early, carla = code(), halfway(world.carla)
    clock.forward(seconds=60)
    assert carla.post("/sign-in/second-step", {"code": early}).status_code == 422
    nearly = code()
    clock.forward(seconds=30)
    assert carla.post("/sign-in/second-step", {"code": nearly}).status_code == 303


def test_s3_setting_up_the_app_leads_in_and_gives_ten_codes_once(world, door, link_for, clock):
    """S3: invitation → password → square and first code → recovery codes → console."""
    carla = door()
    carla.post(link_for(world.carla))
    assert carla.get("/account/authenticator").headers["Location"] == "/account/password"
    chosen = carla.post("/account/password", {"password": WORDS, "again": WORDS})
    page = carla.follow(chosen)
    assert "<svg" in page.text
    assert carla.get("/account/authenticator").text.count("<svg") == page.text.count("<svg")
    spelled = re.search(r"square-words\">(.*?)</code>", page.text)[1]
    secret = "".join(re.findall(r"<span>(\w+)</span>", spelled))
    import pyotp

    assert carla.post("/account/authenticator", {"code": "123"}).status_code == 422
    assert not carla.inside("/staff")
    shown = carla.post("/account/authenticator", {"code": pyotp.TOTP(secret).at(clock.now())})
    codes = re.findall(r"<li><code>([a-z0-9-]+)</code>", shown.text)
    assert len(set(codes)) == 10
    assert carla.inside("/staff")
    assert codes[0] not in carla.get("/account").text


def test_s3_a_square_somebody_else_looked_at_is_never_the_one_that_counts(world, halfway, clock):
    """S3: not one of another login, of earlier today, or from before a new password: whoever looked holds a copy."""
    thief, carla = halfway(world.carla), halfway(world.carla)
    square = lambda visitor: re.findall(  # noqa: E731
        r"<span>(\w{4})</span>", visitor.get("/account/authenticator").text
    )
    seen = [square(thief), square(carla)]
    assert square(carla) == seen[1]
    carla.post("/account/password", {"current": WORDS, "password": "five green lamps again"})
    seen.append(square(carla))
    carla.register(key := SoftPasskey())
    clock.forward(minutes=10)
    carla.come_in(key)
    seen.append(square(carla))
    assert len({tuple(each) for each in seen}) == len(seen)


def test_s3_staff_can_make_a_passkey_at_the_door(world, door, link_for):
    """S3: invitation → passkey → console."""
    carla, key = door(), SoftPasskey()
    carla.post(link_for(world.carla))
    assert carla.register(key).status_code == 200
    assert carla.inside("/staff")
    assert door().come_in(key).status_code == 200


@pytest.fixture
def codes(world, database, clock):
    with database.writing() as store:
        carla = store.get_one(Person, world.carla.id)
        made = recovery_codes.make(store, carla, by=carla, now=clock.now())
        store.commit()
    return made


def test_s3_a_recovery_code_stands_once_for_the_lost_phone(world, halfway, codes):
    """S3: hashed, single use, however it is spaced and typed."""
    carla, again = halfway(world.carla), halfway(world.carla)
    typed = codes[3].upper().replace("-", " ")
    assert carla.post("/sign-in/second-step", {"code": typed}).status_code == 303
    assert carla.inside("/staff")
    assert again.post("/sign-in/second-step", {"code": codes[3]}).status_code == 422
    assert "9 codes are left" in carla.get("/account").text


def test_s3_new_codes_void_the_old_ones(world, halfway, codes, door):
    carla = door(world.carla)
    shown = carla.post("/account/recovery-codes").text
    assert codes[0] not in shown
    other = halfway(world.carla)
    assert other.post("/sign-in/second-step", {"code": codes[0]}).status_code == 422


def test_s3_one_persons_code_is_no_good_for_another(world, halfway, codes):
    susan = halfway(world.susan)
    assert (
        susan.post("/sign-in/second-step", {"code": codes[0]}).headers.get("Location") != "/staff"
    )
    assert not susan.inside("/staff")


def test_s2_the_second_step_changes_the_cookie(world, halfway, codes, door):
    """S2: rotate at step-up."""
    carla, thief = halfway(world.carla), door()
    name = carla.app.config["LOGIN_COOKIE"]
    thief.client.set_cookie(name, carla.client.get_cookie(name).value)
    carla.post("/sign-in/second-step", {"code": codes[0]})
    assert not thief.inside("/staff")


def test_s3_clients_are_not_asked_for_two(world, halfway):
    maya = halfway(world.maya)
    assert maya.first.headers["Location"] == "/"
    assert maya.inside("/")


def test_s3_the_apps_secret_is_sealed_where_it_is_kept(world, with_app, database):
    """S15: on either engine nobody reads it from the table."""
    from sqlalchemy import text

    with_app(world.carla)
    with database.reading() as store:
        kept = store.scalar(text("SELECT secret FROM authenticator"))
        codes = repr(store.execute(text("SELECT * FROM recovery_code")).all())
    assert kept
    assert not re.fullmatch(r"[A-Z2-7]{32}", kept)
    assert "-" not in codes or cast.PROGRAMS


def test_s3_half_a_sign_in_waits_ten_minutes_then_begins_anew(world, halfway, codes, clock):
    """S3: no loop, no half-open door."""
    carla = halfway(world.carla)
    clock.forward(minutes=11)
    assert carla.get("/sign-in/second-step").headers["Location"].startswith("/sign-in?")
    assert carla.post("/sign-in/second-step", {"code": codes[0]}).status_code == 303
    assert "E-mail" in carla.get("/sign-in").text
    assert not carla.inside("/staff")


SETTING_UP = ["/account/authenticator", "/account/password", "/account/welcome"]


@pytest.mark.parametrize("path", SETTING_UP)
def test_s3_who_has_a_second_factor_gives_it_and_sets_up_no_other(world, halfway, with_app, path):
    """S3: a stolen password must not lead to an authenticator app of the thief's own, nor lock the owner out."""
    with_app(world.carla)
    thief = halfway(world.carla)
    assert thief.get(path).headers["Location"].startswith("/sign-in/second-step")
    refused = thief.post(path, {"password": "other " + WORDS, "again": "other " + WORDS})
    assert refused.status_code in (303, 403, 405)
    assert not thief.inside("/staff")


def test_s3_a_stolen_password_makes_no_passkey_beside_the_second_factor(world, halfway, with_app):
    """S3: nor a passkey of the thief's own."""
    with_app(world.carla)
    thief = halfway(world.carla)
    assert thief.ask("/account/passkeys/question").status_code == 403
    assert thief.post("/account/passkeys", json={"answer": {}}).status_code == 403


@pytest.mark.parametrize("purpose", ["invitation", "recovery"])
def test_s3_a_link_does_not_stand_for_the_second_factor(world, door, link_for, with_app, purpose):
    """S3: a link brings a password back; the authenticator app is still asked for."""
    with_app(world.carla)
    thief = door()
    thief.post(link_for(world.carla, purpose))
    assert (
        thief.get("/account/authenticator").headers["Location"].startswith("/sign-in/second-step")
    )
