"""What helps me: accommodations, requested with one switch each and shown to the host (M25)."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.preferences import accommodations
from webapp.care.preferences.accommodations import Accommodation, Need
from webapp.refusals import N_, Refusal
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("needs", __name__)

PAGE, BLOCK = "client/me/needs.html", "needs"
OFFERED = (
    (Need.SUPPORT_ANIMAL, N_("My support animal is with me"), N_("Welcome, always. Nobody has to approve it.")),
    (Need.CAPTIONS, N_("Captions"), N_("Words on the screen while people speak.")),
    (Need.INTERPRETER, N_("An interpreter"), N_("Sign language or another language.")),
    (Need.CAMERA_OFF, N_("My camera stays off"), N_("Being there by voice counts.")),
    (Need.OTHER, N_("Something else"), N_("A break, larger slides, a quiet start.")),
)  # fmt: skip
SHORT = {
    Need.SUPPORT_ANIMAL: N_("Support animal"),
    Need.CAPTIONS: N_("Captions"),
    Need.INTERPRETER: N_("Interpreter"),
    Need.CAMERA_OFF: N_("Camera off"),
    Need.OTHER: N_("Something else"),
}
"""Short names of the accommodations."""
DETAILED = {
    Need.INTERPRETER: N_("Which language?"),
    Need.OTHER: N_("What would help?"),
}
"""The accommodations that have a detail, and the question for it."""


@pages.get("/me/needs")
@needs(Permission.OWN_CARE)
def show() -> ResponseReturnValue:
    """The form, one switch for each accommodation."""
    return widget(PAGE, BLOCK, **_screen(saved="saved" in request.args))


@pages.post("/me/needs")
@needs(Permission.OWN_CARE)
def save() -> ResponseReturnValue:
    """Set the person's accommodations to exactly those in the form."""
    person, now, form = my_seats.person(), clock.now(), request.form
    wanted = set(form.getlist("need"))
    try:
        for each in _standing():
            if each.kind not in wanted:
                accommodations.end(store, each, by=person, now=now)
        for kind in sorted(wanted):
            accommodations.ask(
                store, person, kind, by=person, now=now, detail=form.get(f"detail_{kind}")
            )
    except Refusal as refusal:
        return widget(PAGE, BLOCK, refusal.status, **_screen(refusal=refusal, said=form))
    store.commit()
    return done(PAGE, BLOCK, url_for("client.needs.show", saved="yes"), _screen, saved=True)


def _screen(said: Any = None, **more: Any) -> dict[str, Any]:
    """The context of the block: each accommodation, whether it is requested, and its detail, as typed if the form was refused."""
    stands = {each.kind: each.detail or "" for each in _standing()}
    if said is not None:
        stands = {kind: said.get(f"detail_{kind}", "") for kind in said.getlist("need")}
    rows = [
        (kind.value, _(words), _(hint), kind in stands, _(DETAILED[kind]) if kind in DETAILED else "", stands.get(kind, ""))
        for kind, words, hint in OFFERED
    ]  # fmt: skip
    return {"place": "me", "near": my_seats.approaching(), "rows": rows, **more}


def _standing() -> list[Accommodation]:
    return list(store.scalars(accommodations.of(my_seats.person().id)))
