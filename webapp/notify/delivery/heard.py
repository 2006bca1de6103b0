"""What makes a piece of news needless: it was read, answered, taken or found meanwhile. Part of `objections`."""

from typing import Any

from sqlalchemy import and_, literal, or_, select
from sqlalchemy.orm import aliased

from webapp.care.contact.messages import ReadMark
from webapp.care.make_ups.make_ups import MakeUp
from webapp.care.make_ups.reflections import Reflection
from webapp.care.make_ups.waitlist import HeldPlace
from webapp.care.materials.homework import HandIn, Homework, HomeworkFor
from webapp.care.materials.resources import Resource, ResourceFor, ResourceUse
from webapp.care.materials.summaries import Summary, SummaryRead
from webapp.care.schedule.sessions import Seat
from webapp.notify.kinds import NoticeKind
from webapp.notify.outbox import Notification

newer = aliased(Notification, name="newer_news")
_row = Notification


def some(table: Any, *where: Any) -> Any:
    """A condition: such a row exists.

    Not EXISTS: PostgreSQL may read the whole table into a hash for that, once a batch, and grow with the years.
    """
    found = select(literal(1)).select_from(table).where(*where).limit(1)
    return found.scalar_subquery().is_not(None)


def heard() -> list[tuple[Any, str]]:
    """(condition, why) for each kind of news; expects `Seat` outer-joined by the row's seat."""
    kind = _row.kind
    other_times = (NoticeKind.MAKE_UP_CANCELLED, NoticeKind.MAKE_UP_LAPSED)
    return [
        (and_(kind == NoticeKind.PLACE_HELD, ~_held()), "taken"),
        (and_(kind.in_(other_times), _made_up_for()), "booked"),
        (and_(kind == NoticeKind.CATCH_UP, _newer(newer.seat_id == _row.seat_id)), "superseded"),
        (and_(kind == NoticeKind.CATCH_UP, ~_left_to_do()), "read"),
        (and_(kind == NoticeKind.MESSAGE, _read()), "read"),
        (and_(kind == NoticeKind.MESSAGE, _newer_message()), "superseded"),
        (and_(kind == NoticeKind.HOMEWORK_HANDED_IN, _answered()), "answered"),
        (and_(kind == NoticeKind.REFLECTION_HANDED_IN, _confirmed()), "answered"),
    ]


def _held() -> Any:
    return some(HeldPlace, HeldPlace.id == _row.about_id, HeldPlace.is_held)


def _made_up_for() -> Any:
    stands = and_(~MakeUp.is_cancelled, MakeUp.lapsed_at.is_(None))
    return some(MakeUp, MakeUp.seat_id == _row.seat_id, stands)


def _newer(*same: Any) -> Any:
    """Something newer of this kind, about the same, waits for or has gone to the same address."""
    return some(
        newer, newer.person_id == _row.person_id, newer.address_id == _row.address_id,
        newer.kind == _row.kind, newer.id > _row.id, newer.event_id != _row.event_id, *same,
    )  # fmt: skip


def _newer_message() -> Any:
    thread = and_(newer.seat_id.is_(None), newer.client_id == _row.client_id)
    return _newer(thread, newer.due_at <= _row.due_at)


def _left_to_do() -> Any:
    """Something of that session is still to be read or done by this client: what their card on *Catch up* counts."""
    return or_(_summary_unread(), _homework_open(), _resource_open())


def _summary_unread() -> Any:
    read = some(
        SummaryRead, SummaryRead.session_id == Summary.session_id,
        SummaryRead.client_id == Seat.client_id, SummaryRead.read_at >= Summary.published_at,
    )  # fmt: skip
    mine = or_(Summary.client_id.is_(None), Summary.client_id == Seat.client_id)
    published = and_(Summary.session_id == Seat.session_id, Summary.is_published)
    return some(Summary, published, mine, ~read)


def _homework_open() -> Any:
    named = some(
        HomeworkFor, HomeworkFor.homework_id == Homework.id, HomeworkFor.client_id == Seat.client_id
    )
    done = some(HandIn, HandIn.is_current_of(Seat.client_id))
    theirs = and_(Homework.session_id == Seat.session_id, or_(Homework.for_everyone, named))
    return some(Homework, theirs, ~Homework.is_withdrawn, ~done)


def _resource_open() -> Any:
    named = some(
        ResourceFor, ResourceFor.resource_id == Resource.id, ResourceFor.client_id == Seat.client_id
    )
    done = some(
        ResourceUse, ResourceUse.resource_id == Resource.id,
        ResourceUse.client_id == Seat.client_id, ResourceUse.is_finished,
    )  # fmt: skip
    theirs = and_(Resource.session_id == Seat.session_id, or_(Resource.for_everyone, named))
    return some(Resource, theirs, ~Resource.is_withdrawn, ~done)


def _read() -> Any:
    return some(
        ReadMark, ReadMark.client_id == _row.client_id, ReadMark.person_id == _row.person_id,
        ReadMark.message_id >= _row.about_id,
    )  # fmt: skip


def _answered() -> Any:
    over = or_(HandIn.has_feedback, ~HandIn.is_current)
    return some(HandIn, HandIn.id == _row.about_id, over)


def _confirmed() -> Any:
    return some(
        Reflection, Reflection.make_up_id == _row.about_id, Reflection.confirmed_at.is_not(None)
    )
