"""Words that leave the app come from a closed catalogue, in the recipient's language and time (P5)."""

import inspect
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from webapp.care.directory.people import LANGUAGES
from webapp.notify import text_answers
from webapp.notify.channels.push.encryption import LARGEST_MESSAGE
from webapp.notify.delivery import wording
from webapp.notify.delivery.wording import NOTICES, Reader, Subject, Wording, spoken
from webapp.notify.kinds import ASKING, LINKS, STAFF, Action, NoticeKind
from webapp.notify.text_answers import Answer

EVENING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
NEW_YORK = Reader("en", "America/New_York")
SEAT = Subject(EVENING, "/seats/7", 7, EVENING + timedelta(hours=3))
NEVER = (
    "session", "therap", "counsel", "treatment", "program", "group", "missed", "miss ", "late ",
    "no-show", "fail", "violation", "complian", "penalty", "warning", "must", "recovery", "clinic",
    "absen", "attend", "appointment", "patient", "client", "partner", "crisis", "sesión", "terapia",
    "tratamiento", "clínica", "falt", "paciente", "redisclos", "42 cfr", "federal", "consent",
)  # fmt: skip


@pytest.fixture
def words() -> Wording:
    return Wording("My Day", "https://day.example", ["k" * 32])


def everything_said(words: Wording, kind: NoticeKind, language: str) -> list[str]:
    """All a stranger could read of a notice; addresses of pages taken out."""
    reader = Reader(language, "America/New_York")
    letter = words.email(kind, reader, SEAT, person_id=3)
    said = [letter.subject, letter.text, re.sub(r'(style|href)="[^"]*"', "", letter.html)]
    if kind not in LINKS:
        shown = json.loads(words.payload(kind, reader, SEAT, person_id=3, tag="t"))["notification"]
        said += [words.text(kind, reader, SEAT), shown["title"], shown["body"]]
        said += [action["title"] for action in shown["data"]["actions"]]
    link = re.compile(r"https://day\.example/(seats/7|reply/[\w.-]+)")
    return [link.sub("", text) for text in said]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_no_notice_tells_a_stranger_what_it_is_about(words, kind, language):
    for text in everything_said(words, kind, language):
        assert text.strip()
        assert [word for word in NEVER if word in text.lower()] == []


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_kind_has_a_folder_with_a_template_for_every_channel(kind):
    forms = {"subject.txt", "text.txt", "html.html"}
    forms |= set() if kind in LINKS else {"push.txt", "sms.txt"}
    assert {path.name for path in (NOTICES / kind.value).iterdir()} == forms


def test_there_is_no_folder_without_a_kind():
    assert {path.name for path in NOTICES.iterdir() if path.is_dir()} == set(NoticeKind)


def test_templates_are_given_an_instant_links_and_the_apps_name_and_nothing_else():
    """The catalogue is closed because there is nothing to put into it."""
    given = set(inspect.signature(Wording._rendered).parameters) - {"self"}
    assert given == {"file", "kind", "reader", "at", "link", "answers"}
    assert set(spoken(EVENING, NEW_YORK)) == {"time", "day"}


def test_a_reminder_names_the_time_where_its_reader_lives(words):
    letter = words.email(NoticeKind.SOON, NEW_YORK, SEAT, person_id=3)
    assert letter.subject == "A reminder for 6:00 PM"
    assert "You have a reminder for 6:00 PM." in letter.text
    in_phoenix = words.email(NoticeKind.SOON, Reader("en", "America/Phoenix"), SEAT, person_id=3)
    assert in_phoenix.subject == "A reminder for 4:00 PM"


@pytest.mark.parametrize(
    ("instant", "zone", "told"),
    [
        (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), "America/New_York", "1:30 AM"),
        (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "America/New_York", "3:30 AM"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York", "1:30 AM"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York", "1:30 AM"),
        (datetime(2026, 4, 4, 15, 30, tzinfo=UTC), "Australia/Lord_Howe", "2:00 AM"),
    ],
)
def test_times_are_right_across_clock_changes(instant, zone, told):
    assert spoken(instant, Reader("en", zone))["time"] == told


def test_a_time_in_spanish_is_written_the_spanish_way(words):
    said = spoken(EVENING, Reader("es", "America/New_York"))
    assert said == {"time": "6:00 p.m.", "day": "martes"}


def test_a_sentence_that_ends_with_an_abbreviated_time_has_one_full_stop(words):
    body = words.text(NoticeKind.SOON, Reader("es", "America/New_York"), SEAT)
    assert ".." not in body


@pytest.mark.parametrize("kind", sorted(set(NoticeKind) - set(LINKS)))
def test_a_text_message_stays_in_the_alphabet_of_every_phone_and_says_how_to_end_them(words, kind):
    text = words.text(kind, NEW_YORK, SEAT)
    assert text.isascii()
    assert "\n" not in text
    assert "STOP" in text


@pytest.mark.parametrize("kind", ASKING)
def test_a_text_that_asks_says_how_to_answer_and_is_one_segment(words, kind):
    asks = words.text(kind, NEW_YORK, Subject(EVENING, "/seats/123456", 7, SEAT.until))
    assert "Reply 1 if you'll be there, 2 if you can't, STOP to end texts." in asks
    assert len(asks) <= 160
    assert "Reply 1" not in words.text(kind, NEW_YORK, Subject(EVENING, "/schedule"))


@pytest.mark.parametrize("kind", ASKING)
def test_an_e_mail_that_asks_carries_a_link_for_each_answer(words, kind):
    letter = words.email(kind, NEW_YORK, SEAT, person_id=3)
    for body in (letter.text, letter.html):
        tokens = re.findall(r"https://day\.example/reply/([\w.-]+)", body)
        rights = [words.action_tokens.read(token, now=EVENING) for token in tokens]
        assert [right.action for right in rights] == [Action.CONFIRM, Action.ABSENCE]
        assert {(right.seat_id, right.person_id, right.until) for right in rights} == {
            (7, 3, SEAT.until)
        }
    assert "/reply/" not in words.email(NoticeKind.MESSAGE, NEW_YORK, SEAT, person_id=3).text


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_e_mail_says_who_reads_replies(words, kind):
    read = Wording("My Day", "https://day.example", ["k" * 32], replies_read=True)
    for body in ("text", "html"):
        unread = getattr(words.email(kind, NEW_YORK, SEAT, person_id=3), body)
        assert "Nobody reads replies to this e-mail." in unread
        answered = getattr(read.email(kind, NEW_YORK, SEAT, person_id=3), body)
        assert "a person in our office reads it" in answered
        assert "Nobody reads" not in answered


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("answer", Answer)
def test_an_automatic_answer_to_a_text_tells_a_stranger_nothing(answer, language):
    said = text_answers.words(
        answer, language, "A name of thirty letters, whew", "https://day.example"
    )
    assert [word for word in NEVER if word in said.lower()] == []
    gsm = said.replace("ñ", "n")
    assert gsm.isascii()
    assert "988" in said if answer is Answer.CRISIS else len(said) <= 160


def test_the_push_is_declarative_and_each_of_its_buttons_carries_one_token(words):
    payload = words.payload(NoticeKind.FIRST_CHECK, NEW_YORK, SEAT, person_id=3, tag="T" * 32)
    told = json.loads(payload)
    assert told["web_push"] == 8030
    shown = told["notification"]
    assert (shown["title"], shown["tag"]) == ("My Day", "T" * 32)
    assert shown["navigate"] == "https://day.example/seats/7"
    assert [a["action"] for a in shown["data"]["actions"]] == ["join", "absence", "trouble"]
    for action in shown["data"]["actions"]:
        token = action["url"].removeprefix("https://day.example/answers/")
        right = words.action_tokens.read(token, now=EVENING)
        assert (right.seat_id, right.action, right.person_id) == (7, Action(action["action"]), 3)
        assert right.until == SEAT.until
    assert len(payload) < LARGEST_MESSAGE / 3


def test_a_notice_without_a_seat_has_no_buttons(words):
    about = Subject(EVENING, "/staff/tasks")
    for kind in (*STAFF, NoticeKind.TEST_NOTICE):
        shown = json.loads(words.payload(kind, NEW_YORK, about, person_id=3, tag="t"))[
            "notification"
        ]
        assert shown["data"] == {"actions": []}


def test_an_app_name_cannot_break_out_of_the_e_mails_html(words):
    tricky = Wording('<img src=x onerror="a">', "https://day.example", ["k" * 32])
    assert "<img" not in tricky.email(NoticeKind.TEST_NOTICE, NEW_YORK, Subject(), person_id=3).html


def test_every_language_is_known_to_the_formatter():
    assert {wording.locale_of(language).language for language in LANGUAGES} == set(LANGUAGES)
