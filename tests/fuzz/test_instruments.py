"""What the fuzzing notices with, tried out itself: changes that stand, and markup that came back."""

import pytest
from markupsafe import escape

from tests.fuzz.corpus import MARKED, reflected
from tests.fuzz.watching import changes
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.privacy import record_views
from webapp.care.privacy.record_views import What
from webapp.spellings import row_number


def rename(database, person_id: int, *, keep: bool) -> None:
    with database.writing() as store:
        store.get_one(Person, person_id).name = "Somebody Else"
        store.flush()
        if keep:
            store.commit()


def test_a_change_that_was_kept_is_seen_and_one_that_was_not_is_none(database, world):
    with changes(database.readers) as seen:
        rename(database, world.maya.id, keep=False)
        assert seen.take() == set()
        rename(database, world.maya.id, keep=True)
        assert seen.take() == {"UPDATE person"}
        assert seen.take() == set()


def test_the_trace_of_a_reading_is_told_from_other_events(database, world, clock):
    by, now = world.carla, clock.now()
    with changes(database.readers) as seen:
        for more, kept in ((False, "INSERT reading"), (True, "INSERT event")):
            with database.writing() as store:
                of = {"by": by.id, "now": now, "program_id": by.program_id}
                record_views.record(store, What.CHART, [world.maya.id], **of)
                if more:
                    events.record(
                        store, Tag.SIGNED_OUT, person=by, by=by, now=now, why="signed_out"
                    )
                store.commit()
            assert seen.take() == {kept, "UPDATE chain_head"}


def test_a_change_undone_around_it_is_none(database, world):
    with changes(database.readers) as seen:
        around = database.readers.begin_nested()
        rename(database, world.maya.id, keep=True)
        around.rollback()
        assert seen.take() == set()


@pytest.mark.parametrize("words", MARKED)
def test_hostile_words_are_seen_unless_they_are_escaped(words):
    page = '<a href="{0}">x</a><input value="{0}"><input value=\'{0}\'><p>{0}</p>'
    assert reflected(page.format(words))
    if "javascript:" not in words:
        assert not reflected(page.format(escape(words)))


@pytest.mark.parametrize("text", ["²", "٣", "-1", "1.5", "", "9" * 11, "2147483648", " 7", "0x10"])
def test_numbers_that_name_no_row_are_none(text):
    assert row_number(text) == 0
