"""A notification's button may do one thing, for one seat, for a while, and read nothing (S9)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.notify.delivery.action_tokens import ActionToken, ActionTokenSigner, ButtonExpired
from webapp.notify.kinds import Action

OLD, NEW = "old" * 12, "new" * 12
NOW = datetime(2026, 3, 4, 18, tzinfo=UTC)
RIGHT = ActionToken(7, Action.ABSENCE, 3, NOW + timedelta(hours=2), NOW)


def test_a_token_says_who_may_do_what_for_which_seat_and_until_when():
    keys = ActionTokenSigner([NEW])
    assert keys.read(keys.sign(RIGHT), now=NOW) == RIGHT


def test_a_token_has_expired_from_the_instant_it_ends():
    keys = ActionTokenSigner([NEW])
    token = keys.sign(RIGHT)
    assert keys.read(token, now=RIGHT.until - timedelta(seconds=1))
    with pytest.raises(ButtonExpired):
        keys.read(token, now=RIGHT.until)


def test_keys_can_be_changed_while_buttons_are_out():
    token = ActionTokenSigner([OLD]).sign(RIGHT)
    assert ActionTokenSigner([NEW, OLD]).read(token, now=NOW) == RIGHT
    with pytest.raises(ButtonExpired):
        ActionTokenSigner([NEW]).read(token, now=NOW)


def test_the_first_key_signs():
    token = ActionTokenSigner([NEW, OLD]).sign(RIGHT)
    assert ActionTokenSigner([NEW]).read(token, now=NOW) == RIGHT


@pytest.mark.parametrize(
    ("part", "forged"), [(0, "8"), (1, "confirm"), (2, "4"), (3, "9999999999")]
)
def test_no_part_of_a_token_can_be_exchanged(part, forged):
    parts = ActionTokenSigner([NEW]).sign(RIGHT).split(".")
    parts[part] = forged
    with pytest.raises(ButtonExpired):
        ActionTokenSigner([NEW]).read(".".join(parts), now=NOW)


@given(token=st.text(max_size=600))
def test_text_that_is_no_token_counts_as_expired_and_nothing_breaks(token):
    with pytest.raises(ButtonExpired):
        ActionTokenSigner([NEW]).read(token, now=NOW)


def test_a_token_is_safe_in_a_url():
    token = ActionTokenSigner([NEW]).sign(RIGHT)
    assert all(c.isascii() and (c.isalnum() or c in ".-_") for c in token)
