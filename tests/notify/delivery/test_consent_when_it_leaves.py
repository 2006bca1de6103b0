"""P1: grant, revoke, expire, pause, remind, retry and crash in any order: nothing about a client reaches somebody after the
last consent for it has ended."""

from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import hypothesis
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from tests.conftest import THAT_DAY, plant_world
from tests.notify.conftest import Post
from webapp import clock
from webapp.care.privacy import consents
from webapp.care.privacy.consents import Consent
from webapp.notify.channels.parcel import Undeliverable
from webapp.notify.delivery import leases
from webapp.notify.delivery.deliver import AT_ONCE
from webapp.notify.outbox import Notification

HENRY = "henry@example.org"
AHEAD = (0.5, 3, 5, 20, 24.3, 26, 30)
"""Hours until June's sessions: a reminder of one or another falls due whenever time passes."""


class Sharing(RuleBasedStateMachine):
    """June is in treatment; Henry is her supporter. What may reach him is decided here a second time, by a plain model:
    the list of consents with the instants at which each was signed, runs out or was taken back, and whether staff have paused it all."""

    lent = None
    told = 0
    """How often something reached Henry, over all runs."""

    def __init__(self):
        super().__init__()
        self.lending = self.lent()
        self.database, cast = self.lending.__enter__()
        self.now = THAT_DAY
        self.june, self.henry = cast.june, cast.henry
        self.flaky = self.paused = False
        self.leaked = []
        self.consents: list[SimpleNamespace] = []
        self.post = Post(self.database, cast, SimpleNamespace(now=lambda: self.now))
        self.seats = [self.post.room(cast.june, hours=ahead)[0] for ahead in AHEAD]
        for channel in self.post.channels.values():
            channel.trouble = self.arrives

    def teardown(self):
        self.post.courier.close()
        self.lending.__exit__(None, None, None)

    def arrives(self, parcel):
        """A channel is handed something: this is where it leaves the house."""
        if parcel.address == HENRY:
            type(self).told += 1
            if not self.allowed():
                self.leaked.append((self.now, parcel))
        return Undeliverable("answered 503", permanent=False) if self.flaky else None

    @invariant()
    def nothing_has_left_without_a_consent(self):
        assert not self.leaked

    def allowed(self):
        return any(
            each.signed_at <= self.now < each.ends_at and not each.revoked and not self.paused
            for each in self.consents
        )

    def do(self, act):
        with clock.running_from(self.now):
            return self.post.do(act)

    def each_consent(self, store):
        return list(store.scalars(select(Consent).order_by(Consent.id)))

    # --- what people do ---

    @initialize(hours=some.integers(1, 48))
    def june_has_allowed_reminders(self, hours):
        self.sign(hours)

    @rule(hours=some.integers(1, 48))
    def june_allows_reminders(self, hours):
        self.sign(hours)

    def sign(self, hours):
        ends_at = self.now + timedelta(hours=hours)

        def signed(store, cast):
            consents.grant(
                store, cast.june, cast.henry, "reminders", purpose="so that we come together",
                signature="June", expires_at=ends_at, by=cast.june, now=self.now,
            )  # fmt: skip

        self.do(signed)
        self.consents.append(SimpleNamespace(signed_at=self.now, ends_at=ends_at, revoked=False))

    @rule()
    def june_takes_it_back(self):
        self.do(
            lambda store, cast: consents.stop(
                store, cast.june, cast.henry.id, "reminders", by=cast.june, now=self.now
            )
        )
        for each in self.consents:
            each.revoked = True

    @precondition(lambda self: self.paused or not all(each.revoked for each in self.consents))
    @rule()
    def staff_pause_it_or_let_it_count_again(self):
        def act(store, cast):
            newest = self.each_consent(store)[-1]
            (newest.resume if self.paused else newest.pause)(store, by=cast.tessa, now=self.now)

        self.do(act)
        self.paused = not self.paused

    # --- what the program does ---

    @rule(minutes=some.sampled_from([1, 20, 60, 300]))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(
        which=some.sampled_from(range(len(AHEAD))),
        rung=some.sampled_from(["heads_up", "soon", "doors_open"]),
    )
    def a_reminder_falls_due_and_is_announced(self, which, rung):
        self.post.step(self.seats[which], rung)
        self.post.announce()

    @rule(mood=some.sampled_from(["well", "well", "badly", "dies"]))
    def the_outbox_is_delivered(self, mood):
        """Badly: every provider says 503, so each row is tried again later. Dies: the worker had claimed them and sent
        nothing; their lease runs out."""
        self.flaky = mood == "badly"
        if mood == "dies":
            with self.database.writing() as store:
                leases.take(store, self.now, AT_ONCE)
                store.execute(update(Notification).values(leased_until=None))
                store.commit()
        else:
            self.post.deliver()


def test_nothing_leaves_after_the_last_consent_has_ended(engine, databases):
    """P1."""

    @contextmanager
    def lent():
        with databases.borrowed(engine, plant_world) as database:
            yield database, databases.planted(engine, plant_world)[1]

    class Here(Sharing):
        pass

    Here.lent = staticmethod(lent)
    few = hypothesis.settings(
        max_examples=30,
        stateful_step_count=30, deadline=None,
    )  # fmt: skip
    run_state_machine_as_test(Here, settings=few)
    assert Here.told, "nothing ever reached Henry, so nothing was proven"
