"""The chart as a PDF to print, file or hand on (M13).

Made by fpdf2 with an embedded typeface, so that names in Latin, Greek or Cyrillic script print correctly and no machine needs fonts
of its own. A sign that the typeface lacks, an emoji or one of another script, is printed as its number, which the end of the chart
explains. Both are imported with the first chart printed. Every page has the client's name and the page number; times are in
the program's zone. Cost: some two milliseconds per entry and one per line of what people wrote. A process prints one chart at a
time, so that other pages are answered meanwhile.
"""

import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask import Response
from flask_babel import gettext as _

from webapp.care.audit.tags import Tag
from webapp.care.directory.people import Kind, Person
from webapp.care.privacy.consents import REDISCLOSURE
from webapp.protocol.ladder.rungs import TAKEN, WHY, Rung
from webapp.refusals import N_
from webapp.turns import Turns
from webapp.web.chart import UNSENT, Chart, ChartEntry
from webapp.web.page.filters import language

if TYPE_CHECKING:
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

NAME = "record"
"""Name of the file and its window: nothing that tells of treatment (P5)."""
RUNGS = {
    Rung.HEADS_UP: N_("Early reminder."),
    Rung.SOON: N_("Reminder before the start."),
    Rung.DOORS_OPEN: N_("Reminder with the link to join."),
    Rung.FIRST_CHECK: N_("First message after the start: the place is kept."),
    Rung.SECOND_CHECK: N_("Second message after the start, on every channel allowed."),
    Rung.MARK_ROOM: N_("The host was asked to mark the room."),
    Rung.OUTREACH: N_("The counselor was asked to reach out."),
    Rung.ESCALATION: N_("The supervisor was asked to review."),
    Rung.REENGAGEMENT: N_("A plan to rejoin was begun."),
    Rung.PATTERN_REVIEW: N_("The counselor was asked to look at a pattern."),
}
LABELS = {
    "type": N_("Evidence"), "source": N_("Source"), "channel": N_("Channel"),
    "outcome": N_("Outcome"), "kind": N_("Kind"), "status": N_("Status"),
    "result": N_("Result"), "category": N_("Category"), "was_at": N_("Before"),
    "starts_at": N_("Starts"), "until": N_("Until"), "due_at": N_("Due"),
    "owner": N_("For"), "person": N_("To"), "recipient": N_("To"), "spoke": N_("With"),
    "reason": N_("Reason"), "why": N_("Why"), "barrier": N_("In the way"), "note": N_("Note"),
}  # fmt: skip
"""Details of an entry that are printed, with their labels."""
PEOPLE = ("owner", "person", "recipient", "spoke")
INSTANTS = ("was_at", "starts_at", "until", "due_at")
NOT_PRINTED = frozenset(
    {Tag.CONSENT_PAUSED, Tag.CONSENT_RESUMED, Tag.ADDRESS_MARKED, Tag.ADDRESS_SAFE_AGAIN}
)
"""Left out: this chart may be handed to the client while somebody is with them, a pause is silent (P3), and so is that somebody reads
along at an address (P9). The console and the audit log have them."""
VARIATIONS = frozenset(map(chr, range(0xFE00, 0xFE10)))
MOST_EXPLAINED = 120
MOST_PARAGRAPHS = 40
"""Of one text; in a text of more each break is printed as a stroke, since thousands of lines of one letter are a ream of paper."""
INK, SOFT, LINE = (28, 32, 38), (92, 98, 106), (214, 208, 198)
MARGIN, INDENT = 18.0, 20.0
"""In millimetres; the time of day is printed in the indent."""
_turns = Turns(waiting=1, patience=10.0)


def printed(client: Person, chart: Chart, now: datetime) -> bytes:
    """The whole chart of `client` as a PDF. The caller records the reading (P7). Raises Busy."""
    with _turns.one():
        return _printed(client, chart, now)


def _printed(client: Person, chart: Chart, now: datetime) -> bytes:
    zone = ZoneInfo(client.program.time_zone)
    chart = replace(chart, entries=[each for each in chart.entries if each.what not in NOT_PRINTED])
    paper = _blank(client, now, zone)
    _headline(paper, client, chart, now, zone)
    for month, entries in groupby(chart.entries, lambda entry: _month(entry.at, zone)):
        paper.start_section(month)
        for day, those in groupby(entries, lambda entry: _day(entry.at, zone)):
            _heading(paper, day)
            for entry in those:
                _line(paper, entry, chart, zone)
    _explain_numbers(paper, client, chart, zone)
    return bytes(paper.output())


def response(pdf: bytes, now: datetime) -> Response:
    """The PDF as a download."""
    made = Response(pdf, mimetype="application/pdf")
    made.headers["Content-Disposition"] = f'attachment; filename="{NAME}-{now:%Y-%m-%d}.pdf"'
    return made


def _blank(client: Person, now: datetime, zone: ZoneInfo) -> "FPDF":
    import font_source_sans_pro as typeface
    from fpdf import FPDF

    for library in ("fpdf", "fontTools"):  # they log which letters a text contains (S13)
        logging.getLogger(library).setLevel(logging.ERROR)
    client_name = f"{client.name} ({client.ref})"

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-14)
            _set_font(self, 8, SOFT)
            self.cell(0, 4, _printable(self, client_name))
            number = _("Page %(page)s of %(pages)s", page=self.page_no(), pages="{nb}")
            self.set_x(self.l_margin)
            self.cell(0, 4, number, align="R")

    paper = Paper(format="letter")
    paper.set_margins(MARGIN, MARGIN)
    paper.set_auto_page_break(True, margin=20)
    for style, name in (("", "SourceSansPro"), ("B", "SourceSansProSemibold")):
        paper.add_font("Sans", style, typeface.font_files_ttf[name])
    paper.set_lang(language())
    paper.set_title(NAME.capitalize())
    paper.set_producer("")
    paper.set_creation_date(now.astimezone(zone))
    paper.set_display_mode("fullwidth")
    paper.add_page()
    return paper


def _headline(paper: "FPDF", client: Person, chart: Chart, now: datetime, zone: ZoneInfo) -> None:
    _set_font(paper, 20, INK, "B")
    _text(paper, 9, _("Chart of %(name)s", name=client.name))
    _set_font(paper, 10, SOFT)
    entries = chart.entries
    period = (
        _("From %(first)s to %(last)s", first=_date(entries[0].at, zone), last=_date(entries[-1].at, zone))
        if entries
        else _("Nothing has been written down yet.")
    )  # fmt: skip
    for line in (
        f"{client.program.name} · {_('Reference %(ref)s', ref=client.ref)}",
        f"{period} · {_('%(count)s entries', count=len(entries))}",
        _("All times are in %(zone)s. Printed %(when)s.", zone=zone.key, when=_instant(now, zone)),
    ):
        _text(paper, 5, line)
    paper.ln(2)
    _set_font(paper, 8.5, SOFT)
    _text(paper, 4.2, _(REDISCLOSURE))
    paper.ln(1)


def _heading(paper: "FPDF", day: str) -> None:
    """A day's heading, never alone at the foot of a page."""
    if paper.will_page_break(24):
        paper.add_page()
    paper.ln(3)
    _set_font(paper, 11.5, INK, "B")
    _text(paper, 7, day)
    paper.set_draw_color(*LINE)
    paper.line(paper.l_margin, paper.get_y(), paper.w - paper.r_margin, paper.get_y())
    paper.ln(1.5)


def _line(paper: "FPDF", entry: ChartEntry, chart: Chart, zone: ZoneInfo) -> None:
    if paper.will_page_break(10):
        paper.add_page()
    _set_font(paper, 9.5, SOFT)
    at = format_time(entry.at, "short", tzinfo=zone, locale=language())
    paper.cell(INDENT, 5, at)
    _set_font(paper, 10.5, INK)
    _text(paper, 5, sentence(entry), INDENT)
    _set_font(paper, 9, SOFT)
    if details := " · ".join([*_about(entry, chart, zone), *labelled_details(entry, chart, zone)]):
        _text(paper, 4.4, details, INDENT)
    for quote in quotes(entry):
        _text(paper, 4.4, quote, INDENT)
    paper.ln(1.6)


def sentence(entry: ChartEntry) -> str:
    """What happened, in one sentence."""
    if entry.what == UNSENT:
        return _("A notice was not sent.")
    if entry.what in RUNGS:
        result = entry.detail.get("result")
        words = _(RUNGS[Rung(entry.what)])
        return words if result == TAKEN else f"{words} {_('Not needed.')}"
    return re.sub(r" \([A-Z][0-9]+\)", "", _(Tag(entry.what).meaning))


def labelled_details(entry: ChartEntry, chart: Chart, zone: ZoneInfo) -> Iterator[str]:
    """The entry's other details, each with its label."""
    for key, label in LABELS.items():
        value = entry.detail.get(key)
        if value is None or (key == "result" and value == TAKEN):
            continue
        if key in PEOPLE:
            person = chart.people.get(value)
            value = person.name if person and person.kind != Kind.CLIENT else None
        elif key == "why" and value in WHY:
            value = _(WHY[value])
        elif key in INSTANTS:
            value = _instant(datetime.fromisoformat(value), zone)
        if value and not _is_quote(entry, key):
            yield f"{_(label)}: {str(value).replace('_', ' ')}"


def quotes(entry: ChartEntry) -> Iterator[str]:
    """What people wrote, word for word."""
    for key in LABELS:
        if _is_quote(entry, key):
            yield f"{_(LABELS[key])}: {entry.detail[key]}"


def _is_quote(entry: ChartEntry, key: str) -> bool:
    """Whether this detail is in somebody's own words: an absence's `reason` is one of a list, any other is a sentence."""
    if key == "reason":
        return key in entry.detail and entry.what != Tag.ABSENCE_REPORTED
    return key in ("barrier", "note") and bool(entry.detail.get(key))


def _about(entry: ChartEntry, chart: Chart, zone: ZoneInfo) -> Iterator[str]:
    session, by = chart.sessions.get(entry.session or 0), chart.people.get(entry.by or 0)
    if session is not None:
        yield f"{session.title}, {_instant(session.starts_at, zone)}"
    if by is not None:
        yield _("by %(name)s", name=by.name)


def _explain_numbers(paper: "FPDF", client: Person, chart: Chart, zone: ZoneInfo) -> None:
    """Name the signs that were printed as numbers, at most `MOST_EXPLAINED`."""
    texts = [client.name, client.program.name]
    for entry in chart.entries:
        texts += [
            *_about(entry, chart, zone),
            *labelled_details(entry, chart, zone),
            *quotes(entry),
        ]
    missing = dict.fromkeys(
        sign for text in texts for sign in dict.fromkeys(_composed(text)) if _lacks(paper, sign)
    )
    if not missing:
        return
    _heading(paper, _("Signs that this print does not have"))
    _set_font(paper, 9, SOFT)
    _text(paper, 4.4, _("They stand as numbers in brackets. The chart on the screen shows them."))
    named = [f"{_number_of(sign)} {unicodedata.name(sign, '?').lower()}" for sign in missing]
    _text(paper, 4.4, " · ".join(named[:MOST_EXPLAINED]) + (" …" if named[MOST_EXPLAINED:] else ""))


def _printable(paper: "FPDF", text: str) -> str:
    """The text with each sign that the typeface lacks as its number in Unicode."""
    text = _composed(text)
    return text.translate(
        {ord(sign): _number_of(sign) for sign in set(text) if _lacks(paper, sign)}
    )


def _composed(text: str) -> str:
    """In composed letters, which the typeface has, and without signs that only tell others how to be drawn."""
    text = unicodedata.normalize("NFC", text)
    return text.translate({ord(sign): None for sign in set(text) if _only_shapes(sign)})


def _only_shapes(sign: str) -> bool:
    return unicodedata.category(sign) == "Cf" or sign in VARIATIONS


def _lacks(paper: "FPDF", sign: str) -> bool:
    typeface = cast("TTFFont", paper.current_font)
    return ord(sign) not in typeface.cmap and not sign.isspace()


def _number_of(sign: str) -> str:
    return f"[U+{ord(sign):04X}]"


def _set_font(paper: "FPDF", size: float, color: tuple[int, int, int], style: Any = "") -> None:
    paper.set_font("Sans", style, size)
    paper.set_text_color(*color)


def _text(paper: "FPDF", height: float, text: str, indent: float = 0.0) -> None:
    """A paragraph from the indent to the right margin. Not fpdf2's own, which measures a line anew for each of its letters."""
    for line in _lines(paper, _printable(paper, text), paper.epw - indent - 2):
        paper.set_x(paper.l_margin + indent)
        paper.cell(0, height, line, new_x="LMARGIN", new_y="NEXT")


def _lines(paper: "FPDF", text: str, width: float) -> Iterator[str]:
    """The text in lines of at most `width` millimetres, broken at spaces, or within a word that is longer than a line. Looks at each
    letter once."""
    widths = {sign: paper.get_string_width(sign) for sign in {*text, *" /"}}
    paragraphs = text.splitlines() or [""]
    if len(paragraphs) > MOST_PARAGRAPHS:
        paragraphs = [" / ".join(paragraphs)]
    for paragraph in paragraphs:
        start, space, used, since = 0, -1, 0.0, 0.0
        for at, sign in enumerate(paragraph):
            used, since = used + widths[sign], since + widths[sign]
            if sign == " ":
                space, since = at, 0.0
            elif used > width and at > start:
                if space > start:
                    yield paragraph[start:space]
                    start, used = space + 1, since
                else:
                    yield paragraph[start:at]
                    start, used = at, widths[sign]
                space = -1
        yield paragraph[start:]


def _instant(at: datetime, zone: ZoneInfo) -> str:
    time = format_time(at, "short", tzinfo=zone, locale=language())
    return f"{format_date(at.astimezone(zone).date(), 'medium', locale=language())}, {time}"


def _date(at: datetime, zone: ZoneInfo) -> str:
    return format_date(at.astimezone(zone).date(), "long", locale=language())


def _day(at: datetime, zone: ZoneInfo) -> str:
    return format_date(at.astimezone(zone).date(), "full", locale=language())


def _month(at: datetime, zone: ZoneInfo) -> str:
    return format_date(at.astimezone(zone).date(), "MMMM y", locale=language())
