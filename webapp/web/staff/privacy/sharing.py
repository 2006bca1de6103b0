"""A client's consents as staff see them, and pausing one so that nobody else notices (P3)."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.care.privacy import consents, record_views
from webapp.care.privacy.consents import Consent
from webapp.care.privacy.emergency_access import EmergencyAccess
from webapp.care.privacy.record_views import EMERGENCY, Reading, RecordView, What
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import changed, me, one_or_404, page

sharing = Blueprint("sharing", __name__)
PAGE = "staff/privacy/sharing.html"
MOST, MOST_LOOKS = 20, 400
"""How many emergency accesses are shown, and how many readings are searched for theirs; the audit log has all."""


@sharing.get("/people/<row:person_id>/sharing")
@needs(Permission.PAUSE_SHARING)
def show(person_id: int) -> ResponseReturnValue:
    """The client's consents, and emergency accesses to their record."""
    return page(PAGE, **_page_context(_client(person_id)))


@sharing.post("/consents/<row:consent_id>/pause")
@needs(Permission.PAUSE_SHARING)
def pause(consent_id: int) -> ResponseReturnValue:
    """Pause a consent: from this commit on the recipient is notified of nothing; no page of the client or partner shows it."""
    consent = _consent(consent_id)
    consent.pause(store, by=me(), now=clock.now())
    return _after(consent)


@sharing.post("/consents/<row:consent_id>/resumption")
@needs(Permission.PAUSE_SHARING)
def resume(consent_id: int) -> ResponseReturnValue:
    """Resume a paused consent."""
    consent = _consent(consent_id)
    consent.resume(store, by=me(), now=clock.now())
    return _after(consent)


@sharing.post("/consents/<row:consent_id>/end")
@needs(Permission.PAUSE_SHARING)
def end(consent_id: int) -> ResponseReturnValue:
    """Revoke a consent as the client asked their care team (P3; 42 CFR 2.31(a)(6)): for good, as if by the client."""
    consent = _consent(consent_id)
    consents.stop(
        store, consent.client, consent.recipient_id, consent.category, by=me(), now=clock.now()
    )
    return _after(consent)


def _client(person_id: int) -> Person:
    return one_or_404(
        teams.visible_to(me()).where(Person.id == person_id, Person.kind == Kind.CLIENT)
    )  # fmt: skip


def _consent(consent_id: int) -> Consent:
    seen = teams.visible_to(me()).with_only_columns(Person.id)
    return one_or_404(select(Consent).where(Consent.id == consent_id, Consent.client_id.in_(seen)))


def _after(consent: Consent) -> ResponseReturnValue:
    store.commit()
    to = f"/staff/people/{consent.client_id}/sharing"
    return changed(PAGE, to, lambda: _page_context(consent.client))


def _page_context(client: Person) -> dict[str, Any]:
    given = consents.given_by(client.id, clock.now()).options(joinedload(Consent.recipient))
    reached = (
        select(EmergencyAccess)
        .where(EmergencyAccess.client_id == client.id)
        .options(joinedload(EmergencyAccess.staff))
        .order_by(EmergencyAccess.id.desc())
        .limit(MOST)
    )
    looks = record_views.of(store, client, limit=MOST_LOOKS)
    shown = {
        "given": store.scalars(given).all(),
        "reached": [(each, _looks(each, looks)) for each in store.scalars(reached)],
    }
    return shown | {
        "reading": Reading(What.CHART, [client.id]) if any(shown.values()) else None,
        "place": "people", "client": client, "regular": client.id not in me().reaching,
    }  # fmt: skip


def _looks(access: EmergencyAccess, looks: list[RecordView]) -> list[RecordView]:
    """What was opened in this emergency, the first first: what its reviewer is asked to look at (P8)."""
    ended = access.ended_at or access.ends_at
    return [
        each
        for each in reversed(looks)
        if each.who == access.staff
        and each.what != EMERGENCY
        and access.began_at <= each.at <= ended
    ]
