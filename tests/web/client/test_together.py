"""Together: what partners let each other know stands on one page, each category by its consent, and freezes with it (M8, M30, P3, P6)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.care.evenings import COUPLES, DAY, HOUR, room, seat_of, shares, was_there
from tests.counting import statements
from tests.pages import constant
from webapp.care import leaving
from webapp.care.attendance import absences
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.catch_up import weekly_hours
from webapp.care.couples.pictures import FrozenPicture
from webapp.care.make_ups import bookings
from webapp.care.materials import homework
from webapp.care.privacy.consents import REDISCLOSURE, Category, Consent
from webapp.notify.announcing.announce import announce
from webapp.notify.outbox import Notification
from webapp.operations import retention

SHOWN = {
    "schedule": "The next days",
    "reminders": "A reminder comes before Maya's sessions",
    "missed_session": "Maya can't make it",
    "homework": "Homework",
    "make_ups": "Times booked to make up",
    "hours": "Hours each week",
}
"""Category → what stands on the partner's page under it, and under nothing else."""


@pytest.fixture
def life(store, world, clock):
    """Maya's three weeks: a group she was in and one she was not, a coming one that she can't come to, homework, a booked time."""
    now = clock.now()
    planned = now - 20 * DAY
    there = room(store, world.carla, [world.maya], now - 8 * DAY, planned, title="Private title", ref="there")  # fmt: skip
    was_there(store, seat_of(store, there, world.maya), world.carla, now - 8 * DAY + HOUR)
    there.confirm(store, "staff", by=world.carla, now=now - 7 * DAY)
    gone = room(store, world.carla, [world.maya], now - DAY, planned, title="Private title", ref="gone")  # fmt: skip
    ahead = room(store, world.carla, [world.maya], now + 2 * DAY, planned, title="Private title", ref="ahead")  # fmt: skip
    absences.report(
        store, seat_of(store, ahead, world.maya), by=world.maya, now=now, reason="illness",
        note="Canary of the note",
    )  # fmt: skip
    homework.put(
        store, world.harbor, "h", title="Canary of the homework", clients=[world.maya], by=world.carla, now=now - DAY
    )  # fmt: skip
    slot = room(store, world.colin, [], now + 3 * DAY, planned, title="Private title", ref="slot", makes_up=("group",))  # fmt: skip
    bookings.book(store, seat_of(store, gone, world.maya), slot, by=world.maya, now=now)
    store.commit()
    return {"there": there, "gone": gone, "ahead": ahead, "slot": slot}


@pytest.fixture
def share(store, world, clock):
    """`share("hours")`: Maya lets Ben know that."""

    def made(*categories, client=None, recipient=None):
        given = [
            shares(store, client or world.maya, recipient or world.ben, category, clock.now())
            for category in categories
        ]
        store.commit()
        return given

    return made


def page_of(visit, person, path="/together"):
    return visit(person).get(path).text


def everything(category):
    return [said for name, said in SHOWN.items() if name != category]


@pytest.mark.parametrize("category", SHOWN)
def test_each_consent_shows_its_own_and_nothing_of_another(visit, world, life, share, category):
    share(category)
    page = page_of(visit, world.ben)
    assert SHOWN[category] in page
    assert [said for said in everything(category) if said in page] == []
    assert REDISCLOSURE in page.replace("\n", " ")
    for secret in ("Canary", "Private title", "Carla", "illness"):
        assert secret not in page


def test_without_a_consent_nothing_of_the_partner_stands_anywhere(visit, world, life):
    page = page_of(visit, world.ben)
    assert [said for said in SHOWN.values() if said in page] == []
    assert "Maya Torres" in page, "they know each other"
    assert "Redisclosure" not in page
    for who in (world.charlie, world.henry, world.gus):
        assert "Maya" not in page_of(visit, who)


def test_times_stand_side_by_side_on_the_readers_own_clock(visit, store, world, life, share, clock):
    store.get(type(world.ben), world.ben.id).time_zone = "America/Los_Angeles"
    room(store, world.colin, [world.ben], clock.now() + 2 * DAY, clock.now(), title="Ben's own", ref="bens")  # fmt: skip
    share("schedule")
    page = page_of(visit, world.ben)
    assert re.findall(r'<th scope="col">(.*?)</th>', page) == ["Day", "You", "Maya"]
    day = page[page.index("Fri, Mar 6") : page.index("Sat, Mar 7")]
    assert len(re.findall(r">10:00\s*AM<", day)) == 2


def test_what_is_over_and_what_is_moved_or_called_off_is_said(
    visit, store, world, life, share, clock
):
    share("schedule")
    life["ahead"].move(store, clock.now() + 3 * DAY + HOUR, clock.now() + 3 * DAY + 2 * HOUR, by=world.carla, now=clock.now())  # fmt: skip
    life["slot"].cancel(store, "Painting", by=world.carla, now=clock.now())
    store.commit()
    page = page_of(visit, world.ben)
    assert "New time" in page
    assert "Called off" in page
    assert "Painting" not in page


def test_a_miss_shows_only_once_it_is_certain_and_never_why(
    visit, store, world, life, share, clock
):
    """P4."""
    share("missed_session")
    assert "was not there" not in page_of(visit, world.ben)
    life["gone"].confirm(store, "staff", by=world.carla, now=clock.now())
    store.commit()
    page = page_of(visit, world.ben)
    assert page.count("was not there") == 1
    assert "made up" not in page.lower()


def test_hours_of_a_week_wait_until_it_is_certain_who_was_in_its_rooms(
    visit, store, world, life, share, clock
):
    """P4: hours that are not there would tell of it."""
    share("hours")
    assert "3 h" in page_of(visit, world.ben)
    life["there"].confirmed_at = None
    store.commit()
    assert "3 h" not in page_of(visit, world.ben)
    clock.forward(days=9)
    assert "3 h" in page_of(visit, world.ben)
    assert weekly_hours.weeks(store, world.maya, clock.now(), 5)


@pytest.mark.parametrize("category", SHOWN)
@pytest.mark.parametrize("how", ["revoked", "paused", "discharged"])
def test_a_consent_that_ended_leaves_the_page_as_a_quiet_week_would(
    visit, store, database, world, life, share, clock, category, how
):
    """P3: to the byte and to the statement, at once and the next day, whatever happens to Maya meanwhile."""
    [consent] = share(category)
    instant = clock.forward(minutes=1)
    instants = [instant, instant + timedelta(hours=20)]
    quiet = [_at(visit, database, world.ben, clock, each) for each in instants]
    clock.set(instant)
    if how == "revoked":
        consent.revoke(store, by=world.maya, now=clock.now())
    elif how == "paused":
        consent.pause(store, by=world.carla, now=clock.now())
    else:
        leaving.change_status(store, world.maya, "discharged", by=world.susan, now=clock.now())
    store.commit()
    _much_happens(store, world, life, clock)
    assert [_at(visit, database, world.ben, clock, each) for each in instants] == quiet
    if how == "paused":
        consent.resume(store, by=world.carla, now=clock.now())
        store.commit()
        assert store.scalar(select(FrozenPicture)) is None
        changed = _at(visit, database, world.ben, clock, instants[1]) != quiet[1]
        assert changed == (category != "hours")


def _at(visit, database, person, clock, instant):
    clock.set(instant)
    ben = visit(person)
    clock.set(instant)
    with statements(database) as asked:
        answer = ben.get("/together")
    return answer.status_code, constant(answer.text), sorted(answer.headers.keys()), len(asked)


def _much_happens(store, world, life, clock):
    now = clock.now()
    store.scalars(absences.of(seat_of(store, life["ahead"], world.maya).id)).one().withdraw(store, by=world.maya, now=now)  # fmt: skip
    life["ahead"].move(store, now + 2 * DAY + HOUR, now + 2 * DAY + 2 * HOUR, by=world.carla, now=now)  # fmt: skip
    life["gone"].confirm(store, "staff", by=world.carla, now=now)
    life["slot"].cancel(store, "Painting", by=world.carla, now=now)
    room(store, world.carla, [world.maya], now + 21 * HOUR, now, title="One more", ref="more")
    homework.put(store, world.harbor, "h2", title="More", clients=[world.maya], by=world.carla, now=now)  # fmt: skip
    store.commit()


def test_what_both_take_part_in_follows_the_readers_own_place_after_a_consent_ended(
    visit, store, world, share, clock
):
    """P3: else the reader's column would move and the other's would not."""
    now = clock.now()
    hour = room(store, world.tessa, [world.maya, world.ben], now + 2 * DAY, now, kind=COUPLES, title="Hour", ref="hour")  # fmt: skip
    group = room(store, world.carla, [world.maya, world.ben], now + 3 * DAY, now, title="Group", ref="group")  # fmt: skip
    [consent] = share("schedule")
    consent.revoke(store, by=world.maya, now=clock.now())
    for each in (hour, group):
        each.move(store, each.starts_at + HOUR, each.ends_at + HOUR, by=world.carla, now=clock.now())  # fmt: skip
    store.commit()
    assert page_of(visit, world.ben).count("2:00") == 3


def test_a_group_that_both_were_given_after_a_consent_ended_stands_once_as_one_before(
    visit, store, world, share, clock
):
    """P3: they meet there, so a time that is missing in one column alone would tell that the consent ended."""
    now = clock.now()
    [consent] = share("schedule")
    before = room(store, world.carla, [world.maya, world.ben], now + 2 * DAY + 2 * HOUR, now, title="Group", ref="before")  # fmt: skip
    consent.revoke(store, by=world.maya, now=clock.now())
    after = room(store, world.carla, [world.maya, world.ben], now + 2 * DAY + 4 * HOUR, now, title="Group", ref="after")  # fmt: skip
    store.commit()
    page = page_of(visit, world.ben)
    assert before.starts_at < after.starts_at
    assert [page.count(time) for time in ("3:00", "5:00")] == [1, 1]


def test_who_took_a_consent_back_reads_what_stays_on_the_others_page(
    visit, store, world, share, clock
):
    [consent] = share("schedule")
    looks = f"/together/as/{world.ben.id}"
    assert "stays on their page as it was" not in visit(world.maya).get(looks).text
    consent.revoke(store, by=world.maya, now=clock.now())
    store.commit()
    assert "stays on their page as it was" in visit(world.maya).get(looks).text


def test_looks_of_a_partner_are_told_by_the_day(visit, world, share, clock):
    share("schedule")
    for _ in range(3):
        page_of(visit, world.ben)
        clock.forward(minutes=7)
    looks = visit(world.maya).get("/me/looks").text
    assert looks.count("What you share with them") == 1
    assert ", 1:" not in looks[looks.index("What you share with them") :].partition("</small>")[0]


def test_what_is_booked_for_both_after_a_consent_ended_stands_in_both_columns(
    visit, store, world, share, clock
):
    """P3, P11: it is both's by the reader's own place."""
    now = clock.now()
    hour = room(store, world.tessa, [world.maya, world.ben], now + 2 * DAY, now, kind=COUPLES, title="Hour", ref="hour")  # fmt: skip
    slot = room(store, world.tessa, [], now + 3 * DAY, now, kind=COUPLES, title="Slot", ref="joint", makes_up=("couples",))  # fmt: skip
    [consent] = share("schedule")
    consent.revoke(store, by=world.maya, now=clock.now())
    absences.report(store, seat_of(store, hour, world.ben), by=world.ben, now=clock.now())
    bookings.book(store, seat_of(store, hour, world.ben), slot, by=world.ben, now=clock.now())
    store.commit()
    page = page_of(visit, world.ben)
    assert page[page.index("Sat, Mar 7") :].count("1:00") == 2


def test_what_is_signed_while_staff_hold_sharing_back_tells_nothing(
    visit, store, world, life, share, clock
):
    """P3: somebody may be made to sign; what was shown before stays, and nothing comes to it."""
    [first] = share("schedule")
    first.pause(store, by=world.carla, now=clock.forward(minutes=1))
    share("hours", "missed_session")
    page = page_of(visit, world.ben)
    assert "The next days" in page
    assert "week of" not in page
    assert "make it:" not in page


def test_a_preview_is_what_the_other_sees_and_shows_no_pause(
    visit, store, world, life, share, clock
):
    given = share("schedule", "homework")
    maya = visit(world.maya)
    path = f"/together/as/{world.ben.id}"
    assert "As Ben Torres sees it" in maya.get(path).text
    theirs = page_of(visit, world.ben)
    for said in ("The next days", "Homework", "Open"):
        assert said in theirs
        assert said in maya.get(path).text
    instant = clock.forward(minutes=1)
    before = constant(maya.get(path).text)
    given[0].pause(store, by=world.carla, now=clock.now())
    store.commit()
    clock.set(instant)
    assert constant(maya.get(path).text) == before
    for who in (world.june, world.carla, world.maya):
        assert maya.get(f"/together/as/{who.id}").status_code == 404


def test_one_switch_a_category_leads_to_the_signing_and_back(visit, store, world, share):
    maya = visit(world.maya)
    page = maya.get("/together").text
    offered = re.findall(r"/me/sharing/new\?recipient=\d+&amp;category=(\w+)", page)
    assert offered == [each.value for each in Category]
    form = maya.get(f"/me/sharing/new?recipient={world.ben.id}&category=hours").text
    assert re.findall(r'value="(\w+)"[^>]*checked', form).count("hours") == 1
    [given] = share("hours")
    page = maya.get("/together").text
    assert "Shared" in page
    answer = maya.post(f"/me/sharing/{given.id}/end", {"back": "together"})
    assert answer.location == "/together"
    store.expire_all()
    assert given.revoked_at is not None


def test_the_place_is_there_for_partners_and_supporters_alone(visit, world, share):
    for who in (world.maya, world.ben, world.june, world.henry):
        assert 'href="/together"' in page_of(visit, who, "/me")
    for who in (world.charlie, world.gus, world.carla):
        assert 'href="/together"' not in page_of(visit, who, "/me")
    assert visit(world.carla).get("/together").status_code == 404


def test_it_is_the_home_of_a_supporter(visit, world, share):
    share("schedule", client=world.june, recipient=world.henry)
    henry = visit(world.henry)
    answer = henry.get("/")
    assert answer.status_code == 303
    assert answer.location == "/together"
    page = henry.follow(answer).text
    assert "June Whitaker" in page
    assert "What I share" not in page
    assert 'href="/schedule"' not in page


def test_each_opening_shows_to_whom_it_is_about_also_after_they_took_it_back(
    visit, store, world, share, clock
):
    """P7."""
    [consent] = share("hours")
    page_of(visit, world.ben)
    consent.revoke(store, by=world.maya, now=clock.forward(minutes=1))
    store.commit()
    page_of(visit, world.ben)
    looked = store.scalars(select(Event).where(Event.tag == Tag.SHARED_READ)).all()
    assert [(each.client_id, each.by_id) for each in looked] == [(world.maya.id, world.ben.id)] * 2
    page = page_of(visit, world.maya, "/me/looks")
    assert "Ben Torres" in page
    assert "What you share with them" in page


def told(store, person):
    mine = select(Notification).where(Notification.person_id == person.id)
    return [(each.kind, each.consent_category, each.client_id) for each in store.scalars(mine)]


def test_a_partner_is_told_of_an_absence_at_once_and_of_a_miss_once_it_is_certain(
    store, database, world, life, share, clock
):
    """Rule 8, P4."""
    announce(database, clock.now())
    share("missed_session")
    assert told(store, world.ben) == []
    news = ("partner_news", "missed_session", world.maya.id)
    absences.report(store, seat_of(store, life["slot"], world.maya), by=world.maya, now=clock.now())
    store.commit()
    announce(database, clock.now())
    assert told(store, world.ben) == [news]
    life["gone"].confirm(store, "staff", by=world.carla, now=clock.forward(minutes=20))
    store.commit()
    announce(database, clock.now())
    assert told(store, world.ben) == [news, news]


def test_nobody_is_told_of_either_without_that_consent(store, database, world, life, share, clock):
    share("schedule", "reminders", "make_ups", "homework", "hours")
    announce(database, clock.now())
    life["gone"].confirm(store, "staff", by=world.carla, now=clock.now())
    life["there"].confirm(store, "staff", by=world.carla, now=clock.now())
    store.commit()
    announce(database, clock.now())
    assert [each for each in told(store, world.ben) if each[0] == "partner_news"] == []


def test_what_was_shown_last_is_deleted_when_the_consent_would_have_ended(
    visit, store, database, world, life, share, clock
):
    [consent] = share("schedule")
    consent.revoke(store, by=world.maya, now=clock.forward(minutes=1))
    store.commit()
    retention.let_go(database, clock.forward(days=1))
    assert store.scalars(select(FrozenPicture)).all()
    retention.let_go(database, clock.forward(days=90))
    store.expire_all()
    assert store.scalars(select(FrozenPicture)).all() == []
    assert "The next days" not in page_of(visit, world.ben)
    assert store.scalars(select(Consent)).all()
    assert consent.category == Category.SCHEDULE
