"""The engine on real rows: every rung and every rule, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.protocol.rooms import Evening, evening
from webapp.care import leaving
from webapp.care.attendance import absences, presence
from webapp.care.attendance.standing import standing
from webapp.care.audit import chain
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import reengagement_plans, tasks
from webapp.care.contact.tasks import Task
from webapp.care.directory import programs
from webapp.care.directory.people import Status
from webapp.care.directory.teams import Cover
from webapp.care.make_ups import make_ups
from webapp.care.preferences import contact_preferences
from webapp.care.schedule.sessions import Seat
from webapp.db import Database, Store
from webapp.protocol.engine import engine
from webapp.protocol.engine.overdue_tasks import tend
from webapp.protocol.facts import facts
from webapp.protocol.facts.steps import Step

SIX = datetime(2026, 3, 6, 23, 0, tzinfo=UTC)
"""Six in the evening in New York, two days on."""
CLIMB = (-1440, -60, -10, 5, 20, 60)


@pytest.fixture
def group(database: Database, store: Store, world: Any) -> Evening:
    return evening(database, store, world, SIX)


def test_a_client_who_never_appears_climbs_every_rung_to_the_counselor(group: Evening) -> None:
    maya = group.world.maya
    group.walk(*CLIMB)
    assert group.steps(maya) == dict.fromkeys(
        ["heads_up", "soon", "doors_open", "first_check", "second_check", "outreach"], "taken"
    )
    call = group.tasks(maya)["outreach"]
    assert (call.owner_id, call.due_at) == (group.world.carla.id, group.at(120))
    assert call.brief["prompts"]


def test_steps_are_events_with_their_instants_and_the_chain_holds(group: Evening) -> None:

    group.walk(*CLIMB)
    taken = group.store.scalars(
        select(Event).where(Event.tag == Tag.STEP_TAKEN, Event.client_id == group.world.gus.id)
    ).all()
    assert [event.fields["rung"] for event in taken][-2:] == ["second_check", "outreach"]
    assert taken[0].fields["due_at"] == group.at(-1440).isoformat()
    assert list(chain.verify(group.store)) == []


def test_looking_again_takes_nothing_twice(group: Evening) -> None:
    group.walk(5, 5, 5.5, 6)
    assert group.steps(group.world.maya)["first_check"] == "taken"
    count = select(func.count()).select_from(Event).where(Event.tag == Tag.STEP_TAKEN)
    assert group.store.scalar(count) == group.store.scalar(select(func.count()).select_from(Step))


def test_nothing_due_is_nothing_found(group: Evening) -> None:
    group.look(-2000)
    assert group.look(-1999) == 0


def wish(group: Evening, minutes: float, **lead: int) -> None:
    maya = group.world.maya
    contact_preferences.set_reminders(
        group.store, maya, first="email", off=[], quiet_hours=("21:00", "08:00"), lead=lead,
        by=maya, now=group.at(minutes),
    )  # fmt: skip


def test_a_client_who_wants_to_know_earlier_is_looked_at_earlier(group: Evening) -> None:
    """M4: a change of the wish changes when the seat is looked at next."""
    maya, gus = group.world.maya, group.world.gus
    group.look(-2500)
    wish(group, -2499, heads_up=30 * 60, soon=120)
    group.look(-2499)
    assert group.seat(maya).next_look_at == group.at(-1800)
    assert group.seat(gus).next_look_at == group.at(-1440)
    group.walk(-1800, -120)
    assert set(group.steps(maya)) == {"heads_up", "soon"}
    assert group.steps(gus) == {"heads_up": "taken"}


def test_a_reminder_that_went_out_is_not_given_again_for_another_lead(group: Evening) -> None:
    maya = group.world.maya
    group.walk(-1440)
    wish(group, -1400, heads_up=20 * 60)
    group.walk(-1400, -1200, -60)
    count = select(func.count()).select_from(Step).where(Step.seat_id == group.seat(maya).id)
    assert group.store.scalar(count) == 2


@pytest.mark.parametrize("stop", ["joins", "reports", "replies"])
def test_a_client_who_joins_reports_or_replies_gets_no_second_reminder(
    group: Evening, stop: str
) -> None:
    maya = group.world.maya
    group.walk(-1440, -60, -10, 5)
    if stop == "joins":
        group.sees(maya, 7)
    elif stop == "reports":
        absences.report(group.store, group.seat(maya), by=maya, now=group.at(7))
    else:
        from webapp.care.contact import contacts

        contacts.record(
            group.store, maya, channel="reply", outcome="reached", by=maya, now=group.at(7)
        )
    group.look(20)
    assert "second_check" not in group.steps(maya)
    assert "second_check" in group.steps(group.world.gus)


def test_the_second_silent_miss_goes_to_the_supervisor_and_a_third_joins_the_review(
    database: Database, store: Store, world: Any
) -> None:
    evenings = [evening(database, store, world, SIX + timedelta(days=n)) for n in range(3)]
    for one in evenings:
        one.walk(*CLIMB)
    maya, gus = world.maya, world.gus
    reviews = store.scalars(
        select(Task).where(Task.kind == "escalation", Task.client_id == maya.id)
    ).all()
    assert [review.owner_id for review in reviews] == [world.susan.id]
    assert reviews[0].brief["seats"] == [evenings[1].seat(maya).id, evenings[2].seat(maya).id]
    assert evenings[1].steps(maya)["escalation"] == "taken"
    assert evenings[2].steps(maya)["escalation"] == "joined_review"
    assert evenings[0].steps(gus).get("escalation") is None


def test_contact_between_two_misses_keeps_the_supervisor_out(
    database: Database, store: Store, world: Any
) -> None:
    first, second = (evening(database, store, world, SIX + timedelta(days=n)) for n in range(2))
    first.walk(*CLIMB)
    first.reaches(world.maya, 300)
    first.look(301)
    second.walk(*CLIMB)
    assert "escalation" not in second.tasks(world.maya)
    assert "escalation" in second.tasks(world.gus)


def test_partners_are_counted_apart_and_the_couples_therapist_is_asked_too(
    database: Database, store: Store, world: Any
) -> None:
    for n in range(2):
        night = evening(
            database, store, world, SIX + timedelta(days=n), clients=[world.maya, world.ben]
        )
        night.sees(world.ben, 1) if n == 0 else None
        night.walk(*CLIMB)
    assert "escalation" in night.tasks(world.maya)
    assert "escalation" not in night.tasks(world.ben)
    relational = night.tasks(world.maya)["relational"]
    assert relational.owner_id == world.tessa.id
    assert relational.brief["prompts"] == ["tension", "miscommunication", "practical_load"]


def both_missed(database: Database, store: Store, world: Any) -> Evening:
    night = evening(database, store, world, SIX, clients=[world.maya, world.ben])
    night.walk(*CLIMB)
    return night


def relational(store: Store) -> list[Task]:
    store.expire_all()
    return list(store.scalars(select(Task).where(Task.kind == "relational").order_by(Task.id)))


def test_a_couple_and_an_evening_make_one_relational_task(
    database: Database, store: Store, world: Any
) -> None:
    """Rule 8: for both partners, also in two rooms; the next evening makes another."""
    night = both_missed(database, store, world)
    [task] = relational(store)
    assert sorted(task.brief["seats"]) == sorted(night.seat(p).id for p in (world.maya, world.ben))
    later = evening(
        database, store, world, SIX + timedelta(hours=2), clients=[world.ben], ref="later"
    )
    later.walk(*CLIMB)
    [task] = relational(store)
    assert later.seat(world.ben).id in task.brief["seats"]
    evening(database, store, world, SIX + timedelta(days=1), clients=[world.ben]).walk(*CLIMB)
    assert len(relational(store)) == 2


def test_it_goes_on_while_one_of_the_two_is_still_missing(
    database: Database, store: Store, world: Any
) -> None:
    """Rules 2 and 8."""
    night = both_missed(database, store, world)
    first = relational(store)[0].client_id
    one, other = (world.maya, world.ben) if first == world.maya.id else (world.ben, world.maya)
    night.sees(one, 70)
    night.look(71)
    [task] = relational(store)
    assert (task.is_open, task.client_id, task.seat_id) == (True, other.id, night.seat(other).id)
    night.sees(other, 75)
    night.look(76)
    [task] = relational(store)
    assert (task.is_open, task.outcome) == (False, "joined")


def test_it_ends_with_the_last_of_the_two_whichever_comes_first(
    database: Database, store: Store, world: Any
) -> None:
    night = both_missed(database, store, world)
    first = relational(store)[0].client_id
    one, other = (world.maya, world.ben) if first == world.maya.id else (world.ben, world.maya)
    night.sees(other, 70)
    night.look(71)
    assert relational(store)[0].is_open
    night.sees(one, 75)
    night.look(76)
    assert not relational(store)[0].is_open


def test_after_one_that_ended_by_itself_the_other_partners_miss_opens_a_new_one(
    database: Database, store: Store, world: Any
) -> None:
    night = evening(database, store, world, SIX, clients=[world.maya])
    night.walk(*CLIMB)
    night.sees(world.maya, 70)
    night.look(71)
    later = evening(
        database, store, world, SIX + timedelta(hours=2), clients=[world.ben], ref="later"
    )
    later.walk(*CLIMB)
    assert [task.is_open for task in relational(store)] == [False, True]


def test_a_client_without_a_partner_needs_no_couples_therapist(group: Evening) -> None:
    group.walk(*CLIMB)
    assert set(group.tasks(group.world.gus)) == {"outreach"}


def test_joining_late_closes_the_call_withdraws_the_review_and_leaves_both_in_the_chart(
    database: Database, store: Store, world: Any
) -> None:
    first, second = (evening(database, store, world, SIX + timedelta(days=n)) for n in range(2))
    first.walk(*CLIMB)
    second.walk(*CLIMB)
    assert second.tasks(world.maya)["escalation"].is_open
    second.sees(world.maya, 70)
    second.look(71)
    done = second.tasks(world.maya)
    assert (done["outreach"].outcome, done["outreach"].withdrawn) == ("joined", False)
    assert (done["relational"].outcome, done["relational"].is_open) == ("joined", False)
    assert (done["escalation"].outcome, done["escalation"].withdrawn) == ("joined", True)
    tags = set(store.scalars(select(Event.tag).where(Event.client_id == world.maya.id)))
    assert {Tag.TASK_DONE, Tag.TASK_WITHDRAWN} <= tags


def test_a_review_the_supervisor_has_taken_up_is_not_withdrawn(
    database: Database, store: Store, world: Any
) -> None:
    first, second = (evening(database, store, world, SIX + timedelta(days=n)) for n in range(2))
    first.walk(*CLIMB)
    second.walk(*CLIMB)
    second.tasks(world.maya)["escalation"].acknowledge(store, by=world.susan, now=second.at(65))
    second.sees(world.maya, 70)
    second.look(71)
    assert second.tasks(world.maya)["escalation"].is_open


def test_a_cancelled_session_stops_everything_and_withdraws_open_calls(group: Evening) -> None:
    group.walk(*CLIMB)
    group.session.cancel(group.store, "No power in the building", by=None, now=group.at(65))
    group.look(66)
    call = group.tasks(group.world.maya)["outreach"]
    assert (call.withdrawn, call.outcome) == (True, "cancelled")
    assert group.seat(group.world.maya).next_look_at is None


def test_a_session_moved_ahead_is_reminded_of_anew(group: Evening) -> None:
    group.walk(-1440, -60)
    was = group.session.starts_at
    group.session.move(
        group.store, was + timedelta(days=1), group.session.ends_at + timedelta(days=1),
        by=None, now=was - timedelta(minutes=30),
    )  # fmt: skip
    group.walk(-1440, -60, -10)
    rows = group.store.execute(
        select(Step.rung, Step.occurrence, Step.result).where(
            Step.seat_id == group.seat(group.world.maya).id
        )
    ).all()
    old, new = int(was.timestamp()), int(group.session.starts_at.timestamp())
    assert sorted(rows) == sorted(
        [
            ("heads_up", old, "taken"),
            ("soon", old, "taken"),
            ("heads_up", new, "taken"),
            ("soon", new, "taken"),
            ("doors_open", new, "taken"),
        ]
    )


def test_a_session_moved_by_minutes_and_back_repeats_no_reminder(group: Evening) -> None:
    group.walk(-1440, -60)
    start, end = group.session.starts_at, group.session.ends_at
    for shift, minute in ((15, -40), (0, -35)):
        by = timedelta(minutes=shift)
        group.session.move(
            group.store, start + by, end + by, by=None, now=start - timedelta(minutes=-minute)
        )
        group.look((start - group.session.starts_at) / timedelta(minutes=1) + minute)
    told = (
        select(func.count())
        .select_from(Step)
        .where(Step.seat_id == group.seat(group.world.maya).id, Step.result == "taken")
    )
    assert group.store.scalar(told) == 2


def test_after_six_hours_of_outage_everything_is_done_expired_or_handed_to_a_human(
    group: Evening,
) -> None:
    group.walk(-1440)
    group.look(6 * 60)
    assert group.steps(group.world.maya) == {
        "heads_up": "taken",
        "soon": "expired",
        "doors_open": "expired",
        "first_check": "expired",
        "second_check": "expired",
        "outreach": "taken",
    }
    late = group.store.scalars(select(Step).where(Step.rung == "outreach")).first()
    assert late is not None
    assert (late.due_at, late.taken_at) == (group.at(60), group.at(360))
    unanswered = select(Seat).where(Seat.next_look_at <= group.at(360))
    assert group.store.scalars(unanswered).all() == []


def test_two_misses_in_one_outage_are_still_a_run(
    database: Database, store: Store, world: Any
) -> None:
    evening(database, store, world, SIX)
    second = evening(database, store, world, SIX + timedelta(days=1))
    second.look(400)
    assert "escalation" in second.tasks(world.maya)


def by_hand(database: Database, store: Store, world: Any) -> Evening:
    """A room whose host marks who is there."""
    return evening(database, store, world, SIX, host_comes=False, presence_from="staff")


def silent(database: Database, store: Store, world: Any) -> Evening:
    """A room of which the platform shows nobody."""
    return evening(database, store, world, SIX, host_comes=False)


both_kinds = pytest.mark.parametrize("room", [by_hand, silent])


def the_coordinator_is_asked(one: Evening) -> Task:
    """The minutes go by without an answer."""
    for minutes in (14, 15):
        tend(one.database, one.at(minutes))
    one.store.expire_all()
    return one.tasks(None)["mark_room"]


@both_kinds
def test_until_somebody_has_looked_nobody_is_chased_and_one_task_asks_the_host(
    database: Database, store: Store, world: Any, room: Any
) -> None:
    dark = room(database, store, world)
    dark.walk(*CLIMB, 100, 170)
    asked = dark.tasks(None)["mark_room"]
    assert (asked.owner_id, asked.session_id) == (world.carla.id, dark.session.id)
    assert asked.due_at == dark.at(15)
    assert store.scalar(select(func.count()).select_from(Task)) == 1
    for client in (world.maya, world.gus):
        assert set(dark.steps(client)) == {"heads_up", "soon", "doors_open", "mark_room"}
        assert standing(facts.of_seat(store, dark.seat(client), dark.at(200)).facts, dark.at(200)) == "unknown"  # fmt: skip


@both_kinds
@pytest.mark.parametrize("acknowledged", [False, True])
def test_after_ten_minutes_without_an_answer_the_coordinator_is_asked(
    database: Database, store: Store, world: Any, room: Any, acknowledged: bool
) -> None:
    dark = room(database, store, world)
    dark.walk(*CLIMB[:4])
    asked = dark.tasks(None)["mark_room"]
    if acknowledged:
        asked.acknowledge(store, by=world.carla, now=dark.at(6))
        store.commit()
    tend(database, dark.at(14.9))
    store.expire_all()
    assert asked.owner_id == world.carla.id
    tend(database, dark.at(15))
    store.expire_all()
    assert (asked.owner_id, asked.is_acknowledged) == (world.cody.id, False)
    tend(database, dark.at(26))
    tend(database, dark.at(57))
    raised = select(Event.tag).where(Event.task_id == asked.id).order_by(Event.id)
    assert store.scalars(raised).all()[-3:] == [
        Tag.TASK_HANDED_OVER, Tag.TASK_NUDGED, Tag.TASK_RAISED,
    ]  # fmt: skip


@both_kinds
def test_a_host_who_is_away_is_not_asked_their_cover_is(
    database: Database, store: Store, world: Any, room: Any
) -> None:
    dark = room(database, store, world)
    store.add(Cover(person_id=world.carla.id, covered_by_id=world.colin.id, starts_at=SIX - timedelta(days=1), ends_at=SIX + timedelta(days=9)))  # fmt: skip
    dark.walk(*CLIMB[:4])
    assert dark.tasks(None)["mark_room"].owner_id == world.colin.id
    assert the_coordinator_is_asked(dark).owner_id == world.cody.id


@both_kinds
@pytest.mark.parametrize("answer", ["mark", "look"])
def test_once_somebody_has_looked_the_ladder_goes_on_from_the_facts(
    database: Database, store: Store, world: Any, room: Any, answer: str
) -> None:
    """One mark is enough: who is not marked is waited for, and a late answer makes nobody wait longer."""
    dark = room(database, store, world)
    dark.walk(*CLIMB)
    if answer == "mark":
        presence.mark(
            store, dark.seat(world.gus), "present", by=world.carla, now=dark.at(70), id="gus"
        )
    else:
        presence.nobody_else(store, dark.session, by=world.carla, now=dark.at(70))
    dark.look(70)
    assert dark.steps(world.maya)["outreach"] == "taken"
    assert ("outreach" in dark.steps(world.gus)) is (answer == "look")
    assert dark.tasks(None)["mark_room"].outcome == "marked"


def test_a_look_that_is_taken_back_holds_the_ladder_again(
    database: Database, store: Store, world: Any
) -> None:
    dark = by_hand(database, store, world)
    look = presence.nobody_else(store, dark.session, by=world.carla, now=dark.at(4))
    dark.walk(*CLIMB[:4])
    assert dark.steps(world.maya)["first_check"] == "taken"
    look.undo(store, by=world.carla, now=dark.at(7))
    dark.walk(*CLIMB[4:])
    assert "outreach" not in dark.steps(world.maya)
    assert dark.tasks(None, open_only=True)["mark_room"].owner_id == world.carla.id


def test_once_a_silent_room_has_evidence_the_ladder_goes_on_from_the_facts(
    database: Database, store: Store, world: Any
) -> None:
    dark = evening(database, store, world, SIX, host_comes=False)
    dark.walk(-10, 5)
    dark.sees(world.carla, 21)
    dark.look(22)
    assert dark.steps(world.maya)["first_check"] == "superseded"
    assert dark.steps(world.maya)["second_check"] == "taken"
    assert dark.tasks(None)["mark_room"].outcome == "evidence"


def test_a_room_everybody_has_left_is_not_silent_because_another_is_planned(
    database: Database, store: Store, world: Any
) -> None:
    """Who left is compared with this session's start, not with any later one's."""
    room = evening(database, store, world, SIX)
    evening(database, store, world, SIX + timedelta(days=7), ref="next-week")
    for person in (world.carla, world.gus):
        room.sees(person, 1)
        room.sees(person, 50, "left")
    room.walk(*CLIMB, 70)
    assert "mark_room" not in room.tasks(None)
    assert "outreach" in room.tasks(world.maya)


def test_a_tap_on_join_holds_the_ladder(group: Evening) -> None:
    maya = group.world.maya
    group.walk(-10)
    presence.tap_join(group.store, group.seat(maya), by=maya, now=group.at(3))
    group.walk(5, 17)
    assert "first_check" not in group.steps(maya)
    group.look(18)
    assert group.steps(maya)["first_check"] == "taken"


def test_contact_after_a_miss_asks_for_a_plan_with_a_draft(group: Evening) -> None:
    maya = group.world.maya
    cast_room = group.world.colin
    from webapp.demo import cast

    makeup = cast.open_room(
        group.store, cast_room, [], SIX + timedelta(days=3), now=SIX, ref="extra"
    )
    makeup.makes_up = ["group"]
    group.walk(*CLIMB)
    absences.report(group.store, group.seat(maya), by=maya, now=group.at(90), reason="technical")
    group.look(91)
    plan = group.tasks(maya)["reengagement"]
    assert plan.brief["draft"] == {
        "make_ups": [makeup.id],
        "other_times": [makeup.id],
        "resources": ["connection_check", "phone_dial_in"],
        "barrier": "technical",
    }
    assert group.tasks(maya)["outreach"].outcome == "reported"


def test_a_make_up_is_offered_only_when_it_fits_both_partners(group: Evening) -> None:
    from webapp.demo import cast

    world, maya = group.world, group.world.maya
    room = cast.open_room(
        group.store, world.colin, [world.ben], SIX + timedelta(days=3), now=SIX, ref="bens"
    )
    room.makes_up = ["group"]
    group.walk(*CLIMB)
    group.reaches(maya, 90)
    group.look(91)
    assert group.tasks(maya)["reengagement"].brief["draft"]["make_ups"] == []


def test_a_plan_that_exists_is_not_asked_for_again(group: Evening) -> None:
    maya = group.world.maya
    group.walk(*CLIMB)
    reengagement_plans.make(
        group.store, maya, by=group.world.carla, now=group.at(80), note="Tuesdays instead"
    )
    group.reaches(maya, 90)
    group.look(91)
    assert "reengagement" not in group.tasks(maya)


def test_a_call_that_reached_nobody_stays_open_and_one_that_did_closes(group: Evening) -> None:
    maya, carla = group.world.maya, group.world.carla
    group.walk(*CLIMB)
    call = group.tasks(maya)["outreach"]
    tasks.attempt(group.store, call, "no_answer", by=carla, now=group.at(65))
    group.look(66)
    assert group.tasks(maya)["outreach"].is_open
    tasks.attempt(
        group.store, group.tasks(maya)["outreach"], "call_back_at", by=carla, now=group.at(67),
        next_at=group.at(100),
    )  # fmt: skip
    group.look(68)
    assert group.tasks(maya)["outreach"].is_open
    tasks.attempt(
        group.store, group.tasks(maya)["outreach"], "reached", by=carla, now=group.at(101)
    )
    group.look(102)
    assert set(group.tasks(maya, open_only=True)) <= {"reengagement", "relational"}


def test_a_correction_to_absent_makes_the_ladder_look_again(group: Evening) -> None:
    maya = group.world.maya
    group.sees(maya, 1)
    group.walk(*CLIMB)
    assert "outreach" not in group.tasks(maya)
    presence.mark(
        group.store, group.seat(maya), "absent", by=group.world.cody, now=group.at(300), id="c",
        reason="It was somebody else's phone",
    )  # fmt: skip
    group.look(301)
    assert "outreach" in group.tasks(maya)


def test_the_allowance_changes_the_standing_and_nothing_else(group: Evening) -> None:
    world, store = group.world, group.store
    told = []
    for n in range(6):
        night = evening(group.database, store, world, SIX + timedelta(days=n + 1), ref=f"n{n}")
        absences.report(store, night.seat(world.gus), by=world.gus, now=SIX - timedelta(hours=30))
        told.append(night)
    now = told[-1].at(100)
    found = [
        standing(facts.of_seat(store, night.seat(world.gus), now).facts, now) for night in told
    ]
    assert found == ["excused"] * 4 + ["absent_told"] * 2
    told[-1].look(100)
    assert all(night.steps(world.gus) == {} for night in told)


def test_a_paused_client_is_left_alone_and_their_misses_are_not_held_against_them(
    database: Database, store: Store, world: Any
) -> None:
    first, second = (evening(database, store, world, SIX + timedelta(days=n)) for n in range(2))
    leaving.change_status(
        store, world.maya, Status.PAUSED, by=world.ada, now=SIX - timedelta(days=1)
    )
    first.walk(*CLIMB)
    assert first.steps(world.maya) == {"outreach": "paused"}
    leaving.change_status(store, world.maya, Status.ACTIVE, by=world.ada, now=first.at(300))
    second.walk(*CLIMB)
    assert set(second.tasks(world.maya)) == {"outreach", "relational"}


def test_the_cover_gets_the_task_of_an_owner_who_is_away(group: Evening) -> None:
    world = group.world
    group.store.add(
        Cover(
            person_id=world.carla.id, covered_by_id=world.colin.id, starts_at=group.at(-100),
            ends_at=group.at(1000),
        )
    )  # fmt: skip
    group.walk(*CLIMB)
    assert group.tasks(world.maya)["outreach"].owner_id == world.colin.id


def test_a_released_seat_is_not_looked_at(group: Evening) -> None:
    group.seat(group.world.maya).release(group.store, by=None, now=group.at(-30))
    group.walk(5, 60)
    assert group.steps(group.world.maya).get("first_check") is None


def test_a_completed_make_up_shows_and_asks_nothing_more(group: Evening) -> None:
    maya = group.world.maya
    group.walk(*CLIMB)
    made = make_ups.note_down(
        group.store, group.seat(maya), kind="recording", by=None, now=group.at(200)
    )
    made.complete(group.store, by=None, now=group.at(300))
    group.look(301)
    now = group.at(302)
    assert standing(facts.of_seat(group.store, group.seat(maya), now).facts, now) == "made_up"


def test_a_changed_policy_applies_to_sessions_that_start_after_the_change(
    database: Database, store: Store, world: Any
) -> None:
    first, second = (evening(database, store, world, SIX + timedelta(days=n)) for n in range(2))
    programs.change_policy(
        store, world.harbor, {"first_check": "PT7M"}, by=world.ada, now=first.at(1)
    )
    first.walk(-10, 5)
    assert first.steps(world.maya)["first_check"] == "taken"
    second.walk(-10, 5)
    assert "first_check" not in second.steps(world.maya)
    second.look(7)
    assert second.steps(world.maya)["first_check"] == "taken"


def test_a_policy_in_seconds_is_climbed_in_seconds(
    database: Database, store: Store, world: Any
) -> None:
    programs.change_policy(
        store, world.harbor,
        {"first_check": "PT2S", "second_check": "PT4S", "outreach": "PT6S"},
        by=world.ada, now=SIX - timedelta(days=3),
    )  # fmt: skip
    night = evening(database, store, world, SIX, minutes=1)
    night.walk(-10, 2 / 60, 4 / 60, 6 / 60)
    assert list(night.steps(world.gus).items())[-3:] == [
        ("first_check", "taken"),
        ("second_check", "taken"),
        ("outreach", "taken"),
    ]


def test_a_batch_takes_as_many_seats_as_it_is_told_and_the_rest_next_time(group: Evening) -> None:
    group.store.commit()
    assert engine.look(group.database, group.at(-1440), limit=1) == 1
    assert engine.look(group.database, group.at(-1440), limit=1) == 1
    assert engine.look(group.database, group.at(-1440), limit=1) == 0
