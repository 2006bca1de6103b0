"""The printed chart: its text, times in the program's zone, page numbers, and who may read it (M13, P7)."""

from datetime import timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from fpdf.fonts import TTFFont
from pypdf import PdfReader
from sqlalchemy import select

from tests.care.evenings import missed
from webapp.care.attendance import absences
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact import addresses, contacts
from webapp.care.privacy import counseling_notes
from webapp.protocol.ladder.rungs import Rung
from webapp.turns import Turns
from webapp.web import chart
from webapp.web.api.contract.document import document
from webapp.web.chart import ChartEntry, paper


@pytest.fixture
def filled_chart(store, world, clock):
    """Maya told why she was not there; Carla rang."""
    seat = missed(store, world.carla, world.maya, clock.now())
    absences.report(
        store, seat, by=world.maya, now=clock.now(), reason="illness",
        note="Migraine “again” — Łódź, Đặng Thị Ánh, Ωμέγα.",
    )  # fmt: skip
    contacts.record(
        store, world.maya, channel="call", outcome="reached", by=world.carla, now=clock.now(),
        note="Calls on Friday.",
    )  # fmt: skip
    store.commit()
    return seat


def read(answer):
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return PdfReader(BytesIO(answer.data))


def words(pages):
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def readings(store):
    found = select(Event.client_id).where(Event.tag == Tag.CHART_READ)
    return store.scalars(found).all()


def test_a_printed_chart_says_whose_it_is_and_what_happened_when_and_by_whom(
    caller, store, world, filled_chart
):
    made = read(caller(world.harbor, "read")("GET", "/clients/maya/chart.pdf"))
    said = words(made.pages)
    for part in (
        "Chart of Maya Torres", "Reference maya", "All times are in America/New_York",
        "Wednesday, March 4, 2026", "1:00 PM", "The client can't come, and said so.",
        "Reason: illness", "Note: Migraine “again” — Łódź, Đặng Thị Ánh, Ωμέγα.",
        "Note: Calls on Friday.", "by Carla Reyes", "42 CFR part 2", "Page 1 of 1",
    ):  # fmt: skip
        assert part in said.replace("\u202f", " "), part
    assert readings(store) == [world.maya.id]


def test_title_and_file_name_tell_nothing_and_the_language_is_set(caller, world, filled_chart):
    """P5."""
    answer = caller(world.harbor, "read")("GET", "/clients/maya/chart.pdf")
    made = read(answer)
    assert made.metadata.title == "Record"
    assert made.trailer["/Root"]["/Lang"] == "en"
    assert 'filename="record-2026-03-04.pdf"' in answer.headers["Content-Disposition"]
    assert "maya" not in str(answer.headers).lower()


def test_a_sign_that_the_typeface_lacks_is_named_and_all_others_are_shown(
    visit, store, world, clock
):
    """Composed and decomposed letters are one; an emoji's drawing hint is left out."""
    world.maya.name = "Jose\u0301 של"
    contacts.record(
        store, world.maya, channel="call", outcome="reached", by=world.carla, now=clock.now(),
        note="Feels better \U0001f600\ufe0f, see you on Mo\u0308ntag. Ωμέγα, Жанна.",
    )  # fmt: skip
    store.commit()
    said = words(read(visit(world.carla).get(f"/staff/people/{world.maya.id}/chart.pdf")).pages)
    for part in (
        "Chart of José [U+05E9][U+05DC]", "Feels better [U+1F600], see you on Möntag. Ωμέγα, Жанна.",
        "Signs that this print does not have", "[U+1F600] grinning face",
        "[U+05E9] hebrew letter shin",
    ):  # fmt: skip
        assert part in said, part


def test_a_long_chart_has_numbered_pages_each_naming_whose_it_is(app, store, world, clock):
    entries = [
        ChartEntry(clock.now() + timedelta(hours=n), Tag.COMING_CONFIRMED, world.maya.id)
        for n in range(120)
    ]
    with app.test_request_context():
        found = chart.Chart(entries, {world.maya.id: world.maya}, {})
        made = PdfReader(BytesIO(paper.printed(world.maya, found, clock.now())))
    pages = [words([page]) for page in made.pages]
    assert len(pages) > 2
    assert "does not have" not in " ".join(pages)
    assert all(f"Page {n} of {len(pages)}" in page for n, page in enumerate(pages, 1))
    assert all("Maya Torres (maya)" in page for page in pages)
    assert [each.title for each in made.outline] == ["March 2026"]


def test_there_are_words_for_every_entry_of_a_chart(app, clock):
    with app.test_request_context():
        said = {
            what: paper.sentence(ChartEntry(clock.now(), what))
            for what in (*Tag, *Rung, chart.UNSENT)
        }
    assert [what for what, words in said.items() if not words.endswith(".") or "_" in words] == []


def test_counseling_notes_are_never_printed(caller, store, world, clock, filled_chart):
    """P7."""
    counseling_notes.write(store, world.maya, "Zebra crossing", by=world.carla, now=clock.now())
    store.commit()
    made = read(caller(world.harbor, "read")("GET", "/clients/maya/chart.pdf"))
    assert "Zebra" not in words(made.pages)


def test_staff_of_the_care_team_print_it_from_the_clients_page_and_others_do_not_find_it(
    visit, caller, store, world, filled_chart
):
    """S1, P7."""
    carla, here = visit(world.carla), f"/staff/people/{world.maya.id}"
    assert f"{here}/chart.pdf" in carla.get(here).text
    before = len(readings(store))
    assert "Calls on Friday." in words(read(carla.get(f"{here}/chart.pdf")).pages)
    assert len(readings(store)) == before + 1
    assert visit(world.greta).get(f"{here}/chart.pdf").status_code == 404
    assert visit(world.ben).get(f"{here}/chart.pdf").status_code == 404
    assert caller(world.harbor, "care")("GET", "/clients/maya/chart.pdf").status_code == 403
    assert len(readings(store)) == before + 1


def test_the_api_document_has_its_media_type():
    answers = document()["paths"]["/clients/{client}/chart.pdf"]["get"]["responses"]
    assert list(answers["200"]["content"]) == ["application/pdf"]


def test_a_pause_for_safety_is_not_printed(app, store, world, clock):
    """P3: the chart may be handed to the client; that staff paused a sharing stays silent."""
    filled_chart = [
        ChartEntry(clock.now(), tag, world.carla.id, detail={"recipient": world.ben.id})
        for tag in (Tag.CONSENT_GRANTED, Tag.CONSENT_PAUSED, Tag.CONSENT_RESUMED)
    ]
    with app.test_request_context():
        made = paper.printed(world.maya, chart.Chart(filled_chart, {}, {}), clock.now())
    said = words(PdfReader(BytesIO(made)).pages)
    assert "1 entries" in said
    assert "allowed one named person" in said
    assert "pause" not in said.lower()


@pytest.mark.parametrize("value", ["+12125559999", "maya@example.org"])
def test_an_unsafe_address_is_not_printed(caller, store, world, clock, filled_chart, value):
    """P9: who reads along must not learn from a chart that it was found out. The number is on file and was never written to."""
    world.maya.phone = "+12125559999"
    store.commit()
    call = caller(world.harbor, "read")
    before = words(read(call("GET", "/clients/maya/chart.pdf")).pages)
    for unsafe in (True, False):
        addresses.mark(store, world.maya, value, unsafe=unsafe, by=world.carla, now=clock.now())
    store.commit()
    assert words(read(call("GET", "/clients/maya/chart.pdf")).pages) == before
    assert Tag.ADDRESS_MARKED in [each.what for each in chart.of(store, world.maya).entries]


def note_of(store, world, clock, note):
    contacts.record(
        store, world.maya, channel="call", outcome="reached", by=world.carla, now=clock.now(),
        note=note,
    )  # fmt: skip
    store.commit()


@pytest.mark.parametrize("note", ["n" * 1900, "the train was late " * 100, "a\n" * 900])
def test_what_people_wrote_is_printed_whole_and_each_letter_measured_once(
    caller, store, world, clock, monkeypatch, note
):
    """A chart of five hundred such notes took a minute, line breaks ten times as long."""
    measured, measure = [], TTFFont.get_text_width
    monkeypatch.setattr(TTFFont, "get_text_width", lambda *given: measured.append(given[1]) or measure(*given))  # fmt: skip
    note_of(store, world, clock, note)
    made = read(caller(world.harbor, "read")("GET", "/clients/maya/chart.pdf"))
    assert len(made.pages) == 1
    kept = "".join(word for page in made.pages for word in page.extract_text().split())
    assert "".join(note.split()) in kept.replace("/", "")
    assert sum(map(len, measured)) < 6 * len(note) + 3000


def test_lines_break_at_spaces_within_the_margins_and_long_words_anywhere(app, world, clock):
    with app.test_request_context():
        page = paper._blank(world.maya, clock.now(), ZoneInfo("UTC"))
        paper._set_font(page, 9, paper.SOFT)
        for text in ("", "short", "one two " * 90, "w" * 400, "ab " + "w" * 300 + " cd  ef", "one\n\ntwo "):  # fmt: skip
            lines = list(paper._lines(page, text, 100.0))
            assert all(page.get_string_width(line) <= 100.5 for line in lines)
            assert "".join("".join(lines).split()) == "".join(text.split())
        assert list(paper._lines(page, "one two three", page.get_string_width("one two th"))) == ["one two", "three"]  # fmt: skip


def test_charts_are_printed_one_at_a_time_and_other_pages_are_answered(
    visit, caller, world, filled_chart, monkeypatch
):
    monkeypatch.setattr(paper, "_turns", Turns(waiting=0, patience=0.0))
    carla, call = visit(world.carla), caller(world.harbor, "read")
    with paper._turns.one():
        busy = carla.get(f"/staff/people/{world.maya.id}/chart.pdf")
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
        assert "try again in a moment" in busy.text
        assert call("GET", "/clients/maya/chart.pdf").status_code == 503
        assert carla.get("/staff").status_code == 200
    read(carla.get(f"/staff/people/{world.maya.id}/chart.pdf"))
