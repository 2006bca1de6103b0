"""Where the pages about signing in hang, and who asks for them."""

from typing import cast

from flask import Blueprint, current_app

from webapp.care.accounts import sign_in_methods
from webapp.care.accounts.logins import Login
from webapp.care.accounts.passkeys import RelyingParty
from webapp.care.accounts.sign_in_methods import SignInMethods
from webapp.care.directory.people import Person
from webapp.web.page import identity
from webapp.web.page.unit_of_work import store

account = Blueprint("account", __name__)


def login() -> Login:
    """With what one is coming in, or in; the door has let nobody else by."""
    return cast(Login, identity.entering())


def person() -> Person:
    """Who that is, as a row of this request's store."""
    return store.get_one(Person, login().person_id)


def ways() -> SignInMethods:
    return sign_in_methods.of(store, person())


def relying_party() -> RelyingParty:
    """What passkeys are bound to: our host and our neutral name."""
    found: RelyingParty = current_app.extensions["relying_party"]
    return found
