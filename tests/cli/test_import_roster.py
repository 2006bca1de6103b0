"""`rejoin import roster`: all of it or nothing, errors by row and column, a dry run that changes nothing."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import pytest
from click.testing import Result
from sqlalchemy import func, select

from tests.cli.conftest import Run
from tests.conftest import THAT_DAY
from webapp import clock
from webapp.care.attendance import absences
from webapp.care.audit import chain, events
from webapp.care.contact import addresses, stop_words
from webapp.care.contact.addresses import Address
from webapp.care.directory import people, programs
from webapp.care.directory.people import Person
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.preferences import contact_preferences
from webapp.care.schedule import recurrences
from webapp.care.schedule.recurrences import Recurrence
from webapp.care.schedule.series import Series
from webapp.care.schedule.sessions import Seat, Session
from webapp.cli.rosters import entering
from webapp.db import Database

SAMPLE = Path(__file__).parent / "roster-60.csv"
HEADER = "type,ref,kind,name,email,phone,time_zone,language,roles,partners,therapist,counselor\n"


@pytest.fixture
def program(fresh_database: Database) -> None:
    with fresh_database.writing() as store:
        programs.create(store, "Bay Track", ref="bay", time_zone="America/New_York", now=THAT_DAY)
        store.commit()
    fresh_database.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


def counted(database: Database) -> list[int]:
    with database.reading() as store:
        kinds = (Person, CareTeam, Couple, Series, Seat, events.Event)
        found = [store.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]
    database.dispose()
    return found


def named(database: Database, ref: str) -> Person:
    with database.reading() as store:
        return store.scalars(select(Person).where(Person.ref == ref)).one()


def test_the_sample_brings_in_sixty_people(
    run: Run, program: None, fresh_database: Database
) -> None:
    done = run("import", "roster", str(SAMPLE))
    assert done.exit_code == 0, done.output
    assert done.stdout.split()[-1] == "116"
    people_, teams, couples, series, seats, _ = counted(fresh_database)
    assert (people_, teams, couples, series) == (60, 46, 6, 4)
    assert seats > 46
    assert named(fresh_database, "viktor").name == 'Viktor "Vik" Yarrow, Jr.'
    with fresh_database.reading() as store:
        assert list(chain.verify(store)) == []


def test_the_same_file_again_changes_nothing(
    run: Run, program: None, fresh_database: Database
) -> None:
    run("import", "roster", str(SAMPLE))
    before = counted(fresh_database)
    again = run("import", "roster", str(SAMPLE))
    assert again.exit_code == 0, again.output
    assert counted(fresh_database) == before


def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    run: Run, program: None, fresh_database: Database
) -> None:
    before = counted(fresh_database)
    done = run("import", "roster", str(SAMPLE), "--dry-run")
    assert done.exit_code == 0, done.output
    assert "60" in done.stderr
    assert "Nothing was changed" in done.stderr
    assert counted(fresh_database) == before


def test_one_wrong_cell_is_named_and_nothing_is_entered(
    run: Run, program: None, fresh_database: Database, file: Path
) -> None:
    rows = SAMPLE.read_text().splitlines()
    spoilt = next(i for i, row in enumerate(rows) if row.startswith("person,otis,"))
    rows[spoilt] = rows[spoilt].replace("otis@example.org", "otis(at)example.org")
    file.write_text("\n".join(rows))
    before = counted(fresh_database)
    done = run("import", "roster", str(file))
    assert done.exit_code == 1
    assert f"row {spoilt + 1}, email: This is not an e-mail address." in done.stderr
    assert counted(fresh_database) == before


def test_all_problems_are_shown_at_once(run: Run, program: None, file: Path) -> None:
    file.write_text(HEADER + "person,a,clown,A\nperson,b,client,B,nonsense\n\nperson,b,client,B\n")
    said = run("import", "roster", str(file)).stderr
    assert all(each in said for each in ("row 2, kind", "row 3, email", "row 5, ref")), said


def test_rows_that_depend_on_a_refused_person_are_not_problems_too(
    run: Run, program: None, file: Path
) -> None:
    file.write_text(HEADER + "person,a,client,A,nonsense\nteam,a\n")
    said = run("import", "roster", str(file)).stderr
    assert "row 2, email" in said
    assert "row 3" not in said


@pytest.mark.parametrize(
    "shape",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: ("# Exported on Monday, by hand\n\n" + text).encode(),
    ],
    ids=["byte order mark", "CRLF", "semicolons", "tabs", "comments"],
)
def test_any_common_shape_of_csv_is_read(
    run: Run, program: None, fresh_database: Database, file: Path, shape
) -> None:  # type: ignore[no-untyped-def]
    file.write_bytes(shape("type,ref,kind,name\nperson,nunez,client,María Núñez\n"))
    assert run("import", "roster", str(file)).exit_code == 0
    assert named(fresh_database, "nunez").name == "María Núñez"


def test_quoted_cells_keep_their_commas_lines_and_quotes(
    run: Run, program: None, fresh_database: Database, file: Path
) -> None:
    file.write_text('type,ref,kind,name\nperson,q,client,"Vance, ""Vee"" V."\nperson,z,clown,Z\n')
    assert "row 3, kind" in run("import", "roster", str(file)).stderr
    file.write_text('type,ref,kind,name\nperson,q,client,"Vance, ""Vee"" V."\n')
    assert run("import", "roster", str(file)).exit_code == 0
    assert named(fresh_database, "q").name == 'Vance, "Vee" V.'


def test_a_cell_that_begins_like_a_formula_is_text(
    run: Run, program: None, fresh_database: Database, file: Path
) -> None:
    file.write_text(
        HEADER + "person,f,client,=1+1,,'+1 617 555 0123\nperson,g,client,'=HYPERLINK(1)\n"
    )
    assert run("import", "roster", str(file)).exit_code == 0
    assert named(fresh_database, "f").name == "=1+1"
    assert named(fresh_database, "f").phone == "+16175550123"
    assert named(fresh_database, "g").name == "=HYPERLINK(1)"


def test_a_second_import_changes_only_what_it_says(
    run: Run, program: None, fresh_database: Database, file: Path
) -> None:
    file.write_text(HEADER + "person,a,client,Ann,ann@example.org,617 555 0101\n")
    run("import", "roster", str(file))
    file.write_text("type,ref,kind,name\nperson,a,client,Anna\n")
    run("import", "roster", str(file))
    ann = named(fresh_database, "a")
    assert (ann.name, ann.email, ann.phone) == ("Anna", "ann@example.org", "+16175550101")


def test_only_who_agreed_may_be_written_to(
    run: Run, program: None, fresh_database: Database, file: Path
) -> None:
    file.write_text(
        "type,ref,kind,name,email,phone,opted_in\n"
        "person,a,client,A,a@example.org,617 555 0101,email\n"
        "person,b,client,B,b@example.org,617 555 0102,\n"
    )
    run("import", "roster", str(file))
    with fresh_database.reading() as store:
        may = select(Address.value).where(Address.is_opted_in)
        assert store.scalars(may).all() == ["a@example.org"]


def test_a_missing_file_is_bad_usage(run: Run, program: None, tmp_path: Path) -> None:
    assert run("import", "roster", str(tmp_path / "none.csv")).exit_code == 2


def test_staff_have_their_roles(run: Run, program: None, fresh_database: Database) -> None:
    run("import", "roster", str(SAMPLE))
    with fresh_database.reading() as store:
        hanna = store.scalars(select(people.Person).where(people.Person.ref == "hanna")).one()
        assert hanna.role_names == {"technician", "admin"}


STAFF_AND_CLIENTS = """type,ref,kind,name,email,phone,roles,opted_in,counselor
person,dana,staff,Dana Fox,dana@example.org,,counselor,,
person,erin,staff,Erin Vale,,,counselor,,
person,mia,client,Mia Lee,mia@example.org,,,email,
person,tom,client,Tom Ort,tom@example.org,,,,
"""


def test_staff_of_a_roster_can_be_told_of_their_tasks_and_who_cannot_be_told_is_named(
    run: Run, program: None, fresh_database: Database, file: Path
) -> None:
    """Rule 18: no column has to say so for staff; clients still have to agree (P9)."""
    file.write_text(STAFF_AND_CLIENTS)
    for more in (["--dry-run"], []):
        done = run("import", "roster", str(file), *more)
        assert done.exit_code == 0, done.output
        said = " ".join(done.stderr.split())
        assert "Erin Vale (erin) has no working way to be told of tasks" in said
        assert "Tom Ort (tom) has no working way to be told of reminders" in said
        assert "Dana Fox (dana) has" not in said
        assert "Mia Lee (mia) has" not in said
    with fresh_database.reading() as store:
        usable = select(Person.ref).join(Address, Address.person_id == Person.id)
        assert sorted(store.scalars(usable.where(Address.usable))) == ["dana", "mia"]
    doctor = " ".join(run("doctor").stderr.split())
    assert "bay: Erin Vale (erin) has no working way" in doctor
    assert "bay: Tom Ort (tom) has no working way" in doctor
    assert "Dana Fox" not in doctor


@pytest.mark.parametrize("how", ["switched_off", "stopped", "unsafe"])
def test_a_staff_members_no_outlives_the_next_import(
    run: Run, program: None, fresh_database: Database, file: Path, how: str
) -> None:
    """Rules 15 and 18."""
    file.write_text(STAFF_AND_CLIENTS)
    run("import", "roster", str(file))
    with fresh_database.writing() as store:
        dana = store.scalars(select(Person).where(Person.ref == "dana")).one()
        [address] = store.scalars(addresses.of(dana.id))
        if how == "switched_off":
            contact_preferences.allow(store, address, False, by=dana, now=THAT_DAY)
        elif how == "stopped":
            address.stop(store, "stop_word", by=dana, now=THAT_DAY)
        else:
            address.unsafe_at = THAT_DAY
        store.commit()
    file.write_text(STAFF_AND_CLIENTS.replace("Dana Fox", "Dana Foxley"))
    assert "Dana Foxley (dana) has no working way" in " ".join(
        run("import", "roster", str(file)).stderr.split()
    )


def test_an_invited_staff_member_can_be_told_of_tasks(
    run: Run, program: None, fresh_database: Database
) -> None:
    """Rule 18."""
    made = run("person", "invite", "dana@example.org", "--kind", "staff", "--role", "counselor")
    assert made.exit_code == 0, made.output
    with fresh_database.reading() as store:
        [address] = store.scalars(select(Address))
        assert (address.value, address.usable) == ("dana@example.org", True)


SERIES = "type,ref,kind,name,title,local_start,duration,rrule,host,capacity,seats,roles,partners,status\n"
PEOPLE = (
    "person,carla,staff,Carla,,,,,,,,counselor supervisor,,\n"
    "person,mia,client,Mia,,,,,,,,,,\nperson,tom,client,Tom,,,,,,,,,,\n"
    "person,ida,client,Ida,,,,,,,,,,\n"
)


FIRST = (datetime.now(UTC) + timedelta(days=2)).date()
"""The commands go by the machine's own clock."""


def group(seats: str, rule: str = "FREQ=WEEKLY") -> str:
    return f"series,evening,group,,Evening group,{FIRST}T18:00,PT1H,{rule},carla,9,{seats},,,\n"


@pytest.fixture
def evening(run: Run, program: None, fresh_database: Database, file: Path) -> None:
    """Mia and Tom are in a weekly group, and Tom told us that he can't come to the second evening."""
    file.write_text(SERIES + PEOPLE + group("mia tom"))
    assert run("import", "roster", str(file)).exit_code == 0
    with fresh_database.writing() as store:
        toms = store.scalars(
            select(Seat).join(Seat.client).join(Seat.session).where(Person.ref == "tom")
            .order_by(Session.starts_at)
        ).all()  # fmt: skip
        absences.report(store, toms[1], by=None, now=THAT_DAY)
        store.commit()
    fresh_database.dispose()


def places(database: Database, ref: str) -> int:
    with database.reading() as store:
        mine = select(func.count(Seat.id)).join(Seat.client).where(Person.ref == ref, Seat.is_given)
        found = store.scalar(mine) or 0
    database.dispose()
    return found


def test_names_left_out_of_a_series_keep_their_places_and_are_listed(
    run: Run, evening: None, fresh_database: Database, file: Path
) -> None:
    """Rule 15: an import adds."""
    had = places(fresh_database, "tom")
    file.write_text(SERIES + group("mia ida"))
    done = run("import", "roster", str(file))
    assert done.exit_code == 0, done.output
    assert [places(fresh_database, each) for each in ("mia", "tom", "ida")] == [had] * 3
    assert "Evening group (evening) keeps Tom (tom), whom the file does not name." in done.stderr
    assert "Nothing was taken away." in done.stderr


def test_a_dry_run_says_in_words_whom_it_costs_what(
    run: Run, evening: None, fresh_database: Database, file: Path
) -> None:
    had = places(fresh_database, "tom")
    file.write_text(SERIES + group("mia"))
    dry = run("import", "roster", str(file), "--remove", "--dry-run")
    lost = f"Tom (tom) loses {had} places in Evening group from {FIRST} on, 1 absence report with them."
    assert lost in dry.stderr
    assert "Mia (mia) loses" not in dry.stderr
    assert places(fresh_database, "tom") == had
    done = run("import", "roster", str(file), "--remove")
    assert lost in done.stderr
    assert places(fresh_database, "tom") == 0


def test_evenings_that_another_rule_calls_off_are_said_in_words(
    run: Run, evening: None, fresh_database: Database, file: Path
) -> None:
    file.write_text(SERIES + group("mia tom", "FREQ=WEEKLY;INTERVAL=2"))
    dry = run("import", "roster", str(file), "--dry-run")
    off = f"loses 4 places in Evening group from {FIRST + timedelta(days=7)} on"
    assert f"Mia (mia) {off}." in dry.stderr
    assert f"Tom (tom) {off}, 1 absence report with them." in dry.stderr


def test_roles_and_a_couple_are_only_taken_away_when_the_import_is_told_to(
    run: Run, evening: None, fresh_database: Database, file: Path
) -> None:
    couple = "couple,pair,,,,,,,,,,,{},\n"
    file.write_text(SERIES + couple.format("mia tom"))
    run("import", "roster", str(file))
    file.write_text(SERIES + "person,carla,staff,Carla,,,,,,,,counselor,,\n")
    kept = run("import", "roster", str(file))
    assert "Carla (carla) stays supervisor, which the file does not name." in kept.stderr
    assert named_roles(fresh_database, "carla") == {"counselor", "supervisor"}
    run("import", "roster", str(file), "--remove")
    assert named_roles(fresh_database, "carla") == {"counselor"}
    file.write_text(SERIES + couple.format("mia ida"))
    refused = run("import", "roster", str(file))
    assert refused.exit_code == 1
    assert "row 2, partners: This is the couple of Mia and Tom." in refused.stderr
    dry = run("import", "roster", str(file), "--remove", "--dry-run")
    assert "Mia and Tom are no couple any more" in dry.stderr


def named_roles(database: Database, ref: str) -> set[str]:
    with database.reading() as store:
        found = set(store.scalars(select(Person).where(Person.ref == ref)).one().role_names)
    database.dispose()
    return found


def test_who_is_discharged_is_named(run: Run, evening: None, file: Path) -> None:
    file.write_text("type,ref,kind,name,status\nperson,mia,client,Mia,discharged\n")
    dry = run("import", "roster", str(file), "--dry-run")
    assert "Mia (mia) is discharged and gets no reminders any more." in dry.stderr


def test_rules_are_expanded_before_a_lock_is_taken(run: Run, program: None, file: Path) -> None:
    """S17: nobody waits while the days of a hundred series are counted."""
    file.write_text(SERIES + PEOPLE + group("mia tom"))
    recurrences.checked.cache_clear()
    entered: list[str] = []
    watched = (
        recurrences._expanded.__wrapped__.__code__,
        Recurrence.check.__code__,
        entering.enter.__code__,
    )

    def notice(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in watched:
            entered.append(frame.f_code.co_name)

    sys.setprofile(notice)
    try:
        run("import", "roster", str(file))
    finally:
        sys.setprofile(None)
    assert entered == ["check", "_expanded", "enter"]


CELLS = "type,ref,kind,name,email,phone,time_zone,language,roles,status,opted_in\n"


def said_by(done: Result) -> str:
    """What the command said, without the line breaks of a narrow terminal."""
    return " ".join(done.stderr.split())


def test_every_changed_field_of_a_person_is_counted_and_named(
    run: Run, program: None, file: Path
) -> None:
    """The dry run is the only look that somebody has beforehand."""
    file.write_text(CELLS + "person,e,client,Eve Vale,eve@example.org,617 555 0301,,,,,email sms\n")
    run("import", "roster", str(file))
    file.write_text(
        CELLS
        + "person,e,client,Eve North,eve2@example.org,617 555 0399,America/Denver,es,,paused,email sms\n"
    )
    for more in (["--dry-run"], []):
        said = said_by(run("import", "roster", str(file), *more))
        assert (
            "Eve North (e): name Eve Vale → Eve North, e-mail eve@example.org → eve2@example.org,"
            " telephone +16175550301 → +16175550399, time zone America/New_York → America/Denver,"
            " language en → es, status active → paused,"
            " written to at +16175550301 eve@example.org → +16175550399 eve2@example.org." in said
        )
    again = said_by(run("import", "roster", str(file)))
    assert "Eve North (e):" not in again


@pytest.mark.parametrize("how", ["stopped", "unsafe", "switched off"])
def test_an_address_that_stays_closed_is_said_with_what_it_means(
    run: Run, program: None, fresh_database: Database, file: Path, how: str
) -> None:
    """Rules 15 and 16: also for whoever else gets a number from which STOP came."""
    first = CELLS + "person,e,client,Eve,,617 555 0301,,,,,sms\n"
    other = CELLS + "person,e,client,Eve,,617 555 0399,,,,,sms\n"
    file.write_text(first)
    run("import", "roster", str(file))
    with fresh_database.writing() as store:
        eve = store.scalars(select(Person).where(Person.ref == "e")).one()
        [address] = store.scalars(addresses.of(eve.id))
        if how == "stopped":
            stop_words.stop(store, "+16175550301", clock.now())
        elif how == "unsafe":
            addresses.mark(store, eve, "+16175550301", unsafe=True, by=eve, now=clock.now())
        else:
            contact_preferences.allow(store, address, False, by=eve, now=clock.now())
        store.commit()
    fresh_database.dispose()
    file.write_text(other)
    run("import", "roster", str(file))
    new = "person,f,client,Fay,,617 555 0301,,,,,sms\n" if how == "stopped" else ""
    file.write_text(first + new)
    why = {
        "stopped": "STOP came from +16175550301, and only START from there undoes it",
        "unsafe": "+16175550301 is marked unsafe, and nobody writes or calls there",
        "switched off": "they switched that off, and no file switches it on",
    }[how]
    for more in (["--dry-run"], []):
        said = said_by(run("import", "roster", str(file), *more))
        assert f"Eve (e) gets no texts: {why}." in said
        assert (f"Fay (f) gets no texts: {why}." in said) == bool(new)


def test_all_wrong_cells_of_a_row_are_named_at_once(run: Run, program: None, file: Path) -> None:
    file.write_text(CELLS + "person,x,client,X,bad at example,12,Mars/X,fr,juggler,gone,pigeon\n")
    said = run("import", "roster", str(file)).stderr
    for column in ("email", "phone", "time_zone", "language", "roles", "status", "opted_in"):
        assert f"row 2, {column}:" in said
    file.write_text(
        "type,ref,kind,title,local_start,duration,rrule,host,capacity,join_url,seats\n"
        "series,s,party,S,tomorrow,3h,WEEKLY,nobody,none,ftp://x,noone\n"
    )
    said = run("import", "roster", str(file)).stderr
    for column in (
        "kind", "local_start", "duration", "rrule", "host", "capacity", "join_url", "seats",
    ):  # fmt: skip
        assert f"row 2, {column}:" in said


def test_what_people_have_at_the_times_of_a_series_already_is_said(
    run: Run, evening: None, file: Path
) -> None:
    """Rule 14, as the API's answer lists it."""
    file.write_text(SERIES + group("mia").replace("evening,group,,Evening", "late,group,,Late"))
    dry = said_by(run("import", "roster", str(file), "--dry-run"))
    clash = (
        f"has Evening group (evening) at the times of Late group (late): 8 times, first on {FIRST}."
    )
    assert f"Mia (mia) {clash}" in dry
    assert f"Carla (carla) {clash}" in dry
    assert "Tom (tom) has Evening group" not in dry


def test_what_hangs_on_staff_who_leave_or_lose_a_role_is_said(
    run: Run, evening: None, file: Path
) -> None:
    more = "type,ref,kind,name,roles,status,counselor,partners,therapist\n"
    file.write_text(
        more + "person,carla,staff,Carla,counselor couples_therapist,,,,\nteam,ida,,,,,carla,,\n"
        "couple,pair,,,,,,mia tom,carla\n"
    )
    assert run("import", "roster", str(file)).exit_code == 0
    people = "Mia and Tom without a couples therapist; Ida (ida) without their counselor."
    file.write_text(more + "person,carla,staff,Carla,,discharged,,,\n")
    assert f"That leaves 8 sessions to come without a host; {people}" in said_by(
        run("import", "roster", str(file), "--dry-run")
    )
    file.write_text(more + "person,carla,staff,Carla,supervisor,,,,\n")
    dry = said_by(run("import", "roster", str(file), "--remove", "--dry-run"))
    assert (
        f"Carla (carla) is no longer counselor couples_therapist. That leaves {people}"
        in dry.replace("! ", "")
    )
