"""S6, S7, S11, S16: how htmx is told to behave on every page that has it, and what it must leave alone."""

import json
import re
from html import unescape

from sqlalchemy import select

from tests.care.evenings import DAY
from tests.counting import statements
from tests.house.reading import ROOT, told
from webapp.care.accounts.logins import Login

ASKED = {
    '{{ url_for("client.calendar.show", shown=shown) }}': ("maya", "/me/calendar?shown="),
    '{{ url_for("client.approach.show") }}': ("maya", "/approach"),
    '{{ url_for("client.today.show") }}': ("maya", "/"),
    '{{ url_for("client.connecting.show") }}': ("maya", "/help-connecting"),
    "{{ news }}?shown={{ talk.stamp }}": ("maya", "/messages/news"),
    "/staff": ("carla", "/staff"),
    "/staff/messages": ("carla", "/staff/messages"),
    "/staff/help-desk": ("theo", "/staff/help-desk"),
}
"""Where pages ask by themselves, as their templates write it: who may, and where that is."""


def test_htmx_remembers_no_page_runs_no_text_and_adds_no_style(visit, world):
    page = visit(world.maya).get("/").text
    [said] = re.findall(r"""<meta name="htmx-config" content='([^']+)'""", page)
    config = json.loads(unescape(said))
    assert config["history"] is False
    assert "no-eval" in config["extensions"]
    assert config["includeIndicatorCSS"] is False
    assert config["mode"] == "same-origin"


def test_scripts_styles_and_pictures_are_our_own(visit, world):
    page = visit(world.maya).get("/").text
    loaded = re.findall(r"<(?:script|link|img|source)[^>]+(?:src|href)=\"([^\"]+)\"", page)
    assert len(loaded) > 3
    assert [where for where in loaded if not where.startswith("/") or where.startswith("//")] == []


def test_htmx_leaves_what_people_wrote_alone():
    """S11: every place for written text says so."""
    broken = [
        f"{path.relative_to(ROOT)}: {tag}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for tag in re.findall(r"<\w+\s[^<>]*class=\"[^\"]*\bprose\b[^>]*>", path.read_text())
        if "hx-ignore" not in tag
    ]
    assert not broken, told(broken, "Add hx-ignore: no attribute in it is htmx's business.")


def test_a_page_that_asks_by_itself_rests_unseen_and_keeps_no_login_awake(
    visit, world, store, clock
):
    """S3: of every `hx-trigger="every …"` there is. Nobody touches the phone."""
    tags = [
        tag
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for tag in re.findall(r"<\w+\s[^<]*hx-trigger=\"[^\"]*\bevery\b[^<]*", path.read_text())
    ]
    assert {re.findall(r'\shx-get="(.*?)"\s+hx-trigger', tag)[0] for tag in tags} == ASKED.keys()
    assert [tag for tag in tags if "data-poll" not in tag] == []
    staff = ("carla", f"/staff/people/{world.maya.id}/messages/news")
    for who, where in (*ASKED.values(), staff):
        visitor = visit(getattr(world, who))
        clock.forward(minutes=10)
        assert visitor.get(where, htmx=True).status_code in (200, 204), where
        store.expire_all()
        login = store.scalars(select(Login).order_by(Login.id.desc())).first()
        assert login.seen_at == login.made_at, where


def test_a_write_that_ends_in_a_redirect_reads_nothing_for_a_page_that_is_not_shown(
    visit, world, database, gone, slot
):
    """The event is the last thing that a verb writes; no statement follows it."""
    maya, carla, room = visit(world.maya), visit(world.carla), slot(DAY)
    writes = [
        (maya, "/messages", {"body": "Hello"}),
        (maya, "/me/needs", {"need": ["captions"]}),
        (maya, "/me/backup-plan", {"somebody": "My sister"}),
        (maya, "/times", {"times": ["1-morning"]}),
        (maya, f"/seats/{gone.id}/make-ups", {"session": room.id}),
        (maya, f"/seats/{gone.id}/make-ups/cancellation", {}),
        (carla, f"/staff/people/{world.maya.id}/messages", {"body": "Hello, Maya"}),
    ]
    for who, path, form in writes:
        who.csrf_token()
        with statements(database) as told_it:
            assert who.post(path, form).status_code == 303, path
        after = [n for n, each in enumerate(told_it) if each.startswith("UPDATE chain_head")]
        assert told_it[after[-1] + 1 :] == [], path
