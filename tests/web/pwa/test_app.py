"""The app around the pages: manifest, icons, service worker, offline and crisis; all neutral, all public."""

import re

import pytest

from webapp.web.pwa import SHELL


def test_the_manifest_names_nothing_but_the_operators_neutral_name(app, settings):
    card = app.test_client().get("/manifest.webmanifest").get_json()
    assert card["name"] == card["short_name"] == settings.app_name
    assert {icon["purpose"] for icon in card["icons"]} == {"any", "maskable", "monochrome"}


def test_every_icon_of_the_manifest_is_a_picture_of_its_size(app):
    client = app.test_client()
    for icon in client.get("/manifest.webmanifest").get_json()["icons"]:
        content = client.get(icon["src"]).data
        width = int.from_bytes(content[16:20], "big")
        assert content.startswith(b"\x89PNG")
        assert icon["sizes"] == f"{width}x{width}"


@pytest.mark.parametrize(
    "path", ["/offline", "/crisis", "/service-worker.js", "/push-key", "/manifest.webmanifest"]
)
def test_what_the_phone_keeps_knows_nobody(app, path):
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "csrf" not in answer.text


@pytest.mark.parametrize("path", ["/offline", "/crisis", "/sign-in"])
def test_988_is_in_reach_before_sign_in(app, path):
    assert "988" in app.test_client().get(path).text


@pytest.mark.parametrize("path", ["/offline", "/crisis"])
def test_988_can_be_called_and_texted_at_once(app, path):
    page = app.test_client().get(path).text
    assert "tel:988" in page
    assert "sms:988" in page


def test_the_worker_keeps_shell_files_and_public_pages_only(app):
    script = app.test_client().get("/service-worker.js").text
    kept = re.search(r"const SHELL = (\[.*?\]);", script)
    assert kept
    assert kept[1].count("/assets/") == len(SHELL)
    assert 'const PAGES = ["/offline", "/crisis"];' in script


def test_the_push_key_is_an_uncompressed_point(app):
    import base64

    text = app.test_client().get("/push-key").text
    point = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert (len(point), point[0]) == (65, 4)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)", "apple"), ("Mozilla/5.0 (Linux; Android 15; Pixel 9)", "android"),
     ("Mozilla/5.0 (X11; Linux x86_64)", "computer"), ("", "computer")],
)  # fmt: skip
def test_the_way_for_this_phone_is_open_when_the_page_arrives(app, agent, kind):
    """No content jumps (docs/product.md, *Pages*)."""
    page = app.test_client().get("/install", headers={"User-Agent": agent}).text
    assert page.count(f'data-guide="{kind}" open') == page.count("open>") == 2


@pytest.mark.parametrize("kind", ["apple", "android", "computer"])
def test_every_kind_of_phone_has_its_way_in_and_its_way_back(app, kind):
    """Installing is explained for each platform, and so is a refused permission (docs/product.md, *Pages*)."""
    page = app.test_client().get("/install").text
    assert page.count(f'data-guide="{kind}"') == 2
    assert "Add to Home" in page
    assert "988" in page
