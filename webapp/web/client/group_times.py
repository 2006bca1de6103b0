"""A client's page of other times of a group: for this once, or from now on (M27)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_date
from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.make_ups import group_times
from webapp.care.schedule.series import Member, Series
from webapp.care.schedule.sessions import Seat, Session
from webapp.numbers import row_number
from webapp.refusals import Refusal
from webapp.web.client import my_seats
from webapp.web.page.filters import language, time_of, zone
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("group_times", __name__)

PAGE, BLOCK = "client/group_times/show.html", "times"
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeeklyTime:
    """The same group at another weekly time. `when`: "Thu · 12:00 PM", in the reader's zone."""

    series: Series
    when: str
    full: bool


@pages.get("/seats/<row:seat_id>/other-times")
@needs(Permission.REPORT_ABSENCE)
def show(seat_id: int) -> ResponseReturnValue:
    """Single times near this one, and the weekly times one may change to."""
    return _page(seat_id)


@pages.post("/seats/<row:seat_id>/other-times")
@needs(Permission.REPORT_ABSENCE)
def once(seat_id: int) -> ResponseReturnValue:
    """Go to the `session` in the form instead of this one; 404 for one that is not another time of this group, or does not exist."""
    seat = my_seats.seat(seat_id)
    session = store.get(Session, _chosen("session"))
    if session is None or not group_times.is_another_time(session, seat.session):
        abort(404)
    try:
        made = group_times.once(store, seat, session, by=my_seats.person(), now=clock.now())
    except Refusal as refusal:
        return _page(seat_id, refusal)
    store.commit()
    flash(_("That's set. Your usual group knows you come another time."))
    return redirect(url_for("client.seats.show", seat_id=made.by_seat_id), 303)


@pages.post("/seats/<row:seat_id>/other-times/for-good")
@needs(Permission.REPORT_ABSENCE)
def for_good(seat_id: int) -> ResponseReturnValue:
    """Move to the `series` in the form from now on; the places at the old time are free for others. 404 for one that is not another
    time of this group, or does not exist."""
    seat, client = my_seats.seat(seat_id), my_seats.person()
    usual = _series(seat.session.series_id) or abort(404)
    others = group_times.other_times(usual).where(Series.id == _chosen("series"))
    other = store.scalar(others) or abort(404)
    try:
        group_times.change(store, client, usual, other, by=client, now=clock.now())
    except Refusal as refusal:
        return _page(seat_id, refusal)
    store.commit()
    flash(_("From now on you come at the new time. Your schedule shows it."))
    return redirect(url_for("client.schedule.show", view="all"), 303)


def there_are_some(seat: Seat) -> bool:
    """Whether this seat's group has other weekly times."""
    usual = _series(seat.session.series_id)
    return usual is not None and store.scalar(group_times.other_times(usual).limit(1)) is not None


def _page(seat_id: int, refusal: Refusal | None = None) -> ResponseReturnValue:
    place, now = my_seats.view_of(seat_id), clock.now()
    usual = _series(place.seat.session.series_id)
    single = group_times.around(store, my_seats.seat(seat_id), now)
    return widget(
        PAGE, BLOCK, refusal.status if refusal else 200, place="schedule", near=my_seats.approaching(),
        coming=place, refusal=refusal, single=single,
        patterns=_weekly_times(usual, now) if usual and place.state in ("ahead", "told") else [],
        usual=_when(usual, now) if usual else "",
    )  # fmt: skip


def _weekly_times(usual: Series, now: datetime) -> list[WeeklyTime]:
    """The other weekly times, for a client who belongs to this one. Two statements for any number of them."""
    if store.get(Member, (usual.id, my_seats.person().id)) is None:
        return []
    others = list(store.scalars(group_times.other_times(usual).options(joinedload(Series.host))))
    counts: Any = (
        select(Member.series_id, func.count())
        .where(Member.series_id.in_([each.id for each in others]))
        .group_by(Member.series_id)
    )
    members = dict(store.execute(counts).all())
    return [
        WeeklyTime(each, when, members.get(each.id, 0) >= each.capacity)
        for each in others
        if (when := _when(each, now))
    ]


def _when(series: Series, now: datetime) -> str:
    """Mon, Wed, Fri · 6:00 PM: the coming week's times in the reader's zone; empty for a series that has ended, or can't be planned as it is."""
    by_time: dict[str, list[str]] = {}
    for instant in series.occurrences_or_none(now, now + WEEK).values():
        day = format_date(instant.astimezone(zone()), "EEE", locale=language())
        by_time.setdefault(time_of(instant), []).append(day)
    return "; ".join(f"{', '.join(days)} · {at}" for at, days in by_time.items())


def _chosen(name: str) -> int:
    """The row number in the form's field; 0 for a value that can't be one."""
    return row_number(request.form.get(name, ""))


def _series(series_id: int | None) -> Series | None:
    return store.get(Series, series_id) if series_id else None
