"""`rejoin ladder`: shows the protocol of a program, and explains the state of one seat."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from webapp import clock
from webapp.care.attendance.standing import standing
from webapp.care.directory.people import Person
from webapp.care.directory.policy import OFFSETS, Policy
from webapp.care.directory.programs import in_force
from webapp.care.schedule.sessions import Seat
from webapp.cli import console
from webapp.cli.console import BadUsage, CommandFailed
from webapp.protocol.facts import facts
from webapp.protocol.facts.steps import result_of
from webapp.protocol.ladder.ladder import explain as explained
from webapp.protocol.ladder.ladder import next_look
from webapp.protocol.ladder.rungs import LADDER, TAKEN, WHY, Rung, RungStatus, State
from webapp.times import format_duration

DUE_WITHOUT_OFFSET = {
    Rung.MARK_ROOM: "at first_check, when the room is silent",
    Rung.ESCALATION: "at outreach of miss {escalate_after} in a row without contact",
    Rung.REENGAGEMENT: "on contact after a miss",
    Rung.PATTERN_REVIEW: "when a pattern appears",
}
"""When rungs without an offset of their own fall due."""


@click.group()
def ladder() -> None:
    """The missed-session protocol."""


@ladder.command()
@click.option(
    "--program", "program_ref", help="Reference of the program; needed when there are several."
)
def show(program_ref: str | None) -> None:
    """The policy in force as a table: each rung, when it falls due, whose it is, and what stops it."""
    with console.open_database() as database, database.reading() as store:
        program = console.program_of(store, program_ref)
        version = in_force(program.policies, clock.now())
        table = _policy_table(version.policy, f"{program.name}, policy version {version.version}")
        others = {k: v for k, v in version.body.items() if k not in OFFSETS}
    console.show_table(table)
    console.show_table(_settings_table(others))


def _policy_table(policy: Policy, title: str) -> Table:
    table = Table("rung", "due", "for", "stopped by", title=title, title_justify="left")
    stops = {line.rung: (line.audience, ", ".join(line.stops)) for line in LADDER}
    for rung in Rung:
        audience, stopped_by = stops.get(rung, ("counselor", ""))
        if rung in DUE_WITHOUT_OFFSET:
            due = DUE_WITHOUT_OFFSET[rung].format(escalate_after=policy.escalate_after)
        else:
            due = f"start {_offset(getattr(policy, rung))}"
        due += ", or the end" if rung is Rung.OUTREACH else ""
        table.add_row(rung.value, due, audience, stopped_by)
    return table


def _offset(length) -> str:  # type: ignore[no-untyped-def]
    text = format_duration(length)
    return f"- {text[1:]}" if text.startswith("-") else f"+ {text}"


def _settings_table(body: dict[str, object]) -> Table:
    table = Table("setting", "value")
    for name, value in body.items():
        for inner, each in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(
                f"{name}.{inner}" if inner else name, "none" if each is None else str(each)
            )
    return table


@ladder.command("explain")
@click.argument("seat_id", metavar="SEAT", type=int)
@click.option(
    "--at",
    "at",
    metavar="T",
    help="As of this instant, RFC 3339 like 2026-11-23T18:05:00-05:00. Default: now.",
)
def explain_seat(seat_id: int, at: str | None) -> None:
    """What happens next for one seat, and why: every rung with its state. SEAT is its number in /seats/<number>.

    With --at, what the facts known today say of that instant.
    """
    now = _instant(at) if at else clock.now()
    with console.open_database() as database, database.reading() as store:
        seat = store.get(Seat, seat_id)
        if seat is None:
            raise CommandFailed(
                f"There is no seat {seat_id}. Its number stands in its page's address, /seats/<number>."
            )
        zone = ZoneInfo(seat.session.time_zone)
        client = store.get_one(Person, seat.client_id)
        picture = facts.of_seat(store, seat, now)
        console.say(
            f"{client.ref} in {seat.session.ref}, {_when(seat.session.starts_at, zone)} ({zone})"
        )
    looks = explained(picture.facts, picture.taken, now)
    console.show_table(
        _looks_table(looks, zone, f"as of {_when(now, zone)}: {standing(picture.facts, now).value}")
    )
    following = next_look(picture.facts, picture.taken, now, looks)
    console.output(f"next look: {following.astimezone(zone).isoformat() if following else 'none'}")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadUsage(f"--at {text}: write an instant like 2026-11-23T18:05:00-05:00") from error
    if instant.tzinfo is None:
        raise BadUsage(
            f"--at {text}: say the time and its offset too, like 2026-11-23T18:05:00-05:00"
        )
    return instant.astimezone(UTC)


def _when(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _looks_table(looks: list[RungStatus], zone: ZoneInfo, title: str) -> Table:
    table = Table("rung", "state", "due", "why", title=title, title_justify="left")
    for look in looks:
        until = f" Looking again at {_when(look.until, zone)}." if look.until else ""
        due = _when(look.due_at, zone) if look.due_at else ""
        state = (
            result_of(look.why)
            if look.state is State.TAKEN and look.why != TAKEN
            else look.state.value
        )
        table.add_row(look.rung.value, state, due, WHY.get(look.why, look.why) + until)
    return table
