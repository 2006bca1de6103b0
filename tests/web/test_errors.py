"""Every refusal is logged for whoever watches for attacks, without anything a person wrote (ASVS 16.3)."""

import json
import logging

import pytest

from webapp import log
from webapp.care.accounts.api_tokens import create_token


@pytest.fixture
def told(capfd):
    """Every refusal so far, as the log has it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    log.configure("json")

    def lines():
        said = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
        return [each for each in said if each["event"] == "refused"]

    yield lines
    root.handlers, root.level = before[0], before[1]
    logging.captureWarnings(False)


def test_a_failed_sign_in_is_told_and_tries_at_one_account_belong_together(visit, world, told):
    stranger = visit()
    for email in ("maya@example.org", "MAYA@example.org ", "ben@example.org"):
        stranger.post("/sign-in", {"email": email, "password": "not these words"})
    first, again, other = told()
    assert (first["status"], first["endpoint"]) == (422, "sign_in.with_password")
    assert first["account"] == again["account"] != other["account"]
    assert first["caller"] == other["caller"]
    assert "maya" not in json.dumps(first)


def test_what_is_not_ones_own_is_told_with_who_asked(visit, world, told):
    visit(world.maya).get("/staff/tasks")
    [line] = told()
    assert (line["status"], line["person"]) == (404, world.maya.id)
    assert line["at"].endswith("+00:00")


def test_a_forged_form_is_told(visit, world, told):
    visit(world.maya).post("/me/language", {"language": "es"}, forged=True)
    [line] = told()
    assert (line["status"], line["endpoint"]) == (403, "client.language.speak")


def test_a_token_that_reaches_too_far_is_told_by_its_number(app, world, database, clock, told):
    with database.writing() as store:
        harbor = store.merge(world.harbor)
        secret = create_token(store, harbor, "feed", ["presence"], by=None, now=clock.now())
        store.commit()
    header = {"Authorization": f"Bearer {secret}"}
    app.test_client().get("/api/v1/tasks", headers=header)
    [line] = told()
    assert line["status"] == 403
    assert isinstance(line["token"], int)


PLAIN = {"first": "sms", "quiet_from": "22:00", "quiet_to": "07:00"}


def unshowable(*_anything):
    raise ValueError


@pytest.mark.parametrize(
    ("htmx", "status", "onward"),
    [(False, 303, "/me/reminders?saved=yes#reminders"), (True, 204, "/")],
)
def test_what_was_kept_ends_in_no_error_though_its_answer_cannot_be_shown(
    visit, world, store, monkeypatch, htmx, status, onward
):
    """A plain form is answered by a redirect, for which nothing is rendered; htmx's block can't be shown and leads on."""
    monkeypatch.setattr("webapp.web.client.me.reminders.kinds", unshowable)
    answer = visit(world.maya).post("/me/reminders", PLAIN, htmx=htmx)
    assert answer.status_code == status
    assert (answer.headers.get("HX-Redirect") or answer.location) == onward
    store.expire_all()
    assert store.merge(world.maya).preferences["channels"][0] == "sms"


def test_a_request_that_ends_in_an_error_leaves_nothing(app, visit, world, store, monkeypatch):
    monkeypatch.setattr("webapp.care.preferences.contact_preferences.allow", unshowable)
    maya = visit(world.maya)
    headers = {"X-CSRFToken": maya.csrf_token(), "Sec-Fetch-Site": "same-origin"}
    answer = maya.client.post("/me/reminders", data=PLAIN, headers=headers)
    assert answer.status_code == 500
    store.expire_all()
    assert "channels" not in store.merge(world.maya).preferences


def test_an_error_after_a_refusal_is_an_error(visit, world, monkeypatch):
    monkeypatch.setattr("webapp.web.client.make_ups.availability._covered", unshowable)
    maya = visit(world.maya)
    headers = {"X-CSRFToken": maya.csrf_token(), "Sec-Fetch-Site": "same-origin"}
    answer = maya.client.post("/times", data={"times": "9-dawn"}, headers=headers)
    assert answer.status_code == 500


def test_a_flush_that_fails_still_ends_in_our_page(app, visit, world, monkeypatch):
    """The page is shown in the person's language, which is read after the transaction is over."""

    def failing(store, person, **_):
        person.name = None
        store.flush()

    monkeypatch.setattr("webapp.care.preferences.contact_preferences.set_reminders", failing)
    maya = visit(world.maya)
    headers = {"X-CSRFToken": maya.csrf_token(), "Sec-Fetch-Site": "same-origin"}
    answer = maya.client.post("/me/reminders", data=PLAIN, headers=headers)
    assert answer.status_code == 500
    assert "on our side" in answer.text
