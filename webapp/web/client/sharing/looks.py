"""Who viewed a client's record and what was disclosed to whom, on a page and as CSV (P7)."""

import csv
import io
from collections.abc import Sequence

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.care.directory.permissions import Permission
from webapp.care.directory.teams import CareTeam
from webapp.care.privacy import record_views
from webapp.care.privacy.consents import Category
from webapp.care.privacy.record_views import EMERGENCY, RecordView, What
from webapp.notify import disclosures
from webapp.numbers import row_number
from webapp.refusals import N_
from webapp.web.client import my_seats
from webapp.web.client.sharing.consents import NAMES
from webapp.web.page.filters import zone
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("looks", __name__)

WORDS = {
    What.CHART: N_("Your record"),
    What.MESSAGES: N_("Your messages"),
    What.ROOM: N_("What helps you in a session"),
    What.CALLS: N_("Notes of calls to you"),
    What.SUMMARY: N_("Your part of a summary"),
    What.HAND_IN: N_("What you handed in"),
    What.ASSIGNED: N_("What is for you to read or do"),
    What.CATCH_UP: N_("Your catch-up"),
    What.SHARED: N_("What you share with them"),
    EMERGENCY: N_("Your record, in an emergency"),
}
MOST = 60
"""The most views on one page; older ones are on the next."""
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""First characters of cells that a spreadsheet would run as formulas; they get a quote before them (S11)."""


@pages.get("/me/looks")
@needs(Permission.OWN_CARE)
def show() -> ResponseReturnValue:
    """The latest views first; `before` is the id at which an older page begins."""
    me = my_seats.person()
    found = record_views.of(
        store, me, limit=MOST + 1, before=row_number(request.args.get("before", "")) or None
    )
    team = store.get(CareTeam, me.id)
    return render_template(
        "client/sharing/looks.html", place="me", near=my_seats.approaching(), looks=_once_a_day(found[:MOST]),
        older=found[MOST - 1].id if len(found) > MOST else 0,
        told=disclosures.of(store, me), words={key: _(said) for key, said in WORDS.items()},
        names={key: _(said) for key, said in NAMES.items()},
        mine={team.counselor_id, team.supervisor_id, team.coordinator_id} if team else set(),
    )  # fmt: skip


def _once_a_day(views: Sequence[RecordView]) -> list[RecordView]:
    """Of one person's looks at what is shared with them one a day: how often they had their phone in hand is theirs to know (P11)."""
    shown: dict[object, RecordView] = {}
    for each in views:
        day = each.at.astimezone(zone()).date()
        partner = each.what == What.SHARED and each.who is not None
        shown.setdefault((each.who.id, day) if partner and each.who else each.id, each)
    return list(shown.values())


@pages.get("/me/looks/told.csv")
@needs(Permission.OWN_CARE)
def told() -> ResponseReturnValue:
    """The accounting of disclosures as CSV: when, to whom, what, and the purpose (45 CFR 164.528(b)(2), 42 CFR 2.25). The file's name
    is neutral (P5)."""
    lines = io.StringIO()
    table = csv.writer(lines)
    table.writerow(["at", "to", "what", "description", "purpose", "by"])
    for each in disclosures.of(store, my_seats.person()):
        row = (
            each.at.isoformat(timespec="seconds"), each.recipient, _(NAMES[Category(each.category)]), each.description,
            each.purpose, each.channel,
        )  # fmt: skip
        table.writerow([_plain(cell) for cell in row])
    answer = Response(lines.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="list.csv"'
    return answer


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULAS) else cell
