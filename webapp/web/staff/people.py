"""The People pages: the list of clients, a client's page and printed chart, and what staff record about a client."""

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
from webapp.care.directory.people import Person, named
from webapp.care.directory.permissions import Permission
from webapp.care.directory.teams import CareTeam, Couple
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.numbers import row_number
from webapp.refusals import Refusal
from webapp.web import chart
from webapp.web.chart import paper
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff import person as person_page
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
"""Clients on one page; the rest are found by search."""


@dataclass(frozen=True, slots=True)
class ListedClient:
    """One client in the list."""

    client: Person
    counselor: str
    next_at: datetime | None


@people.get("/people")
@needs(Permission.READ_CHART)
def index() -> ResponseReturnValue:
    """The clients whose chart the reader may open, by name; `q` is parts of a name in any order, or a reference."""
    sought = request.args.get("q", "").strip()[:80]
    clients = store.scalars(_clients(sought).limit(MOST + 1)).all()
    return page(
        LIST, place="people", sought=sought, entries=_rows(clients[:MOST]), more=len(clients) > MOST
    )


def _clients(sought: str) -> Select[Person]:
    rows = teams.readable_by(me())
    if sought:
        rows = rows.where(or_(named(sought), Person.ref == sought))
    return rows.order_by(Person.folded_name, Person.id)


def _rows(clients: Sequence[Person]) -> list[ListedClient]:
    ids = [client.id for client in clients]
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
    return [ListedClient(c, counselors.get(c.id, ""), next_at.get(c.id)) for c in clients]


@people.get("/people/<row:person_id>")
@needs(Permission.READ_CHART)
def show(person_id: int) -> ResponseReturnValue:
    """A client's page. Reading it is recorded for the client to see (P7)."""
    client = _client(person_id)
    part, whole = request.args.get("chart", ""), "whole" in request.args
    return page(PAGE, **person_page.context(store, client, me(), clock.now(), part, whole))


@people.get("/people/<row:person_id>/chart.pdf")
@needs(Permission.READ_CHART)
def print_chart(person_id: int) -> ResponseReturnValue:
    """The whole chart as a PDF. Reading it is recorded for the client to see (P7)."""
    client, now = _client(person_id), clock.now()
    pdf = paper.printed(client, chart.of(store, client), now)
    leave_trace(Reading(What.CHART, [client.id]))
    return paper.response(pdf, now)


@people.post("/people/<row:person_id>/contacts")
@needs(Permission.WORK_TASKS)
def write_contact(person_id: int) -> ResponseReturnValue:
    """Record that somebody spoke with the client, or tried to."""
    client, form = _client(person_id), request.form
    try:
        at = instant(form["at"], "at") if form.get("at") else None
        contacts.record(
            store, client, channel=form.get("channel", ""), outcome=form.get("outcome", ""),
            by=me(), now=clock.now(), at=at, note=form.get("note", "").strip() or None,
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(client, "contact", refusal)
    store.commit()
    return _after(client, "contact")


@people.post("/people/<row:person_id>/addresses")
@needs(Permission.PAUSE_SHARING)
def mark_address(person_id: int) -> ResponseReturnValue:
    """Mark one of the client's addresses as unsafe, because somebody else may read there, or as safe again (P9)."""
    client, form = _client(person_id), request.form
    unsafe = form.get("safe") != "yes"
    addresses.mark(store, client, form.get("value", ""), unsafe=unsafe, by=me(), now=clock.now())
    store.commit()
    return _after(client, "reach")


@people.post("/people/<row:person_id>/plans")
@needs(Permission.WRITE_PLAN)
def write_plan(person_id: int) -> ResponseReturnValue:
    """Write the re-engagement plan that both agreed on (M14)."""
    client, form = _client(person_id), request.form
    try:
        reengagement_plans.make(
            store, client, by=me(), now=clock.now(), seat=_seat_of(client, form.get("seat", "")),
            barrier=form.get("barrier", "").strip() or None, steps=form.getlist("steps"),
            note=form.get("note", "").strip() or None,
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(client, "plan", refusal)
    store.commit()
    return _after(client, "plan")


@people.post("/people/<row:person_id>/couple/end")
@needs(Permission.ADMINISTER)
def end_couple(person_id: int) -> ResponseReturnValue:
    """End the couple; `couple` is the id shown on the page, so that an old page ends no newer couple."""
    client = _client(person_id)
    as_shown = Couple.id == row_number(request.form.get("couple", ""))
    couple = store.scalar(teams.couple_of(client.id).where(as_shown))
    if couple is not None:
        leaving.end_couple(store, couple, by=me(), now=clock.now())
    store.commit()
    return _after(client, "couple")


@people.post("/seats/<row:seat_id>/excusal")
@needs(Permission.WRITE_PLAN)
def excuse(seat_id: int) -> ResponseReturnValue:
    """Excuse an absence, with a reason; it is in the chart, and no outreach follows."""
    seat = one_or_404(sessions.seats_visible_to(me()).where(Seat.id == seat_id))
    client = _client(seat.client_id)
    try:
        absences.excuse(store, seat, request.form.get("reason", ""), by=me(), now=clock.now())
    except Refusal as refusal:
        return _refused(client, f"excusal-{seat.id}", refusal)
    store.commit()
    return _after(client, f"seat-{seat.id}")


def _client(person_id: int) -> Person:
    """A client of whose care team the reader is; any other is 404 (P12)."""
    return one_or_404(teams.readable_by(me()).where(Person.id == person_id))


def _seat_of(client: Person, seat_id: str) -> Seat | None:
    by_id = Seat.id == row_number(seat_id)
    return store.scalar(select(Seat).where(by_id, Seat.client_id == client.id))


def _after(client: Person, part: str) -> ResponseReturnValue:
    to = f"/staff/people/{client.id}#{part}"
    return changed(
        PAGE, to, lambda: person_page.context(store, client, me(), clock.now()), sent=part
    )


def _refused(client: Person, part: str, refusal: Refusal) -> ResponseReturnValue:
    discard_and_read()
    context = person_page.context(store, client, me(), clock.now())
    return page(PAGE, 422, **context, wrong=part, errors=form_errors(refusal), given=request.form)
