"""The demo clients' own settings: accommodations, backup plans, a calendar link, reminder times."""

from datetime import datetime, timedelta

from webapp.care.preferences import accommodations, backup_plans, contact_preferences
from webapp.care.schedule import calendar_feeds
from webapp.db import Store
from webapp.demo import cast
from webapp.demo.replay import Timeline

NEEDS = [
    ("maya", "captions", None),
    ("maya", "support_animal", None),
    ("leo", "interpreter", "Español"),
    ("june", "camera_off", None),
    ("zoe", "other", "Slides a bit larger, please."),
]
"""Client, accommodation, and their own words."""
PLANS = {
    "maya": {
        "place": "My sister's kitchen, two streets away.",
        "device": "The old tablet in the drawer.",
        "childcare": "Nana comes over, she has a key.",
        "dial_in": "My work phone, 212 555 0141.",
    },
    "gus": {"place": "The car behind the shop.", "note": "Text me first, then I can step outside."},
}
LONG_AGO, JUST_NOW = timedelta(days=18), timedelta(minutes=2)


def add(timeline: Timeline, now: datetime) -> None:
    """Add most of it in the first days. June chooses her reminder times only just before `now`: earlier, they would have changed
    which reminders the history shows."""
    timeline.at(now - LONG_AGO, _set_up, look_round=False)
    timeline.at(now - JUST_NOW, _choose_reminders)


def _set_up(store: Store, instant: datetime) -> None:
    world = cast.find(store)
    for name, kind, detail in NEEDS:
        client = getattr(world, name)
        accommodations.ask(store, client, kind, by=client, now=instant, detail=detail)
    for name, parts in PLANS.items():
        client = getattr(world, name)
        backup_plans.write(store, client, parts, by=client, now=instant)
    calendar_feeds.open_feed(store, world.maya, by=world.maya, now=instant)


def _choose_reminders(store: Store, instant: datetime) -> None:
    june = cast.find(store).june
    contact_preferences.set_reminders(
        store, june, first="sms", off=["second_check"], quiet_hours=("22:00", "07:00"),
        lead={"soon": 120}, by=june, now=instant,
    )  # fmt: skip
