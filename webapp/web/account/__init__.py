"""How one gets in, and what one is told on coming in: for clients, supporters and staff alike; one module a matter."""

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
"""Each hangs its views on `account`, or on `sign_in` when it serves people at the door."""


def register(app: Flask, settings: Settings) -> None:
    """Hang the door and the pages behind it into the app; passkeys are for the host of BASE_URL."""
    origin = urlsplit(settings.base_url)
    app.extensions["relying_party"] = RelyingParty(
        rp_id=origin.hostname or "localhost",
        origin=f"{origin.scheme}://{origin.netloc}",
        name=settings.app_name,
    )
    app.register_blueprint(sign_in)
    app.register_blueprint(account)
