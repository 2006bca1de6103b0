"""Three weeks of practice in both programs, told through the verbs: what charts, plots and lists look like when lived in.

The calendar comes from series; who was there, late, unheard of, or reached again stands in `FATES` and `SEQUELS`. Where
nothing is written, everybody came.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.care.directory import programs
from webapp.care.privacy import consents
from webapp.care.privacy.consents import Category
from webapp.care.schedule import series
from webapp.care.schedule.sessions import Session
from webapp.db import Database, Store
from webapp.demo import acts, afterwards, belongings, cast, letters, make_ups
from webapp.demo.cast import World
from webapp.demo.rooms import PastSession, remind
from webapp.demo.stage import Act, Stage, one_breath

LOOKS_BACK = timedelta(days=22)
LOOKS_AHEAD = timedelta(days=15)

PATTERNS: dict[str, tuple[str, str, str, str, str, int, str]] = {
    # ref: program's host, kind, title, local time, days, minutes, clients
    "evening": ("carla", "group", "Evening group", "18:00", "MO,WE,FR", 180, "maya ben rosa leo june ivy gus zoe"),
    "skills": ("colin", "psychoeducation", "Skills and tools", "17:30", "TU", 90, "maya ben rosa leo june ivy gus zoe"),
    "noon": ("colin", "psychoeducation", "Skills and tools", "12:00", "TH", 90, ""),
    "torres": ("tessa", "couples", "Couples hour", "17:00", "TH", 60, "maya ben"),
    "delgado": ("tessa", "couples", "Couples hour", "18:15", "TH", 60, "rosa leo"),
    "whitaker": ("tessa", "couples", "Couples hour", "19:30", "TH", 60, "june"),
    "gus": ("carla", "individual", "One to one", "16:00", "MO", 50, "gus"),
    "zoe": ("colin", "individual", "One to one", "16:00", "MO", 50, "zoe"),
    "sunrise": ("nora", "group", "Morning group", "09:00", "MO,WE", 180, "aiko milo tara"),
}  # fmt: skip

Sequel = tuple[float, str, str, str, str, str]
"""Hours after the start, by whom, client, task, outcome, note."""

FATES: dict[tuple[str, int], dict[str, str]] = {
    ("evening", 1): {"ivy": "trouble", "rosa": "late 20"},
    ("evening", 2): {"maya": "told 26 family", "rosa": "told 3 family", "leo": "late 35"},
    ("evening", 3): {"june": "missed", "zoe": "leaves 120"},
    ("evening", 5): {"maya": "told 30 work", "ivy": "trouble", "zoe": "leaves 95"},
    ("evening", 6): {"rosa": "late 110", "leo": "told 48 school", "zoe": "leaves 60"},
    ("evening", 7): {"ben": "told 2 not_up_to_it", "ivy": "late 12"},
    ("skills", 1): {"maya": "late 7"},
    ("torres", 1): {"ben": "missed"},
    ("delgado", 2): {"rosa": "told 1 illness"},
    ("sunrise", 2): {"tara": "missed"},
    ("sunrise", 4): {"milo": "told 26 family", "tara": "leaves 50"},
}
"""(series, which session of it) → client → what happened instead of coming: `acts.FATES` says what each word does."""

SEQUELS: dict[tuple[str, int], list[Sequel]] = {
    ("evening", 3): [
        (1.6, "carla", "june", "outreach", "no_answer", "Rang twice, no mailbox."),
        (16, "carla", "june", "outreach", "reached", "Her mother had been taken ill. Coming on Friday."),
        (17, "tessa", "june", "relational", "reached", "Henry drove to the hospital; both are worn out."),
        (17.5, "carla", "june", "reengagement", "plan", "Make-up on Tuesday; Henry gets her reminders."),
    ],
    ("torres", 1): [
        (1.3, "colin", "ben", "outreach", "reached", "Left the house after an argument. Safe, at his brother's."),
        (2.0, "tessa", "ben", "relational", "reached", "Both agree to start the next hour apart."),
        (20, "colin", "ben", "reengagement", "plan", "Joins from his brother's until Sunday."),
    ],
    ("sunrise", 2): [
        (1.5, "nora", "tara", "outreach", "reached", "Overslept after a night shift. Asked for later times."),
        (3, "nora", "tara", "reengagement", "plan", "Later group from next month; alarm with a friend."),
    ],
}  # fmt: skip

GUS: tuple[list[Sequel], list[Sequel]] = (
    [(1.4, "carla", "gus", "outreach", "left_message", "Left a message.")],
    [
        (1.3, "carla", "gus", "outreach", "no_answer", "No answer."),
        (
            15,
            "susan",
            "gus",
            "escalation",
            "reached",
            "New shift at work, ashamed to say. No risk. One to one on Monday.",
        ),
        (
            16,
            "carla",
            "gus",
            "reengagement",
            "plan",
            "Talks to his foreman; the Tuesday group until then.",
        ),
    ],
)
"""What follows on his two misses in a row, wherever they fall in the week."""
QUIET_AFTER = timedelta(hours=20)
"""How long after those two he has no other session."""
OVER = timedelta(minutes=30)
"""How long ago a session must have ended to be history."""

CONSENTS = [
    ("june", "henry", Category.REMINDERS, "So that Henry can remind me."),
    ("june", "henry", Category.MISSED_SESSION, "He worries less when he knows."),
    ("maya", "ben", Category.REMINDERS, "We go together."),
    ("ben", "maya", Category.REMINDERS, "We go together."),
    ("maya", "ben", Category.SCHEDULE, "So that we can plan the week."),
    ("rosa", "leo", Category.REMINDERS, "Para llegar juntos."),
]


def tell(database: Database, now: datetime, each: Callable[[], object] = lambda: None) -> None:
    """Plant the cast and tell their last three weeks up to `now`. All of it or nothing."""
    began = now - LOOKS_BACK
    with one_breath(database) as breath:
        stage = Stage(breath)
        with breath.writing() as store:
            world = cast.plant(store, began)
            world.harbor.demo = world.sunrise.demo = True
            programs.set_help_phone(store, world.harbor, "+12125550198", by=world.ada, now=began)
            plan(store, world, began)
            rooms = find_rooms(store, world, began, now)
            store.commit()
        stage.at(began)
        for day, (client, recipient, category, purpose) in enumerate(CONSENTS):
            signed = began + timedelta(days=1 + day / 3)
            stage.at(signed, consenting(client, recipient, category, purpose), look_round=False)
        letters.write(stage, now)
        belongings.keep(stage, now)
        for room in rooms:
            happen(stage, world, room, now)
        afterwards.write(stage, world, rooms, now)
        make_ups.tell(stage, world, rooms, now)
        acts.answer(
            stage, world.carla, world.gus, now - timedelta(minutes=20), "outreach", "left_message",
            "Left a message; trying again this evening.",
        )  # fmt: skip
        stage.play(now, each)


def plan(store: Store, world: World, began: datetime) -> None:
    """The weekly patterns of both programs; this round of them ends in two weeks."""
    until = f"{began + LOOKS_BACK + LOOKS_AHEAD:%Y%m%dT000000}"
    for ref, (host, kind, title, clock, days, minutes, clients) in PATTERNS.items():
        program = getattr(world, host).program
        first = began.astimezone(ZoneInfo(program.time_zone)).date()
        series.put(
            store, program, ref, kind=kind, title=title, host=getattr(world, host), capacity=12,
            local_start=datetime.fromisoformat(f"{first}T{clock}"), time_zone=program.time_zone,
            duration=timedelta(minutes=minutes), rrule=f"FREQ=WEEKLY;BYDAY={days};UNTIL={until}",
            clients=[getattr(world, name) for name in clients.split()], by=None, now=began,
            join_url=f"https://video.example.org/j/{ref}", dial_in="+12125550199,,93412#",
        )  # fmt: skip


def find_rooms(store: Store, world: World, began: datetime, now: datetime) -> list[PastSession]:
    """The sessions that had begun by `now` or were reminded of, with their place in their series."""
    near = (
        select(Session, series.Series.ref)
        .join(series.Series, series.Series.id == Session.series_id)
        .where(Session.starts_at <= now + timedelta(hours=24))
        .options(selectinload(Session.seats))
        .order_by(Session.starts_at, Session.id)
    )
    counted: dict[str, int] = {}
    rooms = []
    for session, ref in store.execute(near):
        number = counted[ref] = counted.get(ref, -1) + 1
        fates, sequel = dict(FATES.get((ref, number), {})), SEQUELS.get((ref, number), [])
        host, clients = PATTERNS[ref][0], PATTERNS[ref][6].split()
        rooms.append(PastSession(session, ref, number, host, clients, fates, sequel))
    _gus([room for room in rooms if "gus" in room.clients and room.starts_at < now], now)
    return rooms


def _gus(rooms: list[PastSession], now: datetime) -> None:
    """Gus is not heard of twice in a row and escalated; and the last time once more, so that his next miss is the second."""
    for room in rooms:
        room.fates["gus"] = "missed" if room.session.ends_at > now - OVER else "comes"
    his = [room for room in rooms if room.fates["gus"] == "comes"]
    pairs = zip(his[-9:], his[-8:], his[-7:], strict=False)
    first, second = next((a, b) for a, b, c in pairs if c.starts_at - b.starts_at > QUIET_AFTER)
    first.sequel, second.sequel = GUS
    for room in (first, second, his[-1]):
        room.fates["gus"] = "missed"


def happen(stage: Stage, world: World, room: PastSession, now: datetime) -> None:
    """One session with everything before, in and after it, as far as it had come by `now`."""
    if room.starts_at > now:
        remind(stage, world, room, until=now)
        return
    if (room.series, room.number) == ("skills", 2):
        acts.cancel(stage, world, room)
        return
    if (room.series, room.number) == ("skills", 1):
        acts.move(stage, world, room)
    remind(stage, world, room)
    acts.come_and_go(stage, world, room, now)
    for hours, by, client, task, outcome, note in room.sequel:
        if room.fates.get(client) == "missed":
            instant = room.starts_at + timedelta(hours=hours)
            acts.answer(
                stage, getattr(world, by), getattr(world, client), instant, task, outcome, note
            )


def consenting(client: str, recipient: str, category: str, purpose: str) -> Act:
    """`client` signs that `recipient` may be told."""

    def act(store: Store, instant: datetime) -> None:
        world = cast.find(store)
        signer = getattr(world, client)
        consents.grant(
            store, signer, getattr(world, recipient), category, purpose=purpose, by=signer,
            signature=signer.name, expires_at=instant + timedelta(days=180), now=instant,
        )  # fmt: skip

    return act
