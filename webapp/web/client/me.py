"""Me: reminders, this phone and others, language, where one is signed in."""

from typing import Any

from babel import Locale
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh
from flask_login import current_user
from sqlalchemy import select

from webapp import clock
from webapp.care import addresses, preferences
from webapp.care.access import Permission
from webapp.care.accounts import Login
from webapp.care.addresses import Channel
from webapp.web.client import places
from webapp.web.client.reminders import screen
from webapp.web.filters import spoken
from webapp.web.guard import needs
from webapp.web.unit import store

pages = Blueprint("me", __name__)


@pages.get("/me")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """Everything about how one is reminded and where one is signed in, on one page."""

    return render_template("client/me/show.html", **everything())


def everything(**more: Any) -> dict[str, Any]:
    """What the page's blocks need."""
    person = places.person()
    mine = list(store.scalars(addresses.of(person.id)))
    return {
        "place": "me",
        "near": places.near(),
        "devices": [each for each in mine if each.channel == Channel.PUSH],
        "logins": logins(),
        "this_login": current_user.login.id,
        "languages": languages(),
        **screen([each for each in mine if each.channel != Channel.PUSH]),
        **more,
    }


def logins() -> list[Login]:
    """Where the person is signed in, latest use first."""
    now = clock.now()
    found = select(Login).where(Login.person_id == places.person().id, Login.ended_at.is_(None))
    return [
        login for login in store.scalars(found.order_by(Login.seen_at.desc())) if login.live(now)
    ]


def languages() -> list[tuple[str, str]]:
    """(code, its own name) of each language there are words for."""
    return [(code, (Locale(code).get_display_name(code) or code).capitalize()) for code in spoken()]


@pages.post("/me/language")
@needs(Permission.OWN_SETTINGS)
def speak() -> ResponseReturnValue:
    """From here on everything, reminders too, comes in this language."""
    person = places.person()
    preferences.set_language(
        store, person, request.form.get("language", ""), by=person, now=clock.now()
    )
    store.commit()
    refresh()
    flash(_("Saved."))
    return redirect(url_for("client.me.show"), 303)


@pages.post("/me/logins/<row:login_id>/end")
@needs(Permission.OWN_SETTINGS)
def end_login(login_id: int) -> ResponseReturnValue:
    """Sign out somewhere else; its copied cookie is dead from here on (S2)."""
    login = next((each for each in logins() if each.id == login_id), None)
    if login is not None:
        login.end(store, "ended_elsewhere", by=places.person(), now=clock.now())
    store.commit()
    flash(_("Signed out there."))
    return redirect(url_for("client.me.show", _anchor="sign-ins"), 303)
