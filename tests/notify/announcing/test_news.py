"""News: a place that is held, times set and taken off, something to catch up on, answers and messages.

Each reaches those it concerns and nobody else, once, not at night, and not when it has become needless.
"""

import json

import pytest

from tests.care.evenings import COUPLES, DAY, HOUR, missed, room, seat_of, was_there
from tests.notify.announcing.test_announce import change, consent
from tests.notify.test_wording import NEVER
from webapp.care import leaving
from webapp.care.contact import messages
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.make_ups import bookings, held_places, reflections, settlement, waitlist
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.materials import homework, resources, summaries
from webapp.care.privacy.consents import Consent
from webapp.care.schedule.sessions import Seat, Session
from webapp.notify.delivery.parcels import FOR_STAFF, PAGES

WORDS = "What stayed with me is that asking early is easier than explaining later."


def told(post, kind=None):
    """(kind, whom) of every row, in order."""
    with post.database.reading() as store:
        refs = {each.id: each.ref for each in store.query(Person)}
    return [(r.kind, refs[r.person_id]) for r in post.rows() if kind in (None, r.kind)]


def why(post):
    return [(row.kind, row.why) for row in post.rows() if row.cancelled_at]


def missed_seat(post, client="maya", **more):
    return post.plan(
        lambda store, cast: missed(
            store, cast.carla, getattr(cast, client), post.clock.now(), **more
        )
    )


def another_room(post, *, after=3 * DAY, clients=(), **more):
    def open_one(store, cast):
        now = post.clock.now()
        more.setdefault("makes_up", ("group",))
        seated = [getattr(cast, each) for each in clients]
        return room(store, cast.colin, seated, now + after, now, title="Skills", **more)

    return post.plan(open_one)


def book(post, seat, session, by="maya"):
    return post.do(
        lambda store, cast: bookings.book(
            store, store.get(Seat, seat.id), store.get(Session, session.id),
            by=getattr(cast, by), now=post.clock.now(),
        )
    )  # fmt: skip


def lock_screens(post):
    return [json.loads(parcel.content)["notification"] for parcel in post.push.sent]


# --- a place that is held ---------------------------------------------------------------------------------------------


@pytest.fixture
def hold(post, world):
    """A place is held for Maya, who waits for it."""
    seat = missed_seat(post)
    full = another_room(post, clients=["zoe"], capacity=1)

    def wait(store, cast):
        entry = store.get(Session, full.id)
        waitlist.join(store, store.get(Seat, seat.id), entry, by=cast.maya, now=post.clock.now())
        seat_of(store, entry, cast.zoe).release(store, by=cast.cody, now=post.clock.now())

    post.plan(wait)
    held_places.offer_freed(post.database, post.clock.now())
    return seat


def the_hold(store):
    return store.scalars(waitlist.live()).one()


def test_a_held_place_is_told_to_the_one_it_is_held_for_with_its_end(post, hold):
    post.device(post.world.maya)
    post.run()
    assert told(post) == [("place_held", "maya")]
    [row] = post.rows()
    assert row.not_after == row.about_at == post.do(lambda store, cast: the_hold(store).until)
    [shown] = lock_screens(post)
    assert (
        shown["body"]
        == "A time you hoped for is free. It is kept for you until Wednesday at 3:00 PM."
    )
    assert shown["navigate"] == f"https://day.example/seats/{hold.id}/make-ups"


def test_a_hold_that_ran_out_is_never_told(post, hold):
    post.announce()
    post.clock.forward(hours=2)
    post.deliver()
    assert post.ends() == [("email", "expired")]


@pytest.mark.parametrize("answer", ["accept", "let_go"])
def test_a_hold_that_was_answered_meanwhile_is_not_told(post, hold, answer):
    post.announce()

    def act(store, cast):
        verb = bookings.accept if answer == "accept" else waitlist.let_go
        verb(store, the_hold(store), by=cast.maya, now=post.clock.now())

    post.do(act)
    post.run()
    assert why(post) == [("place_held", "taken")]


def test_a_hold_at_night_is_told_in_the_morning_in_time(post, world):
    """Quiet hours hold; the hold lasts an hour beyond them."""
    seat = missed_seat(post)
    post.clock.forward(hours=9)

    open_room = another_room(post)

    def hold(store, cast):
        session = store.get(Session, open_room.id)
        waitlist.join(store, store.get(Seat, seat.id), session, by=cast.maya, now=post.clock.now())
        held_places.serve(store, session, now=post.clock.now())

    post.do(hold)
    post.run()
    [row] = post.rows()
    assert row.sent_at is None
    assert row.due_at < row.not_after
    post.clock.set(row.due_at)
    post.deliver()
    assert post.ends() == [("email", "sent")]


# --- times set and taken off ------------------------------------------------------------------------------------------


@pytest.fixture
def couple_room(post, world):
    """A couples hour that Maya missed and Ben attended."""

    def sit(store, cast):
        now = post.clock.now()
        hour = room(
            store, cast.tessa, [cast.maya, cast.ben], now - DAY, now - 3 * DAY, kind=COUPLES,
            title="Couples hour",
        )  # fmt: skip
        was_there(store, seat_of(store, hour, cast.ben), cast.tessa, now)
        return seat_of(store, hour, cast.maya)

    return post.plan(sit)


@pytest.fixture
def joint(post, couple_room):
    return another_room(post, kind=COUPLES, makes_up=(COUPLES.value,))


def test_the_partner_of_a_joint_make_up_is_told_of_their_own_place_alone(
    post, world, couple_room, joint
):
    post.device(world.ben)
    book(post, couple_room, joint)
    post.run()
    assert told(post) == [("make_up_booked", "ben")]
    [row] = post.rows()
    assert (row.client_id, row.consent_category) == (world.ben.id, None)
    [shown] = lock_screens(post)
    assert shown["navigate"] == f"https://day.example/seats/{row.seat_id}"
    assert row.seat_id != couple_room.id


def test_the_person_who_booked_it_is_not_told(post, couple_room, joint):
    book(post, couple_room, joint)
    post.announce()
    assert ("make_up_booked", "maya") not in told(post)


def test_what_staff_booked_is_told_to_both(post, couple_room, joint):
    book(post, couple_room, joint, by="tessa")
    post.announce()
    assert sorted(told(post)) == [("make_up_booked", "ben"), ("make_up_booked", "maya")]


def both_missed(post):
    """Maya's seat in an hour yesterday that neither of the couple came to."""

    def sit(store, cast):
        now = post.clock.now()
        hour = room(
            store, cast.tessa, [cast.maya, cast.ben], now - DAY, now - 3 * DAY, kind=COUPLES,
            title="Couples hour",
        )  # fmt: skip
        return seat_of(store, hour, cast.maya)

    return post.plan(sit)


def test_a_couple_that_both_missed_it_is_told_once_each(post, world):
    seat = both_missed(post)
    book(post, seat, another_room(post, kind=COUPLES, makes_up=(COUPLES.value,)))
    post.announce()
    assert told(post) == [("make_up_booked", "ben")]


def test_a_supporting_partner_is_told_only_by_a_consent_for_make_ups(post, world):
    """P1: at announcing, and again when it leaves."""

    def sit(store, cast):
        now = post.clock.now()
        hour = room(
            store, cast.tessa, [cast.june], now - DAY, now - 3 * DAY, kind=COUPLES, title="Hour"
        )
        return seat_of(store, hour, cast.june)

    seat = post.plan(sit)
    joint = another_room(post, kind=COUPLES, makes_up=(COUPLES.value,))
    made = book(post, seat, joint, by="june")
    post.announce()
    assert told(post) == []
    given = consent(post, world.june, world.henry, "make_ups")
    give_up(post, made, "june")
    book(post, seat, joint, by="june")
    post.announce()
    assert told(post, "make_up_booked") == [("make_up_booked", "henry")]

    def take_back(store, cast):
        row = store.get(Consent, given.id)
        row.revoke(store, by=row.client, now=post.clock.now())

    post.do(take_back)
    post.deliver()
    assert ("make_up_booked", "consent") in why(post)


def give_up(post, made, by):
    def cancel(store, cast):
        row = store.get(MakeUp, made.id)
        row.cancel(store, by=getattr(cast, by), now=post.clock.now())

    post.do(cancel)


def test_a_booked_time_that_moved_is_told_as_a_change(post, couple_room, joint):
    later = another_room(post, after=4 * DAY, kind=COUPLES, makes_up=(COUPLES.value,), ref="later")
    made = book(post, couple_room, joint)
    post.run()
    post.do(
        lambda store, cast: bookings.move(
            store, store.get(MakeUp, made.id), store.get(Session, later.id), by=cast.maya,
            now=post.clock.now(),
        )
    )  # fmt: skip
    post.run()
    assert told(post)[1:] == [("session_moved", "ben")]


def test_a_partner_with_a_place_only_by_it_learns_that_it_is_off(post, couple_room, joint):
    made = book(post, couple_room, joint)
    post.run()
    give_up(post, made, "maya")
    post.run()
    assert told(post)[1:] == [("session_cancelled", "ben")]
    assert post.ends()[1:] == [("email", "open")]
    wait_a_little(post)
    assert post.ends()[1:] == [("email", "sent")]


def test_a_partner_whose_own_make_up_went_with_it_may_look_for_another(post, world):
    seat = both_missed(post)
    made = book(post, seat, another_room(post, kind=COUPLES, makes_up=(COUPLES.value,)))
    post.run()
    give_up(post, made, "maya")
    post.announce()
    assert told(post)[1:] == [("make_up_cancelled", "ben")]


def test_when_staff_end_the_couple_both_are_told_that_their_joint_time_is_off(post, world):
    book(post, both_missed(post), another_room(post, kind=COUPLES, makes_up=(COUPLES.value,)))
    post.run()
    post.do(
        lambda store, cast: leaving.end_couple(
            store, cast.maya_and_ben, by=cast.susan, now=post.clock.now()
        )
    )
    post.announce()
    assert sorted(told(post)[1:]) == [("make_up_cancelled", "ben"), ("make_up_cancelled", "maya")]


def test_a_make_up_whose_session_is_called_off_is_told_once_in_words_that_help(post, world):
    """Not once as a session and once as a make-up."""
    seat, other = missed_seat(post), another_room(post)
    made = book(post, seat, other)
    post.step(made.by_seat, "heads_up")
    post.run()
    post.do(
        lambda store, cast: store.get(Session, other.id).cancel(
            store, "flooded", by=cast.cody, now=post.clock.now()
        )
    )
    post.announce()
    settlement.settle(post.database, post.clock.now())
    post.run()
    assert told(post) == [("heads_up", "maya"), ("make_up_cancelled", "maya")]
    letter = post.email.sent[-1].content.text
    assert "Let's find another" in letter
    assert f"https://day.example/seats/{seat.id}\n" in letter


def test_the_person_who_gave_up_a_make_up_is_not_told(post, world):
    made = book(post, missed_seat(post), another_room(post))
    give_up(post, made, "maya")
    post.announce()
    assert told(post) == []


def test_other_times_are_not_offered_to_a_client_who_has_found_one_meanwhile(post, world):
    seat = missed_seat(post)
    made = book(post, seat, another_room(post))
    give_up(post, made, "cody")
    post.announce()
    book(post, seat, another_room(post, after=4 * DAY, ref="other"))
    post.deliver()
    assert why(post) == [("make_up_cancelled", "booked")]


def test_the_notice_of_a_make_up_that_passed_is_warm(post, world):
    post.device(world.maya)
    seat = missed_seat(post)
    made = book(post, seat, another_room(post, after=DAY))
    post.do(lambda store, cast: store.get(MakeUp, made.id).lapse(store, now=post.clock.now()))
    post.run()
    assert told(post) == [("make_up_lapsed", "maya")]
    [shown] = lock_screens(post)
    assert shown["body"].startswith("There are other times you can choose from.")
    assert shown["navigate"] == f"https://day.example/seats/{seat.id}/make-ups"


# --- catching up ------------------------------------------------------------------------------------------------------


@pytest.fixture
def evening(post, world):
    """An evening that Maya missed, and Gus attended; Zoe and Ivy had told us before."""

    def sit(store, cast):
        now = post.clock.now()
        group = room(
            store, cast.carla, [cast.maya, cast.gus], now - DAY, now - 3 * DAY, title="Evening"
        )
        was_there(store, seat_of(store, group, cast.gus), cast.carla, now)
        return group

    made = post.plan(sit)
    post.run()
    return made


def publish(post, session, body="We spoke about sleep.", **more):
    def write(store, cast):
        if isinstance(more.get("client"), str):
            more["client"] = getattr(cast, more["client"])
        return summaries.write(
            store, store.get(Session, session.id), body, by=cast.carla, now=post.clock.now(), **more
        )

    return post.do(write)


def set_homework(post, session, ref="hw", clients=None):
    def put(store, cast):
        named = clients and [getattr(cast, each) for each in clients]
        return homework.put(
            store, cast.harbor, ref, title="A list", session=store.get(Session, session.id),
            clients=named, by=cast.carla, now=post.clock.now(),
        )[0]  # fmt: skip

    return post.do(put)


def put_on_shelf(post, session, ref="rec"):
    def put(store, cast):
        return resources.put(
            store, cast.harbor, ref, kind="reading", title="Sleep", body="Sleep well.",
            session=store.get(Session, session.id), by=cast.carla, now=post.clock.now(),
        )[0]  # fmt: skip

    return post.do(put)


def wait_a_little(post):
    post.clock.forward(minutes=11)
    post.deliver()


def test_a_summary_is_told_to_those_who_were_not_there_and_to_nobody_else(post, world, evening):
    post.device(world.maya)
    publish(post, evening)
    post.run()
    assert told(post) == [("catch_up", "maya")]
    wait_a_little(post)
    [shown] = lock_screens(post)
    assert shown["navigate"] == "https://day.example/catch-up"
    assert "sleep" not in json.dumps(shown)


def test_what_is_published_together_is_told_once(post, evening):
    """One letter, not three, for a summary, homework and a reading of one evening."""
    publish(post, evening)
    post.run()
    post.clock.forward(minutes=4)
    set_homework(post, evening)
    post.run()
    post.clock.forward(minutes=4)
    put_on_shelf(post, evening)
    post.run()
    wait_a_little(post)
    assert len(post.email.sent) == 1
    assert why(post) == [("catch_up", "superseded")] * 2


def test_a_newer_notice_replaces_the_older_one_on_the_screen(post, world, evening):
    post.device(world.maya)
    publish(post, evening)
    post.announce()
    wait_a_little(post)
    set_homework(post, evening)
    post.announce()
    wait_a_little(post)
    first, second = post.push.sent
    assert first.topic == second.topic


def test_a_summary_that_was_read_meanwhile_is_not_told(post, evening):
    publish(post, evening)
    post.announce()
    post.do(
        lambda store, cast: summaries.mark_read(
            store, store.get(Session, evening.id), cast.maya, by=cast.maya, now=post.clock.now()
        )
    )
    wait_a_little(post)
    assert why(post) == [("catch_up", "read")]


def test_something_else_of_that_evening_still_to_do_is_told(post, evening):
    set_homework(post, evening)
    publish(post, evening)
    post.announce()
    post.do(
        lambda store, cast: summaries.mark_read(
            store, store.get(Session, evening.id), cast.maya, by=cast.maya, now=post.clock.now()
        )
    )
    wait_a_little(post)
    assert len(post.email.sent) == 1


def test_a_new_version_of_the_same_summary_is_not_announced(post, evening):
    publish(post, evening)
    post.announce()
    publish(post, evening, "We spoke about sleep and rest.")
    post.announce()
    assert told(post) == [("catch_up", "maya")]


def test_a_personal_part_is_told_to_its_client_alone(post, evening):
    publish(post, evening, client="gus")
    post.announce()
    assert told(post) == []
    publish(post, evening, client="maya")
    post.announce()
    assert told(post) == [("catch_up", "maya")]


def test_homework_for_somebody_else_is_not_told(post, evening):
    set_homework(post, evening, clients=["gus"])
    post.announce()
    assert told(post) == []


def test_nobody_is_told_to_catch_up_on_a_session_that_has_not_been(post, world):
    set_homework(post, another_room(post, clients=["maya"]))
    post.announce()
    assert told(post) == []


def test_news_a_client_switched_off_are_not_sent(post, world, evening):
    change(post, world.maya, off=["catch_up"])
    publish(post, evening)
    post.announce()
    assert told(post) == []


# --- what comes back --------------------------------------------------------------------------------------------------


@pytest.fixture
def handed_in(post, evening):
    """Maya hands homework in."""
    task = set_homework(post, evening)
    post.announce()
    wait_a_little(post)

    def hand(store, cast):
        found = store.get(homework.Homework, task.id)
        return homework.hand_in(store, found, "My list", by=cast.maya, now=post.clock.now())

    return post.do(hand)


def test_what_is_handed_in_is_told_to_the_counselor(post, handed_in):
    post.run()
    assert told(post)[1:] == [("homework_handed_in", "carla")]
    letter = post.email.sent[-1].content
    assert "Maya" not in letter.text
    assert f"/staff/hand-ins/{handed_in.id}\n" in letter.text


def test_what_was_answered_meanwhile_is_not_told_to_the_counselor(post, handed_in):
    post.announce()
    answer(post, handed_in)
    post.deliver()
    assert ("homework_handed_in", "answered") in why(post)


def answer(post, made):
    post.do(
        lambda store, cast: homework.give_feedback(
            store, store.get(homework.HandIn, made.id), "Well seen.", by=cast.carla,
            now=post.clock.now(),
        )
    )  # fmt: skip


def test_an_answer_is_told_to_the_client(post, handed_in):
    answer(post, handed_in)
    post.run()
    assert ("homework_answered", "maya") in told(post)


@pytest.mark.parametrize(("by", "tells"), [("carla", True), ("maya", False)])
def test_homework_opened_again_is_told_unless_the_client_did_it(post, handed_in, by, tells):
    post.do(
        lambda store, cast: homework.reopen(
            store, store.get(homework.HandIn, handed_in.id), by=getattr(cast, by),
            now=post.clock.now(),
        )
    )  # fmt: skip
    post.announce()
    assert (("homework_reopened", "maya") in told(post)) == tells


@pytest.fixture
def reflected(post, world):
    """Maya watches a recording and writes what stayed with her; answers her make-up."""
    seat = missed_seat(post)

    def reflect(store, cast):
        now = post.clock.now()
        recording, _ = resources.put(
            store, cast.harbor, "rec", kind="recording", title="Sleep", minutes=50,
            url="https://video.example.org/9", makes_up=["group"], by=cast.carla, now=now,
        )  # fmt: skip
        made = bookings.book(store, store.get(Seat, seat.id), recording, by=cast.maya, now=now)
        reflections.hand_in(store, made, WORDS, by=cast.maya, now=now)
        return made

    made = post.do(reflect)
    post.announce()
    return made


def confirm(post, made, feedback=""):
    post.do(
        lambda store, cast: reflections.confirm(
            store, store.get(MakeUp, made.id), by=cast.carla, now=post.clock.now(),
            feedback=feedback,
        )
    )  # fmt: skip


def test_a_reflection_is_told_to_the_counselor_until_it_is_confirmed(post, reflected):
    assert told(post) == [("reflection_handed_in", "carla")]
    confirm(post, reflected)
    post.deliver()
    assert why(post) == [("reflection_handed_in", "answered")]
    post.announce()
    assert told(post, "reflection_answered") == []


def test_an_answer_to_a_reflection_is_told_to_the_client_once_and_says_nothing(post, reflected):
    post.device(post.world.maya)
    confirm(post, reflected, "Asking early: yes.")
    confirm(post, reflected, "Asking early: yes.")
    post.run()
    assert told(post, "reflection_answered") == [("reflection_answered", "maya")]
    [shown] = lock_screens(post)
    assert shown["navigate"] == f"https://day.example/seats/{reflected.seat_id}/make-ups"
    assert shown["body"] == "Something you sent has an answer."


def test_a_client_can_switch_off_notices_of_answers_to_reflections(post, world, reflected):
    change(post, world.maya, off=["reflection_answered"])
    confirm(post, reflected, "Asking early: yes.")
    post.announce()
    assert told(post, "reflection_answered") == []


# --- messages ---------------------------------------------------------------------------------------------------------


def write(post, by, body="Can we talk about Thursday?"):
    return post.do(
        lambda store, cast: messages.send(
            store, cast.maya, body, by=getattr(cast, by), now=post.clock.now()
        )
    )


@pytest.mark.parametrize(
    ("by", "whom", "page"),
    [("maya", "carla", "/staff/people/{}/messages"), ("carla", "maya", "/messages")],
)
def test_a_message_is_announced_to_the_other_side(post, world, by, whom, page):
    post.device(getattr(world, whom))
    write(post, by)
    post.run()
    assert told(post) == [("message", whom)]
    [shown] = lock_screens(post)
    assert shown["body"] == "You have a new message."
    assert shown["navigate"] == "https://day.example" + page.format(world.maya.id)


def test_a_message_reaches_the_cover_of_a_counselor_who_is_away(post, world):
    def away(store, cast):
        now = post.clock.now()
        store.add(
            teams.Cover(
                person_id=cast.carla.id, covered_by_id=cast.colin.id, starts_at=now - HOUR,
                ends_at=now + DAY,
            )
        )  # fmt: skip

    post.do(away)
    write(post, "maya")
    post.announce()
    assert told(post) == [("message", "colin")]


def test_a_message_that_was_read_meanwhile_is_not_told(post, world):
    write(post, "carla")
    post.announce()
    post.do(
        lambda store, cast: messages.mark_read(store, cast.maya, by=cast.maya, now=post.clock.now())
    )
    post.deliver()
    assert why(post) == [("message", "read")]


def test_messages_of_one_night_are_one_notice_in_the_morning(post, world):
    """Nobody is woken, and nobody finds five letters."""
    post.clock.forward(hours=10)
    for _ in range(3):
        write(post, "carla")
        post.run()
        post.clock.forward(minutes=5)
    assert post.email.sent == []
    post.clock.forward(hours=9)
    post.deliver()
    assert len(post.email.sent) == 1
    assert why(post) == [("message", "superseded")] * 2


def test_a_message_during_the_day_is_told_at_once(post, world):
    for number in (1, 2):
        write(post, "carla")
        post.run()
        assert len(post.email.sent) == number
        post.clock.forward(minutes=11)


# --- folded (S17) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["maya", "carla"])
def test_many_messages_in_a_row_are_one_notice_at_once_and_one_for_the_rest(post, world, by):
    for _ in range(9):
        write(post, by)
        post.run()
        post.clock.forward(seconds=50)
    assert len(post.email.sent) == 1
    post.clock.forward(minutes=3)
    post.run()
    assert len(post.email.sent) == 2
    assert why(post) == [("message", "superseded")] * 7


def test_who_never_stops_writing_is_heard_every_ten_minutes(post, world):
    for _ in range(60):
        write(post, "maya")
        post.run()
        post.clock.forward(minutes=1)
    assert len(post.email.sent) == 6
    post.clock.forward(hours=1)
    post.run()
    assert len(post.email.sent) == 7


def test_messages_that_are_announced_together_are_folded_too(post, world):
    for _ in range(5):
        write(post, "maya")
    post.run()
    assert len(post.email.sent) == 1
    wait_a_little(post)
    assert len(post.email.sent) == 2


def test_a_joint_time_booked_and_given_up_again_and_again_is_told_twice(post, couple_room, joint):
    """The partner learns at once, and after ten minutes what holds then."""
    for _ in range(5):
        made = book(post, couple_room, joint)
        post.run()
        give_up(post, made, "maya")
        post.run()
    assert [kind for kind, _, _ in post.sent()] == ["make_up_booked"]
    wait_a_little(post)
    assert [kind for kind, _, _ in post.sent()] == ["make_up_booked", "session_cancelled"]


def test_a_joint_time_that_begins_within_the_hour_is_told_at_once(post, couple_room):
    soon = another_room(post, after=HOUR / 2, kind=COUPLES, makes_up=(COUPLES.value,))
    give_up(post, book(post, couple_room, soon), "maya")
    post.run()
    assert ("session_cancelled", "ben") in told(post)
    assert [kind for kind, _, _ in post.sent()][-1] == "session_cancelled"


def test_two_joint_times_are_two_subjects(post, couple_room, joint):
    later = another_room(post, after=4 * DAY, kind=COUPLES, makes_up=(COUPLES.value,), ref="later")
    give_up(post, book(post, couple_room, joint), "maya")
    book(post, couple_room, later)
    post.run()
    assert [kind for kind, _, _ in post.sent()] == ["make_up_booked"]
    wait_a_little(post)
    assert [kind for kind, _, _ in post.sent()].count("make_up_booked") == 1
    assert [kind for kind, _, _ in post.sent()].count("session_cancelled") == 1


def test_homework_handed_in_and_opened_again_and_again_is_told_twice(post, world, handed_in):
    for n in range(4):
        post.run()

        def again(store, cast, n=n):
            task = store.get(homework.Homework, handed_in.homework_id)
            made = store.scalars(homework.current_hand_in(task, cast.maya.id)).one()
            homework.reopen(store, made, by=cast.maya, now=post.clock.now())
            store.flush()
            homework.hand_in(store, task, f"List {n}", by=cast.maya, now=post.clock.now())

        post.do(again)
    post.run()
    wait_a_little(post)
    assert [kind for kind, _, _ in post.sent()].count("homework_handed_in") == 2


def test_answers_to_two_texts_are_two_notices_and_to_one_text_one(post, world, evening, handed_in):
    second = set_homework(post, evening, ref="second")
    other = post.do(
        lambda store, cast: homework.hand_in(
            store, store.get(homework.Homework, second.id), "More", by=cast.maya, now=post.clock.now()
        )
    )  # fmt: skip
    for made in (handed_in, other, handed_in, handed_in):
        answer(post, made)
    post.run()
    assert [kind for kind, _, _ in post.sent()].count("homework_answered") == 2


def test_no_notice_holds_words_that_somebody_wrote(post, world, evening):
    """P5: canaries in every field that people write into."""
    canary = "CANARY-7f3a"
    for name in ("maya", "carla"):
        post.device(getattr(world, name))
        write(post, name, canary)
    publish(post, evening, canary)
    post.do(
        lambda store, cast: homework.put(
            store, cast.harbor, "c", title=canary, body=canary, by=cast.carla,
            session=store.get(Session, evening.id), now=post.clock.now(),
        )
    )  # fmt: skip
    post.announce()
    wait_a_little(post)
    assert len(post.push.sent) == 3
    assert canary not in "".join(str(parcel.content) for parcel in post.push.sent)
    assert all(name not in str(post.push.sent) for name in ("Maya", "Carla", "Evening"))


@pytest.mark.parametrize(
    "path", [*FOR_STAFF.values(), "/messages", "/catch-up", "/seats/{seat}/make-ups"]
)
def test_every_notice_opens_a_page_that_exists(app, path):
    pages = app.url_map.bind("day.example")
    assert pages.test(path.format(seat=1, client=1, about=1), method="GET")


@pytest.mark.parametrize("kind", PAGES)
def test_the_address_in_an_e_mail_says_no_more_than_the_e_mail(kind):
    """P5: an address is read by strangers, too."""
    printed = PAGES[kind][1]
    assert not [word for word in (*NEVER, "make-up", "homework") if word in printed]
