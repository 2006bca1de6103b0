"""A client's own copy of their record: what they said, their sessions, and whom they allowed what (P10).

It holds nothing written by others (no title, note, summary, feedback, reason or message of staff) and nothing about others: no
host, no group, no partner. Names of others are in it in two places only: the recipients of the client's own consents, with the
accounting of what was sent to them, and who viewed the record (P7, 42 CFR 2.31). Counseling notes and tasks are not read here, and
a pause of sharing by staff does not show (P3). Cost: a fixed number of statements; grows with the client's own history.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.care.accounts.logins import Login
from webapp.care.attendance import attended
from webapp.care.attendance.absences import AbsenceReport
from webapp.care.attendance.standing import Standing
from webapp.care.audit import account_changes, events
from webapp.care.audit.events import Event
from webapp.care.audit.tags import Tag
from webapp.care.contact.addresses import Address, Channel
from webapp.care.contact.connection_tests import SelfTest
from webapp.care.contact.messages import Message
from webapp.care.couples import partner_notes
from webapp.care.directory.people import Kind, Person
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.reflections import Reflection
from webapp.care.materials.drafts import Draft
from webapp.care.materials.homework import HandIn
from webapp.care.preferences import availability, contact_preferences
from webapp.care.preferences.accommodations import Accommodation
from webapp.care.preferences.backup_plans import BackupPlan
from webapp.care.privacy import record_views
from webapp.care.privacy.consents import Consent
from webapp.care.schedule.calendar_feeds import CalendarFeed
from webapp.care.schedule.sessions import Seat, ever_theirs
from webapp.db import Store
from webapp.times import clock_text

SeatStandings = Mapping[int, tuple[Standing, Standing]]
"""Seat id → its standing, and what that would be if nothing had made up for it (see protocol/facts), where known."""
Record = dict[str, Any]
"""Plain values: text, numbers, lists, and instants as aware datetimes. Keys are stable."""


def assemble(
    store: Store,
    client: Person,
    standings: SeatStandings,
    now: datetime,
    sent: Sequence[Record] = (),
) -> Record:
    """Return everything that is `client`'s own. `sent`: the accounting of disclosures (see notify/disclosures)."""
    theirs = select(Seat).where(Seat.client_id == client.id, ever_theirs()).order_by(Seat.id)
    seats = list(store.scalars(theirs))
    mine = [seat.id for seat in seats]
    return {
        "made_at": now,
        "you": _you(client),
        "reminders": contact_preferences.of(client),
        "addresses": _addresses(store, client),
        "sessions": sessions(store, seats, standings, now),
        "absences": _absences(store, client, mine),
        "make_ups": make_ups(store, client, mine),
        "writings": _writings(store, client),
        "needs": _needs(store, client),
        "backup_plans": _backup_plans(store, client),
        "hours_that_suit": [
            {
                "weekday": each.weekday,
                "from": clock_text(each.from_minute),
                "to": clock_text(each.to_minute),
            }
            for each in availability.of(store, [client.id])[client.id]
        ],
        "self_tests": _self_tests(store, client),
        "consents": _consents(store, client),
        "sent_about_you": list(sent),
        "who_looked": _record_views(store, client),
        "what_you_did": _done(store, client),
        "sign_ins": _sign_ins(store, client),
        "calendar_links": _calendar_links(store, client),
    }


def record_handed_out(store: Store, client: Person, *, by: Person, now: datetime) -> None:
    """Record that the copy was given out, like every view of the record (P7)."""
    events.record(store, Tag.CHART_READ, client=client, by=by, now=now, what="own_copy")
    account_changes.record(store, Tag.OWN_COPY_TAKEN, person=client, by=by, now=now)


def _you(client: Person) -> Record:
    return {
        "name": client.name, "email": client.email, "phone": client.phone,
        "time_zone": client.time_zone, "language": client.language, "since": client.created_at,
    }  # fmt: skip


def _addresses(store: Store, client: Person) -> list[Record]:
    rows = select(Address).where(Address.person_id == client.id).order_by(Address.id)
    return [
        {
            "channel": each.channel, "since": each.created_at, "until": each.stopped_at,
            "address": each.label if each.channel == Channel.PUSH else each.value,
        }
        for each in store.scalars(rows)
    ]  # fmt: skip


def sessions(
    store: Store, seats: list[Seat], standings: SeatStandings, now: datetime
) -> list[Record]:
    """When each of these sessions was, its standing, and how many minutes the client was present; no title, no host."""
    present = attended.present(store, seats, now)
    return [
        {
            "seat": seat.id, "kind": seat.session.kind, "starts_at": seat.session.starts_at,
            "ends_at": seat.session.ends_at, "place": seat.number, "since": seat.given_at,
            "given_back_at": seat.released_at, "called_off": seat.session.cancelled_at is not None,
            **_told(standings.get(seat.id)),
            "minutes_there": round(present[seat.id].total_seconds() / 60),
        }
        for seat in sorted(seats, key=lambda seat: seat.session.starts_at)
    ]  # fmt: skip


def _told(standing: tuple[Standing, Standing] | None) -> Record:
    now, without = standing or (None, None)
    return {"standing": now and now.value, "without_make_up": without and without.value}


def _absences(store: Store, client: Person, seat_ids: list[int]) -> list[Record]:
    """Absences reported for the client's seats; reason and note only where the client wrote them."""
    rows = select(AbsenceReport).where(AbsenceReport.seat_id.in_(seat_ids))
    return [
        {
            "seat": each.seat_id, "reported_at": each.reported_at, "taken_back_at": each.withdrawn_at,
            "by_you": each.by_id == client.id,
            "reason": each.reason if each.by_id == client.id else None,
            "note": each.note if each.by_id == client.id else None,
        }
        for each in store.scalars(rows.order_by(AbsenceReport.id))
    ]  # fmt: skip


def make_ups(store: Store, client: Person, seat_ids: list[int]) -> list[Record]:
    """What the client booked to make up for these seats, oldest first."""
    rows = select(MakeUp).where(MakeUp.seat_id.in_(seat_ids)).order_by(MakeUp.id)
    return [
        {
            "seat": each.seat_id, "by_seat": each.by_seat_id, "way": each.kind,
            "booked_at": each.booked_at, "by_you": each.booked_by_id == client.id,
            "done_at": each.completed_at, "given_up_at": each.cancelled_at or each.lapsed_at,
        }
        for each in store.scalars(rows)
    ]  # fmt: skip


def _writings(store: Store, client: Person) -> list[Record]:
    """Every text by the client, oldest first: messages, homework, reflections, notes to a partner and drafts."""
    texts = [
        {"what": "message", "at": each.sent_at, "text": each.body}
        for each in store.scalars(
            select(Message).where(Message.client_id == client.id, Message.by_id == client.id)
        )
    ]
    texts += [
        {"what": "homework", "at": each.handed_in_at, "text": each.body}
        for each in store.scalars(select(HandIn).where(HandIn.client_id == client.id))
    ]
    own = select(Reflection).join(MakeUp, MakeUp.id == Reflection.make_up_id)
    own = own.join(Seat, Seat.id == MakeUp.seat_id).where(Seat.client_id == client.id)
    texts += [
        {"what": "reflection", "at": each.handed_in_at, "text": each.body}
        for each in store.scalars(own.where(Reflection.handed_in_at.is_not(None)))
    ]
    texts += [
        {"what": f"partner_{each.kind}", "at": each.written_at, "text": each.body}
        for each in store.scalars(partner_notes.written_by(client.id))
    ]
    texts += [
        {"what": "draft", "at": each.saved_at, "text": each.body}
        for each in store.scalars(select(Draft).where(Draft.person_id == client.id))
    ]
    return sorted(texts, key=lambda each: (each["at"], each["what"]))


def _needs(store: Store, client: Person) -> list[Record]:
    rows = select(Accommodation).where(Accommodation.client_id == client.id)
    return [
        {
            "need": each.kind, "since": each.asked_at, "until": each.ended_at,
            "detail": each.detail if each.asked_by_id == client.id else None,
        }
        for each in store.scalars(rows.order_by(Accommodation.id))
    ]  # fmt: skip


def _backup_plans(store: Store, client: Person) -> list[Record]:
    rows = select(BackupPlan).where(
        BackupPlan.client_id == client.id, BackupPlan.by_id == client.id
    )
    return [
        {"written_at": each.written_at, **each.parts}
        for each in store.scalars(rows.order_by(BackupPlan.id))
    ]


def _self_tests(store: Store, client: Person) -> list[Record]:
    rows = select(SelfTest).where(SelfTest.person_id == client.id).order_by(SelfTest.id)
    return [{"at": each.made_at, "results": each.results} for each in store.scalars(rows)]


def _consents(store: Store, client: Person) -> list[Record]:
    """Consents as they were signed, with every element (42 CFR 2.31(a))."""
    rows = select(Consent).where(Consent.client_id == client.id).order_by(Consent.id)
    return [
        {
            "client": each.client_name, "discloser": each.discloser, "recipient": each.recipient_name,
            "category": each.category, "description": each.description, "purpose": each.purpose,
            "right_to_revoke": each.right_to_revoke, "signature": each.signature, "signed_at": each.signed_at,
            "expires_at": each.expires_at, "taken_back_at": each.revoked_at,
        }
        for each in store.scalars(rows)
    ]  # fmt: skip


def _record_views(store: Store, client: Person) -> list[Record]:
    """Who viewed the record, by name and roles, oldest first."""
    return [
        {
            "at": each.at, "what": each.what, "by": each.who.name if each.who else None,
            "roles": (sorted(each.who.role_names) or [Kind(each.who.kind).value]) if each.who else [],
        }
        for each in reversed(record_views.of(store, client))
    ]  # fmt: skip


def _done(store: Store, client: Person) -> list[Record]:
    theirs = select(Event).where(Event.client_id == client.id, Event.by_id == client.id)
    return [
        {"at": each.at, "what": each.tag, "seat": each.seat_id}
        for each in store.scalars(theirs.order_by(Event.id))
    ]


def _sign_ins(store: Store, client: Person) -> list[Record]:
    rows = select(Login).where(Login.person_id == client.id).order_by(Login.id)
    return [
        {
            "at": each.made_at, "way": each.way, "device": each.device, "used_at": each.seen_at,
            "ended_at": each.ended_at,
        }
        for each in store.scalars(rows)
    ]  # fmt: skip


def _calendar_links(store: Store, client: Person) -> list[Record]:
    rows = select(CalendarFeed).where(CalendarFeed.person_id == client.id)
    return [
        {"made_at": each.opened_at, "ended_at": each.closed_at}
        for each in store.scalars(rows.order_by(CalendarFeed.id))
    ]
