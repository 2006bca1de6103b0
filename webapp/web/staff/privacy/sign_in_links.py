"""Sign-in links for clients who can't sign in: issued after a call back, audited, usable once (S3)."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.care.accounts import sign_in_links
from webapp.care.contact import addresses
from webapp.care.directory import teams
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.permissions import Permission
from webapp.notify import outbox
from webapp.notify.kinds import NoticeKind
from webapp.operations.rate_limits import LINK
from webapp.refusals import N_, Invalid, Refusal
from webapp.web.page import attempts
from webapp.web.page.guard import needs
from webapp.web.page.unit_of_work import discard_and_read, store
from webapp.web.staff.console import form_errors, me, one_or_404, page
from webapp.web.staff.wording.words import phone

links = Blueprint("sign_in_links", __name__)
PAGE = "staff/privacy/sign_in_link.html"


@links.get("/people/<row:person_id>/sign-in-link")
@needs(Permission.HELP_SIGN_IN)
def show(person_id: int) -> ResponseReturnValue:
    """The steps before a link is issued."""
    return _page(_client(person_id))


@links.post("/people/<row:person_id>/sign-in-link")
@needs(Permission.HELP_SIGN_IN)
def issue(person_id: int) -> ResponseReturnValue:
    """Issue a link: sent to the e-mail address on file, or shown this once to be handed over."""
    attempts.count(LINK, f"person {_client(person_id).id}")
    client, now, form = _client(person_id), clock.now(), request.form
    by_mail = form.get("way") == "email"
    try:
        if by_mail and not addresses.proves_mailbox(store, client, now):
            raise Invalid(
                N_("Their e-mail address is marked unsafe, or is new. Hand the link over instead."),
                field="way",
            )
        secret = sign_in_links.issue_after_call(
            store, client, form.get("number", ""), by=me(), now=now
        )
        path = f"/sign-in/link/{secret}"
        if by_mail:
            until = now + sign_in_links.LASTS["recovery"]
            outbox.put_link(store, client, NoticeKind.SIGN_IN_LINK, path, now=now, not_after=until)
    except Refusal as refusal:
        discard_and_read()
        return _page(_client(person_id), 422, errors=form_errors(refusal), given=form)
    store.commit()
    base = current_app.extensions["settings"].base_url
    return _page(client, sent=by_mail, link=None if by_mail else base + path)


def _client(person_id: int) -> Person:
    """A client or supporter in the reader's regular care; else 404. Emergency access opens a chart, not an account (P8)."""
    return one_or_404(
        teams.visible_to(me())
        .where(Person.id == person_id, Person.kind.in_((Kind.CLIENT, Kind.SUPPORTER)))
        .where(Person.id.not_in(me().reaching))
    )


def _page(client: Person, status: int = 200, **context: object) -> ResponseReturnValue:
    now = clock.now()
    proving = addresses.numbers_that_prove(store, client, now)
    numbers = [(number, phone(number)) for number in proving]
    others = [each for each in addresses.numbers_to_call(store, client) if each not in proving]
    return page(
        PAGE, status, place="people", client=client, numbers=numbers, by_mail=addresses.proves_mailbox(store, client, now),
        too_new=[phone(number) for number in others], **context,
    )  # fmt: skip
