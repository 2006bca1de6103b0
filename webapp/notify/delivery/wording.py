"""Renders notices from templates/notices/<kind>/ in the recipient's language and time zone.

The catalogue is closed (P5): templates are given an instant, links, the app's own name and whether replies to e-mails are read,
and nothing else, so no name, kind, program or reason can get out by way of them.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

import webapp
from webapp import languages
from webapp.notify.channels.parcel import EmailContent
from webapp.notify.delivery.action_tokens import ActionToken, ActionTokenSigner
from webapp.notify.kinds import (
    ANSWERS,
    ANSWERS_TO_GIVE,
    ASKING,
    BUTTONS,
    REPLIES,
    TRAITS,
    Action,
    NoticeKind,
)

ROOT = Path(webapp.__file__).parent.parent
NOTICES = ROOT / "templates" / "notices"
DOUBLED_STOP = re.compile(r"(?<!\.)\.\.(?!\.)")
"""After "6:00 p.m." a sentence has its full stop already."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""When a notice was decided on of which that is not known: whatever was answered is newer."""
NumberedAnswers = tuple[tuple[str, str], ...]
"""The answers that a reader may give: the button's words, and the link or the number to send back."""
DECLARATIVE = 8030
"""The mark of Declarative Web Push; a phone that knows it shows the notice without waking our script."""


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a notice is rendered: `language` is a BCP 47 code, `zone` an IANA time zone."""

    language: str
    zone: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about, as far as it may be told: an instant, and a page to open once signed in.

    `seat_id` lets the notice carry buttons; they stop working at `until`, and once the person has answered elsewhere after
    `asked_at`.
    """

    at: datetime | None = None
    path: str = "/"
    seat_id: int | None = None
    until: datetime | None = None
    asked_at: datetime | None = None
    printed: str = ""
    """The page as e-mails and text messages show it, when `path` says more than a stranger should read."""

    @property
    def shown(self) -> str:
        return self.printed or self.path


class Wording:
    """Renders notices. `app_name` and `base_url` are settings; `keys` sign the buttons; `replies_read`: somebody reads replies to
    e-mails."""

    def __init__(
        self, app_name: str, base_url: str, keys: Sequence[str], *, replies_read: bool = False
    ):
        self.app_name = app_name
        self.replies_read = replies_read
        self.base_url = base_url.rstrip("/")
        self.action_tokens = ActionTokenSigner(keys)
        # Twenty thousand people are reminded of the same minute in the same words.
        self._words = lru_cache(maxsize=4096)(self._rendered)

    def email(
        self, kind: NoticeKind, reader: Reader, subject: Subject, *, person_id: int
    ) -> EmailContent:
        """The notice as an e-mail. One that asks whether somebody comes has a link for each answer (rule 16)."""
        values = (kind, reader, subject.at, self.base_url + subject.shown)
        answers = tuple(
            (button_title(action, reader.language), self.base_url + REPLIES + token)
            for action, token in self._answer_tokens(kind, subject, person_id)
        )
        title = " ".join(self._rendered("subject.txt", *values).split())
        return EmailContent(
            title,
            self._rendered("text.txt", *values, answers),
            self._rendered("html.html", *values, answers),
        )

    def text(self, kind: NoticeKind, reader: Reader, subject: Subject) -> str:
        """The notice as a text message: one line, in characters every phone network knows where the language allows. One that asks
        whether somebody comes says how to answer."""
        answers = tuple(
            (button_title(action, reader.language), str(number))
            for number, action in enumerate(self._asked(kind, subject), start=1)
        )
        link = self.base_url + subject.shown
        words = self._rendered("sms.txt", kind, reader, subject.at, link, answers)
        return " ".join(words.split())

    def _asked(self, kind: NoticeKind, subject: Subject) -> tuple[Action, ...]:
        """The answers to a notice that asks its own reader whether they come."""
        asks = kind in ASKING and subject.seat_id is not None and subject.until is not None
        return ANSWERS_TO_GIVE if asks else ()

    def _answer_tokens(
        self, kind: NoticeKind, subject: Subject, person_id: int
    ) -> Iterator[tuple[Action, str]]:
        for action in self._asked(kind, subject):
            assert subject.seat_id is not None
            assert subject.until is not None
            token = ActionToken(
                subject.seat_id, action, person_id, subject.until, subject.asked_at or LONG_AGO
            )
            yield action, self.action_tokens.sign(token)

    def payload(
        self, kind: NoticeKind, reader: Reader, subject: Subject, *, person_id: int, tag: str
    ) -> bytes:
        """The notice as a push: Declarative Web Push JSON, which our service worker reads as well."""
        title, _, body = self._words("push.txt", kind, reader, subject.at, None).partition("\n")
        notification: dict[str, Any] = {
            "title": title,
            "body": body.strip(),
            "navigate": self.base_url + subject.path,
            "tag": tag,
            "data": {"actions": self._actions(kind, reader, subject, person_id)},
        }
        payload = {"web_push": DECLARATIVE, "notification": notification}
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()

    def _actions(
        self, kind: NoticeKind, reader: Reader, subject: Subject, person_id: int
    ) -> list[dict[str, str]]:
        """The buttons; each posts its token to `url`, then opens `navigate` where there is one."""
        if subject.seat_id is None or subject.until is None:
            return []
        actions = []
        for action in TRAITS[kind].buttons:
            token = ActionToken(
                subject.seat_id, action, person_id, subject.until, subject.asked_at or LONG_AGO
            )
            button = {
                "action": action.value,
                "title": button_title(action, reader.language),
                "url": self.base_url + ANSWERS + self.action_tokens.sign(token),
            }
            if page := self._page_after(action, subject):
                button["navigate"] = page
            actions.append(button)
        return actions

    def _page_after(self, action: Action, subject: Subject) -> str | None:
        if action is Action.JOIN:
            return self.base_url + subject.path
        if action is Action.TROUBLE:
            return self.base_url + "/help-connecting"
        return None

    def _rendered(
        self,
        file: str,
        kind: NoticeKind,
        reader: Reader,
        at: datetime | None,
        link: str | None,
        answers: NumberedAnswers = (),
    ) -> str:
        template = environment(reader.language).get_template(f"{kind.value}/{file}")
        words = template.render(
            app_name=self.app_name, link=link, answers=answers, replies_read=self.replies_read,
            **spoken(at, reader),
        ).strip()  # fmt: skip
        return DOUBLED_STOP.sub(".", words)


def spoken(at: datetime | None, reader: Reader) -> dict[str, str | None]:
    """`time` ("6:00 PM") and `day` ("Tuesday") of an instant where the reader lives."""
    if at is None:
        return {"time": None, "day": None}
    local = at.astimezone(ZoneInfo(reader.zone))
    locale = locale_of(reader.language)
    time = format_time(local.time(), "short", locale=locale)
    # CLDR's narrow spaces would triple the price of a text message (they are not in GSM 03.38).
    plain = time.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")
    return {"time": plain, "day": format_date(local.date(), "EEEE", locale=locale)}


def button_title(action: Action, language: str) -> str:
    """The label of a notification's button."""
    return catalogue(language).ugettext(BUTTONS[action])


@lru_cache
def locale_of(language: str) -> Locale:
    """How times are written: a language without a country is read as it is spoken in the United States."""
    return Locale.parse(language.replace("-", "_") if "-" in language else f"{language}_US")


@lru_cache
def catalogue(language: str) -> NullTranslations:
    """The translations of one language; English is the source and has none."""
    return Translations.load(languages.TRANSLATIONS, [language])


@lru_cache
def environment(language: str) -> Environment:
    """Jinja for one language. An undefined name is an error; HTML is escaped."""
    made = Environment(
        loader=FileSystemLoader(NOTICES),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals["lang"] = language
    return made
