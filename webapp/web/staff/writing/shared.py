"""Shared by the pages that write for clients: who may be named, who is notified, drafts, and redirects."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from htmx_flask import make_response as htmx_response
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory import teams
from webapp.care.directory.people import Person
from webapp.care.materials import drafts
from webapp.care.materials.homework import Homework
from webapp.care.materials.resources import Resource
from webapp.care.privacy.record_views import Reading, What
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.protocol.reports import misses
from webapp.refusals import N_, Invalid
from webapp.web.page import markdown
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import instant, me, one_or_404

PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is notified on publication: clients who were not in the session. `others`: how many are in somebody else's care."""

    people: list[Person]
    others: int = 0

    @property
    def names(self) -> str:
        names = [person.name for person in self.people]
        if self.others:
            names.append(_("%(num)s in somebody else's care", num=self.others))
        return ", ".join(names)


def session_of(session_id: int) -> Session:
    """A session the reader may see; else 404."""
    return one_or_404(sessions.visible_to(me()).where(Session.id == session_id))


def nameable(session: Session | None) -> list[Person]:
    """The session's clients to whom the reader may write alone: those of whose care team they are (P12)."""
    mine = set(store.scalars(teams.readable_by(me()).with_only_columns(Person.id)))
    return [client for client in clients_of(session) if client.id in mine]


def clients_of(session: Session | None) -> list[Person]:
    """The session's clients whom the reader may see by name, by seat number."""
    if session is None:
        return []
    seats = sessions.seats_visible_to(me()).where(Seat.session_id == session.id)
    ordered = seats.options(joinedload(Seat.client)).order_by(Seat.number)
    return [seat.client for seat in store.scalars(ordered)]


def recipients(session: Session | None, only: Iterable[int] = ()) -> Recipients:
    """Who would be notified by publishing now, among `only` if any are given: the same people whom notify/announcing notifies."""
    if session is None:
        return Recipients([])
    among = set(only)
    absent = {
        seat.client_id
        for seat in misses.in_session(store, session.id, clock.now())
        if not among or seat.client_id in among
    }
    named = [client for client in clients_of(session) if client.id in absent]
    return Recipients(named, len(absent) - len(named))


def chosen(session: Session | None, kept: Iterable[Person] = ()) -> list[Person] | None:
    """The clients ticked in the form; None for everyone. `kept`: clients chosen before; those the reader can't choose stay chosen.
    Raises Invalid for somebody the reader can't choose."""
    if request.form.get("whom") != "some":
        return None
    visible = {str(client.id): client for client in nameable(session)}
    ticked = request.form.getlist("for")
    hidden = [person for person in kept if str(person.id) not in visible]
    if not ticked and not hidden:
        raise Invalid(N_("Choose at least one, or everyone."), field="for")
    if any(each not in visible for each in ticked):
        raise Invalid(N_("Choose among your clients who have a place here."), field="for")
    return [visible[each] for each in ticked] + hidden


def assigned(made: Homework | Resource | None) -> dict[str, Any]:
    """What a page about it shows beside its form: `writable`, whether the reader may change it, or else its `text`; and the reading of it
    where it is for clients by name (P7, P12)."""
    if made is None or made.for_everyone:
        return {"writable": True}
    cls = type(made)
    writable = store.scalar(select(cls.id).where(cls.id == made.id, cls.writable_by(me())))
    named = [client.id for client in store.scalars(made.readers())]
    return {
        "writable": writable is not None,
        "text": markdown.html(made.body),
        "reading": Reading(What.ASSIGNED, named, made.session_id),
    }


def instant_field(name: str) -> datetime | None:
    """The form's date-and-time field `name` as an instant, read in the reader's zone; None when empty. Raises Invalid."""
    value = request.form.get(name, "").strip()
    return instant(value, name) if value else None


def people_of_program(ids: Iterable[int]) -> list[Person]:
    """The people of these ids, in the reader's program."""
    people = select(Person).where(Person.program_id == me().program_id, Person.id.in_(list(ids)))
    return list(store.scalars(people))


def keep_draft(about: str) -> None:
    """Save the form's text as a draft, to go on with on any device. The caller commits."""
    drafts.save(store, about, request.form.get("body", ""), by=me(), now=clock.now())


def go(to: str) -> ResponseReturnValue:
    """Go to another page: a redirect, or htmx's header for one."""
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 204, redirect=to)
    return redirect(to, 303)
