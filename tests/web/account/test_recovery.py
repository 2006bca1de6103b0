"""S3: account recovery: staff call back on a number on file, the link works once, other logins end, the person is notified."""

import re

import pytest
from sqlalchemy import select

from tests.passkey import SoftPasskey
from tests.web.account.conftest import WORDS
from webapp.care.audit.events import Event
from webapp.care.contact import addresses, stop_words
from webapp.care.contact.addresses import Address
from webapp.care.directory.people import Person
from webapp.care.schedule import calendar_feeds
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import Notification


@pytest.fixture
def form(world, clock):
    """The page for Maya, whose number and address have been on file for two days."""
    clock.forward(days=2)
    return f"/staff/people/{world.maya.id}/sign-in-link"


@pytest.fixture
def enter(database, clock, world):
    """`enter(phone="+1…")`: the desk enters that for Maya."""

    def made(**facts):
        with database.writing() as store:
            maya = store.get_one(Person, world.maya.id)
            for name, value in facts.items():
                setattr(maya, name, value)
            addresses.follow_roster(store, maya, ["email", "sms"], by=None, now=clock.now())
            store.commit()

    return made


def issued(database) -> list[str]:
    with database.reading() as store:
        return list(
            store.scalars(select(Event.tag).where(Event.tag.like("person:%")).order_by(Event.id))
        )


def test_s3_a_link_is_issued_after_a_call_back_and_both_are_written_down(
    world, door, form, database
):
    """S3: recovery by a staff-issued link with a call-back rule, audited."""
    carla = door(world.carla)
    assert world.maya.phone in carla.get(form).text
    shown = carla.post(form, {"number": world.maya.phone, "way": "show"})
    assert shown.status_code == 200
    path = re.search(r"/sign-in/link/[\w-]+", shown.text)[0]
    assert issued(database)[-2:] == ["person:called_back", "person:link:issued"]
    assert path not in carla.get(form).text
    maya = door()
    assert maya.post(path).headers["Location"] == "/account/welcome"
    assert maya.inside()


@pytest.mark.parametrize("number", ["", "+12125550199", "the one they called from"])
def test_s3_no_link_without_a_call_back_on_a_number_on_file(world, door, form, database, number):
    before = issued(database)
    page = door(world.carla).post(form, {"number": number, "way": "show"})
    assert page.status_code == 422
    assert "/sign-in/link/" not in page.text
    assert issued(database)[len(before) :] == ["person:signed_in"]


def test_p9_a_number_marked_unsafe_is_not_called_back_on(world, door, form, database, clock):
    """P9: somebody else may answer it."""
    with database.writing() as store:
        for address in store.scalars(addresses.of(world.maya.id)):
            address.unsafe_at = clock.now()
        store.commit()
    carla = door(world.carla)
    assert world.maya.phone not in carla.get(form).text
    assert carla.post(form, {"number": world.maya.phone}).status_code == 422


def test_s3_a_number_entered_within_a_day_proves_nothing_yet(world, door, form, enter, clock):
    """S3: whoever talks the desk into a new number would get the link. The page says which other proof remains."""
    old, new = world.maya.phone, "+12125550199"
    enter(phone=new)
    clock.forward(hours=23)
    carla = door(world.carla)
    page = carla.get(form).text
    assert "Entered within the last day" in page
    assert "+1 212-555-0199" in page
    assert "sees them, in person" in page
    assert f'value="{new}"' not in page
    assert f'value="{old}"' not in page
    for number in (new, old):
        assert carla.post(form, {"number": number, "way": "show"}).status_code == 422
    clock.forward(hours=2)
    carla = door(world.carla)
    assert f'value="{new}"' in carla.get(form).text
    assert carla.post(form, {"number": new, "way": "show"}).status_code == 200


@pytest.mark.parametrize("how", ["named again", "safe again"])
def test_s3_a_number_that_comes_back_begins_anew(world, door, form, enter, database, clock, how):
    """S3: an old number of theirs may be somebody else's by now; one that was unsafe was in other hands."""
    number = world.maya.phone
    if how == "named again":
        enter(phone="+12125550199")
        clock.forward(days=2)
        enter(phone=number)
    else:
        with database.writing() as store:
            maya = store.get_one(Person, world.maya.id)
            addresses.mark(store, maya, number, unsafe=True, by=maya, now=clock.now())
            addresses.mark(store, maya, number, unsafe=False, by=maya, now=clock.now())
            store.commit()
    assert door(world.carla).post(form, {"number": number}).status_code == 422
    clock.forward(hours=25)
    assert door(world.carla).post(form, {"number": number}).status_code == 200


def test_p9_texts_that_were_stopped_say_nothing_against_a_call(world, door, form, database, clock):
    with database.writing() as store:
        stop_words.stop(store, world.maya.phone, clock.now())
        store.commit()
    assert door(world.carla).post(form, {"number": world.maya.phone}).status_code == 200


@pytest.mark.parametrize("how", ["new", "unsafe"])
def test_s3_no_link_goes_by_mail_where_the_mailbox_is_new_or_unsafe(
    world, door, form, enter, database, clock, how
):
    """S3: the call reaches the client, and the letter must too."""
    if how == "new":
        enter(email="somebody@example.org")
    else:
        with database.writing() as store:
            maya = store.get_one(Person, world.maya.id)
            addresses.mark(store, maya, maya.email, unsafe=True, by=maya, now=clock.now())
            store.commit()
    carla = door(world.carla)
    assert "by e-mail, to the address on file" not in carla.get(form).text
    refused = carla.post(form, {"number": world.maya.phone, "way": "email"})
    assert refused.status_code == 422
    with database.reading() as store:
        assert store.scalars(select(Notification)).all() == []
    assert carla.post(form, {"number": world.maya.phone, "way": "show"}).status_code == 200


def test_s3_by_mail_the_link_is_seen_by_nobody_here(world, door, form, database):
    """S3: it goes to the address on file."""
    page = door(world.carla).post(form, {"number": world.maya.phone, "way": "email"})
    assert "/sign-in/link/" not in page.text
    with database.reading() as store:
        [row] = store.scalars(select(Notification))
        assert (row.kind, row.person_id, row.channel) == ("sign_in_link", world.maya.id, "email")


def test_s3_recovering_ends_every_other_login(world, door, link_for):
    """S3, S2: whoever had got in is out."""
    thief, maya = door(world.maya), door()
    maya.post(link_for(world.maya, "recovery"))
    assert maya.inside()
    assert not thief.inside()


def ringing(database, person) -> int:
    with database.reading() as store:
        return len(store.scalars(addresses.of(person.id).where(Address.channel == "push")).all())


def test_s5_a_phone_rings_no_more_once_its_owner_had_to_recover(
    world, door, link_for, database, clock
):
    """S5: it may be in other hands. A changed password alone leaves reminders as they are."""
    with database.writing() as store:
        maya = store.get(Person, world.maya.id)
        addresses.add(
            store, maya, "push", "https://push.example/1", by=maya, now=clock.now(), keys={}
        )
        store.commit()
    door(world.maya).post("/account/password", {"password": WORDS})
    assert ringing(database, world.maya) == 1
    door().post(link_for(world.maya, "recovery"))
    assert ringing(database, world.maya) == 0


def test_s19_a_recovery_ends_the_calendar_link_too(world, door, link_for, database, clock):
    """S19: whoever had the account may have made it."""
    with database.writing() as store:
        maya = store.get_one(Person, world.maya.id)
        secret = calendar_feeds.open_feed(store, maya, by=maya, now=clock.now())
        store.commit()
    door().post(link_for(world.maya, "recovery"))
    with database.reading() as store:
        assert calendar_feeds.reader_of(store, secret) is None


def test_s3_a_link_somebody_kept_opens_nothing_once_a_way_in_changed(world, door, link_for):
    """S3: a newer link, a passkey, or signing out everywhere ends it."""
    older, newer = (link_for(world.maya, purpose) for purpose in ("invitation", "recovery"))
    assert door().post(older).status_code == 410
    for change in (
        lambda maya: maya.register(SoftPasskey()),
        lambda maya: maya.post("/me/logins/end"),
        lambda maya: maya.post("/account/password", {"password": WORDS}),
    ):
        change(door(world.maya))
        thief = door()
        assert thief.post(newer).status_code == 410
        assert not thief.inside()
        newer = link_for(world.maya, "invitation")


def test_s3_recovering_ends_the_password_and_leads_to_a_new_one(
    world, door, link_for, with_password
):
    """S3: whoever stole it does not come straight back."""
    with_password(world.maya)
    maya, thief = door(), door()
    welcome = maya.follow(maya.post(link_for(world.maya, "recovery"))).text
    assert "if you had a password before, it no longer works" in welcome
    assert 'href="/account/password' in welcome
    thief.post("/sign-in", {"email": "maya@example.org", "password": WORDS})
    assert not thief.inside()
    assert maya.post("/account/password", {"password": WORDS}).status_code == 303


def test_s3_staff_who_recover_give_their_code_and_are_led_to_a_new_password(
    world, door, link_for, with_password, with_app, clock
):
    """S3: the app alone would not let them in next time."""
    with_password(world.carla)
    code, carla = with_app(world.carla), door()
    clock.forward(seconds=30)
    carla.post(link_for(world.carla, "recovery"))
    given = carla.post("/sign-in/second-step", {"code": code(), "next": "/staff"})
    assert given.headers["Location"] == "/account/welcome"
    assert "if you had a password before, it no longer works" in carla.follow(given).text


def test_s3_an_invitation_ends_nothing(world, door, link_for):
    tablet, phone = door(world.maya), door()
    phone.post(link_for(world.maya, "invitation"))
    assert tablet.inside()
    assert phone.inside()


def test_s3_the_person_is_told_at_every_address_in_neutral_words(
    world, door, link_for, database, clock
):
    """S3, P5: if it was not them, they hear of it."""
    door().post(link_for(world.maya, "recovery"))
    announce(database, clock.now())
    with database.reading() as store:
        told = store.execute(
            select(Notification.channel, Notification.kind).where(
                Notification.person_id == world.maya.id
            )
        ).all()
    assert sorted(told) == [("email", "sign_in_changed"), ("sms", "sign_in_changed")]


def test_s1_only_who_looks_after_them_may_help(world, door, form):
    """S1: others' clients do not exist; a technician may not."""
    assert door(world.nora).get(form).status_code == 404
    assert door(world.theo).get(form).status_code == 404
    assert door(world.maya).get(form).status_code == 404


def test_s2_issuing_a_link_needs_a_fresh_proof(world, door, form, with_password, clock):
    with_password(world.carla)
    carla = door(world.carla)
    clock.forward(minutes=11)
    assert carla.get(form).headers["Location"].startswith("/account/confirm")
    page = carla.post(form, {"number": world.maya.phone, "way": "show"})
    assert page.status_code == 403
    assert "/sign-in/link/" not in page.text


def test_s12_links_for_one_person_are_few(world, door, form):
    """S12: five at once, then one each half hour."""
    carla = door(world.carla)
    sent = [carla.post(form, {"number": world.maya.phone}).status_code for _ in range(6)]
    assert sent == [200] * 5 + [429]


@pytest.mark.parametrize("purpose", ["invitation", "recovery"])
def test_s3_a_link_is_good_once(world, door, link_for, purpose):
    path = link_for(world.maya, purpose)
    assert door().post(path).status_code == 303
    late = door()
    assert late.post(path).status_code == 410
    assert not late.inside()


def test_a_demo_link_is_issued_in_a_demo_only(world, link_for, database, door):
    """It stands for both factors, so no real program may have one."""
    from webapp.refusals import Forbidden

    with pytest.raises(Forbidden):
        link_for(world.carla, "demo")
    with database.writing() as store:
        store.get_one(Person, world.carla.id).program.demo = True
        store.commit()
    carla = door()
    assert carla.post(link_for(world.carla, "demo")).headers["Location"] == "/staff"
    assert carla.inside("/staff")
