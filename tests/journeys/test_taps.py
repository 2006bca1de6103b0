"""Two taps to report, a third to rebook, counted on a real phone from the moment Today is open."""

import json
from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.journeys.conftest import Evening
from tests.journeys.phone import Phone
from webapp import clock
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.directory.people import Person
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.schedule import planning
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Seat, Session
from webapp.demo import cast

COUNT = """
  addEventListener("click", ({ isTrusted, target }) => {
    if (!isTrusted) return;
    const told = JSON.parse(sessionStorage.getItem("taps") ?? "[]");
    told.push(target.closest("a, button")?.textContent.trim() ?? target.tagName);
    sessionStorage.setItem("taps", JSON.stringify(told));
  }, true);
"""
"""Every real tap, across pages: scripts can't make trusted ones."""


def taps(page: Page) -> list[str]:
    return json.loads(page.evaluate("sessionStorage.getItem('taps') ?? '[]'"))


def counted(phone: Phone) -> Page:
    """Today, open, with nothing tapped yet."""
    phone.page.add_init_script(COUNT)
    page = phone.open("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert taps(page) == []
    return page


def slot(evening: Evening, title: str, hours: float, *names: str, capacity: int = 3) -> int:
    """A room of Colin's in so many hours, in which a group can be made up for; these clients sit there."""
    now = clock.now()
    with evening.database.writing() as store:
        world = cast.find(store)
        starts_at = now + timedelta(hours=hours)
        made, _ = planning.put(
            store, world.harbor.id, title, kind="group", title=title, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1), time_zone="America/New_York", host=world.colin,
            capacity=capacity, makes_up=["group"], seats=[getattr(world, name) for name in names],
            by=None, now=now, presence_from=PresenceFrom.STAFF,
        )  # fmt: skip
        store.commit()
        return made.id


def tap(page: Page, role: str, name: str) -> None:
    """The first one that can be seen without scrolling: a person taps what is under their thumb."""
    found = page.get_by_role(role, name=name).first
    expect(found).to_be_in_viewport()
    found.tap()


def test_two_taps_tell_us_and_a_third_books_another_time(evening: Evening) -> None:
    seat_id = evening.plan("maya", in_seconds=26 * 3600 + 90)["maya"]
    skills = slot(evening, "Skills", 72)
    page = counted(evening.signed_in("maya"))

    tap(page, "link", "I can't make it")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_role("heading", name="Thanks for telling us 26 hours ahead")).to_be_visible()
    assert taps(page) == ["I can't make it", "Send"]
    with evening.database.reading() as store:
        [report] = store.scalars(select(AbsenceReport))
        assert (report.seat_id, report.reason, report.note) == (seat_id, "prefer_not_to_say", None)
        assert report.notice > timedelta(hours=26)

    tap(page, "button", "Book")
    expect(page.get_by_role("heading", name="Booked for you")).to_be_visible()
    assert taps(page) == ["I can't make it", "Send", "Book"]
    with evening.database.reading() as store:
        [made] = store.scalars(select(MakeUp))
        assert (made.seat_id, made.is_open) == (seat_id, True)
        assert made.by_seat is not None
        assert made.by_seat.session_id == skills
        maya = store.scalars(select(Person).where(Person.ref == "maya")).one()
        mine = select(Seat).where(Seat.client_id == maya.id, Seat.is_given)
        assert len(store.scalars(mine).all()) == 2


def test_when_somebody_is_quicker_the_next_best_is_the_next_tap(evening: Evening) -> None:
    seat_id = evening.plan("maya", in_seconds=26 * 3600)["maya"]
    only = slot(evening, "Only one place", 48, capacity=1)
    better = slot(evening, "Room enough", 96)
    page = counted(evening.signed_in("maya"))
    tap(page, "link", "I can't make it")
    page.get_by_role("button", name="Send").tap()
    expect(page.get_by_role("button", name="Book").first).to_be_visible()
    with evening.database.writing() as store:
        gus, session = cast.find(store).gus, store.get_one(Session, only)
        planning.give_seat(store, session, gus, by=None, now=clock.now())
        store.commit()
    tap(page, "button", "Book")
    expect(page.get_by_text("Somebody was quicker")).to_be_visible()
    tap(page, "button", "Book")
    expect(page.get_by_role("heading", name="Booked for you")).to_be_visible()
    assert taps(page) == ["I can't make it", "Send", "Book", "Book"]
    with evening.database.reading() as store:
        [made] = store.scalars(select(MakeUp))
        assert made.seat_id == seat_id
        assert made.by_seat is not None
        assert made.by_seat.session_id == better


def test_without_scripts_it_is_the_same_number_of_taps(evening: Evening) -> None:
    evening.plan("maya", in_seconds=26 * 3600)
    skills = slot(evening, "Skills", 72)
    page = evening.signed_in("maya", java_script_enabled=False).open("/")
    page.get_by_role("link", name="I can't make it").first.tap()
    page.get_by_role("button", name="Send").tap()
    page.get_by_role("button", name="Book").first.tap()
    expect(page.get_by_role("heading", name="Booked for you")).to_be_visible()
    with evening.database.reading() as store:
        [made] = store.scalars(select(MakeUp))
        assert made.by_seat is not None
        assert made.by_seat.session_id == skills
