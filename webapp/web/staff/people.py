"""People: finding a client; their page with what happens next and the whole chart; what staff write down about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care import leaving
from webapp.care.attendance import absences
from webapp.care.contact import addresses, contacts, reengagement_plans
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.refusals import Refusal
from webapp.spellings import row_number
from webapp.web import chart
from webapp.web.chart import paper
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import read_on, store
from webapp.web.staff import person as portrait
from webapp.web.staff.console import (
    changed,
    form_errors,
    instant,
    leave_trace,
    me,
    one_or_404,
    page,
)

people = Blueprint("people", __name__)
LIST, PAGE = "staff/people.html", "staff/person.html"
MOST = 60
"""Names on one page; the search finds the rest."""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One client in the list."""

    client: Person
    counselor: str
    next_at: datetime | None


@people.get("/people")
@needs(Permission.READ_CHART)
def index() -> ResponseReturnValue:
    """The clients in one's care, by name; `q` is a part of a name."""
    sought = request.args.get("q", "").strip()[:80]
    found = store.scalars(_clients(sought).limit(MOST + 1)).all()
    return page(
        LIST, place="people", sought=sought, entries=_entries(found[:MOST]), more=len(found) > MOST
    )


def _clients(sought: str) -> Select[Person]:
    rows = teams.visible_to(me()).where(Person.kind == Kind.CLIENT)
    if sought:
        rows = rows.where(
            or_(
                func.lower(Person.name).contains(sought.lower(), autoescape=True),
                Person.ref == sought,
            )
        )
    return rows.order_by(Person.name, Person.id)


def _entries(found: Sequence[Person]) -> list[ClientRow]:
    ids = [client.id for client in found]
    team = (
        select(CareTeam).where(CareTeam.client_id.in_(ids)).options(joinedload(CareTeam.counselor))
    )
    counselors = {row.client_id: row.counselor.name for row in store.scalars(team) if row.counselor}
    coming = (
        select(Seat.client_id, func.min(Session.starts_at))
        .join(Session, Session.id == Seat.session_id)
        .where(Seat.client_id.in_(ids), Seat.is_given, Session.is_on)
        .where(Session.ends_at > clock.now())
        .group_by(Seat.client_id)
    )
    next_at: dict[int, datetime] = dict(store.execute(coming).all())
    return [ClientRow(c, counselors.get(c.id, ""), next_at.get(c.id)) for c in found]


@people.get("/people/<row:person_id>")
@needs(Permission.READ_CHART)
def show(person_id: int) -> ResponseReturnValue:
    """A client's page. Reading it leaves a trace that the client can see (P7)."""
    client = _client(person_id)
    part, whole = request.args.get("chart", ""), "whole" in request.args
    return page(PAGE, **portrait.of(store, client, me(), clock.now(), part, whole))


@people.get("/people/<row:person_id>/chart.pdf")
@needs(Permission.READ_CHART)
def print_chart(person_id: int) -> ResponseReturnValue:
    """The whole chart to print or file. Reading it leaves a trace that the client can see (P7)."""
    client, now = _client(person_id), clock.now()
    pdf = paper.printed(client, chart.of(store, client), now)
    leave_trace(Reading(What.CHART, [client.id]))
    return paper.response(pdf, now)


@people.post("/people/<row:person_id>/contacts")
@needs(Permission.WORK_TASKS)
def write_contact(person_id: int) -> ResponseReturnValue:
    """Somebody spoke with them, or tried to."""
    client, form = _client(person_id), request.form
    try:
        at = instant(form["at"], "at") if form.get("at") else None
        contacts.record(
            store, client, channel=form.get("channel", ""), outcome=form.get("outcome", ""),
            by=me(), now=clock.now(), at=at, note=form.get("note", "").strip() or None,
        )  # fmt: skip
    except Refusal as refusal:
        return _not(client, "contact", refusal)
    store.commit()
    return _after(client, "contact")


@people.post("/people/<row:person_id>/addresses")
@needs(Permission.PAUSE_SHARING)
def mark_address(person_id: int) -> ResponseReturnValue:
    """Somebody else may see what comes to one of their addresses; or it is safe again (P9)."""
    client, form = _client(person_id), request.form
    unsafe = form.get("safe") != "yes"
    addresses.mark(store, client, form.get("value", ""), unsafe=unsafe, by=me(), now=clock.now())
    store.commit()
    return _after(client, "reach")


@people.post("/people/<row:person_id>/plans")
@needs(Permission.WRITE_PLAN)
def write_plan(person_id: int) -> ResponseReturnValue:
    """What both agreed on, so that the way back is easier (M14)."""
    client, form = _client(person_id), request.form
    try:
        reengagement_plans.make(
            store, client, by=me(), now=clock.now(), seat=_seat_named(client, form.get("seat", "")),
            barrier=form.get("barrier", "").strip() or None, steps=form.getlist("steps"),
            note=form.get("note", "").strip() or None,
        )  # fmt: skip
    except Refusal as refusal:
        return _not(client, "plan", refusal)
    store.commit()
    return _after(client, "plan")


@people.post("/people/<row:person_id>/couple/end")
@needs(Permission.STEER)
def end_couple(person_id: int) -> ResponseReturnValue:
    """They are looked after as a couple no longer; `couple` is the one that stood on the page."""
    client = _client(person_id)
    meant = Couple.id == row_number(request.form.get("couple", ""))
    couple = store.scalar(teams.couple_of(client.id).where(meant))
    if couple is not None:
        leaving.end_couple(store, couple, by=me(), now=clock.now())
    store.commit()
    return _after(client, "couple")


@people.post("/seats/<row:seat_id>/excusal")
@needs(Permission.WRITE_PLAN)
def excuse(seat_id: int) -> ResponseReturnValue:
    """Staff excuse an absence, with a reason; it stands in the chart and nobody is chased for it."""
    seat = one_or_404(sessions.seats_visible_to(me()).where(Seat.id == seat_id))
    client = _client(seat.client_id)
    try:
        absences.excuse(store, seat, request.form.get("reason", ""), by=me(), now=clock.now())
    except Refusal as refusal:
        return _not(client, f"excusal-{seat.id}", refusal)
    store.commit()
    return _after(client, f"seat-{seat.id}")


def _client(person_id: int) -> Person:
    wanted = teams.visible_to(me()).where(Person.id == person_id, Person.kind == Kind.CLIENT)
    return one_or_404(wanted)


def _seat_named(client: Person, written: str) -> Seat | None:
    named = Seat.id == row_number(written)
    return store.scalar(select(Seat).where(named, Seat.client_id == client.id))


def _after(client: Person, part: str) -> ResponseReturnValue:
    to = f"/staff/people/{client.id}#{part}"
    return changed(PAGE, to, lambda: portrait.of(store, client, me(), clock.now()), sent=part)


def _not(client: Person, part: str, refusal: Refusal) -> ResponseReturnValue:
    read_on()
    context = portrait.of(store, client, me(), clock.now())
    return page(PAGE, 422, **context, wrong=part, errors=form_errors(refusal), given=request.form)
