"""Waits between attempts grow, vary, obey the provider, and end while there is still time for another channel (R6)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webapp.notify.channels.parcel import Undeliverable
from webapp.notify.delivery.retry import FIRST_WAIT, JITTER, LONGEST_WAIT, after_failure, wait

NOW = datetime(2026, 3, 4, 18, tzinfo=UTC)


@given(attempts=st.integers(1, 400), asked=st.none() | st.floats(0, 86_400))
def test_a_wait_lies_within_its_bounds_and_is_never_shorter_than_asked(attempts, asked):
    seconds = wait(attempts, asked).total_seconds()
    assert seconds >= FIRST_WAIT * (1 - JITTER)
    assert seconds <= max(LONGEST_WAIT, asked or 0) * (1 + JITTER) + 1e-6
    assert seconds >= (asked or 0) - 1e-6


def test_waits_differ_so_that_not_everybody_tries_again_at_once():
    assert len({wait(3, None) for _ in range(20)}) > 1


def verdict(error, **more):
    told = {
        "kind": "soon",
        "attempts": 1,
        "waiting_since": NOW,
        "not_after": NOW + timedelta(hours=4),
    }
    return after_failure(error, now=NOW, **(told | more))


def test_a_permanent_failure_is_not_tried_again():
    assert verdict(Undeliverable("answered 400", permanent=True)).again_at is None
    assert verdict(Undeliverable("answered 410", gone=True)).next_channel


def test_a_transient_failure_is_tried_again_and_no_other_channel_at_first():
    found = verdict(Undeliverable("answered 503"))
    assert found.again_at > NOW
    assert not found.next_channel


@given(left=st.integers(0, 60), attempts=st.integers(1, 9))
def test_a_retry_never_comes_after_the_notice_is_useless(left, attempts):
    found = verdict(
        Undeliverable("answered 503"), not_after=NOW + timedelta(seconds=left), attempts=attempts
    )
    assert found.again_at is None or found.again_at < NOW + timedelta(seconds=left)
    assert found.again_at or found.next_channel
