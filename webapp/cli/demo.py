"""`rejoin demo`: creates the demo programs, runs them, and prints sign-in links."""

import os
import socket
import sys

import click
from sqlalchemy import select

from webapp import clock
from webapp.care.accounts import sign_in_links
from webapp.care.directory.programs import Program
from webapp.cli import console
from webapp.cli.child_processes import Child
from webapp.cli.console import CommandFailed
from webapp.cli.serve import require_free, run_web
from webapp.config import PREFIX, Settings
from webapp.db import Database
from webapp.demo import cast, live_sessions, story
from webapp.operations import field_keys

GUESTS = [
    ("maya", "client, in a couple with Ben; her room is open and she is not there yet"),
    ("gus", "client; this is his second miss in a row"),
    ("rosa", "client; her couples hour with Leo begins in a minute"),
    ("june", "client; Henry gets her reminders"),
    ("henry", "supporter, June's partner"),
    ("charlie", "client, a stranger to everyone else"),
    ("carla", "counselor"),
    ("tessa", "couples therapist"),
    ("susan", "supervisor"),
    ("cody", "coordinator"),
    ("theo", "technician"),
    ("ada", "administrator"),
    ("nora", "counselor of the other program, Sunrise"),
]
"""Whose sign-in links are printed, with what they are."""
ON_THE_PHONE = "maya"


@click.command()
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--host",
    default="0.0.0.0",  # noqa: S104 - a demo is there to be shown
    show_default=True,
    help="Address to listen at; a phone needs more than 127.0.0.1.",
)
@click.option("--fresh", is_flag=True, help="Forget the last demo and begin anew.")
def demo(port: int, host: str, fresh: bool) -> None:
    """Plant the demo program around this minute, run it, and print sign-in links for every role.

    The people are invented and the protocol's minutes are shortened to seconds, so reminders, outreach and escalation
    happen within three minutes. E-mail is written to instance/outbox. Ctrl-C ends web and worker.
    """
    require_free(host, port)
    settings = _settings(port)
    with console.open_database(settings, migrated=False) as database:
        _prepare(database, fresh)
        _create(database)
        links = _links(database)
    _welcome(settings, links, _lan_address(host, port))
    run_web(host, port, 2, Child("worker", "--quiet"))


def _settings(port: int) -> Settings:
    """The settings, with defaults for a demo; set in the environment, so that child processes have them too."""
    settings = Settings.load()
    folder = settings.instance / "outbox"
    defaults = {
        "SMTP_URL": f"file:{folder}" if settings.smtp_url is None else None,
        "SMS_URL": f"file:{folder / 'texts'}" if settings.sms_url is None else None,
        "BASE_URL": f"http://localhost:{port}"
        if settings.base_url == "http://localhost:5000"
        else None,
    }
    os.environ.update({PREFIX + name: value for name, value in defaults.items() if value})
    return console.load_settings()


def _prepare(database: Database, fresh: bool) -> None:
    """Migrate a database that is empty or holds an earlier demo. Raises CommandFailed when it holds a real program."""
    from webapp import migrations

    with console.progress("preparing the database", None):
        migrations.upgrade(database)
        with database.reading() as store:
            real = store.scalars(select(Program.name).where(Program.demo.is_(False))).all()
        if real:
            raise CommandFailed(
                f"This database holds {len(real)} real program(s). Give the demo a place of its own:"
                f" {PREFIX}INSTANCE=/tmp/rejoin-demo rejoin demo"
            )
        if fresh:
            migrations.downgrade(database, "base")
            migrations.upgrade(database)
        field_keys.adopt(database, clock.now())


def _create(database: Database) -> None:
    """Create three weeks of history once, and sessions that begin now at each start."""
    now = clock.now()
    with database.reading() as store:
        planted = store.scalar(select(Program.id).where(Program.demo)) is not None
    if not planted:
        with console.progress("creating three weeks of history", None):
            story.tell(database, now)
    with database.writing() as store:
        live_sessions.open_all(store, clock.now())
        store.commit()


def _links(database: Database) -> dict[str, str]:
    """Short name → a new one-time path, for each of GUESTS, and `phone`."""
    with database.writing() as store:
        world, now = cast.find(store), clock.now()
        links = {
            name: "/sign-in/link/"
            + sign_in_links.issue(store, getattr(world, name), "demo", by=None, now=now)
            for name, _ in GUESTS
        }
        links["phone"] = "/sign-in/link/" + sign_in_links.issue(
            store, getattr(world, ON_THE_PHONE), "demo", by=None, now=now
        )
        store.commit()
    return links


def _welcome(settings: Settings, links: dict[str, str], address: str | None) -> None:
    """Print whom one may sign in as, and the links."""
    console.say(
        "\n[bold]Sign in as[/] (each link works once; for another:"
        f" {PREFIX}BASE_URL={settings.base_url} rejoin person link NAME@example.org)\n"
    )
    for name, role in GUESTS:
        console.say(f"  [bold]{name:8}[/] {role}")
        console.say(f"           [cyan]{settings.base_url}{links[name]}[/]")
    if address:
        console.say(
            f"\n  On a phone in the same network, as {ON_THE_PHONE} (notifications need https there):"
        )
        _print_qr(f"http://{address}{links['phone']}")
    console.say(
        "\nThe minutes of the protocol are [bold]seconds[/] here. Open the staff console as cody or carla and watch"
        f"\nthe ladder climb; e-mail lands in {settings.instance / 'outbox'}. Ctrl-C ends it all.\n"
    )
    console.output(settings.base_url)


def _lan_address(host: str, port: int) -> str | None:
    """The address at which a phone in the same network reaches us; None if we do not listen there. Nothing is sent."""
    if host.startswith("127.") or host in ("::1", "localhost"):
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if address.startswith("127.") else f"{address}:{port}"


def _print_qr(url: str) -> None:
    import segno

    console.say(f"  {url}")
    segno.make(url, error="l").terminal(out=sys.stderr, border=2, compact=True)
