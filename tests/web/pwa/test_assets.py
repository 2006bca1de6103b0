"""Styles and scripts: one digest over all, kept for a year, packed once."""

import gzip
from pathlib import Path

import pytest

from webapp.web.page.assets import STATIC, StaticFiles


def test_a_change_in_any_file_changes_every_address(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "layers.css").write_text("@layer a;")
    before = StaticFiles(tmp_path).address("app.css")
    (tmp_path / "css" / "more.css").write_text("p { color: red; }")
    assert StaticFiles(tmp_path).address("app.css") != before


def test_styles_are_sent_without_comments_line_breaks_and_indentation(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "one.css").write_text(
        "/* Two of them. */\n@media (min-width: 5em) {\n  a > b,\n  .c   .d {\n    margin: 0 1px;\n    color: red;\n  }\n}\n"
    )
    wanted = b"@media (min-width: 5em){a > b,.c .d{margin: 0 1px;color: red;}}"
    assert StaticFiles(tmp_path).files["app.css"] == wanted


def test_a_string_in_a_style_is_sent_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    style = """a::before{content: " ,  /* x */ {";}b::after{content: '  ; ';}"""
    (tmp_path / "css" / "one.css").write_text(style)
    assert StaticFiles(tmp_path).files["app.css"] == style.encode()


def test_a_page_cannot_point_at_a_file_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        StaticFiles().address("img/none.png")


def test_layers_are_declared_before_anything_uses_them() -> None:
    assert (
        StaticFiles().files["app.css"].startswith(b"@layer tokens,base,layout,components,states;")
    )


@pytest.mark.parametrize("name", ["app.css", "app.js", "staff.css", "vendor/htmx-4.0.1.min.js"])
def test_a_file_is_kept_for_a_year_and_comes_packed(app, name: str) -> None:
    where = app.extensions["static_files"].address(name)
    answer = app.test_client().get(where, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == app.extensions["static_files"].files[name]


def test_under_an_old_releases_address_the_present_file_is_not_kept(app) -> None:
    answer = app.test_client().get("/assets/000000000000/app.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["../webapp/config.py", "css/tokens.css", "nothing.js"])
def test_nothing_else_is_served(app, name: str) -> None:
    assert (
        app.test_client().get(f"/assets/{app.extensions['static_files'].digest}/{name}").status_code
        == 404
    )


def test_what_comes_from_others_has_its_licence_beside_it() -> None:
    for path in (STATIC / "vendor").glob("*.js"):
        assert (STATIC / "vendor" / f"{path.name.split('-')[0]}-LICENSE.txt").exists()
