"""STOP, sent back to a text message, ends text messages to that phone at once (P9)."""

from datetime import datetime

from webapp.care.contact import addresses
from webapp.care.contact.addresses import Channel
from webapp.db import Store

STOP_WORDS = frozenset(
    {
        "stop",
        "stopall",
        "stop all",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "revoke",
        "optout",
        "opt out",
        "opt-out",
        "alto",
        "parar",
        "pare",
        "basta",
        "cancelar",
        "baja",
        "no más",
        "no mas",
    }  # fmt: skip
)
"""What people write, in English and Spanish; the carriers' own words are among them (CTIA)."""


def is_stop(text: str) -> bool:
    """Whether a text asks for no more texts. Punctuation and case do not matter."""
    return " ".join(text.casefold().strip(" .!?¡¿\"'").split()) in STOP_WORDS


def stop(store: Store, phone: str, now: datetime) -> int:
    """Stop text messages to `phone` (E.164), whoever it belongs to; returns how many addresses were stopped. One that the roster has
    replaced is stopped too, in case it names it again.

    Notifications already waiting are cancelled when the worker claims them.
    """
    ended = 0
    for address in store.scalars(addresses.live(Channel.SMS, phone, replaced=True)):
        address.stop(store, "stop_word", by=None, now=now)
        ended += 1
    return ended


def heed(store: Store, phone: str, text: str, now: datetime) -> bool:
    """Stop text messages to `phone` if `text` is a stop word; returns whether it is."""
    if not is_stop(text):
        return False
    stop(store, phone, now)
    return True
