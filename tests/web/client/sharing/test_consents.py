"""P2, P3, P6: a client shares with a signature, takes it back with a tap, and the other person sees no difference."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.pages import constant
from webapp.care import leaving
from webapp.care.directory.people import Person
from webapp.care.privacy.consents import REDISCLOSURE, Consent

FORM = {
    "category": ["schedule", "reminders"], "purpose": "together", "term": "90",
    "signature": "Maya Torres",
}  # fmt: skip


def shared(visit, world, **changes):
    maya = visit(world.maya)
    return maya, maya.post("/me/sharing", FORM | {"recipient": str(world.ben.id)} | changes)


def rows(store):
    store.expire_all()
    return store.scalars(select(Consent).order_by(Consent.id)).all()


def test_what_is_signed_is_complete_and_named(visit, store, world):
    """P2."""
    maya, answer = shared(visit, world)
    assert "You can take it back" in maya.follow(answer).text
    made = rows(store)
    assert [(each.category, each.recipient_id) for each in made] == [
        ("schedule", world.ben.id), ("reminders", world.ben.id),
    ]  # fmt: skip
    assert {each.signature for each in made} == {"Maya Torres"}
    assert {each.purpose for each in made} == {"So that we can heal together"}
    assert all(each.expires_at - each.signed_at == timedelta(days=90) for each in made)


@pytest.mark.parametrize("category", ["everything", ""])
def test_only_what_something_is_passed_on_under_is_offered_and_can_be_signed(
    visit, store, world, category
):
    maya, answer = shared(visit, world, category=[category])
    assert answer.status_code == 422
    assert rows(store) == []
    page = maya.get("/me/sharing/new").text
    assert re.findall(r'name="category"[^>]*value="(\w+)"', page) == [
        "schedule", "reminders", "missed_session", "catch_up", "homework", "make_ups", "hours",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"category": []}, "Choose at least one"),
        ({"category": "notes"}, "Choose at least one"),
        ({"purpose": "because"}, "complete"),
        ({"signature": "  "}, "complete"),
        ({"term": "9999"}, "until when"),
        ({"term": ""}, "until when"),
        ({"recipient": "0"}, "who may be told"),
    ],
)
def test_something_missing_is_named_and_nothing_is_shared(visit, store, world, changes, says):
    _, answer = shared(visit, world, **changes)
    assert answer.status_code == 422
    assert says in answer.text
    assert answer.text.count('aria-invalid="true" autofocus=""') == 1
    assert rows(store) == []


def test_one_can_share_with_ones_partner_only(visit, store, world):
    for other in (world.june, world.carla, world.maya, world.aiko):
        _, answer = shared(visit, world, recipient=str(other.id))
        assert answer.status_code == 422
    assert rows(store) == []


def test_it_needs_a_sign_in_of_the_last_minutes(visit, store, world, clock):
    """P3: a phone that lies about unlocked shares nothing."""
    maya = visit(world.maya)
    clock.forward(minutes=11)
    answer = maya.post("/me/sharing", FORM | {"recipient": str(world.ben.id)})
    assert answer.status_code in (303, 403)
    assert rows(store) == []


@pytest.mark.parametrize("who", ["henry", "carla", "susan"])
def test_nobody_else_can_sign(visit, store, world, who):
    answer = visit(getattr(world, who)).post(
        "/me/sharing", FORM | {"recipient": str(world.june.id)}
    )
    assert answer.status_code == 404
    assert rows(store) == []


def test_a_copy_holds_every_element_as_it_was_signed(visit, store, world):
    """P2: whatever the two are called by now."""
    maya, _ = shared(visit, world)
    for who in (world.maya, world.ben):
        store.get(Person, who.id).name = "Somebody Else"
    store.commit()
    page = maya.get(f"/me/sharing/{rows(store)[0].id}").text
    for said in (
        "Maya Torres",
        "Ben Torres",
        "Harbor Evening Track",
        "heal together",
        "take this back",
    ):
        assert said in page


def test_somebody_elses_consent_does_not_exist_for_anybody(visit, store, world):
    shared(visit, world)
    made = rows(store)[0].id
    for who in (world.ben, world.june, world.charlie, world.henry):
        assert visit(who).get(f"/me/sharing/{made}").status_code == 404
        assert visit(who).post(f"/me/sharing/{made}/end").status_code == 404
    assert rows(store)[0].revoked_at is None


def test_one_tap_ends_all_of_that_kind_for_that_person(visit, store, world):
    """P3: however often it was allowed."""
    maya, _ = shared(visit, world)
    shared(visit, world, term="180")
    maya.post(f"/me/sharing/{rows(store)[0].id}/end")
    standing = [each.category for each in rows(store) if each.revoked_at is None]
    assert standing == ["reminders", "reminders"]


PARTNERS_PAGES = ("/", "/together", "/schedule", "/catch-up", "/me", "/me/sharing", "/messages")


def seen_by(person, clock, instant):
    """Bodies and headers of the partner's pages at one instant, without what is random on each page."""
    found = {}
    for path in PARTNERS_PAGES:
        clock.set(instant)
        answer = person.get(path)
        found[path] = (
            answer.status_code,
            constant(answer.text),
            sorted(answer.headers.keys()),
        )
    return found


@pytest.mark.parametrize("how", ["revoked", "paused"])
def test_the_partners_pages_are_the_same_to_the_byte(visit, store, world, clock, how):
    """P3: whether it was taken back, or paused by staff, cannot be told from anything Ben may open."""
    maya, _ = shared(visit, world)
    ben = visit(world.ben)
    instant = clock.forward(minutes=1)
    before = seen_by(ben, clock, instant)
    for each in rows(store):
        if how == "revoked":
            maya.post(f"/me/sharing/{each.id}/end")
        else:
            visit(world.carla).post(f"/staff/consents/{each.id}/pause")
    assert seen_by(ben, clock, instant) == before
    changed = rows(store)[0]
    assert (changed.revoked_at if how == "revoked" else changed.paused_at) is not None


def test_a_pause_does_not_show_on_the_clients_pages_either(visit, store, world, clock):
    """Somebody may be looking over their shoulder."""
    maya, answer = shared(visit, world)
    maya.follow(answer)
    instant = clock.forward(minutes=1)
    before = seen_by(maya, clock, instant)
    visit(world.carla).post(f"/staff/consents/{rows(store)[0].id}/pause")
    assert seen_by(maya, clock, instant) == before


def test_staff_end_it_when_the_client_tells_them_to(visit, store, world):
    """P3; 42 CFR 2.31(a)(6): "or by telling your care team"."""
    maya, _ = shared(visit, world)
    _, reminders = rows(store)
    carla = visit(world.carla)
    assert "The client takes it back" in carla.get(f"/staff/people/{world.maya.id}/sharing").text
    assert carla.post(f"/staff/consents/{reminders.id}/end").status_code == 303
    assert [each.revoked_at is None for each in rows(store)] == [True, False]
    assert "Reminders before my sessions" not in maya.get("/me/sharing").text


def test_who_is_trusted_reads_the_scope_and_the_redisclosure_rule(visit, store, world):
    """P6."""
    shared(visit, world)
    page = visit(world.ben).get("/me/sharing").text
    assert "Maya Torres lets you know" in page
    assert rows(store)[0].purpose in page
    assert REDISCLOSURE in page.replace("\n", " ")


def test_when_it_would_have_ended_by_itself_it_is_gone_for_both(visit, world, clock):
    shared(visit, world)
    clock.forward(days=91)
    assert "lets you know" not in visit(world.ben).get("/me/sharing").text
    assert "Nothing is shared" in visit(world.maya).get("/me/sharing").text


def test_after_a_couple_has_ended_what_stands_is_said_to_who_allowed_it_alone(
    visit, store, world, clock
):
    """P3: it is theirs to stop, nobody is asked to, and the other's page stays as it was."""
    maya, _ = shared(visit, world)
    ben = visit(world.ben)
    instant = clock.forward(minutes=1)
    before = seen_by(ben, clock, instant)["/me/sharing"]
    leaving.end_couple(store, world.maya_and_ben, by=None, now=clock.now())
    store.commit()
    page = maya.get("/me/sharing").text
    assert "What you allowed still stands." in page
    assert "/end" in page
    assert seen_by(ben, clock, instant)["/me/sharing"] == before
    assert all(each.revoked_at is None for each in rows(store))
    assert "There is nobody to share with yet" in maya.get("/me/sharing/new").text
