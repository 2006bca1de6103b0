"""`rejoin demo` as a newcomer runs it: pages up, links that let in, and a ladder that climbs."""

import os
import re
import signal
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from sqlalchemy import select

from tests.cli.running import free_port, page, rejoin, until
from webapp.care.directory.people import Person
from webapp.care.schedule.sessions import Seat, Session
from webapp.config import Settings
from webapp.db import Database
from webapp.protocol.facts.steps import Step


def climbing(database: Database) -> set[tuple[str, str]]:
    """(who, rung) of the steps taken in tonight's rooms."""
    taken = (
        select(Person.ref, Step.rung)
        .join(Seat, Seat.client_id == Person.id)
        .join(Step, Step.seat_id == Seat.id)
        .join(Session, Session.id == Seat.session_id)
        .where(Session.ref.startswith("tonight-"), Step.result == "taken")
    )
    with database.reading() as store:
        return {(ref, rung) for ref, rung in store.execute(taken)}


def sign_in(link: str) -> str:
    """Open a one-time link and press its button; the page one lands on."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = browser.open(link, timeout=60).read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token, form[:2000]
    pressed = urllib.request.Request(
        link, urllib.parse.urlencode({"csrf_token": token[1]}).encode(),
        headers={"Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    return str(browser.open(pressed, timeout=60).read().decode())


def test_a_newcomer_sees_the_ladder_climb(tmp_path: Path) -> None:
    port, instance = free_port(), tmp_path / "instance"
    environment = {"REJOIN_INSTANCE": str(instance)}
    words = ("demo", "--port", str(port), "--host", "127.0.0.1")
    with rejoin(*words, environment=environment, said=tmp_path / "said") as running:
        until(lambda: "<html" in page(f"http://127.0.0.1:{port}/sign-in"), "the pages")
        said = (tmp_path / "said").read_text()
        links = dict(re.findall(r"^  (\w+) .*\n\s+(http://localhost:\S+)", said, re.MULTILINE))
        assert links.keys() >= {
            "maya",
            "henry",
            "charlie",
            "carla",
            "tessa",
            "susan",
            "cody",
            "theo",
            "ada",
        }
        assert "Maya" in sign_in(links["maya"])
        settings = Settings.load({}, instance)
        database = Database(settings.database_url, settings.database_key, settings.keyring)
        until(lambda: ("gus", "first_check") in climbing(database), "first_check for Gus")
        until(lambda: list((instance / "outbox").glob("*.eml")), "an e-mail in the outbox")
        database.dispose()
        os.kill(running.pid, signal.SIGTERM)
        assert running.wait(60) == 0
        assert not page(f"http://127.0.0.1:{port}/sign-in")


def test_the_demo_leaves_a_real_program_alone(tmp_path: Path) -> None:
    environment = {"REJOIN_INSTANCE": str(tmp_path / "instance")}
    for words in (("db", "upgrade"), ("program", "create", "Real", "--time-zone", "UTC")):
        with rejoin(*words, environment=environment, said=tmp_path / "said") as running:
            assert running.wait(120) == 0
    demo = ("demo", "--fresh", "--host", "127.0.0.1", "--port", str(free_port()))
    with rejoin(*demo, environment=environment, said=tmp_path / "said") as running:
        assert running.wait(120) == 1
    assert "a place of its own" in (tmp_path / "said").read_text()
    with rejoin("ladder", "show", environment=environment, said=tmp_path / "said") as running:
        assert running.wait(120) == 0
    assert "Real, policy version 1" in (tmp_path / "said").read_text()
