"""House rule 2: a booking walks through ten modules at most, and the tool that counts them runs."""

from tests.house import hops


def test_a_booking_walks_through_ten_modules_at_most() -> None:
    walks = hops.walks()
    assert len(walks["a booking, right after it"].modules) <= 10
    assert len(walks["an absence report"].modules) <= 5
