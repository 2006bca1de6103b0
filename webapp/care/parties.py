"""Parties: who needs a place when a session is made up for: the client, and for a couple's session both."""

from typing import NamedTuple

from webapp.care.people import Kind, Person
from webapp.care.session_kinds import SessionKind
from webapp.care.sessions import Seat
from webapp.care.teams import couple_of
from webapp.db import Store

JOINT = (SessionKind.COUPLES,)
"""Kinds of session that a couple makes up for together."""


class Party(NamedTuple):
    """Who needs a place: the client, and for a couple's session their partner (a supporter comes without a seat)."""

    client: Person
    partner: Person | None

    @property
    def people(self) -> list[Person]:
        return [each for each in self if each is not None]

    @property
    def ids(self) -> list[int]:
        return [each.id for each in self.people]


def party_of(store: Store, seat: Seat) -> Party:
    """Who makes up for `seat`."""
    if seat.session.kind not in JOINT:
        return Party(seat.client, None)
    couple = store.scalar(couple_of(seat.client_id))
    partner = couple.partner_of(seat.client_id) if couple else None
    comes = partner is not None and partner.kind == Kind.CLIENT and partner.active
    return Party(seat.client, partner if comes else None)
