"""The devices on which a person is signed in, and signing them out (S2)."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from webapp import clock
from webapp.care.accounts import logins
from webapp.care.accounts.logins import Login
from webapp.care.directory.permissions import Permission
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("sign_ins", __name__)


@pages.get("/me/sign-ins")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """Every login in use, with this one marked."""
    return render_template(
        "client/me/sign_ins.html", place="me", near=my_seats.approaching(), logins=current_logins(),
        this_login=current_user.login.id,
    )  # fmt: skip


@pages.post("/me/logins/end")
@needs(Permission.SIGN_IN_METHODS)
def end_others() -> ResponseReturnValue:
    """Sign out every other device, for instance after a sign-in method was changed (S2)."""
    here, person, now = current_user.login.id, my_seats.person(), clock.now()
    logins.sign_out_everywhere(store, person, "ended_elsewhere", by=person, now=now, but=here)
    store.commit()
    flash(_("Signed out everywhere else. Other devices get no more reminders."))
    return redirect(url_for("client.sign_ins.show"), 303)


@pages.post("/me/logins/<row:login_id>/end")
@needs(Permission.SIGN_IN_METHODS)
def end(login_id: int) -> ResponseReturnValue:
    """Sign out another device; a copied cookie of it is useless from then on (S2)."""
    login = next((each for each in current_logins() if each.id == login_id), None)
    if login is not None:
        logins.sign_out_there(
            store, login, "ended_elsewhere", by=my_seats.person(), now=clock.now()
        )
    store.commit()
    flash(_("Signed out there. It gets no more reminders."))
    return redirect(url_for("client.sign_ins.show"), 303)


def current_logins() -> list[Login]:
    """The person's logins that are not ended, latest use first."""
    now = clock.now()
    found = select(Login).where(Login.person_id == my_seats.person().id, ~Login.is_ended)
    return [
        login for login in store.scalars(found.order_by(Login.seen_at.desc())) if login.open(now)
    ]
