"""Reminders: which, by which way first, to which addresses, and when not."""

from datetime import time
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp import clock
from webapp.care import addresses, preferences, programs
from webapp.care.access import Permission
from webapp.care.addresses import Address, Channel
from webapp.care.policy import Policy
from webapp.care.programs import PolicyVersion
from webapp.refusals import N_, Refusal
from webapp.web.client import places
from webapp.web.client.spans import spoken
from webapp.web.guard import needs
from webapp.web.htmx import done, widget
from webapp.web.unit import store

pages = Blueprint("reminders", __name__)

PAGE, BLOCK = "client/me/reminders.html", "reminders"
WAYS = (
    (Channel.PUSH, N_("Notification on my phone"), "bell"),
    (Channel.EMAIL, N_("E-mail"), "mail"),
    (Channel.SMS, N_("Text message"), "text"),
)


@pages.get("/me/reminders")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """The form on a page of its own."""
    return widget(PAGE, BLOCK, place="me", **screen(_addresses()))


@pages.post("/me/reminders")
@needs(Permission.OWN_SETTINGS)
def save() -> ResponseReturnValue:
    """Keep the choices. Whatever is left out is switched off, as forms have it."""
    person, now, form = places.person(), clock.now(), request.form
    quiet = (form.get("quiet_from", ""), form.get("quiet_to", ""))
    wanted = set(form.getlist("wanted"))
    off = {each for each in preferences.OPTIONAL if each not in wanted}
    mine = _addresses()
    try:
        preferences.set_reminders(
            store, person, first=form.get("first", Channel.PUSH), off=off, quiet_hours=quiet,
            by=person, now=now,
        )  # fmt: skip
        for address in mine:
            preferences.allow(
                store, address, str(address.id) in form.getlist("address"), by=person, now=now
            )
        for channel in form.getlist("add"):
            _take_up(channel)
    except Refusal as refusal:
        return widget(PAGE, BLOCK, refusal.status, place="me", refusal=refusal, **screen(mine))
    store.commit()
    to = url_for("client.me.show", _anchor="reminders")
    return done(PAGE, BLOCK, to, saved=True, **screen(_addresses()))


def screen(mine: list[Address]) -> dict[str, Any]:
    """What the block needs; `mine` are the addresses that are not devices."""
    person = places.person()
    policy = _policy()
    kept = preferences.of(person)
    quiet = preferences.quiet_hours_of(person, policy) or (time(21), time(8))
    return {
        "ways": [(way.value, _(words), icon) for way, words, icon in WAYS],
        "first": kept["channels"][0],
        "kinds": [(rung, words, rung not in kept["off"]) for rung, words in _kinds(policy)],
        "quiet": [f"{each:%H:%M}" for each in quiet],
        "addresses": mine,
        "offered": _offered(mine),
    }


def _kinds(policy: Policy) -> list[tuple[str, str]]:
    """The reminders one may do without, with their times as the program has set them."""
    return [
        ("heads_up", _("%(time)s before", time=spoken(-policy.heads_up))),
        ("soon", _("%(time)s before", time=spoken(-policy.soon))),
        ("doors_open", _("When the room opens, %(time)s before", time=spoken(-policy.doors_open))),
        ("first_check", _("If we don't see you after %(time)s", time=spoken(policy.first_check))),
        ("second_check", _("Once more after %(time)s", time=spoken(policy.second_check))),
    ]


def _policy() -> Policy:
    mine = places.person().program_id
    found = select(PolicyVersion).where(PolicyVersion.program_id == mine)
    versions = list(store.scalars(found.order_by(PolicyVersion.version)))
    return programs.in_force(versions, clock.now()).policy


def _addresses() -> list[Address]:
    found = addresses.of(places.person().id).where(Address.channel != Channel.PUSH)
    return list(store.scalars(found))


def _offered(mine: list[Address]) -> list[tuple[str, str]]:
    """(channel, value) of the person's own e-mail and phone that nothing is written to yet."""
    person, known = places.person(), {each.value for each in mine}
    own = ((Channel.EMAIL, person.email), (Channel.SMS, person.phone))
    return [(channel.value, value) for channel, value in own if value and value not in known]


def _take_up(channel: str) -> None:
    person = places.person()
    for known, value in _offered(_addresses()):
        if known == channel:
            addresses.add(store, person, channel, value, by=person, now=clock.now())
