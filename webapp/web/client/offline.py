"""What a phone needs to work without a network: a CSRF token to send waiting notes, the key to what it keeps, and the neutral
schedule it may keep.

All are JSON for scripts (static/js), signed in, and `no-store` like every page; the phone encrypts what it keeps (S6).
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.accounts import phone_keys
from webapp.care.directory.permissions import Permission
from webapp.web.client import durations, my_seats
from webapp.web.client.absences import REASONS
from webapp.web.client.my_seats import SeatView
from webapp.web.page.filters import iso
from webapp.web.page.forms import csrf_token
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("offline", __name__)

AHEAD = timedelta(days=14)


@pages.get("/me/token")
@needs(Permission.OWN_SETTINGS)
def token() -> ResponseReturnValue:
    """The id of the signed-in person and a CSRF token of their login (R7, S8)."""
    return jsonify(person=my_seats.person().id, token=csrf_token())


@pages.post("/me/phone-key")
@needs(Permission.OWN_SETTINGS)
def phone_key() -> ResponseReturnValue:
    """The key with which this person's phones encrypt what they keep; the phone imports it so that no script reads it again
    (S6, S19)."""
    person = my_seats.person()
    key = phone_keys.key_of(store, person, by=person, now=clock.now())
    store.commit()
    return jsonify(person=person.id, key=key)


@pages.get("/me/kept-schedule")
@needs(Permission.REPORT_ABSENCE)
def schedule() -> ResponseReturnValue:
    """The next two weeks for "this is my own phone": times and join links. No titles, hosts or kinds."""
    now = clock.now()
    found = [each for each in my_seats.between(now, now + AHEAD) if each.state != "cancelled"]
    return jsonify(
        sessions=[_neutral(each) for each in found],
        reasons=[(value.value, _(words)) for value, words in REASONS],
    )


def _neutral(place: SeatView) -> dict[str, Any]:
    starts_at, ends_at = place.session.starts_at, place.session.ends_at
    return {
        "url": f"/seats/{place.seat.id}/absence", "day": durations.date(starts_at),
        "span": durations.between(starts_at, ends_at), "starts_at": iso(starts_at), "ends_at": iso(ends_at),
        "join_url": place.session.join_url, "told": place.report is not None,
    }  # fmt: skip
