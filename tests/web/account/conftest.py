"""People at the door: their passkeys, passwords and codes."""

from collections.abc import Callable
from typing import Any

import pyotp
import pytest

from tests.passkey import SoftPasskey
from tests.visiting import Visit
from webapp.care.accounts import authenticators, passwords, sign_in_links
from webapp.care.directory.people import Person

WORDS = "three quiet blue boats"


class AtTheDoor(Visit):
    """A visitor who can use passkeys."""

    def ask(self, where: str) -> Any:
        return self.post(where, json={})

    def register(self, passkey: SoftPasskey, name: str = "Phone", **bent: Any) -> Any:
        """Add a passkey, as static/js/account/passkeys.js does."""
        options = self.ask("/account/passkeys/question").json
        return self.post(
            "/account/passkeys", json={"answer": passkey.create(options, **bent), "name": name}
        )

    def come_in(self, passkey: SoftPasskey, next: str = "", **bent: Any) -> Any:
        options = self.ask("/sign-in/passkey/question").json
        return self.answer(passkey.get(options, **bent), next)

    def answer(self, answer: dict[str, Any], next: str = "") -> Any:
        return self.post("/sign-in/passkey", json={"answer": answer, "next": next})

    def inside(self, path: str = "/me") -> bool:
        """Whether this browser is let in."""
        return self.get(path).status_code == 200


@pytest.fixture
def door(app) -> Callable[..., AtTheDoor]:
    """`door(person)`: signed in a moment ago; `door()`: somebody outside."""
    return lambda person=None: AtTheDoor(app, person)


@pytest.fixture
def with_passkey(door) -> Callable[[Person], SoftPasskey]:
    """`with_passkey(world.maya)`: gives her one, and answers it."""

    def made(person: Person, **more: Any) -> SoftPasskey:
        passkey = SoftPasskey(**more)
        assert door(person).register(passkey).status_code == 200
        return passkey

    return made


@pytest.fixture
def with_password(database, clock) -> Callable[..., None]:
    def made(person: Person, words: str = WORDS) -> None:
        with database.writing() as store:
            known = store.get_one(Person, person.id)
            passwords.set_password(store, known, words, by=known, now=clock.now())
            store.commit()

    return made


@pytest.fixture
def with_app(database, clock) -> Callable[[Person], Callable[[], str]]:
    """`with_app(world.carla)`: an authenticator app, confirmed; answers what tells its code of this moment."""

    def made(person: Person) -> Callable[[], str]:
        with database.writing() as store:
            known = store.get_one(Person, person.id)
            begun = authenticators.begin(store, known, by=known, now=clock.now())
            secret = begun.secret
            code = pyotp.TOTP(secret).at(clock.now())
            authenticators.confirm(store, known, code, by=known, now=clock.now())
            store.commit()
        return lambda: pyotp.TOTP(secret).at(clock.now())

    return made


@pytest.fixture
def link_for(database, clock) -> Callable[..., str]:
    """`link_for(world.maya, "recovery")`: the path of a one-time link."""

    def made(person: Person, purpose: str = "invitation") -> str:
        with database.writing() as store:
            known = store.get_one(Person, person.id)
            secret = sign_in_links.issue(store, known, purpose, by=None, now=clock.now())
            store.commit()
        return f"/sign-in/link/{secret}"

    return made
