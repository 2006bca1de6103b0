"""Whose quiet hours hold for a person (rule 6, M4)."""

from datetime import time

from webapp.care.preferences.contact_preferences import quiet_hours

NINE_TO_EIGHT = (time(21), time(8))


def test_own_quiet_hours_come_before_the_programs():
    assert quiet_hours({"quiet_hours": [20 * 60, 7 * 60]}, NINE_TO_EIGHT) == (time(20), time(7))
    assert quiet_hours({"quiet_hours": [20 * 60, 7 * 60]}) == (time(20), time(7))


def test_whoever_chose_none_has_the_programs():
    for preferences in ({}, {"quiet_hours": None}, None):
        assert quiet_hours(preferences, NINE_TO_EIGHT) == NINE_TO_EIGHT
        assert quiet_hours(preferences) is None
