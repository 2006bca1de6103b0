"""The reasons not to send a notification at the moment it would go, as one SQL expression.

Whoever decided to send it knew the facts of that instant (`decided_at`); each reason here is a fact that came since.
"""

from typing import Any

from sqlalchemy import and_, bindparam, case, literal, or_, select
from sqlalchemy.orm import aliased

from webapp.care.attendance import one_device
from webapp.care.attendance.absences import AbsenceReport, Excusal
from webapp.care.attendance.presence import EvidenceType, Presence
from webapp.care.contact.addresses import REPLACED, Address
from webapp.care.contact.contacts import Contact
from webapp.care.contact.messages import ReadMark
from webapp.care.contact.tasks import Task
from webapp.care.directory.people import Person, Status
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.reflections import Reflection
from webapp.care.make_ups.waitlist import HeldPlace
from webapp.care.materials.homework import HandIn, Homework, HomeworkFor
from webapp.care.materials.resources import Resource, ResourceFor, ResourceUse
from webapp.care.materials.summaries import Summary, SummaryRead
from webapp.care.privacy.consents import Consent, valid
from webapp.care.schedule.sessions import Seat, Session
from webapp.notify.kinds import (
    BOOKINGS,
    CHANGES,
    CHECKS,
    FEEDBACK,
    FOLDED,
    LINKS,
    REMINDERS,
    SECURITY,
    STAFF,
    NoticeKind,
)
from webapp.notify.outbox import Notification

ANYWAY = (*LINKS, *SECURITY, NoticeKind.TEST_NOTICE)
"""Kinds that reach everybody who can sign in, paused or not: what they asked for, and changes of how they sign in and are reached (S3)."""
LADDER = (*REMINDERS, *CHECKS, NoticeKind.PARTNER_REMINDER)
TAPPED = "tapped"
"""Not an end: the client has just tapped Join, so the notice waits a little (rule 7)."""
EXPIRED = "expired"

client = aliased(Person, name="client")
newer = aliased(Notification, name="newer")
notice = Notification
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
        (notice.not_after <= NOW, EXPIRED),
        (_address_closed(), "address"),
        (_recipient_inactive(), "inactive"),
        (and_(notice.consent_category.is_not(None), ~_consent_covers()), "consent"),
        (and_(notice.kind.in_(STAFF), ~_task_still_waits()), "task"),
        *_news_objections(),
        (or_(*(_folded(kinds) for kinds in set(FOLDED.values()))), "superseded"),
        (_joined_by_a_later_change(), "superseded"),
        (notice.session_id.is_(None), None),
        (client.status != Status.ACTIVE, "inactive"),
        (
            and_(~Session.is_on, notice.kind != NoticeKind.SESSION_CANCELLED),
            "cancelled",
        ),
        (and_(Session.is_on, notice.kind == NoticeKind.SESSION_CANCELLED), "reinstated"),
        (Session.starts_at != notice.about_at, "moved"),
        (and_(Seat.is_given, notice.kind == NoticeKind.PLACE_TAKEN), "given"),
        (and_(~Seat.is_given, notice.kind != NoticeKind.PLACE_TAKEN), "released"),
        (notice.kind.not_in(LADDER), None),
        (_later_rung(), "superseded"),
        (notice.kind == NoticeKind.PARTNER_REMINDER, None),  # the rest is not theirs to know (P11)
        (_absence_known(), "reported"),
        (_joined(), "joined"),
        (notice.kind.not_in(CHECKS), None),
        (_contact_since(), "contact"),
        (_tapped_join(), TAPPED),
        else_=None,
    )


def _address_closed() -> Any:
    """Nobody may write there. One that the roster has replaced is told of that change alone: whoever had it may not know of the new one."""
    unasked = and_(~Address.is_opted_in, notice.kind.not_in(LINKS))
    replaced = and_(Address.stopped_why == REPLACED, notice.kind == NoticeKind.ACCOUNT_CHANGED)
    return or_(unasked, and_(Address.is_stopped, ~replaced), Address.is_unsafe)


def _recipient_inactive() -> Any:
    """The recipient is discharged; or paused, and this is not one of ANYWAY."""
    left = Person.status == Status.DISCHARGED
    return or_(left, and_(Person.status != Status.ACTIVE, notice.kind.not_in(ANYWAY)))


def _consent_covers() -> Any:
    return row_exists(
        Consent,
        Consent.client_id == notice.client_id,
        Consent.recipient_id == notice.person_id,
        Consent.category == notice.consent_category,
        valid(NOW),
    )


def _task_still_waits() -> Any:
    """The task is not acknowledged; or its next attempt is overdue, which is what this notice is about (rule 9)."""
    passed = and_(Task.acknowledged_at < notice.decided_at, Task.due_at <= NOW)
    unheard = or_(~Task.is_acknowledged, passed)
    return row_exists(Task, Task.id == notice.task_id, Task.is_open, unheard)


def _absence_known() -> Any:
    told = and_(AbsenceReport.seat_id == notice.seat_id, ~AbsenceReport.is_withdrawn)
    return or_(
        row_exists(AbsenceReport, told), row_exists(Excusal, Excusal.seat_id == notice.seat_id)
    )


def _evidence(*types: EvidenceType) -> Any:
    return and_(
        Presence.session_id == notice.session_id,
        Presence.person_id == notice.client_id,
        Presence.type.in_(types),
    )


def _joined() -> Any:
    """The client came since, or their partner, with whom they join on one device (rule 7)."""
    seen = (EvidenceType.JOINED, EvidenceType.PRESENT)
    partners = one_device.counting_for(notice.client_id, notice.session_id, Presence.at)
    partner_came = and_(
        Presence.session_id == notice.session_id, Presence.type.in_(seen),
        Presence.person_id.in_(partners.correlate(notice, Presence)),
    )  # fmt: skip
    since = Presence.recorded_at >= notice.decided_at
    return or_(
        row_exists(Presence, _evidence(*seen), since), row_exists(Presence, partner_came, since)
    )


def _tapped_join() -> Any:
    return row_exists(Presence, _evidence(EvidenceType.TAPPED), Presence.at > TAPPED_SINCE)


def _contact_since() -> Any:
    return row_exists(
        Contact,
        Contact.client_id == notice.client_id,
        Contact.two_way,
        Contact.at >= SPOKEN_SINCE,
        Contact.recorded_at >= notice.decided_at,
    )


def _later_rung() -> Any:
    """A later rung for the same seat waits at the same address, or has gone out already."""
    return row_exists(
        newer,
        newer.seat_id == notice.seat_id,
        newer.person_id == notice.person_id,
        newer.address_id == notice.address_id,
        newer.id > notice.id,
        newer.event_id != notice.event_id,
        newer.due_at <= NOW,
    )


def _news_objections() -> list[tuple[Any, str]]:
    """(condition, why) for news that has been read, answered, taken or found meanwhile."""
    kind = notice.kind
    other_times = (NoticeKind.MAKE_UP_CANCELLED, NoticeKind.MAKE_UP_LAPSED)
    return [
        (and_(kind == NoticeKind.PLACE_HELD, ~_place_is_held()), "taken"),
        (and_(kind.in_(other_times), _made_up_for()), "booked"),
        (and_(kind == NoticeKind.CATCH_UP, _newer_to_catch_up()), "superseded"),
        (and_(kind == NoticeKind.CATCH_UP, ~_left_to_do()), "read"),
        (and_(kind == NoticeKind.MESSAGE, _message_read()), "read"),
        (and_(kind == NoticeKind.HOMEWORK_HANDED_IN, _hand_in_answered()), "answered"),
        (and_(kind == NoticeKind.REFLECTION_HANDED_IN, _reflection_confirmed()), "answered"),
    ]


def _place_is_held() -> Any:
    return row_exists(HeldPlace, HeldPlace.id == notice.about_id, HeldPlace.is_held)


def _made_up_for() -> Any:
    stands = and_(~MakeUp.is_cancelled, MakeUp.lapsed_at.is_(None))
    return row_exists(MakeUp, MakeUp.seat_id == notice.seat_id, stands)


def _newer_to_catch_up() -> Any:
    """Something newer of the same session waits for or has gone to the same address."""
    return _newer(newer.kind == notice.kind, newer.seat_id == notice.seat_id)


def _folded(kinds: frozenset[NoticeKind]) -> Any:
    """Of these kinds, and something newer about the same client goes to the same address now or went before (S17)."""
    same = [newer.client_id == notice.client_id, newer.due_at <= notice.due_at]
    if kinds == BOOKINGS:
        same.append(newer.about_at == notice.about_at)
    if kinds <= FEEDBACK:
        same.append(newer.about_id == notice.about_id)
    return and_(notice.kind.in_(kinds), _newer(newer.kind.in_(kinds), *same))


def _joined_by_a_later_change() -> Any:
    """It tells of a change, and what changed after it goes to the same address now or went before: of the same session, or of several
    (rule 4)."""
    about = or_(newer.session_id == notice.session_id, newer.kind == NoticeKind.SCHEDULE_CHANGED)
    later = (newer.client_id == notice.client_id, newer.due_at <= notice.due_at, about)
    return and_(notice.kind.in_(CHANGES), _newer(newer.kind.in_(CHANGES), *later))


def _newer(*same: Any) -> Any:
    """Such a newer notice waits for or has gone to the same address."""
    return row_exists(
        newer,
        newer.person_id == notice.person_id,
        newer.address_id == notice.address_id,
        newer.id > notice.id,
        newer.event_id != notice.event_id,
        *same,
    )


def _left_to_do() -> Any:
    """Something of that session is still to be read or done by this client: what their card on *Catch up* counts."""
    return or_(_summary_unread(), _homework_open(), _resource_open())


def _summary_unread() -> Any:
    read = row_exists(
        SummaryRead, SummaryRead.session_id == Summary.session_id,
        SummaryRead.client_id == Seat.client_id, SummaryRead.read_at >= Summary.published_at,
    )  # fmt: skip
    mine = or_(Summary.client_id.is_(None), Summary.client_id == Seat.client_id)
    published = and_(Summary.session_id == Seat.session_id, Summary.is_published)
    return row_exists(Summary, published, mine, ~read)


def _homework_open() -> Any:
    named = row_exists(
        HomeworkFor, HomeworkFor.homework_id == Homework.id, HomeworkFor.client_id == Seat.client_id
    )
    done = row_exists(
        HandIn, HandIn.homework_id == Homework.id, HandIn.client_id == Seat.client_id,
        HandIn.reopened_at.is_(None),
    )  # fmt: skip
    theirs = and_(Homework.session_id == Seat.session_id, or_(Homework.for_everyone, named))
    return row_exists(Homework, theirs, ~Homework.is_withdrawn, ~done)


def _resource_open() -> Any:
    named = row_exists(
        ResourceFor, ResourceFor.resource_id == Resource.id, ResourceFor.client_id == Seat.client_id
    )
    done = row_exists(
        ResourceUse, ResourceUse.resource_id == Resource.id,
        ResourceUse.client_id == Seat.client_id, ResourceUse.finished_at.is_not(None),
    )  # fmt: skip
    theirs = and_(Resource.session_id == Seat.session_id, or_(Resource.for_everyone, named))
    return row_exists(Resource, theirs, ~Resource.is_withdrawn, ~done)


def _message_read() -> Any:
    return row_exists(
        ReadMark, ReadMark.client_id == notice.client_id, ReadMark.person_id == notice.person_id,
        ReadMark.message_id >= notice.about_id,
    )  # fmt: skip


def _hand_in_answered() -> Any:
    over = or_(HandIn.feedback_at.is_not(None), HandIn.reopened_at.is_not(None))
    return row_exists(HandIn, HandIn.id == notice.about_id, over)


def _reflection_confirmed() -> Any:
    return row_exists(
        Reflection, Reflection.make_up_id == notice.about_id, Reflection.confirmed_at.is_not(None)
    )


def row_exists(table: Any, *where: Any) -> Any:
    """A condition: such a row exists.

    Not EXISTS: PostgreSQL may read the whole table into a hash for that, once a batch, and grow with the years.
    """
    found = select(literal(1)).select_from(table).where(*where).limit(1)
    return found.scalar_subquery().is_not(None)
