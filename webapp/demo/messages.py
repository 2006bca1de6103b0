"""The demo's secure messages between clients and staff, and a call for technical help that is still open."""

from datetime import datetime, timedelta

from webapp.care.contact import connection_tests, help_calls, messages
from webapp.care.contact.tasks import Task
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.demo import cast
from webapp.demo.cast import World
from webapp.demo.replay import Action, Timeline

MESSAGES: list[tuple[float, str, str, str]] = [
    # hours ago, client, by, words
    (75, "maya", "maya", "I moved my shift, so I can be there on Wednesdays after all."),
    (72.5, "maya", "carla", "That is good news, Maya. Your place was kept the whole time."),
    (49, "zoe", "zoe", "Is there a shorter group? Three hours are hard at the moment."),
    (46, "zoe", "colin", "Let's talk about it on Monday. We'll find a way that fits."),
    (26, "maya", "maya", "Could Ben and I do the exercise on Sunday instead? We had a long week."),
    (3, "june", "june", "Mom is home from the hospital. I'd like to make up the Wednesday I was away."),
    (1.5, "maya", "carla", "Yes, Sunday is fine. Bring one moment that went well, each of you."),
]  # fmt: skip
UNREAD = 2
"""How many of the newest nobody has opened yet."""
TEST_RESULTS = {
    "network": "good",
    "microphone": "good",
    "camera": "blocked",
    "browser": "good",
    "clock": "good",
}
TEST_FACTS = {
    "round_trips": [61.2, 58.4, 66.0, 59.7, 60.3], "kbit": 8400, "skew": 0.4, "cameras": 1,
    "microphones": 1, "connection": "4g", "screen": "412×915", "camera_trouble": "NotAllowedError",
    "agent": "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
}  # fmt: skip


def add(timeline: Timeline, now: datetime) -> None:
    """Add all of `MESSAGES` at their time before `now`; all but the newest `UNREAD` are read 40 minutes later."""
    for number, (hours, client, by, words) in enumerate(MESSAGES):
        at = now - timedelta(hours=hours)
        timeline.at(at, writing(client, by, words), look_round=False)
        if number < len(MESSAGES) - UNREAD:
            reader = {"maya": "carla", "zoe": "colin"}[client] if client == by else client
            timeline.at(at + timedelta(minutes=40), reading(client, reader), look_round=False)


def writing(client: str, by: str, words: str) -> Action:
    """`by` writes in `client`'s thread."""

    def act(store: Store, instant: datetime) -> None:
        world = cast.find(store)
        messages.send(store, getattr(world, client), words, by=getattr(world, by), now=instant)

    return act


def reading(client: str, by: str) -> Action:
    """`by` opens `client`'s thread."""

    def act(store: Store, instant: datetime) -> None:
        world = cast.find(store)
        thread, reader = getattr(world, client), getattr(world, by)
        messages.record_view(store, thread, by=reader, now=instant)
        messages.mark_read(store, thread, by=reader, now=instant)

    return act


def ask_for_help(store: Store, world: World, session: Session, now: datetime) -> Task:
    """Ivy, whose camera fails her now and then, tests her connection early and asks the help desk."""
    seat = next(seat for seat in session.seats if seat.client_id == world.ivy.id)
    connection_tests.keep(
        store, TEST_RESULTS, by=world.ivy, now=now, round_trip=60.3, facts=TEST_FACTS
    )
    return help_calls.report(store, seat, by=world.ivy, now=now)
