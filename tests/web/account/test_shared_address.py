"""S3, S12: two people with one mailbox, as couples have: each comes in as themselves, and learns nothing of the other's way in."""

import pytest

from tests.web.account.conftest import WORDS
from tests.web.account.test_limits import at_once, sign_in
from webapp.care.accounts import passwords
from webapp.care.directory.people import Person
from webapp.refusals import Invalid

TOO = "four loud orange kites"
BOTH = "torres@example.org"


@pytest.fixture
def one_mailbox(database, world):
    """Maya, Ben and Aiko, who is in another program, have one address."""
    with database.writing() as store:
        for each in (world.maya, world.ben, world.aiko):
            store.get_one(Person, each.id).email = BOTH
        store.commit()


def test_an_invitation_names_its_person_before_anything_is_set_up_and_so_does_the_next_page(
    one_mailbox, world, door, link_for
):
    """One each: the second link leaves the first as it was."""
    mayas, bens = link_for(world.maya), link_for(world.ben)
    for link, name, other in ((mayas, "Maya T.", "Ben T."), (bens, "Ben T.", "Maya T.")):
        visitor = door()
        page = visitor.get(link).text
        assert name in page
        assert other not in page
        next_page = visitor.follow(visitor.post(link)).text
        assert f"signed in as {name}" in next_page
        assert "Not you?" in next_page
        assert "Maya T." not in visitor.get(link).text, "a spent link names nobody"


@pytest.mark.parametrize("others", ["ben", "aiko"])
def test_s3_each_signs_in_with_their_own_password(one_mailbox, world, door, with_password, others):
    """S3: also in two programs."""
    other = getattr(world, others)
    with_password(world.maya)
    with_password(other, TOO)
    for person, words in ((world.maya, WORDS), (other, TOO)):
        visitor = door()
        assert sign_in(visitor, BOTH, words).status_code == 303
        assert person.name in visitor.get("/me").text
    assert sign_in(door(), BOTH, "neither of the two").status_code == 422


def test_s3_the_same_password_is_refused_like_any_that_became_known(
    one_mailbox, world, door, with_password
):
    """S3, P11: it would open the other's record. The words are those for a breached one."""
    with_password(world.maya)
    ben = door(world.ben)
    known = ben.post("/account/password", {"password": "xo_amanda_mariie_xo"})
    same = ben.post("/account/password", {"password": WORDS})
    assert same.status_code == 422
    lines = [
        [line for line in page.text.splitlines() if "csrf" not in line] for page in (known, same)
    ]
    assert lines[0] == lines[1]
    assert "Choose different words" in same.text


def test_s12_the_others_password_is_not_found_out_by_choosing_it(
    one_mailbox, world, door, with_password
):
    """S12: tries to choose a password are counted, refused or not."""
    with_password(world.maya)
    ben = door(world.ben)
    sent = at_once(12, lambda n: ben.post("/account/password", {"password": f"guess {n}"}))
    assert [answer.status_code for answer in sent] == [422] * 10 + [429] * 2


def test_s12_ones_own_password_gives_no_more_tries_at_the_others(
    one_mailbox, world, door, with_password
):
    """S12: alone, the right password forgets the wrong ones; together, they stay counted."""
    with_password(world.maya)
    with_password(world.ben, TOO)

    def tries(_):
        guesses = [sign_in(door(), BOTH).status_code for _ in range(4)]
        return [*guesses, sign_in(door(), BOTH, TOO).status_code]

    sent = [status for each in at_once(3, tries) for status in each]
    assert sent[:10] == [422, 422, 422, 422, 303] * 2
    assert sent.count(422) == 10
    assert sent[-1] == 429


def test_s3_when_an_address_changes_so_that_one_password_would_open_two_it_opens_neither(
    store, world, clock
):
    for person in (world.maya, world.ben):
        passwords.set_password(store, person, WORDS, by=person, now=clock.now())
    world.ben.email = world.maya.email
    store.flush()
    assert passwords.person_by_password(store, world.maya.email, WORDS) is None


def test_s12_a_third_password_is_refused_and_what_three_have_still_opens(store, world, clock):
    """S12: the time of a try must not grow with how many there are."""
    third = "five warm purple rivers"
    passwords.set_password(store, world.aiko, third, by=world.aiko, now=clock.now())
    for person, words in ((world.maya, WORDS), (world.ben, TOO)):
        person.email = BOTH
        passwords.set_password(store, person, words, by=person, now=clock.now())
    world.june.email = BOTH
    with pytest.raises(Invalid, match="Make a passkey instead"):
        passwords.set_password(store, world.june, third, by=world.june, now=clock.now())
    world.aiko.email = BOTH
    store.flush()
    for person, words in ((world.maya, WORDS), (world.ben, TOO), (world.aiko, third)):
        assert passwords.person_by_password(store, BOTH, words) is person


def test_s3_both_have_passkeys_on_one_phone_and_each_says_whose_it_is(
    one_mailbox, world, door, with_passkey
):
    phones = {person: with_passkey(person) for person in (world.maya, world.ben)}
    labels = [door(each).ask("/account/passkeys/question").json["user"]["name"] for each in phones]
    assert labels == [f"Maya T. ({BOTH})", f"Ben T. ({BOTH})"]
    for person, passkey in phones.items():
        visitor = door()
        visitor.come_in(passkey)
        assert person.name in visitor.get("/me").text


def test_a_recovery_link_ends_only_its_own_persons_ways_in(
    one_mailbox, world, door, with_password, link_for
):
    with_password(world.maya)
    with_password(world.ben, TOO)
    door().post(link_for(world.maya, "recovery"))
    assert sign_in(door(), BOTH, WORDS).status_code == 422
    assert sign_in(door(), BOTH, TOO).status_code == 303
