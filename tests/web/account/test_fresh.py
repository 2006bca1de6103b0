"""S2: what matters most asks for a proof from the last ten minutes, then goes on where one was."""

import pytest

from tests.passkey import SoftPasskey
from tests.web.account.conftest import WORDS
from webapp.care.directory.permissions import NEEDS_FRESH_PROOF, Permission

STALE = {"minutes": 11}


@pytest.fixture
def stale(door, clock):
    """`stale(person)`: signed in eleven minutes ago."""

    def made(person):
        visitor = door(person)
        clock.forward(**STALE)
        return visitor

    return made


def test_s2_there_are_permissions_that_need_a_fresh_proof():
    assert {Permission.SIGN_IN_METHODS, Permission.HELP_SIGN_IN} <= NEEDS_FRESH_PROOF


def test_s2_a_page_behind_it_leads_to_the_proof_and_back(world, stale, with_passkey):
    """S2: step-up."""
    phone, maya = with_passkey(world.maya), stale(world.maya)
    sent = maya.get("/account/password")
    assert sent.headers["Location"] == "/account/confirm?next=/account/password"
    assert "Confirm it" in maya.follow(sent).text
    assert maya.come_in(phone, "/account/password").json["to"] == "/account/password"
    assert maya.inside("/account/password")


def test_s2_a_proof_lasts_ten_minutes(world, door, with_passkey, clock):
    with_passkey(world.maya)
    maya = door(world.maya)
    clock.forward(minutes=9)
    assert maya.inside("/account/password")
    clock.forward(minutes=2)
    assert not maya.inside("/account/password")


def test_p3_a_link_of_the_program_signs_no_consent(world, door, link_for):
    """P3: granting needs the client's own fresh sign-in; staff may have had the link on their screen. It may set up ways in."""
    maya = door()
    maya.post(link_for(world.maya, "recovery"))
    sent = maya.get("/me/sharing/new")
    assert sent.headers["Location"] == "/account/confirm?next=/me/sharing/new"
    assert "Add a way to sign in" in maya.follow(sent).text
    assert maya.inside("/account/password")
    assert maya.register(SoftPasskey()).status_code == 200
    assert maya.inside("/me/sharing/new")


def test_s2_using_the_pages_is_no_proof(world, door, with_passkey, clock):
    with_passkey(world.maya)
    maya = door(world.maya)
    for _ in range(4):
        clock.forward(minutes=3)
        maya.get("/")
    assert not maya.inside("/account/password")


def test_s2_a_password_proves_a_client(world, stale, with_password):
    with_password(world.maya)
    maya = stale(world.maya)
    form = {"onward": "/account/password", "password": "not these words"}
    assert maya.post("/account/confirm", form).status_code == 422
    assert not maya.inside("/account/password")
    done = maya.post("/account/confirm", form | {"password": WORDS})
    assert done.headers["Location"] == "/account/password"
    assert maya.inside("/account/password")


def test_s3_of_staff_the_password_alone_proves_nothing(
    world, stale, with_password, with_app, clock
):
    """S3: staff always two factors, at a step-up too."""
    with_password(world.carla)
    code = with_app(world.carla)
    carla = stale(world.carla)
    form = {"onward": "/account", "password": WORDS}
    assert carla.post("/account/confirm", form).status_code == 422
    assert carla.post("/account/confirm", form | {"code": code()}).status_code == 303
    assert carla.inside("/account/password")


def test_s3_staff_who_unlock_by_password_are_not_fresh(world, stale, with_password, clock):
    """S3: the quick unlock takes one factor; what matters most then takes the other too."""
    with_password(world.carla)
    carla = stale(world.carla)
    clock.forward(minutes=10)
    carla.post("/sign-in/unlock", {"password": WORDS, "onward": "/staff"})
    assert carla.inside("/staff")
    assert not carla.inside("/account/password")


def test_s2_a_form_that_came_too_soon_is_kept(world, stale, with_password):
    """S2: back to where one was, with what one had typed; passwords are never carried."""
    with_password(world.maya)
    maya = stale(world.maya)
    token = maya.csrf_token()
    typed = {"why": "it <broke>", "password": "p4ss", "csrf_token": token}
    page = maya.post("/account/passkeys/9/removal", typed)
    assert page.status_code == 403
    assert "it &lt;broke&gt;" in page.text
    assert "p4ss" not in page.text
    kept = {
        "onward": "/account/passkeys/9/removal", "kept.why": "it <broke>", "kept.csrf_token": token,
        "password": WORDS,
    }  # fmt: skip
    back = maya.post("/account/confirm", kept)
    assert 'action="/account/passkeys/9/removal"' in back.text
    assert 'name="why" value="it &lt;broke&gt;"' in back.text


def test_s2_a_script_is_told_where_to_go(world, stale, with_password):
    with_password(world.maya)
    answer = stale(world.maya).ask("/account/passkeys/question")
    assert (answer.status_code, answer.json) == (403, {"to": "/account/confirm?next=/"})


def test_s2_proving_again_changes_the_cookie(world, stale, with_password, door):
    """S2: rotate at step-up. Pages that are open elsewhere go on: their token is the login's."""
    with_password(world.maya)
    maya, thief = stale(world.maya), door()
    name, token = maya.app.config["LOGIN_COOKIE"], maya.csrf_token()
    thief.client.set_cookie(name, maya.client.get_cookie(name).value)
    maya.post("/account/confirm", {"onward": "/account", "password": WORDS})
    assert not thief.inside()
    assert maya.inside()
    saved = maya.post("/me/language", {"language": "en"}, headers={"X-CSRFToken": token})
    assert saved.status_code == 303


def test_who_has_nothing_to_prove_with_may_set_it_up(world, stale):
    """They came by a link of the program; asking them for more would shut them out."""
    assert stale(world.maya).inside("/account/welcome")
