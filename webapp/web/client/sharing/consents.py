"""Consents: giving one with a signature, a copy of it, and ending it with one tap (P2, P3, P6)."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.care.privacy import consents
from webapp.care.privacy.consents import (
    DESCRIPTIONS,
    REDISCLOSURE,
    RIGHT_TO_REVOKE,
    Category,
    Consent,
)
from webapp.refusals import N_, Invalid, Refusal
from webapp.web.client import my_seats
from webapp.web.page.filters import sentence
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("sharing", __name__)

NAMES = {
    Category.SCHEDULE: N_("My schedule"),
    Category.REMINDERS: N_("Reminders before my sessions"),
    Category.MISSED_SESSION: N_("When I wasn't there"),
    Category.CATCH_UP: N_("Catch-up notes"),
    Category.HOMEWORK: N_("My homework"),
    Category.MAKE_UPS: N_("Times I book to make up"),
    Category.HOURS: N_("My hours each week"),
}
PURPOSES = (
    ("together", N_("So that we can heal together")),
    ("remind", N_("So that they can help me get there")),
    ("times", N_("So that we find times that fit us both")),
)
TERMS = (("90", N_("3 months")), ("180", N_("6 months")), ("365", N_("1 year")))
"""How long a consent lasts, in days as the form sends them."""


@pages.get("/me/sharing")
@needs(Permission.OWN_DAY)
def show() -> ResponseReturnValue:
    """What I share, and what others share with me with the statement that the law requires. The second part never reveals whether a
    consent has been revoked (P3)."""
    person, now = my_seats.person(), clock.now()
    both = (joinedload(Consent.client), joinedload(Consent.recipient))
    given = store.scalars(consents.given_by(person.id, now).options(*both))
    had = store.scalars(consents.shown_to(person.id, now).options(*both))
    return render_template(
        "client/sharing/show.html", place="me", near=my_seats.approaching(), names=_names(),
        given=_by_person(given, "recipient"), had=_by_person(had, "client"),
        parted=teams.former_partners(store, person.id),
        may_share=person.kind == Kind.CLIENT, redisclosure=_(REDISCLOSURE),
    )  # fmt: skip


@pages.get("/me/sharing/new")
@needs(Permission.GIVE_CONSENT)
def new() -> ResponseReturnValue:
    """The form, with every element of a consent. `?recipient=2&category=hours`: chosen already, to be signed like any other."""
    return _form()


@pages.post("/me/sharing")
@needs(Permission.GIVE_CONSENT)
def give() -> ResponseReturnValue:
    """Give consent to every chosen category, or to none when something is missing."""
    try:
        _sign()
    except Refusal as refusal:
        store.rollback()
        return _form(refusal), refusal.status
    store.commit()
    flash(_("Thank you. You can take it back at any time, right here."))
    return redirect(url_for("client.sharing.show"), 303)


@pages.get("/me/sharing/<row:consent_id>")
@needs(Permission.OWN_DAY)
def copy(consent_id: int) -> ResponseReturnValue:
    """A copy of one consent as it was signed, to keep or print (42 CFR 2.31)."""
    return render_template(
        "client/sharing/copy.html", place="me", consent=_own(consent_id), names=_names()
    )


@pages.post("/me/sharing/<row:consent_id>/end")
@needs(Permission.OWN_DAY)
def end(consent_id: int) -> ResponseReturnValue:
    """End a consent: one tap, no reason, effective at commit; the recipient is not notified and sees no difference (P3)."""
    consent, me = _own(consent_id), my_seats.person()
    consents.stop(
        store, me, consent.recipient_id, consent.category, by=me, now=clock.now()
    )  # fmt: skip
    store.commit()
    flash(_("Done. It ended just now. Nobody is told about it."))
    back = "together" if request.form.get("back") == "together" else "sharing"
    return redirect(url_for(f"client.{back}.show"), 303)


def _sign() -> None:
    me, form, now = my_seats.person(), request.form, clock.now()
    chosen = [each for each in form.getlist("category") if each in list(Category)]
    if not chosen:
        raise Invalid(N_("Choose at least one thing to share."), field="category")
    wanted = form.get("recipient", "")
    recipient = next((each for each in possible_recipients() if str(each.id) == wanted), None)
    if recipient is None:
        raise Invalid(N_("Choose who may be told."), field="recipient")
    purpose = next((words for key, words in PURPOSES if key == form.get("purpose")), "")
    if form.get("term") not in dict(TERMS):
        raise Invalid(N_("Choose until when."), field="term")
    for category in chosen:
        consents.grant(
            store, me, recipient, category, purpose=_(purpose) if purpose else "",
            description=_(DESCRIPTIONS[Category(category)]), by=me, now=now,
            expires_at=now + timedelta(days=int(form["term"])),
            signature=form.get("signature", "").strip()[:120],
        )  # fmt: skip


def possible_recipients() -> list[Person]:
    """The people one can share with: the partner of the couple."""
    me = my_seats.person()
    couple = store.scalar(teams.couple_of(me.id))
    return [couple.partner_of(me.id)] if couple else []


def _form(refusal: Refusal | None = None) -> str:
    said = request.values
    return render_template(
        "client/sharing/new.html", place="me", near=my_seats.approaching(), said=said, people=[(str(each.id), each.name) for each in possible_recipients()],
        options=[(each, _(NAMES[each]), _(DESCRIPTIONS[each])) for each in Category],
        chosen=said.getlist("category"), purposes=[(key, _(words)) for key, words in PURPOSES],
        terms=[(key, _(words)) for key, words in TERMS], right=_(RIGHT_TO_REVOKE),
        errors={refusal.field or "": sentence(refusal)} if refusal else {},
    )  # fmt: skip


def _own(consent_id: int) -> Consent:
    mine = consents.given_by(my_seats.person().id, clock.now()).where(Consent.id == consent_id)
    return store.scalar(mine) or abort(404)


def _names() -> dict[str, str]:
    return {category: _(words) for category, words in NAMES.items()}


def _by_person(found: Iterable[Consent], whose: str) -> list[tuple[Person, list[Consent]]]:
    """Consents grouped by the person in the column `whose`; of each category the one that lasts longest."""
    rows = sorted(found, key=lambda each: (getattr(each, whose).id, each.expires_at))
    return [
        (person, list({each.category: each for each in group}.values()))
        for person, group in groupby(rows, key=lambda each: getattr(each, whose))
    ]
