"""The command `rejoin import roster`: enters all of a CSV file or nothing."""

from datetime import datetime
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from webapp import clock
from webapp.care.contact import addresses
from webapp.cli import console
from webapp.cli.console import CommandFailed
from webapp.cli.rosters import entering, files
from webapp.cli.rosters.entering import CHANGED, NEW, SAME, ImportResult
from webapp.cli.rosters.files import COLUMNS, RosterRow, RowProblem
from webapp.db import Database, Store

MOST_SHOWN = 50
"""Problems shown at once."""


@click.group("import")
def importing() -> None:
    """Bring in what another system knows."""


@importing.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--program", "program_ref", help="Reference of the program; needed when there are several."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--remove",
    is_flag=True,
    help="Take away what the file leaves out of a list: places in a series, roles, a couple that another takes the place of.",
)
def roster(file: Path, program_ref: str | None, dry_run: bool, remove: bool) -> None:
    """Enter people, care teams, couples and series from a CSV file.

    All or nothing: if any cell can't be used, each is named by row and column, and nothing changes. The same file may be
    imported again; an empty cell leaves what is there. It adds: names that are left out of `seats` or `roles` keep what
    they have, and are listed, unless you say --remove. --dry-run says in sentences who would lose what. Prints how many
    rows were entered.

    \b
    The header names the columns, in any order; `type` says what each row is:
      person  ref kind name  [email phone time_zone language roles status opted_in]
              kind: client supporter staff - roles, for staff: counselor couples_therapist supervisor
              coordinator technician admin - status: active paused discharged - opted_in: the channels they
              agreed to be reminded by: email sms (without this column: email, for staff sms too). What somebody
              stopped, switched off or marked unsafe, and the language or zone they chose, stays theirs
      team    ref  [counselor supervisor coordinator]          ref: the client's
      couple  ref partners  [therapist]                        partners: two refs
      series  ref kind title local_start duration rrule host capacity  [time_zone join_url dial_in seats]
              kind: individual group family couples psychoeducation support_group medication case_management
              activity - local_start: 2026-11-23T18:00 - duration: PT3H - rrule: FREQ=WEEKLY;BYDAY=MO,WE -
              seats: clients' refs

    Lists are divided by spaces. UTF-8; commas, semicolons or tabs; rows that begin with # are comments.
    A sample: tests/cli/roster-60.csv
    """
    rows, problems = files.read(file.read_bytes())
    now = clock.now()
    with console.open_database() as database:
        with database.reading() as store:
            entering.expand_ahead(console.program_of(store, program_ref), rows, now)
        _enter_all(database, program_ref, rows, problems, now, dry_run=dry_run, remove=remove)


def _enter_all(
    database: Database,
    program_ref: str | None,
    rows: list[RosterRow],
    problems: list[RowProblem],
    now: datetime,
    *,
    dry_run: bool,
    remove: bool,
) -> None:
    with database.writing() as store:
        result = _enter(store, program_ref, rows, now, remove)
        _refuse(sorted([*problems, *result.problems], key=lambda each: (each.row, each.column)))
        console.stderr.print(_table(result, dry_run))
        _say(result, dry_run)
        _name_unreachable(store, program_ref)
        if dry_run:
            console.say("Nothing was changed. Without --dry-run it will be.")
        else:
            store.commit()
    console.output(str(0 if dry_run else sum(result.counts.values())))


def _name_unreachable(store: Store, program_ref: str | None) -> None:
    """Say who of the program can't be told anything (rule 18)."""
    program = console.program_of(store, program_ref)
    for person in store.scalars(addresses.unreachable(program.id)):
        console.say(f"[yellow]![/] {escape(console.unreachable(person))}")


def _say(result: ImportResult, dry_run: bool) -> None:
    """Say in sentences what is other than before, what stays although the file leaves it out, what is taken away, and what else needs a
    look."""
    for sentence in result.changes:
        console.say(escape(sentence))
    for sentence in result.kept:
        console.say(f"{escape(sentence)} --remove takes it away.")
    for sentence in (*result.lost, *result.warnings):
        console.say(f"[yellow]![/] {escape(sentence)}")
    if not result.lost:
        console.say("Nothing would be taken away." if dry_run else "Nothing was taken away.")


def _enter(
    store: Store, program_ref: str | None, rows: list[RosterRow], now: datetime, remove: bool
) -> ImportResult:
    program = console.program_of(store, program_ref)
    with console.progress(f"entering into {program.ref}", len(rows)) as bar:
        return entering.enter(
            store,
            program,
            rows,
            by=None,
            now=now,
            remove=remove,
            each=lambda: bar.advance(bar.task_ids[0]),
        )


def _refuse(problems: list[RowProblem]) -> None:
    if not problems:
        return
    for problem in problems[:MOST_SHOWN]:
        console.stderr.print(
            f"row {problem.row}, {problem.column}: {problem}", soft_wrap=True, markup=False
        )
    if len(problems) > MOST_SHOWN:
        console.say(f"… and {len(problems) - MOST_SHOWN} more.")
    raise CommandFailed(
        "Nothing was changed. Mend these cells and import again; --dry-run tries it out."
    )


def _table(result: ImportResult, dry_run: bool) -> Table:
    table = Table(title="What would change" if dry_run else "What changed", title_justify="left")
    table.add_column("type")
    for heading in (NEW, CHANGED, SAME):
        table.add_column(heading, justify="right")
    table.add_column("changed are")
    for type_ in COLUMNS:
        counts = [str(result.counts[type_, became]) for became in (NEW, CHANGED, SAME)]
        refs = [ref for changed, ref in result.changed if changed == type_]
        table.add_row(type_, *counts, " ".join(refs[:12]) + (" …" if len(refs) > 12 else ""))
    return table
