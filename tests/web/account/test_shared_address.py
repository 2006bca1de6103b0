"""S3, S12: two people with one mailbox, as couples have: each comes in as themselves, and learns nothing of the other's way in."""

import pytest

from tests.web.account.conftest import WORDS
from tests.web.account.test_limits import at_once, sign_in
from webapp.care.accounts import passwords
from webapp.care.contact import addresses
from webapp.care.directory.people import Person

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


def named(visitor, name, password, email=BOTH):
    return visitor.post("/sign-in", {"email": email, "password": password, "name": name})


@pytest.mark.parametrize("others", ["ben", "aiko"])
def test_s3_each_signs_in_with_their_name_and_their_own_password(
    one_mailbox, world, door, with_password, others
):
    """S3: also in two programs. Whoever had the address first needs no name."""
    other = getattr(world, others)
    with_password(world.maya)
    with_password(other, TOO)
    first = other.name.split()[0]
    for person, words, names in (
        (world.maya, WORDS, ["", "Maya", "maya torres"]), (other, TOO, [first, first.upper(), other.name]),
    ):  # fmt: skip
        for name in names:
            visitor = door()
            assert named(visitor, name, words).status_code == 303, name
            assert person.name in visitor.get("/me").text
    for name, words in (("", TOO), (first, WORDS), ("Maya", TOO), ("Somebody", TOO), (first, "neither of the two")):  # fmt: skip
        assert named(door(), name, words).status_code == 422


@pytest.mark.parametrize("chosen", [WORDS, "a guess that is wrong"])
def test_p11_one_of_a_couple_finds_out_nothing_by_choosing_the_others_password(
    one_mailbox, world, door, with_password, chosen
):
    """P11, S3: neither choosing it nor signing in with it tells whether it is hers."""
    with_password(world.maya)
    ben = door(world.ben)
    assert ben.post("/account/password", {"password": chosen}).status_code == 303
    visitor = door()
    assert named(visitor, "Ben", chosen).status_code == 303
    assert world.ben.name in visitor.get("/me").text


def test_s3_with_the_same_password_each_still_comes_in_as_themselves(
    one_mailbox, world, door, with_password
):
    """S3: nobody is locked out, and the password opens nobody else's record."""
    for person in (world.maya, world.ben):
        with_password(person)
    for name, person in (("Maya", world.maya), ("Ben", world.ben), ("", world.maya)):
        visitor = door()
        assert named(visitor, name, WORDS).status_code == 303
        assert person.name in visitor.get("/me").text


def test_s3_two_of_one_name_with_one_password_are_told_apart_by_no_guess(
    store, world, clock, with_password
):
    world.ben.email, world.ben.name = world.maya.email, world.maya.name
    for person in (world.maya, world.ben):
        passwords.set_password(store, person, WORDS, by=person, now=clock.now())
    store.flush()
    assert passwords.person_by_password(store, world.maya.email, WORDS, "Maya") is None
    assert passwords.person_by_password(store, world.maya.email, WORDS) is world.maya


def test_p11_who_had_the_address_first_notices_nothing_when_another_gets_it(
    database, world, door, with_password, clock
):
    """P11: whatever becomes of the other, one's own way in stays as it was."""
    with_password(world.ben)
    for change in ("entered", "has a password", "discharged"):
        with database.writing() as store:
            maya = store.get_one(Person, world.maya.id)
            maya.email = world.ben.email
            addresses.follow_roster(store, maya, ["email"], by=None, now=clock.now())
            maya.status = "discharged" if change == "discharged" else maya.status
            store.commit()
        if change == "has a password":
            with_password(world.maya, TOO)
        visitor = door()
        assert named(visitor, "", WORDS, world.ben.email).status_code == 303, change
        assert world.ben.name in visitor.get("/me").text


def test_s12_passwords_are_not_chosen_without_end(one_mailbox, world, door):
    """S12: tries to choose a password are counted, refused or not."""
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
        return [*guesses, named(door(), "Ben", TOO).status_code]

    sent = [status for each in at_once(3, tries) for status in each]
    assert sent[:10] == [422, 422, 422, 422, 303] * 2
    assert sent.count(422) == 10
    assert sent[-1] == 429


def test_s3_of_three_who_share_an_address_each_comes_in(store, world, clock):
    third = "five warm purple rivers"
    known = ((world.maya, WORDS), (world.ben, TOO), (world.aiko, third))
    for person, words in known:
        person.email = BOTH
        passwords.set_password(store, person, words, by=person, now=clock.now())
    store.flush()
    for person, words in known:
        assert passwords.person_by_password(store, BOTH, words, person.name) is person


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
    assert named(door(), "Maya", WORDS).status_code == 422
    assert named(door(), "Ben", TOO).status_code == 303
