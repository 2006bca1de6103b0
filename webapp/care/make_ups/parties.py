"""Parties: who needs a place when a session is made up for: the client, and for a couple's session both."""

from typing import NamedTuple

from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import couple_of
from webapp.care.schedule.kinds import SessionKind
from webapp.care.schedule.sessions import Seat
from webapp.db import Store

JOINT = (SessionKind.COUPLES,)
"""Kinds of session that a couple makes up for together."""


class Party(NamedTuple):
    """Who needs a place: the client, and for a couple's session their partner (a supporter comes without a seat).

    A partner who is paused or has left stays in the party, and nothing is found for it: to the client it is as if no time
    suited both, so that they can't tell what became of the other (P3).
    """

    client: Person
    partner: Person | None

    @property
    def people(self) -> list[Person]:
        return [each for each in self if each is not None]

    @property
    def ids(self) -> list[int]:
        return [each.id for each in self.people]

    @property
    def can_come(self) -> bool:
        return self.partner is None or self.partner.active

    def alone(self) -> "Party":
        """Those of it who can come: staff book for one when the other is away."""
        return self if self.can_come else Party(self.client, None)


def party_of(store: Store, seat: Seat) -> Party:
    """Who makes up for `seat`."""
    if seat.session.kind not in JOINT:
        return Party(seat.client, None)
    couple = store.scalar(couple_of(seat.client_id))
    partner = couple.partner_of(seat.client_id) if couple else None
    comes = partner is not None and partner.kind == Kind.CLIENT
    return Party(seat.client, partner if comes else None)
