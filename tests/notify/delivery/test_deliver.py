"""Notifications are checked again before they go, sent once, tried again sensibly, and sent by the next channel in time."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.notify.announcing.test_announce import cancel, consent, move, open_task, revoke
from tests.notify.conftest import Post, subscription
from tests.smtp_server import MailServer
from webapp.care import leaving
from webapp.care.attendance import absences, presence
from webapp.care.audit import events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses, contacts
from webapp.care.contact.addresses import Address
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person
from webapp.care.privacy.consents import Consent
from webapp.care.schedule.sessions import Seat
from webapp.notify.channels.email import EmailChannel
from webapp.notify.channels.parcel import Undeliverable
from webapp.notify.kinds import NoticeKind
from webapp.notify.outbox import put_link


def waiting(post: Post, rung: str = "soon", who: str = "maya", hours: float = 1):
    """A reminder for one seat, in the outbox and not yet sent."""
    [seat] = post.room(getattr(post.world, who), hours=hours)
    post.step(seat, rung)
    post.announce()
    return seat


# --- rule 3: checked again in the transaction that claims it ----------------------------------------------------------


def reported(post, seat):
    post.do(
        lambda store, cast: absences.report(
            store, store.get(Seat, seat.id), by=cast.maya, now=post.clock.now()
        )
    )


def excused(post, seat):
    post.do(
        lambda store, cast: absences.excuse(
            store, store.get(Seat, seat.id), "a funeral", by=cast.carla, now=post.clock.now()
        )
    )


def joined(post, seat):
    def seen(store, cast):
        row = store.get(Seat, seat.id)
        sighting = presence.Sighting(
            "z1", row.session, row.client, "joined", post.clock.now(), "zoom"
        )
        presence.record(store, [sighting], by=None, now=post.clock.now())

    post.do(seen)


def spoken(post, seat):
    post.do(
        lambda store, cast: contacts.record(
            store, cast.maya, channel="call", outcome="reached", by=cast.carla, now=post.clock.now()
        )
    )


def released(post, seat):
    post.do(
        lambda store, cast: store.get(Seat, seat.id).release(
            store, by=cast.cody, now=post.clock.now()
        )
    )


def paused(post, seat):
    post.do(
        lambda store, cast: leaving.change_status(
            store, cast.maya, "paused", by=cast.carla, now=post.clock.now()
        )
    )


def moved(post, seat):
    move(post, seat, hours=1)


def cancelled(post, seat):
    cancel(post, seat)


def stopped(post, seat):
    def close(store, cast):
        for address in store.query(Address).filter_by(person_id=cast.maya.id):
            address.stop(store, "removed", by=cast.maya, now=post.clock.now())

    post.do(close)


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (reported, "reported"), (excused, "reported"), (joined, "joined"), (released, "released"),
        (paused, "inactive"), (moved, "moved"), (cancelled, "cancelled"), (stopped, "address"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rung", ["soon", "first_check"])
def test_a_fact_that_comes_before_the_sending_stops_it_and_the_row_says_why(
    post, rung, meanwhile, why
):
    seat = waiting(post, rung)
    meanwhile(post, seat)
    post.deliver()
    assert post.sent() == []
    assert post.ends()[0] == ("email", f"cancelled: {why}")


def test_having_been_spoken_to_stops_a_check_but_not_a_reminder(post):
    check = waiting(post, "first_check")
    reminder = waiting(post, "soon", "june", hours=3)
    spoken(post, check)
    post.deliver()
    assert post.ends() == [("email", "cancelled: contact"), ("email", "sent")]
    assert reminder.client_id != check.client_id


def test_what_the_ladder_already_knew_stops_nothing(post):
    """Somebody joined and left before the rung was taken: the ladder weighed that."""
    [seat] = post.room(post.world.maya, hours=1)
    joined(post, seat)
    post.clock.forward(minutes=1)
    post.step(seat, "first_check")
    post.run()
    assert post.ends() == [("email", "sent")]


def test_a_tap_on_join_holds_a_check_for_a_while_and_then_it_goes(post):
    seat = waiting(post, "first_check")
    post.do(
        lambda store, cast: presence.tap_join(
            store, store.get(Seat, seat.id), by=cast.maya, now=post.clock.now()
        )
    )
    post.deliver()
    assert post.ends() == [("email", "open")]
    post.clock.forward(minutes=16)
    post.deliver()
    assert post.ends() == [("email", "sent")]


def test_a_later_rung_replaces_one_still_waiting(post):
    """After an outage of delivery alone: the phone shows one notice, and mail holds one letter."""
    seat = waiting(post, "doors_open", hours=0.1)
    post.clock.forward(minutes=12)
    post.step(seat, "first_check")
    post.run()
    assert post.ends() == [("email", "cancelled: superseded"), ("email", "sent")]


def test_a_task_taken_up_before_the_notice_left_is_not_announced(post, world):
    task = open_task(post, world.carla)
    post.announce()
    post.do(
        lambda store, cast: store.get(Task, task.id).acknowledge(
            store, by=cast.carla, now=post.clock.now()
        )
    )
    post.deliver()
    assert post.ends() == [("email", "cancelled: task")]


# --- P1: consent when it leaves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["revoked", "paused", "expired"])
def test_a_consent_that_ends_after_the_row_was_written_means_that_nothing_is_sent(post, world, how):
    given = consent(post, world.june, world.henry, days=0.01)
    waiting(post, "heads_up", "june", hours=20)
    if how == "revoked":
        revoke(post, given)
    elif how == "paused":
        post.do(
            lambda store, cast: store.get(Consent, given.id).pause(
                store, by=cast.carla, now=post.clock.now()
            )
        )
    else:
        post.clock.forward(hours=1)
    post.deliver()
    assert {(r.person_id, bool(r.sent_at), r.why) for r in post.rows()} == {
        (world.june.id, True, None),
        (world.henry.id, False, "consent"),
    }
    assert [parcel.address for parcel in post.email.tried] == ["june@example.org"]


class Slow(MailServer):
    """Something happens while it takes its first letter and the others wait for a connection."""

    def __init__(self, happens):
        super().__init__()
        self.happens = [happens]

    async def handle_DATA(self, server, session, envelope):
        while self.happens:
            self.happens.pop()()
        return await super().handle_DATA(server, session, envelope)


def test_a_letter_that_waits_for_a_connection_is_withdrawn_with_its_consent(threaded_post, world):
    post = threaded_post
    given = consent(post, world.june, world.henry)
    with Slow(lambda: revoke(post, given)) as server:
        post.channels["email"] = EmailChannel(server.url, "My Day", "https://day.example")
        first = (world.maya, world.ben, world.rosa, world.leo, world.gus)
        for seat in post.room(*first, hours=20):
            post.step(seat, "heads_up")
        post.announce()
        post.clock.forward(seconds=1)
        waiting(post, "heads_up", "june", hours=21)
        post.deliver()
    assert {letter["To"] for letter in server.letters} >= {"maya@example.org", "june@example.org"}
    assert "henry@example.org" not in {letter["To"] for letter in server.letters}
    assert [(r.why, bool(r.cancelled_at)) for r in post.rows(person_id=world.henry.id)] == [
        ("consent", True)
    ]


def test_a_revoked_consent_stops_a_row_on_its_second_attempt_too(post, world):
    given = consent(post, world.june, world.henry)
    waiting(post, "heads_up", "june", hours=20)
    post.email.trouble = lambda parcel: Undeliverable("answered 451")
    post.deliver()
    revoke(post, given)
    post.email.trouble = None
    post.clock.forward(minutes=5)
    post.deliver()
    assert [parcel.address for parcel in post.email.sent] == ["june@example.org"]


# --- rule 5: not after ------------------------------------------------------------------------------------------------


def test_after_six_hours_of_outage_what_is_stale_has_expired_and_what_is_useful_goes_out(
    post, world
):
    stale, useful = post.room(world.maya, hours=1), post.room(world.june, hours=9)
    post.step(stale[0], "soon")
    post.step(useful[0], "heads_up")
    post.clock.forward(hours=6)
    post.run()
    assert [(r.kind, bool(r.sent_at), bool(r.expired_at)) for r in post.rows()] == [
        ("soon", False, True),
        ("heads_up", True, False),
    ]
    assert len(post.email.tried) == 1


def test_the_ttl_is_the_time_until_it_is_useless(post):
    post.device(post.world.maya)
    waiting(post, hours=1)
    post.deliver()
    assert 4 * 3600 - 5 <= post.push.sent[0].ttl <= 4 * 3600


# --- rule 6: quiet hours ----------------------------------------------------------------------------------------------

NIGHT = datetime(2026, 3, 8, 4, 30, tzinfo=UTC)
"""Half past eleven at night in New York; at two o'clock that night the clocks go forward."""


def test_a_notice_due_at_night_waits_for_the_morning_across_a_clock_change(post):
    post.clock.set(NIGHT)
    waiting(post, "heads_up", hours=18)
    post.deliver()
    assert post.ends() == [("email", "open")]
    [row] = post.rows()
    assert row.due_at == datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
    post.clock.set(datetime(2026, 3, 8, 12, 0, 1, tzinfo=UTC))
    post.deliver()
    assert post.ends() == [("email", "sent")]


def test_nobody_waits_for_the_morning_when_the_session_comes_first(post):
    post.clock.set(NIGHT)
    seat = waiting(post, "heads_up", hours=5)
    post.deliver()
    assert post.rows()[0].due_at == seat.session.starts_at - timedelta(hours=2)


def test_a_notice_about_something_near_is_sent_in_quiet_hours(post):
    post.clock.set(NIGHT)
    waiting(post, "soon", hours=1)
    post.deliver()
    assert post.ends() == [("email", "sent")]


def test_staff_tasks_may_come_at_night(post, world):
    post.clock.set(NIGHT)
    open_task(post, world.carla)
    post.run()
    assert post.ends() == [("email", "sent")]


def test_the_quiet_hours_are_the_recipients_own(post, world):
    """Henry sleeps from eight; June, who is reminded at half past eight, does not."""
    consent(post, world.june, world.henry)
    post.do(
        lambda store, cast: setattr(cast.henry, "preferences", {"quiet_hours": [20 * 60, 7 * 60]})
    )
    post.clock.set(datetime(2026, 3, 5, 1, 30, tzinfo=UTC))
    waiting(post, "heads_up", "june", hours=20)
    post.deliver()
    assert {(r.person_id, bool(r.sent_at)) for r in post.rows()} == {
        (world.june.id, True),
        (world.henry.id, False),
    }
    henry = next(r for r in post.rows() if r.person_id == world.henry.id)
    assert henry.due_at == datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


# --- R6: trouble, patience, the next channel --------------------------------------------------------------------------


def test_a_transient_failure_is_tried_again_later_on_the_same_channel(post):
    post.device(post.world.maya)
    waiting(post, "heads_up", hours=20)
    post.push.trouble = lambda parcel: Undeliverable("answered 503")
    post.deliver()
    [row] = post.rows()
    wait = (row.due_at - post.clock.now()).total_seconds()
    assert 11 <= wait <= 19
    assert (row.attempts, row.why, row.leased_until) == (1, "answered 503", None)
    post.deliver()
    assert len(post.push.tried) == 1
    post.push.trouble = None
    post.clock.forward(seconds=20)
    post.deliver()
    assert post.ends() == [("push", "sent")]
    assert post.rows()[0].why is None


def test_retry_after_is_honoured(post):
    post.device(post.world.maya)
    waiting(post, "heads_up", hours=20)
    post.push.trouble = lambda parcel: Undeliverable("answered 429", retry_after=300)
    post.deliver()
    assert (post.rows()[0].due_at - post.clock.now()).total_seconds() >= 299


def test_a_device_that_is_gone_is_stopped_and_the_next_channel_steps_in_at_once(post):
    device = post.device(post.world.maya)
    waiting(post)
    post.push.trouble = lambda parcel: Undeliverable("answered 410", gone=True)
    post.deliver()
    assert post.ends() == [("push", "failed: answered 410"), ("email", "sent")]
    with post.database.reading() as store:
        address = store.get(Address, device)
        assert (bool(address.stopped_at), address.stopped_why) == (True, "gone")
        assert store.query(Event).filter_by(tag="person:address:stopped").count() == 1


def test_one_device_of_two_being_gone_sends_nothing_by_the_next_channel(post):
    post.device(post.world.maya, "old")
    post.device(post.world.maya, "new")
    waiting(post)
    post.push.trouble = lambda p: (
        Undeliverable("answered 410", gone=True) if "old" in p.address.endpoint else None
    )
    post.deliver()
    assert post.ends() == [("push", "failed: answered 410"), ("push", "sent")]


def test_both_devices_being_gone_lets_the_next_channel_step_in_once(post):
    post.device(post.world.maya, "old")
    post.device(post.world.maya, "new")
    waiting(post)
    post.push.trouble = lambda parcel: Undeliverable("answered 410", gone=True)
    post.deliver()
    assert post.ends() == [("push", "failed: answered 410")] * 2 + [("email", "sent")]


def test_when_e_mail_fails_as_well_a_text_is_sent(post):
    post.device(post.world.maya)
    waiting(post)
    for channel in (post.push, post.email):
        channel.trouble = lambda parcel: Undeliverable("answered 550", gone=True)
    post.deliver()
    assert [end for _, end in post.ends()][-1] == "sent"
    assert [parcel.address for parcel in post.sms.sent] == ["+12125550107"] or len(
        post.sms.sent
    ) == 1


def test_when_nothing_is_left_the_row_says_that_it_failed(post):
    post.do(lambda store, cast: setattr(cast.maya, "preferences", {"channels": ["email"]}))
    waiting(post)
    post.email.trouble = lambda parcel: Undeliverable("answered 550", permanent=True)
    post.deliver()
    assert post.ends() == [("email", "failed: answered 550")]


def test_the_next_channel_steps_in_when_a_service_stays_away_while_minutes_count(post):
    """A check after the start keeps to push for three minutes; the letter then goes beside it."""
    post.device(post.world.maya)
    waiting(post, "first_check", hours=0.01)
    post.push.trouble = lambda parcel: Undeliverable("answered 503")
    for _ in range(20):
        post.deliver()
        if post.email.sent:
            break
        post.clock.forward(seconds=20)
    assert len(post.email.sent) == 1
    assert (post.clock.now() - post.rows()[0].decided_at) < timedelta(minutes=4)
    assert post.rows()[0].is_open


def test_a_reminder_a_day_ahead_is_more_patient(post):
    post.device(post.world.maya)
    waiting(post, "heads_up", hours=20)
    post.push.trouble = lambda parcel: Undeliverable("answered 503")
    for _ in range(20):
        post.deliver()
        post.clock.forward(seconds=20)
    assert post.email.sent == []


def test_a_retry_that_would_come_too_late_hands_over_at_once(post):
    post.device(post.world.maya)
    waiting(post, hours=1)
    post.push.trouble = lambda parcel: Undeliverable("answered 429", retry_after=12 * 3600)
    post.deliver()
    assert post.ends() == [("push", "failed: answered 429"), ("email", "sent")]


def test_a_channel_that_is_not_set_up_lets_the_next_one_take_over_without_counting_against_the_address(
    post,
):
    device = post.device(post.world.maya)
    waiting(post)
    del post.channels["push"]
    post.deliver()
    assert post.ends() == [("push", "failed: no_channel"), ("email", "sent")]
    with post.database.reading() as store:
        assert store.get(Address, device).troubles == 0


def test_an_address_refused_ten_times_in_a_row_is_given_up(post, world):
    post.do(lambda store, cast: setattr(cast.maya, "preferences", {"channels": ["email"]}))
    post.email.trouble = lambda parcel: Undeliverable("answered 403", permanent=True)
    for _ in range(10):
        waiting(post)
        post.deliver()
    with post.database.reading() as store:
        address = store.query(Address).filter_by(person_id=world.maya.id, channel="email").one()
        assert (address.troubles, address.stopped_why) == (10, "refused")


def test_an_address_that_works_again_starts_at_no_refusals(post, world):
    post.email.trouble = lambda parcel: Undeliverable("answered 403", permanent=True)
    waiting(post)
    post.deliver()
    post.email.trouble = None
    waiting(post)
    post.deliver()
    with post.database.reading() as store:
        address = store.query(Address).filter_by(person_id=world.maya.id, channel="email").one()
        assert address.troubles == 0
        assert address.worked_at


def test_a_test_notice_stays_with_its_address_even_when_that_fails(post, world):
    device = post.device(world.maya)
    post.do(
        lambda store, cast: events.record(
            store,
            Tag.ADDRESS_TESTED,
            by=cast.maya,
            now=post.clock.now(),
            program_id=cast.harbor.id,
            person=cast.maya.id,
            address=device,
        )  # fmt: skip
    )
    post.push.trouble = lambda parcel: Undeliverable("answered 410", gone=True)
    post.run()
    assert post.ends() == [("push", "failed: answered 410")]


def test_one_row_that_cannot_be_put_into_words_does_not_stop_the_others(post, world):
    post.do(lambda store, cast: setattr(cast.maya, "time_zone", "Nowhere/At_All"))
    maya, june = post.room(world.maya, world.june, hours=1)
    for seat in (maya, june):
        post.step(seat, "soon")
    post.run()
    assert [end for _, end in post.ends()] == ["open", "sent"]


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_every_accepted_notice_is_an_event_for_the_chart(post, world):
    seat = waiting(post)
    post.deliver()
    with post.database.reading() as store:
        [event] = store.query(Event).filter_by(tag="person:message:sent")
        assert (event.client_id, event.seat_id, event.session_id) == (
            world.maya.id,
            seat.id,
            seat.session_id,
        )
        assert event.fields == {"person": world.maya.id, "kind": "soon", "channel": "email"}


def test_a_link_is_mailed_to_an_address_nobody_opted_into_and_its_secret_is_wiped(post, world):
    def invite(store, cast):
        cast.maya.email = "new@example.org"
        return put_link(
            store, cast.maya, NoticeKind.INVITATION, "/sign-in/links/s3cret",
            now=post.clock.now(), not_after=post.clock.now() + timedelta(days=7),
        )  # fmt: skip

    post.do(invite)
    post.deliver()
    [parcel] = post.email.sent
    assert parcel.address == "new@example.org"
    assert "https://day.example/sign-in/links/s3cret" in parcel.content.text
    assert post.rows()[0].link_path is None


def test_an_address_known_only_from_a_link_gets_no_reminders(post, world):
    def invite(store, cast):
        cast.maya.email = "new@example.org"
        put_link(
            store, cast.maya, NoticeKind.SIGN_IN_LINK, "/x", now=post.clock.now(),
            not_after=post.clock.now() + timedelta(hours=1),
        )  # fmt: skip

    post.do(invite)
    waiting(post)
    post.deliver()
    assert ("soon", "email", "new@example.org") not in post.sent()


def test_nothing_due_costs_no_transaction_and_finds_nothing(post, monkeypatch):
    monkeypatch.setattr(type(post.database), "writing", None)
    assert post.deliver() == 0


# --- P5 at the end of the whole way -----------------------------------------------------------------------------------

CANARY = "Zyxquv"


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_field_of_the_database_finds_its_way_into_a_notice(post, world, language):
    def plant(store, cast):
        for person in store.query(Person):
            person.name, person.language = CANARY, language
        cast.harbor.name = CANARY
        for row in (cast.maya, cast.june, cast.henry, cast.carla):
            row.ref = f"{CANARY}-{row.ref}"

    consent(post, world.june, world.henry)
    seats = post.room(world.maya, world.june, hours=1, title=CANARY, ref=CANARY)
    open_task(post, world.carla)
    post.do(plant)
    for rung in ("soon", "second_check"):
        for seat in seats:
            post.step(seat, rung)
    post.run()
    said = [str(p.content) for c in (post.push, post.email, post.sms) for p in c.sent]
    assert len(said) >= 6
    assert CANARY not in "".join(said)


# --- the whole way, with nothing pretended ----------------------------------------------------------------------------


def test_a_reminder_reaches_a_real_browsers_subscription(post, push, push_service, world):
    told = push_service.subscribe()
    sub = subscription(told)

    def subscribe(store, cast):
        addresses.add(
            store, cast.maya, "push", sub.endpoint, by=cast.maya, now=post.clock.now(),
            keys=told["keys"],
        )  # fmt: skip

    post.do(subscribe)
    post.channels["push"] = push
    seat = waiting(post, "first_check", hours=1)
    post.deliver()
    [message] = push_service.for_browser(told)
    shown = message.notification
    assert shown["navigate"] == f"https://day.example/seats/{seat.id}"
    assert [action["action"] for action in shown["data"]["actions"]] == [
        "join",
        "absence",
        "trouble",
    ]
    assert message.topic == shown["tag"]
    assert message.urgency == "high"
    assert push_service.objections == []


def test_two_notices_about_one_seat_share_a_topic_and_another_persons_do_not(post, world):
    for ref in ("maya", "june"):
        post.device(getattr(world, ref))
    maya, june = post.room(world.maya, world.june, hours=1)
    for rung in ("soon", "doors_open"):
        post.step(maya, rung)
        post.run()
    post.step(june, "soon")
    post.run()
    topics = [parcel.topic for parcel in post.push.sent]
    assert topics[0] == topics[1] != topics[2]
    assert all(len(topic) == 32 for topic in topics)
