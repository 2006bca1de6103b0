"""S2: what needs a proof from the last ten minutes asks for it, then goes on where the person was."""

import pytest
from sqlalchemy import select

from tests.passkey import SoftPasskey
from tests.web.account.conftest import WORDS
from tests.web.account.test_limits import sign_in
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import NEEDS_FRESH_PROOF, Permission
from webapp.notify.outbox import Notification

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


# --- the first way to sign in ---------------------------------------------------------------------------------------


@pytest.fixture
def by_link(door, link_for):
    """`by_link(person)`: came by an invitation a moment ago, and has no other way to sign in."""

    def made(person):
        visitor = door()
        visitor.post(link_for(person))
        return visitor

    return made


def links_sent(database):
    with database.reading() as store:
        found = select(Notification).where(Notification.kind == "sign_in_link")
        return [(row.person_id, row.link_path) for row in store.scalars(found)]


def test_who_comes_by_an_invitation_sets_up_a_password_or_a_passkey_at_once(world, by_link, clock):
    """They have just come; asking them for more would shut them out."""
    maya = by_link(world.maya)
    clock.forward(minutes=9)
    assert maya.inside("/account/welcome")
    assert maya.post("/account/password", {"password": WORDS}).status_code == 303
    ben = by_link(world.ben)
    clock.forward(minutes=9)
    assert ben.register(SoftPasskey()).status_code == 200


def test_s3_later_nobody_who_holds_the_phone_sets_up_the_first_way_in(
    world, by_link, clock, database, door
):
    """S3: a partner with the unlocked phone could sign in from their own from then on."""
    maya = by_link(world.maya)
    clock.forward(**STALE)
    assert maya.inside("/")
    assert maya.post("/account/password", {"password": WORDS}).status_code == 403
    assert maya.ask("/account/passkeys/question").status_code == 403
    with database.reading() as store:
        assert store.get_one(Person, world.maya.id).password_hash is None
    assert sign_in(door(), "maya@example.org", WORDS).status_code == 422


def test_s3_a_new_link_to_their_own_mailbox_lets_them_set_it_up(
    world, by_link, clock, database, door
):
    """S3: said in plain words with one button; nobody is shut out."""
    maya = by_link(world.maya)
    clock.forward(**STALE)
    page = maya.follow(maya.get("/account/password"))
    assert "Send me a link" in page.text
    sent = maya.post("/sign-in/own-link")
    assert "on its way" in maya.follow(sent).text
    [(person_id, path)] = links_sent(database)
    assert person_id == world.maya.id
    assert maya.inside("/"), "asking for a link ends nothing"
    assert maya.post(path).headers["Location"] == "/account/welcome"
    assert maya.post("/account/password", {"password": WORDS}).status_code == 303


def test_s3_after_an_idle_hour_the_link_is_offered_too(world, by_link, clock, database):
    maya = by_link(world.maya)
    clock.forward(minutes=70)
    assert "Send me a link" in maya.get("/sign-in").text
    assert "on its way" in maya.follow(maya.post("/sign-in/own-link")).text
    assert [person_id for person_id, _ in links_sent(database)] == [world.maya.id]


def close_mailbox(how, store, world, clock):
    mine = store.scalars(addresses.of(world.maya.id).where(Address.channel == "email")).one()
    if how == "unsafe":
        mine.unsafe_at = clock.now()
    elif how == "stopped":
        mine.stop(store, "removed", by=None, now=clock.now())
    elif how == "none":
        store.get_one(Person, world.maya.id).email = None
    else:
        store.get_one(Person, world.ben.id).email = "maya@example.org"


@pytest.mark.parametrize("how", ["unsafe", "stopped", "none", "shared"])
def test_p9_no_link_goes_where_another_may_read_it(world, by_link, clock, database, how):
    """P9, S3: nor to a mailbox that somebody else has too. Staff help then, after a call."""
    maya = by_link(world.maya)
    with database.writing() as store:
        close_mailbox(how, store, world, clock)
        store.commit()
    clock.forward(**STALE)
    page = maya.get("/account/confirm").text
    assert "Send me a link" not in page
    assert "Ask your program" in page
    assert maya.post("/sign-in/own-link").status_code == 303
    assert links_sent(database) == []


def test_s12_links_that_one_asks_for_are_few_and_only_for_who_has_no_other_way(
    world, by_link, clock, database, door, with_password
):
    maya = by_link(world.maya)
    clock.forward(**STALE)
    sent = [maya.post("/sign-in/own-link").status_code for _ in range(6)]
    assert sent == [303] * 5 + [429]
    with_password(world.ben)
    assert door(world.ben).post("/sign-in/own-link").status_code == 303
    assert door().post("/sign-in/own-link").headers["Location"] == "/sign-in"
    assert {person_id for person_id, _ in links_sent(database)} == {world.maya.id}
