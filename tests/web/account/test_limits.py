"""S12: attempts are limited wherever one signs in, and known and unknown accounts look the same."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select

from tests.visiting import Caller, Visit
from tests.web.account.conftest import WORDS
from webapp.care.accounts.logins import Login
from webapp.operations import rate_limits
from webapp.web.page import attempts


def at_once(count, act):
    """So many acts in one instant, however slow the machine; answers their answers."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        return [act(n) for n in range(count)]


def sign_in(visitor: Visit, email: str, password: str = "wrong words all along"):
    return visitor.post("/sign-in", {"email": email, "password": password})


def test_s12_an_account_is_tried_ten_times_then_one_is_asked_to_wait(door, world, with_password):
    """S12: per account, wherever from; `Retry-After` says how long."""
    with_password(world.maya)
    sent = at_once(12, lambda n: sign_in(door(), "maya@example.org"))
    assert [answer.status_code for answer in sent] == [422] * 10 + [429] * 2
    assert 0 < int(sent[-1].headers["Retry-After"]) <= 60


def test_s12_also_the_right_password_waits_and_then_opens(door, world, with_password, clock):
    """S12: never a permanent lock-out, and no way to learn the password while refused."""
    with_password(world.maya)
    at_once(11, lambda n: sign_in(door(), "maya@example.org"))
    assert sign_in(door(), "maya@example.org", WORDS).status_code == 429
    clock.forward(seconds=61)
    assert sign_in(door(), "MAYA@example.org ", WORDS).status_code == 303
    wrong = at_once(9, lambda n: sign_in(door(), "maya@example.org"))
    assert {answer.status_code for answer in wrong} == {422}


def test_s12_a_passkey_lets_in_while_the_password_is_under_attack(
    door, world, with_passkey, with_password
):
    """S12: whoever hammers at a name shuts out nobody."""
    phone = with_passkey(world.maya)
    with_password(world.maya)
    for _ in range(15):
        sign_in(door(), "maya@example.org")
    assert door().come_in(phone).status_code == 200


def test_s12_an_unknown_account_is_counted_like_a_known_one(door, world, with_password):
    """S12: neither status nor headers nor text tell them apart, up to and past the limit."""
    with_password(world.maya)
    told = {
        who: at_once(11, lambda n, who=who: sign_in(door(), f"{who}@example.org"))
        for who in ("maya", "nobody")
    }
    assert told["maya"][-1].status_code == 429
    for known, unknown in zip(told["maya"], told["nobody"], strict=True):
        assert known.status_code == unknown.status_code
        assert list(known.headers.keys()) == list(unknown.headers.keys())
        assert _plain(known.text, "maya") == _plain(unknown.text, "nobody")


def _plain(text: str, who: str) -> str:
    lines = text.replace(f"{who}@example.org", "X").splitlines()
    return "\n".join(line for line in lines if "csrf" not in line)


def test_s12_a_patient_stranger_shuts_nobody_out(app, door, world, with_password, store, clock):
    """S12: one address that goes on for days leaves the account tries enough; the right password is heard from elsewhere."""
    with_password(world.maya)
    with app.test_request_context(environ_base={"REMOTE_ADDR": "198.51.100.7"}):
        tries = attempts.password_limits("maya@example.org")
    for _ in range(36 * 12):
        clock.forward(minutes=5)
        _spend(store, tries, clock.now())
    assert sign_in(door(), "maya@example.org", WORDS).status_code == 303


def test_s12_a_browser_that_has_signed_in_is_heard_whoever_else_tries(app, door, world, with_password, store, clock):  # fmt: skip
    """S12: many addresses use up what strangers have. Her own phone, signed out, is no stranger to her account, and no
    less so after their tries; to another account it is one."""
    with_password(world.maya)
    with_password(world.ben)
    maya, ben = door(), door()
    sign_in(maya, "maya@example.org", WORDS)
    sign_in(ben, "ben@example.org", WORDS)
    for each in (maya, ben):
        each.post("/sign-out")
        assert "maya" not in each.client.get_cookie(app.config["KNOWN_COOKIE"]).value
    for n in range(101):
        with app.test_request_context(environ_base={"REMOTE_ADDR": f"198.51.100.{n}"}):
            _spend(store, attempts.password_limits("maya@example.org"), clock.now())
    assert sign_in(ben, "maya@example.org", WORDS).status_code == 429
    name = app.config["KNOWN_COOKIE"]
    told = {"Cookie": f"{name}={maya.client.get_cookie(name).value}"}
    for _ in range(10):
        with app.test_request_context(headers=told):
            _spend(store, attempts.password_limits("maya@example.org"), clock.now())
    assert sign_in(maya, "maya@example.org", WORDS).status_code == 429
    clock.forward(seconds=61)
    assert sign_in(maya, "maya@example.org", WORDS).status_code == 303


def _spend(store, tries, now):
    with suppress(rate_limits.TooMany):
        for rate, who in tries:
            rate_limits.spend(store, rate, who, now=now)
    store.commit()


def test_s12_of_ipv6_a_whole_household_is_one_address(door, world):
    """S12: the first half. An IPv4 address that is written as one of IPv6 is that address."""

    def at(address, n):
        visitor = door()
        visitor.client.environ_base["REMOTE_ADDR"] = address
        return visitor.post(f"/sign-in/link/guess{n}").status_code

    assert at_once(41, lambda n: at(f"2001:db8:1:1::{n + 1:x}", n)) == [410] * 40 + [429]
    assert at("2001:db8:1:2::1", 0) == 410
    assert at_once(41, lambda n: at(f"::ffff:198.51.100.{n + 1}", n)) == [410] * 41


def test_s12_one_address_of_the_net_tries_forty_times(door, world):
    """S12: per address, whoever it is for; others are not held up."""
    sent = at_once(42, lambda n: sign_in(door(), f"guess{n}@example.org").status_code)
    assert sent == [422] * 40 + [429] * 2
    elsewhere = door()
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert sign_in(elsewhere, "guess99@example.org").status_code == 422


def test_s12_only_a_trusted_proxys_word_counts_for_where_one_is(door, world):
    """S12: an invented X-Forwarded-For makes nobody somebody else."""

    def lie(n):
        told = {"X-Forwarded-For": f"198.51.100.{n}"}
        return door().post("/sign-in/link/guess", headers=told).status_code

    assert at_once(41, lie) == [410] * 40 + [429]


def test_s12_codes_are_counted_too(door, world, with_password, with_app):
    """S12: a million codes are not many; ten tries are few."""
    with_password(world.carla)
    with_app(world.carla)
    carla = door()
    sign_in(carla, "carla@example.org", WORDS)
    sent = at_once(
        12, lambda n: carla.post("/sign-in/second-step", {"code": f"{n:06}"}).status_code
    )
    assert sent[-1] == 429
    assert set(sent[:10]) == {422}


@pytest.mark.parametrize("where", ["/sign-in/unlock", "/account/confirm"])
def test_s12_unlocking_and_confirming_are_counted(door, world, with_password, clock, where):
    with_password(world.maya)
    maya = door(world.maya)
    clock.forward(minutes=61 if "unlock" in where else 11)
    form = {"onward": "/me", "password": "wrong"}
    sent = at_once(11, lambda n: maya.post(where, form).status_code)
    assert sent == [422] * 10 + [429]


def test_s12_links_are_not_guessed_by_the_thousand(door, world):
    """S12: recovery."""
    sent = at_once(41, lambda n: door().post(f"/sign-in/link/guess{n}").status_code)
    assert sent == [410] * 40 + [429]


def test_s12_questions_for_passkeys_are_limited(door, world):
    visitor = door()
    sent = at_once(122, lambda n: visitor.ask("/sign-in/passkey/question").status_code)
    assert sent[119] == 200
    assert sent[-1] == 429


def test_s12_tokens_that_are_none_are_limited_and_a_good_one_still_works(app, world):
    """S12: API token failures."""
    good = Caller(app, world.harbor, "read")
    bad = Caller(app, world.harbor, "read", name="other")
    bad.token = "rejoin_guess"
    sent = at_once(302, lambda n: bad("GET", "/seats"))
    assert {answer.status_code for answer in sent[:300]} == {401}
    assert sent[-1].status_code == 429
    assert int(sent[-1].headers["Retry-After"]) >= 1
    assert good("GET", "/seats").status_code == 200


def test_s12_a_refused_try_leaves_no_login(door, world, database):
    at_once(12, lambda n: sign_in(door(), "maya@example.org"))
    with database.reading() as store:
        assert store.scalars(select(Login)).all() == []
