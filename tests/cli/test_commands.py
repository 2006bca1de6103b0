"""What each command makes, says and refuses."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from tests.care.evenings import looked_into
from tests.cli.conftest import Run
from tests.conftest import THAT_DAY
from webapp import clock
from webapp.batches import SetAside
from webapp.care import leaving
from webapp.care.accounts import api_tokens, logins, sign_in_links
from webapp.care.accounts.logins import Login
from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.care.schedule.sessions import Seat
from webapp.cli import COMMANDS
from webapp.db import Database, Store
from webapp.demo import cast
from webapp.demo.cast import World
from webapp.notify.outbox import Notification

GROUPS = {
    "db": ("upgrade", "check", "backup", "restore"),
    "program": ("create", "help-phone"),
    "person": ("invite", "link", "sign-out"),
    "token": ("create", "revoke"),
    "import": ("roster",),
    "ladder": ("show", "explain"),
    "audit": ("verify", "export"),
    "keys": ("rotate",),
}


@pytest.mark.parametrize(
    "words", [(), *((c,) for c in COMMANDS), *((g, c) for g, cs in GROUPS.items() for c in cs)]
)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    from click.testing import CliRunner

    from webapp.cli import rejoin

    shown = CliRunner().invoke(rejoin, [*words, "--help"])
    assert shown.exit_code == 0
    assert "Usage: " in shown.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("bogus",),
        ("serve", "--port", "none"),
        ("worker", "--processes", "0"),
        ("program", "create"),
        ("program", "create", "X", "--time-zone", "Mars/Base"),
        ("person", "invite", "no-address", "--kind", "client"),
        ("person", "invite", "a@example.org", "--kind", "staff"),
        ("token", "create", "t", "--program", "harbor", "--scope", "everything"),
        ("ladder", "explain", "seven"),
        ("ladder", "explain", "1", "--at", "2026-03-04 18:00"),
    ],
)
def test_bad_usage_ends_with_status_two_and_says_what_is_wrong(
    run: Run, world: World, words: tuple[str, ...]
) -> None:
    done = run(*words)
    assert (done.exit_code, "Error: " in done.stderr, done.stdout) == (2, True, "")


def test_a_program_is_created_and_its_reference_is_the_last_word(
    run: Run, fresh_database: Database
) -> None:
    done = run("program", "create", "Bay Evening Track", "--time-zone", "America/Chicago")
    assert done.stdout == "bay-evening-track\n"
    assert (
        run("program", "create", "Bay Evening Track", "--time-zone", "UTC").stdout
        == "bay-evening-track-2\n"
    )
    with fresh_database.reading() as store:
        assert store.scalars(select(Program.time_zone).order_by(Program.id)).all() == [
            "America/Chicago",
            "UTC",
        ]


def test_a_program_takes_its_policy_from_a_file(
    run: Run, fresh_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"first_check": "PT10S", "second_check": "PT30S"}))
    done = run("program", "create", "Quick", "--time-zone", "UTC", "--policy", str(file))
    assert "15 to 30 minutes" in done.stderr
    with fresh_database.reading() as store:
        assert store.scalars(select(Program)).one().policies[0].policy.first_check == timedelta(
            seconds=10
        )


@pytest.mark.parametrize("text", ["{", '{"first_check": "soon"}', '{"shoe_size": 1}'])
def test_a_policy_that_cannot_be_used_creates_nothing(
    run: Run, fresh_database: Database, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(text)
    assert (
        run("program", "create", "Quick", "--time-zone", "UTC", "--policy", str(file)).exit_code
        == 2
    )
    with fresh_database.reading() as store:
        assert store.scalars(select(Program)).all() == []


def test_an_invitation_lets_somebody_in_once(
    run: Run, fresh_database: Database, world: World
) -> None:
    done = run(
        "person",
        "invite",
        "Nina@example.org",
        "--kind",
        "staff",
        "--role",
        "counselor",
        "--phone",
        "(617) 555-0141",
        "--program",
        "harbor",
        "--send",
    )
    assert done.exit_code == 0, done.output
    with fresh_database.reading() as store:
        [letter] = store.scalars(select(Notification).where(Notification.kind == "invitation"))
        assert done.stdout.strip().endswith(letter.link_path)
    secret = done.stdout.split()[-1].rpartition("/")[2]
    with fresh_database.writing() as store:
        link = sign_in_links.spend(store, secret, now=clock.now())
        assert link
        nina = link.person
        assert (nina.email, nina.phone) == ("nina@example.org", "+16175550141")
        assert nina.role_names == {"counselor"}
        assert sign_in_links.spend(store, secret, now=clock.now()) is None


SHARED = ("--program", "harbor", "--kind", "client", "--send")


def person_of(store: Store, printed: str) -> Person:
    secret = printed.split()[-1].rpartition("/")[2]
    link = sign_in_links.usable(store, secret, clock.now())
    assert link
    return link.person


def test_two_with_one_address_are_invited_by_their_names(
    run: Run, fresh_database: Database, world: World
) -> None:
    """Never one by the other's link."""
    lenas = run("person", "invite", "ort@example.org", "--name", "Lena Ort", *SHARED)
    toms = run("person", "invite", "ort@example.org", "--name", "Tom Ort", *SHARED)
    again = run("person", "invite", "ort@example.org", "--name", "ORT, tom", *SHARED)
    assert "Tom Ort (ort@example.org-2)" in toms.stderr
    unnamed = run("person", "invite", "ort@example.org", *SHARED)
    assert (unnamed.exit_code, unnamed.stdout) == (1, "")
    assert "--ref ort@example.org-2 (Tom Ort)" in " ".join(unnamed.stderr.split())
    with fresh_database.reading() as store:
        assert person_of(store, lenas.stdout).name == "Lena Ort"
        assert person_of(store, again.stdout).name == "Tom Ort"
        sharing = select(Person.name).where(Person.email == "ort@example.org")
        assert sorted(store.scalars(sharing)) == ["Lena Ort", "Tom Ort"]
        [*letters] = store.scalars(
            select(Notification).where(Notification.kind == "invitation").order_by("id")
        )
    assert [letter.person_id for letter in letters] == [letters[0].person_id] + [
        letters[1].person_id
    ] * 2
    assert letters[0].person_id != letters[1].person_id


def test_an_invitation_for_another_kind_of_person_says_how_to_enter_them(
    run: Run, fresh_database: Database, world: World
) -> None:
    asked = ("person", "invite", "maya@example.org", "--program", "harbor", "--kind", "supporter")
    refused = run(*asked)
    assert refused.exit_code == 1
    assert "give their --name" in " ".join(refused.stderr.split())
    made = run(*asked, "--name", "Rita Torres")
    with fresh_database.reading() as store:
        assert person_of(store, made.stdout).kind == "supporter"


@pytest.mark.parametrize(
    "who", [("ben",), ("torres BEN",), ("--ref", "ben"), ("Maya@example.org", "--ref", "ben")]
)
def test_a_link_is_made_by_reference_or_name_where_two_share_an_address(
    run: Run, fresh_database: Database, world: World, who: tuple[str, ...]
) -> None:
    with fresh_database.writing() as store:
        store.get_one(Person, world.ben.id).email = "maya@example.org"
        store.commit()
    refused = run("person", "link", "maya@example.org")
    assert (refused.exit_code, refused.stdout) == (1, "")
    said = " ".join(refused.stderr.split())
    assert "--ref maya (Maya Torres)" in said
    assert "--ref ben (Ben Torres)" in said
    done = run("person", "link", *who)
    assert "Ben Torres (ben)" in done.stderr
    with fresh_database.reading() as store:
        assert person_of(store, done.stdout).id == world.ben.id
    assert run("person", "sign-out", *who).exit_code == 0
    assert run("person", "link").exit_code == 2


def test_a_link_for_somebody_registered_is_audited(
    run: Run, fresh_database: Database, world: World
) -> None:
    done = run("person", "link", "maya@example.org")
    assert done.stdout.startswith("http://localhost:5000/sign-in/link/")
    with fresh_database.reading() as store:
        issued = store.scalars(select(Event).where(Event.tag == "person:link:issued")).one()
        assert issued.client_id == world.maya.id


@pytest.mark.parametrize("whom", [("maya@example.org",), ("--everyone",)])
def test_an_operator_ends_the_logins_of_one_person_or_of_all(
    run: Run, fresh_database: Database, world: World, whom: tuple[str, ...]
) -> None:
    with fresh_database.writing() as store:
        people = [store.get_one(Person, each.id) for each in (world.maya, world.ben)]
        made = [logins.sign_in(store, each, "passkey", now=clock.now())[0].id for each in people]
        store.commit()
    assert run("person", "sign-out", *whom).exit_code == 0
    with fresh_database.reading() as store:
        left = [store.get_one(Login, each).live(clock.now()) for each in made]
    assert left == [False, whom != ("--everyone",)]
    assert run("person", "sign-out").exit_code == 2


def test_there_is_no_link_for_a_stranger(run: Run, world: World) -> None:
    done = run("person", "link", "nobody@example.org")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "rejoin person invite" in done.stderr


def test_who_has_left_gets_no_link_and_the_remedy_is_said(
    run: Run, fresh_database: Database, world: World
) -> None:
    """A link for somebody who can't sign in would be dead from the start."""
    with fresh_database.writing() as store:
        maya = store.get_one(Person, world.maya.id)
        leaving.change_status(store, maya, "discharged", by=None, now=clock.now())
        store.commit()
    invited = ("invite", "maya@example.org", "--kind", "client", "--program", "harbor")
    for asked in (invited, ("link", "maya@example.org")):
        done = run("person", *asked)
        assert (done.exit_code, done.stdout) == (1, "")
        said = " ".join(done.stderr.split())
        assert "Maya Torres (maya) has left the program, so no link lets them in." in said
        assert "Set their status to active in the roster first" in said


def test_a_name_that_is_registered_as_another_kind_says_whose_it_is(run: Run, world: World) -> None:
    asked = ("invite", "maya@example.org", "--name", "maya torres", "--kind", "supporter")
    said = " ".join(run("person", *asked, "--program", "harbor").stderr.split())
    assert "maya@example.org is Maya Torres (maya), registered in harbor as client." in said
    assert "rejoin person link --program harbor --ref maya" in said


def test_with_several_programs_one_has_to_say_which(run: Run, world: World) -> None:
    done = run("ladder", "show")
    assert done.exit_code == 1
    assert "harbor" in done.stderr


def test_a_token_is_shown_once_and_opens_nothing_after_it_was_revoked(
    run: Run, fresh_database: Database, world: World
) -> None:
    secret = run(
        "token", "create", "feed", "--program", "harbor", "--scope", "presence"
    ).stdout.split()[-1]
    with fresh_database.reading() as store:
        token = api_tokens.token_of(store, secret)
        assert token
        assert (token.program_id, token.scopes) == (world.harbor.id, ["presence"])
    assert run("token", "revoke", "feed").exit_code == 0
    with fresh_database.reading() as store:
        assert api_tokens.token_of(store, secret) is None
    assert run("token", "create", "feed", "--program", "harbor", "--scope", "read").exit_code != 0


def test_the_ladder_is_shown_as_a_table(run: Run, world: World) -> None:
    shown = run("ladder", "show", "--program", "harbor").stdout
    for rung in ("heads_up", "first_check", "outreach", "escalation", "pattern_review"):
        assert rung in shown
    assert "start + PT20M" in shown


def test_the_ladder_explains_a_seat_at_an_instant(
    run: Run, fresh_database: Database, world: World
) -> None:
    with fresh_database.writing() as store:
        here = cast.find(store)
        starts_at = THAT_DAY + timedelta(hours=5)
        room = cast.open_room(
            store, here.carla, [here.maya], starts_at, now=THAT_DAY, presence_from="staff"
        )
        looked_into(store, room)
        seat_id = store.scalars(select(Seat.id)).one()
        store.commit()
    fresh_database.dispose()
    shown = run("ladder", "explain", str(seat_id), "--at", "2026-03-04T23:05:01Z")
    assert shown.exit_code == 0, shown.output
    line = next(line for line in shown.stdout.splitlines() if "first_check" in line)
    assert "due" in line
    assert "waiting" in shown.stdout


def test_an_unknown_seat_is_said_to_be_unknown(run: Run, world: World) -> None:
    done = run("ladder", "explain", "4711")
    assert (done.exit_code, "no seat 4711" in done.stderr) == (1, True)


def test_the_audit_finds_an_edited_event(run: Run, fresh_database: Database, world: World) -> None:
    assert run("audit", "verify").exit_code == 0
    with fresh_database.writing() as store:
        store.execute(update(Event).where(Event.id == 3).values(tag="seat:given"))
        store.commit()
    done = run("audit", "verify")
    assert done.exit_code == 1
    assert "event 3" in done.stderr


def test_an_export_can_be_checked_without_us(
    run: Run, fresh_database: Database, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    done = run("audit", "export", str(file))
    assert done.exit_code == 0, done.output
    head = done.stdout.split()[-1]
    *lines, last = [json.loads(line) for line in file.read_text().splitlines()]
    digest = events.GENESIS
    for line in lines:
        digest = events.chained_hash(digest, line["canonical"])
        assert line["hash"] == digest.hex()
    assert head == last["head"] == digest.hex()
    with fresh_database.reading() as store:
        assert len(lines) == store.scalar(select(func.count(Event.id)))


def test_rotated_keys_sign_anew_and_still_verify(run: Run, instance: Path, world: World) -> None:
    file = instance / "secret.keys"
    run("ladder", "show")
    old = file.read_text().split()
    assert run("keys", "rotate").exit_code == 0
    assert file.read_text().split()[1:] == old
    assert file.stat().st_mode & 0o077 == 0


def test_keys_from_the_environment_are_rotated_there(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REJOIN_SECRET_KEYS", "k" * 40)
    done = run("keys", "rotate")
    assert (done.exit_code, "REJOIN_SECRET_KEYS" in done.stderr) == (1, True)


def test_the_doctor_names_what_is_broken_and_the_remedy(run: Run, world: World) -> None:
    done = run("doctor")
    assert done.exit_code == 1
    assert "worker: silent" in done.stderr
    assert "rejoin worker" in done.stderr


def test_the_doctor_is_content_once_a_worker_has_run(
    run: Run, engine: str, fresh_database: Database, world: World
) -> None:
    if engine == "sqlite":
        Path(fresh_database.url.database or "").chmod(0o600)
    with clock.running_from(datetime.now(UTC)):
        assert run("worker", "--once").exit_code == 0
        said = run("doctor").stderr
    assert "✓ worker: alive" in said
    broken = [line for line in said.splitlines() if line.startswith("✗")]
    quick_server = ["fsync is off" in line for line in broken]
    assert quick_server == ([True] if engine == "postgresql" else []), broken


def test_a_wrong_setting_is_named_with_the_remedy(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REJOIN_BASE_URI", "x")
    done = run("doctor")
    assert done.exit_code == 1
    assert "REJOIN_BASE_URI is not a setting" in done.stderr


def test_a_missing_database_says_how_to_make_it(
    run: Run, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REJOIN_DATABASE_URL", f"sqlite:///{instance / 'none.db'}")
    done = run("program", "create", "X", "--time-zone", "UTC")
    assert (done.exit_code, "rejoin db upgrade" in done.stderr) == (1, True)
    assert not (instance / "none.db").exists()


def test_upgrading_makes_a_database_and_repeats_harmlessly(
    run: Run, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REJOIN_DATABASE_URL", f"sqlite:///{instance / 'new.db'}")
    for _ in range(2):
        assert run("db", "upgrade").exit_code == 0
    assert (instance / "new.db").stat().st_mode & 0o077 == 0
    assert run("db", "check").exit_code == 0


def test_damage_to_the_chain_is_found(run: Run, fresh_database: Database, world: World) -> None:
    assert run("db", "check").exit_code == 0
    with fresh_database.writing() as store:
        store.execute(update(events.ChainHead).values(count=1))
        store.commit()
    assert run("db", "check").exit_code == 1


def test_the_cast_is_untouched_by_looking(run: Run, fresh_database: Database, world: World) -> None:
    for words in (
        ("ladder", "show", "--program", "harbor"),
        ("audit", "verify"),
        ("doctor",),
        ("db", "check"),
    ):
        run(*words)
    with fresh_database.reading() as store:
        assert store.scalar(select(func.count(Person.id))) == 26


def test_the_help_desks_number_is_set_and_taken_away(run: Run, fresh_database: Database) -> None:
    run("program", "create", "Bay", "--time-zone", "UTC")

    def number() -> str | None:
        with fresh_database.reading() as store:
            return store.scalars(select(Program.help_phone)).one()

    run("program", "help-phone", "bay", "(212) 555-0198")
    assert number() == "+12125550198"
    assert run("program", "help-phone", "bay", "soon").exit_code == 2
    run("program", "help-phone", "bay")
    assert number() is None


def test_the_doctor_names_what_is_set_aside_and_the_chores_that_fail(
    run: Run, world: World, fresh_database: Database
) -> None:
    """By number and place in the code; what the row says stays in it (S13)."""
    now = clock.now()
    with fresh_database.writing() as store:
        for chore, subject, number, tried in (("look", "seat", 17, 1), ("unfold", "chore", 0, 4)):
            store.add(
                SetAside(
                    chore=chore, subject=subject, subject_id=number, program_id=None,
                    reason="ValueError at webapp/times.py:26", first_at=now, last_at=now,
                    count=tried, next_at=now,
                )
            )  # fmt: skip
        store.commit()
    told = run("doctor")
    said = " ".join((told.output + told.stderr).split())
    assert "set aside: seat 17 by look" in said
    assert "chores: unfold has failed 4 times" in said
    assert "ValueError at webapp/times.py:26" in said
