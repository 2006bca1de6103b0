"""The demo's make-ups: open sessions of each kind, a full one with a waitlist, a held place, a booking, a completed make-up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.care.directory.people import Person
from webapp.care.make_ups import bookings, held_places, make_ups, reflections, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import resources
from webapp.care.materials.resources import Resource
from webapp.care.schedule import planning, series
from webapp.care.schedule.kinds import PresenceFrom, SessionKind
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.demo import cast
from webapp.demo.cast import World
from webapp.demo.past_sessions import PastSession
from webapp.demo.replay import Action, Timeline

GROUPS = (SessionKind.GROUP, SessionKind.PSYCHOEDUCATION)
SLOTS = (
    # ref, days ahead, local time, minutes, host, kind, title, places, makes up for, who sits there
    ("slot-one", 2, "12:00", 50, "carla", "individual", "Catch-up hour", 1, (*GROUPS, "individual"), ""),
    ("slot-circle", 3, "10:00", 90, "colin", "group", "Weekend circle", 8, GROUPS, "zoe"),
    ("slot-couples", 4, "12:30", 60, "tessa", "couples", "Couples hour", 2, ("couples",), ""),
    ("slot-full", 2, "15:00", 50, "colin", "individual", "Quiet hour", 1, GROUPS, "june"),
    ("slot-early", 3, "08:00", 60, "carla", "support_group", "Early circle", 2, GROUPS, "gus zoe"),
)  # fmt: skip
WORDS = {
    "ivy": "I hold my breath when the picture freezes, and then I am out. Naming it in the room would help.",
    "june": "Rest is not what is left over when everything is done. I want to plan it like a meeting.",
}


def add(timeline: Timeline, world: World, past_sessions: list[PastSession], now: datetime) -> None:
    """Add nine days of make-ups: sessions are opened, booked and waited for, and one place has just come free."""
    day = timedelta(days=1)
    timeline.at(now - 9 * day, opening(now), look_round=False)
    seat_of = seats(past_sessions, now)
    for name, at in (("june", now - 8 * day), ("ivy", now - 2 * day)):
        if seat := seat_of(name):
            timeline.at(at, choosing(seat, "sleep"), look_round=False)
            timeline.at(at + day / 2, handing_in(seat, WORDS[name]), look_round=False)
    if seat := seat_of("june"):
        timeline.at(now - 7 * day, answering(seat, world.carla), look_round=False)
    for name, minutes in (("maya", 300), ("ben", 240)):
        if seat := seat_of(name):
            timeline.at(
                now - timedelta(minutes=minutes), waiting(seat, "slot-full"), look_round=False
            )
    if seat := seat_of("leo"):
        timeline.at(now - timedelta(minutes=90), waiting(seat, "slot-early"), look_round=False)
    timeline.at(now - timedelta(minutes=6), freeing("slot-early", "zoe"), look_round=False)


def seats(past_sessions: list[PastSession], now: datetime) -> Callable[[str], int | None]:
    """Return a function: client's short name → id of their latest missed group seat, or None."""

    def of(name: str) -> int | None:
        found = [
            next(seat.id for seat in past.session.seats if seat.client.ref == name)
            for past in past_sessions
            if past.series == "evening" and past.attendance.get(name, "comes") != "comes"
            and "late" not in past.attendance[name] and past.ends_at < now
        ]  # fmt: skip
        return found[-1] if found else None

    return of


def opening(now: datetime) -> Action:
    """Staff open sessions and publish resources that may make up for missed ones."""

    def act(store: Store, instant: datetime) -> None:
        world = cast.find(store)
        for ref, days, clock, minutes, host, kind, title, places, makes_up, names in SLOTS:
            starts_at = at(now, days, clock, world.harbor.time_zone)
            planning.put(
                store, world.harbor.id, ref, kind=kind, title=title, host=getattr(world, host),
                starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes),
                time_zone=world.harbor.time_zone, capacity=places, makes_up=makes_up,
                seats=[getattr(world, name) for name in names.split()], by=world.cody, now=instant,
                presence_from=PresenceFrom.STAFF, join_url=f"https://video.example.org/j/{ref}",
            )  # fmt: skip
        first = at(now, 5, "12:00", world.harbor.time_zone)
        series.put(
            store, world.harbor, "slot-skills", kind="psychoeducation", title="Skills, once more",
            local_start=first.astimezone(ZoneInfo(world.harbor.time_zone)).replace(tzinfo=None),
            duration=timedelta(minutes=60), time_zone=world.harbor.time_zone, host=world.colin,
            rrule="FREQ=WEEKLY;COUNT=2", capacity=6, clients=[], makes_up=GROUPS, by=world.cody,
            now=instant, join_url="https://video.example.org/j/slot-skills",
        )  # fmt: skip
        resources.put(
            store, world.harbor, "sleep", kind="recording", title="Sleep and rest", minutes=45,
            url="https://video.example.org/r/sleep", makes_up=GROUPS, by=world.colin, now=instant,
        )  # fmt: skip
        resources.put(
            store, world.harbor, "next-week", kind="assignment", title="A letter to next week",
            body="Write ten lines to yourself, to be opened in a week.\n\nWhat should not be forgotten?",
            minutes=30, makes_up=GROUPS, by=world.carla, now=instant,
        )  # fmt: skip

    return act


def at(now: datetime, days: int, clock: str, zone: str) -> datetime:
    """`days` after `now`, at the local time `clock` (HH:MM)."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))


def choosing(seat_id: int, ref: str) -> Action:
    """The client books a resource as their make-up."""

    def act(store: Store, instant: datetime) -> None:
        seat = store.get_one(Seat, seat_id)
        what = store.scalars(select(Resource).where(Resource.ref == ref)).one()
        bookings.book(store, seat, what, by=seat.client, now=instant)

    return act


def handing_in(seat_id: int, words: str) -> Action:
    """The client hands in their reflection."""

    def act(store: Store, instant: datetime) -> None:
        made = _standing(store, seat_id)
        reflections.hand_in(store, made, words, by=made.seat.client, now=instant)

    return act


def answering(seat_id: int, by: Person) -> Action:
    """The counselor confirms the reflection, with feedback."""

    def act(store: Store, instant: datetime) -> None:
        words = "Like a meeting: yes. Let's look for the first one together on Monday."
        reader = store.get_one(Person, by.id)
        reflections.confirm(
            store, _standing(store, seat_id), by=reader, now=instant, feedback=words
        )

    return act


def waiting(seat_id: int, ref: str) -> Action:
    """The client joins the waitlist of a full session."""

    def act(store: Store, instant: datetime) -> None:
        seat = store.get_one(Seat, seat_id)
        waitlist.join(store, seat, _slot(store, ref), by=seat.client, now=instant)

    return act


def freeing(ref: str, name: str) -> Action:
    """A client's place comes free and is held for the first on the waitlist."""

    def act(store: Store, instant: datetime) -> None:
        session, world = _slot(store, ref), cast.find(store)
        for seat in planning.taken(store, session):
            if seat.client_id == getattr(world, name).id:
                seat.release(store, by=world.cody, now=instant)
        store.flush()
        held_places.serve(store, session, now=instant)

    return act


def _slot(store: Store, ref: str) -> Session:
    return store.scalars(select(Session).where(Session.ref == ref)).one()


def _standing(store: Store, seat_id: int) -> MakeUp:
    return store.scalars(make_ups.standing_for([seat_id])).one()
