"""Signing out without a network: the phone can neither reach the server nor delete the login's cookie, so it sets a mark.

static/js/leave.js cleans the phone and sets the mark, a cookie that holds the id of this device's push subscription (0: none). The
first request with the mark is treated as signed out; then the login ends on the server (S6), the device's reminders stop (S5),
and both cookies are deleted.
"""

from flask import Flask, Response, current_app, g, request

from webapp import clock
from webapp.care.accounts import logins
from webapp.care.accounts.logins import Login
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address
from webapp.config import Settings
from webapp.db import Store
from webapp.numbers import row_number
from webapp.web.page import unit_of_work
from webapp.web.page.unit_of_work import database


def init_app(app: Flask, settings: Settings) -> None:
    prefix = "__Host-" if settings.secure else ""
    app.config.update(LEFT_COOKIE=f"{prefix}left", AWAY_COOKIE=f"{prefix}away")
    app.after_request(_leave)


def _leave(response: Response) -> Response:
    login_id = g.pop("login_left_offline", None)
    if login_id is not None:
        unit_of_work.close()
        with database.writing() as store:
            _end(store, login_id)
            store.commit()
    config = current_app.config
    if login_id is not None or ("me" in g and config["LEFT_COOKIE"] in request.cookies):
        secure = config["SESSION_COOKIE_SECURE"]
        response.delete_cookie(config["LEFT_COOKIE"], secure=secure, samesite="Lax", path="/")
        if "login_secret" not in g and login_id is not None:
            response.delete_cookie(
                config["LOGIN_COOKIE"], secure=secure, httponly=True, samesite="Lax", path="/"
            )
    return response


def _end(store: Store, login_id: int) -> None:
    login, now = store.get_one(Login, login_id), clock.now()
    logins.sign_out(store, login, "signed_out", by=login.person, now=now)
    number = request.cookies.get(current_app.config["LEFT_COOKIE"], "")
    here = Address.id == row_number(number)
    addresses.sign_out_devices(store, login.person, here, by=login.person, now=now)
