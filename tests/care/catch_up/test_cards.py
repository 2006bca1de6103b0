"""Catch-up: one card for each missed seat, and what is on it."""

from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from tests.care.evenings import DAY, HOUR, missed, room, seat_of, was_there
from tests.counting import statements
from webapp.care.attendance.standing import Standing
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.catch_up import follow_ups, ledger
from webapp.care.catch_up.cards import CatchUpPart, catch_up
from webapp.care.make_ups import bookings, reflections
from webapp.care.materials import drafts, homework, resources, summaries
from webapp.care.materials.homework import HandIn
from webapp.protocol.reports import misses
from webapp.refusals import Conflict, Forbidden, Invalid
from webapp.web.page.markdown import html


@pytest.fixture
def seat(store, world, clock):
    return missed(store, world.carla, world.maya, clock.now())


@pytest.fixture
def task(store, world, clock, seat):
    made, _ = homework.put(
        store,
        world.harbor,
        "hw",
        title="A list",
        session=seat.session,
        by=world.carla,
        now=clock.now(),
    )
    return made


def card_of(store, client, clock):
    [card] = catch_up(store, client, misses.of(store, client, clock.now()), clock.now())
    return card


def test_a_missed_session_without_materials_has_a_card_with_the_follow_up(
    store, world, clock, seat
):
    card = card_of(store, world.maya, clock)
    assert (card.seat, card.standing, card.done, card.total) == (seat, Standing.MISSED, 0, 1)
    assert card.items[0].part is CatchUpPart.FOLLOW_UP


def test_who_was_there_has_nothing_to_catch_up_on(store, world, clock, seat):
    was_there(store, seat, world.carla, clock.now())
    assert misses.of(store, world.maya, clock.now()) == []


def test_the_card_counts_what_is_done(store, world, clock, seat, task):
    now = clock.now()
    maya, carla = world.maya, world.carla
    summaries.write(store, seat.session, "We spoke about sleep.", by=carla, now=now)
    reading, _ = resources.put(
        store, world.harbor, "read", kind="reading", title="Sleep", session=seat.session, by=carla, now=now
    )  # fmt: skip
    assert (card_of(store, maya, clock).done, card_of(store, maya, clock).total) == (0, 4)
    summaries.mark_read(store, seat.session, maya, by=maya, now=now)
    resources.finish(store, reading, maya, by=maya, now=now)
    homework.hand_in(store, task, "Bed, book, lamp.", by=maya, now=now)
    assert card_of(store, maya, clock).done == 3
    follow_ups.sign_off(store, seat, by=carla, now=now)
    assert card_of(store, maya, clock).whole


def test_a_card_holds_nothing_of_another_client(store, world, clock, seat):
    summaries.write(
        store, seat.session, "For Maya alone.", by=world.carla, now=clock.now(), client=world.maya
    )
    gus = room(
        store, world.carla, [world.gus], clock.now() - 2 * DAY, clock.now() - 3 * DAY, title="G"
    )
    homework.put(
        store, world.harbor, "gus", title="For Gus", session=gus, clients=[world.gus], by=world.carla, now=clock.now()
    )  # fmt: skip
    [card] = catch_up(store, world.gus, misses.of(store, world.gus, clock.now()), clock.now())
    assert [(item.part, item.title) for item in card.items] == [
        (CatchUpPart.HOMEWORK, "For Gus"), (CatchUpPart.FOLLOW_UP, "")
    ]  # fmt: skip
    assert summaries.shown(store, [seat.session_id], world.gus.id) == {}


def test_a_make_up_shows_on_the_card_and_is_no_card_of_its_own(store, world, clock, seat):
    other = room(
        store, world.colin, [], clock.now() + HOUR, clock.now(), title="Skills", makes_up=("group",)
    )
    made = bookings.book(store, seat, other, by=world.maya, now=clock.now())
    clock.forward(days=1)
    card = card_of(store, world.maya, clock)
    assert (card.seat, card.make_up) == (seat, made)


def test_many_cards_cost_as_many_statements_as_one(store, world, clock, seat, database):
    for day in range(2, 12):
        missed(store, world.carla, world.maya, clock.now() - day * DAY, ref=f"m{day}")
    store.flush()
    found = misses.of(store, world.maya, clock.now())
    with statements(database) as asked:
        cards = catch_up(store, world.maya, found, clock.now())
    assert len(cards) == 11
    assert len(asked) == 5, asked


class TestSummaries:
    def test_an_edit_is_a_new_version_and_the_newest_published_one_is_shown(
        self, store, world, clock, seat
    ):
        session, now = seat.session, clock.now()
        summaries.write(store, session, "One", by=world.carla, now=now)
        summaries.write(store, session, "Two", by=world.carla, now=now)
        summaries.write(store, session, "Three", by=world.carla, now=now, publish=False)
        [shown] = summaries.shown(store, [session.id], world.maya.id)[session.id]
        assert (shown.body, shown.version) == ("Two", 2)
        assert [each.body for each in store.scalars(summaries.versions(session))] == [
            "Three", "Two", "One"
        ]  # fmt: skip

    def test_the_same_words_again_are_the_same_version(self, store, world, clock, seat):
        first = summaries.write(store, seat.session, "One", by=world.carla, now=clock.now())
        assert (
            summaries.write(store, seat.session, " One ", by=world.carla, now=clock.now()) is first
        )
        store.commit()
        told = select(Event.tag).where(Event.tag == Tag.SUMMARY_PUBLISHED)
        assert len(store.scalars(told).all()) == 1

    def test_a_personal_part_stands_behind_the_general_one(self, store, world, clock, seat):
        summaries.write(
            store, seat.session, "You", by=world.carla, now=clock.now(), client=world.maya
        )
        summaries.write(store, seat.session, "All", by=world.carla, now=clock.now())
        shown = summaries.shown(store, [seat.session_id], world.maya.id)[seat.session_id]
        assert [each.body for each in shown] == ["All", "You"]

    def test_a_personal_part_is_for_somebody_with_a_place(self, store, world, clock, seat):
        with pytest.raises(Invalid):
            summaries.write(
                store, seat.session, "x", by=world.carla, now=clock.now(), client=world.gus
            )


class TestHomework:
    def test_drafts_survive_and_are_gone_once_handed_in(self, store, world, clock, task):
        drafts.save(store, task.about, "Bed", by=world.maya, now=clock.now())
        drafts.save(store, task.about, "Bed, book", by=world.maya, now=clock.now())
        assert drafts.of(store, world.maya, task.about).body == "Bed, book"
        homework.hand_in(store, task, "Bed, book, lamp", by=world.maya, now=clock.now())
        assert drafts.of(store, world.maya, task.about) is None

    def test_two_phones_never_overwrite_each_other(self, store, world, clock, task):
        edition = drafts.save(store, task.about, "phone", by=world.maya, now=clock.now())
        drafts.save(store, task.about, "tablet", by=world.maya, now=clock.now(), edition=edition)
        with pytest.raises(Conflict):
            drafts.save(
                store, task.about, "phone 2", by=world.maya, now=clock.now(), edition=edition
            )
        assert drafts.of(store, world.maya, task.about).body == "tablet"

    def test_handing_in_twice_is_once(self, store, world, clock, task):
        first = homework.hand_in(store, task, "Bed", by=world.maya, now=clock.now())
        assert homework.hand_in(store, task, "Lamp", by=world.maya, now=clock.now()) is first
        assert first.body == "Bed"

    def test_only_staff_give_feedback(self, store, world, clock, task):
        made = homework.hand_in(store, task, "Bed", by=world.maya, now=clock.now())
        assert store.scalars(homework.hand_ins_to_answer(world.carla)).all() == [made]
        with pytest.raises(Forbidden):
            homework.give_feedback(store, made, "Well done.", by=world.maya, now=clock.now())
        homework.give_feedback(store, made, "Well done.", by=world.carla, now=clock.now())
        assert made.feedback_by_id == world.carla.id
        assert store.scalars(homework.hand_ins_to_answer(world.carla)).all() == []

    def test_opened_again_it_goes_on_from_what_was_handed_in(self, store, world, clock, seat, task):
        made = homework.hand_in(store, task, "Bed", by=world.maya, now=clock.now())
        homework.reopen(store, made, by=world.carla, now=clock.now())
        assert drafts.of(store, world.maya, task.about).body == "Bed"
        assert card_of(store, world.maya, clock).done == 0
        homework.hand_in(store, task, "Bed, book", by=world.maya, now=clock.now())
        assert [each.body for each in store.scalars(select(HandIn).order_by(HandIn.id))] == [
            "Bed", "Bed, book"
        ]  # fmt: skip

    def test_homework_is_seen_only_by_those_it_is_for(self, store, world, clock, task):
        homework.put(
            store, world.harbor, "ben", title="Ben's", clients=[world.ben], by=world.carla, now=clock.now()
        )  # fmt: skip
        homework.put(store, world.harbor, "all", title="All", by=world.carla, now=clock.now())

        def seen(person):
            return {each.title for each in store.scalars(homework.visible_to(person))}

        assert seen(world.maya) == {"A list", "All"}
        assert seen(world.ben) == {"Ben's", "All"}
        assert seen(world.aiko) == seen(world.nora) == set()

    def test_a_client_of_another_program_is_refused(self, store, world, clock):
        with pytest.raises(Invalid) as refused:
            homework.put(
                store, world.harbor, "x", title="x", clients=[world.aiko], by=None, now=clock.now()
            )
        assert refused.value.field == "for"

    def test_putting_it_again_changes_it(self, store, world, clock, task):
        same, new = homework.put(
            store,
            world.harbor,
            "hw",
            title="Longer list",
            session=task.session,
            by=None,
            now=clock.now(),
        )
        assert (same, new, task.title) == (task, False, "Longer list")


class TestResources:
    def test_a_recording_goes_on_where_it_was_stopped(self, store, world, clock, seat):
        made, _ = resources.put(
            store, world.harbor, "rec", kind="recording", title="Sleep", session=seat.session,
            by=world.carla, now=clock.now(),
        )  # fmt: skip
        resources.keep_place(store, made, world.maya, 90.5, by=world.maya, now=clock.now())
        resources.keep_place(store, made, world.maya, 120, by=world.maya, now=clock.now())
        assert card_of(store, world.maya, clock).items[0].position == 120
        with pytest.raises(Forbidden):
            resources.keep_place(store, made, world.maya, 1, by=world.ben, now=clock.now())

    def test_finishing_twice_is_recorded_once(self, store, world, clock, seat):
        made, _ = resources.put(
            store, world.harbor, "r", kind="reading", title="x", by=None, now=clock.now()
        )
        for _ in range(2):
            resources.finish(store, made, world.maya, by=world.maya, now=clock.now())
        store.commit()
        told = select(Event.tag).where(Event.tag == Tag.RESOURCE_FINISHED)
        assert len(store.scalars(told).all()) == 1

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("kind", {"kind": "song"}), ("title", {"title": " "}), ("minutes", {"minutes": 0}),
            ("url", {"url": "javascript:alert(1)"}), ("url", {"url": "http://x.example.org"}),
            ("makes_up", {"makes_up": ["sleep"]}),
        ],
    )  # fmt: skip
    def test_invalid_fields_are_refused_by_name(self, store, world, clock, field, wrong):
        given = {"kind": "reading", "title": "x"} | wrong
        with pytest.raises(Invalid) as refused:
            resources.put(store, world.harbor, "r", by=None, now=clock.now(), **given)
        assert refused.value.field == field

    def test_what_is_taken_off_the_shelf_is_seen_by_staff_only(self, store, world, clock):
        made, _ = resources.put(
            store, world.harbor, "r", kind="reading", title="x", by=None, now=clock.now()
        )
        made.withdraw(store, by=world.carla, now=clock.now())
        assert store.scalars(resources.visible_to(world.maya, clock.now())).all() == []
        assert store.scalars(resources.visible_to(world.carla, clock.now())).all() == [made]


class TestLedger:
    def test_each_missed_seat_says_what_made_up_for_it_and_when(self, store, world, clock, seat):
        made, _ = resources.put(
            store, world.harbor, "rec", kind="recording", title="Sleep", makes_up=["group"],
            by=None, now=clock.now(),
        )  # fmt: skip
        booked = bookings.book(store, seat, made, by=world.maya, now=clock.now())
        [line] = ledger.entries(store, misses.of(store, world.maya, clock.now()))
        assert (line.by_what, line.made_up_at) == ("Sleep", None)
        reflections.hand_in(
            store,
            booked,
            "It is the light, not the hour, that counts.",
            by=world.maya,
            now=clock.now(),
        )
        [line] = ledger.entries(store, misses.of(store, world.maya, clock.now()))
        assert (line.standing, line.made_up_at) == (Standing.MADE_UP, booked.completed_at)
        assert not line.open_for_booking(clock.now())

    def test_what_is_open_says_until_when(self, store, world, clock, seat):
        [line] = ledger.entries(store, misses.of(store, world.maya, clock.now()))
        assert line.deadline == seat.session.ends_at + 14 * DAY
        assert line.open_for_booking(clock.now())
        assert not line.open_for_booking(line.deadline)


def test_only_staff_sign_off_a_follow_up_and_it_is_recorded_once(store, world, clock, seat):
    with pytest.raises(Forbidden):
        follow_ups.sign_off(store, seat, by=world.maya, now=clock.now())
    first = follow_ups.sign_off(store, seat, by=world.carla, now=clock.now(), note="Went well.")
    assert follow_ups.sign_off(store, seat, by=world.colin, now=clock.now()) is first
    assert first.by_id == world.carla.id


def test_no_follow_up_is_signed_off_before_the_session_begins(store, world, clock):
    coming = room(store, world.carla, [world.maya], clock.now() + DAY, clock.now())
    with pytest.raises(Invalid):
        follow_ups.sign_off(
            store, seat_of(store, coming, world.maya), by=world.carla, now=clock.now()
        )


def tags_of(shown):
    seen = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attrs: seen.append((tag, dict(attrs)))
    reader.feed(shown)
    return seen


class TestMarkdown:
    @pytest.mark.parametrize(
        "wrote",
        [
            '<div hx-get="/x">a</div>', "<script>alert(1)</script>", '<p style="x" id="y">z</p>',
            "[a](javascript:alert(1))", "[a](data:text/html;base64,xx)", "![a](https://x.example/y.png)",
            '<img src=x onerror="alert(1)">', "[a](//evil.example)", "[a](/sign-out)", '[a](https://x.example "t" onx=1)',
            "<a href='https://x' hx-on:click='y'>a</a>", "<form action=/sign-out><button>x</button></form>",
        ],
    )  # fmt: skip
    def test_nothing_but_plain_reading_comes_out(self, wrote):
        seen = tags_of(html(wrote))
        allowed = {"p", "a", "br", "strong", "em", "ul", "ol", "li", "h3", "h4", "h5", "blockquote"}
        assert {tag for tag, _ in seen} <= allowed
        for _, attributes in seen:
            assert attributes.keys() <= {"href", "rel", "start"}
            assert attributes.get("href", "https://").startswith(("https://", "mailto:", "tel:"))

    def test_what_people_do_write_comes_out(self):
        shown = html("# Sleep\n\n1. *dark*\n2. **cool**\n\n[more](https://example.org/a?b=1&c=2)")
        assert shown == (
            "<h3>Sleep</h3>\n<ol>\n<li><em>dark</em></li>\n<li><strong>cool</strong></li>\n</ol>\n"
            '<p><a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">more</a></p>\n'
        )

    def test_headings_stand_below_those_of_the_page(self):
        assert "<h5>" in html("##### deep")
        assert "<h1" not in html("# a\n\nb\n===")
