"""What was typed when a proof of who one is had to come first: carried through that proof, then given back for one more tap.

The token of the page it was typed on goes with it and says whose words they are: on a phone that two people share, one's
words never go out under the other's name (S8).
"""

from flask import request

from webapp.care.people import Person
from webapp.web import csrf

KEPT = "kept."
"""What a form that came too soon is carried under."""
ONWARD = "onward"
"""The field of a proof's form that says where one goes on."""
TOKEN = "csrf_token"
UNKEPT = {TOKEN, "password", "again", "code", "current"}


def asked_before() -> bool:
    """Whether this is a proof's own form, which may carry another."""
    return ONWARD in request.form


def typed() -> list[tuple[str, str]]:
    """The fields of the form that is under way: this one or, in a proof's form, the one it carries."""
    return [each for each in _under_way() if each[0] not in UNKEPT]


def carried() -> list[tuple[str, str]]:
    """The same as a proof's form holds them."""
    fields = typed()
    return [(KEPT + name, value) for name, value in [*fields, (TOKEN, _token())] if fields]


def fits(person: Person) -> bool:
    """Whether nothing is under way that somebody else typed."""
    return not typed() or csrf.written_by(person, _token())


def _token() -> str:
    return dict(_under_way()).get(TOKEN, "")


def _under_way() -> list[tuple[str, str]]:
    fields = request.form.items(multi=True)
    if not asked_before():
        return list(fields)
    return [(name.removeprefix(KEPT), value) for name, value in fields if name.startswith(KEPT)]
