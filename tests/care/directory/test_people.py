"""People, couples, care teams and addresses: who belongs together, and who may look up whom."""

from datetime import timedelta

import pytest

from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people, teams
from webapp.refusals import Invalid

PHONE = {"p256dh": "k", "auth": "a"}


def test_putting_a_person_twice_changes_the_existing_one(store, world, clock):
    asked = {"kind": "client", "time_zone": "America/Chicago", "by": world.cody, "now": clock.now()}
    first, new = people.put(store, world.harbor, "nell", name="Nell", **asked)
    again, newer = people.put(store, world.harbor, "nell", name="Nell Ives", **asked)
    assert (new, newer, first is again, again.name) == (True, False, True, "Nell Ives")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("time_zone", {"time_zone": "Nowhere/Else"}),
        ("language", {"language": "tlh"}),
        ("roles", {"roles": ["counselor"]}),
        ("kind", {"ref": "carla"}),
    ],
)
def test_an_invalid_person_is_refused_naming_the_field(store, world, clock, field, wrong):
    asked = {"ref": "nell", "kind": "client", "name": "Nell", "time_zone": "UTC"} | wrong
    with pytest.raises(Invalid) as refused:
        people.put(store, world.harbor, by=world.cody, now=clock.now(), **asked)
    assert refused.value.field == field


def test_a_role_that_is_taken_away_is_gone(store, world, clock):
    people.set_roles(store, world.susan, ["counselor"], by=None, now=clock.now())
    store.flush()
    store.expire(world.susan)
    assert world.susan.role_names == {"counselor"}


def test_the_couples_therapist_is_never_either_ones_counselor(store, world, clock):
    people.set_roles(
        store, world.carla, ["counselor", "couples_therapist"], by=None, now=clock.now()
    )
    with pytest.raises(Invalid) as refused:
        teams.form_couple(
            store, world.harbor, "maya_and_ben", world.maya, world.ben, therapist=world.carla,
            by=None, now=clock.now(),
        )  # fmt: skip
    assert refused.value.field == "therapist"
    people.set_roles(
        store, world.tessa, ["counselor", "couples_therapist"], by=None, now=clock.now()
    )
    with pytest.raises(Invalid) as refused:
        teams.set_care_team(
            store, world.maya, counselor=world.tessa, supervisor=None, coordinator=None, by=None,
            now=clock.now(),
        )  # fmt: skip
    assert refused.value.field == "counselor"


def test_nobody_is_in_two_couples(store, world, clock):
    with pytest.raises(Invalid):
        teams.form_couple(
            store, world.harbor, "other", world.maya, world.gus, therapist=None, by=None,
            now=clock.now(),
        )  # fmt: skip


def test_each_person_sees_those_in_their_care(store, world):
    def seen(who):
        return {p.ref for p in store.scalars(teams.visible_to(getattr(world, who)))}

    assert seen("maya") == {"maya"}
    assert seen("charlie") == {"charlie"}
    assert {"maya", "leo", "carla"} <= seen("carla")
    assert not {"ben", "charlie", "aiko"} & seen("carla")
    assert {"maya", "ben"} <= seen("tessa")
    assert "gus" not in seen("tessa")
    assert {"maya", "charlie"} <= seen("susan")
    assert not {"aiko", "nora"} & seen("susan")


def test_a_device_that_arrives_for_another_person_is_unbound_first(store, world, clock):
    """S5: the phone Maya signed out of is Ben's now."""
    endpoint = "https://fcm.googleapis.com/fcm/send/one"
    hers = addresses.add(
        store, world.maya, Channel.PUSH, endpoint, keys=PHONE, by=world.maya, now=clock.now()
    )
    his = addresses.add(
        store, world.ben, Channel.PUSH, endpoint, keys=PHONE, by=world.ben, now=clock.now()
    )
    assert (hers.usable, his.usable) == (False, True)


def test_an_address_is_usable_only_while_opted_in_safe_and_not_stopped(store, world, clock):
    mail = addresses.add(
        store, world.gus, Channel.EMAIL, "gus@home.example", opted_in=False, by=None,
        now=clock.now(),
    )  # fmt: skip
    assert not mail.usable
    mail.opted_in_at = clock.now()
    assert mail.usable
    mail.unsafe_at = clock.now()
    assert not mail.usable
    mail.unsafe_at = None
    mail.stop(store, "stop_word", by=world.gus, now=clock.now() + timedelta(minutes=1))
    assert not mail.usable
