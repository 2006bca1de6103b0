"""Emergency access to one client outside one's care, with a reason, for two hours; a supervisor is notified at once (P8)."""

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.privacy import emergency_access as accesses
from webapp.care.privacy.emergency_access import EmergencyAccess
from webapp.refusals import N_, Invalid, Refusal
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import form_errors, me, one_or_404, page

emergencies = Blueprint("emergencies", __name__)
PAGE = "staff/privacy/emergency.html"


@emergencies.get("/emergency-access")
@needs(Permission.EMERGENCY_ACCESS)
def show() -> ResponseReturnValue:
    """The form, and the reader's emergency accesses in force."""
    return page(PAGE, place="people", open=_open())


@emergencies.post("/emergency-access")
@needs(Permission.EMERGENCY_ACCESS)
def begin() -> ResponseReturnValue:
    """Begin an emergency access and go to the client's page; their supervisor is notified."""
    form = request.form
    try:
        access = accesses.begin(
            store,
            _client_named(form.get("client", "")),
            form.get("reason", ""),
            by=me(),
            now=clock.now(),
        )
    except Refusal as refusal:
        store.rollback()
        more = {"errors": form_errors(refusal), "given": form}
        return page(PAGE, refusal.status, place="people", open=_open(), **more)
    store.commit()
    return redirect(f"/staff/people/{access.client_id}", 303)


@emergencies.post("/emergency-access/<row:access_id>/end")
@needs(Permission.EMERGENCY_ACCESS)
def end(access_id: int) -> ResponseReturnValue:
    """End an emergency access early."""
    mine = select(EmergencyAccess).where(EmergencyAccess.staff_id == me().id)
    one_or_404(mine.where(EmergencyAccess.id == access_id)).end(store, by=me(), now=clock.now())
    store.commit()
    return redirect("/staff/emergency-access", 303)


def _client_named(name: str) -> Person:
    """The one client of that name. Raises Invalid for none, and for several: a guess would open the wrong chart."""
    clients = accesses.sought(store, me(), name)
    if len(clients) > 1:
        raise Invalid(N_("Several people have this. Write the reference on file."), field="client")
    if not clients:
        words = N_("Write the whole name, or the e-mail address or reference on file.")
        raise Invalid(words, field="client")
    return clients[0]


def _open() -> list[EmergencyAccess]:
    mine = accesses.in_force(clock.now()).where(EmergencyAccess.staff_id == me().id)
    return list(store.scalars(mine.options(joinedload(EmergencyAccess.client))))
