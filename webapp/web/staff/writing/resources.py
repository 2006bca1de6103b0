"""Putting something to read, watch, open or do on a room's shelf, changing it, taking it off again."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import or_, select

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts, resources
from webapp.care.materials.resources import Resource
from webapp.care.schedule import sessions
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Session
from webapp.refusals import N_, Invalid, Refusal
from webapp.spellings import whole_number
from webapp.web.page import markdown
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import form_errors, me, one_or_404, page
from webapp.web.staff.wording.vocabulary import KIND, RESOURCE
from webapp.web.staff.writing import shared

pages = Blueprint("resources", __name__)
PAGE = "staff/writing/resource.html"


@pages.get("/sessions/<row:session_id>/resources")
@needs(Permission.WRITE)
def new(session_id: int) -> ResponseReturnValue:
    """Something new for the room, or for some in it."""
    return page(PAGE, **_picture(shared.session_of(session_id), None))


@pages.post("/sessions/<row:session_id>/resources")
@needs(Permission.WRITE)
def put_new(session_id: int) -> ResponseReturnValue:
    """Put it on the shelf, or preview it."""
    return _write(shared.session_of(session_id), None)


@pages.get("/resources/<row:resource_id>")
@needs(Permission.WRITE)
def show(resource_id: int) -> ResponseReturnValue:
    """What stands there, to change it."""
    found = _known(resource_id)
    return page(PAGE, **_picture(_session(found), found))


@pages.post("/resources/<row:resource_id>")
@needs(Permission.WRITE)
def change(resource_id: int) -> ResponseReturnValue:
    found = _known(resource_id)
    return _write(_session(found), found)


@pages.post("/resources/<row:resource_id>/withdrawal")
@needs(Permission.WRITE)
def withdraw(resource_id: int) -> ResponseReturnValue:
    """Off the shelf. What was done with it stays."""
    found = _known(resource_id)
    found.withdraw(store, by=me(), now=clock.now())
    store.commit()
    return shared.go(_home(_session(found)))


def _write(session: Session | None, found: Resource | None) -> ResponseReturnValue:
    form, about = request.form, _about(session, found)
    body = form.get("body", "")
    try:
        if form.get("do") == shared.PREVIEW:
            shared.keep_draft(about)
            store.commit()
            return page(PAGE, **_picture(session, found), preview=markdown.html(body), given=form)
        made, first = _put(session, found, body)
    except Refusal as refusal:
        store.rollback()
        return page(PAGE, 422, **_picture(session, found), errors=form_errors(refusal), given=form)
    news = shared.recipients(session, _named(made)) if first else shared.Recipients([])
    drafts.clear(store, me().id, about)
    store.commit()
    flash(_("On the shelf. Told now: %(names)s.", names=news.names) if news.names else _("Kept."))
    return shared.go(_home(session) if first else f"/staff/resources/{made.id}")


def _put(session: Session | None, found: Resource | None, body: str) -> tuple[Resource, bool]:
    """Raises Invalid."""
    form = request.form
    kept = list(store.scalars(found.readers())) if found and not found.for_everyone else []
    return resources.put(
        store, me().program, found.ref if found else f"staff-{uuid4().hex}",
        kind=form.get("kind", ""), title=form.get("title", ""), body=body,
        url=form.get("url", "").strip() or None, minutes=_minutes(form.get("minutes", "")),
        makes_up=form.getlist("makes_up"), session=session,
        clients=shared.chosen(session, kept), available_until=shared.local("available_until"),
        by=me(), now=clock.now(),
    )  # fmt: skip


def _minutes(written: str) -> float | None:
    if not written.strip():
        return None
    minutes = whole_number(written.strip(), most=24 * 60)
    if minutes is None:
        raise Invalid(N_("Between a minute and a day."), field="minutes")
    return float(minutes)


def _picture(session: Session | None, found: Resource | None) -> dict[str, Any]:
    about = _about(session, found)
    return {
        "place": "now",
        "session": session,
        "resource": found,
        "clients": shared.clients_of(session),
        "named": set(_named(found)) if found else set(),
        "kinds": [(key, shown.words, shown.icon) for key, shown in RESOURCE.items()],
        "session_kinds": [(key.value, KIND[key]) for key in SessionKind],
        "about": about,
        "draft": drafts.of(store, me(), about),
        "recipients": shared.recipients(session),
    }


def _named(found: Resource) -> list[int]:
    if found.for_everyone:
        return []
    return [client.id for client in store.scalars(found.readers())]


def _session(found: Resource) -> Session | None:
    return store.get(Session, found.session_id) if found.session_id else None


def _about(session: Session | None, found: Resource | None) -> str:
    return f"resource_text:{session.id if session else 0}:{found.id if found else 0}"


def _home(session: Session | None) -> str:
    return f"/staff/sessions/{session.id}#after" if session else "/staff"


def _known(resource_id: int) -> Resource:
    """Something of a session the reader may see, or of none; else 404."""
    rooms = sessions.visible_to(me()).with_only_columns(Session.id)
    theirs = or_(Resource.session_id.is_(None), Resource.session_id.in_(rooms))
    wanted = select(Resource).where(Resource.program_id == me().program_id, theirs)
    return one_or_404(wanted.where(Resource.id == resource_id))
