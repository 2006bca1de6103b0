"""P2 and P3: a consent is complete, granted by the client alone, and ends at once and silently."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from webapp.care import leaving
from webapp.care.privacy import consents
from webapp.care.privacy.consents import ELEMENTS, Category
from webapp.refusals import Forbidden, Invalid


def granted(store, world, now, category=Category.REMINDERS, **changes):
    asked = {
        "purpose": "So that Ben can remind me", "signature": "Maya Torres",
        "expires_at": now + timedelta(days=90), "by": world.maya,
    } | changes  # fmt: skip
    return consents.grant(store, world.maya, world.ben, category, now=now, **asked)


def covered(store, world, as_of, category=Category.REMINDERS, recipient=None):
    recipient = recipient or world.ben
    return store.scalar(select(consents.covers(world.maya.id, recipient.id, category, as_of)))


def test_a_granted_consent_covers_its_recipient_and_category_only(store, world, clock):
    granted(store, world, clock.now())
    assert covered(store, world, clock.now())
    assert not covered(store, world, clock.now(), Category.MISSED_SESSION)
    assert not covered(store, world, clock.now(), recipient=world.charlie)


def test_it_holds_until_it_expires(store, world, clock):
    made = granted(store, world, clock.now())
    assert covered(store, world, made.expires_at - timedelta(seconds=1))
    assert not covered(store, world, made.expires_at)


def test_revoking_ends_it_at_once_without_a_reason(store, world, clock):
    made = granted(store, world, clock.now())
    made.revoke(store, by=world.maya, now=clock.now())
    assert not covered(store, world, clock.now())


def test_staff_can_pause_it_for_safety_and_the_partner_can_do_nothing(store, world, clock):
    made = granted(store, world, clock.now())
    with pytest.raises(Forbidden):
        made.revoke(store, by=world.ben, now=clock.now())
    with pytest.raises(Forbidden):
        made.pause(store, by=world.ben, now=clock.now())
    made.pause(store, by=world.tessa, now=clock.now())
    assert not covered(store, world, clock.now())


def test_a_pause_for_safety_outlives_whatever_the_client_is_made_to_sign(store, world, clock):
    """P3: it is about the person who is told, not about one paper; and it waits until staff say that it is safe."""
    granted(store, world, clock.now()).pause(store, by=world.tessa, now=clock.now())
    consents.stop(
        store, world.maya, world.ben.id, "reminders", by=world.maya, now=clock.forward(minutes=1)
    )
    again = granted(store, world, clock.forward(minutes=1))
    other = granted(store, world, clock.now(), category="schedule")
    assert not covered(store, world, clock.now())
    again.resume(store, by=world.tessa, now=clock.forward(minutes=1))
    assert covered(store, world, clock.now())
    assert other.paused_at is None


def test_all_consents_end_with_the_treatment(store, world, clock):
    """P2: whoever is taken up again is asked again."""
    granted(store, world, clock.now())
    leaving.change_status(store, world.maya, "discharged", by=world.susan, now=clock.now())
    leaving.change_status(store, world.maya, "active", by=world.susan, now=clock.now())
    assert not covered(store, world, clock.now())


@pytest.mark.parametrize("who", ["ben", "carla", "susan"])
def test_only_the_client_grants(store, world, clock, who):
    with pytest.raises(Forbidden):
        granted(store, world, clock.now(), by=getattr(world, who))


@pytest.mark.parametrize("missing", ["purpose", "signature", "expires_at"])
def test_an_incomplete_consent_is_refused_naming_the_element(store, world, clock, missing):
    empty = clock.now() if missing == "expires_at" else "  "
    with pytest.raises(Invalid) as refused:
        granted(store, world, clock.now(), **{missing: empty})
    assert refused.value.field == missing


def test_the_recipient_is_somebody_else_of_the_same_program(store, world, clock):
    """P2: a named recipient."""
    for wrong in (world.maya, world.aiko):
        with pytest.raises(Invalid) as refused:
            consents.grant(
                store, world.maya, wrong, Category.REMINDERS, purpose="So that they know", signature="Maya Torres",
                by=world.maya, now=clock.now(), expires_at=clock.now() + timedelta(days=90),
            )  # fmt: skip
        assert refused.value.field == "recipient"


@pytest.mark.parametrize("wrong", ["expires_at = signed_at", "recipient_id = client_id"])
def test_the_database_too_refuses_one_that_is_never_in_force_or_names_the_client_as_recipient(
    store, world, clock, wrong
):
    """P2: expiry and recipient."""
    granted(store, world, clock.now())
    with pytest.raises(IntegrityError):
        store.execute(text(f"UPDATE consent SET {wrong}"))


@pytest.mark.parametrize("element", ELEMENTS)
def test_the_database_too_refuses_a_consent_without_each_element(store, world, clock, element):
    granted(store, world, clock.now())
    with pytest.raises(IntegrityError):
        store.execute(text(f"UPDATE consent SET {element} = ' '"))


@pytest.mark.parametrize("seed", range(12))
def test_after_any_sequence_of_acts_the_condition_agrees_with_them(store, world, clock, seed):
    """P1, over real rows: grant, revoke, pause, resume and time passing, shuffled; beside a plain book-keeping of the same."""
    draw = random.Random(seed)
    now, alive, paused = clock.now(), {}, False
    for _ in range(14):
        now += timedelta(days=draw.randint(1, 40))
        act = draw.choice(["grant", "grant", "revoke", "pause", "resume", "pass"])
        if act == "grant":
            made = granted(
                store, world, now, expires_at=now + timedelta(days=draw.choice([10, 90]))
            )
            alive[made] = made.expires_at
        elif alive and act == "revoke":
            chosen = draw.choice(list(alive))
            chosen.revoke(store, by=world.maya, now=now)
            del alive[chosen]
        elif alive and act != "pass":
            chosen = draw.choice(list(alive))
            (chosen.pause if act == "pause" else chosen.resume)(store, by=world.tessa, now=now)
            paused = act == "pause"
        store.flush()
        counts = any(until > now for until in alive.values())
        assert covered(store, world, now) == (counts and not paused)


@pytest.mark.parametrize("category", ["everything"])
def test_what_nothing_is_passed_on_under_cannot_be_signed_and_a_signed_one_stays_valid(
    store, world, clock, category
):
    with pytest.raises(Invalid) as refused:
        granted(store, world, clock.now(), category=category)
    assert refused.value.field == "category"
    older = granted(store, world, clock.now())
    older.category = category
    store.flush()
    assert covered(store, world, clock.now(), category)
