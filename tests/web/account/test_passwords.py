"""S3: passwords second, by NIST SP 800-63B-4; S2: changing one ends what else is signed in."""

import re
import unicodedata

import pytest
from sqlalchemy import text

from tests.web.account.conftest import WORDS
from webapp.care.accounts import passwords
from webapp.refusals import Invalid

NEW = "seven slow green lanterns"


@pytest.mark.parametrize(
    "weak",
    [
        "fourteen chars", "x" * 257, "maya@example.org", "Maya Torres Maya Torres", "aaaaaaaaaaaaaaaaaa",
        "rejoin my therapy session", "Harbor Evening Track!", "xo_amanda_mariie_xo", "XO_amanda_mariie_XO", "1q2w3e4r5t6y7u8i9o0p",
    ],
)  # fmt: skip
def test_s3_a_password_that_is_short_known_or_ones_own_name_is_refused(store, world, clock, weak):
    """S3: length, breached list, own name and address, words of this place."""
    with pytest.raises(Invalid) as refused:
        passwords.set_password(store, world.maya, weak, by=world.maya, now=clock.now())
    assert refused.value.field == "password"
    assert world.maya.password_hash is None


@pytest.mark.parametrize(
    "good",
    [
        "alllowercaseyes just words",
        "пятнадцать тихих лодок",
        "🌙🌊🍊🪑 and a chair, ok",
        "x9" + " long" * 50,
    ],
)
def test_s3_no_composition_is_asked_for_and_every_script_is_fine(store, world, clock, good):
    """S3: at least 15 letters, more than 128 allowed, no rules about kinds of letters."""
    passwords.set_password(store, world.maya, good, by=world.maya, now=clock.now())
    assert world.maya.password_hash.startswith("$argon2id$")
    assert passwords.matches(world.maya, good)
    assert not passwords.matches(world.maya, good + "x")


def test_s3_what_is_longer_than_the_longest_is_not_cut_to_fit(store, world, clock):
    """S3: a password is compared whole."""
    longest = ("seven slow green lanterns " * 10)[:256]
    passwords.set_password(store, world.maya, longest, by=world.maya, now=clock.now())
    assert passwords.matches(world.maya, longest)
    assert not passwords.matches(world.maya, longest + "x")


def test_s3_one_password_is_the_same_from_every_keyboard(store, world, clock):
    """S3: NFC."""
    words = "crème brûlée für Zoë"
    passwords.set_password(
        store, world.maya, unicodedata.normalize("NFD", words), by=world.maya, now=clock.now()
    )
    assert passwords.matches(world.maya, unicodedata.normalize("NFC", words))


def test_s3_staff_may_have_a_shorter_one_beside_their_second_factor(store, world, clock):
    passwords.set_password(store, world.carla, "blue boat ahoy", by=world.carla, now=clock.now())
    with pytest.raises(Invalid):
        passwords.set_password(store, world.carla, "blue boat", by=world.carla, now=clock.now())


def test_a_password_signs_in_its_own_person_only(store, world, clock):
    passwords.set_password(store, world.maya, WORDS, by=world.maya, now=clock.now())
    store.flush()
    assert passwords.person_by_password(store, "MAYA@example.org", WORDS) is world.maya
    assert passwords.person_by_password(store, "maya@example.org", "something else") is None
    assert passwords.person_by_password(store, "ben@example.org", WORDS) is None


def test_s3_changing_it_ends_the_other_logins_and_not_this_one(world, door, with_password):
    """S2, S3: a change needs a fresh sign-in and ends what else is signed in."""
    with_password(world.maya)
    elsewhere, maya = door(world.maya), door(world.maya)
    saved = maya.post("/account/password", {"password": NEW, "again": NEW})
    assert saved.headers["Location"] == "/account"
    assert not elsewhere.inside()
    assert maya.inside()
    outside = door()
    assert (
        outside.post("/sign-in", {"email": "maya@example.org", "password": WORDS}).status_code
        == 422
    )
    assert (
        outside.post("/sign-in", {"email": "maya@example.org", "password": NEW}).status_code == 303
    )


def test_s3_who_came_by_password_says_it_again_to_change_it(world, door, with_password):
    """S3: an open phone a minute after sign-in is not enough."""
    with_password(world.maya)
    maya = door()
    maya.post("/sign-in", {"email": "maya@example.org", "password": WORDS})
    page = maya.get("/account/password").text
    assert page.count('type="password"') == 3
    assert re.findall(r'autocomplete="([a-z]+-password)"', page) == [
        "current-password",
        *["new-password"] * 2,
    ]
    assert "onpaste" not in page
    wanted = {"password": NEW, "again": NEW}
    refused = maya.post("/account/password", wanted | {"current": "something else"})
    assert (refused.status_code, NEW in refused.text) == (422, False)
    assert maya.post("/account/password", wanted).status_code == 422
    assert maya.post("/account/password", wanted | {"current": WORDS}).status_code == 303


def test_s3_changing_it_needs_a_fresh_proof(world, door, with_password, clock):
    with_password(world.maya)
    maya = door(world.maya)
    clock.forward(minutes=11)
    page = maya.post("/account/password", {"password": NEW, "again": NEW})
    assert page.status_code == 403
    assert NEW not in page.text
    assert (
        door().post("/sign-in", {"email": "maya@example.org", "password": NEW}).status_code == 422
    )


@pytest.mark.parametrize(
    "form", [{"password": NEW, "again": NEW + "!"}, {"password": "short", "again": "short"}, {}]
)
def test_what_does_not_fit_is_said_beside_the_field_and_changes_nothing(
    world, door, form, database
):
    """R12."""
    page = door(world.maya).post("/account/password", form)
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.text
    with database.reading() as store:
        kept = store.scalar(text(f"SELECT password_hash FROM person WHERE id = {world.maya.id}"))
    assert kept is None


def test_a_password_before_a_passkey_is_a_way_in_too(world, door, link_for):
    """S3: the second choice after an invitation."""
    maya = door()
    maya.post(link_for(world.maya))
    saved = maya.post("/account/password", {"password": NEW, "again": NEW, "next": "/"})
    assert saved.headers["Location"] == "/"
    outside = door()
    assert (
        outside.post("/sign-in", {"email": "maya@example.org", "password": NEW}).status_code == 303
    )
