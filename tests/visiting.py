"""Test clients: people and programs that use the app without a browser."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from tests import pages
from webapp import clock
from webapp.care.accounts import api_tokens, logins
from webapp.care.directory.people import Person
from webapp.care.directory.programs import Program
from webapp.web.page import forms, identity

API = "/api/v1"


class Visit:
    """One person on one device, signed in (or a stranger at the door). Every page fetched is checked.

    State changes carry the page's CSRF token and the browser's `Sec-Fetch-Site`, as a real page would send them; leave
    them away with `forged=True`.
    """

    def __init__(self, app: Flask, person: Person | int | None = None):
        self.app = app
        self.client = app.test_client()
        self.person_id = person if isinstance(person, int | None) else person.id
        if self.person_id is not None:
            self.enter()

    def get(self, path: str, *, htmx: bool = False, **more: Any) -> TestResponse:
        """Fetch a page, or with `htmx` the answer that htmx would get."""
        return self._checked(self.client.get(path, headers=self._headers(htmx), **more))

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form."""
        return self._change("POST", path, form, **more)

    def put(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self._change("PUT", path, form, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self._change("DELETE", path, None, **more)

    def follow(self, answer: TestResponse) -> TestResponse:
        """Go where an answer sends: by redirect, or by htmx's header."""
        where = answer.headers.get("Location") or answer.headers["HX-Redirect"]
        parts = urlsplit(where)
        return self.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def _change(
        self,
        method: str,
        path: str,
        form: dict[str, Any] | None,
        *,
        htmx: bool = False,
        forged: bool = False,
        **more: Any,
    ) -> TestResponse:
        headers = self._headers(htmx)
        if not forged:
            headers |= {"X-CSRFToken": self.csrf_token(), "Sec-Fetch-Site": "same-origin"}
        headers |= more.pop("headers", {})
        if form is not None:
            more["data"] = form
        return self._checked(self.client.open(path, method=method, headers=headers, **more))

    def csrf_token(self) -> str:
        """What a page of ours would carry for this visitor."""
        cookies = "; ".join(
            f"{name}={cookie.value}"
            for name in ("LOGIN_COOKIE", "VISIT_COOKIE")
            if (cookie := self.client.get_cookie(self.app.config[name])) is not None
            for name in [self.app.config[name]]
        )
        with self.app.test_request_context(headers={"Cookie": cookies}):
            if self.app.config["VISIT_COOKIE"] not in cookies:
                self.client.set_cookie(self.app.config["VISIT_COOKIE"], identity.browser_id())
            return forms.csrf_token()

    def enter(self) -> None:
        """Signed in anew, as in another tab."""
        self._enter(self.person_id)

    def _enter(self, person_id: int | None) -> None:
        with self.app.extensions["database"].writing() as store:
            person = store.get_one(Person, person_id)
            _, secret = logins.sign_in(store, person, "passkey", now=clock.now(), device="test")
            store.commit()
        self.client.set_cookie(self.app.config["LOGIN_COOKIE"], secret)

    @staticmethod
    def _headers(htmx: bool) -> dict[str, str]:
        return {"HX-Request": "true"} if htmx else {}

    @staticmethod
    def _checked(answer: TestResponse) -> TestResponse:
        busy = answer.status_code == 503 and "Retry-After" in answer.headers
        assert answer.status_code < 500 or busy, answer.text
        if answer.mimetype == "text/html" and answer.text and answer.location is None:
            pages.check(
                answer.text, whole=bool(re.match(r"\s*<!doctype", answer.text, re.IGNORECASE))
            )
        return answer


class Caller:
    """A program at the API, with a token of its own."""

    def __init__(self, app: Flask, program: Program | int, *scopes: str, name: str = "caller"):
        self.client = app.test_client()
        with app.extensions["database"].writing() as store:
            home = store.get_one(Program, program if isinstance(program, int) else program.id)
            self.token = api_tokens.create_token(
                store, home, name, list(scopes or api_tokens.SCOPES), by=None, now=clock.now()
            )
            store.commit()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """`call("PUT", "/people/maya", {...})`; header names with underscores: `Idempotency_Key="1"`."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told.setdefault("Authorization", f"Bearer {self.token}")
        more = {} if body is None else {"json": body}
        answer = self.client.open(API + path, method=method, headers=told, **more)
        assert answer.status_code < 500 or "Retry-After" in answer.headers, answer.text
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json", answer.text
        return answer
