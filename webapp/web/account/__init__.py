"""Sign-in methods and the orientation, for clients, supporters and staff; one module for each method."""

from urllib.parse import urlsplit

from flask import Flask

from webapp.care.accounts.passkeys import RelyingParty
from webapp.config import Settings
from webapp.web.account import (
    authenticators,
    fresh,
    orientation,
    overview,
    passkeys,
    passwords,
    second_step,
)
from webapp.web.account.context import account
from webapp.web.sign_in import sign_in

MODULES = (authenticators, fresh, orientation, overview, passkeys, passwords, second_step)
"""Each registers its views on `account`, or on `sign_in` when they serve people who are not signed in yet."""


def register(app: Flask, settings: Settings) -> None:
    """Register the sign-in and account pages; passkeys are bound to the host of BASE_URL."""
    origin = urlsplit(settings.base_url)
    app.extensions["relying_party"] = RelyingParty(
        rp_id=origin.hostname or "localhost",
        origin=f"{origin.scheme}://{origin.netloc}",
        name=settings.app_name,
    )
    app.register_blueprint(sign_in)
    app.register_blueprint(account)
