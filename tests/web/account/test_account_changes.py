"""S3, S19: who changes how somebody signs in or is reached cannot hide it: the owner is told at every address, and reads it in the app."""

import re

import pytest
from sqlalchemy import select

from tests.passkey import SoftPasskey
from tests.web.account.conftest import WORDS
from tests.web.client.me.test_devices import subscription
from webapp.care.accounts import enrolling
from webapp.care.audit.account_changes import AccountChange
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address
from webapp.care.directory.people import Person
from webapp.notify.announcing.announce import announce, skip_past_events
from webapp.notify.outbox import Notification

PLAIN = {"first": "push", "quiet_from": "21:00", "quiet_to": "08:00"}


def close(visitor, value):
    return visitor.post("/me/reminders/addresses", {"value": value, "safe": "no"})


def told(database, person, clock):
    """Where somebody is told of what happened since: (channel, kind), sorted."""
    announce(database, clock.now())
    with database.reading() as store:
        theirs = select(Notification.channel, Notification.kind)
        rows = store.execute(theirs.where(Notification.person_id == person.id)).all()
    return sorted(tuple(row) for row in rows)


def lines(visitor, path="/"):
    """What the card says."""
    page = visitor.get(path).text
    card = re.search(r'id="account-changes".*?</section>', page, re.DOTALL)
    found = re.findall(r"<li[^>]*>(.*?)</li>", card[0], re.DOTALL) if card else []
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


@pytest.fixture
def numbers(world):
    """Maya's e-mail address and telephone number."""
    return world.maya.email, world.maya.phone


@pytest.fixture
def kept(database):
    """`kept(person)`: the e-mail addresses and numbers at which they would be told."""

    def found(person):
        with database.reading() as store:
            return addresses.told_of_changes(store, store.get_one(Person, person.id))

    return found


# --- the last address -----------------------------------------------------------------------------------------------


def test_s3_the_last_address_that_would_be_told_is_closed_with_a_fresh_proof_only(
    world, door, with_password, clock, numbers, kept
):
    """S3, S19: else somebody with the unlocked phone would silence all addresses, and then take what they want."""
    with_password(world.maya)
    maya = door(world.maya)
    maya.post(
        "/me/devices", json=subscription()
    )  # a device is no address: it may be the one in their hands
    clock.forward(minutes=11)
    mail, number = numbers
    assert close(maya, number).status_code == 303
    asked = close(maya, mail)
    assert asked.status_code == 403
    assert "Confirm it" in asked.text
    assert kept(world.maya) == {mail}
    maya.post("/account/confirm", {"onward": "/me/reminders", "password": WORDS})
    assert close(maya, mail).status_code == 303
    assert kept(world.maya) == set()


@pytest.mark.parametrize("htmx", [False, True])
def test_s3_switching_off_every_address_needs_one_too(
    world, door, with_password, clock, numbers, kept, htmx
):
    with_password(world.maya)
    maya = door(world.maya)
    clock.forward(minutes=11)
    answer = maya.post("/me/reminders", PLAIN, htmx=htmx)
    if htmx:
        assert answer.headers["HX-Redirect"].startswith("/account/confirm")
    else:
        assert answer.status_code == 403
    assert kept(world.maya) == set(numbers)


def test_p9_who_came_by_a_link_a_moment_ago_closes_them_all(world, door, link_for, numbers, kept):
    """P9: somebody who is watched must be able to; their program can do it for them at any time."""
    maya = door()
    maya.post(link_for(world.maya))
    for value in numbers:
        assert close(maya, value).status_code == 303
    assert kept(world.maya) == set()


# --- told at the addresses ------------------------------------------------------------------------------------------

CHANGES = {
    "a passkey was added": lambda maya: maya.register(SoftPasskey()),
    "a password was set": lambda maya: maya.post("/account/password", {"password": WORDS}),
    "a calendar link was made": lambda maya: maya.post("/me/calendar", {"shown": ""}),
    "a copy of your data was made": lambda maya: maya.post("/me/my-data"),
    "a new device began to show your reminders": lambda maya: maya.post("/me/devices", json=subscription()),
}  # fmt: skip


@pytest.mark.parametrize("words", CHANGES)
def test_s3_every_change_is_told_at_every_address_and_read_in_the_app(
    world, door, database, clock, words
):
    """S3, S19: whatever somebody with the phone in their hands leaves behind."""
    maya = door(world.maya)
    with database.writing() as store:
        skip_past_events(store)
        store.commit()
    assert CHANGES[words](maya).status_code in (200, 201, 303)
    assert [channel for channel, _ in told(database, world.maya, clock)] == ["email", "sms"]
    for page in ("/", "/me"):
        [line] = lines(maya, page)
        assert re.fullmatch(rf"On Mar \d+, \d+:\d\d [AP]M: {words}\.", line)


def test_s19_a_new_device_is_not_told_of_itself_and_the_same_again_tells_nobody(
    world, door, database, clock
):
    """S5: a stranger's phone learns nothing by it; a browser that registers at each visit floods nobody."""
    maya = door(world.maya)
    for name in ("one", "one", "two", "two"):
        maya.post("/me/devices", json=subscription(name))
        announce(database, clock.now())
        clock.forward(minutes=1)
    with database.reading() as store:
        first, _second = store.scalars(
            addresses.of(world.maya.id).where(Address.channel == "push").order_by(Address.id)
        )
    with database.reading() as store:
        theirs = select(Notification).where(Notification.kind == "account_changed")
        rows = sorted((row.channel, row.address_id) for row in store.scalars(theirs))
    assert [row for row in rows if row[0] == "push"] == [("push", first.id)], "of the second"
    assert [channel for channel, _ in rows].count("email") == 2
    assert len(lines(maya)) == 2


def test_s17_devices_are_added_a_few_at_a_time(world, door):
    maya = door(world.maya)
    sent = [maya.post("/me/devices", json=subscription(str(n))).status_code for n in range(8)]
    assert sent == [201] * 6 + [429] * 2


def test_s3_a_removed_passkey_is_told_too(
    world, door, with_passkey, with_password, database, clock
):
    with_password(world.maya)
    with_passkey(world.maya)
    maya = door(world.maya)
    with database.writing() as store:
        skip_past_events(store)
        store.commit()
    number = re.search(r"/account/passkeys/(\d+)/removal", maya.get("/account").text)[1]
    maya.post(f"/account/passkeys/{number}/removal")
    assert told(database, world.maya, clock) == [("email", "sign_in_changed"), ("sms", "sign_in_changed")]  # fmt: skip
    assert "a passkey was removed" in lines(maya)[0]


# --- read in the app ------------------------------------------------------------------------------------------------


def test_s19_with_every_address_closed_it_still_stands_in_the_app_until_its_owner_says_it_was_them(
    world, door, link_for, numbers, clock
):
    """S19: the chain that two people found: close all addresses, then set a password."""
    maya = door()
    maya.post(link_for(world.maya))
    for value in numbers:
        close(maya, value)
    maya.post("/account/password", {"password": WORDS})
    clock.forward(hours=3)
    maya = door(world.maya)
    assert [line.partition(": ")[2] for line in lines(maya)] == [
        "a password was set.", "where we write to you was changed.",
    ]  # fmt: skip
    upto = re.search(r'name="upto" value="(\d+)"', maya.get("/").text)[1]
    assert maya.post("/account/changes/dismissal", {"upto": upto}).headers["Location"] == "/"
    assert lines(maya) == []
    assert "a password was set" in maya.get("/account").text, "it stays in the list"
    assert "Something changed: Today" in maya.get("/me").text, "whoever said that it was them"


def test_s19_what_came_after_the_page_was_shown_is_not_dismissed_with_it(world, door):
    maya = door(world.maya)
    maya.post("/account/password", {"password": WORDS})
    upto = re.search(r'name="upto" value="(\d+)"', maya.get("/").text)[1]
    maya.register(SoftPasskey())
    maya.post("/account/changes/dismissal", {"upto": upto})
    assert [line.partition(": ")[2] for line in lines(maya)] == ["a passkey was added."]


def test_p3_nobody_reads_or_dismisses_anothers(world, door, database):
    """P3: a partner's page stays as it is."""
    maya, ben = door(world.maya), door(world.ben)
    before = ben.get("/").text.partition('id="next"')[0].partition("<main")[2]
    maya.post("/account/password", {"password": WORDS})
    assert ben.get("/").text.partition('id="next"')[0].partition("<main")[2] == before
    ben.post("/account/changes/dismissal", {"upto": "999999"})
    for bad in ({}, {"upto": "x"}, {"upto": "٣"}):
        maya.post("/account/changes/dismissal", bad)
    assert len(lines(maya)) == 1


def test_staff_read_it_under_me(world, door):
    carla = door(world.carla)
    carla.register(SoftPasskey())
    assert "a passkey was added" in lines(carla, "/me")[0]
    upto = re.search(r'name="upto" value="(\d+)"', carla.get("/me").text)[1]
    assert carla.post("/account/changes/dismissal", {"upto": upto}).headers["Location"] == "/me"
    assert lines(carla, "/me") == []


# --- the roster changes an address ----------------------------------------------------------------------------------


@pytest.fixture
def enroll(database, world, clock):
    """`enroll(phone="+1…")`: the roster says that of Maya from now on."""

    def said(**facts):
        with database.writing() as store:
            maya = store.get_one(Person, world.maya.id)
            given = {"name": maya.name, "time_zone": maya.time_zone, "email": maya.email, "phone": maya.phone}  # fmt: skip
            enrolling.enroll(
                store, maya.program, maya.ref, kind="client", by=None, now=clock.now(),
                agreed=("email", "sms"), **(given | facts),
            )  # fmt: skip
            store.commit()

    return said


def test_s3_a_changed_number_is_told_once_to_the_old_one_and_to_the_others(
    world, database, clock, enroll, numbers
):
    """S3: whoever talks the desk into a new number is noticed."""
    mail, old = numbers
    clock.forward(days=2)
    with database.writing() as store:
        skip_past_events(store)
        store.commit()
    enroll(phone="+12125550199")
    announce(database, clock.now())
    with database.reading() as store:
        sent = select(Address.value, Notification.kind).join(Address, Address.id == Notification.address_id)  # fmt: skip
        rows = sorted(tuple(row) for row in store.execute(sent))
    assert rows == sorted((value, "account_changed") for value in (mail, old, "+12125550199"))


@pytest.mark.parametrize("how", ["unsafe", "off"])
def test_p9_an_old_address_that_was_not_safe_or_switched_off_is_told_nothing(
    world, database, clock, enroll, numbers, how
):
    old = numbers[1]
    clock.forward(days=2)
    with database.writing() as store:
        row = store.scalars(select(Address).where(Address.value == old)).one()
        row.unsafe_at = clock.now() if how == "unsafe" else None
        row.opted_in_at = None if how == "off" else row.opted_in_at
        row.switched_off_at = clock.now() if how == "off" else None
        skip_past_events(store)
        store.commit()
    clock.forward(minutes=1)
    enroll(phone="+12125550199")
    announce(database, clock.now())
    with database.reading() as store:
        sent = select(Address.value).join(Notification, Address.id == Notification.address_id)
        assert old not in store.scalars(sent).all()


def test_nobody_is_told_of_the_addresses_they_are_entered_with(database, world, clock):
    with database.writing() as store:
        skip_past_events(store)
        sam, _ = enrolling.enroll(
            store, world.harbor, "sam", kind="client", by=None, now=clock.now(), name="Sam Reed",
            time_zone="America/New_York", email="sam@example.org", phone="+12125550177",
            agreed=("email", "sms"),
        )  # fmt: skip
        store.commit()
    assert told(database, sam, clock) == []
    with database.reading() as store:
        assert (
            store.scalars(select(AccountChange).where(AccountChange.person_id == sam.id)).all()
            == []
        )
