"""`rejoin doctor`: checks the installation; each failure says the remedy."""

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from rich.markup import escape
from sqlalchemy import func, select, text

from webapp import clock
from webapp.care.audit.events import Event
from webapp.care.contact import addresses
from webapp.care.directory.programs import Program
from webapp.cli import console
from webapp.cli.console import CommandFailed
from webapp.config import PREFIX, Settings
from webapp.crypto.keys import KeyTrouble
from webapp.crypto.sealed import keyring_of
from webapp.db import Database, Store, database_now
from webapp.embedded import check_sqlite
from webapp.operations import csp_reports, field_keys, heartbeats, set_aside
from webapp.operations.set_aside import MOST_NAMED

FINE, WARNING, BROKEN = "[green]✓[/]", "[yellow]![/]", "[red]✗[/]"
Finding = tuple[str, str]
"""A sign and a sentence, which ends with the remedy unless all is fine."""

OLDEST_POSTGRESQL = 14
CLOCKS_AGREE = timedelta(seconds=2)
SPACE_NEEDED = 500 * 1024 * 1024
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0}


@click.command()
def doctor() -> None:
    """Check settings, database, keys, mail, push, clock and the worker. Exit status 1 if something is broken."""
    settings = console.load_settings()
    findings = [(FINE, "settings: all known, all usable")]
    findings += keys(settings)
    findings += base_url(settings)
    findings += mail(settings)
    try:
        with console.open_database(settings) as database:
            findings += database_and_worker(settings, database)
    except Exception as error:
        findings.append((BROKEN, f"database: {_plain(error)}"))
    for sign, sentence in findings:
        console.say(f"{sign} {sentence}")
    broken = sum(sign == BROKEN for sign, _ in findings)
    if broken:
        raise CommandFailed(f"{broken} thing(s) to mend.")
    console.output("well")


def _plain(error: Exception) -> str:
    """The message for an error we know; for others the name of its class, which holds no value of anybody's."""
    known = console.as_command_error(error)
    return known.message if known else type(error).__name__


def keys(settings: Settings) -> Iterator[Finding]:
    """Signing keys, their file modes, and the VAPID key."""
    yield FINE, f"keys: one signs, {len(settings.secret_keys) - 1} more verify"
    for name in ("secret.keys", "database.key", "field.keys", "field.keys.retired", "config.py"):
        path = settings.instance / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield BROKEN, f"{path} can be read by others. Run: chmod 600 {path}"
    try:
        load_pem_private_key(settings.vapid_key.encode(), None)
        yield FINE, f"push: VAPID key in order, subject {settings.vapid_subject}"
    except Exception as error:
        yield (
            BROKEN,
            f"push: the VAPID key cannot be used ({_plain(error)}). Move {settings.vapid_key_file} away; a new one is made.",
        )
    if settings.vapid_subject == "mailto:hello@example.org":
        yield (
            WARNING,
            f"push: services have nobody to write to. Set {PREFIX}VAPID_SUBJECT=mailto:you@your.domain",
        )


def base_url(settings: Settings) -> Iterator[Finding]:
    """The address at which people reach the pages, and its proxies."""
    host = urlsplit(settings.base_url).hostname or ""
    if settings.secure:
        yield FINE, f"address: {settings.base_url}"
        if not settings.trusted_proxies:
            yield (
                WARNING,
                f"address: no proxy is trusted, so everyone seems to come from it. Set {PREFIX}TRUSTED_PROXIES",
            )
    elif host in ("localhost", "127.0.0.1", "::1"):
        yield (
            WARNING,
            f"address: {settings.base_url} is this machine only, passkeys and notices work on it alone. Set {PREFIX}BASE_URL=https://… for others",
        )
    else:
        yield (
            BROKEN,
            f"address: {settings.base_url} is not https; phones refuse passkeys and notifications there. Put TLS in front and set {PREFIX}BASE_URL",
        )


def mail(settings: Settings) -> Iterator[Finding]:
    """Whether e-mail and text messages can be sent."""
    for name, url in (("SMTP_URL", settings.smtp_url), ("SMS_URL", settings.sms_url)):
        what = "mail" if name == "SMTP_URL" else "texts"
        if url is None:
            yield WARNING, f"{what}: none are sent. Set {PREFIX}{name}"
        elif url.startswith("file:"):
            yield _folder(what, Path(url.removeprefix("file:").partition("?")[0]))
        elif what == "mail":
            yield _listening(url)
        else:
            yield FINE, f"{what}: by {urlsplit(url).hostname or urlsplit(url).scheme}"


def _folder(what: str, folder: Path) -> Finding:
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if os.access(nearest, os.W_OK):
        return WARNING, f"{what}: written to {folder}, not sent"
    return BROKEN, f"{what}: {folder} cannot be written. Choose another folder or change its owner"


def _listening(url: str) -> Finding:
    parts = urlsplit(url)
    host = unquote(parts.hostname or "")
    port = parts.port or (465 if parts.scheme == "smtps" else 587)
    try:
        with socket.create_connection((host, port), timeout=5):
            return FINE, f"mail: {host}:{port} answers"
    except OSError as error:
        return (
            BROKEN,
            f"mail: {host}:{port} does not answer ({type(error).__name__}). Check {PREFIX}SMTP_URL and the way there",
        )


def database_and_worker(settings: Settings, database: Database) -> Iterator[Finding]:
    """The database, its clock, the worker, the disk."""
    with database.reading() as store:
        yield from (embedded if database.embedded else postgresql)(store)
        apart = abs(database_now(store) - clock.now())
        if apart > CLOCKS_AGREE:
            yield (
                BROKEN,
                f"clock: ours and the database's are {apart.total_seconds():.0f} s apart. Turn on NTP on both",
            )
        newest = store.scalar(select(func.max(Event.at)))
        if newest and newest > clock.now() + CLOCKS_AGREE:
            yield (
                BROKEN,
                f"clock: there are events of {newest:%Y-%m-%d %H:%M} UTC, later than now. Set the clock right",
            )
        else:
            yield FINE, f"clock: {clock.now():%Y-%m-%d %H:%M:%S} UTC"
        if heartbeats.silent(store, "worker", clock.now()):
            yield (
                BROKEN,
                "worker: silent for two minutes; no reminder goes out. Run: rejoin worker, or rejoin serve --worker",
            )
        else:
            yield FINE, "worker: alive"
    yield from left_out(database)
    yield from unreachable(database)
    yield from clinical_text(database)
    yield from csp_violations(database)
    free = shutil.disk_usage(settings.instance).free
    if free < SPACE_NEEDED:
        yield BROKEN, f"disk: {free // 1024**2} MB left beside {settings.instance}. Make room"


def left_out(database: Database) -> Iterator[Finding]:
    """Chores that fail, and rows that they can't work on."""
    with database.reading() as store:
        for chore in set_aside.failing(store, clock.now()):
            yield (
                BROKEN,
                f"chores: {chore.chore} has failed {chore.count} times since {chore.first_at:%Y-%m-%d %H:%M} UTC"
                f" ({chore.reason}). Please report it",
            )
        for row in set_aside.rows(store)[:MOST_NAMED]:
            yield (
                BROKEN,
                f"set aside: {row.subject} {row.subject_id} by {row.chore} since {row.first_at:%Y-%m-%d %H:%M} UTC, tried"
                f" {row.count} times ({row.reason}). Mend what it says, or report it",
            )


def unreachable(database: Database) -> Iterator[Finding]:
    """Clients and staff who can't be told anything (rule 18): all are named, program by program."""
    with database.reading() as store:
        for program in store.scalars(select(Program).order_by(Program.id)):
            for person in store.scalars(addresses.unreachable(program.id)):
                yield WARNING, f"reach: {program.ref}: {escape(console.unreachable(person))}"


def csp_violations(database: Database) -> Iterator[Finding]:
    """Violations of our Content-Security-Policy, yesterday and today."""
    with database.reading() as store:
        day = (clock.now() - timedelta(days=1)).date()
        for one in store.scalars(csp_reports.since(day).limit(5)):
            yield (
                WARNING,
                f"pages: browsers refused {one.blocked} ({one.rule}) on {one.page}, {one.count} times. An extension may be"
                " the cause; if it goes on, please report it",
            )


def clinical_text(database: Database) -> Iterator[Finding]:
    """Whether all clinical text can be opened, and whether some is sealed with an older key."""
    try:
        field_keys.check(database)
    except KeyTrouble as error:
        yield BROKEN, f"keys: {error}"
        return
    with database.reading() as store:
        stale = field_keys.count_stale(store)
    if stale:
        yield (
            WARNING,
            f"keys: clinical text of {stale} rows is under an older key. Run: rejoin keys rotate --only field",
        )
    else:
        yield (
            FINE,
            f"keys: clinical text is sealed with {keyring_of(database.engine.dialect).first}",
        )


def embedded(store: Store) -> Iterator[Finding]:
    """SQLCipher: version, pragmas, and the file's mode."""
    from sqlcipher3 import dbapi2

    check_sqlite(dbapi2.sqlite_version_info)
    found = {name: store.scalar(text(f"PRAGMA {name}")) for name in (*PRAGMAS, "cipher_version")}
    wrong = [
        f"{name} is {found[name]}" for name, wanted in PRAGMAS.items() if found[name] != wanted
    ]
    if wrong:
        yield BROKEN, f"database: {'; '.join(wrong)}. We set these ourselves: please report it"
    else:
        yield (
            FINE,
            f"database: SQLite {dbapi2.sqlite_version}, SQLCipher {found['cipher_version']}, migrated",
        )
    path = Path(store.connection().exec_driver_sql("PRAGMA database_list").one()[2])
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield BROKEN, f"database: {path} can be read by others. Run: chmod 600 {path}"


def postgresql(store: Store) -> Iterator[Finding]:
    """PostgreSQL: version, and whether a commit is on disk when it returns."""
    version = int(str(store.scalar(text("SHOW server_version_num"))))
    durable = store.scalar(text("SHOW synchronous_commit"))
    if version < OLDEST_POSTGRESQL * 10_000:
        yield (
            BROKEN,
            f"database: PostgreSQL {version // 10_000} is too old. Use {OLDEST_POSTGRESQL} or newer",
        )
    if durable in ("off", "local"):
        yield (
            BROKEN,
            "database: synchronous_commit is off, so a crash loses answered reports. Run: ALTER SYSTEM SET synchronous_commit = 'on'",
        )
    if store.scalar(text("SHOW fsync")) == "off":
        yield (
            BROKEN,
            "database: fsync is off, so a crash can ruin everything. Run: ALTER SYSTEM SET fsync = 'on'",
        )
    yield FINE, f"database: PostgreSQL {version // 10_000}.{version % 10_000}, migrated"
