"""What changed about how a person signs in and is reached: shown on Today and Me until they say that it was them (S3, S19)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.care.audit import account_changes
from webapp.care.audit.account_changes import AccountChange
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Channel
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.numbers import row_number
from webapp.refusals import N_
from webapp.web.page import identity
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import store

pages = Blueprint("account_changes", __name__)

MOST = 3
"""Lines on Today and Me; the rest stand under *Ways to sign in*."""
LATELY, LISTED = timedelta(days=90), 20
"""How far back that list goes, and how many lines it has at most."""
STILL_SAID = timedelta(days=7)
"""How long Me says when something changed, whoever dismissed it."""
WORDS: dict[Tag, str] = {
    Tag.PASSWORD_CHANGED: N_("a password was set"),
    Tag.PASSKEY_ADDED: N_("a passkey was added"),
    Tag.PASSKEY_REMOVED: N_("a passkey was removed"),
    Tag.PASSKEY_DOUBTED: N_("a passkey was refused, since there may be a copy of it"),
    Tag.SECOND_FACTOR_SET: N_("an app for codes was set up"),
    Tag.SECOND_FACTOR_REMOVED: N_("the app for codes was removed"),
    Tag.RECOVERY_CODES_MADE: N_("new recovery codes were made"),
    Tag.ACCOUNT_RECOVERED: N_("somebody came in by a link from your program; a password from before no longer works"),
    Tag.FEED_OPENED: N_("a calendar link was made"),
    Tag.OWN_COPY_TAKEN: N_("a copy of your data was made"),
    **dict.fromkeys(
        (
            Tag.ADDRESS_ADDED, Tag.ADDRESS_STOPPED, Tag.ADDRESS_RESUMED, Tag.ADDRESS_MARKED, Tag.ADDRESS_SAFE_AGAIN,
            Tag.ADDRESS_SWITCHED_OFF,
        ),
        N_("where we write to you was changed"),
    ),
}  # fmt: skip
"""How its owner reads of each change, after the day and time. Of an address it does not say what: whoever looks over their shoulder is not
to read that they marked one as unsafe (P9)."""
NEW_DEVICE = N_("a new device began to show your reminders")


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change in words. `at`: aware UTC."""

    id: int
    at: datetime
    words: str


@pages.post("/account/changes/dismissal")
@needs(Permission.OWN_SETTINGS)
def dismiss() -> ResponseReturnValue:
    """ "Yes, it was me": for those that the page showed, up to the newest of them."""
    person = store.get_one(Person, identity.current_login().person_id)
    upto = row_number(request.form.get("upto", ""))
    account_changes.dismiss(store, person, upto, by=person, now=clock.now())
    store.commit()
    to = "client.me.show" if person.kind == Kind.STAFF else "client.today.show"
    return redirect(url_for(to), 303)


def waiting(person: Person) -> dict[str, Any]:
    """The context of the card: the latest changes that were not dismissed, and whether there are more. One statement by index."""
    found = store.scalars(account_changes.waiting(person.id).limit(MOST + 1)).all()
    return {"account_changes": _lines(found[:MOST]), "more_changes": len(found) > MOST}


def lately(person: Person) -> list[ChangeLine]:
    """The changes of the last 90 days, latest first, dismissed or not."""
    since = AccountChange.at > clock.now() - LATELY
    return _lines(store.scalars(account_changes.of(person.id).where(since).limit(LISTED)))


def last_at(person: Person) -> datetime | None:
    """When the latest change of the last week was, dismissed or not: whoever holds the phone may have dismissed it. Aware UTC."""
    since = AccountChange.at > clock.now() - STILL_SAID
    latest = store.scalar(account_changes.of(person.id).where(since).limit(1))
    return latest.at if latest else None


def _lines(changes: Iterable[AccountChange]) -> list[ChangeLine]:
    """In words, latest first. Several of one minute that read alike are one."""
    lines: dict[tuple[datetime, str], ChangeLine] = {}
    for each in changes:
        line = _line(each)
        lines.setdefault((line.at.replace(second=0, microsecond=0), line.words), line)
    return list(lines.values())


def _line(change: AccountChange) -> ChangeLine:
    device = change.tag == Tag.ADDRESS_ADDED and change.channel == Channel.PUSH
    return ChangeLine(change.id, change.at, _(NEW_DEVICE if device else WORDS[Tag(change.tag)]))
