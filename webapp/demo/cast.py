"""The people of the demo and the tests: two programs, their staff, twelve clients, three couples.

There are no sessions, consents or passwords yet; the clients have read the policy. E-mail addresses are at `example.org`,
telephone numbers among those reserved for fiction (555-0100 to 555-0199). **Charlie** is a client of Harbor without a care team
and without a session: whatever Charlie can see of the others is a leak. Harbor and Sunrise must see nothing of each other.

    HARBOR, New York            Carla and Colin counsel · Tessa is the couples' therapist · Susan supervises · Cody
                                coordinates · Theo knows the technology · Ada administers
      Maya and Ben              a couple, both clients; Carla counsels Maya, Colin counsels Ben
      Rosa and Leo              a couple, both clients, Spanish; Colin counsels Rosa, Carla counsels Leo
      June and Henry            a couple: June is a client (Carla's), Henry supports her
      Ivy (Chicago), Gus, Zoe (Los Angeles)     Carla's, Carla's, Colin's
    SUNRISE, Phoenix            Nora counsels · Felix is the couples' therapist · Greta supervises · Pablo coordinates ·
                                Kit · Ines
      Aiko, Milo, Tara          Nora's
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory import people, programs, teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.programs import Program
from webapp.care.directory.teams import Couple
from webapp.care.preferences import policy_acknowledgements
from webapp.care.schedule import planning
from webapp.care.schedule.kinds import PresenceFrom, SessionKind
from webapp.care.schedule.sessions import Session
from webapp.db import Store

NEW_YORK, PHOENIX = "America/New_York", "America/Phoenix"
ON_FILE = timedelta(days=30)
"""How long their addresses have been on file."""

PROGRAMS = {"harbor": ("Harbor Evening Track", NEW_YORK), "sunrise": ("Sunrise Track", PHOENIX)}
STAFF: dict[str, dict[str, tuple[str, list[str]]]] = {
    "harbor": {
        "carla": ("Carla Reyes", ["counselor"]),
        "colin": ("Colin Park", ["counselor"]),
        "tessa": ("Tessa Moreau", ["couples_therapist"]),
        "susan": ("Susan Okafor", ["supervisor"]),
        "cody": ("Cody Lind", ["coordinator"]),
        "theo": ("Theo Banks", ["technician"]),
        "ada": ("Ada Novak", ["admin"]),
    },
    "sunrise": {
        "nora": ("Nora Castillo", ["counselor"]),
        "felix": ("Felix Brandt", ["couples_therapist"]),
        "greta": ("Greta Yazzie", ["supervisor"]),
        "pablo": ("Pablo Quiroga", ["coordinator"]),
        "kit": ("Kit Larsen", ["technician"]),
        "ines": ("Ines Alvarado", ["admin"]),
    },
}
CLIENTS: dict[str, dict[str, tuple[str, str, str, str | None]]] = {
    "harbor": {
        "maya": ("Maya Torres", NEW_YORK, "en", "carla"),
        "ben": ("Ben Torres", NEW_YORK, "en", "colin"),
        "rosa": ("Rosa Delgado", NEW_YORK, "es", "colin"),
        "leo": ("Leo Delgado", NEW_YORK, "es", "carla"),
        "june": ("June Whitaker", NEW_YORK, "en", "carla"),
        "ivy": ("Ivy Chen", "America/Chicago", "en", "carla"),
        "gus": ("Gus Kowalski", NEW_YORK, "en", "carla"),
        "zoe": ("Zoe Laurent", "America/Los_Angeles", "en", "colin"),
        "charlie": ("Charlie Stone", NEW_YORK, "en", None),
    },
    "sunrise": {
        "aiko": ("Aiko Tanaka", PHOENIX, "en", "nora"),
        "milo": ("Milo Begay", PHOENIX, "en", "nora"),
        "tara": ("Tara Singh", PHOENIX, "en", "nora"),
    },
}
LEADS = {"harbor": ("susan", "cody"), "sunrise": ("greta", "pablo")}
"""Supervisor and coordinator of every care team."""
HENRY = "Henry Whitaker"
COUPLES = {
    "maya_and_ben": ("maya", "ben"),
    "rosa_and_leo": ("rosa", "leo"),
    "june_and_henry": ("june", "henry"),
}
"""All of Harbor, with Tessa as their therapist."""


@dataclass
class World:
    """Everybody by their short name, which is also their `ref`."""

    harbor: Program
    carla: Person
    colin: Person
    tessa: Person
    susan: Person
    cody: Person
    theo: Person
    ada: Person
    maya: Person
    ben: Person
    rosa: Person
    leo: Person
    june: Person
    henry: Person
    ivy: Person
    gus: Person
    zoe: Person
    charlie: Person
    maya_and_ben: Couple
    rosa_and_leo: Couple
    june_and_henry: Couple
    sunrise: Program
    nora: Person
    felix: Person
    greta: Person
    pablo: Person
    kit: Person
    ines: Person
    aiko: Person
    milo: Person
    tara: Person


def plant(store: Store, now: datetime) -> World:
    """Create the whole cast as of `now` (aware). The caller commits."""
    for ref, (name, zone) in PROGRAMS.items():
        program = programs.create(store, name, ref=ref, time_zone=zone, now=now)
        register(store, program, now)
    world = find(store)
    for program in (world.harbor, world.sunrise):
        version = program.policies[-1]
        for ref in CLIENTS[program.ref]:
            client = getattr(world, ref)
            policy_acknowledgements.acknowledge(store, client, version, by=client, now=now)
    for ref, (a, b) in COUPLES.items():
        teams.form_couple(
            store, world.harbor, ref, getattr(world, a), getattr(world, b),
            therapist=world.tessa, by=world.ada, now=now,
        )  # fmt: skip
    return find(store)


def register(store: Store, program: Program, now: datetime) -> None:
    """Create the people of one program, with addresses and care teams."""
    known: dict[str | None, Person] = {}

    def enter(ref: str, kind: Kind, name: str, zone: str, **more: Any) -> None:
        phone = f"+1212555{100 + len(known) + (50 if program.ref == 'sunrise' else 0):04}"
        person, _ = people.put(
            store, program, ref, kind=kind, name=name, time_zone=zone, by=None, now=now,
            email=f"{ref}@example.org", phone=phone, **more,
        )  # fmt: skip
        for channel, value in ((Channel.EMAIL, f"{ref}@example.org"), (Channel.SMS, phone)):
            address = addresses.add(store, person, channel, value, by=None, now=now)
            address.on_file_at = now - ON_FILE
        known[ref] = person

    for ref, (name, roles) in STAFF[program.ref].items():
        enter(ref, Kind.STAFF, name, program.time_zone, roles=roles)
    for ref, (name, zone, language, _) in CLIENTS[program.ref].items():
        enter(ref, Kind.CLIENT, name, zone, language=language)
    if program.ref == "harbor":
        enter("henry", Kind.SUPPORTER, HENRY, NEW_YORK)
    supervisor, coordinator = (known[ref] for ref in LEADS[program.ref])
    for ref, (_, _, _, counselor) in CLIENTS[program.ref].items():
        if counselor:
            teams.set_care_team(
                store, known[ref], counselor=known[counselor], supervisor=supervisor,
                coordinator=coordinator, by=None, now=now,
            )  # fmt: skip


def find(store: Store) -> World:
    """The cast as rows of `store`. While the cast is being created, couples are None."""
    found: dict[str, Any] = {p.ref: p for p in store.scalars(select(Program)) if p.ref in PROGRAMS}
    ours = {program.id for program in found.values()}
    for row in store.scalars(select(Person).where(Person.program_id.in_(ours))):
        found[row.ref] = row
    both = (joinedload(Couple.a), joinedload(Couple.b), joinedload(Couple.therapist))
    for couple in store.scalars(select(Couple).where(Couple.program_id.in_(ours)).options(*both)):
        found[couple.ref] = couple
    return World(**{field.name: found.get(field.name) for field in fields(World)})  # type: ignore[arg-type]


def open_room(
    store: Store,
    host: Person,
    clients: list[Person],
    starts_at: datetime,
    *,
    now: datetime,
    minutes: float = 180,
    ref: str | None = None,
    kind: str = SessionKind.GROUP,
    title: str = "Evening group",
    capacity: int = 12,
    presence_from: str = PresenceFrom.PLATFORM,
    dial_in: str | None = None,
) -> Session:
    """Plan one session with a seat for each of `clients`; `starts_at` and `now` aware."""
    session, _ = planning.put(
        store, host.program_id, ref or f"{kind}-{starts_at:%Y%m%dT%H%M%S}", kind=kind, title=title,
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes),
        time_zone=host.program.time_zone, host=host, capacity=capacity,
        join_url="https://video.example.org/j/93412", dial_in=dial_in, seats=clients,
        presence_from=presence_from,
        by=host, now=now,
    )  # fmt: skip
    return session
