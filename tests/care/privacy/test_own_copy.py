"""A client's own copy: all of theirs, and nothing authored by or about others (P10)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.care.evenings import DAY, HOUR, room, seat_of
from tests.counting import statements
from webapp.care.attendance import absences, presence
from webapp.care.attendance.standing import Standing
from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import contacts, messages, reengagement_plans
from webapp.care.materials import drafts, homework, resources, summaries
from webapp.care.preferences import accommodations, availability, backup_plans
from webapp.care.privacy import consents, emergency_access, fhir, own_copy

THEIRS, OWN = "Zebra", "Lighthouse"
"""Canaries: in every text of somebody else, in every text of Maya's own."""


@pytest.fixture
def scene(store, world, clock):
    """A week of Maya's in which everybody wrote something about everything."""
    now, maya, carla, ben = clock.now(), world.maya, world.carla, world.ben
    group = room(store, carla, [maya, ben, world.gus], now - DAY, now, title=f"{THEIRS} group")
    seat, bens = seat_of(store, group, maya), seat_of(store, group, ben)
    staff_writes(store, group, seat, carla, now)
    ben_writes(store, bens, ben, carla, now)
    maya_writes(store, world, group, seat, now)
    store.commit()
    return seat


def staff_writes(store, group, seat, carla, now):
    maya = seat.client
    summaries.write(store, group, f"{THEIRS} for all", by=carla, now=now)
    summaries.write(store, group, f"{THEIRS} for one", by=carla, now=now, client=maya)
    task, _ = homework.put(
        store,
        maya.program,
        f"{THEIRS}-1",
        title=THEIRS,
        body=THEIRS,
        by=carla,
        now=now,
        session=group,
    )
    given = homework.hand_in(store, task, f"{OWN} homework", by=maya, now=now)
    homework.give_feedback(store, given, f"{THEIRS} feedback", by=carla, now=now)
    resources.put(
        store,
        maya.program,
        f"{THEIRS}-2",
        kind="reading",
        title=THEIRS,
        body=THEIRS,
        by=carla,
        now=now,
    )
    reengagement_plans.make(
        store, maya, by=carla, now=now, barrier=THEIRS, steps=["make_up"], note=THEIRS
    )
    contacts.record(
        store, maya, channel="call", outcome="reached", by=carla, now=now, note=THEIRS, seat=seat
    )
    absences.excuse(store, seat, THEIRS, by=carla, now=now)
    accommodations.ask(store, maya, "interpreter", by=carla, now=now, detail=THEIRS)
    backup_plans.write(store, maya, {"place": THEIRS}, by=carla, now=now)
    messages.send(store, maya, f"{THEIRS} from Carla", by=carla, now=now)
    presence.mark(store, seat, "absent", by=carla, now=now, id="m1", reason=THEIRS)
    later = room(store, carla, [maya], now + DAY, now, title=THEIRS)
    absences.report(
        store, seat_of(store, later, maya), by=carla, now=now, reason="illness", note=THEIRS
    )
    later.cancel(store, THEIRS, by=carla, now=now)


def ben_writes(store, seat, ben, carla, now):
    absences.report(store, seat, by=ben, now=now, reason="family", note=THEIRS)
    messages.send(store, ben, THEIRS, by=ben, now=now)
    backup_plans.write(store, ben, {"note": THEIRS}, by=ben, now=now)
    accommodations.ask(store, ben, "other", by=ben, now=now, detail=THEIRS)
    drafts.save(store, "homework:1", THEIRS, by=ben, now=now)


def maya_writes(store, world, group, seat, now):
    maya = world.maya
    absences.report(store, seat, by=maya, now=now, reason="work", note=f"{OWN} absence")
    messages.send(store, maya, f"{OWN} message", by=maya, now=now)
    backup_plans.write(store, maya, {"place": f"{OWN} place"}, by=maya, now=now)
    accommodations.ask(store, maya, "other", by=maya, now=now, detail=f"{OWN} need")
    drafts.save(store, "homework:7", f"{OWN} draft", by=maya, now=now)
    availability.put(store, maya, [(0, "09:00", "12:00")], by=maya, now=now)


def copy(store, client, now):
    """All three forms as one text: what would leave."""
    record = own_copy.assemble(store, client, {}, now)
    return json.dumps([record, fhir.bundle(record, client.ref)], default=str, ensure_ascii=False)


def test_nothing_that_others_wrote_is_in_it(store, world, clock, scene):
    """P10: every text of staff's and of the partner's carries the canary."""
    assert THEIRS not in copy(store, world.maya, clock.now())


def test_nobody_else_is_named_in_it(store, world, clock, scene):
    """P10: no host, no counselor, nobody of the group, no partner."""
    text = copy(store, world.maya, clock.now())
    named = [
        person.name
        for person in vars(world).values()
        if getattr(person, "name", "") and person is not world.maya and person.name in text
    ]
    assert named == []


@pytest.mark.parametrize("what", ["homework", "absence", "message", "place", "need", "draft"])
def test_every_text_of_the_client_is_in_it(store, world, clock, scene, what):
    assert f"{OWN} {what}" in copy(store, world.maya, clock.now())


def test_it_has_each_sessions_standing_and_minutes(store, world, clock, scene):
    record = own_copy.assemble(
        store, world.maya, {scene.id: (Standing.EXCUSED, Standing.EXCUSED)}, clock.now()
    )
    mine = {each["seat"]: each for each in record["sessions"]}[scene.id]
    assert (mine["kind"], mine["standing"], mine["minutes_there"]) == ("group", "excused", 0)
    assert record["hours_that_suit"] == [{"weekday": 0, "from": "09:00", "to": "12:00"}]


def test_an_absence_reported_by_staff_is_in_it_without_their_words(store, world, clock, scene):
    told = own_copy.assemble(store, world.maya, {}, clock.now())["absences"]
    assert [each["by_you"] for each in told] == [False, True]
    assert told[0]["reason"] is None


def test_a_consent_is_in_it_with_every_element_as_it_was_signed(store, world, clock, scene):
    """P2, P10: the one name of somebody else is the one the client named and signed for."""
    maya, ben, now = world.maya, world.ben, clock.now()
    consents.grant(
        store, maya, ben, "reminders", purpose=f"{OWN} we go together", by=maya,
        signature=maya.name, expires_at=now + 30 * DAY, now=now,
    )  # fmt: skip
    ben.name = "Somebody Else"
    store.commit()
    record = own_copy.assemble(store, maya, {}, now)
    [told] = record.pop("consents")
    assert (told["client"], told["recipient"]) == ("Maya Torres", "Ben Torres")
    assert all(told[each] for each in ("discloser", "description", "right_to_revoke", "signature"))
    assert told["purpose"] == f"{OWN} we go together"
    assert "Ben Torres" not in json.dumps(record, default=str)


def test_a_pause_by_staff_does_not_show(store, world, clock):
    """P3: a sharing that staff paused for safety looks as it did."""
    maya, now = world.maya, clock.now()
    consent = consents.grant(
        store, maya, world.ben, "schedule", purpose="So that we can plan", by=maya,
        signature=maya.name, expires_at=now + 30 * DAY, now=now,
    )  # fmt: skip
    store.commit()
    later = now + HOUR
    before = own_copy.assemble(store, maya, {}, later)
    consent.pause(store, by=world.carla, now=now)
    store.commit()
    assert own_copy.assemble(store, maya, {}, later) == before


def test_who_viewed_the_record_is_listed_by_name_and_role_also_in_an_emergency(store, world, clock):
    """P7: every reading but one's own, as the page shows them."""
    for by, what in ((world.carla, "chart"), (world.maya, "own_copy")):
        events.record(
            store, Tag.CHART_READ, by=by, now=clock.now(), program_id=world.harbor.id,
            client=world.maya, what=what,
        )  # fmt: skip
    emergency_access.begin(store, world.maya, "Her sister called.", by=world.colin, now=clock.now())
    store.commit()
    looked = own_copy.assemble(store, world.maya, {}, clock.now())["who_looked"]
    assert [(each["by"], each["roles"], each["what"]) for each in looked] == [
        ("Carla Reyes", ["counselor"], "chart"),
        (world.colin.name, sorted(world.colin.role_names), "emergency_access"),
    ]


def test_handing_it_out_is_recorded(store, world, clock):
    own_copy.record_handed_out(store, world.maya, by=world.maya, now=clock.now())
    store.commit()
    read = store.scalars(select(Event).where(Event.tag == Tag.CHART_READ)).one()
    assert (read.client_id, read.by_id, read.fields) == (
        world.maya.id, world.maya.id, {"what": "own_copy"},
    )  # fmt: skip


def test_the_number_of_statements_does_not_grow_with_the_history(database, store, world, clock):
    now = clock.now()
    with statements(database) as few:
        own_copy.assemble(store, world.maya, {}, now)
    for n in range(12):
        room(store, world.carla, [world.maya], now - (n + 1) * DAY, now, ref=f"r{n}")
        messages.send(store, world.maya, f"{n}", by=world.maya, now=now + timedelta(minutes=n))
    store.commit()
    with statements(database) as many:
        own_copy.assemble(store, world.maya, {}, now)
    assert len(many) <= len(few) + 2
