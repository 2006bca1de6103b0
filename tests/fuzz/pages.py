"""Forms filled in as they stand on their pages and then spoilt, each field in turn; and what must not come of it."""

import itertools
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from tests.fuzz.corpus import reflected, spoilt, word
from tests.fuzz.fields import Form, every_form
from tests.fuzz.watching import Changes, changes
from tests.web import audiences
from tests.web.matrix import Actor, Door, doors

ACTORS = ("maya", "carla", "susan", "theo", "henry", "ada", "nobody")
MAY_CHANGE = {
    "INSERT rate_limit", "DELETE rate_limit", "UPDATE login", "DELETE challenge", "UPDATE authenticator",
    "INSERT reading", "UPDATE chain_head",
}  # fmt: skip
"""What a refused request may well leave: tries are counted, a login was seen, a question is used up by a wrong answer, the page
that says so was read (and the chain moves on only with an event, which is seen for itself)."""
LEAVES = {"sign_in.send_own_link", "sign_in.sign_out", "sign_in.someone_else", "sign_in.spend"}
"""Doors that lead to the sign-in page because they were passed, not because they are shut."""


def sent(dice: random.Random, form: Form, spoil: str) -> dict[str, Any]:
    """The form as it stands, with hostile words in `spoil` and now and then elsewhere."""
    if form.said is not None and dice.random() < 0.7:
        return {"json": spoilt(dice, form.said)}
    chosen = {spoil} | {name for name in form.names if dice.random() < 0.08}
    kept = {name: value for name, value in form.values.items() if dice.random() < 0.95}
    filled = kept | {name: word(dice) for name in chosen}
    filled.pop("csrf_token", None)
    if form.door.method == "GET":
        return {"query_string": filled}
    return {"data": filled} if dice.random() < 0.95 else {"json": filled}


def refused(door: Door, answer: Any) -> bool:
    """It was not let in, or what it asked was refused."""
    where = urlsplit(answer.location or "").path
    away = where in ("/sign-in", "/account/confirm", "/sign-in/second")
    return answer.status_code >= 400 or (away and door.endpoint not in LEAVES)


def wrong_with(actor: Actor, door: Door, given: dict[str, Any], seen: Changes) -> str | None:
    seen.take()
    answer = actor.open(door, **given)
    left = seen.take() - MAY_CHANGE
    if answer.status_code >= 500:
        return f"answered {answer.status_code}"
    if refused(door, answer) and left:
        return f"answered {answer.status_code} and left changed: {', '.join(sorted(left))}"
    pages = [answer]
    if answer.status_code == 303 and (answer.location or "").startswith("/"):
        pages.append(actor.open(Door("", "GET", answer.location)))
    if any(page.status_code >= 500 for page in pages):
        return f"and then {answer.location} answered {pages[-1].status_code}"
    if any(page.mimetype == "text/html" and reflected(page.text) for page in pages):
        return "gave our markup back"
    return None


def failures(
    app: Flask, database: Any, objects: dict[str, Any], seed: str, how_many: int
) -> Iterator[str]:
    """Every one, in a sentence."""
    dice = random.Random(seed)
    actors = {name: Actor(app, database, name) for name in ACTORS}
    forms = known_forms(app, database, objects, actors)
    every = [(form, name) for form in forms for name in sorted(form.names)]
    dice.shuffle(every)
    connection = database.readers
    with changes(connection) as seen:
        for form, spoil in itertools.islice(itertools.cycle(every), how_many):
            meant = [name for name in ACTORS if name in audiences.FOR[form.door.endpoint]]
            name = dice.choice(meant if meant and dice.random() < 0.85 else ACTORS)
            given = sent(dice, form, spoil)
            nested = connection.begin_nested()
            try:
                found = wrong_with(actors[name], form.door, given, seen)
            except Exception as error:
                found = f"raised {type(error).__name__}: {str(error)[:300]}"
            finally:
                if nested.is_active:
                    nested.rollback()
            if found:
                yield f"{form.door.name} as {name}: {found}\n      with {str(given)[:400]!r}"


_forms: dict[str, list[Form]] = {}


def known_forms(app: Flask, database: Any, objects: Any, actors: dict[str, Actor]) -> list[Form]:
    """The forms of all pages, looked for once a database: nothing that stands stays changed between the parts."""
    name = database.engine.name
    if name not in _forms:
        _forms[name] = every_form(app, doors(app, objects), actors)
    return _forms[name]
