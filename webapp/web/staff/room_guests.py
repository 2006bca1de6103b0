"""The guests of a session as its page shows them: what the platform shows of each, and who they may be (rule 7)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.care.attendance import guests
from webapp.care.attendance.guests import Guest, Identification
from webapp.care.attendance.presence import WEAK, EvidenceType, Presence
from webapp.care.attendance.tally import Evidence, stays
from webapp.care.directory.people import Kind, Person
from webapp.care.directory.teams import Couple
from webapp.db import Store
from webapp.web.staff.room_overviews import RoomOverview, SeatOverview


@dataclass(frozen=True, slots=True)
class GuestOverview:
    """One guest at one instant. `stays`: when they were there, the last without an end while they are."""

    guest: Guest
    stays: list[tuple[datetime, datetime | None]]
    waits_since: datetime | None
    """In the waiting room, if nothing was seen of them since."""
    probably: Person | None


@dataclass(frozen=True, slots=True)
class RoomGuests:
    """The guests of one session; none for a reader who may not see all of its seats."""

    unknown: list[GuestOverview] = field(default_factory=list)
    named: list[GuestOverview] = field(default_factory=list)
    waited_for: list[Person] = field(default_factory=list)
    others: list[Person] = field(default_factory=list)
    """Who else a guest may be: clients who were seen or marked already, supporters and staff."""


def of_room(store: Store, room: RoomOverview, now: datetime) -> RoomGuests:
    """The guests of this session as of `now`. A fixed number of statements."""
    if not room.run:
        return RoomGuests()
    listed = guests.of_session(room.session.id).options(
        selectinload(Guest.identifications).joinedload(Identification.person),
        selectinload(Guest.identifications).joinedload(Identification.by),
        joinedload(Guest.with_person),
    )
    found = store.scalars(listed).all()
    if not found:
        return RoomGuests()
    waited_for = [place.client for place in room.unsaid]
    waited = {person.id for person in waited_for}
    unnamed = [guest for guest in found if guest.identified is None]
    likely = guests.proposals(store, unnamed, waited_for)
    seen = _overviews(store, found, likely, now)
    return RoomGuests(
        [each for each in seen if each.guest.identified is None and each.guest.with_id is None],
        [each for each in seen if each.guest.identified is not None],
        waited_for,
        [p for p in guests.choices(store, room.session) if p.id not in waited],
    )


def _overviews(
    store: Store, found: Sequence[Guest], likely: dict[int, Person], now: datetime
) -> list[GuestOverview]:
    pieces = defaultdict(list)
    theirs = select(Presence).where(Presence.guest_id.in_([guest.id for guest in found]))
    for piece in store.scalars(theirs.order_by(Presence.at, Presence.id)):
        pieces[piece.guest_id].append(piece)
    overviews = []
    for guest in found:
        strong = [p for p in pieces[guest.id] if p.type not in WEAK]
        evidence = [Evidence(p.type, p.at, p.source, connection=p.connection or "") for p in strong]
        last = pieces[guest.id][-1] if pieces[guest.id] else None
        waits = last.at if last is not None and last.type == EvidenceType.WAITING else None
        overviews.append(GuestOverview(guest, stays(evidence, now), waits, likely.get(guest.id)))
    return overviews


def partners_in(store: Store, room: RoomOverview) -> dict[int, SeatOverview]:
    """Client → the place of their partner, for couples of whom both are in the session and the partner is there."""
    places = {place.client.id: place for place in room.places}
    couples = select(Couple).where(Couple.is_current, Couple.a_id.in_(places), Couple.b_id.in_(places))  # fmt: skip
    found = {}
    for couple in store.scalars(couples):
        found[couple.a_id], found[couple.b_id] = places[couple.b_id], places[couple.a_id]
    return {client: partner for client, partner in found.items() if partner.here}


def whose_words(shown: RoomGuests) -> list[int | None]:
    """Whose words the page shows with these guests (P7): of the clients they were named as; None for those whom nobody knows."""
    people = [each.guest.identified.person for each in shown.named if each.guest.identified]
    clients: list[int | None] = [p.id for p in people if p is not None and p.kind == Kind.CLIENT]
    return [*clients, None] if shown.unknown else clients
