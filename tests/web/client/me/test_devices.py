"""Devices: one endpoint, one person (S5); endpoints are strangers' addresses (S4)."""

import pytest
from sqlalchemy import select, update

from webapp.care.accounts.logins import Login
from webapp.care.audit.events import Event
from webapp.care.contact.addresses import Address

P256DH = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"
AUTH = "tBHItJI5svbpez7KI4CCXg"
OFF_THE_CURVE = P256DH[:-1] + "4"
COMPRESSED = "AnXBdre" + "A" * 37


def subscription(name="one", **changed):
    told = {
        "endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "expirationTime": None,
        "keys": {"p256dh": P256DH, "auth": AUTH},
    }  # fmt: skip
    return told | changed


def live(store, person):
    store.expire_all()
    found = select(Address).where(
        Address.channel == "push", Address.person_id == person.id, ~Address.is_stopped
    )
    return [address.value.rsplit("/", 1)[1] for address in store.scalars(found)]


def test_a_device_is_added_once_and_known_again(maya, store, world):
    first, second = (maya.post("/me/devices", json=subscription()) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json() == second.get_json()
    assert live(store, world.maya) == ["one"]


def test_a_device_that_arrives_for_another_person_leaves_the_first(maya, visit, store, world):
    maya.post("/me/devices", json=subscription())
    visit(world.ben).post("/me/devices", json=subscription())
    assert (live(store, world.maya), live(store, world.ben)) == ([], ["one"])


def test_a_removed_device_is_gone_and_only_its_owner_can_remove_it(maya, visit, store, world):
    where = f"/me/devices/{maya.post('/me/devices', json=subscription()).get_json()['id']}"
    assert visit(world.ben).delete(where).status_code == 404
    assert visit(world.ben).post(f"{where}/test").status_code == 404
    assert maya.delete(where).status_code == 204
    assert maya.delete(where).status_code == 404
    assert live(store, world.maya) == []


def test_a_test_notice_is_asked_for(maya, store):
    device = maya.post("/me/devices", json=subscription()).get_json()["id"]
    assert maya.post(f"/me/devices/{device}/test").status_code == 202
    asked = store.scalars(select(Event).where(Event.tag == "person:address:tested")).one()
    assert asked.fields["address"] == device


def test_the_list_on_me_has_buttons_that_work_without_javascript(maya, store, world):
    device = maya.post("/me/devices", json=subscription()).get_json()["id"]
    page = maya.get("/me/devices").text
    assert f"/me/devices/{device}/test" in page
    answer = maya.post(f"/me/devices/{device}/test", {"from": "page"})
    assert "on its way" in maya.follow(answer).text
    maya.post(f"/me/devices/{device}/removal")
    assert live(store, world.maya) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "endpoint"),
        ([], "endpoint"),
        ({}, "endpoint"),
        (subscription(endpoint=7), "endpoint"),
        (subscription(endpoint="http://fcm.googleapis.com/x"), "endpoint"),
        (subscription(endpoint="https://169.254.169.254/latest"), "endpoint"),
        (subscription(endpoint="https://fcm.googleapis.com.evil.example/x"), "endpoint"),
        (subscription(endpoint="https://fcm.googleapis.com@evil.example/x"), "endpoint"),
        (subscription(endpoint="https://fcm.googleapis.com:8443/x"), "endpoint"),
        (subscription(endpoint="https://fcm.googleapis.com/" + "x" * 2000), "endpoint"),
        (subscription(keys=None), "keys.p256dh"),
        (subscription(keys={"p256dh": "AAAA", "auth": AUTH}), "keys.p256dh"),
        (subscription(keys={"p256dh": P256DH, "auth": 3}), "keys.auth"),
        (subscription(keys={"p256dh": P256DH, "auth": "ñ"}), "keys.auth"),
        (subscription(keys={"p256dh": OFF_THE_CURVE, "auth": AUTH}), "keys.p256dh"),
        (subscription(keys={"p256dh": COMPRESSED, "auth": AUTH}), "keys.p256dh"),
        (subscription(keys={"p256dh": P256DH + "AA", "auth": AUTH}), "keys.p256dh"),
        (
            subscription(keys={"p256dh": P256DH[:40] + "!!" + P256DH[40:], "auth": AUTH}),
            "keys.p256dh",
        ),
        (subscription(keys={"p256dh": P256DH, "auth": AUTH + "\n"}), "keys.auth"),
        (subscription(keys={"p256dh": P256DH, "auth": " " + AUTH}), "keys.auth"),
        (subscription(keys={"p256dh": P256DH, "auth": AUTH[:-2]}), "keys.auth"),
        (subscription(keys={"p256dh": P256DH, "auth": AUTH * 20}), "keys.auth"),
    ],
)
def test_what_is_no_subscription_is_refused_and_named(maya, store, world, body, field):
    answer = maya.post("/me/devices", json=body)
    assert (answer.status_code, answer.get_json()["field"]) == (422, field)
    assert live(store, world.maya) == []


def test_keys_with_their_padding_are_keys(maya, store, world):
    keys = {"p256dh": P256DH + "=", "auth": AUTH + "=="}
    assert maya.post("/me/devices", json=subscription(keys=keys)).status_code == 201


def test_a_subscription_the_push_service_gave_up_is_to_be_made_anew(maya, store, world, clock):
    maya.post("/me/devices", json=subscription())
    store.scalars(select(Address).where(Address.channel == "push")).one().stop(
        store, "gone", by=None, now=clock.now()
    )
    store.commit()
    assert maya.post("/me/devices", json=subscription()).status_code == 410
    assert maya.post("/me/devices", json=subscription("two")).status_code == 201


def test_nobody_piles_up_devices_without_end(maya, clock):
    answers = []
    for number in range(21):
        clock.forward(minutes=11)  # as often as devices may be added
        sent = maya.post("/me/devices", json=subscription(f"n{number}"))
        answers.append(sent.status_code)
    assert answers == [201] * 20 + [422]


def test_signing_out_takes_the_phone_off_the_list(maya, store, world):
    maya.post("/me/devices", json=subscription())
    maya.post("/sign-out")
    assert live(store, world.maya) == []


def test_it_does_so_whenever_reminders_were_turned_on_there(maya, visit, store, world):
    """The phone says which one it is: it may not have been told of since the last sign-in."""
    visit(world.maya).post("/me/devices", json=subscription())
    maya.post("/sign-out", {"endpoint": subscription()["endpoint"]})
    assert live(store, world.maya) == []


def test_a_phone_that_is_signed_out_from_elsewhere_rings_no_more(maya, visit, store, world):
    """S5: who finds it reads no reminder, and answers none."""
    maya.post("/me/devices", json=subscription("mine"))
    lost, kept = visit(world.maya), visit(world.maya)
    lost.post("/me/devices", json=subscription("lost"))
    found = store.scalars(select(Login).order_by(Login.id.desc()).offset(1)).first()
    kept.post("/me/devices", json=subscription("kept"))
    maya.post(f"/me/logins/{found.id}/end")
    assert sorted(live(store, world.maya)) == ["kept", "mine"]


@pytest.mark.parametrize("over", ["ran out", "ended by a restore"])
def test_signing_out_everywhere_else_reaches_a_phone_whose_login_is_over(
    visit, store, world, clock, over
):
    """S5: a login lasts a day, a lost phone is missed later."""
    visit(world.maya).post("/me/devices", json=subscription("lost"))
    if over == "ended by a restore":
        store.execute(update(Login).values(ended_at=clock.now()))
        store.commit()
    clock.forward(days=3)
    here, ben = visit(world.maya), visit(world.ben)
    here.post("/me/devices", json=subscription("here"))
    ben.post("/me/devices", json=subscription("bens"))
    here.post("/me/logins/end")
    assert (live(store, world.maya), live(store, world.ben)) == (["here"], ["bens"])


def test_a_device_goes_with_the_login_it_was_last_told_of_in(visit, store, world):
    first, again = visit(world.maya), visit(world.maya)
    for visitor in (first, again):
        visitor.post("/me/devices", json=subscription())
    first.post("/sign-out")
    assert live(store, world.maya) == ["one"]
    again.post("/sign-out")
    assert live(store, world.maya) == []


def test_without_the_pages_token_nothing_is_added(maya, store, world):
    assert maya.post("/me/devices", json=subscription(), forged=True).status_code == 403
    assert live(store, world.maya) == []


def test_test_reminders_are_sent_only_so_often(maya, clock):
    """S12: nobody uses up the program's pushes; waiting helps."""
    device = maya.post("/me/devices", json=subscription()).get_json()["id"]
    answers = [maya.post(f"/me/devices/{device}/test") for _ in range(6)]
    assert [each.status_code for each in answers] == [202] * 5 + [429]
    assert int(answers[5].headers["Retry-After"]) <= 60
    clock.forward(minutes=1)
    assert maya.post(f"/me/devices/{device}/test").status_code == 202
