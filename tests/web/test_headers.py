"""S6, S7: the headers of every response, and which proxies are trusted."""

from ipaddress import ip_network

import pytest
from flask import request

from tests.visiting import Visit
from webapp.web.page.headers import policy
from webapp.web.page.proxies import TrustedProxies


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing-here", "/schedule", "/me", "/crisis"])
def test_every_answer_forbids_inline_script_and_framing(app, world, path):
    headers = Visit(app, world.maya).get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert {"object-src 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("path", ["/", "/schedule", "/me", "/sign-in"])
def test_no_signed_in_page_is_kept_in_a_cache(app, world, path):
    assert "no-store" in Visit(app, world.maya).get(path).headers["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/sign-in", "text/html; charset=utf-8"), ("/push-key", "text/plain; charset=ascii"),
        ("img/icon.svg", "image/svg+xml; charset=utf-8"), ("app.js", "text/javascript; charset=utf-8"),
        ("vendor/htmx-LICENSE.txt", "text/plain; charset=utf-8"), ("/nothing-here", "text/html; charset=utf-8"),
    ],
)  # fmt: skip
def test_every_text_says_how_its_letters_are_spelled(app, path, kind):
    where = path if path.startswith("/") else app.extensions["static_files"].address(path)
    assert app.test_client().get(where).headers["Content-Type"] == kind


def test_methods_that_nobody_asked_for_are_refused(app):
    for method in ("TRACE", "TRACK", "CONNECT", "PATCH"):
        assert app.test_client().open("/sign-in", method=method).status_code == 405


def test_nothing_but_one_plain_origin_can_be_added_to_the_policy():
    assert "media-src https://media.example" in policy("https://media.example")
    for wider in (
        "https:",
        "*",
        "http://a.example",
        "https://a.example; script-src *",
        "https://a b",
    ):
        assert policy(wider) == policy()


def test_only_a_trusted_neighbour_is_believed(app):
    inside = TrustedProxies(app.wsgi_app, [ip_network("10.0.0.0/8")])
    for neighbour, believed in (("10.1.2.3", "203.0.113.9"), ("192.0.2.1", "192.0.2.1")):
        with app.test_request_context(
            headers={"X-Forwarded-For": "203.0.113.9"}, environ_base={"REMOTE_ADDR": neighbour}
        ):
            seen = []
            environ = dict(request.environ)
            inside.app = inside.behind.app = lambda env, start, seen=seen: (
                seen.append(env["REMOTE_ADDR"]) or []
            )
            inside(environ, lambda *args: None)
            assert seen == [believed]


def test_over_https_cookies_are_bound_to_the_host(settings, database, world):
    from webapp import create_app

    app = create_app(settings.model_copy(update={"base_url": "https://my.example"}), database)
    answer = app.test_client().get("/sign-in", base_url="https://my.example")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert len(cookie) < 4096
    lasts, *more = answer.headers["Strict-Transport-Security"].removeprefix("max-age=").split("; ")
    assert int(lasts) >= 365 * 24 * 60 * 60
    assert more == ["includeSubDomains"]
