"""The blueprint of the account pages, and the login, person and sign-in methods that they are about."""

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
    """The login in use, or one that still lacks a factor; the guard lets nobody else in."""
    return cast(Login, identity.identified_login())


def person() -> Person:
    """Its person, as a row of this request's store."""
    return store.get_one(Person, login().person_id)


def methods() -> SignInMethods:
    return sign_in_methods.of(store, person())


def relying_party() -> RelyingParty:
    """What passkeys are bound to: our host and our neutral name."""
    found: RelyingParty = current_app.extensions["relying_party"]
    return found
