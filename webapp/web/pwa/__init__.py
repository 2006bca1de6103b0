"""The progressive web app: manifest, service worker, push key, and the pages that also work without a network.

Nothing here depends on who is signed in, so the phone may cache all of it: the service worker keeps shell assets, `/offline` and
`/crisis`, and never a signed-in page (S6). Names are neutral: `APP_NAME` is the operator's (P5).
"""

import base64
import hashlib

from cryptography.hazmat.primitives import serialization
from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from webapp.config import Settings
from webapp.web.page import identity
from webapp.web.page.assets import StaticFiles
from webapp.web.page.guard import public

pwa = Blueprint("pwa", __name__)

SHELL = (
    "app.css",
    "app.js",
    "phone.js",
    "offline.js",
    "vendor/htmx-4.0.1.min.js",
    "img/icon.svg",
    "img/icon-192.png",
    "img/badge.png",
)
PAPER = "#faf4ea"
PHONES = {"apple": ("iPhone", "iPad"), "android": ("Android",)}
"""Kinds of phones and the words in their User-Agent; an iPad that claims to be a Mac is detected by `install.js`."""


@pwa.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """The web app manifest: a neutral name, neutral shortcuts (P5)."""
    static_files: StaticFiles = current_app.extensions["static_files"]
    name = current_app.jinja_env.globals["app_name"]
    card = {
        "id": "/",
        "name": name,
        "short_name": name,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            _icon(static_files, "icon-192.png", "192x192", "any"),
            _icon(static_files, "icon-512.png", "512x512", "any"),
            _icon(static_files, "icon-maskable.png", "512x512", "maskable"),
            _icon(static_files, "badge.png", "96x96", "monochrome"),
        ],
        "shortcuts": [
            {"name": _("Today"), "url": "/"},
            {"name": _("Schedule"), "url": "/schedule"},
        ],
    }
    answer = make_response(current_app.json.dumps(card))
    answer.content_type = "application/manifest+json"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _icon(static_files: StaticFiles, name: str, sizes: str, purpose: str) -> dict[str, str]:
    return {
        "src": static_files.address(f"img/{name}"),
        "sizes": sizes,
        "type": "image/png",
        "purpose": purpose,
    }


@pwa.get("/service-worker.js")
@public
def service_worker() -> Response:
    """The service worker of this release. Its cache is named by the release, so an old worker's files are deleted with it. A lost
    phone gets another script, which a browser installs because it differs, and which forgets as it is installed (S19)."""
    static_files: StaticFiles = current_app.extensions["static_files"]
    script = render_template(
        "pwa/service-worker.js",
        shell=[static_files.address(name) for name in SHELL],
        lost=identity.is_lost_phone(),
    )
    answer = make_response(script.replace("@@RELEASE@@", _release(script)))
    answer.content_type = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = "/"
    return answer


def _release(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()[:12]


@pwa.get("/push-key")
@public
def push_key() -> Response:
    """Our public key for push services (RFC 8292), base64url: what a browser needs to subscribe."""
    answer = make_response(current_app.extensions["push_key"])
    answer.content_type = "text/plain; charset=ascii"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@pwa.get("/offline")
@public
def offline() -> str:
    """The page that the phone shows without a network, with the crisis line."""
    return render_template("pwa/offline.html")


@pwa.get("/crisis")
@public
def crisis() -> str:
    """988 by call, text and chat: public, and cached on the phone."""
    return render_template("client/crisis.html")


@pwa.get("/install")
@public
def install() -> str:
    """How to install the app and allow notifications on each kind of phone, also after they were refused."""
    agent = request.user_agent.string
    phone = next(
        (each for each in PHONES if any(name in agent for name in PHONES[each])), "computer"
    )
    return render_template("pwa/install.html", place="me", phone=phone)


def fixed(name: str) -> Markup:
    """A partial template rendered once for each language and then reused. It must not depend on who is signed in."""
    kept: dict[tuple[str, str], Markup] = current_app.extensions["fixed"]
    place = (name, str(get_locale()))
    if place not in kept:
        kept[place] = Markup(current_app.jinja_env.get_template(name).render())  # noqa: S704
    return kept[place]


def init_app(app: Flask, settings: Settings) -> None:
    """Give templates `app_name`, `fixed` and `push_key`, and register the app's routes."""
    app.jinja_env.globals.update(app_name=settings.app_name, get_locale=get_locale, fixed=fixed)
    app.extensions["fixed"] = {}
    app.extensions["push_key"] = app.jinja_env.globals["push_key"] = _public(settings.vapid_key)
    app.register_blueprint(pwa)


def _public(pem: str) -> str:
    """The uncompressed public point of the VAPID key, base64url without padding."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
