"""Reminders: which ones, how long before, by which channel first, to which addresses, and quiet hours."""

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
from webapp.numbers import whole_number
from webapp.refusals import N_, Invalid, Refusal
from webapp.web.client import my_seats
from webapp.web.client.durations import in_whole_units
from webapp.web.page.guard import ask_for_proof, needs, needs_fresh_proof
from webapp.web.page.htmx import done, widget
from webapp.web.page.unit_of_work import discard_and_read, store

pages = Blueprint("reminders", __name__)

PAGE, BLOCK = "client/me/reminders.html", "reminders"
LEADS = {
    "heads_up": (timedelta(hours=12), timedelta(days=1), timedelta(days=2), timedelta(days=3)),
    "soon": tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 180)),
}
"""The times before the start that each adjustable reminder may be set to."""
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
"""Other notifications that a person may switch off (`contact_preferences.NEWS`)."""


@pages.get("/me/reminders")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """The form; after saving without JavaScript it says that it is saved."""
    return widget(
        PAGE,
        BLOCK,
        place="me",
        near=my_seats.approaching(),
        saved="saved" in request.args,
        **screen(_addresses()),
    )


@pages.post("/me/reminders")
@needs(Permission.OWN_SETTINGS)
def save() -> ResponseReturnValue:
    """Save the choices. A checkbox that is not sent is off, as in any form."""
    person, now, form = my_seats.person(), clock.now(), request.form
    quiet = (form.get("quiet_from", ""), form.get("quiet_to", ""))
    none_quiet = form.get("quiet") == "none"
    wanted = set(form.getlist("wanted"))
    off = {*contact_preferences.OPTIONAL, *contact_preferences.NEWS} - wanted
    mine = _addresses()
    kept_on = {each.value for each in mine if str(each.id) in form.getlist("address")}
    if _ends_the_last(addresses.told_of_changes(store, person) - kept_on):
        return ask_for_proof()
    try:
        contact_preferences.set_reminders(
            store, person, first=form.get("first", Channel.PUSH), off=off, quiet_hours=None if none_quiet else quiet,
            lead=_lead(), by=person, now=now,
        )  # fmt: skip
        for address in [each for each in mine if not each.unsafe_at]:
            contact_preferences.allow(
                store, address, str(address.id) in form.getlist("address"), by=person, now=now
            )
        for channel in form.getlist("add"):
            _take_up(channel)
    except Refusal as refusal:
        discard_and_read()
        return widget(
            PAGE, BLOCK, refusal.status, place="me", refusal=refusal, **_as_sent(screen(mine))
        )
    store.commit()
    to = url_for("client.reminders.show", saved="yes", _anchor="reminders")
    return done(PAGE, BLOCK, to, lambda: screen(_addresses()), saved=True)


@pages.post("/me/reminders/addresses")
@needs(Permission.OWN_SETTINGS)
def mark() -> ResponseReturnValue:
    """Mark an address as unsafe, because somebody else may see what is sent there, or as safe again (P9)."""
    person, form = my_seats.person(), request.form
    unsafe = form.get("safe") != "yes"
    if unsafe and _ends_the_last({form.get("value", "")}):
        return ask_for_proof()
    addresses.mark(store, person, form.get("value", ""), unsafe=unsafe, by=person, now=clock.now())
    store.commit()
    return redirect(url_for("client.reminders.show", _anchor="safety"), 303)


def _ends_the_last(closed: set[str]) -> bool:
    """Whether a fresh proof is needed before `closed` are written to no more: nobody would be told then when somebody who holds the phone
    changes how one signs in (S3, S19). Who has nothing to prove it with needs a link of this moment, or their program does it."""
    told = addresses.told_of_changes(store, my_seats.person())
    return bool(told) and told <= closed and needs_fresh_proof(Permission.SIGN_IN_METHODS)


def screen(mine: list[Address]) -> dict[str, Any]:
    """The context of the block; `mine` are the addresses that are not devices."""
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
        "none_quiet": quiet is None,
        "addresses": [each for each in mine if not each.unsafe_at],
        "opted_in": [each.id for each in mine if each.usable],
        "known": addresses.known(store, person),
        "offered": _offered(mine),
        "added": [],
    }


def _as_sent(kept: dict[str, Any]) -> dict[str, Any]:
    """The context of the block with the choices of the form that was sent in place of the stored ones."""
    form = request.form
    wanted = form.getlist("wanted")
    return kept | {
        "first": form.get("first"),
        "kinds": [(rung, words, rung in wanted) for rung, words, _on in kept["kinds"]],
        "news": [(kind, words, kind in wanted) for kind, words, _on in kept["news"]],
        "leads": {
            rung: (choices, form.get(f"lead_{rung}", ""))
            for rung, (choices, _own) in kept["leads"].items()
        },
        "quiet": [form.get("quiet_from", ""), form.get("quiet_to", "")],
        "none_quiet": form.get("quiet") == "none",
        "opted_in": [
            each.id for each in kept["addresses"] if str(each.id) in form.getlist("address")
        ],
        "added": form.getlist("add"),
    }


def kinds(policy: Policy, kept: dict[str, Any]) -> list[tuple[str, str]]:
    """The reminders that may be switched off as (rung, words), with this person's times."""
    ahead = {rung: lead_of(rung, policy, kept) for rung in LEADS}
    return [
        ("heads_up", _("%(time)s before", time=in_whole_units(ahead["heads_up"]))),
        ("soon", _("%(time)s before", time=in_whole_units(ahead["soon"]))),
        (
            "doors_open",
            _("When the room opens, %(time)s before", time=in_whole_units(-policy.doors_open)),
        ),
        (
            "first_check",
            _("If we don't see you after %(time)s", time=in_whole_units(policy.first_check)),
        ),
        ("second_check", _("Once more after %(time)s", time=in_whole_units(policy.second_check))),
    ]


def lead_of(rung: str, policy: Policy, kept: dict[str, Any]) -> timedelta:
    """How long before the start this reminder is sent: as chosen, else by the program's policy."""
    own = kept["lead"].get(rung)
    program: timedelta = -getattr(policy, rung)
    return timedelta(minutes=own) if own else program


def _choices(rung: str, policy: Policy, own: int | None) -> tuple[list[tuple[str, str]], str]:
    """The times that may be chosen as (value, words), and the current value; empty means the program's own time."""
    program: timedelta = -getattr(policy, rung)
    lengths = {*LEADS[rung], *([timedelta(minutes=own)] if own else [])} - {program}
    offered = [
        (str(_minutes(each)), in_whole_units(each)) for each in lengths if each > -policy.doors_open
    ]
    offered.sort(key=lambda each: int(each[0]))
    return [("", _("%(time)s, as usual", time=in_whole_units(program))), *offered], str(own or "")


def _lead() -> dict[str, int]:
    """The chosen minutes before the start for each adjustable reminder. Raises Invalid naming the field."""
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
    """The policy of the person's program that is in force now."""
    return programs.policy_at(store, my_seats.person().program_id, clock.now())


def _addresses() -> list[Address]:
    found = addresses.of(my_seats.person().id).where(Address.channel != Channel.PUSH)
    return list(store.scalars(found))


def _offered(mine: list[Address]) -> list[tuple[str, str]]:
    """The person's e-mail and phone that are not among their addresses yet, as (channel, value)."""
    person = my_seats.person()
    known = {each.value for each in mine}
    known |= {each.value for each in addresses.known(store, person) if each.unsafe}
    own = ((Channel.EMAIL, person.email), (Channel.SMS, person.phone))
    return [(channel.value, value) for channel, value in own if value and value not in known]


def _take_up(channel: str) -> None:
    person = my_seats.person()
    for known, value in _offered(_addresses()):
        if known == channel:
            taken = addresses.add(store, person, channel, value, by=person, now=clock.now())
            if taken.is_stopped:
                raise Invalid(
                    N_(
                        "Texts to this number were ended by STOP. To get them again, text START from it."
                    ),
                    field="add",
                )
