"""S2, S3, S8: coming in and going out, for people and for those who copy cookies and scan mail."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.visiting import Visit
from webapp.care.accounts import passwords, sign_in_links
from webapp.care.accounts.logins import Login
from webapp.care.accounts.sign_in_links import SignInLink

WORDS = "three quiet blue boats"


@pytest.fixture
def link(database, world, clock):
    with database.writing() as store:
        person = store.merge(world.maya, load=False)
        secret = sign_in_links.issue(store, person, "invitation", by=None, now=clock.now())
        store.commit()
    return f"/sign-in/link/{secret}"


@pytest.fixture
def maya_has_a_password(database, world, clock):
    with database.writing() as store:
        person = store.get_one(type(world.maya), world.maya.id)
        passwords.set_password(store, person, WORDS, by=person, now=clock.now())
        store.commit()


def test_a_link_shown_to_a_mail_scanner_is_still_good(app, world, link):
    scanner, maya = Visit(app), Visit(app)
    for _ in range(3):
        assert scanner.get(link).status_code == 200
    scanner.client.head(link)
    answer = maya.post(link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/welcome")
    assert maya.get("/").status_code == 200


def test_a_link_lets_in_once(app, world, link):
    assert Visit(app).post(link).status_code == 303
    second = Visit(app)
    assert second.post(link).status_code == 410
    assert second.get("/").status_code == 303


def test_a_spent_or_unknown_link_says_how_to_get_another(app, world, clock):
    answer = Visit(app).get("/sign-in/link/never-made")
    assert answer.status_code == 410


def test_with_a_password_one_lands_where_one_wanted_to_go(app, world, maya_has_a_password):
    form = {"email": "maya@example.org", "password": WORDS, "next": "/schedule"}
    answer = Visit(app).post("/sign-in", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/schedule")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)",
     "/\t\\evil.example/", " /\\evil.example/", "/\n/evil.example", "http://[", "//[x"],
)  # fmt: skip
def test_nobody_is_led_to_another_site(app, world, maya_has_a_password, elsewhere):
    """S3: also not by what a browser reads otherwise than we do, dropping tabs and turning its strokes round."""
    maya = Visit(app, world.maya)
    assert maya.get("/sign-in", query_string={"next": elsewhere}).headers["Location"] == "/"
    form = {"email": "maya@example.org", "password": WORDS, "next": elsewhere}
    assert Visit(app).post("/sign-in", form).headers["Location"] == "/"


def test_an_unknown_address_and_a_wrong_password_get_the_same_page(app, world, maya_has_a_password):
    pages = [
        Visit(app).post("/sign-in", {"email": email, "password": "not the words at all"})
        for email in ("maya@example.org", "nobody@example.org")
    ]
    assert {page.status_code for page in pages} == {422}
    texts = [
        page.text.replace("maya@example.org", "X").replace("nobody@example.org", "X")
        for page in pages
    ]
    without_tokens = [
        "\n".join(line for line in text.splitlines() if "csrf" not in line) for text in texts
    ]
    assert without_tokens[0] == without_tokens[1]


def test_a_cookie_copied_before_signing_out_is_dead_after(app, world):
    maya = Visit(app, world.maya)
    name = app.config["LOGIN_COOKIE"]
    copied = maya.client.get_cookie(name).value
    answer = maya.post("/sign-out")
    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    thief = Visit(app)
    thief.client.set_cookie(name, copied)
    assert thief.get("/").headers["Location"].startswith("/sign-in")


def test_signing_in_again_ends_the_login_this_device_had(app, world, database, link):
    maya = Visit(app, world.maya)
    maya.post(link)
    with database.reading() as store:
        rows = store.scalars(select(Login).order_by(Login.id)).all()
        assert [login.ended_at is None for login in rows] == [False, True]


def test_an_idle_login_leads_to_sign_in_and_htmx_is_told_to_go_there(app, world, clock):
    maya = Visit(app, world.maya)
    clock.forward(hours=2)
    page, fragment = maya.get("/schedule"), maya.get("/schedule", htmx=True)
    assert page.headers["Location"] == "/sign-in?next=/schedule"
    assert (fragment.status_code, fragment.text) == (204, "")
    assert fragment.headers["HX-Redirect"] == "/sign-in?next=/schedule"
    odd = maya.post("/seats/1/absence", {}, htmx=True, headers={"Referer": "http://["})
    assert odd.headers["HX-Redirect"] == "/sign-in?next=/"


def test_being_seen_keeps_a_login_alive(app, world, clock):
    maya = Visit(app, world.maya)
    for _ in range(4):
        clock.forward(minutes=50)
        assert maya.get("/").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": "AAAA"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_change_that_did_not_come_from_our_page_is_refused(app, world, headers):
    maya = Visit(app, world.maya)
    answer = maya.post("/sign-out", forged=True, headers=headers)
    assert answer.status_code == 403
    assert maya.get("/").status_code == 200


@pytest.mark.parametrize(
    "said",
    [{"Origin": "https://evil.example"}, {"Origin": "http://["}, {"Origin": "null"},
     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)  # fmt: skip
def test_even_with_our_token_a_change_from_elsewhere_is_refused(app, world, said):
    """S8: by what the browser says of the site, or, where it says nothing, of the origin."""
    maya = Visit(app, world.maya)
    headers = {"X-CSRFToken": maya.csrf_token()} | said
    assert maya.post("/sign-out", forged=True, headers=headers).status_code == 403
    assert maya.get("/").status_code == 200


def test_one_persons_token_is_no_good_for_another(app, world):
    maya, ben = Visit(app, world.maya), Visit(app, world.ben)
    answer = ben.post("/sign-out", forged=True, headers={"X-CSRFToken": maya.csrf_token()})
    assert answer.status_code == 403


def test_a_token_of_the_morning_still_counts_in_the_evening(app, world, clock):
    """S8: no typed text is lost to a token's age; it ends with the login."""
    maya = Visit(app, world.maya)
    token = maya.csrf_token()
    for _ in range(5):
        clock.forward(minutes=50)
        maya.get("/")
    assert maya.post("/sign-out", headers={"X-CSRFToken": token}).status_code == 303


def test_staff_find_the_console_and_clients_find_their_day(app, world):
    assert Visit(app, world.carla).get("/").headers["Location"] == "/staff"
    assert Visit(app, world.maya).get("/staff").status_code == 404


def test_no_remember_token_is_ever_set(app, world, maya_has_a_password):
    visitor = Visit(app)
    answer = visitor.post("/sign-in", {"email": "maya@example.org", "password": WORDS})
    assert "remember" not in " ".join(answer.headers.getlist("Set-Cookie")).lower()
    assert "HttpOnly" in answer.headers["Set-Cookie"]


def test_a_link_ends_with_time(app, world, clock, link, database):
    clock.set(clock.now() + timedelta(days=7, minutes=1))
    assert Visit(app).post(link).status_code == 410
    with database.reading() as store:
        assert store.scalars(select(SignInLink.spent_at)).all() == [None]
