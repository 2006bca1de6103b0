"""Which times suit me: parts of the week at which another time would fit; none chosen means any (M6)."""

from typing import Any

from babel.dates import get_day_names
from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.preferences import availability
from webapp.care.preferences.availability import Window
from webapp.refusals import N_, Invalid, Refusal
from webapp.spellings import row_number
from webapp.web.client import my_seats
from webapp.web.page.filters import language
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import read_on, store

pages = Blueprint("windows", __name__)

PAGE, BLOCK = "client/windows/show.html", "windows"
PARTS = (
    ("morning", N_("Morning"), "06:00", "12:00"),
    ("afternoon", N_("Afternoon"), "12:00", "17:00"),
    ("evening", N_("Evening"), "17:00", "24:00"),
)
"""Three taps a day say most of it; parts that touch are one (`windows.fit`)."""


@pages.get("/times")
@needs(Permission.MAKE_UP)
def show() -> ResponseReturnValue:
    """The week with its parts. `?seat=`: where to go back to."""
    return widget(PAGE, BLOCK, **_screen(request.args.get("seat", "")))


@pages.post("/times")
@needs(Permission.MAKE_UP)
def save() -> ResponseReturnValue:
    """Exactly these; offers follow at once."""
    seat = request.form.get("seat", "")
    _screen(seat)  # a seat that is not theirs is nothing here, before anything is kept
    try:
        availability.put(store, my_seats.person(), _chosen(), by=my_seats.person(), now=clock.now())
    except Refusal as refusal:
        read_on()
        return widget(PAGE, BLOCK, refusal.status, **_screen(seat), refusal=refusal)
    store.commit()
    to = url_for("client.windows.show", seat=seat or None)
    return done(PAGE, BLOCK, to, lambda: _screen(seat), saved=True)


DAYS = {str(day) for day in range(7)}


def _chosen() -> list[tuple[int, str, str]]:
    """Raises Invalid for a day or a part that there is not."""
    spans = {name: (begin, end) for name, _words, begin, end in PARTS}
    wanted = []
    for told in dict.fromkeys(request.form.getlist("times")):
        day, _sep, part = told.partition("-")
        if part not in spans or day not in DAYS:
            raise Invalid(N_("Choose a day of the week."), field="windows")
        wanted.append((int(day), *spans[part]))
    return wanted


def _screen(seat: str) -> dict[str, Any]:
    mine = availability.of(store, [my_seats.person().id])[my_seats.person().id]
    names = get_day_names("wide", locale=language())
    return {
        "place": "catch-up",
        "near": my_seats.near(),
        "days": [
            (day, names[day].capitalize(), [
                (f"{day}-{name}", _(words), _covered(mine, day, begin, end))
                for name, words, begin, end in PARTS
            ])
            for day in range(7)
        ],
        "any_time": not mine,
        "seat": my_seats.one(row_number(seat)).seat.id if seat else None,
    }  # fmt: skip


def _covered(mine: list[Window], day: int, begin: str, end: str) -> bool:
    """Whether the part lies wholly in what was said, also when that was said in other hours."""
    part = availability.read(day, begin, end)
    reached = part.from_minute
    for window in mine:
        if window.weekday == day and window.from_minute <= reached < window.to_minute:
            reached = window.to_minute
    return reached >= part.to_minute
