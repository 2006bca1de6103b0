"""A session's summary: the part for everyone and the client's own. Opening it marks it as read."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from webapp import clock
from webapp.care.directory.permissions import Permission
from webapp.care.materials import summaries
from webapp.care.materials.summaries import Summary, SummaryRead
from webapp.care.schedule.sessions import Seat
from webapp.web.client import my_seats
from webapp.web.page import markdown
from webapp.web.page.guard import needs
from webapp.web.page.htmx import widget
from webapp.web.page.unit_of_work import database, store

pages = Blueprint("summaries", __name__)


@dataclass(frozen=True, slots=True)
class SummaryPart:
    """One part of a summary as HTML."""

    summary: Summary
    html: Markup

    @property
    def personal(self) -> bool:
        return self.summary.client_id is not None


@pages.get("/seats/<row:seat_id>/summary")
@needs(Permission.CATCH_UP)
def show(seat_id: int) -> ResponseReturnValue:
    """Both parts, the general one first, or that there is none yet."""
    coming = my_seats.view_of(seat_id)
    mine = summaries.shown(store, [coming.session.id], my_seats.person().id)
    parts = [
        SummaryPart(each, markdown.html(each.body)) for each in mine.get(coming.session.id, [])
    ]
    answer = widget(
        "client/summaries/show.html", "summary", place="catch-up", coming=coming, parts=parts,
        near=my_seats.approaching(),
    )  # fmt: skip
    if parts:
        _mark_read(coming.seat, max(part.summary.published_at or clock.now() for part in parts))
    return answer


def _mark_read(seat: Seat, published_at: datetime) -> None:
    """Record the first reading of each version, in a transaction of its own, since a GET only reads."""
    known = store.get(SummaryRead, (seat.session_id, seat.client_id))
    if known is not None and known.read_at >= published_at:
        return
    person = my_seats.person()
    store.close()
    with database.writing() as writing:
        summaries.mark_read(writing, seat.session, person, by=person, now=clock.now())
        writing.commit()
