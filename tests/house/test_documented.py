"""What people set, read or build on is documented: settings, event tags, rungs, public functions."""

import ast
import json

from tests.house.reading import ROOT, modules, told
from webapp.care.audit.tags import Tag
from webapp.config import Settings

readme = (ROOT / "README.md").read_text()
settings_page = (ROOT / "docs" / "settings.md").read_text()
protocol_page = (ROOT / "docs" / "protocol.md").read_text()
everything = modules()


def table(page: str) -> dict[str, str]:
    """The second column of a page's table by its first."""
    cells = [line.split("|") for line in page.splitlines() if line.startswith("| `REJOIN_")]
    return {row[1].strip(): row[2].strip() for row in cells}


def test_every_setting_stands_in_its_table() -> None:
    rows = table(settings_page)
    missing = [
        f"| `REJOIN_{name.upper()}` | {each.description} |"
        for name, each in Settings.model_fields.items()
        if rows.get(f"`REJOIN_{name.upper()}`") != each.description
    ]
    assert not missing, told(missing, "Write this row, with its default, into docs/settings.md.")
    gone = [name for name in rows if name.strip("`")[7:].lower() not in Settings.model_fields]
    assert not gone, told(gone, "Take the row out of docs/settings.md: there is no such setting.")


def test_every_setting_has_a_doc_and_an_example_that_works(tmp_path) -> None:
    for name, each in Settings.model_fields.items():
        assert len(each.description or "") > 20, name
        if name not in ("secret_keys", "field_keys"):  # no key is ever written down
            (example,) = each.examples or ()
            environ = {f"REJOIN_{name.upper()}": example, "REJOIN_INSTANCE": str(tmp_path)}
            assert getattr(Settings.load(environ), name) is not None


def test_every_event_tag_says_what_it_means() -> None:
    missing = [tag.name for tag in Tag if len(tag.meaning) < 10]
    assert not missing, told(missing, "Say in its row of webapp/care/audit/tags.py what it means.")


def test_every_event_tag_that_the_chart_may_show_has_its_words() -> None:
    """The chart never shows `client message written` to a colleague. Events about a program stand in no client's chart."""
    shown = [tag for tag in Tag if tag is not Tag.STEP_TAKEN and not tag.startswith("program:")]
    missing = [tag.name for tag in shown if not (tag.words and tag.icon)]
    assert not missing, told(missing, "Give it words in its row of webapp/care/audit/tags.py.")


def test_every_value_the_chart_may_show_has_its_words() -> None:
    from webapp.care.make_ups.make_ups import MakeUpKind
    from webapp.notify.kinds import NoticeKind
    from webapp.protocol.ladder.rungs import Rung
    from webapp.web.staff.wording import chart_words, vocabulary

    tables = {
        "NOTICE": (chart_words.NOTICE, NoticeKind),
        "WAY": (chart_words.WAY, MakeUpKind),
        "RUNG": (vocabulary.RUNG, Rung),
    }
    missing = [
        f"{name}: {value!r}"
        for name, (table, values) in tables.items()
        for value in values
        if value not in table
    ]
    assert not missing, told(
        missing, "Give it its words in webapp/web/staff/wording/chart_words.py."
    )


def test_event_tags_are_past_tense_words_divided_by_colons() -> None:
    broken = [
        tag.value
        for tag in Tag
        if not all(part.replace("_", "").isalpha() for part in tag.value.split(":"))
    ]
    assert not broken, told(broken, "Write tags as `seat:absence:reported`.")


def test_every_rung_stands_in_the_ladders_tables() -> None:
    from webapp.protocol.ladder.rungs import Rung

    missing = [
        f"{name}: {rung.value}"
        for name, page in (("README.md", readme), ("docs/protocol.md", protocol_page))
        for rung in Rung
        if f"\n| `{rung.value}` |" not in page
    ]
    assert not missing, told(missing, "Add the rung to the ladder's table.")


def test_every_field_of_the_policy_and_every_pattern_stands_in_its_table() -> None:
    from webapp.care.directory.policy import Policy
    from webapp.protocol.ladder.patterns import PROPOSALS

    defaults = {name: json.dumps(value).strip('"') for name, value in Policy().to_json().items()}
    rows = [f"| `{name}` | `{value}` |" for name, value in defaults.items() if name != "patterns"]
    rows += [f"| `{name}` |" for name in ("patterns", *PROPOSALS)]
    missing = [row for row in rows if f"\n{row}" not in protocol_page]
    assert not missing, told(missing, "Write the row into docs/protocol.md.")


def test_every_standing_stands_in_its_table() -> None:
    from webapp.care.attendance.standing import Standing

    missing = [each.value for each in Standing if f"`{each.value}`" not in protocol_page]
    assert not missing, told(missing, "Say in docs/protocol.md when a seat is that.")


def test_every_module_says_what_it_is_for() -> None:
    broken = [
        module.place for module in everything if module.text and not ast.get_docstring(module.tree)
    ]
    assert not broken, told(
        broken, "Begin the module with a sentence: what it holds, and why it is its own room."
    )


def speaks_for_itself(node: ast.AST) -> bool:
    """An enumeration, or a function of one line: the name is the sentence."""
    if isinstance(node, ast.ClassDef):
        return any("Enum" in ast.unparse(base) for base in node.bases)
    return isinstance(node, ast.FunctionDef) and len(node.body) == 1


def test_public_verbs_and_models_say_what_they_mean() -> None:
    broken = [
        f"{module.at(node)} {node.name}"
        for module in everything
        if module.name.split(".")[1:2] in (["care"], ["protocol"], ["notify"])
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not speaks_for_itself(node)
    ]
    assert not broken, told(
        broken,
        "Say what it means, its units and time zone, which refusals it raises, and which rule it comes from.",
    )
