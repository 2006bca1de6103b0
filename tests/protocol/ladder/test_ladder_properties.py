"""What holds for every seat whatsoever: hypothesis draws the facts."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from tests.protocol.pictures import START, at, earlier, reported, seat
from webapp.care.attendance.standing import Facts, Standing, standing
from webapp.care.attendance.tally import Evidence
from webapp.care.directory.policy import Policy
from webapp.protocol.ladder.ladder import due_rungs, explain, next_look
from webapp.protocol.ladder.rungs import LADDER, TAKEN, WHY, State

MINUTES = some.integers(-2000, 400).map(float)
EVIDENCE = some.builds(
    Evidence,
    kind=some.sampled_from(["joined", "left", "present", "absent"]),
    at=some.integers(-30, 300).map(at),
    source=some.sampled_from(["platform", "staff", "tap"]),
    recorded_at=some.one_of(some.none(), some.integers(0, 400).map(at)),
)
POLICIES = some.sampled_from(
    [
        Policy(),
        Policy(escalate_after=1, quiet_hours=None),
        Policy(first_check=timedelta(seconds=2), second_check=timedelta(seconds=4)),
    ]
)
INSTANTS = some.one_of(some.none(), MINUTES.map(at))
REMINDERS = [line.rung for line in LADDER if line.reminder]

LEADS = some.fixed_dictionaries(
    {},
    optional={
        "heads_up": some.integers(-10080, -360).map(lambda m: timedelta(minutes=m)),
        "soon": some.integers(-300, -15).map(lambda m: timedelta(minutes=m)),
    },
)
"""What clients may choose (care/preferences.LEAD_BOUNDS)."""


@some.composite
def seats(draw: some.DrawFn) -> Facts:
    contact_at = draw(INSTANTS)
    return seat(
        length=draw(some.sampled_from([30, 60, 180])),
        policy=draw(POLICIES),
        cancelled=draw(some.sampled_from([False, False, False, True])),
        moved_at=draw(INSTANTS),
        platform_fed=draw(some.booleans()),
        anyone_seen=draw(some.booleans()),
        feed_heard_at=draw(INSTANTS),
        looked_at=draw(INSTANTS),
        guests=tuple(draw(some.lists(MINUTES.map(at), max_size=2))),
        knocks=tuple(draw(some.lists(MINUTES.map(at), max_size=2))),
        inactive=draw(some.sampled_from(["", "", "", "paused", "discharged"])),
        contact_at=contact_at,
        spoken_at=contact_at if draw(some.booleans()) else None,
        open_plan=draw(some.booleans()),
        leads=draw(LEADS),
        planned_at=draw(INSTANTS),
        given_at=draw(some.integers(-20000, 3000).map(at)),
        evidence=tuple(draw(some.lists(EVIDENCE, max_size=4))),
        absence=draw(some.one_of(some.none(), MINUTES.map(reported))),
        excused=draw(some.sampled_from([False, False, True])),
        excused_before=draw(some.integers(0, 6)),
        set_aside=draw(some.sampled_from([False, False, True])),
        made_up=draw(some.booleans()),
        earlier=earlier(*draw(some.lists(some.sampled_from(list(Standing)), max_size=4))),
        open_tasks=tuple(
            (kind, draw(some.booleans()))
            for kind in draw(some.sets(some.sampled_from(["outreach", "escalation"])))
        ),
    )


TAKENS = some.dictionaries(
    some.sampled_from([line.rung.value for line in LADDER]),
    some.sampled_from([TAKEN, "expired", "superseded", "paused"]),
    max_size=6,
)


@given(seats(), TAKENS, some.integers(-2000, 30000))
def test_the_next_look_lies_in_the_past_only_while_something_is_due(
    facts: Facts, taken: dict[str, str], minutes: int
) -> None:
    now = at(minutes)
    following = next_look(facts, taken, now)
    if due_rungs(facts, taken, now):
        assert following is not None
        assert following <= now
    else:
        assert following is None or following > now


@given(seats(), TAKENS, some.integers(-2000, 30000))
def test_what_was_taken_is_not_due_again(facts: Facts, taken: dict[str, str], minutes: int) -> None:
    now = at(minutes)
    after = taken | {look.rung: look.why or TAKEN for look in due_rungs(facts, taken, now)}
    assert due_rungs(facts, after, now) == []


@given(seats(), TAKENS, some.integers(-2000, 30000))
def test_no_reminder_follows_a_report_a_join_a_pause_or_a_cancellation(
    facts: Facts, taken: dict[str, str], minutes: int
) -> None:
    now = at(minutes)
    answered = (
        facts.absence is not None
        or facts.tally(now).seen
        or facts.room.cancelled
        or facts.life.inactive
        or facts.excused
    )
    sent = [look for look in due_rungs(facts, taken, now) if look.state is State.DUE]
    if answered:
        assert not [look for look in sent if look.rung in REMINDERS]
    if now >= facts.room.ends_at:
        assert not [look for look in sent if look.rung in REMINDERS]
    assert len([look for look in sent if look.rung in REMINDERS]) <= 1


@given(seats(), TAKENS, some.integers(-2000, 30000))
def test_nobody_is_contacted_about_a_room_without_evidence(
    facts: Facts, taken: dict[str, str], minutes: int
) -> None:
    now = at(minutes)
    if standing(facts, now) is Standing.UNKNOWN:
        chased = {look.rung for look in due_rungs(facts, taken, now) if look.state is State.DUE}
        assert not chased & {"first_check", "second_check", "outreach", "escalation"}


@given(seats(), TAKENS, some.integers(-2000, 30000))
def test_every_rung_is_explained_with_words(
    facts: Facts, taken: dict[str, str], minutes: int
) -> None:
    looks = explain(facts, taken, at(minutes))
    assert [look.rung for look in looks] == [line.rung for line in LADDER]
    assert all(
        look.why in WHY or (not look.why and look.state in (State.DUE, State.LATER))
        for look in looks
    )


@given(seats(), some.lists(some.integers(-2000, 20000), min_size=1, max_size=12))
def test_looking_at_any_instants_takes_every_rung_once_and_never_before_it_is_due(
    facts: Facts, instants: list[int]
) -> None:
    taken: dict[str, str] = {}
    for minutes in sorted(instants):
        for look in due_rungs(facts, taken, at(minutes)):
            assert look.rung not in taken
            assert look.due_at is not None
            assert look.due_at <= at(minutes)
            taken[look.rung] = look.why or TAKEN


@given(seats(), LEADS, LEADS, some.lists(some.integers(-11000, 300), min_size=1, max_size=12))
def test_changed_lead_times_move_the_reminders_before_the_start_and_double_nothing(
    facts: Facts, first: dict[str, timedelta], then: dict[str, timedelta], instants: list[int]
) -> None:
    """M4: whatever was chosen when, each rung is taken once, and from the start on nothing is any different."""
    usual = replace(facts, life=replace(facts.life, leads={}))
    moved = {"heads_up", "soon"}
    taken: dict[str, str] = {}
    for number, minutes in enumerate(sorted(instants)):
        wishes = first if number < len(instants) // 2 else then
        mine = replace(facts, life=replace(facts.life, leads=wishes))
        for own, all_others in zip(
            explain(mine, {}, at(minutes)), explain(usual, {}, at(minutes)), strict=True
        ):
            assert own.due_at == all_others.due_at or own.rung in moved
            assert own.rung not in moved or own.due_at is None or own.due_at < START
        for look in due_rungs(mine, taken, at(minutes)):
            assert look.rung not in taken
            taken[look.rung] = look.why or TAKEN


@given(seats())
def test_a_miss_nobody_answers_always_reaches_a_human_even_after_an_outage(facts: Facts) -> None:
    now = facts.room.ends_at + timedelta(hours=6)
    if standing(facts, now) is not Standing.MISSED or facts.life.inactive or facts.made_up:
        return
    found = {look.rung for look in due_rungs(facts, {}, now) if look.state is State.DUE}
    spoken = facts.life.spoken_at is not None and facts.life.spoken_at >= START
    history = facts.given_at > facts.room.ends_at + timedelta(hours=24)
    assert "outreach" in found or spoken or history
