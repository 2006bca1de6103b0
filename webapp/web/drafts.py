"""`POST /drafts`: saves unfinished texts as they are typed (static/js/drafts.js), for clients and staff.

Everybody saves and reads only their own drafts, so knowing a draft's key gives no access.
"""

import re
from typing import cast

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts as own_drafts
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
    """Save `body` as the draft `about`, based on `edition`. Returns the new edition and the time; 409 with the other text when
    another device has saved meanwhile, so that both can be shown."""
    me, form, now = cast(Person, identity.current_person()), request.form, clock.now()
    about = form.get("about", "")
    edition = whole_number(form.get("edition", "0"), most=own_drafts.MOST_EDITIONS)
    if not ABOUT.fullmatch(about) or edition is None:
        abort(404)
    try:
        saved = own_drafts.save(store, about, form.get("body", ""), by=me, now=now, edition=edition)
    except Conflict:
        store.rollback()
        other = own_drafts.of(store, me, about)
        if other and other.body == form.get("body", ""):  # sent before, and its answer was lost
            return {"edition": other.edition, "saved": time_of(other.saved_at)}
        return {"edition": other.edition if other else 0, "body": other.body if other else ""}, 409
    except Refusal as refusal:
        return {"said": sentence(refusal)}, refusal.status
    store.commit()
    return {"edition": saved, "saved": time_of(now)}
