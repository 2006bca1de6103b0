"""Unfinished texts, kept on the server as they are typed (static/js/drafts.js): for clients and staff alike.

Everybody has their own and reads only their own, so the key of a draft opens nothing.
"""

import re
from typing import cast

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts as kept
from webapp.numbers import whole_number
from webapp.refusals import Conflict, Refusal
from webapp.web.page import identity
from webapp.web.page.filters import sentence, time_of
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

drafts = Blueprint("drafts", __name__)

ABOUT = re.compile(r"[a-z_]{1,24}(:[0-9]{1,10}){1,2}")
"""`homework:7`, `summary:12:3`."""


@drafts.post("/drafts")
@needs(Permission.OWN_SETTINGS)
def save() -> ResponseReturnValue:
    """Keep `body`, the text about `about`, going on from `edition`. Answers the new edition and when it was kept; 409 with the
    other text when another device saved meanwhile, so that both can be shown."""
    me, form, now = cast(Person, identity.current_person()), request.form, clock.now()
    about, edition = form.get("about", ""), form.get("edition", "0")
    going_on_from = whole_number(edition, most=kept.MOST_EDITIONS)
    if not ABOUT.fullmatch(about) or going_on_from is None:
        abort(404)
    try:
        saved = kept.save(store, about, form.get("body", ""), by=me, now=now, edition=going_on_from)
    except Conflict:
        store.rollback()
        other = kept.of(store, me, about)
        return {"edition": other.edition if other else 0, "body": other.body if other else ""}, 409
    except Refusal as refusal:
        return {"said": sentence(refusal)}, refusal.status
    store.commit()
    return {"edition": saved, "saved": time_of(now)}
