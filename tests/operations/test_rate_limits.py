"""S12: a bucket for each key, shared through the database; waiting always helps."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from webapp.operations import rate_limits
from webapp.operations.rate_limits import Rate, TooMany

FEW = Rate("few", 3, timedelta(seconds=10))
OTHER = Rate("other", 3, timedelta(seconds=10))


def tries(store, who, now, rate=FEW) -> int:
    """How many go through right now."""
    for n in range(100):
        try:
            rate_limits.spend(store, rate, who, now=now)
        except TooMany:
            return n
    return 100


def test_s12_a_burst_goes_through_and_then_one_so_often(store, clock):
    now = clock.now()
    assert tries(store, "maya", now) == 3
    assert tries(store, "maya", now + timedelta(seconds=9)) == 0
    assert tries(store, "maya", now + timedelta(seconds=10)) == 1
    assert tries(store, "maya", now + timedelta(seconds=30)) == 2


def test_s12_it_is_said_when_to_come_back_and_that_is_true(store, clock):
    now = clock.now()
    tries(store, "maya", now)
    with pytest.raises(TooMany) as refused:
        rate_limits.spend(store, FEW, "maya", now=now)
    assert refused.value.retry_after == 10
    rate_limits.spend(store, FEW, "maya", now=now + timedelta(seconds=10))


def test_s12_nothing_is_locked_for_good(store, clock):
    """Trying on while refused costs nothing: the door opens as soon as it would have."""
    now = clock.now()
    tries(store, "maya", now)
    for second in range(10):
        assert tries(store, "maya", now + timedelta(seconds=second)) == 0
    assert tries(store, "maya", now + timedelta(seconds=10)) == 1
    assert tries(store, "maya", now + timedelta(days=2)) == 3


def test_s12_keys_and_rates_are_apart(store, clock):
    now = clock.now()
    tries(store, "maya", now)
    assert tries(store, "ben", now) == 3
    assert tries(store, "maya", now, OTHER) == 3


def test_s12_a_proof_of_identity_clears_earlier_tries(store, clock):
    now = clock.now()
    tries(store, "maya", now)
    rate_limits.clear(store, [FEW], "maya")
    assert tries(store, "maya", now) == 3


def test_s13_what_strangers_type_is_not_kept(store, clock):
    rate_limits.spend(store, FEW, "hunter2@example.org", now=clock.now())
    kept = store.execute(text("SELECT * FROM rate_limit")).all()
    assert b"hunter2" not in b"".join(bytes(row[0]) for row in kept)


def test_s12_keys_that_are_not_in_use_are_deleted(database, clock):
    now = clock.now()
    with database.writing() as store:
        rate_limits.spend(store, FEW, "maya", now=now)
        store.commit()
    assert rate_limits.forget(database, now + timedelta(seconds=5)) == 0
    assert rate_limits.forget(database, now + timedelta(seconds=11)) == 1


def test_s12_over_a_day_a_password_gets_about_a_hundred_tries(store, clock):
    """NIST SP 800-63B-4, 3.2.2: no more than a hundred wrong ones in a row on one account, of strangers, or of a browser that
    has signed in as it."""
    now, taken = clock.now(), 0
    for minute in range(24 * 60):
        try:
            for rate in (rate_limits.PASSWORD, rate_limits.PASSWORD_OF_A_DAY):
                rate_limits.spend(store, rate, "maya", now=now + timedelta(minutes=minute))
            taken += 1
        except TooMany:
            pass
    assert 100 <= taken <= 200
