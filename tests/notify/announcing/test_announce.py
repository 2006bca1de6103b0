"""An event is announced to the people it concerns, at the addresses they prefer, under the consents that cover it."""

import re
from datetime import timedelta

import pytest

from tests.notify.conftest import end_of
from webapp.care import leaving
from webapp.care.attendance import absences, presence
from webapp.care.attendance.presence import Sighting
from webapp.care.audit import events
from webapp.care.audit.events import Cursor
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses, contacts, tasks
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person, Status
from webapp.care.privacy import consents
from webapp.care.schedule.sessions import Seat, Session
from webapp.notify.announcing import announce
from webapp.notify.channels.parcel import Undeliverable
from webapp.protocol.engine.overdue_tasks import tend


def consent(post, client, recipient, category="reminders", days=30):
    def sign(store, cast):
        return consents.grant(
            store, getattr(cast, client.ref), getattr(cast, recipient.ref), category,
            purpose="so that we come together", signature=client.name, by=getattr(cast, client.ref),
            expires_at=post.clock.now() + timedelta(days=days), now=post.clock.now(),
        )  # fmt: skip

    return post.do(sign)


def change(post, person, **wishes):
    def set_wishes(store, cast):
        row = store.get(Person, person.id)
        row.preferences = {**row.preferences, **wishes}

    post.do(set_wishes)


def told(post):
    return [(row.kind, row.channel) for row in post.rows()]


def test_a_reminder_goes_to_the_first_channel_with_an_address(post, world):
    [seat] = post.room(world.maya)
    post.step(seat, "soon")
    post.run()
    assert post.sent() == [("soon", "email", "maya@example.org")]


def test_every_device_of_the_person_is_one_address_of_the_push_channel(post, world):
    post.device(world.maya, "phone")
    post.device(world.maya, "laptop")
    [seat] = post.room(world.maya)
    post.step(seat, "soon")
    post.run()
    assert [address.rpartition("/")[2] for _, _, address in post.sent()] == ["phone", "laptop"]
    assert told(post) == [("soon", "push")] * 2


def test_the_persons_own_order_of_channels_decides(post, world):
    post.device(world.maya, channels=["sms", "push"])
    [seat] = post.room(world.maya)
    post.step(seat, "soon")
    post.announce()
    assert told(post) == [("soon", "sms")]


def test_the_second_check_goes_by_every_channel_the_client_allows(post, world):
    post.device(world.maya, channels=["push", "email"])
    [seat] = post.room(world.maya)
    post.step(seat, "second_check")
    post.announce()
    assert told(post) == [("second_check", "push"), ("second_check", "email")]


def test_a_rung_somebody_switched_off_is_not_sent_to_them(post, world):
    change(post, world.maya, off=["soon"])
    [seat] = post.room(world.maya)
    post.step(seat, "soon")
    post.step(seat, "doors_open")
    post.announce()
    assert told(post) == [("doors_open", "email")]


def test_what_was_marked_unsafe_is_no_fallback_even_when_stopped_and_added_again(post, world):
    post.device(world.maya)
    post.push.trouble = lambda parcel: Undeliverable("answered 410", gone=True)

    def mark(store, cast):
        now, at = post.clock.now(), cast.maya.email
        addresses.mark(store, cast.maya, at, unsafe=True, by=cast.maya, now=now)
        store.scalars(addresses.live("email", at)).one().stop(store, "refused", by=None, now=now)
        addresses.add(store, cast.maya, "email", at, by=cast.maya, now=now)

    post.do(mark)
    post.do(lambda store, cast: announce.skip_past_events(store))
    [seat] = post.room(world.maya, hours=1)
    post.step(seat, "soon")
    post.run()
    assert post.push.tried
    assert post.email.tried == []
    assert [parcel.address for parcel in post.sms.sent] == [world.maya.phone]


@pytest.mark.parametrize("mark", ["opted_in_at", "stopped_at", "unsafe_at"])
def test_an_address_not_opted_into_stopped_or_unsafe_is_never_used(post, world, mark):
    """P9: not even as a fallback."""

    def close(store, cast):
        for address in store.scalars(addresses.of(world.maya.id)):
            setattr(address, mark, None if mark == "opted_in_at" else post.clock.now())

    post.do(close)
    [seat] = post.room(world.maya)
    post.step(seat, "second_check")
    post.announce()
    assert told(post) == []


@pytest.mark.parametrize("result", ["stood_down", "expired"])
def test_a_rung_that_was_not_taken_tells_nobody(post, world, result):
    [seat] = post.room(world.maya)
    post.step(seat, "soon", result)
    post.announce()
    assert told(post) == []


def test_announcing_twice_makes_each_notification_once(post, world):
    [seat] = post.room(world.maya)
    post.step(seat, "soon")
    assert post.announce() == 1
    assert post.announce() == 0
    with post.database.writing() as store:
        store.get(Cursor, announce.READER).event_id -= 1
        store.commit()
    assert post.announce() == 0
    assert len(post.rows()) == 1


def test_more_events_than_a_batch_are_all_announced(post, world):
    for seat in post.room(world.maya, world.ben, world.june, world.ivy, world.gus):
        post.step(seat, "soon")
    assert announce.announce(post.database, post.clock.now(), batch=2) == 5
    assert len({row.person_id for row in post.rows()}) == 5


def test_past_events_can_be_skipped(post, world):
    [seat] = post.room(world.maya)
    post.step(seat, "soon")
    post.do(lambda store, cast: announce.skip_past_events(store))
    post.announce()
    assert told(post) == []


def test_a_reminder_decided_before_a_move_is_not_sent_after_it(post, world):
    """Both happened while announcing was down; the reminder was about the old time."""
    [seat] = post.room(world.maya)
    post.step(seat, "heads_up")
    move(post, seat, hours=2)
    post.announce()
    assert told(post) == [("session_moved", "email")]


def test_a_reminder_expires_at_the_sessions_end(post, world):
    [seat] = post.room(world.maya, hours=1)
    post.step(seat, "soon")
    post.announce()
    [row] = post.rows()
    assert row.not_after == seat.session.ends_at
    assert row.about_at == seat.session.starts_at


# --- partners (rule 8) ------------------------------------------------------------------------------------------------


def test_a_partner_is_told_nothing_without_a_consent(post, world):
    [seat] = post.room(world.june)
    post.step(seat, "soon")
    post.announce()
    assert [row.person_id for row in post.rows()] == [world.june.id]


def test_a_partner_gets_the_reminders_before_the_start_under_a_consent(post, world):
    consent(post, world.june, world.henry)
    post.room(world.june)
    for hours in (0, 23, 0.9):
        post.clock.forward(hours=hours)
        post.announce()
        post.announce()
    henry = post.rows(person_id=world.henry.id)
    assert {row.kind for row in henry} == {"partner_reminder"}
    assert {row.consent_category for row in henry} == {"reminders"}
    assert len(henry) == 3


@pytest.mark.parametrize("what", ["reported", "joined", "spoke", "wants none", "in quiet hours"])
def test_a_partners_reminders_follow_the_schedule_and_nothing_that_the_client_does(
    post, world, what
):
    """P11: a reminder that stays away, or comes at another hour, would tell of it."""
    consent(post, world.june, world.henry)
    [seat] = post.room(world.june, hours=23.9)

    def act(store, cast):
        mine, now = store.get(Seat, seat.id), post.clock.now()
        if what == "reported":
            absences.report(store, mine, by=cast.june, now=now)
        elif what == "joined":
            seen = [Sighting("in", mine.session, cast.june, "joined", now, "zoom")]
            presence.record(store, seen, by=None, now=now)
        elif what == "spoke":
            contacts.record(store, cast.june, channel="call", outcome="reached", by=cast.carla, now=now)  # fmt: skip
        else:
            hours = [0, 23 * 60] if what == "in quiet hours" else [1, 2]
            cast.june.preferences = {"off": ["heads_up", "soon"], "quiet_hours": hours}

    post.do(act)
    post.run()
    post.clock.forward(hours=23)
    post.do(act)
    post.run()
    assert [(row.kind, end_of(row)) for row in post.rows(person_id=world.henry.id)] == [
        ("partner_reminder", "sent"), ("partner_reminder", "sent"),
    ]  # fmt: skip


def test_a_partners_reminder_keeps_the_quiet_hours_of_the_recipient(post, world):
    """Rule 6: it comes in the last minute before them, whenever the client's own does."""
    consent(post, world.june, world.henry)
    change(post, world.henry, quiet_hours=[14 * 60, 7 * 60])
    post.room(world.june, hours=26)
    post.clock.forward(minutes=50)
    post.announce()
    assert post.rows(person_id=world.henry.id) == []
    post.clock.forward(minutes=9.5)
    post.announce()
    assert len(post.rows(person_id=world.henry.id)) == 1


def test_a_partner_is_reminded_anew_of_a_session_that_was_moved(post, world):
    consent(post, world.june, world.henry)
    [seat] = post.room(world.june)
    post.run()
    move(post, seat, hours=30)
    post.run()
    assert len(post.rows(person_id=world.henry.id)) == 1
    post.clock.forward(hours=30)
    post.run()
    assert len(post.rows(person_id=world.henry.id)) == 2


def test_a_partners_reminder_opens_the_page_with_the_rule_about_passing_on(post, world, visit):
    """P6: what they are let know stands there, too."""
    consent(post, world.june, world.henry)
    [seat] = post.room(world.june)
    post.step(seat, "heads_up")
    post.run()
    [letter] = [each.content for each in post.email.sent if each.address == "henry@example.org"]
    page = visit(world.henry).get(re.search(r"https://day\.example(/\S+)", letter.text)[1])
    assert page.status_code == 200
    assert "June Whitaker lets you know" in page.text
    assert "Do not pass this on unless" in page.text


def test_a_partner_never_hears_of_the_checks_after_the_start(post, world):
    """Being told at +5 and +20 would tell of a miss (P4); and a worker that was away reminds nobody of what has begun."""
    consent(post, world.june, world.henry)
    [seat] = post.room(world.june, hours=1)
    post.clock.forward(hours=1.1)
    for rung in ("first_check", "second_check"):
        post.step(seat, rung)
        post.announce()
    assert {row.person_id for row in post.rows()} == {world.june.id}


@pytest.mark.parametrize("category", ["schedule", "make_ups"])
def test_a_consent_for_something_else_does_not_cover_reminders(post, world, category):
    consent(post, world.june, world.henry, category)
    [seat] = post.room(world.june)
    post.step(seat, "soon")
    post.announce()
    assert {row.person_id for row in post.rows()} == {world.june.id}


def test_a_partner_with_a_place_of_their_own_there_is_reminded_of_that_alone(post, world):
    consent(post, world.maya, world.ben)
    for seat in post.room(world.maya, world.ben):
        post.step(seat, "soon")
    post.announce()
    assert sorted((row.person_id, row.kind) for row in post.rows()) == sorted(
        [(world.maya.id, "soon"), (world.ben.id, "soon")]
    )


# --- changes (rule 4) -------------------------------------------------------------------------------------------------


def move(post, seat, hours):
    def later(store, cast):
        session = store.get(Session, seat.session_id)
        by = timedelta(hours=hours)
        session.move(
            store, session.starts_at + by, session.ends_at + by, by=cast.cody, now=post.clock.now()
        )  # fmt: skip

    post.do(later)


def cancel(post, seat):
    post.do(
        lambda store, cast: store.get(Session, seat.session_id).cancel(
            store, "the room is flooded", by=cast.cody, now=post.clock.now()
        )
    )


def settle(post):
    """What has changed is announced, and goes out when the ten minutes are over in which further changes join it."""
    post.announce()
    post.clock.forward(minutes=10)
    post.run()


def test_everybody_with_a_place_gets_one_notice_when_it_moves_reminded_or_not(post, world):
    maya, _ = post.room(world.maya, world.june)
    post.step(maya, "heads_up")
    post.run()
    move(post, maya, hours=2)
    settle(post)
    assert post.sent() == [
        ("heads_up", "email", "maya@example.org"),
        ("session_moved", "email", "maya@example.org"),
        ("session_moved", "email", "june@example.org"),
    ]


def test_a_second_move_is_told_to_the_same_people_as_the_first(post, world):
    [seat] = post.room(world.maya)
    post.step(seat, "heads_up")
    post.run()
    for _ in range(2):
        move(post, seat, hours=1)
        settle(post)
    assert [kind for kind, _, _ in post.sent()] == ["heads_up", "session_moved", "session_moved"]


def test_people_who_were_told_a_time_are_told_when_it_is_cancelled(post, world):
    [seat] = post.room(world.maya)
    post.step(seat, "heads_up")
    post.run()
    cancel(post, seat)
    settle(post)
    assert [kind for kind, _, _ in post.sent()] == ["heads_up", "session_cancelled"]


def test_a_client_who_gave_the_seat_back_is_not_told_of_changes(post, world):
    [seat] = post.room(world.maya)
    post.step(seat, "heads_up")
    post.run()
    post.do(
        lambda store, cast: store.get(Seat, seat.id).release(
            store, by=cast.cody, now=post.clock.now()
        )
    )
    post.nothing_to_tell()
    cancel(post, seat)
    settle(post)
    assert told(post) == [("heads_up", "email")]


def test_a_partner_who_was_reminded_is_told_of_a_change_only_while_the_consent_holds(post, world):
    consent(post, world.june, world.henry)
    given = consent(post, world.june, world.henry, "schedule")
    [seat] = post.room(world.june)
    post.step(seat, "heads_up")
    post.run()
    move(post, seat, hours=1)
    post.announce()
    assert {row.consent_category for row in changed_for(post, world.henry)} == {"schedule"}
    revoke(post, given)
    settle(post)
    changes = [row for row in post.rows() if row.kind == "session_moved"]
    assert {(row.person_id, bool(row.sent_at), row.why) for row in changes} == {
        (world.june.id, True, None),
        (world.henry.id, False, "consent"),
    }


@pytest.mark.parametrize("how", ["moved", "cancelled"])
def test_a_consent_for_reminders_does_not_cover_that_one_is_moved_or_called_off(post, world, how):
    """It describes reminders (42 CFR 2.31(a)(3)); what becomes of a time is the schedule's."""
    consent(post, world.june, world.henry)
    consent(post, world.june, world.henry, "make_ups")
    [seat] = post.room(world.june)
    post.step(seat, "heads_up")
    post.run()
    move(post, seat, hours=1) if how == "moved" else cancel(post, seat)
    settle(post)
    assert {row.kind for row in post.rows(person_id=world.henry.id)} == {"partner_reminder"}
    assert [kind for kind, _, _ in post.sent()][-1] == f"session_{how}"


def changed_for(post, person):
    return [row for row in post.rows(person_id=person.id) if row.kind == "session_moved"]


def revoke(post, given):
    def take_back(store, cast):
        row = store.get(consents.Consent, given.id)
        row.revoke(store, by=row.client, now=post.clock.now())

    post.do(take_back)


# --- staff and tests --------------------------------------------------------------------------------------------------


def open_task(post, owner, kind="outreach", seat=None):
    def open_one(store, cast):
        return tasks.open_one(
            store, key=f"{kind}:1", kind=kind, program_id=cast.harbor.id, now=post.clock.now(),
            due_at=post.clock.now() + timedelta(hours=1), client=cast.maya, owner_id=owner and owner.id,
        )  # fmt: skip

    return post.do(open_one)


def test_a_task_is_told_to_its_owner_without_naming_the_client(post, world):
    open_task(post, world.carla)
    post.run()
    assert post.sent() == [("task_opened", "email", "carla@example.org")]
    letter = post.email.sent[0].content
    assert "Maya" not in letter.subject + letter.text + letter.html


def test_the_tasks_of_somebody_who_leaves_are_handed_over_and_their_new_owner_told(post, world):
    """Rule 9; also what they had acknowledged."""
    opened = open_task(post, world.carla)
    post.run()

    def take_on_and_leave(store, cast):
        store.get(Task, opened.id).acknowledge(store, by=cast.carla, now=post.clock.now())
        leaving.change_status(store, cast.carla, Status.DISCHARGED, by=None, now=post.clock.now())

    post.do(take_on_and_leave)
    post.run()
    assert post.sent()[1:] == [("task_opened", "email", "colin@example.org")]


def test_an_overdue_next_attempt_is_told_to_its_owner_then_to_the_supervisor(post, world, clock):
    """Rule 9: nobody is lost between two calls; whoever has called again by then is left alone."""
    opened = open_task(post, world.carla)
    post.run()

    def tried(store, cast):
        task = store.get(Task, opened.id)
        tasks.attempt(store, task, "no_answer", by=cast.carla, now=post.clock.now())

    post.do(tried)
    heard = len(post.sent())
    clock.forward(hours=2, minutes=1)
    for minutes, address in ((0, "carla@example.org"), (31, "susan@example.org")):
        clock.forward(minutes=minutes)
        tend(post.database, post.clock.now())
        post.run()
        assert post.sent()[heard:][-1][-1] == address
    heard = len(post.sent())
    post.do(tried)
    clock.forward(hours=2, minutes=1)
    tend(post.database, post.clock.now())
    post.announce()
    post.do(tried)
    post.deliver()
    assert post.sent()[heard:] == []


def test_a_room_to_be_marked_has_words_of_its_own(post, world):
    open_task(post, world.cody, kind="mark_room")
    post.announce()
    assert told(post) == [("mark_room", "email")]


def test_a_task_without_an_owner_is_on_every_list_and_sent_to_nobody(post, world):
    open_task(post, None)
    post.announce()
    assert told(post) == []


def test_a_nudge_goes_to_the_owner_and_a_raise_to_the_supervisor(post, world):
    task = open_task(post, world.carla)
    post.run()

    def nudge_and_raise(store, cast):
        for tag, more in (
            (Tag.TASK_NUDGED, {"owner": cast.carla.id}),
            (Tag.TASK_RAISED, {"supervisor": cast.susan.id}),
        ):
            events.record(
                store, tag, by=None, now=post.clock.now(), program_id=cast.harbor.id, task=task.id,
                client=cast.maya, kind="outreach", **more,
            )  # fmt: skip

    post.do(nudge_and_raise)
    post.run()
    assert post.sent()[1:] == [
        ("task_overdue", "email", "carla@example.org"),
        ("task_overdue", "email", "susan@example.org"),
    ]


def test_a_test_notice_goes_to_the_very_address_it_was_asked_for(post, world):
    post.device(world.maya, "phone")
    laptop = post.device(world.maya, "laptop")
    post.do(
        lambda store, cast: events.record(
            store,
            Tag.ADDRESS_TESTED,
            by=cast.maya,
            now=post.clock.now(),
            program_id=cast.harbor.id,
            person=cast.maya.id,
            address=laptop,
        )  # fmt: skip
    )
    post.run()
    assert post.sent() == [("test_notice", "push", "https://push.example/maya/laptop")]
