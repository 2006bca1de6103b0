"""Summaries, homework and recordings after the demo's sessions, and how far Maya has caught up with two that she missed.

She has finished one and is in the middle of the other; June and Ben have not begun theirs. Maya wrote Ben a note about the hour that he was
not in.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.care.catch_up import follow_ups
from webapp.care.couples import partner_notes
from webapp.care.directory.people import Person
from webapp.care.materials import drafts, homework, resources, summaries
from webapp.care.materials.homework import Homework
from webapp.care.materials.resources import Resource
from webapp.care.schedule.sessions import Seat, Session
from webapp.db import Store
from webapp.demo.cast import World
from webapp.demo.past_sessions import PastSession
from webapp.demo.replay import Action, DemoTimeline

HOUR = timedelta(hours=1)
SLEEP = """We looked at the hours **before** sleep, because that is when most of us reach for something.

- Light: low and warm from nine on.
- One thing that is only for the night: a tea, a page, a song.
- If it takes longer than twenty minutes, get up. Nobody sleeps by trying.

> “I stopped counting the hours and began to count the lamps.”

Next time we talk about weekends."""
CRAVING = """A craving is a wave: it rises, it breaks, it goes. Most last under twenty minutes.

1. **Notice** where it sits in the body.
2. **Wait** with both feet on the floor.
3. **Do** the next small thing on your list.

We all wrote a list of three small things. Yours can be quite different."""
NOTE = """What helped me: breathing out slowly before I answer.

What we agreed to try: ten minutes after dinner, without phones."""
TEXTS = {
    ("evening", 2): CRAVING,
    ("evening", 3): "We talked about asking for help **before** it is urgent, and practised two sentences for it.",
    ("evening", 5): SLEEP,
    ("torres", 1): "We planned how to say *not now* without leaving the room.",
}  # fmt: skip


def add(
    timeline: DemoTimeline, world: World, past_sessions: list[PastSession], now: datetime
) -> None:
    """Add it all to the timeline, as far as it lies before `now`."""
    for past in past_sessions:
        words, written = TEXTS.get((past.series, past.number)), past.ends_at + HOUR
        if words is None or written > now:
            continue
        host, session_id = getattr(world, past.host), past.session.id
        timeline.at(written, publishing(host, session_id, words), look_round=False)
        if past.series == "torres":
            _write_to_each_other(timeline, world, session_id, past, now)
        if past.series != "evening":
            continue
        task = f"list-{past.number}"
        timeline.at(written, setting(host, session_id, task, past.ends_at), look_round=False)
        timeline.at(
            written,
            publishing_recording(host, session_id, f"light-{past.number}"),
            look_round=False,
        )
        if past.number == 2:
            _finish_everything(timeline, world, session_id, task, past, now)
        if past.number == 5:
            _begin_catching_up(timeline, world, session_id, task, past, now)


def _write_to_each_other(
    timeline: DemoTimeline, world: World, session_id: int, past: PastSession, now: datetime
) -> None:
    """Maya tells Ben of the couples hour that he was not in, and he asks back."""

    def tells(store: Store, at: datetime) -> None:
        session = store.get_one(Session, session_id)
        partner_notes.write(store, world.maya, session, NOTE, by=world.maya, now=at)

    def asks(store: Store, at: datetime) -> None:
        [note] = store.scalars(partner_notes.of(world.ben.id)).all()
        partner_notes.mark_read(store, note.id, by=world.ben, now=at)
        partner_notes.answer(store, note, "Which evening shall we begin?", by=world.ben, now=at)

    _add_past(timeline, now, (past.ends_at + 3 * HOUR, tells), (past.ends_at + 22 * HOUR, asks))


def _finish_everything(
    timeline: DemoTimeline,
    world: World,
    session_id: int,
    task: str,
    past: PastSession,
    now: datetime,
) -> None:
    maya, carla = world.maya, world.carla

    def works(store: Store, at: datetime) -> None:
        summaries.mark_read(store, store.get_one(Session, session_id), maya, by=maya, now=at)
        reading = _resource(store, f"light-{past.number}")
        resources.finish(store, reading, maya, by=maya, now=at)
        words = "Put the kettle on. Call Ana. Walk round the block, twice if it rains."
        homework.hand_in(store, _homework(store, task), words, by=maya, now=at)

    def talks(store: Store, at: datetime) -> None:
        seat = _seat(store, session_id, maya)
        [made] = store.scalars(homework.current_hand_in(_homework(store, task), maya.id))
        said = "Three things that are already in your day: **that is the trick**. Keep Ana's number on paper, too."
        homework.give_feedback(store, made, said, by=carla, now=at)
        follow_ups.sign_off(store, seat, by=carla, now=at, note="Went through it on the phone.")

    _add_past(timeline, now, (past.ends_at + 20 * HOUR, works), (past.ends_at + 44 * HOUR, talks))


def _begin_catching_up(
    timeline: DemoTimeline,
    world: World,
    session_id: int,
    task: str,
    past: PastSession,
    now: datetime,
) -> None:
    maya, carla = world.maya, world.carla

    def alone(store: Store, at: datetime) -> None:
        words = "Maya, your idea with the *lamp by the door* came up again, and two others want to try it."
        session = store.get_one(Session, session_id)
        summaries.write(store, session, words, by=carla, now=at, client=maya)

    def begins(store: Store, at: datetime) -> None:
        summaries.mark_read(store, store.get_one(Session, session_id), maya, by=maya, now=at)
        film = _resource(store, f"light-{past.number}")
        resources.keep_place(store, film, maya, 760, by=maya, now=at)
        words = "1. Phone stays in the kitchen from ten on.\n2. The small lamp.\n3. "
        drafts.save(store, _homework(store, task).about, words, by=maya, now=at)

    _add_past(timeline, now, (past.ends_at + 2 * HOUR, alone), (past.ends_at + 21 * HOUR, begins))


def _add_past(timeline: DemoTimeline, now: datetime, *actions: tuple[datetime, Action]) -> None:
    for instant, act in actions:
        if instant < now:
            timeline.at(instant, act, look_round=False)


def publishing(host: Person, session_id: int, words: str) -> Action:
    """The host publishes a summary."""

    def act(store: Store, at: datetime) -> None:
        summaries.write(store, store.get_one(Session, session_id), words, by=host, now=at)

    return act


def setting(host: Person, session_id: int, ref: str, ends_at: datetime) -> Action:
    """The host sets homework for everyone in the session."""

    def act(store: Store, at: datetime) -> None:
        homework.put(
            store, host.program, ref, title="Three small things", by=host, now=at,
            body="Write down **three small things** you can do when it gets hard. Small enough for a bad day.",
            session=store.get_one(Session, session_id), due_at=ends_at + timedelta(days=12),
        )  # fmt: skip

    return act


def publishing_recording(host: Person, session_id: int, ref: str) -> Action:
    """The host publishes a recording of the talk."""

    def act(store: Store, at: datetime) -> None:
        resources.put(
            store, host.program, ref, kind="recording", title="Light and sleep", by=host, now=at,
            body="The talk from the first half of the evening.", minutes=24,
            url="https://media.example.org/light-and-sleep.mp4",
            session=store.get_one(Session, session_id),
        )  # fmt: skip

    return act


def _homework(store: Store, ref: str) -> Homework:
    return store.scalars(select(Homework).where(Homework.ref == ref)).one()


def _resource(store: Store, ref: str) -> Resource:
    return store.scalars(select(Resource).where(Resource.ref == ref)).one()


def _seat(store: Store, session_id: int, client: Person) -> Seat:
    mine = select(Seat).where(Seat.session_id == session_id, Seat.client_id == client.id)
    return store.scalars(mine).one()
