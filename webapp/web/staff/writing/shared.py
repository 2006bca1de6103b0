"""What all writing for a room has in common: whom one may name, who is told, where one goes afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from htmx_flask import make_response as htmx_response
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp import clock
from webapp.care.directory.people import Person
from webapp.care.materials import drafts
from webapp.care.schedule import sessions
from webapp.care.schedule.sessions import Seat, Session
from webapp.protocol.reports import misses
from webapp.refusals import N_, Invalid
from webapp.web.page.unit_of_work import store
from webapp.web.staff.console import instant, me, one_or_404

PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who learns of it when it is published now: those who were not in that session. `others` are in somebody else's care."""

    people: list[Person]
    others: int = 0

    @property
    def names(self) -> str:
        said = [person.name for person in self.people]
        if self.others:
            said.append(_("%(num)s in somebody else's care", num=self.others))
        return ", ".join(said)


def session_of(session_id: int) -> Session:
    """A session the reader hosts, or has a client in; else 404."""
    return one_or_404(sessions.visible_to(me()).where(Session.id == session_id))


def clients_of(session: Session | None) -> list[Person]:
    """The clients in it whom the reader may see by name, in order of their places."""
    if session is None:
        return []
    seats = sessions.seats_visible_to(me()).where(Seat.session_id == session.id)
    found = store.scalars(seats.options(joinedload(Seat.client)).order_by(Seat.number))
    return [seat.client for seat in found]


def recipients(session: Session | None, only: Iterable[int] = ()) -> Recipients:
    """Whom publishing tells, of `only` these if any are named: exactly those whom notify/announcing/telling will tell."""
    if session is None:
        return Recipients([])
    wanted = set(only)
    away = {
        seat.client_id
        for seat in misses.in_session(store, session.id, clock.now())
        if not wanted or seat.client_id in wanted
    }
    named = [client for client in clients_of(session) if client.id in away]
    return Recipients(named, len(away) - len(named))


def chosen(session: Session | None, kept: Iterable[Person] = ()) -> list[Person] | None:
    """The clients ticked in the form; None for everyone. `kept`: named before, out of the reader's sight, and still named.
    Raises Invalid for somebody the reader can't name."""
    if request.form.get("whom") != "some":
        return None
    known = {str(client.id): client for client in clients_of(session)}
    ticked = request.form.getlist("for")
    hidden = [person for person in kept if str(person.id) not in known]
    if not ticked and not hidden:
        raise Invalid(N_("Choose at least one, or everyone."), field="for")
    if any(each not in known for each in ticked):
        raise Invalid(N_("Choose among those who have a place here."), field="for")
    return [known[each] for each in ticked] + hidden


def local(name: str) -> datetime | None:
    """A day and time of the form, in the reader's zone; None when it is empty. Raises Invalid."""
    written = request.form.get(name, "").strip()
    return instant(written, name) if written else None


def program_person(ids: Iterable[int]) -> list[Person]:
    """These people of the reader's program."""
    mine = select(Person).where(Person.program_id == me().program_id, Person.id.in_(list(ids)))
    return list(store.scalars(mine))


def keep_draft(about: str) -> None:
    """What stands in the form is kept, whatever device goes on with it. The caller commits."""
    drafts.save(store, about, request.form.get("body", ""), by=me(), now=clock.now())


def go(to: str) -> ResponseReturnValue:
    """On to another page: by redirect, or as htmx is told to."""
    if request.headers.get("HX-Request") == "true":
        return htmx_response("", 204, redirect=to)
    return redirect(to, 303)
