"""A bad row affects only itself: batches are taken apart where they raise, and what can't be worked on is set aside (R13)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.counting import statements
from webapp import batches
from webapp import clock as webapp_clock
from webapp.batches import Batch, BatchRun, SetAside, each_or_none, run_batch
from webapp.care.directory.programs import Program

NAME = "Ada Lovelace was not well"


def nobodys(_number: int) -> Any:
    return select(Program.id).where(Program.id == 0)


class Pile:
    """Programs by the dozen, as rows to be worked on: each is done once its name says so. `poison`: those that raise."""

    def __init__(self, database: Any, clock: Any, size: int = 20) -> None:
        self.database, self.clock, self.poison = database, clock, set[int]()
        self.error: Exception = ValueError(NAME)
        self.acts = 0
        with database.writing() as store:
            store.add_all(
                Program(ref=f"pile-{n}", name="waits", time_zone="UTC", created_at=clock.now())
                for n in range(size)
            )
            store.commit()
            self.ids = list(store.scalars(select(Program.id).where(Program.name == "waits")))
        self.batch = Batch("pile", "program", Program.id, nobodys, size)

    def act(self, store: Any, rows: Any) -> int:
        self.acts += 1
        for row in rows:
            row.name = "done"
            if row.id in self.poison:
                raise self.error
        return len(rows)

    def walk(self) -> int:
        due = select(Program).where(Program.name == "waits").order_by(Program.id)
        return run_batch(self.database, self.clock.now(), self.batch, due, self.act)

    def done(self) -> set[int]:
        with self.database.reading() as store:
            return set(store.scalars(select(Program.id).where(Program.name == "done")))

    def aside(self) -> list[SetAside]:
        with self.database.reading() as store:
            return list(store.scalars(select(SetAside).order_by(SetAside.subject_id)))


@pytest.fixture
def pile(database, clock):
    return Pile(database, clock)


def test_a_batch_without_a_bad_row_is_one_transaction_and_one_act(pile, database):
    with statements(database) as asked:
        assert pile.walk() == 20
    assert pile.acts == 1
    assert len(asked) <= 5
    assert pile.aside() == []


def test_a_bad_row_is_set_aside_and_the_rest_is_done(pile):
    bad = pile.ids[7]
    pile.poison = {bad}
    assert pile.walk() == 19
    assert pile.done() == set(pile.ids) - {bad}
    [aside] = pile.aside()
    assert (aside.chore, aside.subject, aside.subject_id, aside.count) == ("pile", "program", bad, 1)  # fmt: skip


def test_finding_it_costs_a_few_transactions_and_not_one_a_row(pile):
    pile.poison = {pile.ids[7]}
    pile.walk()
    assert pile.acts <= 1 + 2 * 6


def test_what_is_set_aside_is_left_out_of_the_batches(pile):
    pile.poison = {pile.ids[7]}
    pile.walk()
    acts = pile.acts
    assert pile.walk() == 0
    assert pile.acts == acts


def test_it_is_tried_alone_at_longer_and_longer_intervals(pile, clock):
    pile.poison = {pile.ids[7]}
    pile.walk()
    waits = []
    for _ in range(6):
        [aside] = pile.aside()
        waits.append((aside.next_at - aside.last_at) / timedelta(minutes=1))
        clock.set(aside.next_at)
        pile.walk()
    assert waits == [5, 10, 20, 40, 60, 60]


def test_what_goes_through_is_no_longer_set_aside(pile, clock):
    pile.poison = {pile.ids[7]}
    pile.walk()
    pile.poison = set()
    clock.forward(minutes=4)
    assert pile.walk() == 0
    clock.forward(minutes=1)
    assert pile.walk() == 1
    assert pile.aside() == []
    assert pile.done() == set(pile.ids)


def test_what_could_be_done_in_part_is_kept_and_set_aside_until_it_is_whole(pile, clock):
    """R15: nothing of it is undone, and it is tried again at longer and longer intervals."""
    first, short = pile.ids[0], [True]

    def run(store: Any, ids: Any) -> int:
        store.get(Program, ids[0]).name = "done"
        if short[0]:
            made.incomplete[ids[0]] = pile.error
        return 1

    made = BatchRun(pile.database, pile.batch, clock.now(), run)
    assert made.isolate([first]) == 1
    assert pile.done() == {first}
    for count in (1, 2):
        [aside] = pile.aside()
        assert (aside.subject_id, aside.count) == (first, count)
        made.now = clock.set(aside.next_at)
        made.retry_set_aside()
    short[0] = False
    made.now = clock.set(pile.aside()[0].next_at)
    made.retry_set_aside()
    assert pile.aside() == []


def test_what_is_no_longer_due_is_no_longer_set_aside(pile, database, clock):
    pile.poison = {pile.ids[7]}
    pile.walk()
    with database.writing() as store:
        store.get_one(Program, pile.ids[7]).name = "done by hand"
        store.commit()
    clock.forward(minutes=5)
    pile.walk()
    assert pile.aside() == []


def test_the_reason_is_the_errors_class_and_a_line_of_code_and_no_word_of_the_row(pile):
    pile.poison = {pile.ids[7]}
    pile.walk()
    [aside] = pile.aside()
    assert aside.reason.startswith("ValueError at ")
    assert aside.reason.rpartition(":")[2].isdigit()
    assert "Ada" not in aside.reason


def test_a_database_that_is_away_is_no_rows_fault(pile):
    pile.poison = set(pile.ids)
    pile.error = OperationalError("UPDATE", {}, Exception("database is locked"))
    with pytest.raises(OperationalError):
        pile.walk()
    assert pile.aside() == []
    assert pile.acts == 1


def test_when_everything_fails_the_chore_itself_fails_and_the_rest_is_not_set_aside(
    database, clock
):
    pile = Pile(database, clock, size=150)
    pile.poison = set(pile.ids)
    with pytest.raises(ValueError, match="not well"):
        pile.walk()
    assert len(pile.aside()) == batches.MOST_SET_ASIDE + 1


@given(st.sets(st.integers(0, 19)))
def test_whichever_rows_are_bad_the_others_are_done(databases, poisoned):
    with databases.borrowed("sqlite") as database:
        pile = Pile(database, webapp_clock)
        pile.poison = {pile.ids[n] for n in poisoned}
        pile.walk()
        assert pile.done() == set(pile.ids) - pile.poison
        assert {each.subject_id for each in pile.aside()} == pile.poison


def test_a_list_that_cannot_be_built_together_is_built_row_by_row():
    def build(numbers):
        return [60 // number for number in numbers]

    assert each_or_none(build, [1, 2, 3]) == [60, 30, 20]
    assert each_or_none(build, [1, 0, 3]) == [60, None, 20]
