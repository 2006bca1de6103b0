"""S3: passkeys first. Each check of the ceremony, with an answer that breaks it alone; and what one does with one's passkeys."""

import base64
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.passkey import SoftPasskey, text
from webapp.care.accounts.logins import Login
from webapp.care.accounts.passkey_challenges import Challenge, forget
from webapp.care.accounts.passkeys import Passkey
from webapp.care.audit.events import Event


def test_s3_an_invitation_leads_to_a_passkey_and_a_passkey_lets_in(door, world, link_for):
    """S3: passkeys first for everyone."""
    maya, phone = door(), SoftPasskey()
    assert maya.post(link_for(world.maya)).headers["Location"] == "/account/welcome"
    assert "Make a passkey" in maya.get("/account/welcome").text
    assert maya.register(phone).status_code == 200
    maya.post("/sign-out")
    assert not maya.inside()
    answer = maya.come_in(phone, "/schedule")
    assert (answer.status_code, answer.json["to"]) == (200, "/schedule")
    assert maya.inside()


def test_s3_staff_come_in_by_passkey_alone_because_it_is_two_factors(door, world, with_passkey):
    """S3: staff always two factors."""
    key = with_passkey(world.carla)
    carla = door()
    assert carla.come_in(key).json["to"] == "/staff"
    assert carla.inside("/staff")


def test_s3_the_question_asks_for_verification_and_names_nobody(door, world, with_passkey):
    """S3, S12: `required`, and no list of credentials to tell known people from unknown ones."""
    with_passkey(world.maya)
    options = door().ask("/sign-in/passkey/question").json
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")
    assert options["rpId"] == "localhost"


def test_s3_a_new_passkey_is_discoverable_verified_and_neutrally_named(door, world):
    """S3, P5: what the phone keeps names the app, not the program."""
    options = door(world.maya).ask("/account/passkeys/question").json
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    assert options["rp"] == {"name": "My Day", "id": "localhost"}
    assert "maya" not in base64.urlsafe_b64decode(options["user"]["id"] + "==").decode("latin1")


BENT_AT_SIGN_IN = [
    {"origin": "https://evil.example"},
    {"origin": "http://localhost:5001"},
    {"rp_id": "evil.example"},
    {"unverified": True},
    {"challenge": text(b"x" * 32)},
    {"signature": b"0" * 70},
    {"handle": b"somebody else"},
]


@pytest.mark.parametrize("bent", BENT_AT_SIGN_IN, ids=lambda bent: next(iter(bent)))
def test_s3_a_bent_answer_lets_nobody_in(door, world, with_passkey, bent):
    """S3: wrong origin, wrong house, nobody verified, another question, another signature, another person."""
    phone, maya = with_passkey(world.maya), door()
    assert maya.come_in(phone, **bent).status_code == 422
    assert not maya.inside()
    assert maya.come_in(phone).status_code == 200


@pytest.mark.parametrize("bent", BENT_AT_SIGN_IN[:5], ids=lambda bent: next(iter(bent)))
def test_s3_a_bent_answer_registers_nothing(door, world, database, bent):
    maya = door(world.maya)
    assert maya.register(SoftPasskey(), **bent).status_code == 422
    with database.reading() as store:
        assert store.scalars(select(Passkey)).all() == []


def test_s3_a_question_is_good_for_one_answer(door, world, with_passkey):
    """S3: single-use. A recorded answer opens nothing, not even from the same browser."""
    phone, maya = with_passkey(world.maya, counts=False), door()
    answer = phone.get(maya.ask("/sign-in/passkey/question").json)
    assert maya.answer(answer).status_code == 200
    maya.post("/sign-out")
    assert maya.answer(answer).status_code == 422
    assert not maya.inside()


def test_s3_a_question_is_good_for_five_minutes(door, world, with_passkey, clock):
    """S3: ≤ 5 min, at the door and when adding."""
    phone, maya, ben = with_passkey(world.maya), door(), door(world.ben)
    question = maya.ask("/sign-in/passkey/question").json
    other = ben.ask("/account/passkeys/question").json
    clock.forward(minutes=5)
    assert maya.answer(phone.get(question)).status_code == 422
    adding = {"answer": SoftPasskey().create(other), "name": "x"}
    assert ben.post("/account/passkeys", json=adding).status_code == 422


def test_s3_a_question_is_for_the_browser_that_asked_it(door, world, with_passkey):
    """S3: an answer phished elsewhere does not fit here."""
    phone, maya, thief = with_passkey(world.maya), door(), door()
    answer = phone.get(maya.ask("/sign-in/passkey/question").json)
    assert thief.answer(answer).status_code == 422
    assert not thief.inside()


def test_s3_a_question_for_signing_in_registers_nothing(door, world):
    maya = door(world.maya)
    options = maya.ask("/account/passkeys/question").json
    options["challenge"] = maya.ask("/sign-in/passkey/question").json["challenge"]
    answer = {"answer": SoftPasskey().create(options), "name": "x"}
    assert maya.post("/account/passkeys", json=answer).status_code == 422


def test_s3_one_persons_passkey_never_opens_anothers_account(door, world, with_passkey, database):
    """S3: the credential names its person; claiming to be somebody else's fails on the signature or on the handle."""
    mayas, bens = with_passkey(world.maya), with_passkey(world.ben)
    mayas.handle, visitor = bens.handle, door()
    assert visitor.come_in(mayas).status_code == 422
    bens.id, stolen = SoftPasskey().id, bens.id
    mayas.id, mayas.handle = stolen, bens.handle
    assert visitor.come_in(mayas).status_code == 422
    assert not visitor.inside()


def test_s3_a_doubled_passkey_is_refused_and_said(door, world, with_passkey, database):
    """S3: a count that does not grow means that two hold the same key."""
    phone, maya = with_passkey(world.maya), door()
    assert maya.come_in(phone, count=7).status_code == 200
    thief = door()
    for count in (7, 3, 0):
        assert thief.come_in(phone, count=count).status_code == 422
    assert not thief.inside()
    with database.reading() as store:
        tags = store.scalars(select(Event.tag)).all()
    assert tags.count("person:passkey:doubted") == 3
    assert maya.come_in(phone, count=8).status_code == 200


def test_s3_the_same_passkey_is_not_taken_twice(door, world, with_passkey):
    phone = with_passkey(world.maya)
    assert door(world.ben).register(phone).status_code == 422


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        {},
        {"answer": None},
        {"answer": {"response": {"clientDataJSON": "!"}}},
        {"answer": 7},
        [],
    ],
)
def test_r12_nonsense_proves_nothing_and_breaks_nothing(door, world, nonsense):
    """R12: whatever comes as JSON is answered, never 5xx."""
    maya = door(world.maya)
    for where in ("/sign-in/passkey", "/account/passkeys"):
        assert maya.post(where, json=nonsense).status_code == 422


def test_passkeys_that_were_begun_side_by_side_both_open(door, world):
    """Two tabs ask before either answers: each is kept under the name it was made with."""
    maya, made = door(world.maya), (SoftPasskey(), SoftPasskey())
    asked = [maya.ask("/account/passkeys/question").json for _ in made]
    for passkey, options in zip(made, asked, strict=True):
        answer = {"answer": passkey.create(options), "name": "x"}
        assert maya.post("/account/passkeys", json=answer).status_code == 200
    assert [door().come_in(passkey).status_code for passkey in made] == [200, 200]


def test_several_passkeys_are_named_used_and_removed(door, world, with_passkey, database):
    phone, maya = with_passkey(world.maya), door(world.maya)
    assert maya.register(SoftPasskey(), "Tablet").status_code == 200
    ids = _ids(database)
    assert maya.post(f"/account/passkeys/{ids[1]}/name", {"name": "My tablet"}).status_code == 303
    maya.come_in(phone)
    page = maya.get("/account").text
    assert "My tablet" in page
    assert "Last used" in page
    assert maya.post(f"/account/passkeys/{ids[0]}/removal").status_code == 303
    assert door().come_in(phone).status_code == 422


def test_a_name_of_only_spaces_is_refused_at_its_field(door, world, with_passkey, database):
    with_passkey(world.maya)
    maya, [only] = door(world.maya), _ids(database)
    answer = maya.post(f"/account/passkeys/{only}/name", {"name": "   "})
    assert answer.status_code == 422
    assert f'aria-describedby="name-{only}-error"' in answer.text
    assert f'id="name-{only}-error"' in answer.text
    assert "Ways to sign in" in answer.text


def test_s3_the_last_way_in_stays(door, world, with_passkey, with_password, database):
    """S3: removing it would lock its person out; with a password beside it, it may go."""
    with_passkey(world.maya)
    maya, [only] = door(world.maya), _ids(database)
    assert maya.post(f"/account/passkeys/{only}/removal").status_code == 409
    with_password(world.maya)
    assert maya.post(f"/account/passkeys/{only}/removal").status_code == 303


def test_s3_a_password_alone_is_no_way_in_for_staff(
    door, world, with_passkey, with_password, database
):
    """S3: two factors must remain."""
    with_passkey(world.carla)
    with_password(world.carla)
    [only] = _ids(database)
    assert door(world.carla).post(f"/account/passkeys/{only}/removal").status_code == 409


def test_s2_removing_a_passkey_ends_the_other_logins(door, world, with_passkey, database):
    """S2: who held the lost phone is out at once."""
    phone, elsewhere = with_passkey(world.maya), door()
    elsewhere.come_in(phone)
    maya = door(world.maya)
    maya.register(SoftPasskey())
    maya.post(f"/account/passkeys/{_ids(database)[0]}/removal")
    assert not elsewhere.inside()
    assert maya.inside()


def test_nobody_touches_anothers_passkey(door, world, with_passkey, database):
    """S1: it does not exist for them."""
    with_passkey(world.maya)
    [mayas] = _ids(database)
    for what in ("name", "removal"):
        path = f"/account/passkeys/{mayas}/{what}"
        assert door(world.ben).post(path, {"name": "x"}).status_code == 404


def test_s2_signing_in_by_passkey_makes_a_new_login(door, world, with_passkey, database):
    """S2: rotate at sign-in; the login before it is dead."""
    phone, maya = with_passkey(world.maya), door(world.maya)
    before = maya.client.get_cookie(maya.app.config["LOGIN_COOKIE"]).value
    maya.come_in(phone)
    assert maya.client.get_cookie(maya.app.config["LOGIN_COOKIE"]).value != before
    thief = door()
    thief.client.set_cookie(maya.app.config["LOGIN_COOKIE"], before)
    assert not thief.inside()


def test_questions_nobody_answered_are_forgotten(door, world, database, clock):
    door().ask("/sign-in/passkey/question")
    assert forget(database, clock.now()) == 0
    assert forget(database, clock.now() + timedelta(minutes=6)) == 1
    with database.reading() as store:
        assert store.scalars(select(Challenge)).all() == []


def test_the_way_is_noted_with_the_login(door, world, with_passkey, database):
    phone = with_passkey(world.maya)
    door().come_in(phone)
    with database.reading() as store:
        assert store.scalars(select(Login.way).order_by(Login.id.desc())).first() == "passkey"
        kept = json.dumps([event.fields for event in store.scalars(select(Event))])
    assert text(phone.id) not in kept


def _ids(database) -> list[int]:
    with database.reading() as store:
        wanted = select(Passkey.id).where(~Passkey.is_removed).order_by(Passkey.id)
        return list(store.scalars(wanted))
