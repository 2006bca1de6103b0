"""Devices: phones and browsers that show reminders."""

import base64
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care.audit import events
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory.permissions import Permission
from webapp.notify.channels.push.hosts import EndpointRefused, PushHosts
from webapp.refusals import N_, Invalid, Refusal
from webapp.web.client import my_seats
from webapp.web.client.me import labels
from webapp.web.page import identity
from webapp.web.page.filters import sentence
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("devices", __name__)

BASE64URL = re.compile(r"[A-Za-z0-9_-]{20,100}={0,2}", re.ASCII)
POINT_BYTES, AUTH_BYTES = 65, 16
"""Of a subscription's `p256dh` and `auth` (RFC 8291, 3.1 and 3.2)."""
MOST = 20
"""The most devices of one person; more come from a script, not a person."""


class SubscriptionGone(Refusal):
    """The push service has ended this subscription; the browser must create a new one."""

    status = 410
    code = "gone"
    sentence = N_("This device needs a new connection.")


@pages.get("/me/devices")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """The list of devices that show reminders."""
    mine = list(store.scalars(_own()))
    return render_template(
        "client/me/devices_list.html", place="me", near=my_seats.approaching(), devices=mine
    )


@pages.post("/me/devices")
@needs(Permission.OWN_SETTINGS)
def add() -> ResponseReturnValue:
    """Add a device by `PushSubscription.toJSON()`. 201 with its id, 200 if it was registered already. An endpoint belongs to one
    person: registering it for another removes it from the first (S5)."""
    person, now = my_seats.person(), clock.now()
    try:
        endpoint, keys = _subscription(request.get_json(silent=True))
        known = store.scalar(_own().where(Address.value == endpoint))
        _refuse_gone_or_many(endpoint, known)
        device = addresses.add(
            store, person, Channel.PUSH, endpoint, keys=keys, by=person, now=now,
            label=labels.of(request.user_agent.string), login_id=identity.current_login().id,
        )  # fmt: skip
    except Refusal as refusal:
        told = {"code": refusal.code, "field": refusal.field, "detail": sentence(refusal)}
        return jsonify(told), refusal.status
    store.commit()
    return jsonify(id=device.id), 200 if known else 201


@pages.delete("/me/devices/<row:device_id>")
@needs(Permission.OWN_SETTINGS)
def remove(device_id: int) -> ResponseReturnValue:
    """Remove a device. 204, and 404 when repeated."""
    _stop(device_id)
    return "", 204


@pages.post("/me/devices/<row:device_id>/removal")
@needs(Permission.OWN_SETTINGS)
def remove_by_form(device_id: int) -> ResponseReturnValue:
    """Remove a device, by a form."""
    _stop(device_id)
    flash(_("Removed. This device gets no more reminders."))
    return redirect(url_for("client.devices.show"), 303)


@pages.post("/me/devices/<row:device_id>/test")
@needs(Permission.OWN_SETTINGS)
def test(device_id: int) -> ResponseReturnValue:
    """Send a test notification to this device: 202, or a redirect for a form. Rate-limited (S12)."""
    person, device = my_seats.person(), _device(device_id)
    events.record(
        store, Tag.ADDRESS_TESTED, person=person, by=person, now=clock.now(), address=device.id
    )
    store.commit()
    if request.form.get("from") == "page":
        flash(_("A test reminder is on its way. It should show within a few seconds."))
        return redirect(url_for("client.devices.show"), 303)
    return jsonify(id=device.id), 202


def _stop(device_id: int) -> None:
    _device(device_id).stop(store, "removed", by=my_seats.person(), now=clock.now())
    store.commit()


def _device(device_id: int) -> Address:
    return store.scalar(_own().where(Address.id == device_id)) or abort(404)


def _own() -> Any:
    return addresses.of(my_seats.person().id).where(Address.channel == Channel.PUSH)


def _subscription(body: Any) -> tuple[str, dict[str, str]]:
    """Endpoint and keys of a `PushSubscription.toJSON()`. Raises Invalid naming the field (R12, S4)."""
    endpoint = body.get("endpoint") if isinstance(body, dict) else None
    keys = body.get("keys") if isinstance(body, dict) else None
    if not isinstance(endpoint, str) or len(endpoint) > 2000:
        raise Invalid(N_("A push subscription has an endpoint."), field="endpoint")
    try:
        PushHosts(current_app.extensions["settings"].push_hosts).checked(endpoint)
    except EndpointRefused as refused:
        raise Invalid(N_("This is not a push service we know."), field="endpoint") from refused
    given = keys if isinstance(keys, dict) else {}
    if not _is_public_key(_decoded(given.get("p256dh"))):
        raise Invalid(N_("A push subscription has keys."), field="keys.p256dh")
    if len(_decoded(given.get("auth"))) != AUTH_BYTES:
        raise Invalid(N_("A push subscription has keys."), field="keys.auth")
    return endpoint, {"p256dh": given["p256dh"], "auth": given["auth"]}


def _decoded(text: Any) -> bytes:
    """The bytes of a base64url text, with its padding or without; empty for anything else, however much of it could be read."""
    if not isinstance(text, str) or not BASE64URL.fullmatch(text):
        return b""
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError:
        return b""


def _is_public_key(raw: bytes) -> bool:
    """Whether it is an uncompressed point on the curve P-256 (RFC 8291, 3.1). With any other no push can be sealed, ever."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return len(raw) == POINT_BYTES


def _refuse_gone_or_many(endpoint: str, known: Address | None) -> None:
    if known:
        return
    gone = select(Address.id).where(
        Address.channel == Channel.PUSH, Address.value == endpoint, Address.stopped_why == "gone"
    )
    if store.scalar(gone.limit(1)):
        raise SubscriptionGone()
    if len(store.scalars(_own()).all()) >= MOST:
        raise Invalid(N_("Remove a device first."), field="endpoint")
