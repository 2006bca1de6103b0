"""`rejoin program` and `rejoin person`: creates programs, invites people, issues links, ends logins."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from sqlalchemy import select

from webapp import clock, names
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
@click.option(
    "--name", help="Default: what stands before the @. Says who, where several share the address."
)
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

    The link lasts seven days. Whoever is registered with this address already keeps their entry and gets a new link; with --name,
    only if that is their name: couples may share an address, and each has an entry and a link of their own.
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
        whose = f"{known.name} ({known.ref})"
    console.say(
        f"One-time link for {escape(whose)}, for seven days{', on its way' if send else ''}. It is shown this once:"
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
    """Who has this address in the program, and the name if one is given; created now if nobody has. Raises CommandFailed if they are of
    another kind, or if several have the address and no name says who."""
    at_address = select(Person).where(Person.program_id == where.id, Person.email == email)
    sharing = list(store.scalars(at_address.order_by(Person.id)))
    name = more["name"]
    known = [each for each in sharing if name is None or names.same(each.name, name)]
    if len(known) > 1:
        raise CommandFailed(
            f"Several people have {email}. Say who by --name, or run rejoin person link with: {_links_of(known)}"
        )
    if not known:
        more |= {
            "name": name or email.partition("@")[0],
            "time_zone": more["time_zone"] or where.time_zone,
        }
        ref = _unused_reference(store, where, email)
        return enrolling.enroll(store, where, ref, by=None, now=now, email=email, **more)[0]
    found = known[0]
    whose = f"{found.name} ({found.ref})"
    if found.kind != more["kind"]:
        remedy = (
            f"For a link for them: rejoin person link --program {where.ref} --ref {found.ref}."
            f" For somebody else of that name, spell the --name so that both can be told apart"
            if name
            else "For somebody else with this address, give their --name"
        )
        raise CommandFailed(
            f"{email} is {whose}, registered in {where.ref} as {found.kind}. {remedy}."
        )
    if found.status == Status.DISCHARGED:
        raise CommandFailed(_has_left(found))
    return found


def _has_left(person: Person) -> str:
    """Why a discharged person gets no link, and the remedy."""
    return (
        f"{person.name} ({person.ref}) has left the program, so no link lets them in."
        " Set their status to active in the roster first (rejoin import roster, or the API)."
    )


def _unused_reference(store: Store, where: Program, email: str) -> str:
    """The address, or with a number behind it if that is somebody's reference."""
    taken = set(store.scalars(select(Person.ref).where(Person.program_id == where.id)))
    numbered = (f"{email}-{n}" for n in range(2, len(taken) + 3))
    return next(ref for ref in (email, *numbered) if ref not in taken)


@person.command()
@click.argument("who", required=False)
@click.option("--ref", help="Their reference, where several people have the address or the name.")
@click.option("--program", "program_ref", help="Reference of the program, if they are in several.")
@click.option(
    "--forget-factors",
    is_flag=True,
    help="Their phone is lost: passkeys, authenticator and recovery codes open nothing any more.",
)
def link(who: str | None, ref: str | None, program_ref: str | None, forget_factors: bool) -> None:
    """Print a one-time sign-in link for somebody who is registered. It lasts an hour, and the chart tells of it.

    WHO is their e-mail address, reference or whole name. Call them back on a number you know before you hand the link over. Using it
    ends every other login of theirs, and their password.
    """
    settings = console.load_settings()
    with console.open_database(settings) as database, database.writing() as store:
        known = _one(store, who, ref, program_ref)
        if forget_factors:
            sign_in_methods.forget_second_factors(store, known, by=None, now=clock.now())
        secret = sign_in_links.issue(store, known, "recovery", by=None, now=clock.now())
        whose = f"{known.name} ({known.ref})"
        store.commit()
    console.say(f"One-time link for {escape(whose)}, for an hour. It is shown this once:")
    console.output(f"{settings.base_url}/sign-in/link/{secret}")


@person.command("sign-out")
@click.argument("who", required=False)
@click.option("--ref", help="Their reference, where several people have the address or the name.")
@click.option("--program", "program_ref", help="Reference of the program, if needed.")
@click.option("--everyone", is_flag=True, help="All people of all programs.")
def sign_out(who: str | None, ref: str | None, program_ref: str | None, everyone: bool) -> None:
    """End every login of somebody, or with --everyone of all, at once, and what came with them: links, devices, calendar links.

    What was theirs to sign in with stays. WHO is their e-mail address, reference or whole name.
    """
    if ((who or ref) is None) == (not everyone):
        raise BadUsage("Give either who it is or --everyone.")
    ever = select(Person).where(Person.id.in_(select(Login.person_id)))
    with console.open_database() as database, database.writing() as store:
        for each in store.scalars(ever) if everyone else [_one(store, who, ref, program_ref)]:
            logins.sign_out_everywhere(store, each, "ended_by_operator", by=None, now=clock.now())
        store.commit()
    console.output("signed out")


def _one(store: Store, who: str | None, ref: str | None, program_ref: str | None) -> Person:
    """The one person of this address, reference or name, or with `ref` of exactly that reference. Raises BadUsage when neither is given,
    CommandFailed when nobody is found, and listing the references when several are."""
    said = who or ref
    if not said:
        raise BadUsage("Say who it is: an e-mail address, a reference or a whole name.")
    among = select(Person).where(Person.kind != Kind.INTEGRATION)
    if program_ref:
        among = among.where(Person.program_id == console.program_of(store, program_ref).id)
    if ref is not None:
        among = among.where(Person.ref == ref)
    found = people.called(store, among, said)
    known = [each for each in found if each.status != Status.DISCHARGED]
    if not known:
        if found:
            raise CommandFailed(_has_left(found[0]))
        raise CommandFailed(
            f"Nobody is known as {said}. Run: rejoin person invite ADDRESS --kind …"
        )
    if len(known) > 1:
        raise CommandFailed(f"Several people are known as {said}. Say which: {_links_of(known)}")
    return known[0]


def _links_of(known: Sequence[Person]) -> str:
    """The options that name each of these people, with their names."""
    return " | ".join(
        f"--program {each.program.ref} --ref {each.ref} ({each.name})" for each in known
    )


def _address(text: str) -> str:
    """The e-mail address in lower case. Raises BadUsage."""
    try:
        return entering.read_email(text)
    except Invalid as error:
        reason = error.__cause__
        raise BadUsage(f"{text} is not an e-mail address: {reason}") from error
