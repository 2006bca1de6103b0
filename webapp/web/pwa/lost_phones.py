"""A phone whose login was ended from elsewhere: told at its next contact, whatever it asks for, to forget what it keeps (S19).

The login's cookie outlives the login, so that the phone is known. Every response to it carries a header, which the service worker
and scripts read, and sets a cookie, which the next page reads when no script saw the response; static/js/phone/lost.js forgets
and deletes the cookie. The service worker's own script says it as well (templates/pwa/service-worker.js).
"""

from flask import Flask, Response, current_app

from webapp.config import Settings
from webapp.web.page import identity

HEADER = "Phone-Lost"
MONTH = 30 * 24 * 3600


def init_app(app: Flask, settings: Settings) -> None:
    app.config["LOST_COOKIE"] = f"{'__Host-' if settings.secure else ''}lost"
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    if identity.is_lost_phone():
        config = current_app.config
        response.headers[HEADER] = "yes"
        response.set_cookie(
            config["LOST_COOKIE"], "yes", max_age=MONTH, samesite="Lax", path="/",
            secure=config["SESSION_COOKIE_SECURE"],
        )  # fmt: skip
    return response
