"""Selecting seats by standing finds exactly those that `standing()` says, on generated rows."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from tests.care.evenings import looked_into
from tests.protocol.engine.test_engine import SIX
from tests.protocol.planted import of_ids
from webapp.care import leaving
from webapp.care.attendance import absences, guests, presence
from webapp.care.attendance.absences import Excusal
from webapp.care.attendance.guests import Shown
from webapp.care.attendance.presence import Presence, Sighting
from webapp.care.attendance.standing import Standing, standing
from webapp.care.directory.people import Status
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Database, Store
from webapp.demo import cast
from webapp.protocol.engine import engine
from webapp.protocol.facts.picture import SeatRow
from webapp.protocol.reports import standings
from webapp.protocol.reports.standings import having

SEATS = select(Seat).join(Session, Session.id == Seat.session_id)
NOW = SIX + timedelta(minutes=65)


def all_of(store: Store, word: Standing) -> list[SeatRow]:
    """The seats of one standing, on one page."""
    found, after = having(store, SEATS, word, NOW, after=0, limit=100)
    assert after is None
    return found


def plant(store: Store, world: Any, luck: random.Random) -> None:
    """Rooms before, around and after NOW, with every kind of fact scattered over their seats."""
    clients = [
        world.maya,
        world.ben,
        world.rosa,
        world.leo,
        world.june,
        world.ivy,
        world.gus,
        world.zoe,
    ]
    for n in range(8):
        starts_at = SIX + timedelta(hours=luck.choice([-50, -26, -4, -1, 0, 0, 1, 30]), minutes=n)
        room = cast.open_room(
            store, world.carla, luck.sample(clients, 5), starts_at, now=SIX - timedelta(days=7),
            ref=f"room-{n}", minutes=luck.choice([45, 180]),
            presence_from=luck.choice(["platform", "platform", "staff"]),
        )  # fmt: skip
        if luck.random() < 0.4:
            looked_into(store, room, luck.choice([2, 40]))
        if luck.random() < 0.7:
            seen(store, room, world.carla.id, "joined", starts_at, luck)
        if luck.random() < 0.3:
            with_guest(store, room, world, luck)
        for seat in room.seats:
            scatter(store, seat, world, luck)
        if luck.random() < 0.15:
            room.cancel(store, "Snow", by=None, now=SIX - timedelta(days=3))
    leaving.change_status(
        store, world.zoe, Status.PAUSED, by=world.ada, now=SIX - timedelta(hours=5)
    )


def with_guest(store: Store, room: Session, world: Any, luck: random.Random) -> None:
    """Somebody comes whom the platform does not name; staff may say who it is, and take it back."""
    at = room.starts_at + timedelta(minutes=luck.choice([-30, 1, 20]))
    shown = Shown(at, (f"{luck.random()}",), name="iPhone")
    guest = guests.seen(store, room, "zoom", shown, now=at)
    for kind, minutes in (("joined", 0), ("left", luck.choice([9, 200])), ("waiting", 0)):
        piece = Sighting(
            f"{luck.random()}", room, None, kind, at + timedelta(minutes=minutes), "zoom",
            connection="c", guest_id=guest.id,
        )  # fmt: skip
        presence.record(store, [piece], by=None, now=at)
    store.refresh(room, ["seats"])
    if luck.random() < 0.6:
        who = luck.choice([None, *(seat.client for seat in room.seats)])
        guests.identify(store, guest, who, by=world.carla, now=at)
        if luck.random() < 0.3:
            guests.undo(store, guest, by=world.carla, now=at)


def scatter(store: Store, seat: Seat, world: Any, luck: random.Random) -> None:
    start, room = seat.session.starts_at, seat.session
    kind = luck.randrange(9)
    if kind in (0, 1):
        seen(
            store,
            room,
            seat.client_id,
            "joined",
            start + timedelta(minutes=luck.choice([-5, 3, 61])),
            luck,
        )
    if kind == 1:
        seen(
            store,
            room,
            seat.client_id,
            "left",
            start + timedelta(minutes=luck.choice([9, 40, 170])),
            luck,
        )
    if kind == 2:
        seen(
            store,
            room,
            seat.client_id,
            luck.choice(["present", "absent"]),
            start + timedelta(minutes=10),
            luck,
        )
    if kind == 3:
        seen(store, room, seat.client_id, "tapped", start + timedelta(minutes=55), luck)
    if kind in (4, 5):
        told_at = start - timedelta(hours=luck.choice([40, 2]))
        absences.report(store, seat, by=None, now=told_at, reason="work")
    if kind in (5, 6) and luck.random() < 0.5:
        store.add(Excusal(seat_id=seat.id, reason="Funeral", by_id=world.carla.id, at=start))
    if kind in (6, 7):
        done_at = start + timedelta(days=1) if luck.random() < 0.5 else None
        store.add(
            MakeUp(
                seat_id=seat.id, kind="recording", booked_at=start, booked_by_id=None,
                completed_at=done_at,
            )
        )  # fmt: skip


def seen(
    store: Store, room: Session, person_id: int, kind: str, at: Any, luck: random.Random
) -> None:
    store.add(
        Presence(
            session_id=room.id, person_id=person_id, type=kind, at=at, source="platform",
            source_id=f"{luck.random()}", recorded_at=at,
        )
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_selecting_by_standing_finds_exactly_those_seats(
    database: Database, store: Store, world: Any, seed: int
) -> None:
    plant(store, world, random.Random(seed))
    store.commit()
    engine.look(database, NOW)
    ids = store.scalars(select(Seat.id)).all()
    truth = {
        seat_id: standing(picture.facts, NOW)
        for seat_id, picture in of_ids(store, ids, NOW).items()
    }
    for word in Standing:
        found = {seat.id for seat in all_of(store, word)}
        assert found == {seat_id for seat_id, is_ in truth.items() if is_ is word}


def test_over_all_seeds_every_standing_occurs(database: Database, store: Store, world: Any) -> None:
    luck, met = random.Random(7), set()
    for _ in range(12):
        with store.begin_nested() as undone:
            plant(store, world, luck)
            store.flush()
            met |= {word for word in Standing if all_of(store, word)}
            undone.rollback()
        store.expire_all()
    assert met == set(Standing)


def test_pages_follow_each_other_by_id_and_miss_nothing(
    database: Database, store: Store, world: Any
) -> None:
    plant(store, world, random.Random(1))
    store.flush()
    listed: list[int] = []
    after: int | None = 0
    while after is not None:
        page, after = having(store, SEATS, Standing.MISSED, NOW, after=after, limit=2)
        assert len(page) <= 2
        listed += [seat.id for seat in page]
    whole = [seat.id for seat in all_of(store, Standing.MISSED)]
    assert listed == whole == sorted(whole)
    assert len(whole) > 2


def test_a_page_may_end_before_it_is_full_and_says_where_to_go_on(
    database: Database, store: Store, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many seats that a select lets through and that stand otherwise after all: nobody waits for all of them."""
    monkeypatch.setattr(standings, "STRIDE", 1)
    monkeypatch.setattr(standings, "MOST_STRIDES", 2)
    plant(store, world, random.Random(1))
    store.flush()
    listed: list[int] = []
    sizes: set[int] = set()
    after: int | None = 0
    while after is not None:
        page, after = having(store, SEATS, Standing.WAITING, NOW, after=after, limit=100)
        listed += [seat.id for seat in page]
        sizes.add(len(page))
    monkeypatch.undo()
    assert listed == [seat.id for seat in all_of(store, Standing.WAITING)]
    assert 0 in sizes
    assert max(sizes) == 2


def test_forty_seats_take_no_more_statements_than_one(
    database: Database, store: Store, world: Any
) -> None:
    plant(store, world, random.Random(3))
    store.flush()
    ids = store.scalars(select(Seat.id).order_by(Seat.id)).all()
    said: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(store.connection(), "before_cursor_execute", listen)
    of_ids(store, ids, NOW)
    for_all = len(said)
    missed = all_of(store, Standing.MISSED)
    fed = select(Session.id).where(Session.presence_from == "platform")
    of_platform = set(store.scalars(fed))
    one = next(seat.id for seat in missed if seat.session_id in of_platform)
    said.clear()
    of_ids(store, [one], NOW)
    event.remove(store.connection(), "before_cursor_execute", listen)
    assert 0 < for_all <= len(said) + 2
