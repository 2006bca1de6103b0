"""A client's page of availability: the parts of the week at which a make-up suits them; none chosen means any (M6)."""

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
"""Three choices a day say most of it; parts that touch count as one (`availability.fit`)."""


@pages.get("/times")
@needs(Permission.MAKE_UP)
def show() -> ResponseReturnValue:
    """The week with its parts. `?seat=`: the seat whose page one came from."""
    return widget(PAGE, BLOCK, **_screen(request.args.get("seat", "")))


@pages.post("/times")
@needs(Permission.MAKE_UP)
def save() -> ResponseReturnValue:
    """Store exactly the parts that were chosen; offers change with them at once."""
    seat = request.form.get("seat", "")
    _screen(seat)  # 404 for a seat that is not theirs, before anything is stored
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
    """(weekday, from, to) of the parts that the form names. Raises Invalid for a day or a part that doesn't exist."""
    spans = {name: (begin, end) for name, _words, begin, end in PARTS}
    chosen = []
    for value in dict.fromkeys(request.form.getlist("times")):
        day, _sep, part = value.partition("-")
        if part not in spans or day not in DAYS:
            raise Invalid(N_("Choose a day of the week."), field="windows")
        chosen.append((int(day), *spans[part]))
    return chosen


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
    """Whether the part lies wholly within the client's windows, also when those begin and end at other hours."""
    part = availability.read(day, begin, end)
    reached = part.from_minute
    for window in mine:
        if window.weekday == day and window.from_minute <= reached < window.to_minute:
            reached = window.to_minute
    return reached >= part.to_minute
