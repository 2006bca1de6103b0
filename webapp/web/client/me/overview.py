"""Me: the sections in a few rows, each with its current state and a link to its page."""

from dataclasses import dataclass

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.care.directory.permissions import Permission, may
from webapp.care.preferences import accommodations, backup_plans, contact_preferences
from webapp.care.schedule import calendar_feeds
from webapp.web import account_changes
from webapp.web.client import my_seats
from webapp.web.client.durations import in_whole_units
from webapp.web.client.me import language, reminders, sign_ins
from webapp.web.client.me import needs as own_needs
from webapp.web.page.filters import day_of, time_of
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("me", __name__)


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section: its link, its name, and its current state."""

    href: str
    words: str
    icon: str
    hint: str = ""


@pages.get("/me")
@needs(Permission.OWN_SETTINGS)
def show() -> ResponseReturnValue:
    """The groups of sections that this person may use."""
    person = my_seats.person()
    groups = [(_("Being reminded"), _reminded())]
    if may(person, Permission.OWN_CARE):
        groups.append((_("Taking part"), _taking_part()))
    if may(person, Permission.OWN_DAY):
        groups.append((_("With others"), _with_others()))
    groups.append((_("You and this app"), _own()))
    return render_template(
        "client/me/show.html", place="me", near=my_seats.approaching(), groups=groups,
        **account_changes.waiting(person),
    )  # fmt: skip


def _reminded() -> list[SectionRow]:
    person, policy = my_seats.person(), reminders.own_policy()
    kept = contact_preferences.of(person)
    devices = select(addresses.Address.label).where(
        addresses.Address.person_id == person.id, addresses.Address.channel == Channel.PUSH,
        ~addresses.Address.is_stopped,
    )  # fmt: skip
    labels = [label or _("A device") for label in store.scalars(devices)]
    ahead = [
        in_whole_units(reminders.lead_of(rung, policy, kept))
        for rung in reminders.LEADS
        if rung not in kept["off"]
    ]
    called = {way.value: words for way, words, _icon in reminders.WAYS}
    hint = " · ".join(
        [
            _(called[kept["channels"][0]]),
            *([_("%(time)s before", time=", ".join(ahead))] if ahead else []),
        ]
    )
    rows = [
        SectionRow(url_for("client.reminders.show"), _("Reminders"), "bell", hint),
        SectionRow(
            url_for("client.devices.show"), _("Devices"), "device",
            " · ".join(labels) or _("None shows reminders yet"),
        ),
    ]  # fmt: skip
    return rows + ([_calendar()] if may(person, Permission.OWN_CARE) else [])


def _calendar() -> SectionRow:
    live = store.scalar(calendar_feeds.of(my_seats.person().id)) is not None
    hint = _("Your calendar has your times") if live else _("Put your times into your own calendar")
    return SectionRow(url_for("client.calendar.show"), _("Calendar"), "schedule", hint)


def _taking_part() -> list[SectionRow]:
    person = my_seats.person()
    asked = store.scalars(accommodations.of(person.id)).all()
    plan = store.scalar(backup_plans.of(person.id))
    needed = " · ".join(_(own_needs.SHORT[accommodations.Need(each.kind)]) for each in asked)
    return [
        SectionRow(
            url_for("account.orientation"), _("How being here works"), "book",
            _("Your hours, and what helps when you can't come"),
        ),
        SectionRow(
            url_for("client.needs.show"), _("What helps me"), "care",
            needed or _("Captions, an interpreter, an animal beside you"),
        ),
        SectionRow(
            url_for("client.backup_plan.show"), _("Backup plan"), "home",
            _("Ready when something comes up") if plan and plan.parts else _("For the day something comes up"),
        ),
    ]  # fmt: skip


def _with_others() -> list[SectionRow]:
    chooses = may(my_seats.person(), Permission.GIVE_CONSENT)
    hint = (
        _("You choose, and can take it back at any time")
        if chooses
        else _("What somebody lets you know")
    )
    rows = [SectionRow(url_for("client.sharing.show"), _("Sharing"), "together", hint)]
    if may(my_seats.person(), Permission.OWN_MESSAGES):
        hint = _("Write to your care team")
        rows.insert(0, SectionRow(url_for("client.messages.show"), _("Messages"), "text", hint))
    if may(my_seats.person(), Permission.OWN_CARE):
        hint = _("Every time somebody opens what is yours")
        rows.append(SectionRow(url_for("client.looks.show"), _("Who looked"), "person", hint))
    return rows


def _own() -> list[SectionRow]:
    person = my_seats.person()
    signed_in = len(sign_ins.current_logins())
    rows = [
        SectionRow(
            url_for("client.language.show"), language.title(), "language",
            f"{language.own_name(person.language)} · {_('times in %(city)s', city=language.city(person.time_zone))}",
        ),
        SectionRow(
            url_for("client.sign_ins.show"), _("Where I'm signed in"), "device",
            ngettext("%(num)d place", "%(num)d places", signed_in),
        ),
        SectionRow(url_for("account.show"), _("Ways to sign in"), "key", _sign_in_hint()),
    ]  # fmt: skip
    if may(person, Permission.OWN_CARE):
        hint = _("A copy of what is yours, for you")
        rows.append(SectionRow(url_for("client.own_copy.show"), _("My data"), "note", hint))
    return rows


def _sign_in_hint() -> str:
    changed_at = account_changes.last_at(my_seats.person())
    if changed_at is None:
        return _("Passkeys and password")
    return _(
        "Something changed: %(day)s, %(time)s", day=day_of(changed_at), time=time_of(changed_at)
    )
