"""Sessions that start within seconds, under a policy of seconds: the whole ladder can be watched within three minutes.

| after | what there is to see |
|---|---|
| 0:20 – 1:00 | Rosa and Leo get heads_up, soon, doors_open for their couples hour, which starts at 1:20 |
| 0:45 | first_check for Maya and Gus: the drop-in group began at 0:25 and they have not come; Ivy has, Ben told us |
| 1:00 | nobody at all is seen in the skills room: blackout, Colin is asked to mark the room, June and Zoe are not chased |
| 1:25 | second_check for Maya and Gus |
| 2:05 | outreach: a call for Carla about each, one for Tessa about Maya and Ben; Gus is escalated to Susan, his second miss |
| 3:00 | outreach for Rosa and Leo, unless they join |
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.care.attendance import absences, presence
from webapp.care.attendance.presence import EvidenceType, Sighting
from webapp.care.directory import programs
from webapp.care.schedule.kinds import PresenceFrom, SessionKind
from webapp.care.schedule.sessions import Session
from webapp.db import Store
from webapp.demo import cast, messages
from webapp.demo.actions import VIDEO
from webapp.demo.cast import World

SECONDS_FOR_MINUTES = {
    "heads_up": "-PT60S",
    "soon": "-PT40S",
    "doors_open": "-PT20S",
    "first_check": "PT20S",
    "second_check": "PT60S",
    "outreach": "PT100S",
    "outreach_due": "PT5M",
    "quiet_hours": None,
}
"""The demo's policy: what takes minutes and hours elsewhere takes seconds here. The banner on every page says so."""
ENOUGH = timedelta(minutes=2)
"""No new sessions are opened while one begins within this time, or began within it."""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that begins `after` from now. `present`: who has joined already; `absent`: who reported that they can't come."""

    title: str
    kind: str
    after: timedelta
    minutes: int
    host: str
    clients: tuple[str, ...]
    present: tuple[str, ...] = ()
    absent: str = ""
    presence_from: str = PresenceFrom.PLATFORM


LIVE_SESSIONS = (
    LiveSession(
        "Drop-in group", SessionKind.GROUP, timedelta(seconds=25), 12, "carla",
        ("maya", "ben", "ivy", "gus"), present=("carla", "ivy"), absent="ben",
    ),
    LiveSession(
        "Skills and tools", SessionKind.PSYCHOEDUCATION, timedelta(seconds=40), 12, "colin", ("june", "zoe")
    ),
    LiveSession(
        "Couples hour", SessionKind.COUPLES, timedelta(seconds=80), 10, "tessa", ("rosa", "leo"),
        present=("tessa",),
    ),
    LiveSession(
        "Evening circle", SessionKind.SUPPORT_GROUP, timedelta(minutes=6), 10, "colin",
        ("maya", "ben", "june", "ivy", "zoe"), presence_from=PresenceFrom.STAFF,
    ),
    LiveSession(
        "Late circle", SessionKind.SUPPORT_GROUP, timedelta(minutes=20), 10, "carla",
        ("maya", "rosa", "leo", "gus"), presence_from=PresenceFrom.STAFF,
    ),
)  # fmt: skip


def open_all(store: Store, now: datetime) -> int:
    """Shorten Harbor's policy to seconds and open `LIVE_SESSIONS`, unless some are open; returns how many were opened."""
    world = cast.find(store)
    soon = select(func.count(Session.id)).where(
        Session.program_id == world.harbor.id, Session.ref.startswith("tonight-"),
        Session.starts_at.between(now - ENOUGH, now + ENOUGH),
    )  # fmt: skip
    if store.scalar(soon):
        return 0
    shorten_policy(store, world, now)
    opened = {live.title: open_one(store, world, live, now) for live in LIVE_SESSIONS}
    messages.ask_for_help(store, world, opened["Evening circle"], now)
    return len(LIVE_SESSIONS)


def shorten_policy(store: Store, world: World, now: datetime) -> None:
    """Put a policy in force by which everything is over in three minutes."""
    newest = world.harbor.policies[-1]
    if any(newest.body.get(name) != value for name, value in SECONDS_FOR_MINUTES.items()):
        programs.change_policy(store, world.harbor, SECONDS_FOR_MINUTES, by=world.ada, now=now)


def open_one(store: Store, world: World, live: LiveSession, now: datetime) -> Session:
    """Open one session, with who has joined and who has reported an absence."""
    starts_at = now + live.after
    session = cast.open_room(
        store, getattr(world, live.host), [getattr(world, name) for name in live.clients],
        starts_at, now=now, minutes=live.minutes, title=live.title, kind=live.kind,
        ref=f"tonight-{starts_at:%Y%m%dT%H%M%S}-{live.host}", presence_from=live.presence_from,
        dial_in="+12125550199,,93412#",
    )  # fmt: skip
    joined = [
        Sighting(
            f"{name}:joined", session, getattr(world, name), EvidenceType.JOINED, now, VIDEO, name
        )
        for name in live.present
    ]
    presence.record(store, joined, by=None, now=now)
    store.refresh(session, ["seats"])
    for seat in session.seats:
        if live.absent and seat.client_id == getattr(world, live.absent).id:
            absences.report(store, seat, by=seat.client, now=now, reason=absences.Reason.WORK)
    return session
