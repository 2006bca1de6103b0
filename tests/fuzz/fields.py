"""Finds every form on the pages with its values, and every form field that a view reads."""

import inspect
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.house.reading import ROOT
from tests.web import audiences
from tests.web.matrix import Actor, Door

READ = re.compile(r"""form(?:\.get|\.getlist|\.to_dict|\.pop)?[(\[]\s*["'](\w+)["']|args\.get\(["'](\w+)["']""")  # fmt: skip
NAMED = re.compile(r'name="(\w+)"')
UNREAD = "nobody_reads_this"
KEYS = {"p256dh": "BFkkm", "auth": "AAAA"}
ANSWER = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": "AAAA"}}  # fmt: skip
SAID = {
    "client.devices.add": {"endpoint": "https://fcm.googleapis.com/x", "keys": KEYS, "label": "Phone"},
    "account.add": {"answer": ANSWER, "name": "Phone"}, "sign_in.come_in": {"answer": ANSWER, "next": "/"},
}  # fmt: skip
"""What scripts send as JSON."""


@dataclass
class Form:
    """What may be sent to one door: the values that stand in the form, and all the names that are read there."""

    door: Door
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    @property
    def said(self) -> Any:
        return SAID.get(self.door.endpoint)


class _Forms(HTMLParser):
    """The forms of a page: (method, action, name → value)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self._choosing = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("method", "get").upper(), given.get("action", ""), {}))
        name = self._choosing if tag == "option" else given.get("name", "")
        if tag == "select":
            self._choosing = name
        chosen = tag != "option" or "selected" in given
        if self.found and name and (name not in self.found[-1][2] or chosen):
            self.found[-1][2][name] = given.get("value", "")


def every_form(app: Flask, places: list[Door], actors: dict[str, Actor]) -> list[Form]:
    """One for each door, with the fields its page shows and those its view reads."""
    forms = {(door.endpoint, door.method): Form(door, dict(door.form)) for door in places}
    for form in forms.values():
        form.names = _read_there(app, form.door) | set(form.values)
    for (endpoint, method), shown in _shown(app, places, actors).items():
        if (endpoint, method) in forms:
            form = forms[endpoint, method]
            form.values = shown | form.values
            form.names |= shown.keys()
    for form in forms.values():
        form.names -= {"csrf_token"}
        form.names |= {UNREAD}
    return list(forms.values())


def _shown(app: Flask, places: list[Door], actors: dict[str, Actor]) -> dict[Any, dict[str, str]]:
    """(endpoint, method) → what stands in its form, on whichever page shows it to whom it is for."""
    found: dict[Any, dict[str, str]] = defaultdict(dict)
    router = app.url_map.bind("localhost")
    for door in (each for each in places if each.method == "GET"):
        readers = [name for name in actors if name in audiences.FOR[door.endpoint]]
        for name in readers[:1]:
            page = _Forms()
            answer = actors[name].open(door)
            page.feed(answer.text if answer.mimetype == "text/html" else "")
            for method, action, fields in page.found:
                path = urlsplit(action).path or door.path
                try:
                    endpoint, _ = router.match(path, method=method)
                except HTTPException:
                    continue
                found[endpoint, method] |= fields
    return found


def _read_there(app: Flask, door: Door) -> set[str]:
    """The names that the view's module reads, and those in the templates it names."""
    source = inspect.getsource(sys.modules[app.view_functions[door.endpoint].__module__])
    names = {a or b for a, b in READ.findall(source)}
    for template in re.findall(r'"((?:client|staff|account|sign_in)/[\w/]+\.html)"', source):
        if (path := ROOT / "templates" / template).exists():
            names |= set(NAMED.findall(path.read_text()))
    return names
