"""Reminders: which, how long before, by which way first, to which addresses, and when not."""

from datetime import time, timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.contact import addresses
from webapp.care.contact.addresses import Address, Channel
from webapp.care.directory import programs
from webapp.care.directory.permissions import Permission
from webapp.care.directory.policy import Policy
from webapp.care.preferences import contact_preferences
from webapp.refusals import N_, Invalid, Refusal
from webapp.spellings import whole_number
from webapp.web.client import my_seats
from webapp.web.client.durations import spoken
from webapp.web.page.guard import needs
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import store

pages = Blueprint("reminders", __name__)

PAGE, BLOCK = "client/me/reminders.html", "reminders"
LEADS = {
    "heads_up": (timedelta(hours=12), timedelta(days=1), timedelta(days=2), timedelta(days=3)),
    "soon": tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 180)),
}
"""Times before the start that are offered for each reminder whose time one may choose."""
WAYS = (
    (Channel.PUSH, N_("Notification on my phone"), "bell"),
    (Channel.EMAIL, N_("E-mail"), "mail"),
    (Channel.SMS, N_("Text message"), "text"),
)


NEWS = {
    "message": N_("A message from my care team"),
    "place_held": N_("A place I wait for is free"),
    "catch_up": N_("Something new to catch up"),
    "homework_answered": N_("An answer to my homework"),
    "homework_reopened": N_("Homework is open again"),
    "reflection_answered": N_("An answer to what I wrote"),
    "make_up_lapsed": N_("A time I had booked went by"),
}
"""What else one may be told of, and may do without (`preferences.NEWS`)."""


@pages.get("/me/reminders")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """The form; after saving without JavaScript it says so."""
    return widget(
        PAGE,
        BLOCK,
        place="me",
        near=my_seats.near(),
        saved="saved" in request.args,
        **screen(_addresses()),
    )


@pages.post("/me/reminders")
@needs(Permission.OWN_SETTINGS)
def save() -> ResponseReturnValue:
    """Keep the choices. Whatever is left out is switched off, as forms have it."""
    person, now, form = my_seats.person(), clock.now(), request.form
    quiet = (form.get("quiet_from", ""), form.get("quiet_to", ""))
    wanted = set(form.getlist("wanted"))
    off = {*contact_preferences.OPTIONAL, *contact_preferences.NEWS} - wanted
    mine = _addresses()
    try:
        contact_preferences.set_reminders(
            store, person, first=form.get("first", Channel.PUSH), off=off, quiet_hours=quiet,
            lead=_lead(), by=person, now=now,
        )  # fmt: skip
        for address in [each for each in mine if not each.unsafe_at]:
            contact_preferences.allow(
                store, address, str(address.id) in form.getlist("address"), by=person, now=now
            )
        for channel in form.getlist("add"):
            _take_up(channel)
    except Refusal as refusal:
        return widget(PAGE, BLOCK, refusal.status, place="me", refusal=refusal, **screen(mine))
    store.commit()
    to = url_for("client.reminders.show", saved="yes", _anchor="reminders")
    return done(PAGE, BLOCK, to, lambda: screen(_addresses()), saved=True)


@pages.post("/me/reminders/addresses")
@needs(Permission.OWN_SETTINGS)
def mark() -> ResponseReturnValue:
    """Somebody else may see what comes to one of my addresses; or it is safe again (P9)."""
    person, form = my_seats.person(), request.form
    unsafe = form.get("safe") != "yes"
    addresses.mark(store, person, form.get("value", ""), unsafe=unsafe, by=person, now=clock.now())
    store.commit()
    return redirect(url_for("client.reminders.show", _anchor="safety"), 303)


def screen(mine: list[Address]) -> dict[str, Any]:
    """What the block needs; `mine` are the addresses that are not devices."""
    person = my_seats.person()
    policy = own_policy()
    kept = contact_preferences.of(person)
    quiet = contact_preferences.quiet_hours(person.preferences, policy.quiet_hours)
    return {
        "ways": [(way.value, _(words), icon) for way, words, icon in WAYS],
        "first": kept["channels"][0],
        "kinds": [(rung, words, rung not in kept["off"]) for rung, words in kinds(policy, kept)],
        "news": [(kind, _(words), kind not in kept["off"]) for kind, words in NEWS.items()],
        "leads": {rung: _choices(rung, policy, kept["lead"].get(rung)) for rung in LEADS},
        "quiet": [f"{each:%H:%M}" for each in quiet or (time(21), time(8))],
        "addresses": [each for each in mine if not each.unsafe_at],
        "known": addresses.known(store, person),
        "offered": _offered(mine),
    }


def kinds(policy: Policy, kept: dict[str, Any]) -> list[tuple[str, str]]:
    """The reminders one may do without, with the times that hold for this person."""
    ahead = {rung: lead_of(rung, policy, kept) for rung in LEADS}
    return [
        ("heads_up", _("%(time)s before", time=spoken(ahead["heads_up"]))),
        ("soon", _("%(time)s before", time=spoken(ahead["soon"]))),
        ("doors_open", _("When the room opens, %(time)s before", time=spoken(-policy.doors_open))),
        ("first_check", _("If we don't see you after %(time)s", time=spoken(policy.first_check))),
        ("second_check", _("Once more after %(time)s", time=spoken(policy.second_check))),
    ]


def lead_of(rung: str, policy: Policy, kept: dict[str, Any]) -> timedelta:
    """How long before the start this reminder comes: as chosen, else as the program has it."""
    own = kept["lead"].get(rung)
    program: timedelta = -getattr(policy, rung)
    return timedelta(minutes=own) if own else program


def _choices(rung: str, policy: Policy, own: int | None) -> tuple[list[tuple[str, str]], str]:
    """(value, words) of each time that may be chosen, and the value that holds; empty: the program's own time."""
    program: timedelta = -getattr(policy, rung)
    lengths = {*LEADS[rung], *([timedelta(minutes=own)] if own else [])} - {program}
    offered = [(str(_minutes(each)), spoken(each)) for each in lengths if each > -policy.doors_open]
    offered.sort(key=lambda each: int(each[0]))
    return [("", _("%(time)s, as usual", time=spoken(program))), *offered], str(own or "")


def _lead() -> dict[str, int]:
    """What the form says of each reminder whose time one may choose. Raises Invalid naming the field."""
    said = {rung: request.form.get(f"lead_{rung}", "") for rung in LEADS}
    chosen: dict[str, int] = {}
    for rung, written in said.items():
        if not written:
            continue
        minutes = whole_number(written, most=7 * 24 * 60)
        if minutes is None:
            raise Invalid(N_("Choose one of the times."), field=f"lead_{rung}")
        chosen[rung] = minutes
    return chosen


def _minutes(span: timedelta) -> int:
    return int(span / timedelta(minutes=1))


def own_policy() -> Policy:
    """The policy of the person's program as it stands."""
    return programs.policy_at(store, my_seats.person().program_id, clock.now())


def _addresses() -> list[Address]:
    found = addresses.of(my_seats.person().id).where(Address.channel != Channel.PUSH)
    return list(store.scalars(found))


def _offered(mine: list[Address]) -> list[tuple[str, str]]:
    """(channel, value) of the person's own e-mail and phone that nothing is written to yet."""
    person = my_seats.person()
    known = {each.value for each in mine}
    known |= {each.value for each in addresses.known(store, person) if each.unsafe}
    own = ((Channel.EMAIL, person.email), (Channel.SMS, person.phone))
    return [(channel.value, value) for channel, value in own if value and value not in known]


def _take_up(channel: str) -> None:
    person = my_seats.person()
    for known, value in _offered(_addresses()):
        if known == channel:
            addresses.add(store, person, channel, value, by=person, now=clock.now())
