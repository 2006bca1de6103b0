"""`rejoin program` and `rejoin person`: creates programs, invites people, issues links, ends logins."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from webapp import clock
from webapp.care.accounts import enrolling, logins, sign_in_links, sign_in_methods
from webapp.care.accounts.logins import Login
from webapp.care.directory import people, programs
from webapp.care.directory.people import Kind, Person, RoleName, Status
from webapp.care.directory.policy import Policy
from webapp.care.directory.programs import Program
from webapp.cli import console
from webapp.cli.console import BadUsage, CommandFailed
from webapp.cli.rosters import entering
from webapp.db import Store
from webapp.notify import outbox
from webapp.notify.kinds import NoticeKind
from webapp.refusals import Invalid


@click.group()
def program() -> None:
    """Programs: the IOP tracks of a provider, walled off from one another."""


@program.command()
@click.argument("name")
@click.option("--time-zone", required=True, help="IANA name, like America/New_York.")
@click.option(
    "--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with the policy; what it leaves out keeps its default.",
)  # fmt: skip
@click.option("--ref", help="Reference to be known by; default: made from the name.")
def create(name: str, time_zone: str, policy: Path | None, ref: str | None) -> None:
    """Set up a program. Prints its reference."""
    body = _policy(policy) if policy else {}
    for field, sentence in Policy.from_json(body).warnings():
        console.say(f"[yellow]{field}[/]: {sentence}")
    with console.open_database() as database, database.writing() as store:
        made = programs.create(
            store, name, ref=ref or _reference(store, name), time_zone=time_zone, policy=body,
            now=clock.now(),
        )  # fmt: skip
        store.commit()
        console.say(
            f"{made.name}, {made.time_zone}, {'a policy of its own' if body else 'default policy'}"
        )
        console.output(made.ref)


@program.command()
@click.argument("ref")
@click.argument("number", required=False)
def help_phone(ref: str, number: str | None) -> None:
    """Set the telephone number of the help desk, which clients who can't connect are shown. Without NUMBER there is none."""
    with console.open_database() as database, database.writing() as store:
        where = console.program_of(store, ref)
        known = _number(number) if number else None
        programs.set_help_phone(store, where, known, by=None, now=clock.now())
        store.commit()
        console.say(f"{where.name}: {known or 'no help desk by telephone'}")


def _number(text: str) -> str:
    """The telephone number in E.164. Raises BadUsage."""
    try:
        return entering.read_phone(text)
    except Invalid as error:
        raise BadUsage(f"{text}: {error}") from error


def _policy(path: Path) -> dict[str, Any]:
    """The policy in a JSON file, checked. Raises BadUsage naming the field."""
    try:
        body: dict[str, Any] = json.loads(path.read_text("utf-8-sig"))
        Policy.from_json(body)
    except Invalid as error:
        raise BadUsage(f"{path}: {error.field}: {error}") from error
    except ValueError as error:
        raise BadUsage(f"{path} is not JSON: {error}") from error
    return body


def _reference(store: Store, name: str) -> str:
    """A short unused reference: `Harbor Evening Track` → `harbor-evening-track`, then `…-2`."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "program"
    taken = set(store.scalars(select(programs.Program.ref)))
    numbered = (f"{plain}-{n}" for n in range(2, len(taken) + 3))
    return next(ref for ref in (plain, *numbered) if ref not in taken)


@click.group()
def person() -> None:
    """People, and the one-time links they come in by."""


@person.command()
@click.argument("email")
@click.option("--kind", type=click.Choice(["client", "supporter", "staff"]), required=True)
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in RoleName]),
    multiple=True,
    help="For staff; may be repeated.",
)
@click.option("--name", help="Default: what stands before the @.")
@click.option(
    "--program", "program_ref", help="Reference of the program; needed when there are several."
)
@click.option("--time-zone", help="Default: the program's.")
@click.option("--phone", help="Staff call back on it before they help somebody sign in again.")
@click.option("--language", type=click.Choice(people.LANGUAGES), default="en", show_default=True)
@click.option("--send", is_flag=True, help="Send the link to that address as well, by e-mail.")
def invite(
    email: str, kind: str, roles: tuple[str, ...], program_ref: str | None, phone: str | None,
    send: bool, **more: Any,
) -> None:  # fmt: skip
    """Enter somebody and print the one-time link that lets them in.

    The link lasts seven days. Whoever is registered with this address already keeps their entry and gets a new link.
    """
    email, now = _address(email), clock.now()
    more |= {"kind": kind, "roles": list(roles) or None, "phone": _number(phone) if phone else None}
    if kind == Kind.STAFF and not roles:
        raise BadUsage("Staff need at least one --role.")
    settings = console.load_settings()
    with console.open_database(settings) as database, database.writing() as store:
        known = _find_or_create(store, console.program_of(store, program_ref), email, more, now)
        secret = sign_in_links.issue(store, known, "invitation", by=None, now=now)
        path = f"/sign-in/link/{secret}"
        if send:
            until = now + sign_in_links.LASTS["invitation"]
            _send(store, known, path, now, until)
        store.commit()
    console.say(
        f"One-time link, for seven days{', on its way' if send else ''}. It is shown this once:"
    )
    console.output(settings.base_url + path)


def _send(store: Store, to: Person, path: str, now: datetime, until: datetime) -> None:
    try:
        outbox.put_link(store, to, NoticeKind.INVITATION, path, now=now, not_after=until)
    except Invalid as refusal:
        raise CommandFailed(str(refusal)) from refusal


def _find_or_create(
    store: Store, where: Program, email: str, more: dict[str, Any], now: datetime
) -> Person:
    """Who has this address in the program, created now if nobody has. Raises CommandFailed if they are of another kind."""
    known = store.scalar(select(Person).where(Person.program_id == where.id, Person.email == email))
    if known is None:
        more |= {
            "name": more["name"] or email.partition("@")[0],
            "time_zone": more["time_zone"] or where.time_zone,
        }
        return enrolling.enroll(store, where, email, by=None, now=now, email=email, **more)[0]
    if known.kind != more["kind"]:
        raise CommandFailed(f"{email} is registered in {where.ref} as {known.kind}.")
    return known


@person.command()
@click.argument("email")
@click.option(
    "--program", "program_ref", help="Reference of the program, if the address is known in several."
)
@click.option(
    "--forget-factors",
    is_flag=True,
    help="Their phone is lost: passkeys, authenticator and recovery codes open nothing any more.",
)
def link(email: str, program_ref: str | None, forget_factors: bool) -> None:
    """Print a one-time sign-in link for somebody who is registered. It lasts an hour, and the chart tells of it.

    Call them back on a number you know before you hand it over. Using it ends every other login of theirs, and their password.
    """
    settings = console.load_settings()
    with console.open_database(settings) as database, database.writing() as store:
        known = _one(store, _address(email), program_ref)
        if forget_factors:
            sign_in_methods.forget_second_factors(store, known, by=None, now=clock.now())
        secret = sign_in_links.issue(store, known, "recovery", by=None, now=clock.now())
        store.commit()
    console.say("One-time link, for an hour. It is shown this once:")
    console.output(f"{settings.base_url}/sign-in/link/{secret}")


@person.command("sign-out")
@click.argument("email", required=False)
@click.option("--program", "program_ref", help="Reference of the program, if needed.")
@click.option("--everyone", is_flag=True, help="All people of all programs.")
def sign_out(email: str | None, program_ref: str | None, everyone: bool) -> None:
    """End every login of somebody, or with --everyone of all, at once, and what came with them: links, devices, calendar links.

    What was theirs to sign in with stays.
    """
    if (email is None) == (not everyone):
        raise BadUsage("Give either an e-mail address or --everyone.")
    ever = select(Person).where(Person.id.in_(select(Login.person_id)))
    with console.open_database() as database, database.writing() as store:
        for each in [_one(store, _address(email), program_ref)] if email else store.scalars(ever):
            logins.sign_out_everywhere(store, each, "ended_by_operator", by=None, now=clock.now())
        store.commit()
    console.output("signed out")


def _one(store: Store, email: str, program_ref: str | None) -> Person:
    """The one person with this address. Raises CommandFailed when there is none, or several."""
    found = select(Person).where(Person.email == email, Person.status != Status.DISCHARGED)
    if program_ref:
        found = found.where(Person.program_id == console.program_of(store, program_ref).id)
    known = list(store.scalars(found))
    if not known:
        raise CommandFailed(f"Nobody has {email}. Run: rejoin person invite {email} --kind …")
    if len(known) > 1:
        refs = " | ".join(each.program.ref for each in known)
        raise CommandFailed(f"{email} is known in several programs. Say which: --program {refs}")
    return known[0]


def _address(text: str) -> str:
    """The e-mail address in lower case. Raises BadUsage."""
    try:
        return entering.read_email(text)
    except Invalid as error:
        reason = error.__cause__
        raise BadUsage(f"{text} is not an e-mail address: {reason}") from error
