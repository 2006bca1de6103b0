"""Resources (to read, watch, open or do) for a session's clients: publishing, changing and withdrawing them."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.materials import drafts, resources
from webapp.care.materials.resources import Resource
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Session
from webapp.numbers import whole_number
from webapp.refusals import N_, Invalid, Refusal
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
    """The form for a new resource."""
    return page(PAGE, **_page_context(shared.session_of(session_id), None))


@pages.post("/sessions/<row:session_id>/resources")
@needs(Permission.WRITE)
def put_new(session_id: int) -> ResponseReturnValue:
    """Publish a new resource, or preview it."""
    return _write(shared.session_of(session_id), None)


@pages.get("/resources/<row:resource_id>")
@needs(Permission.WRITE)
def show(resource_id: int) -> ResponseReturnValue:
    """The form to change a resource."""
    resource = _readable(resource_id)
    return page(PAGE, **_page_context(_session(resource), resource))


@pages.post("/resources/<row:resource_id>")
@needs(Permission.WRITE)
def change(resource_id: int) -> ResponseReturnValue:
    resource = _writable(resource_id)
    return _write(_session(resource), resource)


@pages.post("/resources/<row:resource_id>/withdrawal")
@needs(Permission.WRITE)
def withdraw(resource_id: int) -> ResponseReturnValue:
    """Withdraw it. Clients' progress with it stays."""
    resource = _writable(resource_id)
    resource.withdraw(store, by=me(), now=clock.now())
    store.commit()
    return shared.go(_page_after(_session(resource)))


def _write(session: Session | None, resource: Resource | None) -> ResponseReturnValue:
    form, about = request.form, _draft_key(session, resource)
    body = form.get("body", "")
    try:
        if form.get("do") == shared.PREVIEW:
            shared.keep_draft(about)
            store.commit()
            return page(
                PAGE, **_page_context(session, resource), preview=markdown.html(body), given=form
            )
        made, first = _put(session, resource, body)
    except Refusal as refusal:
        store.rollback()
        return page(
            PAGE, 422, **_page_context(session, resource), errors=form_errors(refusal), given=form
        )
    notified = shared.recipients(session, _named(made)) if first else shared.Recipients([])
    drafts.clear(store, me().id, about)
    store.commit()
    flash(
        _("On the shelf. Told now: %(names)s.", names=notified.names)
        if notified.names
        else _("Kept.")
    )
    return shared.go(_page_after(session) if first else f"/staff/resources/{made.id}")


def _put(session: Session | None, resource: Resource | None, body: str) -> tuple[Resource, bool]:
    """Save the form: the resource, and whether it is new. Raises Invalid."""
    form = request.form
    kept = list(store.scalars(resource.readers())) if resource and not resource.for_everyone else []
    return resources.put(
        store, me().program, resource.ref if resource else f"staff-{uuid4().hex}",
        kind=form.get("kind", ""), title=form.get("title", ""), body=body,
        url=form.get("url", "").strip() or None, minutes=_minutes(form.get("minutes", "")),
        makes_up=form.getlist("makes_up"), session=session,
        clients=shared.chosen(session, kept), available_until=shared.instant_field("available_until"),
        by=me(), now=clock.now(),
    )  # fmt: skip


def _minutes(written: str) -> float | None:
    if not written.strip():
        return None
    minutes = whole_number(written.strip(), most=24 * 60)
    if minutes is None:
        raise Invalid(N_("Between a minute and a day."), field="minutes")
    return float(minutes)


def _page_context(session: Session | None, resource: Resource | None) -> dict[str, Any]:
    about = _draft_key(session, resource)
    return {
        "place": "now",
        "session": session,
        "resource": resource,
        "clients": shared.nameable(session),
        "named": set(_named(resource)) if resource else set(),
        "kinds": [(key, shown.words, shown.icon) for key, shown in RESOURCE.items()],
        "session_kinds": [(key.value, KIND[key]) for key in SessionKind],
        "about": about,
        "draft": drafts.of(store, me(), about),
        "recipients": shared.recipients(session),
        **shared.assigned(resource),
    }


def _named(resource: Resource) -> list[int]:
    if resource.for_everyone:
        return []
    return [client.id for client in store.scalars(resource.readers())]


def _session(resource: Resource) -> Session | None:
    return store.get(Session, resource.session_id) if resource.session_id else None


def _draft_key(session: Session | None, resource: Resource | None) -> str:
    return f"resource_text:{session.id if session else 0}:{resource.id if resource else 0}"


def _page_after(session: Session | None) -> str:
    return f"/staff/sessions/{session.id}#after" if session else "/staff"


def _readable(resource_id: int) -> Resource:
    """A resource that the reader may read; else 404 (P12)."""
    return one_or_404(
        select(Resource).where(Resource.id == resource_id, Resource.readable_by(me()))
    )


def _writable(resource_id: int) -> Resource:
    """A resource that the reader may change; else 404, as it is for whoever may not read it."""
    return one_or_404(
        select(Resource).where(Resource.id == resource_id, Resource.writable_by(me()))
    )
