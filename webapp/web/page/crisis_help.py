"""Words of self-harm or crisis in any form that a client or supporter sends: an urgent task at once, and a card with 988 (rule 16).

Read before the view, in a transaction of its own, so that a refused, repeated or rate-limited form counts too, and so does every form
that is added later. Not read: drafts, which nobody else sees until they are sent; secrets; choices.
"""

from flask import Flask, Response, flash, g, get_template_attribute, request

from webapp import clock
from webapp.care.contact import crises, crisis_words
from webapp.care.contact.crises import Where
from webapp.care.directory.people import Kind, Person
from webapp.web.page.guard import CHECKS_ACCESS_ITSELF, guard_of
from webapp.web.page.identity import current_person
from webapp.web.page.unit_of_work import SAFE, database

CRISIS = "crisis"
"""The category of the flashed message that stands for the card."""
READ = "client."
"""Beginning of the endpoints of clients' own pages. Drafts have an endpoint elsewhere; signing in has its own pages."""
NOT_WORDS = frozenset({"csrf_token", "request_id", "reported_at", "edition", "up_to", "endpoint"})
MOST_READ = 60_000
"""Letters of a whole form: more than any of our pages sends, since whoever is signed in may send anything."""
DRAFT = ("then", "later")
"""The field by which a browser without scripts saves a draft."""


def init_app(app: Flask) -> None:
    app.after_request(_keep_for_the_next_page)


def heed() -> None:
    """Open the urgent task when the form holds words of crisis, and remember to show the card."""
    endpoint = request.endpoint or ""
    if request.method in SAFE or not endpoint.startswith(READ):
        return
    if guard_of(endpoint) == CHECKS_ACCESS_ITSELF:
        return
    if request.form.get(DRAFT[0]) == DRAFT[1] or not _hold_words_of_crisis():
        return
    person = current_person()
    if person is None or person.kind not in (Kind.CLIENT, Kind.SUPPORTER):
        return
    with database.writing() as store:
        writer = store.get_one(Person, person.id)
        crises.tell(store, writer, where=Where.APP, by=writer, now=clock.now())
        store.commit()
    g.crisis_card = g.crisis_words = True
    if not request.headers.get("HX-Request"):
        _flash()


def _hold_words_of_crisis() -> bool:
    sent = (value for name, value in request.form.items(multi=True) if name not in NOT_WORDS)
    left = MOST_READ
    for value in sent:
        if crisis_words.found(value[:left]):
            return True
        left = max(0, left - len(value))
    return False


def card_for_htmx() -> str:
    """The card, out of band, once a request that htmx made; else empty."""
    if not request.headers.get("HX-Request") or not g.pop("crisis_card", False):
        return ""
    return str(get_template_attribute("ui/crisis_card.html", "crisis_card")(True))


def _flash() -> None:
    g.pop("crisis_card", None)
    flash("", CRISIS)


def _keep_for_the_next_page(response: Response) -> Response:
    """What htmx could not show with this response, the next page shows."""
    if g.get("crisis_card"):
        _flash()
    return response
