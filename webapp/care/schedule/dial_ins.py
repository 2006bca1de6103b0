"""How a session is joined: the link of its room, and its dial-in number for telephones (M15). Pure.

A dial-in is stored as telephones dial them: the number in E.164, then commas (a pause each) and the codes that the room asks for:
`+12125550100,,93412#`.
"""

import re

import phonenumbers

from webapp.refusals import N_, Invalid

LONGEST = 80
WRITTEN = re.compile(r"\+[1-9][0-9]{6,14}(,{1,4}[0-9*#]{1,20}){0,3}")
"""The form in which a dial-in is stored."""
_SHAPE = re.compile(r"(?P<number>[+0-9(][0-9 ().\-]*)(?P<code>(?:,{1,4}[0-9*#]+)*)")


JOIN_URL = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?"
"""The form of a link to a room: nothing that runs when it is tapped, such as `javascript:`."""
LONGEST_JOIN_URL = 2000


def checked_join_url(url: str | None) -> str | None:
    """Return a room's link, None for none. Raises Invalid for anything but a web address."""
    if url and (len(url) > LONGEST_JOIN_URL or not re.fullmatch(JOIN_URL, url)):
        raise Invalid(
            N_("Write a web address like https://zoom.us/j/91234567890."), field="join_url"
        )
    return url or None


def parse(text: str) -> str:
    """Return `text` in stored form. A number without a country code is one of the United States. Raises Invalid."""
    if WRITTEN.fullmatch(text):
        return text
    shape = _SHAPE.fullmatch(re.sub(r"\s*,\s*", ",", text.strip()))
    if shape is None or len(text) > LONGEST:
        raise _unusable()
    try:
        number = phonenumbers.parse(shape["number"], "US")
    except phonenumbers.NumberParseException as error:
        raise _unusable() from error
    if not phonenumbers.is_possible_number(number):
        raise _unusable()
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164}{shape['code']}"


def link(dial_in: str) -> str:
    """The `tel:` address by which a telephone dials number and code (RFC 3966; a bare # would end the address)."""
    return "tel:" + dial_in.replace("#", "%23")


def spoken(dial_in: str) -> tuple[str, str]:
    """(number, code) to read and dial by hand: ("+1 212-555-0100", "93412 #"); the code may be empty."""
    number, _, codes = dial_in.partition(",")
    code = re.sub(r"(?<=[0-9])(?=[*#])", " ", re.sub(r",+", ", ", codes.strip(",")))
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number, code
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL), code


def _unusable() -> Invalid:
    sentence = N_(
        "Write a telephone number, then commas and the code, like +1 212 555 0100,,93412#."
    )
    return Invalid(sentence, field="dial_in")
