"""The demo's history: three weeks of both programs, made by the verbs, so that charts, plots and lists have something to show.

The calendar comes from series. Who was late, absent or reached again is in `ATTENDANCE` and `FOLLOW_UPS`; everybody else was
there throughout.
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
from webapp.demo import actions, cast, catch_up, make_ups, messages, personal_settings
from webapp.demo.cast import World
from webapp.demo.past_sessions import PastSession, remind
from webapp.demo.replay import Action, DemoTimeline, in_one_transaction

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

FollowUpStep = tuple[float, str, str, str, str, str]
"""Hours after the start, staff member, client, kind of task, outcome, note."""

ATTENDANCE: dict[tuple[str, int], dict[str, str]] = {
    ("evening", 1): {"ivy": "trouble", "rosa": "late 20"},
    ("evening", 2): {"maya": "reports 26 family", "rosa": "reports 3 family", "leo": "late 35"},
    ("evening", 3): {"june": "missed", "zoe": "leaves 120"},
    ("evening", 5): {"maya": "reports 30 work", "ivy": "trouble", "zoe": "leaves 95"},
    ("evening", 6): {"rosa": "late 110", "leo": "reports 48 school", "zoe": "leaves 60"},
    ("evening", 7): {"ben": "reports 2 not_up_to_it", "ivy": "late 12"},
    ("skills", 1): {"maya": "late 7"},
    ("torres", 1): {"ben": "missed"},
    ("delgado", 2): {"rosa": "reports 1 illness"},
    ("sunrise", 2): {"tara": "missed"},
    ("sunrise", 4): {"milo": "reports 26 family", "tara": "leaves 50"},
}
"""(series, which session of it) → client → how they attended; actions.py says what each word means."""

FOLLOW_UPS: dict[tuple[str, int], list[FollowUpStep]] = {
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

GUS: tuple[list[FollowUpStep], list[FollowUpStep]] = (
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
"""What staff do after his two misses in a row, wherever they fall in the week."""
QUIET_AFTER = timedelta(hours=20)
"""How long after those two he has no other session, at least."""
OVER = timedelta(minutes=30)
"""How long ago a session must have ended for his absence to be known."""

CONSENTS = [
    ("june", "henry", Category.REMINDERS, "So that Henry can remind me."),
    ("june", "henry", Category.SCHEDULE, "He worries less when he knows."),
    ("maya", "ben", Category.REMINDERS, "We go together."),
    ("ben", "maya", Category.REMINDERS, "We go together."),
    ("maya", "ben", Category.SCHEDULE, "So that we can plan the week."),
    ("rosa", "leo", Category.REMINDERS, "Para llegar juntos."),
]
FROM_THE_START = [
    ("maya", "ben", Category.CATCH_UP, "So that we both know what was said."),
    ("ben", "maya", Category.CATCH_UP, "So that we both know what was said."),
    ("ben", "maya", Category.SCHEDULE, "So that we can plan the week."),
    ("ben", "maya", Category.MISSED_SESSION, "She would worry otherwise."),
    ("ben", "maya", Category.HOURS, "It keeps me going."),
    ("june", "henry", Category.MISSED_SESSION, "So that he asks how I am."),
]
"""Consents of the first evening."""


def tell(database: Database, now: datetime, each: Callable[[], object] = lambda: None) -> None:
    """Create the cast and replay their last three weeks up to `now`, in one transaction. `each` is called after every instant."""
    began = now - LOOKS_BACK
    with in_one_transaction(database) as database_in_one:
        timeline = DemoTimeline(database_in_one)
        with database_in_one.writing() as store:
            world = cast.plant(store, began)
            world.harbor.demo = world.sunrise.demo = True
            programs.set_help_phone(store, world.harbor, "+12125550198", by=world.ada, now=began)
            plan(store, world, began)
            past_sessions = find_sessions(store, world, began, now)
            store.commit()
        timeline.at(began)
        for client, recipient, category, purpose in FROM_THE_START:
            signing = consenting(client, recipient, category, purpose)
            timeline.at(began + timedelta(hours=6), signing, look_round=False)
        for day, (client, recipient, category, purpose) in enumerate(CONSENTS):
            signed = began + timedelta(days=1 + day / 3)
            timeline.at(signed, consenting(client, recipient, category, purpose), look_round=False)
        messages.add(timeline, now)
        personal_settings.add(timeline, now)
        for past in past_sessions:
            replay_session(timeline, world, past, now)
        catch_up.add(timeline, world, past_sessions, now)
        make_ups.add(timeline, world, past_sessions, now)
        actions.answer_task(
            timeline, world.carla, world.gus, now - timedelta(minutes=20), "outreach", "left_message",
            "Left a message; trying again this evening.",
        )  # fmt: skip
        timeline.play(now, each)


def plan(store: Store, world: World, began: datetime) -> None:
    """Create the weekly series of both programs, which end in two weeks."""
    until = f"{began + LOOKS_BACK + LOOKS_AHEAD:%Y%m%d}"
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


def find_sessions(store: Store, world: World, began: datetime, now: datetime) -> list[PastSession]:
    """The sessions that had begun by `now` or begin within a day, with their number in their series."""
    near = (
        select(Session, series.Series.ref)
        .join(series.Series, series.Series.id == Session.series_id)
        .where(Session.starts_at <= now + timedelta(hours=24))
        .options(selectinload(Session.seats))
        .order_by(Session.starts_at, Session.id)
    )
    counted: dict[str, int] = {}
    past_sessions = []
    for session, ref in store.execute(near):
        number = counted[ref] = counted.get(ref, -1) + 1
        attendance, follow_up = (
            dict(ATTENDANCE.get((ref, number), {})),
            FOLLOW_UPS.get((ref, number), []),
        )
        host, clients = PATTERNS[ref][0], PATTERNS[ref][6].split()
        past_sessions.append(
            PastSession(session, ref, number, host, clients, attendance, follow_up)
        )
    _gus([past for past in past_sessions if "gus" in past.clients and past.starts_at < now], now)
    return past_sessions


def _gus(past_sessions: list[PastSession], now: datetime) -> None:
    """Gus misses two in a row and is escalated; and misses the last one again, so that his next miss is the second in a row."""
    for past in past_sessions:
        past.attendance["gus"] = "missed" if past.session.ends_at > now - OVER else "comes"
    his = [past for past in past_sessions if past.attendance["gus"] == "comes"]
    pairs = zip(his[-9:], his[-8:], his[-7:], strict=False)
    first, second = next((a, b) for a, b, c in pairs if c.starts_at - b.starts_at > QUIET_AFTER)
    first.follow_up, second.follow_up = GUS
    for past in (first, second, his[-1]):
        past.attendance["gus"] = "missed"


def replay_session(timeline: DemoTimeline, world: World, past: PastSession, now: datetime) -> None:
    """Add everything before, in and after one session, as far as it lies before `now`."""
    if past.starts_at > now:
        remind(timeline, world, past, until=now)
        return
    if (past.series, past.number) == ("skills", 2):
        actions.cancel(timeline, world, past)
        return
    if (past.series, past.number) == ("skills", 1):
        actions.move(timeline, world, past)
    remind(timeline, world, past)
    actions.attend(timeline, world, past, now)
    for hours, by, client, task, outcome, note in past.follow_up:
        if past.attendance.get(client) == "missed":
            instant = past.starts_at + timedelta(hours=hours)
            actions.answer_task(
                timeline, getattr(world, by), getattr(world, client), instant, task, outcome, note
            )


def consenting(client: str, recipient: str, category: str, purpose: str) -> Action:
    """`client` signs that `recipient` may be told."""

    def act(store: Store, instant: datetime) -> None:
        world = cast.find(store)
        signer = getattr(world, client)
        consents.grant(
            store, signer, getattr(world, recipient), category, purpose=purpose, by=signer,
            signature=signer.name, expires_at=instant + timedelta(days=180), now=instant,
        )  # fmt: skip

    return act
