"""What may speak against sending a notification at the moment it would go, as one SQL expression.

The ladder has weighed every fact known when it decided (`decided_at`); each line here is one that came since.
"""

from typing import Any

from sqlalchemy import and_, bindparam, case, or_
from sqlalchemy.orm import aliased

from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.attendance.presence import Evidence, Presence
from webapp.care.contact.addresses import Address
from webapp.care.contact.contacts import Contact
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person, Status
from webapp.care.privacy.consents import Consent, valid
from webapp.care.schedule.sessions import Seat, Session
from webapp.notify.delivery.heard import heard, some
from webapp.notify.kinds import CHECKS, LINKS, REMINDERS, STAFF, NoticeKind
from webapp.notify.outbox import Notification

ANYWAY = (*LINKS, NoticeKind.TEST_NOTICE)
"""Asked for by the person themselves."""
LADDER = (*REMINDERS, *CHECKS, NoticeKind.PARTNER_REMINDER)
TAPPED = "tapped"
"""Not an end: the client has just tapped Join, so the notice waits a little (rule 7)."""
EXPIRED = "expired"

client = aliased(Person, name="client")
newer = aliased(Notification, name="newer")
_row = Notification
_instant = Notification.due_at.type
NOW: Any = bindparam("now", type_=_instant)
TAPPED_SINCE = bindparam("tapped_since", type_=_instant)
"""A tap after this instant holds the checks."""
SPOKEN_SINCE = bindparam("spoken_since", type_=_instant)
"""A contact after this instant, written down since the decision, makes a check needless."""


def objection() -> Any:
    """The first reason not to send a row now: a word such as `moved`, `EXPIRED` or `TAPPED`; null when it may go.

    Expects `Notification` joined with `Address` and its recipient `Person`, and outer-joined with `Session`, `Seat` and
    `client`.
    """
    return case(
        (_row.not_after <= NOW, EXPIRED),
        (_address_closed(), "address"),
        (_recipient_away(), "inactive"),
        (and_(_row.consent_category.is_not(None), ~_consented()), "consent"),
        (and_(_row.kind.in_(STAFF), ~_task_waits()), "task"),
        *heard(),
        (_row.session_id.is_(None), None),
        (client.status != Status.ACTIVE, "inactive"),
        (
            and_(~Session.is_on, _row.kind != NoticeKind.SESSION_CANCELLED),
            "cancelled",
        ),
        (Session.starts_at != _row.about_at, "moved"),
        (~Seat.is_given, "released"),
        (_row.kind.not_in(LADDER), None),
        (_reported(), "reported"),
        (_seen(Evidence.JOINED, Evidence.PRESENT), "joined"),
        (_newer(), "superseded"),
        (_row.kind.not_in(CHECKS), None),
        (_spoken(), "contact"),
        (_tapped(), TAPPED),
        else_=None,
    )


def _address_closed() -> Any:
    unasked = and_(~Address.is_opted_in, _row.kind.not_in(LINKS))
    return or_(unasked, Address.is_stopped, Address.is_unsafe)


def _recipient_away() -> Any:
    """Paused people are left in peace; what they ask for themselves they get until they are discharged."""
    left = Person.status == Status.DISCHARGED
    return or_(left, and_(Person.status != Status.ACTIVE, _row.kind.not_in(ANYWAY)))


def _consented() -> Any:
    return some(
        Consent,
        Consent.client_id == _row.client_id,
        Consent.recipient_id == _row.person_id,
        Consent.category == _row.consent_category,
        valid(NOW),
    )


def _task_waits() -> Any:
    """Nobody has taken it on; or whoever did let its next try pass, which is what this notice is about (rule 9)."""
    passed = and_(Task.acknowledged_at < _row.decided_at, Task.due_at <= NOW)
    unheard = or_(~Task.is_acknowledged, passed)
    return some(Task, Task.id == _row.task_id, Task.is_open, unheard)


def _reported() -> Any:
    told = and_(AbsenceReport.seat_id == _row.seat_id, ~AbsenceReport.is_withdrawn)
    return or_(some(AbsenceReport, told), some(Excusal, Excusal.seat_id == _row.seat_id))


def _evidence(*types: Evidence) -> Any:
    return and_(
        Presence.session_id == _row.session_id,
        Presence.person_id == _row.client_id,
        Presence.type.in_(types),
    )


def _seen(*types: Evidence) -> Any:
    return some(Presence, _evidence(*types), Presence.recorded_at >= _row.decided_at)


def _tapped() -> Any:
    return some(Presence, _evidence(Evidence.TAPPED), Presence.at > TAPPED_SINCE)


def _spoken() -> Any:
    return some(
        Contact,
        Contact.client_id == _row.client_id,
        Contact.two_way,
        Contact.at >= SPOKEN_SINCE,
        Contact.recorded_at >= _row.decided_at,
    )


def _newer() -> Any:
    """A later rung for the same seat waits at the same address, or has gone out already."""
    return some(
        newer,
        newer.seat_id == _row.seat_id,
        newer.person_id == _row.person_id,
        newer.address_id == _row.address_id,
        newer.id > _row.id,
        newer.event_id != _row.event_id,
        newer.due_at <= NOW,
    )
