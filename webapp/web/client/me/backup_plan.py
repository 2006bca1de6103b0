"""Backup plan: what the client wants to do on a day when something comes up (M26)."""

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.preferences import backup_plans
from webapp.refusals import N_, Refusal
from webapp.web.client import my_seats
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("backup_plan", __name__)

PAGE, BLOCK = "client/me/backup_plan.html", "plan"
ASKED = (
    ("place", N_("Another place"), N_("Where you could sit quietly: a friend's kitchen, the car.")),
    ("device", N_("Another device"), N_("An old phone, a tablet, a neighbor's laptop.")),
    ("childcare", N_("Someone for the children"), N_("Who could step in, and how you reach them.")),
    ("dial_in", N_("A phone to call in with"), N_("The number you would call from. Being there by voice counts.")),
    ("note", N_("Anything else"), N_("Whatever helps you on such a day.")),
)  # fmt: skip
"""Each part of the plan: its field, its label and its hint."""


@pages.get("/me/backup-plan")
@needs(Permission.OWN_CARE)
def show() -> ResponseReturnValue:
    """The current plan, as a form."""
    return widget(PAGE, BLOCK, **_screen(saved="saved" in request.args))


@pages.post("/me/backup-plan")
@needs(Permission.OWN_CARE)
def save() -> ResponseReturnValue:
    """Save a new version; earlier ones are kept."""
    person, form = my_seats.person(), request.form
    parts = {name: form.get(name, "") for name in backup_plans.PARTS}
    try:
        backup_plans.write(store, person, parts, by=person, now=clock.now())
    except Refusal as refusal:
        return widget(PAGE, BLOCK, refusal.status, **_screen(refusal=refusal, said=parts))
    store.commit()
    to = url_for("client.backup_plan.show", saved="yes")
    return done(PAGE, BLOCK, to, _screen, saved=True)


def _screen(said: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    plan = store.scalar(backup_plans.of(my_seats.person().id))
    kept = said if said is not None else plan.parts if plan else {}
    asked = [(name, _(words), _(hint), kept.get(name, "")) for name, words, hint in ASKED]
    return {"place": "me", "near": my_seats.approaching(), "asked": asked, "plan": plan, **more}
