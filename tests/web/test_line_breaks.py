"""Line breaks and indentation of page templates are removed when they are rendered."""

import pytest
from jinja2 import DictLoader, Environment

from webapp.web.page.line_breaks import LineBreaks


def rendered(source: str, name: str = "page.html", **values: object) -> str:
    made = Environment(
        loader=DictLoader({name: source}),
        extensions=[LineBreaks],
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return made.get_template(name).render(values)


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>\n  {{ a }}\n  {{ b }}\n</p>", "<p>12</p>"),
        ("<p>\n  {{ a }}{{ ' ' }}\n  <b>{{ b }}</b>\n</p>", "<p>1 <b>2</b></p>"),
        ("<p>\n  {% if a %}\n    <b>{{ a }}</b>\n  {% endif %}\n  {{ b }}\n</p>", "<p><b>1</b>2</p>"),
        ("<p>\n  {% if a %}\n    x\n  {% endif %}\n  y\n</p>", "<p>xy</p>"),
        ("<p>\n  {# why #}\n  {{ a }}\n</p>", "<p>1</p>"),
        ("{{ [\n  a,\n  b,\n] | join }}\n<br>\n", "12<br>"),
    ],
)  # fmt: skip
def test_a_line_break_beside_a_tag_or_a_value_is_not_sent(source: str, sent: str) -> None:
    assert rendered(source, a=1, b=2) == sent


@pytest.mark.parametrize(
    "line",
    [
        "<p>{{ a }} · <a>b</a> <b>c</b></p>",
        "<p>{{ a }}{% if a %} (b){% endif %} <i>c</i></p>",
        "<p>1 < 2  'x' \"y\"</p>",
    ],
)
def test_a_space_within_a_line_is_sent(line: str) -> None:
    plain = Environment(autoescape=True).from_string(line).render(a=1)
    assert rendered(line, a=1) == plain


def test_a_line_break_between_words_is_one_space() -> None:
    assert rendered("<p>\n  one\n  two\n</p>") == "<p>one two</p>"


def test_attributes_on_lines_of_their_own_stay_apart() -> None:
    source = """<a\n  class="b c"\n  {% if a %}hidden{% endif %}\n  href="x"\n>\n  y\n</a>"""
    assert rendered(source, a=1) == """<a class="b c" hidden href="x">y</a>"""


def test_a_block_around_attributes_keeps_them_apart() -> None:
    source = """<a\n  {% if a %}\n    hidden\n    href="x"\n  {% endif %}\n>y</a>"""
    assert rendered(source, a=1).split() == ["<a", "hidden", """href="x\"""", ">y</a>"]


def test_a_value_written_over_lines_stays_one_value() -> None:
    source = """<meta content='{\n  "a > b": "it is",\n  "c": 2\n}'>\n<p>\n  x\n</p>"""
    assert rendered(source) == """<meta content='{ "a > b": "it is", "c": 2 }'><p>x</p>"""


def test_what_people_wrote_keeps_its_lines() -> None:
    source = "<blockquote>\n  {{ words }}\n</blockquote>"
    assert rendered(source, words="one\n\n  two <b>") == (
        "<blockquote>one\n\n  two &lt;b&gt;</blockquote>"
    )


def test_a_template_that_is_no_html_is_sent_as_it_is_written() -> None:
    source = "const a = {{ a }};\n  // why\n"
    assert rendered(source, "worker.js", a=1) == "const a = 1;\n  // why"


def test_an_error_still_names_its_line() -> None:
    source = "<p>\n  one\n  two\n</p>\n{{ 1 // nought }}"
    with pytest.raises(ZeroDivisionError) as failed:
        rendered(source, nought=0)
    assert failed.traceback[-1].lineno + 1 == 5
