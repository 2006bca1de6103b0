"""Whether the evidence of a session can say who was not there (rule 7): conditions on Session, for use in selects."""

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from webapp.care.attendance.guests import TOGETHER, Guest, Identification
from webapp.care.attendance.presence import MARKS, EvidenceType, Presence, RoomLook
from webapp.care.schedule.kinds import PresenceFrom
from webapp.care.schedule.sessions import Session

SEEN = (EvidenceType.JOINED, EvidenceType.LEFT, EvidenceType.PRESENT)


def tells() -> ColumnElement[bool]:
    """A condition on Session: once it is over, whoever was not seen was not there. The platform showed somebody or staff looked, and no
    guest is left whom nobody has named."""
    shown = and_(Session.presence_from == PresenceFrom.PLATFORM, anyone_seen())
    return and_(or_(shown, looked_at()), ~has_guest())


def anyone_seen() -> ColumnElement[bool]:
    """A condition on Session: there is evidence, weak presence aside, that anybody was there, host included. Whoever left before the
    start was in the meeting for something else."""
    piece, gone = aliased(Presence), aliased(Presence)
    left_before = exists().where(
        gone.session_id == piece.session_id,
        or_(gone.person_id == piece.person_id, gone.guest_id == piece.guest_id),
        gone.type == EvidenceType.LEFT, gone.at >= piece.at, gone.at < Session.starts_at,
        func.coalesce(gone.connection, "") == func.coalesce(piece.connection, ""),
    ).correlate(piece, Session)  # fmt: skip
    of_somebody = or_(piece.person_id.is_not(None), piece.source != TOGETHER)
    return exists().where(
        piece.session_id == Session.id, piece.type.in_(SEEN), ~left_before, of_somebody
    )


def looked_at() -> ColumnElement[bool]:
    """A condition on Session: somebody has marked a seat of it or said that nobody else was there (rule 7)."""
    marked = exists().where(Presence.session_id == Session.id, Presence.type.in_(MARKS))
    said = exists().where(RoomLook.session_id == Session.id, ~RoomLook.is_undone)
    return or_(marked, said)


def has_guest() -> ColumnElement[bool]:
    """A condition on Session: somebody was there whom nobody has named, as `SessionFacts.has_guest` says after its end."""
    piece, gone, first, host = (aliased(Presence) for _ in range(4))
    strong = (EvidenceType.JOINED, EvidenceType.LEFT)
    named = exists().where(Identification.guest_id == Guest.id, ~Identification.is_undone)
    left_before = exists().where(
        gone.guest_id == piece.guest_id, gone.type == EvidenceType.LEFT, gone.at >= piece.at,
        gone.at < Session.starts_at,
        func.coalesce(gone.connection, "") == func.coalesce(piece.connection, ""),
    ).correlate(piece, Session)  # fmt: skip
    began = (
        select(func.min(first.at))
        .where(first.guest_id == Guest.id, first.type.in_(strong))
        .correlate(Guest)
        .scalar_subquery()
    )
    looked = exists().where(
        RoomLook.session_id == Session.id, ~RoomLook.is_undone, RoomLook.at >= began
    )
    host_seen = exists().where(
        host.session_id == Session.id, host.person_id == Session.host_id, host.type.in_(SEEN)
    )
    there = exists().where(
        piece.guest_id == Guest.id, piece.type.in_(strong), piece.at < Session.ends_at, ~left_before
    )
    looked, host_seen, there = (one.correlate(Guest, Session) for one in (looked, host_seen, there))
    return exists().where(
        Guest.session_id == Session.id,
        Guest.with_id.is_(None),
        ~named,
        there,
        ~looked,
        or_(~Guest.is_host, ~host_seen),
    )
