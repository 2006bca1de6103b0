"""One bad row in each chore: the others go on, the row is set aside, and whoever must know is told (R13)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.protocol.rooms import Evening, evening
from webapp import worker
from webapp.batches import SetAside
from webapp.care import leaving
from webapp.care.accounts.sign_in_links import SignInLink
from webapp.care.contact import tasks
from webapp.care.contact.tasks import Task, TaskKind
from webapp.care.directory.people import Person
from webapp.care.make_ups import held_places, settlement, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.waitlist import HeldPlace
from webapp.care.schedule import planning, series
from webapp.care.schedule.series import Series
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast
from webapp.operations import heartbeats, inbox, retention, set_aside, zoom
from webapp.protocol.engine import overdue_tasks, pattern_reviews, reconcile
from webapp.worker import Chore

SIX = datetime(2026, 3, 6, 23, 0, tzinfo=UTC)
POISON = {"quiet_hours": ["21:0\uff10", "08:00"]}
"""Preferences as a full-width zero once left them; no form accepts them any more."""


@pytest.fixture
def night(database: Any, store: Any, world: Any) -> Evening:
    """Maya and Gus have a place at six; somebody's preferences can't be read."""
    return evening(database, store, world, SIX)


def poison(store: Any, person: Person, preferences: Any = POISON) -> None:
    store.execute(update(Person).where(Person.id == person.id).values(preferences=preferences))
    store.commit()


def aside(store: Any) -> list[tuple[str, str, int]]:
    store.expire_all()
    found = select(SetAside).order_by(SetAside.chore, SetAside.subject_id)
    return [(each.chore, each.subject, each.subject_id) for each in store.scalars(found)]


def spoilt(monkeypatch: Any, where: Any, name: str, bad: int, of: Any = lambda row: row.id) -> None:
    """Let a function raise for one row."""
    meant = getattr(where, name)

    def raises(*given: Any, **named: Any) -> Any:
        if any(getattr(each, "id", None) is not None and of(each) == bad for each in given if hasattr(each, "id")):  # fmt: skip
            raise ValueError("Maya Torres")
        return meant(*given, **named)

    monkeypatch.setattr(where, name, raises)


# --- each chore ---------------------------------------------------------------------------------------------------------


def test_look_goes_on_past_a_seat_that_cannot_be_read(night: Evening) -> None:
    maya, gus = night.world.maya, night.world.gus
    poison(night.store, maya)
    night.walk(-1440, -60, -10, 5, 20, 60)
    assert "outreach" in night.steps(gus)
    assert night.steps(maya) == {}
    assert aside(night.store) == [("look", "seat", night.seat(maya).id)]


def test_a_seat_that_can_be_read_again_climbs_on(night: Evening) -> None:
    maya = night.world.maya
    poison(night.store, maya)
    night.walk(-1440, -60)
    poison(night.store, maya, {})
    night.walk(-10, 5)
    assert night.steps(maya)["first_check"] == "taken"
    assert aside(night.store) == []


def test_watch_gives_forgotten_seats_back_past_one_that_cannot_be_read(night: Evening) -> None:
    maya, gus = night.world.maya, night.world.gus
    night.store.execute(update(Seat).values(next_look_at=None))
    poison(night.store, maya)
    reconcile.watch(night.database, night.at(30))
    night.store.expire_all()
    assert night.seat(gus).next_look_at == night.at(30)
    assert aside(night.store) == [("give back seats", "seat", night.seat(maya).id)]


def test_watch_confirms_rooms_past_one_that_cannot_be(night: Evening, monkeypatch: Any) -> None:
    store, world = night.store, night.world
    night.sees(world.gus, 1)
    other = evening(night.database, store, world, SIX - timedelta(hours=4), clients=[world.june])
    other.sees(world.june, 1)
    store.commit()
    bad = night.session.id
    meant = Session.confirm

    def raises(self: Session, *given: Any, **named: Any) -> None:
        if self.id == bad:
            raise ValueError("Maya Torres")
        meant(self, *given, **named)

    monkeypatch.setattr(Session, "confirm", raises)
    reconcile.watch(night.database, night.at(300))
    store.expire_all()
    assert (night.session.confirmed_at, bool(other.session.confirmed_at)) == (None, True)
    assert ("confirm rooms", "session", bad) in aside(store)


def planned(store: Any, world: Any, clock: Any, ref: str, capacity: int = 8) -> Series:
    made, _ = series.put(
        store, world.harbor, ref, kind="group", title="Evening group",
        local_start=datetime(2026, 3, 5, 18), duration=timedelta(hours=3),
        time_zone="America/New_York", rrule="FREQ=WEEKLY", host=world.carla, capacity=capacity,
        clients=[world.maya], by=None, now=clock.now(),
    )  # fmt: skip
    return made


@pytest.mark.parametrize(
    "spoilt", [{"rrule": "FREQ=NEVER"}, {"time_zone": "Nowhere/Land"}, {"local_start": "soon"}]
)
def test_unfold_goes_on_past_a_series_that_cannot_be_read(store, database, world, clock, spoilt):
    bad, good = planned(store, world, clock, "bad"), planned(store, world, clock, "good")
    store.execute(update(Series).where(Series.id == bad.id).values(**spoilt))
    store.commit()
    now = clock.forward(days=20)
    series.unfold(database, now)
    assert aside(store) == [("unfold", "series", bad.id)]
    assert good.unfolded_until == now + series.HORIZON


def full_room(store: Any, world: Any, clock: Any) -> tuple[Series, Session]:
    """Maya, who was paused, is back in a weekly group of one place; the first session was given to Gus meanwhile."""
    leaving.change_status(store, world.maya, "paused", by=None, now=clock.now())
    weekly = planned(store, world, clock, "small", capacity=1)
    found = select(Session).where(Session.series_id == weekly.id).order_by(Session.starts_at)
    first = store.scalars(found).first()
    leaving.change_status(store, world.maya, "active", by=None, now=clock.now())
    weekly.unfolded_until = None
    planning.give_seat(store, first, world.gus, by=None, now=clock.now())
    store.commit()
    return weekly, first


def test_a_member_who_returns_to_a_full_session_has_their_other_places(
    store, database, world, clock
):
    """R15: the rest of the series, and all others, are planned; somebody is asked about the one session."""
    weekly, first = full_room(store, world, clock)
    other = planned(store, world, clock, "other")
    other.unfolded_until = None
    store.commit()
    now = clock.now()
    series.unfold(database, now)
    store.expire_all()
    assert aside(store) == [("unfold", "series", weekly.id)]
    assert other.unfolded_until == now + series.HORIZON
    seats = select(Session.starts_at).join(Seat).where(
        Session.series_id == weekly.id, Seat.client_id == world.maya.id, Seat.is_given,
    )  # fmt: skip
    theirs = store.scalars(seats.where(Session.starts_at > now)).all()
    assert first.starts_at not in theirs
    assert len(theirs) == 7
    assert [each.client_id for each in planning.taken(store, first)] == [world.gus.id]


def test_the_coordinator_is_told_which_series_until_there_is_a_place(
    store, database, world, clock, visit
):
    _, first = full_room(store, world, clock)
    series.unfold(database, clock.now())
    set_aside.tell(database, clock.now())
    assert "“Evening group” can&#39;t be planned" in visit(world.cody).get("/staff/tasks").text
    planning.resize(store, first, 2)
    store.commit()
    series.unfold(database, clock.forward(minutes=6))
    set_aside.tell(database, clock.now())
    assert aside(store) == []
    assert {each.client_id for each in planning.taken(store, first)} == {world.gus.id, world.maya.id}  # fmt: skip
    assert "can&#39;t be planned" not in visit(world.cody).get("/staff/tasks").text


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;BYHOUR=9,18", "FREQ=YEARLY;BYEASTER=0", "FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2"]
)  # fmt: skip
def test_a_rule_that_an_older_version_kept_stops_no_other_series_and_is_mended_by_a_change(
    store, database, world, clock, rule
):
    bad, good = planned(store, world, clock, "bad"), planned(store, world, clock, "good")
    store.execute(update(Series).where(Series.id == bad.id).values(rrule=rule))
    store.commit()
    now = clock.forward(days=20)
    series.unfold(database, now)
    assert aside(store) == [("unfold", "series", bad.id)]
    assert good.unfolded_until == now + series.HORIZON
    planned(store, world, clock, "bad")
    store.commit()
    series.unfold(database, clock.forward(minutes=6))
    assert aside(store) == []


def test_tend_nudges_past_a_task_that_cannot_be(night: Evening, monkeypatch: Any) -> None:
    night.walk(-1440, -60, -10, 5, 20, 60)
    maya, gus = (night.tasks(each)["outreach"] for each in (night.world.maya, night.world.gus))
    spoilt(monkeypatch, overdue_tasks, "nudge", maya.id)
    overdue_tasks.tend(night.database, night.at(121))
    night.store.expire_all()
    assert (maya.nudged_at, gus.nudged_at) == (None, night.at(121))
    assert aside(night.store) == [("nudge", "task", maya.id)]


def test_patterns_are_looked_for_past_a_client_who_cannot_be_read(
    night: Evening, monkeypatch: Any
) -> None:
    maya, asked = night.world.maya, list[int]()
    meant = pattern_reviews._calls

    def raises(store: Any, clients: list[int], now: Any) -> Any:
        if maya.id in clients:
            raise ValueError("Maya Torres")
        asked.extend(clients)
        return meant(store, clients, now)

    monkeypatch.setattr(pattern_reviews, "_calls", raises)
    pattern_reviews.review(night.database, night.at(200))
    assert night.world.gus.id in asked
    assert aside(night.store) == [("review patterns", "person", maya.id)]


def test_digest_goes_on_past_a_letter_that_cannot_be_read(
    store, database, world, clock, monkeypatch
):
    for body in (b"one", b"two"):
        inbox.keep(store, world.harbor.id, zoom.SOURCE, body, body.decode(), now=clock.now())
    store.commit()
    bad, good = store.scalars(inbox.waiting(zoom.SOURCE, clock.now())).all()
    spoilt(monkeypatch, zoom, "interpret", bad.id)
    zoom.digest(database, clock.now())
    assert aside(store) == [("digest", "letter", bad.id)]
    assert (bad.settled_at, good.why) == (None, "malformed")


def held(store: Any, world: Any, clock: Any) -> list[HeldPlace]:
    """Two places are held, for Maya and for June, in two sessions."""
    found = []
    for days, client in enumerate((world.maya, world.june)):
        session = cast.open_room(
            store, world.carla, [], clock.now() + timedelta(days=3 + days), now=clock.now(),
        )  # fmt: skip
        past = cast.open_room(
            store, world.carla, [client], clock.now() - timedelta(days=1 + days), now=clock.now()
        )
        entry = waitlist.WaitlistEntry(
            session=session, client=client, seat=past.seats[0], joined_at=clock.now(),
            joined_by_id=world.carla.id, places=1,
        )  # fmt: skip
        store.add(entry)
        store.flush()
        found.append(entry)
    store.commit()
    return found


def live(store: Any) -> set[int]:
    return set(store.scalars(waitlist.live().with_only_columns(HeldPlace.entry_id)))


def test_places_are_offered_past_somebody_whose_wishes_cannot_be_read(
    store, database, world, clock
):
    maya, june = held(store, world, clock)
    poison(store, world.maya)
    held_places.offer_freed(database, clock.now())
    assert live(store) == {june.id}
    assert aside(store) == [("offer a freed place", "waitlist_entry", maya.id)]


def test_the_next_in_line_has_their_turn_when_the_first_cannot_be_read(
    store, database, world, clock
):
    maya, june = held(store, world, clock)
    june.session = maya.session
    maya.session.capacity = 1
    poison(store, world.maya)
    held_places.offer_freed(database, clock.now())
    held_places.offer_freed(database, clock.now())
    assert live(store) == {june.id}
    assert aside(store) == [("offer a freed place", "waitlist_entry", maya.id)]


def test_somebody_in_line_who_can_be_read_again_is_offered_a_place(store, database, world, clock):
    maya, june = held(store, world, clock)
    poison(store, world.maya)
    held_places.offer_freed(database, clock.now())
    poison(store, world.maya, {})
    held_places.offer_freed(database, clock.forward(minutes=6))
    assert live(store) == {maya.id, june.id}
    assert aside(store) == []


def test_make_ups_are_settled_past_one_that_cannot_be(night: Evening, monkeypatch: Any) -> None:
    store, world = night.store, night.world
    made = []
    for minutes, client in enumerate((world.maya, world.gus)):
        room = cast.open_room(
            store, world.carla, [client], night.at(-600 + minutes), now=night.at(-4000)
        )
        one = MakeUp(
            seat=night.seat(client), by_seat=room.seats[0], kind="session", booked_at=night.at(-900),
            next_look_at=night.at(-300),
        )  # fmt: skip
        store.add(one)
        made.append(one)
    store.commit()
    bad, good = made
    meant = settlement._next_look

    def raises(session: Session, now: Any) -> Any:
        if session.id == bad.by_seat.session_id:
            raise ValueError("Maya Torres")
        return meant(session, now)

    monkeypatch.setattr(settlement, "_next_look", raises)
    settlement.settle(night.database, night.at(100))
    store.expire_all()
    assert good.next_look_at > night.at(100)
    assert aside(store) == [("settle make-ups", "make_up", bad.id)]


# --- who learns of it ---------------------------------------------------------------------------------------------------


@pytest.fixture
def poisoned(night: Evening) -> Evening:
    poison(night.store, night.world.maya)
    night.walk(-1440)
    return night


def told(night: Evening) -> list[Task]:
    night.store.expire_all()
    found = select(Task).where(Task.kind == TaskKind.SET_ASIDE).order_by(Task.id)
    return list(night.store.scalars(found))


def test_the_coordinator_has_a_task_that_names_whose_place_it_is(poisoned: Evening) -> None:
    set_aside.tell(poisoned.database, poisoned.at(-1439))
    set_aside.tell(poisoned.database, poisoned.at(-1438))
    [task] = told(poisoned)
    world = poisoned.world
    assert (task.owner_id, task.client_id) == (world.cody.id, world.maya.id)
    assert task.seat_id == poisoned.seat(world.maya).id


def test_the_task_is_withdrawn_once_it_went_through(poisoned: Evening) -> None:
    set_aside.tell(poisoned.database, poisoned.at(-1439))
    poison(poisoned.store, poisoned.world.maya, {})
    poisoned.walk(-1400)
    set_aside.tell(poisoned.database, poisoned.at(-1399))
    [task] = told(poisoned)
    assert (task.withdrawn, task.outcome) == (True, "mended")
    assert set_aside.tell(poisoned.database, poisoned.at(-1398)) == 0


def test_a_task_that_a_person_closed_is_not_opened_again_for_the_same(poisoned: Evening) -> None:
    set_aside.tell(poisoned.database, poisoned.at(-1439))
    [task] = told(poisoned)
    tasks.attempt(
        poisoned.store, task, tasks.CLOSED, by=poisoned.world.cody, now=poisoned.at(-1430), note="Seen to."
    )  # fmt: skip
    poisoned.store.commit()
    set_aside.tell(poisoned.database, poisoned.at(-1420))
    assert len(told(poisoned)) == 1


def test_staff_read_of_it_and_of_no_name_beside_it(
    poisoned: Evening, visit: Any, clock: Any
) -> None:
    clock.set(poisoned.at(-1439))
    set_aside.tell(poisoned.database, clock.now())
    poison(
        poisoned.store, poisoned.world.maya, {}
    )  # the row can be shown; that pages survive it has tests of its own
    cody = visit(poisoned.world.cody)
    assert "1 entry is set aside" in cody.get("/staff").text
    assert "Look after it by hand" in cody.get("/staff/tasks").text


def test_another_program_reads_nothing_of_it(poisoned: Evening) -> None:
    with poisoned.database.reading() as store:
        assert set_aside.count(store, poisoned.world.harbor.id) == 1
        assert set_aside.count(store, 10_000) == 0


def stumble(database: Any, now: Any) -> int:
    raise RuntimeError("Maya Torres")


def turned(chore: Chore, database: Any, times: int) -> None:
    for _ in range(times):
        chore.due = 0.0
        chore.run_if_due(database)


@pytest.fixture
def beating(database: Any, clock: Any) -> None:
    with database.writing() as store:
        heartbeats.beat(store, "worker", clock.now())
        store.commit()


def test_a_chore_that_keeps_failing_makes_us_unready_until_it_works(
    app: Any, database: Any, beating: None
) -> None:
    chore, client = Chore("look", stumble), app.test_client()
    turned(chore, database, 2)
    assert client.get("/readyz").json == {"status": "ready"}
    turned(chore, database, 1)
    answer = client.get("/readyz")
    assert (answer.status_code, "look" in answer.json["detail"]) == (503, True)
    assert "Maya" not in answer.text
    chore.walk = lambda database, now: 0
    turned(chore, database, 1)
    assert client.get("/readyz").json == {"status": "ready"}


def test_a_restarted_worker_takes_back_what_the_one_before_it_said(
    app: Any, database: Any, beating: None
) -> None:
    turned(Chore("look", stumble), database, 3)
    worker.run_until_idle(database, [Chore("look", lambda database, now: 0)])
    assert app.test_client().get("/readyz").json == {"status": "ready"}


def test_a_worker_that_is_gone_fails_no_longer(
    app: Any, database: Any, beating: None, clock: Any
) -> None:
    turned(Chore("look", stumble), database, 3)
    clock.forward(minutes=6)
    with database.writing() as store:
        heartbeats.beat(store, "worker", clock.now())
        store.commit()
    assert app.test_client().get("/readyz").json == {"status": "ready"}


def test_the_banner_says_that_reminders_stand_still(
    visit: Any, world: Any, database: Any, beating: None
) -> None:
    turned(Chore("look", stumble), database, 3)
    page = visit(world.cody).get("/staff").text
    assert "Reminders are standing still" in page
    assert "fails again and again" in page


def test_the_figures_count_it(poisoned: Evening, app: Any, caller: Any) -> None:
    turned(Chore("look", stumble), poisoned.database, 3)
    asking = caller(poisoned.world.harbor, "read")
    headers = {"Authorization": f"Bearer {asking.token}"}
    told = asking.client.get("/metrics", headers=headers).text
    assert "rejoin_set_aside 1.0" in told
    assert "rejoin_chores_failing" in told


def test_what_is_let_go_of_is_let_go_past_what_cannot_be(
    store, database, world, clock, monkeypatch
):
    long_ago = clock.now() - timedelta(days=200)
    made = [
        SignInLink(person_id=world.maya.id, purpose="invite", secret_hash=bytes([n]) * 32, made_at=long_ago, expires_at=long_ago)
        for n in range(3)
    ]  # fmt: skip
    store.add_all(made)
    store.commit()
    bad, meant = made[1].id, retention.delete

    class Refusing:
        def __init__(self, table: Any) -> None:
            self.table = table

        def where(self, condition: Any) -> Any:
            if bad in condition.right.value:
                raise ValueError("Maya Torres")
            return meant(self.table).where(condition)

    monkeypatch.setattr(retention, "delete", Refusing)
    assert retention.let_go(database, clock.now()) == 2
    assert aside(store) == [("let go of link", "link", bad)]
