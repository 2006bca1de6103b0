"""Roster files: each wrong cell is named by row and column; a file that cannot be read says why."""

import pytest

from tests.conftest import THAT_DAY
from webapp.care.directory import programs
from webapp.cli.rosters import entering, files
from webapp.cli.rosters.files import RowProblem
from webapp.db import Store
from webapp.refusals import Invalid

HEADER = "type,ref,kind,name,email,phone,time_zone,language,roles,partners,therapist,counselor\n"


def problems_of(store: Store, text: str) -> list[RowProblem]:
    """Everything that is wrong with a roster, entered into a program of its own."""
    program = programs.create(store, "Bay", ref="bay", time_zone="UTC", now=THAT_DAY)
    rows, problems = files.read(text.encode())
    result = entering.enter(store, program, rows, by=None, now=THAT_DAY)
    return [*problems, *result.problems]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("person,a,client,,a@example.org", "name", "needs this"),
        ("person,a b,client,A", "ref", "without spaces"),
        ("person,a,clown,A", "kind", "client, supporter, staff"),
        ("person,a,client,A,,12", "phone", "telephone number"),
        ("person,a,client,A,,,Mars/Base", "time_zone", "time zone"),
        ("person,a,client,A,,,,xx", "language", "en, es"),
        ("person,a,client,A,,,,,counselor", "roles", "Only staff"),
        ("person,a,staff,A,,,,,juggler", "roles", "not a role"),
        ("robot,a,client,A", "type", "person, team, couple, series"),
        ("couple,c,,,,,,,,a", "partners", "two people"),
        ("couple,c,,,,,,,,nobody else", "partners", "Nobody is registered as nobody"),
        ("couple,c,,Name,,,,,,a b", "name", "nothing here"),
        ("team,nobody", "ref", "Nobody is registered as nobody"),
        ("person,a,client,A,,,,,,,,,beyond", "13", "outside the table"),
    ],
)
def test_every_wrong_cell_is_named_by_row_and_column(
    store: Store, row: str, column: str, words: str
) -> None:
    problem = problems_of(store, HEADER + "person,good,client,Good\n" + row + "\n")[0]
    assert (problem.row, problem.column) == (3, column)
    assert words in str(problem)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no header"),
        (b"ref,kind,name\nx,client,X\n", "column called type"),
        (b"type,ref,ref\n", "twice"),
        (b"type,ref,shoe_size\n", "no such column"),
        ("type,ref,kind,name\nperson,a,client,Jos\xe9\n".encode("latin-1"), "not UTF-8"),
        (b'type,ref,kind,name\nperson,a,client,"open\n', "quote"),
        (b"type,ref,kind,name\nperson,a,client,A\0B\n", "row 2"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(raw: bytes, words: str) -> None:
    rows, problems = files.read(raw)
    assert rows == []
    assert words in f"row {problems[0].row}: {problems[0]}"


def test_rows_are_ordered_so_that_each_comes_after_those_it_names() -> None:
    text = "type,ref,kind,name,partners\ncouple,c,,,a b\nperson,a,client,A\nteam,a\nperson,b,client,B\n"
    rows, problems = files.read(text.encode())
    assert problems == []
    assert [(row.type, row.ref) for row in rows] == [
        ("person", "a"), ("person", "b"), ("team", "a"), ("couple", "c"),
    ]  # fmt: skip


def test_a_series_may_have_a_number_to_dial_in(store: Store) -> None:
    header = "type,ref,kind,name,roles,title,local_start,duration,rrule,host,capacity,dial_in\n"
    host = "person,h,staff,Host,counselor\n"
    row = "series,s,group,,,Evenings,2026-03-06T18:00,PT3H,FREQ=WEEKLY,h,9,"
    program = programs.create(store, "Bay", ref="bay", time_zone="UTC", now=THAT_DAY)
    text = header + host + row + '"212-555-0100,,77#"\n'
    for became in ("new", "same"):
        rows, problems = files.read(text.encode())
        result = entering.enter(store, program, rows, by=None, now=THAT_DAY)
        assert [*problems, *result.problems] == []
        assert result.counts["series", became] == 1
    rows, _ = files.read((header + host + row + "soon\n").encode())
    [problem] = entering.enter(store, program, rows, by=None, now=THAT_DAY).problems
    assert (problem.row, problem.column) == (3, "dial_in")


SERIES = "type,ref,kind,name,roles,title,local_start,duration,rrule,host,capacity,time_zone\n"
HOST = "person,h,staff,Host,counselor\n"


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("rrule", "FREQ=DAILY;BYHOUR=9", "BYHOUR=9"),
        ("rrule", "FREQ=WEEKLY;COUNT=0", "COUNT=0"),
        ("rrule", "FREQ=WEEKLY; BYDAY=MO", "There is a blank in “BYDAY=MO”"),
        ("rrule", "FREQ=MONTHLY;BYMONTHDAY=99", "BYMONTHDAY=99"),
        ("rrule", "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2", "never happens"),
        ("rrule", "FREQ=YEARLY;BYEASTER=0", "BYEASTER"),
        ("local_start", "2026-03-06", "day and time"),
        ("kind", "party", "Write one of"),
        ("capacity", "1001", "1000 places"),
        ("duration", "PT25H", "a day"),
        ("time_zone", "EST", "place"),
        ("time_zone", "Factory", "place"),
    ],
)
def test_a_cell_of_a_series_that_cannot_be_kept_is_named(
    store: Store, column: str, cell: str, words: str
) -> None:
    good = {
        "kind": "group", "title": "Evenings", "local_start": "2026-03-06T18:00", "duration": "PT3H",
        "rrule": "FREQ=WEEKLY", "host": "h", "capacity": "9", "time_zone": "Eastern Standard Time",
    }  # fmt: skip
    columns = SERIES.strip().split(",")
    for cells, problems in ((good, []), (good | {column: cell}, [column])):
        row = {"type": "series", "ref": "s"} | cells
        text = SERIES + HOST + ",".join(row.get(name, "") for name in columns) + "\n"
        with store.begin_nested() as nested:
            found = problems_of(store, text)
            nested.rollback()
        assert [each.column for each in found] == problems
    assert words in str(found[0])


@pytest.mark.parametrize("written", ["9999-12-31T23:00", "2026-11-23T18:00+02:00", "Monday", "2026-11-23", "2026-11-23T18", "20261123T1800"])  # fmt: skip
def test_a_series_begins_at_a_wall_time_of_this_century(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        entering.read_local_start(written)
    assert refused.value.field == "local_start"
