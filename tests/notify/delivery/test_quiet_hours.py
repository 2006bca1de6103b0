"""A notice that falls into the recipient's quiet hours waits until they end, or until its subject is near (rule 6)."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webapp.notify.delivery.quiet_hours import wait_until
from webapp.notify.kinds import LINKS, NEWS, STAFF, NoticeKind
from webapp.protocol.ladder.ladder import NEAR

NINE_TO_EIGHT = (time(21), time(8))


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


moments = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)
)
zones = st.sampled_from(
    [
        "America/New_York",
        "America/Phoenix",
        "America/Los_Angeles",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "UTC",
    ]
)
hours = st.tuples(
    st.times(timezones=st.none()).map(lambda t: t.replace(second=0, microsecond=0)),
    st.times(timezones=st.none()).map(lambda t: t.replace(second=0, microsecond=0)),
).filter(lambda pair: pair[0] != pair[1])


@given(
    now=moments, zone=zones, hours=hours, ahead=st.floats(0, 72), kind=st.sampled_from(NoticeKind)
)
def test_a_notice_waits_until_quiet_hours_end_or_its_subject_is_near_and_never_into_the_past(
    now, zone, hours, ahead, kind
):
    about_at = now + timedelta(hours=ahead)
    until = wait_until(kind, about_at, about_at, hours, zone, now)
    if until is None:
        return
    assert kind not in (*STAFF, *LINKS, NoticeKind.TEST_NOTICE)
    assert now < until < about_at
    assert kind in NEWS or until <= about_at - NEAR
    assert wait_until(kind, about_at, about_at, hours, zone, until) is None


def test_nobody_without_quiet_hours_waits():
    for kind in ("heads_up", "message"):
        about = utc(2026, 3, 9)
        assert wait_until(kind, about, about, None, "UTC", utc(2026, 3, 8, 3)) is None


def test_news_about_no_hour_wait_for_the_morning_unless_they_are_useless_then():
    night, morning = utc(2026, 3, 4, 3), utc(2026, 3, 4, 8)
    tomorrow, dawn = utc(2026, 3, 7), utc(2026, 3, 4, 6)
    assert wait_until("message", None, tomorrow, NINE_TO_EIGHT, "UTC", night) == morning
    assert wait_until("place_held", tomorrow, tomorrow, NINE_TO_EIGHT, "UTC", night) == morning
    assert wait_until("place_held", dawn, dawn, NINE_TO_EIGHT, "UTC", night) is None
