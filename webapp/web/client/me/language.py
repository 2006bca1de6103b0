"""The language and time zone of a person's pages and reminders (M2)."""

from babel import Locale
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh

from webapp import clock, languages
from webapp.care.directory import programs
from webapp.care.directory.permissions import Permission
from webapp.care.preferences import contact_preferences
from webapp.refusals import Refusal
from webapp.web.client import my_seats
from webapp.web.page.filters import time_of
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("language", __name__)

PAGE, BLOCK = "client/me/language.html", "language"
NEAR_HOME = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
    "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico",
)  # fmt: skip
"""The most common zones, first in the list."""


@pages.get("/me/language")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """Both choices, each with its own button."""
    return _page()


@pages.post("/me/language")
@needs(Permission.OWN_SETTINGS)
def speak() -> ResponseReturnValue:
    """Set the language of pages and reminders."""
    person = my_seats.person()
    try:
        contact_preferences.set_language(
            store, person, request.form.get("language", ""), by=person, now=clock.now()
        )
    except Refusal as refusal:
        return _page(refusal)
    store.commit()
    refresh()
    flash(_("Saved."))
    return redirect(url_for("client.language.show"), 303)


@pages.post("/me/time-zone")
@needs(Permission.OWN_SETTINGS)
def go_by() -> ResponseReturnValue:
    """Set the time zone of times and quiet hours. `from=schedule`: redirect back to the schedule, where it was offered."""
    person = my_seats.person()
    try:
        contact_preferences.set_zone(
            store, person, request.form.get("time_zone", "")[:64], by=person, now=clock.now()
        )
    except Refusal as refusal:
        return _page(refusal)
    store.commit()
    refresh()
    flash(_("Times now go by the clock in %(city)s.", city=city(person.time_zone)))
    back = (
        "client.schedule.show" if request.form.get("from") == "schedule" else "client.language.show"
    )
    return redirect(url_for(back), 303)


def _page(refusal: Refusal | None = None) -> ResponseReturnValue:
    person = my_seats.person()
    return widget(
        PAGE, BLOCK, refusal.status if refusal else 200, place="me", near=my_seats.approaching(),
        refusal=refusal, languages=[(code, own_name(code)) for code in languages.offered()],
        name=title(), zones=zones(person.time_zone), home=(person.preferences or {}).get("home_zone", ""),
    )  # fmt: skip


def zones(own: str) -> list[tuple[str, str]]:
    """The zones one may choose as (IANA name, words): common ones first with the time there, then all others."""
    now = clock.now()
    first = dict.fromkeys([own, *NEAR_HOME])
    others = sorted(programs.zones() - first.keys())
    usual = [(name, f"{city(name)} · {time_of(now, name)}") for name in first]
    return [*usual, *((name, name.replace("_", " ")) for name in others)]


def city(zone: str) -> str:
    """New York, for America/New_York."""
    return zone.rpartition("/")[2].replace("_", " ")


def title() -> str:
    """The title of the page: with only one language, the time zone is the only choice."""
    return _("Language and time") if len(languages.offered()) > 1 else _("Time zone")


def own_name(code: str) -> str:
    """A language as it calls itself: English, Español."""
    return (Locale(code).get_display_name(code) or code).capitalize()
