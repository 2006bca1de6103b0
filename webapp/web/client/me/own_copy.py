"""My data: a copy of a client's own record to download (P10)."""

import io
import json
import zipfile
from datetime import datetime
from typing import Any

from babel.dates import get_day_names
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select

from webapp import clock
from webapp.care.attendance.standing import standing, without_make_up
from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Person
from webapp.care.directory.permissions import Permission
from webapp.care.privacy import fhir, own_copy
from webapp.care.privacy.own_copy import Record
from webapp.care.schedule.sessions import Seat
from webapp.notify import disclosures
from webapp.notify.disclosures import Disclosure
from webapp.operations import rate_limits
from webapp.operations.rate_limits import OWN_COPY
from webapp.protocol.facts.facts import of_seats
from webapp.protocol.facts.picture import SeatRow
from webapp.refusals import N_
from webapp.web.client import my_seats
from webapp.web.client.absences import REASONS
from webapp.web.client.me.backup_plan import ASKED
from webapp.web.client.me.needs import SHORT
from webapp.web.client.me.reminders import NEWS, WAYS
from webapp.web.client.sharing.consents import NAMES
from webapp.web.client.sharing.looks import WORDS as LOOKED
from webapp.web.page.filters import language
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("own_copy", __name__)

NAME = "my-data"
"""Name of the files: neutral, since others may see them on the phone (P5)."""
REMINDED = {
    "heads_up": N_("The first reminder"),
    "soon": N_("The second reminder"),
    "doors_open": N_("When the room opens"),
    "first_check": N_("If we don't see you"),
    "second_check": N_("Once more, if we don't see you"),
}
"""What the readable page calls each reminder."""
LOOK = """
:root { color-scheme: light dark } body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { font-family: ui-serif, Georgia, serif; line-height: 1.2 } h2 { margin-top: 2.5rem } li { margin: .5rem 0 }
table { border-collapse: collapse; width: 100% } th, td { text-align: start; padding: .375rem .75rem .375rem 0; vertical-align: top; border-bottom: 1px solid #8886 }
blockquote { margin: .25rem 0; padding-inline-start: 1rem; border-inline-start: 3px solid #8886; white-space: pre-wrap } small { opacity: .75 }
"""
"""Styles inside the readable page, which opens without a server."""


@pages.get("/me/my-data")
@needs(Permission.OWN_CARE)
def show() -> ResponseReturnValue:
    """What the copy contains, what it doesn't, and the button."""
    return render_template("client/me/own_copy.html", place="me", near=my_seats.approaching())


@pages.post("/me/my-data")
@needs(Permission.OWN_COPY)
def take() -> ResponseReturnValue:
    """The copy: a readable page, plain JSON, and a FHIR R4 Bundle, in one zip. The download is
    recorded first (P7) and rate-limited (S12)."""
    person, now = my_seats.person(), clock.now()
    rate_limits.spend(store, OWN_COPY, f"person {person.id}", now=now)
    sent = [_sent(each) for each in reversed(disclosures.of(store, person))]
    record = own_copy.assemble(store, person, _standings(person, now), now, sent)
    own_copy.record_handed_out(store, person, by=person, now=now)
    store.commit()
    answer = Response(_packed(record, person), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{NAME}.zip"'
    return answer


def _sent(told: Disclosure) -> Record:
    return {
        "at": told.at, "to": told.recipient, "category": told.category, "kind": told.kind,
        "description": told.description, "purpose": told.purpose, "channel": told.channel,
    }  # fmt: skip


def _standings(person: Person, now: datetime) -> own_copy.SeatStandings:
    """The standings of every seat the client has or had and that was not released."""
    mine = select(Seat).where(Seat.client_id == person.id, Seat.is_given)
    rows = [
        SeatRow(seat.id, seat.session_id, seat.client_id, seat.given_at)
        for seat in store.scalars(mine)
    ]
    pictures = of_seats(store, rows, now) if rows else []
    return {
        each.seat.id: (standing(each.facts, now), without_make_up(each.facts, now))
        for each in pictures
    }


def _packed(record: Record, person: Person) -> bytes:
    bundle = fhir.bundle(record, f"{person.program.ref}/{person.ref}")
    files = {
        f"{NAME}.html": readable(record),
        f"{NAME}.json": _json(record),
        f"{NAME}.fhir.json": _json(bundle),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, text in files.items():
            folder.writestr(name, text)
    return packed.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=_instant)


def _instant(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    raise TypeError(f"{value!r} has no place in a copy")


def readable(record: Record) -> str:
    """The copy as a self-contained HTML page: the same content as the JSON, in words."""
    return render_template(
        "client/me/own_copy_file.html",
        record=record,
        look=Markup("<style>{}</style>").format(Markup(LOOK)),  # noqa: S704 - our own words
        began={each["seat"]: each["starts_at"] for each in record["sessions"]},
        days=get_day_names("wide", "stand-alone", language()),
        standings={key.value: words for key, words in my_seats.WORDS.items()},
        needs_called={key.value: words for key, words in SHORT.items()},
        parts_called={name: words for name, words, _hint in ASKED},
        reasons={key.value: words for key, words in REASONS},
        names=NAMES,
        looked=LOOKED,
        done={tag.value: tag.meaning for tag in Tag},
        channels={way.value: words for way, words, _icon in WAYS},
        notices=REMINDED | NEWS,
    )
