"""P8 on the console: the form, one chart for two hours, the banner, and ending it early."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from webapp.care.contact.addresses import Address
from webapp.care.contact.tasks import Task
from webapp.care.privacy import consents
from webapp.care.privacy.emergency_access import EmergencyAccess

REASON_FORM = {"client": "maya torres", "reason": "Her sister called, she may be in danger."}


def test_the_chart_opens_with_a_banner_and_the_supervisor_has_a_task(visit, store, world):
    colin = visit(world.colin)
    assert colin.get(f"/staff/people/{world.maya.id}").status_code == 404
    page = colin.follow(colin.post("/staff/emergency-access", REASON_FORM)).text
    assert "Emergency access" in page
    assert "Maya Torres" in page
    susan = visit(world.susan)
    tasks = susan.get("/staff/tasks?show=mine").text
    assert "Review an emergency access" in tasks
    assert f"/staff/people/{world.maya.id}/sharing#reached" in tasks
    review = susan.get(f"/staff/people/{world.maya.id}/sharing").text
    for words in (world.colin.name, REASON_FORM["reason"], "Opened once:"):
        assert words in review
    assert colin.get(f"/staff/people/{world.june.id}").status_code == 404


@pytest.mark.parametrize("typed", ["pena-oneil lucja", "Łucja Peña O'Neil", "LUCJA PENA ONEIL"])
def test_the_whole_name_is_enough_however_it_is_typed(visit, store, world, typed):
    """P8: on both databases."""
    world.maya.name = "Łucja Peña-O’Neil"
    store.commit()
    answer = visit(world.colin).post("/staff/emergency-access", REASON_FORM | {"client": typed})
    assert answer.headers["Location"] == f"/staff/people/{world.maya.id}"


@pytest.mark.parametrize("typed", ["may", "Maya Torr", "torres tor m", "tor", "Torres, Maya M"])
def test_a_part_of_a_name_opens_nothing(visit, store, world, typed):
    """P8: there is no browsing."""
    answer = visit(world.colin).post("/staff/emergency-access", REASON_FORM | {"client": typed})
    assert answer.status_code == 422
    assert store.scalars(select(EmergencyAccess)).all() == []


def test_of_two_with_one_address_the_reference_says_who(visit, store, world):
    world.ben.email = world.maya.email
    store.commit()
    colin = visit(world.colin)
    both = colin.post("/staff/emergency-access", REASON_FORM | {"client": world.maya.email})
    assert both.status_code == 422
    assert "Several people have this" in both.text
    one = colin.post("/staff/emergency-access", REASON_FORM | {"client": "maya"})
    assert one.headers["Location"] == f"/staff/people/{world.maya.id}"


def test_after_two_hours_the_client_is_not_found_again(visit, world, clock):
    visit(world.colin).post("/staff/emergency-access", REASON_FORM)
    clock.forward(hours=2, seconds=1)
    assert visit(world.colin).get(f"/staff/people/{world.maya.id}").status_code == 404


def test_an_emergency_access_can_be_ended_early(visit, store, world):
    colin = visit(world.colin)
    colin.post("/staff/emergency-access", REASON_FORM)
    access = store.scalars(select(EmergencyAccess)).one()
    assert visit(world.carla).post(f"/staff/emergency-access/{access.id}/end").status_code == 404
    colin.post(f"/staff/emergency-access/{access.id}/end")
    assert colin.get(f"/staff/people/{world.maya.id}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client": "torres"}, 422), ({"client": ""}, 422), ({"client": "Aiko Tanaka"}, 422),
        ({"reason": "urgent"}, 422), ({"client": "Ben Torres"}, 409),
    ],
)  # fmt: skip
def test_a_refusal_opens_nothing_and_keeps_what_was_typed(visit, store, world, changes, status):
    answer = visit(world.colin).post("/staff/emergency-access", REASON_FORM | changes)
    assert answer.status_code == status
    assert (REASON_FORM | changes)["reason"] in answer.text
    assert store.scalars(select(EmergencyAccess)).all() == []
    assert store.scalars(select(Task)).all() == []


def test_emergency_access_needs_a_fresh_sign_in(visit, store, world, clock):
    colin = visit(world.colin)
    clock.forward(minutes=11)
    assert colin.post("/staff/emergency-access", REASON_FORM).status_code in (303, 403)
    assert store.scalars(select(EmergencyAccess)).all() == []


def test_emergency_access_opens_a_chart_and_neither_an_account_nor_a_paused_consent(
    visit, store, world, clock
):
    """P8: two hours of reading, not a way in for good; P3: what is safe is for those to say who know the client."""
    consent = consents.grant(
        store, world.maya, world.ben, "reminders", purpose="So that Ben can remind me", by=world.maya,
        signature="Maya Torres", expires_at=clock.now() + timedelta(days=90), now=clock.now(),
    )  # fmt: skip
    consent.pause(store, by=world.carla, now=clock.now())
    store.commit()
    colin = visit(world.colin)
    colin.post("/staff/emergency-access", REASON_FORM)
    assert colin.get(f"/staff/people/{world.maya.id}/sharing").status_code == 200
    link = f"/staff/people/{world.maya.id}/sign-in-link"
    assert colin.get(link).status_code == 404
    given = {"number": world.maya.phone, "way": "show"}
    assert colin.post(link, given).status_code == 404
    for act in ("resumption", "end"):
        assert colin.post(f"/staff/consents/{consent.id}/{act}").status_code == 404
    store.refresh(consent)
    assert (consent.paused_at is not None, consent.revoked_at) == (True, None)


def test_s18_emergency_access_changes_nothing_about_addresses_or_anything_else(
    visit, store, world, clock
):
    """S18: the page offers no change, and takes none."""
    at = f"/staff/people/{world.maya.id}"
    colin = visit(world.colin)
    colin.post("/staff/emergency-access", REASON_FORM)
    page = colin.get(at).text
    assert "change nothing in it" in page
    assert f'action="{at}/' not in page
    assert f'action="{at}/' not in colin.get(f"{at}/messages").text
    for to, form in (
        ("addresses", {"value": world.maya.phone}),
        ("contacts", {"channel": "call", "outcome": "reached"}),
        ("plans", {"barrier": "The bus"}),
        ("messages", {"body": "Hello", "request_id": "1"}),
    ):
        assert colin.post(f"{at}/{to}", form).status_code == 404
    marked = select(Address).where(Address.person_id == world.maya.id, Address.is_unsafe)
    assert store.scalars(marked).all() == []


def test_who_has_emergency_access_needs_no_second_one(visit, store, world):
    colin = visit(world.colin)
    colin.post("/staff/emergency-access", REASON_FORM)
    assert colin.post("/staff/emergency-access", REASON_FORM).status_code == 409
    assert len(store.scalars(select(EmergencyAccess)).all()) == 1


@pytest.mark.parametrize("who", ["maya", "henry", "theo"])
def test_clients_supporters_and_technicians_find_no_such_page(visit, world, who):
    assert visit(getattr(world, who)).get("/staff/emergency-access").status_code == 404


def test_a_page_read_in_an_emergency_offers_no_change(visit, world, room):
    """S18: what could not be done is not offered either."""
    room([world.maya], -60 * 24)
    carla, colin = visit(world.carla), visit(world.colin)
    colin.post("/staff/emergency-access", REASON_FORM)
    here = f"/staff/people/{world.maya.id}"
    for path in (here, f"{here}/sharing"):
        theirs = [each for each in posts(colin.get(path).text) if "sign-out" not in each]
        assert theirs == [], path
    assert f"{here}/contacts" in posts(carla.get(here).text)


def posts(page):
    return set(re.findall(r'(?:action|hx-post)="([^"]+)"', page)) - {"/sign-out"}
